// SPDX-License-Identifier: Apache-2.0

import CKernels
import CKernels.Internal
import Primality
import TestSupport
import Testing

@Suite struct SearchKernelTests {
    /// Where a two-limb number and more have no remainder: number mod p by Horner's rule.
    private func remainder(_ limbs: [UInt64], _ p: UInt64) -> UInt64 {
        limbs.reversed().reduce(0) { p.dividingFullWidth(($0, $1)).remainder }
    }

    @Test func wordsOfASequenceAreSipHash() {
        // By an implementation of its own, checked against the vector of SipHash's paper.
        let expected: [UInt64: [UInt64]] = [
            0: [0x2A39_D315_5A66_9FDD, 0x0641_B0CE_E4D2_B829, 0x954C_6F83_45B4_DFED],
            42: [0x30FA_99D1_0C05_7810, 0x6DC9_1797_1E74_64EF, 0xE11A_4BAE_0C6C_B025],
            .max: [0xE22C_CBEF_BC3A_72EA, 0x425E_E998_DAEC_83EA, 0xBD78_6E90_D74D_2709],
        ]
        for (seed, words) in expected {
            var found = [UInt64](repeating: 0, count: 3)
            unsafe prk_random_words(seed, 0, &found, 3)
            #expect(found == words)
            var one: UInt64 = 0
            unsafe prk_random_words(seed, 2, &one, 1)
            #expect(one == words[2])
        }
        var around = [UInt64](repeating: 0, count: 2)
        unsafe prk_random_words(42, .max, &around, 2)
        #expect(around == [0xD7A5_D5BC_C6D6_3CAE, 0x30FA_99D1_0C05_7810])
    }

    @Test(arguments: [2, 3, 16, 40])
    func whatSurvivesHasNoFactorAndNothingElseIsTakenAway(_ limbs: Int) {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let isPrime = sievedPrimes(below: 1 << 16)
        let primes = (3..<isPrime.count).filter { isPrime[$0] }.map { UInt64($0) }
        // 50 squares of limbs, or the whole table.
        let depth = UInt64(min(50 * limbs * limbs, 65535))
        for _ in 0..<60 {
            var n = (0..<limbs).map { _ in generator.next() }
            n[0] |= 1
            n[limbs - 1] |= 1
            for isSafe in [false, true] {
                let divisor = primes.first { r in
                    let rest = remainder(n, r)
                    return rest == 0 || isSafe && (2 * rest + 1) % r == 0
                }
                var survives = false
                let status = unsafe prk_candidate_survives(n, limbs, isSafe, nil, &survives)
                #expect(status == .ok)
                // A product holds some primes beyond the depth.
                let isRight = survives ? divisor ?? .max > depth : divisor != nil
                #expect(isRight, "seed \(seed): \(n)")
            }
        }
    }

    @Test func smallCandidatesSurviveAndBadOnesAreRefused() {
        var survives = false
        for n in [[3], [9], [0, 0], [], [.max, 0]] as [[UInt64]] {
            survives = false
            #expect(unsafe prk_candidate_survives(n, n.count, true, nil, &survives) == .ok)
            #expect(survives)
        }
        #expect(unsafe prk_candidate_survives(nil, 1, false, nil, &survives) == .invalidArgument)
        #expect(unsafe prk_candidate_survives([3], 1, false, nil, nil) == .invalidArgument)
        let cancel = CancelFlag()
        cancel.cancel()
        #expect(
            unsafe prk_candidate_survives([1, 1], 2, false, cancel.flag, &survives) == .cancelled)
    }

    /// What is left of a window that was sieved further, and of it before.
    private func sieve(
        _ start: [UInt64], _ count: Int, _ from: UInt64, _ to: UInt64
    ) -> (before: [UInt64], after: [UInt64], status: KernelStatus) {
        var marks = [UInt64](repeating: 0, count: (count + 63) / 64)
        #expect(unsafe prk_sieve_window(start, start.count, count, nil, &marks) == .ok)
        let before = marks
        let status = unsafe prk_sieve_window_further(
            start, start.count, count, from, to, nil, &marks)
        return (before, marks, status)
    }

    static let depths: [(limbs: Int, from: UInt64, to: UInt64)] = [
        (2, 65536, 262_144), (5, 131_072, 400_000), (33, 65536, 131_072),
        (3, 4_294_667_296, 4_294_967_296), (3, 65537, 65538), (3, 65538, 65539),
    ]

    @Test(arguments: depths)
    func sievingFurtherTakesJustTheMultiplesOfThosePrimes(
        _ limbs: Int, _ from: UInt64, _ to: UInt64
    ) {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let primes = (from..<to).filter { isPrime($0) }
        // A window that has multiples of large primes: it begins some numbers before one.
        for count in [1, 64, 3000] {
            var start = (0..<limbs).map { _ in generator.next() }
            start[limbs - 1] |= 1
            if let p = primes.randomElement(using: &generator) {
                let rest = remainder(start, p)
                start[0] = start[0] >= rest ? start[0] - rest : start[0]
            }
            let (before, after, status) = sieve(start, count, from, to)
            #expect(status == .ok)
            var expected = before
            let toOdd: UInt64 = start[0] & 1 == 0 ? 1 : 0
            for p in primes {
                let rest = (remainder(start, p) + toOdd) % p
                // 2 k = -rest modulo p
                let missing = (p - rest) % p
                let first = missing % 2 == 0 ? missing / 2 : (missing + p) / 2
                for k in stride(from: Int(first), to: count, by: Int(p)) {
                    expected[k / 64] &= ~(1 << UInt64(k % 64))
                }
            }
            #expect(after == expected, "seed \(seed), \(count) from \(start)")
            #expect(after.last.map { $0 >> UInt64((count - 1) % 64) <= 1 } == true)
        }
    }

    @Test func sievingFurtherRefusesWhatItWouldGetWrong() {
        var marks: UInt64 = .max
        let bad: [(start: [UInt64], from: UInt64, to: UInt64)] = [
            ([65537], 1 << 16, 1 << 17), ([65537, 0], 1 << 16, 1 << 17),
            ([1, 1], 65535, 1 << 17), ([1, 1], 1 << 16, 1 << 32 + 1), ([], 1 << 16, 1 << 17),
        ]
        for (start, from, to) in bad {
            let status = unsafe prk_sieve_window_further(
                start, start.count, 64, from, to, nil, &marks)
            #expect(status == .invalidArgument)
        }
        #expect(marks == .max)
        let nothing = unsafe prk_sieve_window_further([1, 1], 2, 64, 1 << 17, 1 << 16, nil, &marks)
        #expect(nothing == .ok)
        #expect(marks == .max)
        let cancel = CancelFlag()
        cancel.cancel()
        let status = unsafe prk_sieve_window_further(
            [1, 1], 2, 64, 1 << 16, 1 << 17, cancel.flag, &marks)
        #expect(status == .cancelled)
    }

    @Test func theDepthGrowsWithTheWorkItSaves() {
        #expect(prk_sieve_window_depth(1, 1 << 20) == 0)
        #expect(prk_sieve_window_depth(16, 1024) == 1 << 18)
        #expect(prk_sieve_window_depth(200, 13_000) == 520_000_000)
        #expect(prk_sieve_window_depth(1 << 15, 1 << 16) == UInt64(UInt32.max))
        #expect(prk_sieve_window_depth(.max, .max) == UInt64(UInt32.max))
    }
}
