// SPDX-License-Identifier: Apache-2.0

internal import CKernels

extension UInt64 {
    /// The least prime above a number; exact.
    ///
    /// - Returns: The prime; `nil` when it is above 2⁶⁴, which it is from 2⁶⁴ − 59 on.
    /// - Complexity: A test for each odd number up to it: 22 near 2⁶⁴ on average, of which three of four
    ///   have a small factor.
    public static func nextPrime(after n: UInt64) -> UInt64? {
        let next = prk_next_prime_u64(n)
        return next == 0 ? nil : next
    }

    /// The greatest prime below a number; exact.
    ///
    /// - Returns: The prime; `nil` when there is none, which is so up to 2.
    /// - Complexity: As ``UInt64/nextPrime(after:)``.
    public static func previousPrime(before n: UInt64) -> UInt64? {
        let previous = prk_previous_prime_u64(n)
        return previous == 0 ? nil : previous
    }
}

extension BigNatural {
    /// The least prime or probable prime above a number.
    ///
    /// Below 2⁶⁴ it is prime, and so is the answer that there is none before it. Above, it passed
    /// Baillie–PSW and the random bases that were asked for, which proves nothing; what lies before it is
    /// composite all the same.
    ///
    /// Tests run on the calling thread; a pool finds it sooner.
    ///
    /// - Parameters:
    ///   - number: Any number.
    ///   - options: How numbers above 2⁶⁴ are tested.
    ///   - cancel: Ends the search.
    /// - Returns: The number.
    /// - Throws: ``PrimalityError``, also ``PrimalityError/cancelled``.
    /// - Complexity: As many tests as small primes leave: of *n* = 2¹⁰²⁴ some 36 on average, of 10⁴⁰⁰⁰ some
    ///   300, growing with log n / log log n.
    public static func nextProbablePrime(
        after number: BigNatural, options: TestOptions = TestOptions(), cancel: CancelFlag? = nil
    ) throws(PrimalityError) -> BigNatural {
        // Of a limb more than the number.
        try unsafe number.search(count: number.limbs.count + 1, prk_next_prime, options, cancel)
    }

    /// The greatest prime or probable prime below a number.
    ///
    /// See ``BigNatural/nextProbablePrime(after:options:cancel:)``.
    ///
    /// - Parameters:
    ///   - number: Any number.
    ///   - options: How numbers above 2⁶⁴ are tested.
    ///   - cancel: Ends the search.
    /// - Returns: The number; `nil` when there is none, which is so up to 2.
    /// - Throws: ``PrimalityError``, also ``PrimalityError/cancelled``.
    public static func previousProbablePrime(
        before number: BigNatural, options: TestOptions = TestOptions(), cancel: CancelFlag? = nil
    ) throws(PrimalityError) -> BigNatural? {
        if number <= 2 { return nil }
        return try unsafe number.search(
            count: number.limbs.count, prk_previous_prime, options, cancel)
    }

    /// A search of the kernels, which write so many limbs.
    private func search(
        count: Int,
        _ kernel: (
            UnsafePointer<UInt64>?, Int, UnsafePointer<KernelOptions>?, OpaquePointer?,
            UnsafeMutablePointer<UInt64>?, UnsafeMutablePointer<KernelReport>?
        ) -> KernelStatus, _ options: TestOptions, _ cancel: CancelFlag?
    ) throws(PrimalityError) -> BigNatural {
        try KernelLevel.checkForcedLevel()
        var prime = [UInt64](repeating: 0, count: count)
        var kernelOptions = unsafe options.forKernels(cancel: cancel)
        // The limbs are as many as is said, and there is a place for each that is found.
        let status = withExtendedLifetime((options, cancel)) {
            unsafe kernel(limbs, limbs.count, &kernelOptions, nil, &prime, nil)
        }
        try PrimalityError.check(status)
        return BigNatural(limbs: prime)
    }
}
