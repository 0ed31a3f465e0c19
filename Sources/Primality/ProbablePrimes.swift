// SPDX-License-Identifier: Apache-2.0

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
    private let limit: Int
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
        try self.init(
            of: WindowSieve(range, cancel: cancel), batch: .max, options: options, cancel: cancel)
    }

    /// Those that a sieve leaves, in its order, of which no more than a batch are tested at once.
    init(
        of sieve: WindowSieve, batch limit: Int, options: TestOptions, cancel: CancelFlag?
    ) throws(PrimalityError) {
        self.sieve = sieve
        self.limit = limit
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
        var count = 0
        let limit = limit
        let next = try sieve.nextBatch { bits in
            count += 1
            let limbs = min((bits + 63) / 64, 64)
            work += limbs <= 1 ? 16 : limbs * limbs * limbs
            return work >= 1 << 16 || count >= limit
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
        try primes(
            of: WindowSieve(
                BigNatural(range.lowerBound)...BigNatural(range.upperBound), cancel: cancel),
            cancel: cancel)
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
        try primes(
            of: WindowSieve(
                BigNatural(range.lowerBound)..<BigNatural(range.upperBound), cancel: cancel),
            cancel: cancel)
    }

    /// The primes below 2⁶⁴ that a sieve left.
    private static func primes(
        of sieve: consuming WindowSieve, cancel: CancelFlag?
    ) throws(PrimalityError) -> [UInt64] {
        var tester = try Tester(engine: .u64, cancel: cancel)
        var primes: [UInt64] = []
        while let batch = try sieve.nextBatch(limit: 8192) {
            let results = try tester.test(batch)
            for i in 0..<results.count {
                guard let verdict = results.verdict(at: i) else { throw .cancelled }
                if verdict.passed { primes.append(batch.limbs[i]) }  // one limb a number
            }
        }
        return primes
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
