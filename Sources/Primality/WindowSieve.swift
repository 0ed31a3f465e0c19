// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// What is left of a window of numbers when multiples of small primes are taken away, in order and in
/// batches: all primes of the window, and a few composites.
///
/// It sieves segment by segment, so memory does not grow with the window's length. What it gives is to
/// be tested, by a ``Tester`` or a pool; ``ProbablePrimes`` does both.
///
/// It is made for windows whose numbers have to be tested. For long dense ranges below 2⁶⁴ use a sieve
/// that goes up to the square root, such as primesieve: it needs no tests.
public struct WindowSieve: Sendable {
    /// Odd numbers sieved at once: enough for a segment's divisions to cost less than its marks.
    private static let longestSegment = 1 << 16

    private let end: BigNatural
    private let cancel: CancelFlag?
    private var isTwoDue: Bool
    /// The first odd number that was not sieved yet.
    private var next: BigNatural
    /// The current segment: its first odd number, and marks of those that are left and not yet given.
    private var segment: BigNatural
    private var marks: [UInt64] = []
    private var word = 0

    /// A sieve of the numbers in a range.
    ///
    /// - Parameters:
    ///   - range: The window.
    ///   - cancel: Ends a segment that is being sieved.
    public init(_ range: Range<BigNatural>, cancel: CancelFlag? = nil) {
        end = range.upperBound
        self.cancel = cancel
        isTwoDue = range.contains(2)
        next = range.lowerBound.isEven ? range.lowerBound.adding(1) : range.lowerBound
        segment = next
    }

    /// A sieve of the numbers in a range.
    ///
    /// - Parameters:
    ///   - range: The window.
    ///   - cancel: Ends a segment that is being sieved.
    public init(_ range: ClosedRange<BigNatural>, cancel: CancelFlag? = nil) {
        self.init(range.lowerBound..<range.upperBound.adding(1), cancel: cancel)
    }

    /// The next numbers that are left.
    ///
    /// - Parameter limit: How many to give at most, 1 or more.
    /// - Returns: The numbers, or `nil` at the end of the window.
    /// - Throws: ``PrimalityError/cancelled``.
    /// - Complexity: About 1.5 ns an odd number of the window below 2⁶⁴, and some 60 µs, or for large
    ///   numbers 1577 divisions by one limb, for each 2¹⁶ of them.
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
        var batch = NumberBatch()
        if isTwoDue {
            isTwoDue = false
            batch.append(UInt64(2))
            if isFull(2) { return batch }
        }
        repeat {
            while word < marks.count {
                let mark = marks[word]
                if mark == 0 {
                    word += 1
                    continue
                }
                marks[word] = mark & (mark - 1)
                let place = UInt64(word * 64 + mark.trailingZeroBitCount)
                if isFull(batch.append(segment, plus: 2 * place)) { return batch }
            }
        } while try sieveSegment()
        return batch.isEmpty ? nil : batch
    }

    /// Sieves the next segment; `false` when there is none.
    private mutating func sieveSegment() throws(PrimalityError) -> Bool {
        // A distance that is no Int is longer than a segment.
        let distance = next.distance(to: end) ?? .max
        if distance <= 0 { return false }
        let count = min(distance / 2 + distance % 2, Self.longestSegment)
        segment = next
        word = 0
        marks = [UInt64](repeating: 0, count: (count + 63) / 64)
        let flag = unsafe cancel.map { unsafe UnsafePointer($0.flag) }
        // The limbs are as many as is said, and there is a place for each 64 marks.
        let status = unsafe prk_sieve_window(
            segment.limbs, segment.limbs.count, count, flag, &marks)
        try PrimalityError.check(status)
        next = segment.adding(UInt64(2 * count))
        return true
    }
}
