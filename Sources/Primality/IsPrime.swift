// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// Whether a number is prime; exact.
///
/// Where `PRIMALITY_LEVEL` forces a level that cannot be used, the portable kernel answers.
///
/// - Complexity: About 1.4 modular exponentiations, none where a small prime divides. For many numbers
///   ``Tester/test(_:into:)`` is several times faster.
public func isPrime(_ n: UInt64) -> Bool { prk_is_prime_u64(n) }

extension Verdict {
    /// The verdict on a number; exact.
    public init(of n: UInt64) {
        self = n < 2 ? .neither : isPrime(n) ? .prime : .composite
    }

    /// The verdict on a number of any size.
    ///
    /// Numbers k·2ᵉ ± 1 with k < 2ᵉ are proved prime or composite by the test of their form; others above
    /// 2⁶⁴ are tested by Baillie–PSW and random bases.
    ///
    /// It is exact below 2⁶⁴ and for such numbers; else it is ``Verdict/composite`` or
    /// ``Verdict/probablePrime``.
    ///
    /// - Parameters:
    ///   - number: The number.
    ///   - options: How many random bases, and which.
    /// - Throws: ``PrimalityError``.
    /// - Complexity: About 3.5 modular exponentiations for a probable prime, and one for each random base.
    public init(
        of number: BigNatural, options: TestOptions = TestOptions()
    ) throws(PrimalityError) {
        if let small = UInt64(exactly: number) {
            self.init(of: small)
        } else {
            self = try Tester.verdicts(of: NumberBatch([number]), options: options)[0]
        }
    }
}

extension UInt64 {
    /// The smallest prime factor of a number by complete trial division; the number itself when it is
    /// prime.
    ///
    /// - Parameter n: At least 2.
    /// - Returns: The factor; `nil` below 2.
    /// - Throws: ``PrimalityError`` when the forced level cannot be used.
    /// - Complexity: At most 4/15 of √n divisions: some seconds near 2⁶⁴.
    public static func smallestFactor(of n: UInt64) throws(PrimalityError) -> UInt64? {
        if n < 2 { return nil }
        var factor: UInt64 = 0
        // One place, for one number.
        try PrimalityError.check(unsafe prk_smallest_factor_u64(n, &factor))
        return factor
    }
}
