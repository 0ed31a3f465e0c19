// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import TestSupport
import Testing

@Suite struct WindowTests {
    private static let twoTo64 = BigNatural(limbs: [0, 1])
    private static let tenTo30 = BigNatural.candidate(k: 1, b: 10, n: 30, c: 0)

    @Test func everySmallWindowHasTheSievesPrimes() throws {
        let isPrime = sievedPrimes(below: 1 << 10)
        var wrong: [ClosedRange<UInt64>] = []
        for low in 0..<UInt64(120) {
            for high in low..<low + 120 {
                let expected = (low...high).filter { isPrime[Int($0)] }
                if try UInt64.primes(in: low...high) != expected { wrong.append(low...high) }
                if try UInt64.primes(in: low..<high + 1) != expected { wrong.append(low...high) }
                let big = BigNatural(low)...BigNatural(high)
                if try BigNatural.probablePrimes(in: big) != expected.map({ BigNatural($0) }) {
                    wrong.append(low...high)
                }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    @Test func aLongWindowOfManySegmentsHasTheSievesPrimes() throws {
        let isPrime = sievedPrimes(below: 1 << 22)
        let all = isPrime.indices.filter { isPrime[$0] }.map { UInt64($0) }
        #expect(try UInt64.primes(in: 0..<UInt64(1 << 22)) == all)
        for _ in 0..<20 {
            let low = UInt64.random(in: 0..<1 << 22)
            let high = UInt64.random(in: low..<1 << 22)
            let expected = all.filter { (low...high).contains($0) }
            #expect(try UInt64.primes(in: low...high) == expected, "\(low)...\(high)")
        }
    }

    @Test func windowsAtThePowersOfTwo() throws {
        for bit in 16...63 {
            let middle = UInt64(1) << UInt64(bit)
            let window = middle - 60...middle + 60
            #expect(try UInt64.primes(in: window) == window.filter { isPrime($0) }, "2^\(bit)")
        }
        let last = UInt64.max - 400...UInt64.max
        #expect(try UInt64.primes(in: last) == last.filter { isPrime($0) })
        #expect(try UInt64.primes(in: last).last == .max - 58)
    }

    @Test func aWindowMayCrossTwoToThe64() throws {
        let low = UInt64.max - 59
        let expected: [BigNatural] = [
            BigNatural(UInt64.max - 58), Self.twoTo64.adding(13), Self.twoTo64.adding(37),
            Self.twoTo64.adding(51),
        ]
        #expect(
            try BigNatural.probablePrimes(in: BigNatural(low)...Self.twoTo64.adding(60)) == expected
        )
        var found = try ProbablePrimes(in: BigNatural(low)..<Self.twoTo64.adding(60))
        var verdicts: [Verdict] = []
        while let next = try found.next() { verdicts.append(next.verdict) }
        #expect(verdicts == [.prime, .probablePrime, .probablePrime, .probablePrime])
        #expect(try found.next() == nil)
        for d in 0...UInt64(60) {  // each end, both parities, on either side of it
            let high = Self.twoTo64.adding(d)
            #expect(
                try BigNatural.probablePrimes(in: BigNatural(low)...high)
                    == expected.filter { $0 <= high })
            let above = try BigNatural.probablePrimes(in: high...Self.twoTo64.adding(60))
            #expect(above == expected.filter { $0 >= high })
            #expect(try UInt64.primes(in: (low + min(d, 59))..<(.max)).count == (d <= 1 ? 1 : 0))
        }
    }

    @Test func emptyWindowsAndSingleNumbers() throws {
        for n: UInt64 in [0, 1, 2, 3, 4, 5, 9, 1 << 32, (1 << 32) + 15, .max - 58, .max] {
            #expect(try UInt64.primes(in: n..<n) == [])
            #expect(try UInt64.primes(in: n...n) == (isPrime(n) ? [n] : []), "\(n)")
            #expect(try BigNatural.probablePrimes(in: BigNatural(n)..<BigNatural(n)) == [])
        }
        let prime = BigNatural((UInt128(1) << 127) - 1)
        #expect(try BigNatural.probablePrimes(in: prime...prime) == [prime])
        #expect(try BigNatural.probablePrimes(in: prime..<prime) == [])
    }

    @Test(arguments: [
        (tenTo30, 3000), (BigNatural.candidate(k: 1, b: 2, n: 512, c: -1000), 2000),
        (BigNatural.candidate(k: 7, b: 2, n: 128, c: 0), 4000),
        (BigNatural.candidate(k: 1, b: 10, n: 400, c: 1), 1200),
    ])
    func aboveTwoToThe64EachNumberHasItsOwnVerdict(_ low: BigNatural, _ length: Int) throws {
        let high = low.adding(UInt64(length))
        let expected = try (0...UInt64(length)).map { low.adding($0) }
            .filter { try Verdict(of: $0) == .probablePrime }
        #expect(!expected.isEmpty)
        #expect(try BigNatural.probablePrimes(in: low...high) == expected)
        let options = TestOptions(rounds: 1, seed: 3)
        #expect(
            try BigNatural.probablePrimes(in: low..<high.adding(1), options: options) == expected)
    }

    @Test func batchesAreAsLongAsWasAskedForAndMissNoPrime() throws {
        let low = Self.tenTo30
        let high = low.adding(2000)
        let expected = try BigNatural.probablePrimes(in: low...high)
        for limit in [1, 2, 7, 1_000_000] {
            var sieve = WindowSieve(low...high)
            var left: [BigNatural] = []
            while let batch = try sieve.nextBatch(limit: limit) {
                #expect((1...limit).contains(batch.count))
                left += (0..<batch.count).map { batch[$0] }
            }
            #expect(left == left.sorted())
            #expect(Set(left).isSuperset(of: expected))
            #expect(left.count < 300, "a tenth of the odd numbers is left, not \(left.count)")
            #expect(try left.filter { try Verdict(of: $0).passed } == expected)
        }
    }

    @Test func aLongWindowIsNotSievedBeforeItIsAskedFor() throws {
        // From 0 to 2⁴⁰⁰⁰: only what is taken costs anything.
        var found = try ProbablePrimes(
            in: 0...BigNatural.candidate(k: 1, b: 2, n: 4000, c: 0))
        var numbers: [BigNatural] = []
        while numbers.count < 20_000, let next = try found.next() { numbers.append(next.number) }
        #expect(numbers.count == 20_000)
        #expect(numbers.last == 224_737)
    }

    @Test func aRaisedFlagEndsTheSearch() throws {
        let cancel = CancelFlag()
        var found = try ProbablePrimes(in: 0...Self.tenTo30, cancel: cancel)
        #expect(try found.next()?.number == 2)
        cancel.cancel()
        #expect(throws: PrimalityError.cancelled) {
            while try found.next() != nil {}
        }
        #expect(throws: PrimalityError.cancelled) {
            try UInt64.primes(in: 0 ... .max, cancel: cancel)
        }
        #expect(throws: PrimalityError.cancelled) {
            try BigNatural.probablePrimes(in: Self.tenTo30...Self.tenTo30.adding(9), cancel: cancel)
        }
        var sieve = WindowSieve(0...Self.tenTo30, cancel: cancel)
        #expect(throws: PrimalityError.cancelled) { try sieve.nextBatch(limit: 9) }
    }

    @Test(.enabled(if: TestFiles.shared != nil, "needs the shared folder of counts"))
    func publishedCountsOfNarrowWindows() throws {
        let url = try #require(TestFiles.shared).appendingPathComponent("counts/prime_counts.tsv")
        var windows = 0
        for row in try VectorFile.rows(at: url) {
            let low = try #require(UInt64(row[0]))
            let high = try #require(UInt64(row[1]))
            if high - low > 10_000_000 { continue }
            windows += 1
            #expect(try UInt64.primes(in: low...high).count == Int(row[2]), "\(low)...\(high)")
        }
        #expect(windows >= 15)
    }

    @Test(.enabled(if: TestFiles.shared != nil, "needs the shared folder of neighbours"))
    func publishedNeighboursAreTheFirstOfTheirWindows() throws {
        let url = try #require(TestFiles.shared).appendingPathComponent("nextprime/nextprime.tsv")
        var wrong: [String] = []
        let rows = try VectorFile.rows(at: url)
        for row in rows {
            let start = try BigNatural(parsing: row[0])
            let prime = try BigNatural(parsing: row[2])
            let found =
                row[1] == "next"
                ? try BigNatural.probablePrimes(in: start.adding(1)...prime)
                : try BigNatural.probablePrimes(in: prime..<start)
            if found != [prime] { wrong.append("\(row[0]) \(row[1])") }
        }
        #expect(rows.count > 600)
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }
}
