// SPDX-License-Identifier: Apache-2.0

public import Primality

/// Workers that test chunks of numbers.
///
/// A run pulls batches from a source on a thread of its own, hands them to workers, and delivers what
/// they find on the calling thread. At most a few chunks per worker are in flight, so memory does not
/// grow with the input. Each number comes back exactly once: with a verdict, or in a result that says
/// why it has none.
public protocol Pool: Sendable {
    /// The pool's kind.
    var kind: PoolKind { get }

    /// How many workers there are.
    var workers: Int { get }

    /// Tests everything that a source gives.
    ///
    /// The calling thread is blocked until the end, so do not call it from a task: cooperative threads
    /// are few, and a ``TaskPool`` or ``ActorPool`` that finds them all blocked waits for ever.
    ///
    /// - Parameters:
    ///   - job: What to do with the numbers.
    ///   - cancel: Ends the run when it is raised. The run itself never raises it.
    ///   - notify: Is told what went wrong without ending the run, on the calling thread.
    ///   - source: Gives the next batch, or `nil` at the end. Called by one thread at a time; it may
    ///     block, and has to return soon after the flag was raised.
    ///   - deliver: Takes a result. `false` ends the run; nothing is delivered afterwards.
    /// - Throws: ``PoolError`` when the run could not be started or could not go on, and
    ///   ``PoolError/source(_:)`` when the source threw. A cancelled run returns; what was not tested is
    ///   in the results.
    func run(
        _ job: PoolJob, cancel: CancelFlag, notify: (@Sendable (PoolNotice) -> Void)?,
        from source: @escaping @Sendable () throws -> NumberBatch?, deliver: (ChunkResult) -> Bool
    ) throws(PoolError)

    /// Tests a batch in memory.
    ///
    /// Blocks the calling thread; see ``Pool/run(_:cancel:notify:from:deliver:)``.
    ///
    /// - Parameters:
    ///   - numbers: The numbers.
    ///   - job: What to do with them.
    ///   - cancel: Ends the run.
    ///   - chunk: How many numbers make a chunk; by default the pool chooses.
    /// - Returns: Verdicts in the order of the numbers.
    /// - Throws: ``PoolError``, also when a single number could not be tested.
    func verdicts(
        of numbers: NumberBatch, using job: PoolJob, cancel: CancelFlag, chunk: Int?
    ) throws(PoolError) -> [Verdict]

    /// Tests 64-bit numbers in memory.
    ///
    /// See ``verdicts(of:using:cancel:chunk:)`` for a batch.
    func verdicts(
        of numbers: Span<UInt64>, using job: PoolJob, cancel: CancelFlag, chunk: Int?
    ) throws(PoolError) -> [Verdict]
}

extension Pool {
    /// Tests everything that a source gives.
    ///
    /// See ``Pool/run(_:cancel:notify:from:deliver:)``; what went wrong without ending the run is not told.
    public func run(
        _ job: PoolJob, cancel: CancelFlag = CancelFlag(),
        from source: @escaping @Sendable () throws -> NumberBatch?, deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        try run(job, cancel: cancel, notify: nil, from: source, deliver: deliver)
    }

    /// Tests numbers in memory, on a thread of its own while the calling task waits.
    ///
    /// Cancelling the task ends the run, and this throws ``PoolError/cancelled``. See the function that
    /// blocks.
    public func verdicts(
        of numbers: [BigNatural], using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) async throws(PoolError) -> [Verdict] {
        try await cancellable(cancel) { cancel throws(PoolError) -> [Verdict] in
            try self.verdicts(of: numbers, using: job, cancel: cancel, chunk: chunk)
        }
    }

    /// Tests numbers in memory.
    ///
    /// Blocks the calling thread; see ``Pool/run(_:cancel:notify:from:deliver:)``.
    ///
    /// - Parameters:
    ///   - numbers: The numbers.
    ///   - job: What to do with them.
    ///   - cancel: Ends the run.
    ///   - chunk: How many numbers make a chunk; by default what takes some milliseconds.
    /// - Returns: Verdicts in the order of the numbers.
    /// - Throws: ``PoolError``, also when a single number could not be tested.
    public func verdicts(
        of numbers: [BigNatural], using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        try verdicts(of: NumberBatch(numbers), using: job, cancel: cancel, chunk: chunk)
    }

    /// Tests a batch in memory, on a thread of its own while the calling task waits.
    ///
    /// Cancelling the task ends the run, and this throws ``PoolError/cancelled``. See the function that
    /// blocks.
    public func verdicts(
        of numbers: NumberBatch, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) async throws(PoolError) -> [Verdict] {
        try await cancellable(cancel) { cancel throws(PoolError) -> [Verdict] in
            try self.verdicts(of: numbers, using: job, cancel: cancel, chunk: chunk)
        }
    }

    /// Tests a batch in memory, chunk by chunk.
    public func verdicts(
        of numbers: NumberBatch, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        try verdictsByChunks(of: numbers, job, cancel, chunk: chunk)
    }

    /// Tests 64-bit numbers in memory, chunk by chunk.
    public func verdicts(
        of numbers: Span<UInt64>, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        try verdicts(of: NumberBatch(numbers), using: job, cancel: cancel, chunk: chunk)
    }

    func verdictsByChunks(
        of numbers: NumberBatch, _ job: PoolJob, _ cancel: CancelFlag, chunk: Int?
    ) throws(PoolError) -> [Verdict] {
        var found = TestResults(seed: 0, untested: numbers.count, withReports: false)
        var failure: ChunkFailure?
        let source = chunks(of: numbers, engine: job.engine, size: chunk)
        try run(job, cancel: cancel, from: source) { result in
            let bytes = result.results.verdictBytes
            for i in bytes.indices { found.verdictBytes[result.chunk.first + i] = bytes[i] }
            failure = failure ?? result.failure
            return true
        }
        if let failure { throw failure == .cancelled ? .cancelled : .failed(failure) }
        do {
            return try found.verdicts()
        } catch {
            throw .cancelled  // one is missing
        }
    }
}

extension Pool {
    /// Throws when there are to be no workers, or more than any system has.
    func checkWorkers() throws(PoolError) {
        let allowed = 1...(1 << 16)
        if !allowed.contains(workers) {
            throw .outOfRange(what: "workers", value: workers, allowed: allowed)
        }
    }
}
