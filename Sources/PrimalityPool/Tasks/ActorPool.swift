// SPDX-License-Identifier: Apache-2.0

public import Primality

/// Tests by actors, one a worker, whose mailboxes are the queues.
///
/// They run on Swift's cooperative threads, of which there is one per core, so more workers than cores
/// gain nothing. Other tasks of the program have their turn between chunks, not while one is tested, as
/// with ``TaskPool``. Where that matters use ``ThreadPool``.
public struct ActorPool: Pool {
    /// How many actors.
    public let workers: Int
    /// There is but one actor, to which all send.
    private let isShared: Bool

    /// Makes a pool.
    ///
    /// - Parameter workers: How many actors, from 1 to 65536; other counts are an error of each run.
    public init(workers: Int) {
        self.init(workers: workers, isShared: false)
    }

    /// Makes a pool, perhaps one that serialises.
    ///
    /// - Parameters:
    ///   - workers: How many jobs are under way at once, at least 1.
    ///   - isShared: Whether one actor runs them all, one after the other; else there is one for each.
    package init(workers: Int, isShared: Bool) {
        self.workers = workers
        self.isShared = isShared
    }

    /// ``PoolKind/actors``.
    public var kind: PoolKind { .actors }

    /// Tests everything that a source gives.
    public func run(
        _ job: PoolJob, cancel: CancelFlag, notify: (@Sendable (PoolNotice) -> Void)?,
        from source: @escaping @Sendable () throws -> NumberBatch?, deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        let job = PoolRun(job, cancel: cancel, notify: notify)
        try checkWorkers()
        let feed = Feed(job, workers: workers)
        let results = BlockingQueue<ChunkResult>()
        var actors: [WorkerActor] = []
        for id in 0..<workers {
            actors.append(isShared && id > 0 ? actors[0] : try WorkerActor(id: id, job: job))
        }
        let office = PostOffice(workers, engine: job.engine)

        let (feeder, announcements, announcer) = try feed.startForTasks(from: source)
        defer { feeder.join() }
        Task.detached { [actors] in
            await withDiscardingTaskGroup { group in
                // Taken from the queue, but there is no mailbox for it at present.
                var held: Job?
                for await _ in announcements {
                    while true {
                        if held == nil {
                            let taken = feed.jobs.tryPop()
                            // The group waits for what is still with the actors.
                            if case .ended = taken { return }
                            guard case .element(let next) = taken else { break }
                            held = next
                        }
                        guard let job = held, let place = office.address(job) else { break }
                        held = nil
                        group.addTask {
                            let result = await actors[place].run(job)
                            office.answered(place)
                            let complete = feed.jobs.finish(job, result)
                            if let complete { results.push(complete) }
                            announcer.yield()
                        }
                    }
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

/// An engine with its scratch, which runs the jobs in its mailbox one after the other.
private actor WorkerActor {
    private let worker: LocalWorker

    init(id: Int, job: PoolRun) throws(PoolError) {
        worker = try LocalWorker(id: id, job: job)
    }

    // Synchronous, so that no other message comes between. The sender's return to its own executor
    // gives the thread up, and an actor with more messages queues for a thread again: between any two
    // jobs other tasks have their turn.
    func run(_ job: Job) -> JobResult { worker.run(job) }
}

/// Decides whose mailbox a job goes to.
///
/// A message that lies in a mailbox is out of the others' reach. So one waits behind another only when
/// both are short, when that saves more (an actor need not wait for the driver between them) than a
/// worker without work could lose at the end.
private final class PostOffice: Sendable {
    private struct Mailbox {
        var messages = 0
        /// None of them takes long.
        var isShort = true
    }

    private let engine: Engine
    private let mailboxes: Monitor<[Mailbox]>

    init(_ actors: Int, engine: Engine) {
        self.engine = engine
        mailboxes = Monitor([Mailbox](repeating: Mailbox(), count: actors))
    }

    /// The place of the actor to which a job is to be sent, which then counts as sent; `nil` when all are
    /// busy.
    func address(_ job: Job) -> Int? {
        let isShort = job.isWhole && ChunkSizer.isShort(job.numbers, engine: engine)
        return mailboxes.withLock { mailboxes in
            guard
                let id = mailboxes.indices.min(by: {
                    mailboxes[$0].messages < mailboxes[$1].messages
                })
            else { return nil }
            switch mailboxes[id].messages {
            case 0: mailboxes[id] = Mailbox(messages: 1, isShort: isShort)
            case 1 where isShort && mailboxes[id].isShort: mailboxes[id].messages = 2
            default: return nil
            }
            return id
        }
    }

    /// The actor at a place has run one of its jobs.
    func answered(_ place: Int) {
        mailboxes.withLock { $0[place].messages -= 1 }
    }
}
