// SPDX-License-Identifier: Apache-2.0

package import CKernels
package import CKernels.Internal
internal import CPool
public import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// How chunks and results travel between a ``ProcessPool`` and a worker.
///
/// The results are the same; what differs is the cost of handing a chunk over.
public enum ProcessChannel: String, Sendable, Hashable, Codable, CaseIterable {
    /// Two pipes a worker.
    case pipe
    /// A socket a worker.
    case socket
    /// A mailbox in shared memory a worker.
    case shm
}

extension ProcessChannel {
    /// In C, whose order this is.
    var kernelChannel: KernelChannel { KernelChannel(rawValue: UInt32(place)) ?? .shm }
}

/// Tests in processes, each with a private channel.
///
/// A pool is a ``ProcessFleet`` that lives for one run: each run starts its workers and ends them.
///
/// By default they are forked and run C (and integer Swift reached through a C function
/// pointer) from `fork` to `_exit`, so a run may start in a program that has threads. Others run any
/// Swift code: ``WorkerKind``.
///
/// A worker that dies costs a replay of what it held on a new one: a chunk, or a part of one. A chunk
/// that ends two workers is halved, and its halves again, until the number that does it is alone and
/// is given back as failed. The end of the calling thread, or of the program, ends the workers.
public struct ProcessPool: Pool {
    /// How many processes.
    public let workers: Int
    /// How chunks travel.
    public let channel: ProcessChannel
    /// What the processes are.
    public let workerKind: WorkerKind
    /// The name of the ``WorkerTask`` that they run; `nil`: the job's engine.
    public let task: String?

    let kernelTask: KernelTask?
    let faults: ProcessFaults

    /// Makes a pool.
    ///
    /// - Parameters:
    ///   - workers: How many processes, from 1 to 65536; other counts are an error of each run.
    ///   - channel: How chunks travel; by default in shared memory.
    ///   - workerKind: What the processes are; the kinds that run Swift need
    ///     ``bootstrap(tasks:withNursery:)``.
    ///   - task: What they run in the place of the job's engine, when they run Swift: the name of a
    ///     ``WorkerTask`` that was given to ``bootstrap(tasks:withNursery:)``.
    public init(
        workers: Int, channel: ProcessChannel = .shm, workerKind: WorkerKind = .kernel,
        task: String? = nil
    ) {
        self.init(
            workers: workers, channel: channel, workerKind: workerKind, task: task,
            faults: ProcessFaults())
    }

    /// Makes a pool whose workers run a task in C, or meet faults, for tests.
    package init(
        workers: Int, channel: ProcessChannel = .shm, workerKind: WorkerKind = .kernel,
        task: String? = nil, kernelTask: KernelTask? = nil, faults: ProcessFaults
    ) {
        self.workers = workers
        self.channel = channel
        self.workerKind = workerKind
        self.task = task
        self.kernelTask = kernelTask
        self.faults = faults
    }

    /// ``PoolKind/processes``.
    public var kind: PoolKind { .processes }

    /// Tests everything that a source gives.
    ///
    /// When the system gives fewer processes than asked for, the run goes on with those.
    public func run(
        _ job: PoolJob, cancel: CancelFlag, notify: (@Sendable (PoolNotice) -> Void)?,
        from source: @escaping @Sendable () throws -> NumberBatch?, deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        let job = workersRun(PoolRun(job, cancel: cancel, notify: notify))
        try checkWorkers()
        try checkLevel()
        let feed = feed(job)
        let crew = try ProcessCrew(self, stays: false)
        defer { crew.stop(after: job) }
        var delivery = Delivery(job)
        try crew.run(job, feed, from: source) { result in
            delivery.add(result, deliver: deliver) { feed.left($0) }
        }
        try feed.checkSource()
    }
}

extension ProcessCrew {
    /// One run.
    ///
    /// - Parameters:
    ///   - job: What to do with the numbers.
    ///   - feed: The way of the chunks.
    ///   - source: Gives the next batch, or `nil` at the end.
    ///   - take: Takes a result. The feeder goes on only when results leave the feed.
    /// - Throws: ``PoolError``, but not what the source has thrown.
    func run(
        _ job: PoolRun, _ feed: Feed, from source: @escaping @Sendable () throws -> NumberBatch?,
        take: (ChunkResult) -> Void
    ) throws(PoolError) {
        let doorbell = doorbell
        let feeder = try feed.start(from: source, announce: { doorbell.ring() }) {
            () throws(PoolError) in try begin(job, measures: true)
        }
        defer { feeder.join() }
        do throws(PoolError) {
            try withoutActuallyEscaping(take) { take throws(PoolError) in
                var flow = ChunkFlow(job, feed, take)
                try supervise(job, doorbell, &flow)
            }
        } catch {
            // The feeder may be waiting for room: let it see the flag.
            job.cancel.cancel()
            feed.open()
            throw error
        }
    }

    /// Does all of a flow's work.
    func supervise<Flow: WorkFlow>(
        _ job: PoolRun, _ doorbell: Doorbell?, _ flow: inout Flow
    ) throws(PoolError) {
        var supervisor = Supervisor<Flow>(job, self, doorbell)
        defer { supervisor.finish() }
        try supervisor.run(&flow)
    }

    /// Ends the workers after the only run.
    func stop(after job: PoolRun) {
        stop(within: job.cancel.isCancelled ? Self.graceWhenCancelled : Self.grace)
    }
}

extension WorkerAnswer {
    /// What kept the request from being done; `text` is what a task said of it.
    func failure(_ text: @autoclosure () -> String) -> ChunkFailure? {
        if status == UInt32(PRK_TASK_FAILED) { return .threw(text()) }
        return KernelStatus(rawValue: status)
            .flatMap { ChunkFailure(status: $0) }
    }
}

extension ProcessPool {
    /// The way of the chunks of a run.
    func feed(_ job: PoolRun) -> Feed {
        Feed(job, workers: workers, depth: Int(PRK_WORKER_DEPTH) / chunksPerWorker)
    }

    /// The job without its engine's limits when a task takes the engine's place.
    func workersRun(_ run: PoolRun) -> PoolRun {
        var job = run
        if task != nil { job.engine = .auto }
        return job
    }

    /// Workers cannot say that the forced level is no level of this machine.
    func checkLevel() throws(PoolError) {
        do {
            try KernelLevel.checkForcedLevel()
        } catch {
            throw .test(error)
        }
    }
}

extension TestResults {
    /// Copies the evidence of a worker's complete answer, which is on as many numbers.
    fileprivate mutating func takeEvidence(of worker: OpaquePointer) {
        var lengths: UnsafePointer<UInt64>?
        // There is a length a number, and as many bytes as all lengths say: both were checked.
        guard var next = unsafe prk_worker_evidence(worker, &lengths), let lengths = unsafe lengths
        else { return }
        for i in 0..<count {
            let length = unsafe lengths[i]
            if length == UInt64.max { continue }  // PRK_NO_EVIDENCE
            evidence[i] = unsafe Array(UnsafeBufferPointer(start: next, count: Int(length)))
            unsafe next += Int(length)
        }
    }
}

/// What workers of kind ``WorkerKind/kernel`` run in the place of the job's engine.
///
/// `Sendable` because each worker has a copy of the context, from its fork on; what that shares with the owner is
/// the task's affair.
@safe package struct KernelTask: @unchecked Sendable {
    let function: prk_worker_task
    let context: UnsafeMutableRawPointer?

    /// - Parameters:
    ///   - function: It runs C alone.
    ///   - context: What it is given; it has to live as long as the workers, and be there before them.
    package init(_ function: @escaping prk_worker_task, context: UnsafeMutableRawPointer?) {
        unsafe self.function = unsafe function
        unsafe self.context = unsafe context
    }
}

/// What tests make go wrong in a pool.
///
/// `Sendable` because a C function pointer has no state; its type does not say so.
@safe package struct ProcessFaults: @unchecked Sendable {
    /// Tests in the place of the job's engine.
    package var wordEngine: prk_word_engine?
    /// The error with which the fork of a worker, by its number, fails; 0 when it does not.
    package var forkError: @Sendable (Int) -> Int32 = { _ in 0 }

    package init() { unsafe wordEngine = nil }
}

/// Chunks from a feeder, cut into jobs, and their results as they come.
private struct ChunkFlow: WorkFlow {
    private let job: PoolRun
    private let feed: Feed
    private let taker: (ChunkResult) -> Void

    init(_ job: PoolRun, _ feed: Feed, _ taker: @escaping (ChunkResult) -> Void) {
        self.job = job
        self.feed = feed
        self.taker = taker
    }

    mutating func next() -> BlockingQueue<Job>.Taken {
        while true {
            let taken = feed.jobs.tryPop()
            guard case .element(let next) = taken else { return taken }
            let bits = next.numbers.maximumBits
            let limit = job.engine.maximumBits
            guard bits > limit else { return taken }
            let error = PrimalityError.numberTooLarge(bits: bits, limit: limit, engine: job.engine)
            giveUp(next, worker: 0, .test(error))
        }
    }

    func send(_ work: Job, to worker: OpaquePointer) -> Int32 {
        var request = WorkerRequest()
        request.count = UInt64(work.numbers.count)
        let limbs = work.numbers.limbs
        if let divisors = work.divisors {
            request.kind = UInt32(PRK_REQUEST_PART)
            request.n = limbs[0]
            request.from = divisors.lowerBound
            request.to = divisors.upperBound
            return unsafe prk_worker_send(worker, &request, nil, nil)
        }
        request.kind = UInt32(PRK_REQUEST_CHUNK)
        request.from = UInt64(work.place)
        request.limb_count = UInt64(limbs.count)
        // There are count + 1 offsets, and as many limbs as the request says.
        return unsafe work.numbers.forms.withKernelForms(in: 0..<work.numbers.count) { forms in
            unsafe request.has_forms = forms == nil ? 0 : 1
            return unsafe prk_worker_send_forms(
                worker, &request, work.numbers.offsets, limbs, forms)
        }
    }

    mutating func take(_ work: Job, from handle: OpaquePointer, worker: Int) {
        var results = TestResults(
            seed: job.options.seed, untested: work.numbers.count, withReports: job.wantsReports)
        var answer = WorkerAnswer()
        let text = unsafe prk_worker_text(handle)
        unsafe results.takeEvidence(of: handle)
        // The answer has as many verdicts as the request had numbers, and reports if the job has.
        unsafe prk_worker_answer(handle, &answer, &results.verdictBytes, &results.rawReports)
        finish(
            work,
            JobResult(
                worker: worker, cpuTime: .nanoseconds(Int64(clamping: answer.cpu_ns)),
                results: results,
                failure: unsafe answer.failure(text.map { unsafe String(cString: $0) } ?? "")))
    }

    mutating func giveUp(_ work: Job, worker: Int, _ failure: ChunkFailure) {
        finish(
            work,
            JobResult(
                worker: worker, cpuTime: .zero, results: .untested(work.numbers.count),
                failure: failure))
    }

    func count(_ work: Job) -> Int { work.numbers.count }

    // A range of divisors takes less than a chunk: a worker has the next one while its answer travels.
    func cost(_ work: Job) -> Double {
        work.divisors == nil ? ChunkSizer.cost(of: work.numbers, engine: job.engine) : 50_000
    }

    mutating func halve(_ work: Job) -> [Job] { feed.jobs.halve(work) }

    private mutating func finish(_ work: Job, _ result: JobResult) {
        if let complete = feed.jobs.finish(work, result) { taker(complete) }
    }
}
