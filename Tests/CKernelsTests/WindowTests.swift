// SPDX-License-Identifier: Apache-2.0

import CKernels
import Primality
import TestSupport
import Testing

@Suite struct WindowTests {
    static let isPrime = sievedPrimes(below: 1 << 22)

    /// The marks of a window, one a candidate.
    private func marks(
        _ start: [UInt64], _ count: Int, cancel: CancelFlag? = nil
    ) -> (status: KernelStatus, marks: [Bool]) {
        let places = (count + 63) / 64
        let guardWord: UInt64 = 0xA5A5_A5A5_A5A5_A5A5
        var words = [UInt64](repeating: guardWord, count: places + 1)
        let flag = unsafe cancel.map { unsafe UnsafePointer($0.flag) }
        let status = unsafe prk_sieve_window(start, start.count, count, flag, &words)
        #expect(words[places] == guardWord)
        if status == .ok && count % 64 != 0 {
            #expect(words[places - 1] >> UInt64(count % 64) == 0, "marks beyond the last one")
        }
        return (status, (0..<count).map { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 })
    }

    /// Candidates of a window below 2²² that are not marked as they have to be.
    private func mistakes(_ start: Int, _ count: Int) -> [Int] {
        let found = marks([UInt64(start)], count).marks
        return (0..<count).map { (start | 1) + 2 * $0 }.filter { n in
            let isMarked = found[(n - (start | 1)) / 2]
            if Self.isPrime[n] { return !isMarked }
            // 53 is the least depth.
            let hasSmallFactor =
                n == 1 || stride(from: 3, through: 53, by: 2).contains { n % $0 == 0 }
            return isMarked && hasSmallFactor
        }
    }

    @Test func everySmallStartAndLengthKeepsThePrimes() {
        var wrong: [String] = []
        for start in 0..<150 {
            for count in 0..<150 where !mistakes(start, count).isEmpty {
                wrong.append("\(count) from \(start): \(mistakes(start, count))")
            }
        }
        for start in [4093, 4094, 65519, 65520, 65521, 65522, 65536, 65537] {
            for count in [1, 2, 63, 64, 65, 1000, 70_000] where !mistakes(start, count).isEmpty {
                wrong.append("\(count) from \(start): \(mistakes(start, count).prefix(5))")
            }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    @Test(arguments: [0, 1, 2, 65_521, 1_000_000])
    func aLongWindowBelowTwoTo32HasOnlyPrimesLeft(_ start: Int) {
        // More candidates than are sieved at once, and the whole table, which is exact here.
        let count = (1 << 20) + 77
        let length = min(count, ((1 << 22) - start) / 2 - 1)
        let found = marks([UInt64(start)], length).marks
        let wrong = (0..<length).filter { found[$0] != Self.isPrime[(start | 1) + 2 * $0] }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    @Test func largeStartsKeepWhatSmallPrimesDoNotDivide() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let primes = (3..<1 << 16).filter { $0 % 2 == 1 && Self.isPrime[$0] }.map(UInt64.init)
        var wrong: [String] = []
        for limbs in [1, 2, 3, 4, 8, 33, 149, 150] {
            for count in [1, 100, 3000] {
                var start = (0..<limbs).map { _ in generator.next() }
                start[limbs - 1] |= 1 << 63
                let found = marks(start, count).marks
                // first mod p, by Horner's rule.
                let remainders = primes.map { p in
                    start.reversed().reduce(UInt64(0)) { rest, limb in
                        p.dividingFullWidth((rest, limb)).remainder
                    }
                }
                let toOdd: UInt64 = start[0] & 1 == 0 ? 1 : 0
                for i in 0..<count {
                    let shift = toOdd + 2 * UInt64(i)
                    let divisor = primes.indices.first {
                        (remainders[$0] + shift) % primes[$0] == 0
                    }
                    .map { primes[$0] }
                    // What is marked has no factor up to the least depth; what is not has one at all.
                    if found[i] ? (divisor ?? .max) <= 53 : divisor == nil {
                        wrong.append("\(limbs) limbs, \(i) of \(count)")
                    }
                }
            }
        }
        #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(5))")
    }

    @Test func leadingZerosAndAnEmptyStartAreNumbersToo() {
        #expect(marks([97, 0, 0], 50).marks == marks([97], 50).marks)
        #expect(marks([], 50).marks == marks([0], 50).marks)
        #expect(marks([0], 5).marks == [false, true, true, true, false])  // 1 3 5 7 9
        let crossing = marks([UInt64.max - 58], 61).marks  // 2⁶⁴ − 59 is prime, 2⁶⁴ + 13 too
        #expect(crossing[0] && crossing[36])
        #expect(marks([7], 0).status == .ok)
    }

    @Test func whatCannotBeDoneIsRefused() {
        var word: UInt64 = 7
        #expect(unsafe prk_sieve_window(nil, 1, 64, nil, &word) == .invalidArgument)
        #expect(unsafe prk_sieve_window([3], 1, 64, nil, nil) == .invalidArgument)
        #expect(unsafe prk_sieve_window([3], 1 << 31, 64, nil, &word) == .tooLarge)
        #expect(throws: PrimalityError.tooLarge(limit: 1 << 33)) {
            try PrimalityError.check(.tooLarge)
        }
        #expect(word == 7)
        #expect(prk_sieve_window(nil, 0, 0, nil, nil) == .ok)
        let cancel = CancelFlag()
        cancel.cancel()
        #expect(marks([3], 64, cancel: cancel).status == .cancelled)
    }
}
