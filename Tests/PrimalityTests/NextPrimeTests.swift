// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct NextPrimeTests {
    private static let twoTo64 = BigNatural(limbs: [0, 1])

    @Test func neighboursOfSmallNumbersAreTheSieves() throws {
        let isPrime = sievedPrimes(below: 3000)
        var wrong: [UInt64] = []
        for n in 0..<2900 {
            let next = (n + 1..<3000).first { isPrime[$0] }.map { UInt64($0) }
            let previous = (0..<n).last { isPrime[$0] }.map { UInt64($0) }
            let number = UInt64(n)
            if UInt64.nextPrime(after: number) != next
                || UInt64.previousPrime(before: number) != previous
            {
                wrong.append(number)
            }
            let above = try BigNatural.nextProbablePrime(after: BigNatural(number))
            let below = try BigNatural.previousProbablePrime(before: BigNatural(number))
            if above != next.map({ BigNatural($0) }) { wrong.append(number) }
            if below != previous.map({ BigNatural($0) }) { wrong.append(number) }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    @Test(arguments: [16, 31, 32, 33, 52, 63])
    func neighboursAtPowersOfTwo(_ bit: UInt64) throws {
        let power = UInt64(1) << bit
        for n in power - 70...power + 70 {
            let next = try #require(UInt64.nextPrime(after: n))
            #expect(next == (n + 1...n + 1000).first { isPrime($0) })
            #expect(try BigNatural.nextProbablePrime(after: BigNatural(n)) == BigNatural(next))
            let previous = UInt64.previousPrime(before: n)
            #expect(previous == (n - 1000..<n).last { isPrime($0) })
            #expect(
                try BigNatural.previousProbablePrime(before: BigNatural(n))
                    == previous.map { BigNatural($0) })
        }
    }

    @Test func twoToThe64IsCrossedBothWays() throws {
        let last = UInt64.max - 58
        let first = Self.twoTo64.adding(13)
        for d in 0...UInt64(70) {
            let below = UInt64.max - d
            let above = Self.twoTo64.adding(d)
            #expect(UInt64.nextPrime(after: below) == (below < last ? last : nil))
            #expect(
                try BigNatural.nextProbablePrime(after: BigNatural(below))
                    == (below < last ? BigNatural(last) : first))
            let next = try BigNatural.nextProbablePrime(after: above)
            #expect(next == Self.twoTo64.adding(d < 13 ? 13 : d < 37 ? 37 : d < 51 ? 51 : 81))
            let previous = try BigNatural.previousProbablePrime(before: above)
            #expect(
                previous
                    == (d <= 13
                        ? BigNatural(last)
                        : Self.twoTo64.adding(d <= 37 ? 13 : d <= 51 ? 37 : 51)))
        }
        #expect(UInt64.nextPrime(after: .max) == nil)
        #expect(UInt64.nextPrime(after: .max - 1) == nil)
        #expect(UInt64.previousPrime(before: .max) == last)
    }

    @Test func aSieveGoesDownAsItGoesUp() throws {
        let starts: [BigNatural] = [
            0, 1, 2, 3, 4, 5, 6, 127, 128, 129, 130, 131, 5000, Self.twoTo64.adding(300),
            BigNatural(UInt64.max), BigNatural.candidate(k: 1, b: 10, n: 30, c: 7),
            BigNatural.candidate(k: 1, b: 2, n: 700, c: 0),
        ]
        for start in starts {
            for count in [1, 5] {
                var down = WindowSieve(before: start, expecting: count)
                var left: [BigNatural] = []
                while left.count < (start <= 5000 ? 1000 : 200),
                    let batch = try down.nextBatch(limit: 7)
                {
                    left += (0..<batch.count).map { batch[$0] }
                }
                #expect(left == left.sorted().reversed())
                #expect(left.allSatisfy { $0 < start })
                let low = left.last ?? 0
                let primes = try BigNatural.probablePrimes(in: low..<start)
                #expect(try left.filter { try Verdict(of: $0).passed } == primes.reversed())
                if start <= 5000 { #expect(low == (start > 2 ? 2 : 0)) }
            }
        }
    }

    @Test func deepSievesMissNoPrime() throws {
        // From some 1500 bits on a search sieves beyond 2¹⁶, batch by batch.
        let start = BigNatural.candidate(k: 1, b: 2, n: 1536, c: 0)
        var up = WindowSieve(after: start, expecting: 1)
        var plain: [BigNatural] = []
        for k in 0..<1500 {
            let number = start.adding(UInt64(2 * k + 1))
            if !(3..<2000).contains(where: { Self.divides(UInt64($0), number) }) {
                plain.append(number)
            }
        }
        var left: [BigNatural] = []
        while left.last ?? 0 < plain[plain.count - 1], let batch = try up.nextBatch(limit: 4) {
            left += (0..<batch.count).map { batch[$0] }
        }
        let kept = Set(left)
        let taken = plain.filter { !kept.contains($0) }
        #expect(!taken.isEmpty)
        #expect(try taken.filter { try Verdict(of: $0).passed } == [])
    }

    private static func divides(_ p: UInt64, _ n: BigNatural) -> Bool {
        n.limbs.reversed().reduce(0) { p.dividingFullWidth(($0, $1)).remainder } == 0
    }

    @Test func subtractingUndoesAdding() {
        for n: BigNatural in [0, 1, 5, BigNatural(UInt64.max), Self.twoTo64] {
            for d: UInt64 in [0, 1, 2, .max] {
                #expect(n.adding(d).subtracting(d) == n)
            }
        }
        #expect(Self.twoTo64.subtracting(1) == BigNatural(UInt64.max))
        #expect(BigNatural(limbs: [0, 0, 1]).subtracting(1).limbs == [.max, .max])
    }

    @Test func aSearchIsCancelled() throws {
        let cancel = CancelFlag()
        cancel.cancel()
        let n = BigNatural.candidate(k: 1, b: 10, n: 300, c: 0)
        #expect(throws: PrimalityError.cancelled) {
            try BigNatural.nextProbablePrime(after: n, cancel: cancel)
        }
        #expect(throws: PrimalityError.cancelled) {
            try BigNatural.previousProbablePrime(before: n, cancel: cancel)
        }
    }

    @Test(.enabled(if: TestFiles.shared != nil, "needs the shared folder of neighbours"))
    func publishedNeighboursAreFound() throws {
        let url = try #require(TestFiles.shared).appendingPathComponent("nextprime/nextprime.tsv")
        let rows = try VectorFile.rows(at: url)
        #expect(rows.count == 636)
        var wrong: [String] = []
        for row in rows {
            let (from, to) = (try BigNatural(parsing: row[0]), try BigNatural(parsing: row[2]))
            let found =
                row[1] == "next"
                ? try BigNatural.nextProbablePrime(after: from)
                : try BigNatural.previousProbablePrime(before: from)
            if found != to { wrong.append(row[0]) }
            // The neighbour on the other side is where it came from, or nearer.
            let back =
                row[1] == "next"
                ? try BigNatural.previousProbablePrime(before: to)
                : try BigNatural.nextProbablePrime(after: to)
            let isNearer = row[1] == "next" ? back.map { $0 <= from } : back.map { $0 >= from }
            if isNearer == false { wrong.append("back from \(row[2])") }
            if let small = UInt64(exactly: from), let neighbour = UInt64(exactly: to) {
                let exact =
                    row[1] == "next"
                    ? UInt64.nextPrime(after: small) : UInt64.previousPrime(before: small)
                if exact != neighbour { wrong.append("u64 \(row[0])") }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }
}
