// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal

/// The primes and probable primes of a window of numbers, in order, found as they are asked for.
///
/// Each comes with its verdict, which says what was shown: below 2⁶⁴ that it is prime, above as a rule
/// that it passed Baillie–PSW and the random bases that were asked for. Memory does not grow with the window's
/// length. Tests run on the calling thread; to use more of them, give a ``WindowSieve``'s batches to a
/// pool.
///
/// ```swift
/// var found = try ProbablePrimes(in: n...n.adding(1000))
/// while let next = try found.next() { print(next.number, next.verdict) }
/// ```
public struct ProbablePrimes: ~Copyable, Sendable {
    private var sieve: WindowSieve
    private var tester: Tester
    private var batch = NumberBatch()
    private var results = TestResults(seed: 0)
    private var place = 0

    /// Begins at the low end of a window.
    ///
    /// - Parameters:
    ///   - range: The window.
    ///   - options: How numbers above 2⁶⁴ are tested.
    ///   - cancel: Ends a search that is under way.
    /// - Throws: ``PrimalityError`` when the forced level cannot be used or there is no memory.
    public init(
        in range: Range<BigNatural>, options: TestOptions = TestOptions(),
        cancel: CancelFlag? = nil
    ) throws(PrimalityError) {
        sieve = WindowSieve(range, cancel: cancel)
        tester = try Tester(options: options, cancel: cancel)
    }

    /// Begins at the low end of a window.
    ///
    /// - Parameters:
    ///   - range: The window.
    ///   - options: How numbers above 2⁶⁴ are tested.
    ///   - cancel: Ends a search that is under way.
    /// - Throws: ``PrimalityError`` when the forced level cannot be used or there is no memory.
    public init(
        in range: ClosedRange<BigNatural>, options: TestOptions = TestOptions(),
        cancel: CancelFlag? = nil
    ) throws(PrimalityError) {
        try self.init(
            in: range.lowerBound..<range.upperBound.adding(1), options: options, cancel: cancel)
    }

    /// The next prime or probable prime; `nil` when the window has no more.
    ///
    /// - Throws: ``PrimalityError``, also ``PrimalityError/cancelled``.
    /// - Complexity: A batch at a time is tested, of what takes some milliseconds or is one number.
    public mutating func next() throws(PrimalityError) -> (number: BigNatural, verdict: Verdict)? {
        while true {
            while place < results.count {
                place += 1
                guard let verdict = results.verdict(at: place - 1) else { throw .cancelled }
                if verdict.passed { return (batch[place - 1], verdict) }
            }
            guard try testBatch() else { return nil }
        }
    }

    /// Tests the next batch; `false` when there is none.
    private mutating func testBatch() throws(PrimalityError) -> Bool {
        // A test grows with the cube of the size: 4096 numbers of one limb, 128 of eight, one of 41.
        var work = 0
        let next = try sieve.nextBatch { bits in
            let limbs = min((bits + 63) / 64, 64)
            work += limbs <= 1 ? 16 : limbs * limbs * limbs
            return work >= 1 << 16
        }
        guard let next else { return false }
        batch = next
        results = try tester.test(batch)
        place = 0
        return true
    }
}

extension UInt64 {
    /// The primes in a range; exact.
    ///
    /// - Parameters:
    ///   - range: The window. Long dense ranges are a sieve's job, such as primesieve's.
    ///   - cancel: Ends the search.
    /// - Returns: The primes in order.
    /// - Throws: ``PrimalityError``.
    /// - Complexity: One test for each number that small primes leave, about a tenth of the odd ones.
    public static func primes(
        in range: ClosedRange<UInt64>, cancel: CancelFlag? = nil
    ) throws(PrimalityError) -> [UInt64] {
        var primes: [UInt64] = []
        let flag = unsafe cancel.map { unsafe UnsafePointer($0.flag) }
        var low = range.lowerBound
        while true {
            let most = 8192
            let part = try unsafe [UInt64](unsafeUninitializedCapacity: most) {
                (places, count) throws(PrimalityError) in
                // The kernel writes as many as it says, and no more than there are places.
                let status = unsafe prk_primes_u64(
                    low, range.upperBound, flag, places.baseAddress, most, &count)
                try PrimalityError.check(status)
            }
            primes += part
            guard part.count == most, let last = part.last, last < range.upperBound else {
                return primes
            }
            low = last + 1
        }
    }

    /// The primes in a range; exact.
    ///
    /// - Parameters:
    ///   - range: The window. Long dense ranges are a sieve's job, such as primesieve's.
    ///   - cancel: Ends the search.
    /// - Returns: The primes in order.
    /// - Throws: ``PrimalityError``.
    /// - Complexity: One test for each number that small primes leave, about a tenth of the odd ones.
    public static func primes(
        in range: Range<UInt64>, cancel: CancelFlag? = nil
    ) throws(PrimalityError) -> [UInt64] {
        range.isEmpty
            ? [] : try primes(in: range.lowerBound...range.upperBound - 1, cancel: cancel)
    }
}

extension BigNatural {
    /// The primes and probable primes in a range.
    ///
    /// Below 2⁶⁴ they are prime; above, each passed Baillie–PSW and the random bases that were asked for,
    /// which proves nothing. ``ProbablePrimes`` gives them one by one, with their verdicts.
    ///
    /// - Parameters:
    ///   - range: The window.
    ///   - options: How numbers above 2⁶⁴ are tested.
    ///   - cancel: Ends the search.
    /// - Returns: The numbers in order.
    /// - Throws: ``PrimalityError``.
    /// - Complexity: One test for each number that small primes leave: some percents of all.
    public static func probablePrimes(
        in range: ClosedRange<BigNatural>, options: TestOptions = TestOptions(),
        cancel: CancelFlag? = nil
    ) throws(PrimalityError) -> [BigNatural] {
        try probablePrimes(
            in: range.lowerBound..<range.upperBound.adding(1), options: options, cancel: cancel)
    }

    /// The primes and probable primes in a range.
    ///
    /// Below 2⁶⁴ they are prime; above, each passed Baillie–PSW and the random bases that were asked for,
    /// which proves nothing. ``ProbablePrimes`` gives them one by one, with their verdicts.
    ///
    /// - Parameters:
    ///   - range: The window.
    ///   - options: How numbers above 2⁶⁴ are tested.
    ///   - cancel: Ends the search.
    /// - Returns: The numbers in order.
    /// - Throws: ``PrimalityError``.
    /// - Complexity: One test for each number that small primes leave: some percents of all.
    public static func probablePrimes(
        in range: Range<BigNatural>, options: TestOptions = TestOptions(),
        cancel: CancelFlag? = nil
    ) throws(PrimalityError) -> [BigNatural] {
        var found = try ProbablePrimes(in: range, options: options, cancel: cancel)
        var numbers: [BigNatural] = []
        while let next = try found.next() { numbers.append(next.number) }
        return numbers
    }
}
