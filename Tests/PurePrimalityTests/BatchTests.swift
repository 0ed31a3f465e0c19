// SPDX-License-Identifier: Apache-2.0

import PurePrimality
import TestSupport
import Testing

/// Batches take other ways than single numbers, and single numbers two: all must agree.
@Suite struct BatchTests {
    /// Verdicts of one batch.
    private static func verdicts(of numbers: some Collection<UInt64>) -> [Bool] {
        let numbers = Array(numbers)
        // What stands there before must not matter.
        var results = numbers.indices.map { $0 & 1 == 0 }
        var span = results.mutableSpan
        Pure64.test(numbers.span, into: &span)
        return results
    }

    /// The numbers on which the batch, ``Pure64/isPrime(_:)`` and ``Pure64/explain(_:)`` differ.
    private static func disagreements(on numbers: some Collection<UInt64>) -> [UInt64] {
        zip(numbers, verdicts(of: numbers)).filter { n, isPrime in
            isPrime != Pure64.isPrime(n) || isPrime != Pure64.explain(n).isPrime
        }.map(\.0)
    }

    @Test func isExactBelowTwoToThe22() {
        let isPrime = sievedPrimes(below: 1 << 22)
        #expect(Self.verdicts(of: isPrime.indices.map { UInt64($0) }) == isPrime)
    }

    @Test func everyLengthGivesTheSameVerdicts() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        for length in 0...70 {
            // Candidates of one kind, so that each stage ends with a group of every size.
            let primes = (0..<length).map { _ in nextPrime(&generator) }
            #expect(Self.verdicts(of: primes).allSatisfy { $0 }, "\(length), seed \(seed)")
            let mixed = (0..<length).map { i in
                i % 3 == 0 ? nextPrime(&generator) : generator.nextOfAnySize() | UInt64(i & 1)
            }
            let wrong = Self.disagreements(on: mixed)
            #expect(wrong.isEmpty, "\(length), seed \(seed): \(wrong.prefix(5))")
        }
        for _ in 0..<50 {
            let numbers = (0..<generator.next() % 3000).map { _ in generator.nextOfAnySize() }
            let wrong = Self.disagreements(on: numbers)
            #expect(wrong.isEmpty, "\(numbers.count), seed \(seed): \(wrong.prefix(5))")
        }
    }

    @Test func edgesAreTestedAlike() {
        // With a prime between them, and reversed: neighbours share groups.
        let edges = edgeNumbers()
        let prime: UInt64 = 18_446_744_073_709_551_557
        let apart = Array(edges.map { [$0, prime] }.joined())
        for numbers in [edges, Array(edges.reversed()), apart] {
            let wrong = Self.disagreements(on: numbers)
            #expect(wrong.isEmpty, "\(wrong.prefix(5))")
        }
    }

    @Test func noPublishedPseudoprimePasses() throws {
        for file in VectorFile.allCases {
            let cases = try file.cases().compactMap { vector in
                UInt64(exactly: vector.number).map { ($0, vector.isPrime) }
            }
            let found = Self.verdicts(of: cases.map(\.0))
            let wrong = zip(cases, found).filter { $0.1 != $1 }.map(\.0.0)
            #expect(wrong.isEmpty, "\(file.rawValue): \(wrong.prefix(5))")
        }
    }

    @Test func squaresAndPseudoprimesAmongPrimesAreFound() {
        // The squares pass the strong test to base 2 and have no parameter for the Lucas test.
        let bad: [UInt64] = [1_194_649, 12_327_121, 3_215_031_751, 25_326_001]
        var generator = SeededGenerator(seed: 3)
        for length in 4...40 {
            let chosen = (0..<length).map { _ in generator.next() % 3 == 0 }
            let numbers = chosen.map { isBad in
                isBad ? bad[Int(generator.next() % 4)] : nextPrime(&generator)
            }
            #expect(Self.verdicts(of: numbers) == chosen.map { !$0 })
        }
    }

    /// A prime of a random size.
    private func nextPrime(_ generator: inout SeededGenerator) -> UInt64 {
        var n = generator.nextOfAnySize() | 3
        while !Pure64.explain(n).isPrime { n &+= 2 }
        return n
    }
}

@Suite struct LucasParameterTests {
    /// The Legendre symbol (a|p) by Euler's criterion.
    private func legendre(_ a: UInt64, _ p: UInt64) -> Int {
        func multiply(_ x: UInt64, _ y: UInt64) -> UInt64 {
            p.dividingFullWidth(x.multipliedFullWidth(by: y)).remainder
        }
        var power: UInt64 = 1
        for bit in (0..<64).reversed() {
            power = multiply(power, power)
            if ((p - 1) / 2) >> UInt64(bit) & 1 != 0 { power = multiply(power, a % p) }
        }
        return power == p - 1 ? -1 : Int(power)
    }

    @Test func parametersOfPrimesAreTheLeastByEulersCriterion() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var wrong: [UInt64] = []
        var seen: Set<UInt64> = []
        for _ in 0..<4000 {
            var prime = (generator.next() >> (generator.next() % 50)) | 0x1001
            while !Pure64.isPrime(prime) { prime &+= 2 }
            var p: UInt64 = 3
            while legendre(p * p - 4, prime) != -1 { p += 1 }
            seen.insert(p)
            if Pure64.lucasP(for: prime) != p { wrong.append(prime) }
        }
        #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(5))")
        #expect(seen.isSuperset(of: [3, 4, 5, 6, 9, 11]))
    }

    @Test func parametersAreThoseOfThePlainSearch() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let small = (UInt64(2)..<59).filter { Pure64.isPrime($0) }
        var numbers = (UInt64(3481)...500_000).filter { $0 & 1 != 0 }
        for _ in 0..<300_000 { numbers.append(generator.nextOfAnySize() | 1) }
        // Products of primes that divide P − 2 or P + 2 after the list ends.
        for p in UInt64(59)...200 { for q in UInt64(59)...200 { numbers.append(p * q | 1) } }
        var wrong: [UInt64] = []
        var beyond = 0
        for n in numbers where n > 3480 && small.allSatisfy({ n % $0 != 0 }) {
            let root = UInt64(Double(n).squareRoot())
            let isSquare = (root - 1...root + 1).contains { $0 &* $0 == n && $0 >> 32 == 0 }
            let expected = isSquare ? 0 : Pure64.searchedLucasP(for: n, from: 3)
            if expected > 21 { beyond += 1 }
            if Pure64.lucasP(for: n) != expected { wrong.append(n) }
        }
        #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(5))")
        #expect(beyond > 0)
    }
}
