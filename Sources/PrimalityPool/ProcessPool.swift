// SPDX-License-Identifier: Apache-2.0

package import CKernels
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
    fileprivate var kernelChannel: KernelChannel {
        switch self {
        case .pipe: .pipe
        case .socket: .socket
        case .shm: .shm
        }
    }
}

/// Tests in forked processes, each with a private channel.
///
/// A child runs C (and integer Swift reached through a C function pointer) from `fork` to `_exit`,
/// so a run may start in a program that has threads.
///
/// A worker that dies costs a replay of what it held on a new one: a chunk, or a part of one. A chunk
/// that ends two workers is halved, and its halves again, until the number that does it is alone and
/// is given back as failed. The end of the calling thread, or of the program, ends the workers.
public struct ProcessPool: Pool {
    /// How many processes.
    public let workers: Int
    /// How chunks travel.
    public let channel: ProcessChannel

    fileprivate let faults: ProcessFaults

    /// Makes a pool.
    ///
    /// - Parameters:
    ///   - workers: How many processes, at least 1.
    ///   - channel: How chunks travel; by default in shared memory.
    public init(workers: Int, channel: ProcessChannel = .shm) {
        self.init(workers: workers, channel: channel, faults: ProcessFaults())
    }

    /// Makes a pool that meets faults, for tests.
    package init(workers: Int, channel: ProcessChannel, faults: ProcessFaults) {
        precondition(workers >= 1, "a pool needs a worker")
        self.workers = workers
        self.channel = channel
        self.faults = faults
    }

    /// ``PoolKind/processes``.
    public var kind: PoolKind { .processes }

    /// Tests everything that a source gives.
    ///
    /// When the system gives fewer processes than asked for, the run goes on with those.
    public func run(
        _ job: PoolJob, from source: @escaping @Sendable () -> NumberBatch?,
        deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        do {
            try KernelLevel.checkForcedLevel()
        } catch {
            throw .test(error)
        }
        var supervisor = try Supervisor(job, of: self)
        defer { supervisor.stop() }
        let feed = Feed(job, workers: workers)
        let doorbell = supervisor.doorbell
        let feeder = try feed.start(from: source) { doorbell.ring() }
        defer { feeder.join() }
        do {
            try supervisor.run(feed, deliver: deliver)
        } catch {
            // The feeder may be waiting for room: let it see the flag.
            job.cancel.cancel()
            for _ in 0..<workers * chunksPerWorker { feed.chunkLeft() }
            throw error
        }
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

/// A descriptor that another thread makes readable.
private struct Doorbell: Sendable {
    let descriptor: Int32

    init() throws(PoolError) {
        descriptor = prk_doorbell_create()
        if descriptor < 0 { throw .system(call: "eventfd", error: errno) }
    }

    func ring() { prk_doorbell_ring(descriptor) }

    func clear() { prk_doorbell_clear(descriptor) }
}

/// A forked worker and what it holds.
@safe private struct WorkerProcess {
    let id: Int
    /// The owner's side in C, for the supervisor's thread alone.
    let handle: OpaquePointer
    var job: Job?
    /// When it is ended if it still holds the job.
    var deadline: ContinuousClock.Instant?
    var isTimedOut = false
    /// Its entries in the supervisor's list of descriptors.
    var watched = 0..<0

    /// How it ended; `nil` for both when somebody else has reaped it.
    func reap() -> (signal: Int32?, status: Int32?) {
        var signal: Int32 = 0
        let status = unsafe prk_worker_reap(handle, &signal)
        if status < 0 { return (nil, nil) }
        return signal != 0 ? (signal, nil) : (nil, status)
    }
}

/// Hands jobs to worker processes, one at a time each, and takes their answers: one loop that
/// waits for answers, deaths and new chunks at once, and for nothing else.
///
/// It belongs to the thread that started the run.
@safe private struct Supervisor {
    let doorbell: Doorbell
    private let job: PoolJob
    private let kernelJob: KernelJob
    private let channel: ProcessChannel
    private let faults: ProcessFaults
    private let wanted: Int
    private var workers: [WorkerProcess] = []
    private var descriptors: [pollfd] = []
    private var delivery: Delivery
    /// Jobs whose worker died, to be run again.
    private var replays: [Job] = []
    /// How many workers each job has ended.
    private var deaths: [Int: Int] = [:]
    private var deathsSinceAnswer = 0
    private var lastSignal: Int32?

    /// How long a worker may take to notice that the run was cancelled, or has ended.
    private static let grace: Duration = .milliseconds(1000)

    init(_ job: PoolJob, of pool: ProcessPool) throws(PoolError) {
        self.job = job
        faults = pool.faults
        channel = pool.channel
        wanted = pool.workers
        delivery = Delivery(job)
        var kernelJob = unsafe job.engine.job(
            options: job.options, cancel: job.cancel, wantsReports: job.wantsReports)
        if let engine = unsafe faults.wordEngine { unsafe kernelJob.word_engine = unsafe engine }
        unsafe self.kernelJob = unsafe kernelJob
        doorbell = try Doorbell()
        var error: Int32 = 0
        for id in 0..<wanted {
            error = start(id)
            if error != 0 { break }
        }
        if workers.isEmpty {
            close(doorbell.descriptor)
            throw .noWorkers(wanted: wanted, error: error)
        }
    }

    /// Forks worker `id`; 0 or an errno.
    private mutating func start(_ id: Int) -> Int32 {
        let error = faults.forkError(id)
        if error != 0 { return error }
        // The child gets its copy of the job, and never returns from the call.
        let handle = unsafe withUnsafePointer(to: kernelJob) { job in
            unsafe prk_worker_create(channel.kernelChannel, job)
        }
        guard let handle = unsafe handle else { return errno }
        unsafe workers.append(WorkerProcess(id: id, handle: handle))
        return 0
    }

    mutating func run(_ feed: Feed, deliver: (ChunkResult) -> Bool) throws(PoolError) {
        var inputEnded = false
        var cancelled: ContinuousClock.Instant?
        var rounds = 0
        while true {
            assign(feed, inputEnded: &inputEnded, deliver: deliver)
            if inputEnded && replays.isEmpty && workers.allSatisfy({ $0.job == nil }) { return }

            var foundMail = false
            // Backwards, since a dead worker's place is taken away.
            for place in workers.indices.reversed() {
                if unsafe prk_worker_has_mail(workers[place].handle) {
                    foundMail = true
                    try look(at: place, hasEnded: false, feed, deliver)
                }
            }
            // While answers lie in memory the system is asked now and then only.
            rounds &+= 1
            if foundMail && !rounds.isMultiple(of: 64) { continue }
            try wait(milliseconds: foundMail ? 0 : patience(), feed, deliver)
            endLateWorkers()
            if job.cancel.isCancelled {
                let since = cancelled ?? .now
                cancelled = since
                if .now - since > Self.grace { killBusy() }
            }
        }
    }

    /// How long to wait: answers and chunks ring, so it is for workers that do not answer.
    private func patience() -> Int {
        let most = job.cancel.isCancelled ? 100 : 1000
        guard let next = workers.compactMap(\.deadline).min() else { return most }
        let left = (next - .now) / .milliseconds(1)
        return max(0, min(most, Int(left.rounded(.up))))
    }

    private mutating func wait(
        milliseconds: Int, _ feed: Feed, _ deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        var mayWait = milliseconds > 0
        if mayWait {
            for worker in workers {
                if unsafe !prk_worker_announce_sleep(worker.handle, true) { mayWait = false }
            }
        }
        let most = Int(PRK_WORKER_DESCRIPTORS)
        descriptors = [pollfd](repeating: pollfd(), count: 1 + most * workers.count)
        descriptors[0] = pollfd(fd: doorbell.descriptor, events: Int16(POLLIN), revents: 0)
        var used = 1
        for place in workers.indices {
            let first = used
            unsafe descriptors.withUnsafeMutableBufferPointer { all in
                guard let start = all.baseAddress else { return }
                // There is room for the most that each can fill.
                used += unsafe Int(prk_worker_watch(workers[place].handle, start + first))
            }
            workers[place].watched = first..<used
        }
        let ready = unsafe poll(
            &descriptors, nfds_t(used), mayWait ? Int32(milliseconds) : 0)
        let error = errno
        if milliseconds > 0 {
            for worker in workers { _ = unsafe prk_worker_announce_sleep(worker.handle, false) }
        }
        if ready < 0 {
            if error == EINTR { return }
            throw .system(call: "poll", error: error)
        }
        if descriptors[0].revents != 0 { doorbell.clear() }
        for place in workers.indices.reversed() {
            let worker = workers[place]
            let process = unsafe prk_worker_process(worker.handle)
            let ready = descriptors[worker.watched].filter { $0.revents != 0 }
            if ready.isEmpty { continue }
            let hasEnded = ready.contains { $0.fd == process }
            try look(at: place, hasEnded: hasEnded, feed, deliver)
        }
    }

    /// Takes the answer of the worker at `place` if there is one, and buries the worker if it is dead.
    private mutating func look(
        at place: Int, hasEnded: Bool, _ feed: Feed, _ deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        var hasEnded = hasEnded
        switch unsafe prk_worker_poll(workers[place].handle) {
        case 0:
            if let (job, result) = takeAnswer(place) {
                deathsSinceAnswer = 0
                finish(job, result, feed, deliver)
            }
        case EAGAIN: break
        default: hasEnded = true
        }
        if hasEnded { try bury(place, feed, deliver) }
    }

    /// Gives each idle worker a job.
    private mutating func assign(
        _ feed: Feed, inputEnded: inout Bool, deliver: (ChunkResult) -> Bool
    ) {
        for place in workers.indices.reversed() where workers[place].job == nil {
            guard let next = nextJob(feed, &inputEnded, deliver) else { return }
            let error = send(next, to: workers[place])
            if error == ENOMEM {
                // It may have got a part of it: of no use any more.
                unsafe prk_worker_kill(workers[place].handle)
                giveUp(next, worker: workers[place].id, .test(.outOfMemory), feed, deliver)
                continue
            }
            // A worker that died idle is buried at the next look, with its job.
            workers[place].job = next
            workers[place].deadline = job.timeout.map { .now + $0 * next.numbers.count }
        }
    }

    private mutating func nextJob(
        _ feed: Feed, _ inputEnded: inout Bool, _ deliver: (ChunkResult) -> Bool
    ) -> Job? {
        if let replay = replays.popLast() { return replay }
        while !inputEnded {
            switch feed.jobs.tryPop() {
            case .nothingYet: return nil
            case .ended: inputEnded = true
            case .element(let next):
                let bits = next.numbers.maximumBits
                guard let limit = job.engine.maximumBits, bits > limit else { return next }
                let error = PrimalityError.numberTooLarge(
                    bits: bits, limit: limit, engine: job.engine)
                giveUp(next, worker: 0, .test(error), feed, deliver)
            }
        }
        return nil
    }

    private func send(_ job: Job, to worker: WorkerProcess) -> Int32 {
        var frame = KernelFrame()
        frame.kind = UInt32(PRK_FRAME_CHUNK)
        frame.count = UInt64(job.numbers.count)
        let limbs = job.numbers.limbs
        if let divisors = job.divisors {
            frame.kind = UInt32(PRK_FRAME_PART)
            frame.n = limbs[0]
            frame.from = divisors.lowerBound
            frame.to = divisors.upperBound
            return unsafe prk_worker_send(worker.handle, &frame, nil, nil)
        }
        frame.limb_count = UInt64(limbs.count)
        // There are count + 1 offsets, and as many limbs as the frame says.
        return unsafe prk_worker_send(worker.handle, &frame, job.numbers.offsets, limbs)
    }

    /// The complete answer of the worker at `place`, which is idle afterwards.
    private mutating func takeAnswer(_ place: Int) -> (Job, JobResult)? {
        let worker = workers[place]
        guard let held = worker.job else { return nil }
        var results = TestResults(
            seed: job.options.seed, untested: held.numbers.count, withReports: job.wantsReports)
        var frame = KernelFrame()
        // The answer has as many verdicts as the request had numbers, and reports if the job has.
        unsafe prk_worker_answer(
            worker.handle, &frame, &results.verdictBytes, &results.rawReports)
        results.status = KernelStatus(rawValue: frame.status) ?? .ok
        workers[place].job = nil
        workers[place].deadline = nil
        let result = JobResult(
            worker: worker.id, cpuTime: .nanoseconds(Int64(clamping: frame.cpu_ns)),
            results: results, failure: ChunkFailure(status: results.status))
        return (held, result)
    }

    private mutating func finish(
        _ job: Job, _ result: JobResult, _ feed: Feed, _ deliver: (ChunkResult) -> Bool
    ) {
        deaths[job.id] = nil
        guard let complete = feed.jobs.finish(job, result) else { return }
        delivery.add(complete, deliver: deliver) { feed.chunkLeft() }
    }

    /// Reaps a dead worker, starts another one, and sees to the job it held.
    private mutating func bury(
        _ place: Int, _ feed: Feed, _ deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        let worker = workers.remove(at: place)
        // Its channel may be broken though it lives: make sure.
        unsafe prk_worker_kill(worker.handle)
        let end = worker.reap()
        let hadStarted = unsafe prk_worker_has_started(worker.handle)
        unsafe prk_worker_destroy(worker.handle)
        lastSignal = end.signal
        // Those that we ended took their time, which bounds them.
        if !worker.isTimedOut { deathsSinceAnswer += 1 }
        if let held = worker.job {
            if job.cancel.isCancelled {
                giveUp(held, worker: worker.id, .cancelled, feed, deliver)
            } else if worker.isTimedOut {
                narrow(held, worker: worker.id, .timedOut, feed, deliver)
            } else {
                deaths[held.id, default: 0] += hadStarted ? 1 : 0
                if deaths[held.id] == 2 {
                    let failure = ChunkFailure.workerDied(
                        signal: end.signal, exitStatus: end.status)
                    narrow(held, worker: worker.id, failure, feed, deliver)
                } else {
                    replays.append(held)
                }
            }
        }
        // Finding one number among a million takes 24 deaths.
        if deathsSinceAnswer > 4 * wanted + 32 {
            throw .workersKeepDying(count: deathsSinceAnswer, signal: lastSignal)
        }
        let error = start(worker.id)
        if error != 0 && workers.isEmpty { throw .noWorkers(wanted: wanted, error: error) }
    }

    /// Halves a job that cannot be run, or gives up the number that is alone in it.
    private mutating func narrow(
        _ job: Job, worker: Int, _ failure: ChunkFailure, _ feed: Feed,
        _ deliver: (ChunkResult) -> Bool
    ) {
        if job.numbers.count == 1 {
            giveUp(job, worker: worker, failure, feed, deliver)
            return
        }
        deaths[job.id] = nil
        for half in feed.jobs.halve(job).reversed() {
            // One of them is known to end workers; a single number is not blamed for its chunk.
            if failure != .timedOut && half.numbers.count > 1 { deaths[half.id] = 1 }
            replays.append(half)
        }
    }

    private mutating func giveUp(
        _ job: Job, worker: Int, _ failure: ChunkFailure, _ feed: Feed,
        _ deliver: (ChunkResult) -> Bool
    ) {
        let result = JobResult(
            worker: worker, cpuTime: .zero, results: .untested(job.numbers.count), failure: failure)
        finish(job, result, feed, deliver)
    }

    /// Ends workers whose time is over; that they have ended shows as any other death does.
    private mutating func endLateWorkers() {
        if job.timeout == nil { return }
        let now = ContinuousClock.now
        for place in workers.indices {
            guard let deadline = workers[place].deadline, deadline <= now else { continue }
            workers[place].deadline = nil
            workers[place].isTimedOut = true
            unsafe prk_worker_kill(workers[place].handle)
        }
    }

    private func killBusy() {
        for worker in workers where worker.job != nil { unsafe prk_worker_kill(worker.handle) }
    }

    /// Gives every worker the poison pill and waits for its exit.
    ///
    /// Workers that hold a job, after an error, are killed instead, and those that do not go.
    mutating func stop() {
        for worker in workers {
            var pill = KernelFrame()
            pill.kind = UInt32(PRK_FRAME_STOP)
            let error =
                unsafe worker.job == nil
                ? prk_worker_send(worker.handle, &pill, nil, nil) : EBUSY
            if error != 0 {
                unsafe prk_worker_kill(worker.handle)
            }
        }
        let deadline = ContinuousClock.now + Self.grace
        for worker in workers {
            let left = max(0, Int((deadline - .now) / .milliseconds(1)))
            if unsafe !prk_worker_await_end(worker.handle, Int32(left)) {
                unsafe prk_worker_kill(worker.handle)
            }
            _ = worker.reap()
            unsafe prk_worker_destroy(worker.handle)
        }
        workers = []
        close(doorbell.descriptor)
    }
}
