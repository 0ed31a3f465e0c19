// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import Primality

// Numbers that are all in memory need no feeder, no queue and no delivery: threads take slices from a
// cursor and write verdicts where they belong.
extension ThreadPool {
    /// Tests a batch in memory.
    ///
    /// Blocks the calling thread. Threads take slices of the batch: large ones first and small ones
    /// towards the end, so that they finish together. Nothing is locked or allocated for a slice.
    ///
    /// - Parameters:
    ///   - numbers: The numbers.
    ///   - job: What to do with them.
    ///   - chunk: How many numbers make a slice; by default it depends on how many are left.
    /// - Returns: Verdicts in the order of the numbers.
    /// - Throws: ``PoolError``, also when a single number could not be tested.
    public func verdicts(
        of numbers: NumberBatch, _ job: PoolJob = PoolJob(), chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        if sharesDivision(job, bits: numbers.maximumBits) {
            return try verdictsByChunks(of: numbers, job, chunk: chunk)
        }
        return try unsafe numbers.limbs.withUnsafeBufferPointer {
            limbs throws(PoolError) in
            try unsafe numbers.offsets.withUnsafeBufferPointer { offsets throws(PoolError) in
                try unsafe test(
                    limbs, offsets, count: numbers.count, bits: numbers.maximumBits, job, chunk)
            }
        }
    }

    /// Tests 64-bit numbers in memory, without a copy.
    ///
    /// Otherwise as the function of the same name for a batch.
    public func verdicts(
        of numbers: Span<UInt64>, _ job: PoolJob = PoolJob(), chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        let bits = bitsThatMatter(of: numbers, to: job)
        if sharesDivision(job, bits: bits) {
            return try verdictsByChunks(of: NumberBatch(numbers), job, chunk: chunk)
        }
        return try unsafe numbers.withUnsafeBufferPointer { words throws(PoolError) in
            try unsafe test(words, nil, count: words.count, bits: bits, job, chunk)
        }
    }

    /// Without offsets every number is one word.
    private func test(
        _ limbs: UnsafeBufferPointer<UInt64>, _ offsets: UnsafeBufferPointer<UInt64>?, count: Int,
        bits: Int, _ job: PoolJob, _ chunk: Int?
    ) throws(PoolError) -> [Verdict] {
        if let limit = job.engine.maximumBits, bits > limit {
            throw .failed(
                .test(.numberTooLarge(bits: bits, limit: limit, engine: job.engine)))
        }
        guard let limbs = limbs.baseAddress, count > 0 else { return [] }
        let cursor = Cursor(
            count: count, workers: workers, chunk: chunk,
            // Some 20 µs: beside that, taking it and the wait for the last one are nothing.
            least: ChunkSizer.count(taking: 20_000, bits: bits, engine: job.engine))
        // Any slice of words begins at offset 0 of its own.
        let isWords = unsafe offsets == nil
        let ofWords = isWords ? Array(UInt64(0)...UInt64(cursor.largest)) : []
        var problem: PoolError?
        let verdicts = unsafe ofWords.withUnsafeBufferPointer { ofWords in
            unsafe [Verdict](unsafeUninitializedCapacity: count) { verdicts, initialized in
                guard let first = verdicts.baseAddress,
                    let places = unsafe offsets?.baseAddress ?? ofWords.baseAddress
                else { return }
                let memory = unsafe Memory(
                    limbs: limbs, offsets: places, isWords: isWords, verdicts: first)
                do throws(PoolError) {
                    try run(job, cursor, memory)
                    initialized = count
                } catch {
                    problem = error
                }
            }
        }
        if let problem { throw problem }
        return verdicts
    }

    /// Returns when all threads have ended, and every verdict is written or there is an error.
    private func run(_ job: PoolJob, _ cursor: Cursor, _ memory: Memory) throws(PoolError) {
        let isPinned = isPinned
        let failure = Monitor<ChunkFailure?>(nil)
        var threads: [WorkerThread] = []
        var problem: PoolError?
        // More threads than slices would find nothing.
        for id in 0..<min(workers, cursor.slices) {
            do throws(PoolError) {
                let box = HandedOver(try SliceWorker(job, largest: cursor.largest))
                threads.append(
                    try WorkerThread(name: "prk-worker-\(id)") {
                        if isPinned { prk_thread_pin(Int32(id)) }
                        if let found = box.value.work(memory, cursor) {
                            cursor.stop()
                            failure.withLock { $0 = $0 ?? found }
                        }
                    })
            } catch {
                problem = error
            }
        }
        for thread in threads { thread.join() }
        if threads.isEmpty, let problem {
            guard case .system(_, let error) = problem else { throw problem }
            throw .noWorkers(wanted: workers, error: error)
        }
        if let failure = failure.withLock({ $0 }) {
            throw failure == .cancelled ? .cancelled : .failed(failure)
        }
    }
}

/// What the threads of a run share.
///
/// `Sendable` because nobody writes what is read, each place for a verdict is written by the one thread
/// that took its slice, and the run's caller keeps all of it until the threads were joined.
@safe private struct Memory: @unchecked Sendable {
    let limbs: UnsafePointer<UInt64>
    let offsets: UnsafePointer<UInt64>
    /// Every number is one word, and the offsets are those of any slice.
    let isWords: Bool
    let verdicts: UnsafeMutablePointer<Verdict>
}

/// One thread's engine, scratch and place for verdicts.
private final class SliceWorker {
    private var tester: Tester
    private var bytes: [UInt8]

    /// Verdicts by their bytes.
    private static let verdicts = Verdict.allCases.sorted { $0.rawValue < $1.rawValue }

    init(_ job: PoolJob, largest: Int) throws(PoolError) {
        do {
            tester = try Tester(engine: job.engine, options: job.options, cancel: job.cancel)
        } catch {
            throw .test(error)
        }
        bytes = [UInt8](repeating: 0, count: largest)
    }

    /// Tests slices until there are no more, or one has failed.
    func work(_ memory: Memory, _ cursor: Cursor) -> ChunkFailure? {
        let verdicts = Self.verdicts
        return unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            guard let first = bytes.baseAddress else { return nil }
            while let slice = cursor.take() {
                let start = slice.lowerBound
                let limbs = unsafe memory.isWords ? memory.limbs + start : memory.limbs
                let offsets = unsafe memory.isWords ? memory.offsets : memory.offsets + start
                let status = unsafe tester.run(
                    limbs: limbs, offsets: offsets, count: slice.count, verdicts: first)
                if let failure = ChunkFailure(status: status) { return failure }
                for i in 0..<slice.count {
                    // Every number was tested, so every byte is a verdict's.
                    unsafe (memory.verdicts + start + i).initialize(
                        to: verdicts[Int(bytes[i])])
                }
            }
            return nil
        }
    }
}
