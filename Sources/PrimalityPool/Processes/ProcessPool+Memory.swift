// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CPool
public import Primality

extension ProcessPool {
    /// Tests a batch in memory.
    ///
    /// Blocks the calling thread.
    ///
    /// - Parameters:
    ///   - numbers: The numbers.
    ///   - job: What to do with them.
    ///   - cancel: Ends the run.
    ///   - chunk: How many numbers a worker is handed at once; by default it depends on how many are left.
    /// - Returns: Verdicts in the order of the numbers.
    /// - Throws: ``PoolError``, also when a single number could not be tested.
    public func verdicts(
        of numbers: NumberBatch, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        let job = workersRun(PoolRun(job, cancel: cancel))
        return try verdictsBySlices(of: numbers, job, chunk: chunk, least: Self.least) {
            numbers throws(PoolError) in try run(job, numbers)
        }
    }

    /// Tests 64-bit numbers in memory, without a copy but the one into the channel.
    ///
    /// See ``verdicts(of:using:cancel:chunk:)`` for a batch.
    public func verdicts(
        of numbers: Span<UInt64>, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        let job = workersRun(PoolRun(job, cancel: cancel))
        return try verdictsBySlices(of: numbers, job, chunk: chunk, least: Self.least) {
            numbers throws(PoolError) in try run(job, numbers)
        }
    }

    /// Some 50 µs: waking a process that sleeps costs about as much.
    static var least: Double { 50_000 }

    /// Returns when every verdict is written or there is an error.
    private func run(_ job: PoolRun, _ numbers: SlicedNumbers) throws(PoolError) {
        try checkLevel()
        let crew = try ProcessCrew(self, stays: false)
        defer { crew.stop(after: job) }
        try crew.run(job, numbers)
    }
}

extension ProcessCrew {
    /// One run over numbers in memory; returns when every verdict is written or there is an error.
    func run(_ job: PoolRun, _ numbers: SlicedNumbers) throws(PoolError) {
        var job = job
        job.wantsReports = false
        try begin(job, measures: false)
        var flow = SliceFlow(numbers, engine: job.engine)
        try supervise(job, nil, &flow)
        if let failure = flow.failure {
            throw failure == .cancelled ? .cancelled : .failed(failure)
        }
    }
}

/// Slices of numbers in memory, and verdicts into memory.
private struct SliceFlow: WorkFlow {
    private let numbers: SlicedNumbers
    private let costOfOne: Double
    private var bytes: [UInt8]
    /// Why not all verdicts are there.
    private(set) var failure: ChunkFailure?

    init(_ numbers: SlicedNumbers, engine: Engine) {
        self.numbers = numbers
        costOfOne = ChunkSizer.cost(bits: numbers.bits, engine: engine)
        bytes = [UInt8](repeating: 0, count: numbers.cursor.largest)
    }

    func next() -> BlockingQueue<Range<Int>>.Taken {
        numbers.cursor.take().map { .element($0) } ?? .ended
    }

    func send(_ work: Range<Int>, to worker: OpaquePointer) -> Int32 {
        var request = WorkerRequest()
        request.kind = UInt32(PRK_REQUEST_CHUNK)
        request.count = UInt64(work.count)
        let slice = unsafe numbers.slice(work)
        guard let offsets = unsafe slice.offsets else {
            request.limb_count = request.count
            return unsafe prk_worker_send(worker, &request, nil, slice.limbs)
        }
        // There are count + 1 offsets, and the limbs between the first and the last.
        let first = unsafe offsets[0]
        request.limb_count = unsafe offsets[work.count] - first
        if !numbers.hasForms {
            return unsafe prk_worker_send(worker, &request, offsets, slice.limbs + Int(first))
        }
        return unsafe numbers.forms.withKernelForms(in: work) { forms in
            unsafe request.has_forms = forms == nil ? 0 : 1
            return unsafe prk_worker_send_forms(
                worker, &request, offsets, slice.limbs + Int(first), forms)
        }
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
        unsafe numbers.write(bytes, to: work)
    }

    mutating func giveUp(_ work: Range<Int>, worker: Int, _ failure: ChunkFailure) {
        numbers.cursor.stop()
        self.failure = self.failure ?? failure
    }

    func count(_ work: Range<Int>) -> Int { work.count }

    func cost(_ work: Range<Int>) -> Double { Double(work.count) * costOfOne }

    func halve(_ work: Range<Int>) -> [Range<Int>] {
        let middle = work.lowerBound + work.count / 2
        return [work.lowerBound..<middle, middle..<work.upperBound]
    }
}
