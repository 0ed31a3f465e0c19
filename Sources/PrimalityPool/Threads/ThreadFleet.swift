// SPDX-License-Identifier: Apache-2.0

public import Primality

/// Threads that stay for any number of runs, with different jobs.
///
/// A thread costs some 20 to 60 µs, which a ``ThreadPool`` pays in each run and a fleet once.
///
/// Runs of one fleet take turns, first come first served, on whatever threads they are called. One that
/// is cancelled while it waits for its turn ends at once. A run inside a callback of another run of the
/// same fleet is an error. When the system gives no thread, the run goes on with those that are there, and
/// the next run tries again.
public final class ThreadFleet: Pool {
    private let pool: ThreadPool
    private let crew: ThreadCrew
    private let turns = Turns()

    /// Starts the threads.
    ///
    /// When the system gives fewer threads than asked for, the fleet goes on with those.
    ///
    /// - Parameters:
    ///   - workers: How many threads, from 1 to 65536.
    ///   - isPinned: Whether each thread stays on one core, as those of a ``ThreadPool``.
    /// - Throws: ``PoolError/outOfRange(what:value:allowed:)``, and ``PoolError/noWorkers(wanted:error:)``
    ///   when there is not a single thread.
    /// - Complexity: O(`workers`).
    public init(workers: Int, isPinned: Bool = false) throws(PoolError) {
        pool = ThreadPool(workers: workers, isPinned: isPinned)
        try pool.checkWorkers()
        crew = ThreadCrew(pool, stays: true)
        let (started, problem) = crew.fill()
        if started == 0, case .system(_, let error)? = problem {
            throw .noWorkers(wanted: workers, error: error)
        }
    }

    deinit { shutDown() }

    /// ``PoolKind/threads``.
    public var kind: PoolKind { .threads }
    /// How many threads.
    public var workers: Int { pool.workers }
    /// Whether each thread stays on one core.
    public var isPinned: Bool { pool.isPinned }

    /// How many runs wait for their turn, for tests.
    package var waiting: Int { turns.waiting }

    /// Ends the threads and waits for their ends; see ``ProcessFleet/shutDown()``.
    ///
    /// - Complexity: O(``workers``).
    public func shutDown() { turns.close(crew.stop) }

    /// Tests everything that a source gives.
    ///
    /// - Parameters:
    ///   - job: What to do with the numbers.
    ///   - cancel: Ends the run, or its waiting for a turn.
    ///   - notify: Is told what went wrong without ending the run, on the calling thread.
    ///   - source: Gives the next batch, or `nil` at the end. It must not start a run of this fleet, which
    ///     would wait for this one.
    ///   - deliver: Takes a result; `false` ends the run.
    /// - Throws: ``PoolError``; ``PoolError/fleetIsShutDown`` after ``shutDown()``,
    ///   ``PoolError/runInsideRun`` in a callback of a run of this fleet.
    public func run(
        _ job: PoolJob, cancel: CancelFlag, notify: (@Sendable (PoolNotice) -> Void)?,
        from source: @escaping @Sendable () throws -> NumberBatch?, deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        let job = PoolRun(job, cancel: cancel, notify: notify)
        guard try turns.take(job.cancel) else { return }
        defer { turns.leave(crew.stop) }
        try crew.run(
            job, from: source, deliver: deliver, makeWorker: LocalWorker.life(job))
    }

    /// Tests a batch in memory.
    ///
    /// See the same function of ``ThreadPool``; throws as ``run(_:cancel:notify:from:deliver:)`` does, too.
    public func verdicts(
        of numbers: NumberBatch, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        try turns.checkOpen()
        let job = PoolRun(job, cancel: cancel)
        return try verdictsBySlices(of: numbers, job, chunk: chunk, least: ThreadPool.least) {
            numbers throws(PoolError) in try run(job, numbers)
        }
    }

    /// Tests 64-bit numbers in memory, without a copy.
    ///
    /// See the function for a batch.
    public func verdicts(
        of numbers: Span<UInt64>, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        try turns.checkOpen()
        let job = PoolRun(job, cancel: cancel)
        return try verdictsBySlices(of: numbers, job, chunk: chunk, least: ThreadPool.least) {
            numbers throws(PoolError) in try run(job, numbers)
        }
    }

    /// Returns when every verdict is written or there is an error.
    private func run(_ job: PoolRun, _ numbers: SlicedNumbers) throws(PoolError) {
        guard try turns.take(job.cancel) else { throw .cancelled }
        defer { turns.leave(crew.stop) }
        try crew.run(job, numbers)
    }
}
