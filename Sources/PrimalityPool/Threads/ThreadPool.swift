// SPDX-License-Identifier: Apache-2.0

public import Primality

/// Tests on pthreads of our own, created for a run and joined at its end.
///
/// A pool is a ``ThreadFleet`` that lives for one run.
///
/// Never the cooperative threads of Swift: a test that blocks them would stop every task of the
/// program.
public struct ThreadPool: Pool {
    /// How many threads.
    public let workers: Int
    /// Whether each thread stays on one core.
    public let isPinned: Bool

    /// Makes a pool.
    ///
    /// - Parameters:
    ///   - workers: How many threads, from 1 to 65536; other counts are an error of each run.
    ///   - isPinned: Whether each thread stays on one core, of those that the process may use. That helps
    ///     on a machine that does nothing else, and hurts where others use the same cores. A thread that
    ///     the system does not let stay roams.
    public init(workers: Int, isPinned: Bool = false) {
        self.workers = workers
        self.isPinned = isPinned
    }

    /// ``PoolKind/threads``.
    public var kind: PoolKind { .threads }

    /// Tests everything that a source gives.
    ///
    /// When the system gives fewer threads than asked for, the run goes on with those.
    public func run(
        _ job: PoolJob, cancel: CancelFlag, notify: (@Sendable (PoolNotice) -> Void)?,
        from source: @escaping @Sendable () throws -> NumberBatch?, deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        let job = PoolRun(job, cancel: cancel, notify: notify)
        try run(job, from: source, deliver: deliver, makeWorker: LocalWorker.life(job))
    }

    /// As ``run(_:cancel:notify:from:deliver:)``, with workers of the caller's.
    ///
    /// - Parameters:
    ///   - job: What to do with the numbers.
    ///   - source: Gives the next batch, or `nil` at the end.
    ///   - deliver: Takes a result; `false` ends the run.
    ///   - makeWorker: Makes what one thread does, called on this one.
    /// - Throws: ``PoolError``.
    package func run(
        _ job: PoolRun, from source: @escaping @Sendable () throws -> NumberBatch?,
        deliver: (ChunkResult) -> Bool,
        makeWorker: (Int) throws(PoolError) -> WorkerLife
    ) throws(PoolError) {
        try checkWorkers()
        let crew = ThreadCrew(self, stays: false)
        defer { crew.stop() }
        try crew.run(job, from: source, deliver: deliver, makeWorker: makeWorker)
    }
}

/// What one thread does in a run: it takes jobs until there are no more, and says what became of each.
package typealias WorkerLife = (JobQueue, (Job, JobResult) -> Void) -> Void

extension LocalWorker {
    /// Makes what the threads of a pool do in a run.
    static func life(_ job: PoolRun) -> (Int) throws(PoolError) -> WorkerLife {
        { id throws(PoolError) in
            let worker = try LocalWorker(id: id, job: job)
            return { jobs, finish in
                while let job = jobs.pop() { finish(job, worker.run(job)) }
            }
        }
    }
}

extension ThreadCrew {
    /// One run.
    ///
    /// - Parameters:
    ///   - job: What to do with the numbers.
    ///   - source: Gives the next batch, or `nil` at the end.
    ///   - deliver: Takes a result; `false` ends the run.
    ///   - makeWorker: Makes what one thread does, called on this one.
    /// - Throws: ``PoolError``.
    func run(
        _ job: PoolRun, from source: @escaping @Sendable () throws -> NumberBatch?,
        deliver: (ChunkResult) -> Bool, makeWorker: (Int) throws(PoolError) -> WorkerLife
    ) throws(PoolError) {
        let workers = wanted
        let feed = Feed(job, workers: workers)
        let results = BlockingQueue<ChunkResult>(producers: workers)
        // Also those that have ended may not have let go of all that they were given.
        defer { settle() }
        let feeder = try feed.start(from: source) { () throws(PoolError) in
            var problem: PoolError?
            var started = 0
            for id in 0..<workers {
                do throws(PoolError) {
                    let box = HandedOver(try makeWorker(id))
                    try give(id) {
                        box.value(feed.jobs) { job, result in
                            let complete = feed.jobs.finish(job, result)
                            if let complete { results.push(complete) }
                        }
                        results.end()
                    }
                    started += 1
                } catch {
                    problem = error
                    results.end()
                }
            }
            if started == 0, let problem { throw problem }
            if case .system(_, let error)? = problem {
                job.notify?(.fewerWorkers(started: started, wanted: workers, error: error))
            }
        }
        defer { feeder.join() }
        var delivery = Delivery(job)
        while let result = results.pop() {
            delivery.add(result, deliver: deliver) { feed.left($0) }
        }
        try feed.checkSource()
    }
}

/// Something that one thread makes and another one alone uses afterwards.
///
/// `Sendable` because its maker lets go of it; the region checker cannot follow it into a thread.
struct HandedOver<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
