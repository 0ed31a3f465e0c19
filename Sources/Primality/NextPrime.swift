// SPDX-License-Identifier: Apache-2.0

/// Numbers tested at once in search of a single one: few enough that little is tested in vain.
private let batch = 8

extension UInt64 {
    /// The least prime above a number; exact.
    ///
    /// - Returns: The prime; `nil` when it is above 2⁶⁴, which it is from 2⁶⁴ − 59 on.
    /// - Complexity: A test for each odd number up to it: 22 near 2⁶⁴ on average, of which three of four
    ///   have a small factor.
    public static func nextPrime(after n: UInt64) -> UInt64? {
        if n < 2 { return 2 }
        var (candidate, isAbove) = (n | 1).addingReportingOverflow(n & 1 == 0 ? 0 : 2)
        while !isAbove {
            if isPrime(candidate) { return candidate }
            (candidate, isAbove) = candidate.addingReportingOverflow(2)
        }
        return nil
    }

    /// The greatest prime below a number; exact.
    ///
    /// - Returns: The prime; `nil` when there is none, which is so up to 2.
    /// - Complexity: As ``UInt64/nextPrime(after:)``.
    public static func previousPrime(before n: UInt64) -> UInt64? {
        if n <= 3 { return n == 3 ? 2 : nil }
        var candidate = (n - 2) | 1
        while !isPrime(candidate) { candidate -= 2 }
        return candidate
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
        var found = try ProbablePrimes(
            of: WindowSieve(after: number, cancel: cancel), batch: batch, options: options,
            cancel: cancel)
        guard let next = try found.next() else {
            throw .internalError("the numbers have come to an end")
        }
        return next.number
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
        var found = try ProbablePrimes(
            of: WindowSieve(before: number, cancel: cancel), batch: batch, options: options,
            cancel: cancel)
        return try found.next()?.number
    }
}
