// SPDX-License-Identifier: Apache-2.0

import Glibc
import PurePrimality
import TestSupport
import Testing

@Suite struct TrialDivisionTests {
    /// As ``Pure64/smallestDivisor(of:from:through:)``, candidate by candidate.
    private static func plainDivisor(of n: UInt64, from: UInt64, through: UInt64) -> UInt64 {
        for d in from...through where d > 1 {
            if d.multipliedReportingOverflow(by: d).overflow || d * d > n { return 0 }
            let isCandidate = d == 2 || d == 3 || d == 5 || (d % 2 != 0 && d % 3 != 0 && d % 5 != 0)
            if isCandidate && n % d == 0 { return d }
        }
        return 0
    }

    /// Numbers with a divisor of every size, in ranges around it, on which the two differ.
    private static func disagreements(_ rounds: Int, seed: UInt64) -> [(UInt64, UInt64, UInt64)] {
        var generator = SeededGenerator(seed: seed)
        var different: [(UInt64, UInt64, UInt64)] = []
        for i in 0..<rounds {
            let d = max(2, (generator.next() >> 32) >> (generator.next() & 31))
            let largest = UInt64.max / d
            // The quotient: of any size, or the largest, or the least; doubles fail first at the former.
            var quotient = largest - generator.next() % 3
            if i % 3 == 0 { quotient = max(d, quotient >> (generator.next() & 31)) }
            if i % 3 == 1 { quotient = d + generator.next() % 3 }
            let n = d.multipliedReportingOverflow(by: quotient).overflow ? d * d : d * quotient
            // A neighbour has no such divisor, but one would be seen if quotients were rounded wrongly.
            for n in [n, n &+ 1, n &- 1] where n > 1 {
                let from = d - min(d, generator.next() % 200)
                let through = d + generator.next() % 200
                let found = Pure64.smallestDivisor(of: n, from: from, through: through)
                if found != plainDivisor(of: n, from: from, through: through) {
                    different.append((n, from, through))
                }
            }
        }
        return different
    }

    @Test func divisorsOfEverySizeAreFound() {
        let seed = UInt64.random(in: 0 ... .max)
        let wrong = Self.disagreements(40_000, seed: seed)
        #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(3))")
    }

    @Test(arguments: [FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO] as [Int32])
    func theCallersRoundingModeDoesNotMatter(_ mode: Int32) {
        let seed = UInt64.random(in: 0 ... .max)
        fesetround(mode)
        let wrong = Self.disagreements(20_000, seed: seed)
        fesetround(FE_TONEAREST)
        #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(3))")
    }

    @Test func longRangesAreSearchedWhole() {
        // Products of two primes just below 2³², 2²⁵ and 2¹⁶: nothing else divides them.
        for n: UInt64 in [
            4_294_967_291 * 4_294_967_279, 33_554_393 * 33_554_383, 65521 * 65519,
        ] {
            let factors = n == 65521 * 65519 ? 65519 : n > 1 << 60 ? 4_294_967_279 : 33_554_383
            let p = UInt64(factors)
            let from = p > 1 << 31 ? p - 20_000_000 : 0
            #expect(Pure64.smallestDivisor(of: n, from: from, through: .max) == p)
            #expect(Pure64.smallestDivisor(of: n, from: from, through: p - 1) == 0)
            #expect(Pure64.smallestDivisor(of: n, from: p + 1, through: .max) == 0)
        }
    }

    @Test func smallNumbersHaveTheirSmallestFactor() {
        for n in UInt64(2)...200_000 {
            var factor: UInt64 = 2
            while factor * factor <= n && n % factor != 0 { factor += 1 }
            #expect(Pure64.smallestFactor(of: n) == (factor * factor <= n ? factor : n))
        }
    }
}
