// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Primality

/// Primes below 2³² in order, for functions of expressions.
enum SmallPrimes {
    /// How many there are.
    static let count: UInt64 = 203_280_221

    /// Odd numbers sieved at once: so many that all primes below 2¹⁶ sieve them, and what is left below
    /// 2³² is prime.
    private static let length = 1 << 18

    /// Sieves window after window.
    ///
    /// - Parameters:
    ///   - cancel: Ends it.
    ///   - body: Is given each window's first odd number, and a mark for each prime among its odd numbers,
    ///     up to 2³²; `false` ends it.
    /// - Throws: ``PrimalityError/cancelled``.
    private static func eachWindow(
        _ cancel: CancelFlag?, _ body: (UInt64, [UInt64]) -> Bool
    ) throws(PrimalityError) {
        let flag = unsafe cancel.map { unsafe UnsafePointer($0.flag) }
        var marks = [UInt64](repeating: 0, count: length / 64)
        var first: UInt64 = 1
        while first < 1 << 32 {
            // One limb is read, and there is a mark for each number.
            let status = unsafe prk_sieve_window([first], 1, length, flag, &marks)
            try PrimalityError.check(status)
            if !body(first, marks) { return }
            first += UInt64(2 * length)
        }
    }

    /// The nth prime; exact.
    ///
    /// - Parameters:
    ///   - n: From 1 to ``count``.
    ///   - cancel: Ends the search.
    /// - Returns: The prime.
    /// - Throws: ``PrimalityError/cancelled``.
    /// - Complexity: O(p log log p), about 1 ns for each odd number up to it.
    static func prime(at n: UInt64, cancel: CancelFlag?) throws(PrimalityError) -> UInt64 {
        if n == 1 { return 2 }
        var rest = Int(n) - 1
        var prime: UInt64 = 0
        try eachWindow(cancel) { first, marks in
            for (i, word) in marks.enumerated() {
                let count = word.nonzeroBitCount
                if rest > count {
                    rest -= count
                    continue
                }
                var word = word
                for _ in 1..<rest { word &= word - 1 }
                prime = first + 2 * UInt64(64 * i + word.trailingZeroBitCount)
                return false
            }
            return true
        }
        return prime
    }

    /// The decimal digits of primes in a row, beginning with 2.
    ///
    /// - Parameters:
    ///   - last: No prime is larger; 2 or more.
    ///   - count: How many primes there are at most, 1 or more.
    ///   - cancel: Ends it.
    /// - Returns: The digits, as characters.
    /// - Throws: ``PrimalityError/cancelled``.
    static func digits(
        upTo last: UInt64, count: UInt64, cancel: CancelFlag?
    ) throws(PrimalityError) -> [UInt8] {
        var digits = [UInt8(ascii: "2")]
        var rest = count - 1
        try eachWindow(cancel) { first, marks in
            for (i, word) in marks.enumerated() {
                var word = word
                while word != 0 {
                    let prime = first + 2 * UInt64(64 * i + word.trailingZeroBitCount)
                    if prime > last || rest == 0 { return false }
                    digits += String(prime).utf8
                    rest -= 1
                    word &= word - 1
                }
            }
            return true
        }
        return digits
    }
}
