// SPDX-License-Identifier: Apache-2.0

internal import CPool
public import Primality

/// Worker processes that stay for any number of runs, with different jobs.
///
/// Starting a worker costs a fraction of a millisecond to some milliseconds (``WorkerKind``), which a
/// ``ProcessPool`` pays in each run and a fleet once. A server makes its fleet first: workers of kind
/// ``WorkerKind/kernel`` are forked with the memory that the program has then, and what the program maps
/// later does not make them dearer. For a single run take a ``ProcessPool``: it behaves alike.
///
/// Runs of one fleet take turns, first come first served, on whatever threads they are called. One that
/// is cancelled while it waits for its turn ends at once. Results and notices come on the calling thread,
/// as with every pool. A run inside a callback of another run of the same fleet is an error.
///
/// Nothing of a run reaches another one. When a run ends, also by an error, a time limit or its flag, all
/// its requests were answered or their workers were ended. Each run begins with a whole fleet: dead workers
/// are replaced then, if not before. When the system gives no process, the run goes on with the workers
/// that are there, and the next run tries again. Who dies between runs is reaped at once; no notice tells
/// of it.
///
/// A thread of the fleet's own, which does no tests, owns the workers. They end with the fleet, and with
/// the program however it ends.
public final class ProcessFleet: Pool {
    /// What the workers are.
    private let pool: ProcessPool
    private let owner: FleetOwner
    private let turns = Turns()

    /// Starts the workers.
    ///
    /// When the system gives fewer processes than asked for, the fleet goes on with those.
    ///
    /// - Parameters:
    ///   - workers: How many processes, from 1 to 65536.
    ///   - channel: How chunks travel; by default in shared memory.
    ///   - workerKind: What the processes are; the kinds that run Swift need
    ///     ``ProcessPool/bootstrap(tasks:withNursery:)``.
    ///   - task: What they run in the place of a job's engine, when they run Swift: the name of a
    ///     ``WorkerTask`` that was given to ``ProcessPool/bootstrap(tasks:withNursery:)``.
    /// - Throws: ``PoolError/outOfRange(what:value:allowed:)``, ``PoolError/noWorkers(wanted:error:)``
    ///   when there is not a single one, ``PoolError/system(call:error:)`` without a descriptor, and
    ///   ``PoolError/notBootstrapped(_:)`` or ``PoolError/unknownTask(_:)``.
    /// - Complexity: O(`workers`) forks; those of kind ``WorkerKind/kernel`` each take a time in proportion
    ///   to the program's memory.
    public convenience init(
        workers: Int, channel: ProcessChannel = .shm, workerKind: WorkerKind = .kernel,
        task: String? = nil
    ) throws(PoolError) {
        try self.init(
            ProcessPool(workers: workers, channel: channel, workerKind: workerKind, task: task))
    }

    /// A fleet of the workers that a pool has in each run.
    package init(_ pool: ProcessPool) throws(PoolError) {
        try pool.checkWorkers()
        self.pool = pool
        owner = try FleetOwner(pool)
    }

    deinit { shutDown() }

    /// ``PoolKind/processes``.
    public var kind: PoolKind { .processes }
    /// How many processes.
    public var workers: Int { pool.workers }
    /// How chunks travel.
    public var channel: ProcessChannel { pool.channel }
    /// What the processes are.
    public var workerKind: WorkerKind { pool.workerKind }
    /// The name of the ``WorkerTask`` that they run; `nil`: each job's engine.
    public var task: String? { pool.task }

    /// How many runs wait for their turn, for tests.
    package var waiting: Int { turns.waiting }

    /// Ends the workers and waits for their ends.
    ///
    /// It first waits for the run under way, which its own flag can end. Runs that wait for their turn, and
    /// later ones, throw ``PoolError/fleetIsShutDown``. Called in a callback of a run it does not wait: the
    /// end of that run ends the workers. It must not be called by a run's source, which the run waits for.
    /// Further calls do nothing. The fleet's last reference does the same.
    ///
    /// - Complexity: O(``workers``); a worker that does not end within a second is killed.
    public func shutDown() { turns.close(owner.end) }

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
        let events = BlockingQueue<Event>()
        let job = pool.workersRun(
            PoolRun(job, cancel: cancel, notify: { events.push(.notice($0)) }))
        try pool.checkLevel()
        guard try turns.take(job.cancel) else { return }
        defer { turns.leave(owner.end) }
        let feed = pool.feed(job)
        owner.post(
            { crew throws(PoolError) -> Void in
                try crew.run(job, feed, from: source) { events.push(.result($0)) }
            }, finish: { events.push(.ended($0)) })
        var delivery = Delivery(job)
        while let event = events.pop() {
            switch event {
            case .result(let result):
                delivery.add(result, deliver: deliver) { feed.left($0) }
            case .notice(let notice): notify?(notice)
            case .ended(let error):
                if let error { throw error }
                try feed.checkSource()
                return
            }
        }
    }

    private enum Event: Sendable {
        case result(ChunkResult)
        case notice(PoolNotice)
        case ended(PoolError?)
    }

    /// Tests a batch in memory.
    ///
    /// See the same function of ``ProcessPool``; throws as ``run(_:cancel:notify:from:deliver:)`` does, too.
    public func verdicts(
        of numbers: NumberBatch, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        try turns.checkOpen()
        let job = pool.workersRun(PoolRun(job, cancel: cancel))
        return try verdictsBySlices(of: numbers, job, chunk: chunk, least: ProcessPool.least) {
            numbers throws(PoolError) in try run(job, numbers)
        }
    }

    /// Tests 64-bit numbers in memory, without a copy but the one into the channel.
    ///
    /// See the function for a batch.
    public func verdicts(
        of numbers: Span<UInt64>, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        try turns.checkOpen()
        let job = pool.workersRun(PoolRun(job, cancel: cancel))
        return try verdictsBySlices(of: numbers, job, chunk: chunk, least: ProcessPool.least) {
            numbers throws(PoolError) in try run(job, numbers)
        }
    }

    /// Returns when every verdict is written or there is an error.
    private func run(_ job: PoolRun, _ numbers: SlicedNumbers) throws(PoolError) {
        try pool.checkLevel()
        guard try turns.take(job.cancel) else { throw .cancelled }
        defer { turns.leave(owner.end) }
        let ended = BlockingQueue<PoolError?>()
        owner.post(
            { crew throws(PoolError) -> Void in try crew.run(job, numbers) },
            finish: { ended.push($0) })
        if let error = ended.pop() ?? nil { throw error }
    }
}
