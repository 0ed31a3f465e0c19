// SPDX-License-Identifier: Apache-2.0

import Primality
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct RandomPrimeTests {
    /// The primes of a size, or the safe ones.
    private static func all(bits: Int, isSafe: Bool) -> [UInt64] {
        let isPrime = sievedPrimes(below: 1 << bits)
        return (1 << (bits - 1)..<1 << bits).filter { p in
            isPrime[p] && (!isSafe || isPrime[(p - 1) / 2] && p > 3)
        }
        .map { UInt64($0) }
    }

    /// Pearson's statistic of how often each of the values came.
    private func chiSquare(_ drawn: [UInt64], of values: [UInt64]) -> Double {
        var counts = Dictionary(uniqueKeysWithValues: values.map { ($0, 0) })
        for value in drawn { counts[value, default: 0] += 1 }
        #expect(counts.count == values.count, "only primes of the size are drawn")
        let expected = Double(drawn.count) / Double(values.count)
        return counts.values.reduce(0) { sum, count in
            sum + (Double(count) - expected) * (Double(count) - expected) / expected
        }
    }

    /// A bound that a fair draw of `count` values passes once in millions.
    private func bound(_ count: Int) -> Double {
        let freedom = Double(count - 1)
        return freedom + 6 * (2 * freedom).squareRoot() + 12
    }

    @Test(arguments: [6, 7, 8, 9, 10], [false, true])
    func everyPrimeOfASmallSizeIsAsLikely(_ bits: Int, _ isSafe: Bool) throws {
        let values = Self.all(bits: bits, isSafe: isSafe)
        var generator = SeededRandomness(seed: 20_260_000 + UInt64(bits))
        var drawn: [UInt64] = []
        for _ in 0..<60 * values.count {
            let prime = try BigNatural.randomProbablePrime(
                bits: bits, isSafe: isSafe, using: &generator)
            drawn.append(try #require(UInt64(exactly: prime)))
        }
        #expect(chiSquare(drawn, of: values) < bound(values.count))
        if isSafe { return }
        // The same words give the same primes below 2⁶⁴ by themselves.
        var again = SeededRandomness(seed: 20_260_000 + UInt64(bits))
        #expect(drawn == drawn.map { _ in UInt64.randomPrime(bits: bits, using: &again) })
        // What the test is for: the first prime above a random number is not uniform.
        let biased = (0..<4 * drawn.count).map { _ in
            UInt64.nextPrime(after: again.next() & ((1 << UInt64(bits)) - 1)) ?? 0
        }
        let kept = biased.filter { values.contains($0) }
        #expect(chiSquare(kept, of: values) > bound(values.count))
    }

    @Test func smallSizesGiveAllOfTheirPrimes() throws {
        var generator = SeededRandomness(seed: 5)
        for (bits, isSafe, expected) in [
            (2, false, [2, 3]), (3, false, [5, 7]), (4, false, [11, 13]), (3, true, [5, 7]),
            (4, true, [11]), (5, true, [23]), (6, true, [47, 59]),
        ] {
            var found: Set<BigNatural> = []
            for _ in 0..<60 {
                found.insert(
                    try BigNatural.randomProbablePrime(
                        bits: bits, isSafe: isSafe, using: &generator))
            }
            #expect(found == Set(expected.map { BigNatural($0) }))
        }
    }

    @Test func safePrimesUpTo16BitsAreThose() throws {
        var generator = SeededRandomness(seed: 6)
        for bits in 3...16 {
            let values = Set(Self.all(bits: bits, isSafe: true))
            #expect(!values.isEmpty)
            for _ in 0..<40 {
                let prime = try BigNatural.randomProbablePrime(
                    bits: bits, isSafe: true, using: &generator)
                #expect(values.contains(UInt64(exactly: prime) ?? 0), "\(prime)")
            }
        }
    }

    @Test func sizesWithoutAPrimeAreErrors() {
        for (bits, isSafe) in [
            (1, false), (0, false), (-5, false), (.min, false), (2, true), (1, true), (.min, true),
        ] {
            #expect(throws: PrimalityError.noPrimeOfSize(bits: bits, isSafe: isSafe)) {
                try BigNatural.randomProbablePrime(bits: bits, isSafe: isSafe)
            }
        }
    }

    @Test func aSeedGivesThePrimesOfTheDocumentation() throws {
        // By a program in another language, from what the comments say.
        let expected: [(bits: Int, isSafe: Bool, seed: UInt64, primes: [String])] = [
            (
                64, false, 42,
                ["10483208323225577339", "10982318454075739711", "13252784273679961951"]
            ),
            (
                130, false, 7,
                [
                    "1191664643722843427713991925059269359259",
                    "948184506508799404565585141542062953203",
                ]
            ),
            (40, true, 7, ["910338760259", "1073529028799", "937704149027"]),
            (65, true, 5, ["26317476751022441507", "32492746178105960987"]),
            (2, false, 1, ["3", "2", "3", "2", "3", "3", "2", "2"]),
            (3, true, 1, ["7", "5", "7", "5", "7", "7"]),
        ]
        for (bits, isSafe, seed, primes) in expected {
            var generator = SeededRandomness(seed: seed)
            let found = try primes.map { _ in
                try BigNatural.randomProbablePrime(bits: bits, isSafe: isSafe, using: &generator)
            }
            #expect(found.map(\.description) == primes)
        }
    }

    @Test(arguments: [63, 64, 65, 66, 127, 128, 129, 192, 300])
    func aPrimeHasJustItsSize(_ bits: Int) throws {
        for isSafe in [false, true] where !isSafe || bits <= 129 {
            let prime = try BigNatural.randomProbablePrime(bits: bits, isSafe: isSafe)
            #expect(prime.bitWidth == bits)
            #expect(try Verdict(of: prime).passed)
            if isSafe {
                let half = zip(prime.limbs, prime.limbs.dropFirst() + [0])
                    .map { $0 >> 1 | $1 << 63 }
                #expect(try Verdict(of: BigNatural(limbs: half)).passed)
            }
        }
        if bits <= 64 { #expect(UInt64.randomPrime(bits: bits) >> UInt64(bits - 1) == 1) }
    }

    @Test func withoutASeedPrimesDiffer() throws {
        let first = try BigNatural.randomProbablePrime(bits: 128)
        #expect(try BigNatural.randomProbablePrime(bits: 128) != first)
    }

    @Test func aDrawIsCancelled() {
        let cancel = CancelFlag()
        cancel.cancel()
        for bits in [64, 128, 5_000_000] {
            #expect(throws: PrimalityError.cancelled) {
                try BigNatural.randomProbablePrime(bits: bits, cancel: cancel)
            }
        }
    }
}
