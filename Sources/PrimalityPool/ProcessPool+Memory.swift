// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import Primality

// Numbers that are all in memory need no feeder, no queue and no delivery: slices of them are sent as
// they lie there, and verdicts are written where they belong.
extension ProcessPool {
    /// Tests a batch in memory.
    ///
    /// Blocks the calling thread.
    ///
    /// - Parameters:
    ///   - numbers: The numbers.
    ///   - job: What to do with them.
    ///   - chunk: How many numbers a worker is handed at once; by default it depends on how many are left.
    /// - Returns: Verdicts in the order of the numbers.
    /// - Throws: ``PoolError``, also when a single number could not be tested.
    public func verdicts(
        of numbers: NumberBatch, _ job: PoolJob = PoolJob(), chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        let job = workersJob(job)
        if sharesDivision(job, bits: numbers.maximumBits) {
            return try verdictsByChunks(of: numbers, job, chunk: chunk)
        }
        return try unsafe numbers.limbs.withUnsafeBufferPointer { limbs throws(PoolError) in
            try unsafe numbers.offsets.withUnsafeBufferPointer { offsets throws(PoolError) in
                try unsafe test(
                    limbs, offsets, count: numbers.count, bits: numbers.maximumBits, job, chunk)
            }
        }
    }

    /// Tests 64-bit numbers in memory, without a copy but the one into the channel.
    ///
    /// Otherwise as the function of the same name for a batch.
    public func verdicts(
        of numbers: Span<UInt64>, _ job: PoolJob = PoolJob(), chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        let job = workersJob(job)
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
            throw .failed(.test(.numberTooLarge(bits: bits, limit: limit, engine: job.engine)))
        }
        guard let limbs = limbs.baseAddress, count > 0 else { return [] }
        let cursor = Cursor(
            count: count, workers: workers, chunk: chunk,
            // Some 50 µs: handing over to a process that sleeps costs about as much as to wake it.
            least: ChunkSizer.count(taking: 50_000, bits: bits, engine: job.engine))
        var plain = job
        plain.wantsReports = false
        var problem: PoolError?
        let verdicts = unsafe [Verdict](unsafeUninitializedCapacity: count) { verdicts, written in
            guard let first = verdicts.baseAddress else { return }
            do throws(PoolError) {
                try checkLevel()
                var supervisor = try Supervisor<SliceFlow>(plain, of: self, measures: false)
                defer { supervisor.stop() }
                var flow = unsafe SliceFlow(
                    limbs: limbs, offsets: offsets?.baseAddress, verdicts: first, cursor: cursor,
                    bits: bits, engine: job.engine)
                try supervisor.run(&flow)
                if let failure = flow.failure {
                    throw failure == .cancelled ? .cancelled : .failed(failure)
                }
                written = count
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
        return verdicts
    }
}

/// Slices of numbers in memory, and verdicts into memory.
@safe private struct SliceFlow: WorkFlow {
    private let limbs: UnsafePointer<UInt64>
    private let offsets: UnsafePointer<UInt64>?
    private let verdicts: UnsafeMutablePointer<Verdict>
    private let cursor: Cursor
    private let costOfOne: Double
    private var bytes: [UInt8]
    /// Why not all verdicts are there.
    private(set) var failure: ChunkFailure?

    /// Verdicts by their bytes.
    private let byBytes = Verdict.allCases.sorted { $0.rawValue < $1.rawValue }

    init(
        limbs: UnsafePointer<UInt64>, offsets: UnsafePointer<UInt64>?,
        verdicts: UnsafeMutablePointer<Verdict>, cursor: Cursor, bits: Int, engine: Engine
    ) {
        unsafe self.limbs = limbs
        unsafe self.offsets = offsets
        unsafe self.verdicts = verdicts
        self.cursor = cursor
        costOfOne = ChunkSizer.cost(bits: bits, engine: engine)
        bytes = [UInt8](repeating: 0, count: cursor.largest)
    }

    func next() -> BlockingQueue<Range<Int>>.Taken {
        cursor.take().map { .element($0) } ?? .ended
    }

    func send(_ work: Range<Int>, to worker: OpaquePointer) -> Int32 {
        var request = WorkerRequest()
        request.kind = UInt64(PRK_REQUEST_CHUNK)
        request.count = UInt64(work.count)
        let start = work.lowerBound
        guard let offsets = unsafe offsets else {
            request.limb_count = request.count
            return unsafe prk_worker_send(worker, &request, nil, limbs + start)
        }
        // There are count + 1 offsets from here, and the limbs between the first and the last.
        let first = unsafe offsets[start]
        request.limb_count = unsafe offsets[work.upperBound] - first
        return unsafe prk_worker_send(worker, &request, offsets + start, limbs + Int(first))
    }

    mutating func take(_ work: Range<Int>, from handle: OpaquePointer, worker: Int) {
        var answer = WorkerAnswer()
        let text = unsafe prk_worker_text(handle)
        // The answer has as many verdicts as the request had numbers, which is no more than the largest.
        unsafe prk_worker_answer(handle, &answer, &bytes, nil)
        if let failure = unsafe answer.failure(text.map { unsafe String(cString: $0) } ?? "") {
            giveUp(work, worker: worker, failure)
            return
        }
        for (i, place) in work.enumerated() {
            // Every number was tested, so every byte is a verdict's.
            unsafe (verdicts + place).initialize(to: byBytes[Int(bytes[i])])
        }
    }

    mutating func giveUp(_ work: Range<Int>, worker: Int, _ failure: ChunkFailure) {
        cursor.stop()
        self.failure = self.failure ?? failure
    }

    func count(_ work: Range<Int>) -> Int { work.count }

    func cost(_ work: Range<Int>) -> Double { Double(work.count) * costOfOne }

    func halve(_ work: Range<Int>) -> [Range<Int>] {
        let middle = work.lowerBound + work.count / 2
        return [work.lowerBound..<middle, middle..<work.upperBound]
    }
}
