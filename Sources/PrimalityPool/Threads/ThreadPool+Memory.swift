// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal
public import Primality

extension ThreadPool {
    /// Tests a batch in memory.
    ///
    /// Blocks the calling thread. Threads take slices of the batch: large ones first and small ones
    /// towards the end, so that they finish together. Nothing is locked or allocated for a slice.
    ///
    /// - Parameters:
    ///   - numbers: The numbers.
    ///   - job: What to do with them.
    ///   - cancel: Ends the run.
    ///   - chunk: How many numbers make a slice; by default it depends on how many are left.
    /// - Returns: Verdicts in the order of the numbers.
    /// - Throws: ``PoolError``, also when a single number could not be tested.
    public func verdicts(
        of numbers: NumberBatch, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        let job = PoolRun(job, cancel: cancel)
        return try verdictsBySlices(of: numbers, job, chunk: chunk, least: Self.least) {
            numbers throws(PoolError) in try run(job, numbers)
        }
    }

    /// Tests 64-bit numbers in memory, without a copy.
    ///
    /// See ``verdicts(of:using:cancel:chunk:)`` for a batch.
    public func verdicts(
        of numbers: Span<UInt64>, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        let job = PoolRun(job, cancel: cancel)
        return try verdictsBySlices(of: numbers, job, chunk: chunk, least: Self.least) {
            numbers throws(PoolError) in try run(job, numbers)
        }
    }

    /// Some 20 µs: beside that, taking a slice and the wait for the last one are nothing.
    static var least: Double { 20_000 }

    /// Returns when all threads have ended, and every verdict is written or there is an error.
    private func run(_ job: PoolRun, _ numbers: SlicedNumbers) throws(PoolError) {
        let crew = ThreadCrew(self, stays: false)
        defer { crew.stop() }
        try crew.run(job, numbers)
    }
}

extension ThreadCrew {
    /// One run over numbers in memory; returns when every verdict is written or there is an error.
    func run(_ job: PoolRun, _ numbers: SlicedNumbers) throws(PoolError) {
        let failure = Monitor<ChunkFailure?>(nil)
        var problem: PoolError?
        var started = 0
        // More threads than slices would find nothing.
        for id in 0..<min(wanted, numbers.cursor.slices) {
            do throws(PoolError) {
                let box = HandedOver(try SliceWorker(job, largest: numbers.cursor.largest))
                try give(id) {
                    if let found = box.value.work(numbers) {
                        numbers.cursor.stop()
                        failure.withLock { $0 = $0 ?? found }
                    }
                }
                started += 1
            } catch {
                problem = error
            }
        }
        settle()
        if started == 0, let problem {
            guard case .system(_, let error) = problem else { throw problem }
            throw .noWorkers(wanted: wanted, error: error)
        }
        if let failure = failure.withLock({ $0 }) {
            throw failure == .cancelled ? .cancelled : .failed(failure)
        }
    }
}

/// One thread's engine, scratch and place for verdicts.
private final class SliceWorker {
    private var tester: Tester
    private var bytes: [UInt8]
    /// The offsets of any slice of words.
    private let ofWords: [UInt64]

    init(_ job: PoolRun, largest: Int) throws(PoolError) {
        do {
            tester = try Tester(engine: job.engine, options: job.options, cancel: job.cancel)
        } catch {
            throw .test(error)
        }
        bytes = [UInt8](repeating: 0, count: largest)
        ofWords = Array(0...UInt64(largest))
    }

    /// Tests slices until there are no more, or one has failed.
    func work(_ numbers: SlicedNumbers) -> ChunkFailure? {
        unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            unsafe ofWords.withUnsafeBufferPointer { ofWords in
                guard let first = bytes.baseAddress, let ofWords = ofWords.baseAddress else {
                    return nil
                }
                while let range = numbers.cursor.take() {
                    let slice = unsafe numbers.slice(range)
                    func test(_ forms: UnsafePointer<KernelForm>?) -> KernelStatus {
                        unsafe tester.run(
                            limbs: slice.limbs, offsets: slice.offsets ?? ofWords, forms: forms,
                            count: range.count, verdicts: first)
                    }
                    let status =
                        unsafe numbers.hasForms
                        ? numbers.forms.withKernelForms(in: range, test) : test(nil)
                    if let failure = ChunkFailure(status: status) { return failure }
                    unsafe numbers.write(first, to: range)
                }
                return nil
            }
        }
    }
}
