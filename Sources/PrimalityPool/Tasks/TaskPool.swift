// SPDX-License-Identifier: Apache-2.0

public import Primality

/// Tests in a task group on Swift's cooperative threads, one child task for what a worker is handed at
/// once.
///
/// There is one cooperative thread per core, so more workers than cores gain nothing. Other tasks of the
/// program have their turn between chunks, not while one is tested: with large numbers that can be
/// minutes, and what should cancel the run waits as well unless it is on a thread. Where that matters use
/// ``ThreadPool``.
public struct TaskPool: Pool {
    /// How many child tasks run at once.
    public let workers: Int

    /// Makes a pool.
    ///
    /// - Parameter workers: How many child tasks run at once, from 1 to 65536; other counts are an error of
    ///   each run.
    public init(workers: Int) {
        self.workers = workers
    }

    /// ``PoolKind/tasks``.
    public var kind: PoolKind { .tasks }

    /// Tests everything that a source gives.
    public func run(
        _ job: PoolJob, cancel: CancelFlag, notify: (@Sendable (PoolNotice) -> Void)?,
        from source: @escaping @Sendable () throws -> NumberBatch?, deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        let job = PoolRun(job, cancel: cancel, notify: notify)
        try checkWorkers()
        let feed = Feed(job, workers: workers)
        let results = BlockingQueue<ChunkResult>()
        // A task borrows a worker, and so its scratch, for one job.
        let idle = BlockingQueue<HandedOver<LocalWorker>>()
        for id in 0..<workers { idle.push(HandedOver(try LocalWorker(id: id, job: job))) }

        let (feeder, announcements, announcer) = try feed.startForTasks(from: source)
        defer { feeder.join() }
        let workers = workers
        Task.detached {
            await withTaskGroup(of: Void.self) { group in
                var running = 0
                for await _ in announcements {
                    var taken = feed.jobs.tryPop()
                    while case .element(let job) = taken {
                        running += 1
                        // A task of its own, which queues for a thread: whatever else is ready has
                        // its turn between any two jobs.
                        group.addTask {
                            // There are as many workers as tasks, so none is waited for.
                            guard case .element(let worker) = idle.tryPop() else { return }
                            let result = feed.jobs.finish(job, worker.value.run(job))
                            if let result { results.push(result) }
                            idle.push(worker)
                            // A part may be what others waited for.
                            if !job.isWhole { announcer.yield() }
                        }
                        if running == workers {
                            await group.next()
                            running -= 1
                        }
                        taken = feed.jobs.tryPop()
                    }
                    if case .ended = taken { break }
                }
            }
            results.end()
        }
        var delivery = Delivery(job)
        while let result = results.pop() {
            delivery.add(result, deliver: deliver) { feed.left($0) }
        }
        try feed.checkSource()
    }
}
