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
    /// Odd numbers sieved at once: enough for a segment's divisions to cost less than its marks.
    private static let longestSegment = 1 << 16

    private let cancel: CancelFlag?
    private let goesDown: Bool
    private let segmentLength: Int
    private var isTwoDue: Bool
    /// What was not sieved yet; its low end is odd.
    private var rest: Range<BigNatural>
    /// The current segment: its first odd number, and marks of those that are left and not yet given.
    private var segment: BigNatural
    private var marks: [UInt64] = []
    private var word = 0
    /// How many odd numbers the segment has, up to which primes it was sieved, and up to which it pays.
    private var length = 0
    private var depth: UInt64 = 0
    private var deepest: UInt64 = 0

    private init(
        _ range: Range<BigNatural>, segmentLength: Int, goesDown: Bool, cancel: CancelFlag?
    ) {
        self.cancel = cancel
        self.goesDown = goesDown
        self.segmentLength = segmentLength
        isTwoDue = range.contains(2)
        let low = range.lowerBound.isEven ? range.lowerBound.adding(1) : range.lowerBound
        rest = low..<max(low, range.upperBound)
        segment = low
    }

    /// A sieve of the numbers in a range.
    ///
    /// - Parameters:
    ///   - range: The window.
    ///   - cancel: Ends a segment that is being sieved.
    public init(_ range: Range<BigNatural>, cancel: CancelFlag? = nil) {
        self.init(
            range, segmentLength: Self.longestSegment, goesDown: false, cancel: cancel)
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
        // Beyond 2⁶⁴ times the number there is more than could be tested.
        let end = [UInt64](repeating: 0, count: number.limbs.count + 1) + [1]
        self.init(
            number.adding(1)..<BigNatural(limbs: end),
            segmentLength: Self.segmentLength(bits: number.bitWidth, expecting: count),
            goesDown: false, cancel: cancel)
    }

    /// A sieve of the numbers below one, downward, for a search: batches begin with their largest number.
    ///
    /// - Parameters:
    ///   - number: The number above the window.
    ///   - count: How many primes are looked for: segments are about as long as that takes.
    ///   - cancel: Ends a segment that is being sieved.
    public init(before number: BigNatural, expecting count: Int = 1, cancel: CancelFlag? = nil) {
        self.init(
            min(2, number)..<number,
            segmentLength: Self.segmentLength(bits: number.bitWidth, expecting: count),
            goesDown: true, cancel: cancel)
    }

    /// How many odd numbers a search sieves at once.
    ///
    /// One of ln n numbers is prime: `bits` odd ones hold none with a probability of some 6 %.
    private static func segmentLength(bits: Int, expecting count: Int) -> Int {
        let (length, overflow) = bits.multipliedReportingOverflow(by: max(1, count))
        return overflow ? longestSegment : max(64, min(length, longestSegment))
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
        var batch = NumberBatch()
        if isTwoDue && !goesDown {
            isTwoDue = false
            batch.append(UInt64(2))
            if isFull(2) { return batch }
        }
        try deepen()
        repeat {
            while let place = takeMark() {
                if isFull(batch.append(segment, plus: 2 * place)) { return batch }
            }
        } while try sieveSegment()
        if isTwoDue {
            isTwoDue = false
            batch.append(UInt64(2))
        }
        return batch.isEmpty ? nil : batch
    }

    /// Takes the next mark of the segment, in the direction of the search.
    private mutating func takeMark() -> UInt64? {
        while word < marks.count {
            let i = goesDown ? marks.count - 1 - word : word
            let mark = marks[i]
            if mark == 0 {
                word += 1
                continue
            }
            let bit = goesDown ? 63 - mark.leadingZeroBitCount : mark.trailingZeroBitCount
            marks[i] = mark & ~(1 << UInt64(bit))
            return UInt64(i * 64 + bit)
        }
        return nil
    }

    /// Sieves the next segment; `false` when there is none.
    private mutating func sieveSegment() throws(PrimalityError) -> Bool {
        // A distance that is no Int is longer than a segment.
        let distance = rest.lowerBound.distance(to: rest.upperBound) ?? .max
        if distance <= 0 { return false }
        length = min(distance / 2 + distance % 2, segmentLength)
        if goesDown {
            let last = rest.upperBound.subtracting(rest.upperBound.isEven ? 1 : 2)
            segment = last.subtracting(UInt64(2 * (length - 1)))
        } else {
            segment = rest.lowerBound
        }
        word = 0
        marks = [UInt64](repeating: 0, count: (length + 63) / 64)
        let flag = unsafe cancel.map { unsafe UnsafePointer($0.flag) }
        // The limbs are as many as is said, and there is a place for each 64 marks.
        let status = unsafe prk_sieve_window(
            segment.limbs, segment.limbs.count, length, flag, &marks)
        try PrimalityError.check(status)
        depth = 1 << 16
        deepest = prk_sieve_window_depth(segment.limbs.count, length)
        if goesDown {
            rest = rest.lowerBound..<segment
        } else {
            let end = segment.adding(UInt64(2 * length))
            rest = end..<max(end, rest.upperBound)
        }
        return true
    }

    /// Sieves what is left of the segment twice as deep, if that pays.
    ///
    /// Batch by batch, so that the first ones can be tested meanwhile.
    private mutating func deepen() throws(PrimalityError) {
        if depth >= deepest || word >= marks.count { return }
        let next = min(2 * depth, deepest)
        let flag = unsafe cancel.map { unsafe UnsafePointer($0.flag) }
        // As where the segment was sieved.
        let status = unsafe prk_sieve_window_further(
            segment.limbs, segment.limbs.count, length, depth, next, flag, &marks)
        try PrimalityError.check(status)
        depth = next
    }
}
