// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal

/// What is left of a window of numbers when multiples of small primes are taken away, in order and in
/// batches: all primes of the window, and a few composites.
///
/// It sieves segment by segment, so memory does not grow with the window's length. What it gives is to
/// be tested, by a ``Tester`` or a pool; ``ProbablePrimes`` does both.
///
/// It is made for windows whose numbers have to be tested. For long dense ranges below 2⁶⁴ use a sieve
/// that goes up to the square root, such as primesieve: it needs no tests.
public struct WindowSieve: Sendable {
    /// What the kernels know of a window, which belongs to one sieve, or to copies until one of them goes on.
    @safe private final class Window: @unchecked Sendable {
        // Sendable: a sieve changes it only where no other has it.
        let handle: OpaquePointer?

        init(_ handle: OpaquePointer?) { unsafe self.handle = unsafe handle }
        deinit { unsafe prk_window_destroy(handle) }
    }

    private let cancel: CancelFlag?
    private var window: Window?
    /// Why there is no window.
    private let failure: PrimalityError?

    private init(
        from low: BigNatural, to high: BigNatural?, _ direction: KernelDirection,
        expecting count: Int, cancel: CancelFlag?
    ) {
        self.cancel = cancel
        var handle: OpaquePointer?
        // Limbs are as many as is said. An empty array has no address, and stands for 0: its end is none.
        let end = high.map { $0.limbs.isEmpty ? [0] : $0.limbs }
        let status = unsafe prk_window_create(
            low.limbs, low.limbs.count, end, end?.count ?? 0, direction,
            UInt64(max(0, count)), &handle)
        if unsafe handle != nil { window = unsafe Window(handle) }
        do throws(PrimalityError) {
            try PrimalityError.check(status)
            failure = nil
        } catch {
            failure = error
        }
    }

    /// A sieve of the numbers in a range.
    ///
    /// - Parameters:
    ///   - range: The window.
    ///   - cancel: Ends a segment that is being sieved.
    public init(_ range: Range<BigNatural>, cancel: CancelFlag? = nil) {
        self.init(
            from: range.lowerBound, to: range.upperBound, .ascending, expecting: 0, cancel: cancel)
    }

    /// A sieve of the numbers in a range.
    ///
    /// - Parameters:
    ///   - range: The window.
    ///   - cancel: Ends a segment that is being sieved.
    public init(_ range: ClosedRange<BigNatural>, cancel: CancelFlag? = nil) {
        self.init(range.lowerBound..<range.upperBound.adding(1), cancel: cancel)
    }

    /// A sieve of the numbers above one, upward and without an end, for a search.
    ///
    /// - Parameters:
    ///   - number: The number below the window.
    ///   - count: How many primes are looked for: segments are about as long as that takes.
    ///   - cancel: Ends a segment that is being sieved.
    public init(after number: BigNatural, expecting count: Int = 1, cancel: CancelFlag? = nil) {
        self.init(
            from: number.adding(1), to: nil, .ascending, expecting: max(1, count), cancel: cancel)
    }

    /// A sieve of the numbers below one, downward, for a search: batches begin with their largest number.
    ///
    /// - Parameters:
    ///   - number: The number above the window.
    ///   - count: How many primes are looked for: segments are about as long as that takes.
    ///   - cancel: Ends a segment that is being sieved.
    public init(before number: BigNatural, expecting count: Int = 1, cancel: CancelFlag? = nil) {
        self.init(
            from: 0, to: number, .descending, expecting: max(1, count), cancel: cancel)
    }

    /// The next numbers that are left.
    ///
    /// - Parameter limit: How many to give at most, 1 or more.
    /// - Returns: The numbers, or `nil` at the end of the window.
    /// - Throws: ``PrimalityError/cancelled``.
    /// - Complexity: About 1.5 ns an odd number of the window below 2⁶⁴, and some 60 µs, or for large
    ///   numbers 1577 divisions by one limb, for each 2¹⁶ of them. The larger the numbers, the more
    ///   divisions follow, batch by batch, as long as they take less time than the tests that they save.
    public mutating func nextBatch(limit: Int) throws(PrimalityError) -> NumberBatch? {
        precondition(limit >= 1, "a batch has a number at least")
        var count = 0
        return try nextBatch { _ in
            count += 1
            return count >= limit
        }
    }

    /// The next numbers that are left.
    ///
    /// `isFull` is told the size of each, in bits, and says whether the batch ends with it.
    package mutating func nextBatch(
        until isFull: (Int) -> Bool
    ) throws(PrimalityError) -> NumberBatch? {
        if let failure { throw failure }
        if !isKnownUniquelyReferenced(&window), let shared = unsafe window?.handle {
            guard let copy = unsafe prk_window_copy(shared) else { throw .outOfMemory }
            window = unsafe Window(copy)
        }
        guard let handle = unsafe window?.handle else { return nil }
        let flag = unsafe cancel.map { unsafe UnsafePointer($0.flag) }
        var batch = NumberBatch()
        try PrimalityError.check(unsafe prk_window_deepen(handle, flag))
        while true {
            var limbs: UnsafePointer<UInt64>?
            var count = 0
            try PrimalityError.check(unsafe prk_window_next(handle, flag, &limbs, &count))
            guard let limbs = unsafe limbs else { return batch.isEmpty ? nil : batch }
            // The number is the window's until the next call.
            let bits = unsafe batch.append(UnsafeBufferPointer(start: limbs, count: count))
            if isFull(bits) { return batch }
        }
    }
}
