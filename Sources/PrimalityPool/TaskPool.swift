// SPDX-License-Identifier: Apache-2.0

public import Primality

/// Tests in a task group on Swift's cooperative threads, one child task a chunk.
///
/// There is one cooperative thread per core, so more workers than cores gain nothing, and other tasks
/// of the program wait while chunks are tested. Where that matters use ``ThreadPool``.
public struct TaskPool: Pool {
    /// How many child tasks run at once.
    public let workers: Int

    /// Makes a pool.
    ///
    /// - Parameter workers: How many child tasks run at once, at least 1.
    public init(workers: Int) {
        precondition(workers >= 1, "a pool needs a worker")
        self.workers = workers
    }

    /// ``PoolKind/tasks``.
    public var kind: PoolKind { .tasks }

    /// Tests everything that a source gives.
    public func run(
        _ job: PoolJob, from source: @escaping @Sendable () -> NumberBatch?,
        deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        let feed = Feed(window: workers * chunksPerWorker, cancel: job.cancel)
        let results = BlockingQueue<ChunkResult>()
        // A task borrows a worker, and so its scratch, for one chunk.
        let idle = BlockingQueue<HandedOver<LocalWorker>>()
        for id in 0..<workers { idle.push(HandedOver(try LocalWorker(id: id, job: job))) }

        let (announcements, announcer) = AsyncStream.makeStream(of: Void.self)
        let feeder = try feed.start(from: source) { announcer.yield() }
        defer { feeder.join() }
        let workers = workers
        Task.detached {
            await withTaskGroup(of: Void.self) { group in
                var running = 0
                // Each announcement is one chunk, but for the last one, which is the end.
                for await _ in announcements {
                    guard case .element(let chunk) = feed.jobs.tryPop() else { break }
                    if running == workers {
                        await group.next()
                        running -= 1
                    }
                    running += 1
                    group.addTask {
                        // There are as many workers as tasks, so none is waited for.
                        guard case .element(let worker) = idle.tryPop() else { return }
                        results.push(worker.value.test(chunk))
                        idle.push(worker)
                    }
                }
            }
            results.end()
        }
        var delivery = Delivery(job)
        while let result = results.pop() {
            delivery.add(result, deliver: deliver) { feed.chunkLeft() }
        }
    }
}
