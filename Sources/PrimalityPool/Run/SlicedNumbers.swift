// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import Synchronization

// Numbers that are all in memory need no feeder, no queue and no delivery: workers get slices of them as
// they lie there, and verdicts are written where they belong.

/// Numbers in memory, and places for their verdicts.
///
/// `Sendable` because nobody writes what is read, each place for a verdict is written by the one who took
/// its slice, and the run's caller keeps all of it until the run has ended.
@safe struct SlicedNumbers: @unchecked Sendable {
    private let limbs: UnsafePointer<UInt64>
    /// Number *i* is `limbs[offsets[i] ..< offsets[i + 1]]`; `nil` when every number is one word.
    private let offsets: UnsafePointer<UInt64>?
    private let verdicts: UnsafeMutablePointer<Verdict>
    /// Of those numbers that have one.
    let forms: [PlacedForm]
    /// Kept apart: a look at the list for each slice would cost a tenth of what handing it over does.
    let hasForms: Bool
    /// The size of the largest number.
    let bits: Int
    /// Says which slice is next.
    let cursor: Cursor

    /// Verdicts by their bytes.
    private let byBytes = Verdict.allCases.sorted { $0.rawValue < $1.rawValue }

    fileprivate init(
        _ limbs: UnsafePointer<UInt64>, _ offsets: UnsafePointer<UInt64>?,
        _ verdicts: UnsafeMutablePointer<Verdict>, _ forms: [PlacedForm], bits: Int,
        _ cursor: Cursor
    ) {
        unsafe self.limbs = limbs
        unsafe self.offsets = offsets
        unsafe self.verdicts = verdicts
        self.forms = forms
        hasForms = !forms.isEmpty
        self.bits = bits
        self.cursor = cursor
    }

    /// A slice as kernels take it: number *i* of it is `limbs[offsets[i] ..< offsets[i + 1]]`; no offsets
    /// when every number is one word.
    func slice(
        _ range: Range<Int>
    ) -> (limbs: UnsafePointer<UInt64>, offsets: UnsafePointer<UInt64>?) {
        guard let offsets = unsafe offsets else { return unsafe (limbs + range.lowerBound, nil) }
        return unsafe (limbs, offsets + range.lowerBound)
    }

    /// Writes a slice's verdicts; every number of it was tested, so every byte is a verdict's.
    func write(_ bytes: UnsafePointer<UInt8>, to range: Range<Int>) {
        for i in 0..<range.count {
            unsafe (verdicts + range.lowerBound + i).initialize(to: byBytes[Int(bytes[i])])
        }
    }
}

/// Where the next slice begins: guided self-scheduling.
///
/// A slice is an even share of half of what is left, within limits.
final class Cursor: Sendable {
    private let next = Atomic(0)
    private let count: Int
    private let workers: Int
    private let least: Int
    /// No slice is larger.
    let largest: Int

    init(count: Int, workers: Int, chunk: Int?, least: Int) {
        self.count = count
        self.workers = workers
        self.least = max(1, min(chunk ?? least, count))
        largest = chunk == nil ? max(self.least, min(ChunkSizer.largest, count)) : self.least
    }

    /// How many slices there are at most.
    var slices: Int { (count - 1) / least + 1 }

    // The threads hand over nothing to each other but places, so the orderings are relaxed; that they
    // were joined makes their verdicts visible.
    func take() -> Range<Int>? {
        if least == largest {
            let start = next.wrappingAdd(least, ordering: .relaxed).oldValue
            return start < count ? start..<min(start + least, count) : nil
        }
        var start = next.load(ordering: .relaxed)
        while start < count {
            let share = (count - start) / (2 * workers)
            let end = min(start + max(least, min(largest, share)), count)
            let (isTaken, found) = next.weakCompareExchange(
                expected: start, desired: end, ordering: .relaxed)
            if isTaken { return start..<end }
            start = found
        }
        return nil
    }

    /// Nothing more is handed out.
    func stop() { next.store(count, ordering: .relaxed) }
}

extension Pool {
    /// Tests a batch in memory slice by slice.
    ///
    /// - Parameters:
    ///   - numbers: The numbers.
    ///   - job: What to do with them.
    ///   - chunk: How many numbers make a slice; `nil`: it depends on how many are left.
    ///   - least: How long the shortest slice takes, in nanoseconds.
    ///   - test: Tests all slices and returns when every verdict is written.
    /// - Returns: Verdicts in the order of the numbers.
    /// - Throws: ``PoolError``, what `test` throws included.
    func verdictsBySlices(
        of numbers: NumberBatch, _ job: PoolRun, chunk: Int?, least: Double,
        _ test: (SlicedNumbers) throws(PoolError) -> Void
    ) throws(PoolError) -> [Verdict] {
        let bits = numbers.maximumBits
        if sharesDivision(job, bits: bits) {
            return try verdictsByChunks(of: numbers, job.job, job.cancel, chunk: chunk)
        }
        return try unsafe numbers.limbs.withUnsafeBufferPointer { limbs throws(PoolError) in
            try unsafe numbers.offsets.withUnsafeBufferPointer { offsets throws(PoolError) in
                try unsafe verdicts(
                    limbs, offsets, numbers.forms, count: numbers.count, bits: bits, job, chunk,
                    least, test)
            }
        }
    }

    /// Tests 64-bit numbers in memory slice by slice, without a copy.
    ///
    /// See the function for a batch.
    func verdictsBySlices(
        of numbers: Span<UInt64>, _ job: PoolRun, chunk: Int?, least: Double,
        _ test: (SlicedNumbers) throws(PoolError) -> Void
    ) throws(PoolError) -> [Verdict] {
        var bits = 64
        if [.trial, .swiftTrial].contains(job.engine) {
            var all: UInt64 = 0
            for i in numbers.indices { all |= numbers[i] }
            bits -= all.leadingZeroBitCount
        }
        if sharesDivision(job, bits: bits) {
            return try verdictsByChunks(
                of: NumberBatch(numbers), job.job, job.cancel, chunk: chunk)
        }
        return try unsafe numbers.withUnsafeBufferPointer { words throws(PoolError) in
            try unsafe verdicts(
                words, nil, [], count: words.count, bits: bits, job, chunk, least, test)
        }
    }

    /// Whether the divisors of a single number are divided among the workers, which takes a queue.
    private func sharesDivision(_ job: PoolRun, bits: Int) -> Bool {
        workers > 1 && JobQueue.shares(job.engine, bits: bits)
    }

    private func verdicts(
        _ limbs: UnsafeBufferPointer<UInt64>, _ offsets: UnsafeBufferPointer<UInt64>?,
        _ forms: [PlacedForm], count: Int, bits: Int, _ job: PoolRun, _ chunk: Int?,
        _ least: Double,
        _ test: (SlicedNumbers) throws(PoolError) -> Void
    ) throws(PoolError) -> [Verdict] {
        try checkWorkers()
        let limit = job.engine.maximumBits
        if bits > limit {
            throw .failed(.test(.numberTooLarge(bits: bits, limit: limit, engine: job.engine)))
        }
        guard let limbs = limbs.baseAddress, count > 0 else { return [] }
        let cursor = Cursor(
            count: count, workers: workers, chunk: chunk,
            least: ChunkSizer.count(taking: least, bits: bits, engine: job.engine))
        var problem: PoolError?
        let verdicts = unsafe [Verdict](unsafeUninitializedCapacity: count) { verdicts, written in
            guard let first = verdicts.baseAddress else { return }
            do throws(PoolError) {
                try test(
                    unsafe SlicedNumbers(
                        limbs, offsets?.baseAddress, first, forms, bits: bits, cursor))
                written = count
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
        return verdicts
    }
}
