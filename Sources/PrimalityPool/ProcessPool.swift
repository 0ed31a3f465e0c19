// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Tests in forked processes, each with a private channel.
///
/// A child runs C (and integer Swift reached through a C function pointer) from `fork` to `_exit`,
/// so a run may start in a program that has threads.
///
/// A worker that dies costs a replay of what it held on a new one: a chunk, or a part of one. What ends
/// two workers is given back as failed. The end of the calling thread, or of the program, ends the workers.
public struct ProcessPool: Pool {
    /// How many processes.
    public let workers: Int

    /// Makes a pool.
    ///
    /// - Parameter workers: How many processes, at least 1.
    public init(workers: Int) {
        precondition(workers >= 1, "a pool needs a worker")
        self.workers = workers
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
        var supervisor = try Supervisor(job: job, wanted: workers)
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
private struct WorkerProcess {
    let id: Int
    let pid: pid_t
    let channel: Int32
    var job: Job?
}

/// Hands jobs to worker processes, one at a time each, and takes their answers: one loop that
/// waits for answers, deaths and new chunks at once.
///
/// It belongs to the thread that started the run.
@safe private struct Supervisor {
    let doorbell: Doorbell
    private let job: PoolJob
    private let kernelJob: KernelJob
    private let wanted: Int
    private var workers: [WorkerProcess] = []
    private var delivery: Delivery
    /// Jobs whose worker died, to be run again.
    private var replays: [Job] = []
    /// How many workers each job has ended.
    private var deaths: [Int: Int] = [:]
    private var deathsSinceAnswer = 0
    private var lastSignal: Int32?

    /// How long a worker may take to notice that the run was cancelled.
    private static let grace: Duration = .milliseconds(1000)

    init(job: PoolJob, wanted: Int) throws(PoolError) {
        self.job = job
        self.wanted = wanted
        delivery = Delivery(job)
        unsafe kernelJob = unsafe job.engine.job(
            options: job.options, cancel: job.cancel, wantsReports: job.wantsReports)
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
        var channel: Int32 = -1
        // The child gets its copy of the job, and never returns from the call.
        let pid = unsafe withUnsafePointer(to: kernelJob) { job in
            unsafe prk_worker_fork(job, &channel)
        }
        if pid < 0 { return errno }
        workers.append(WorkerProcess(id: id, pid: pid, channel: channel))
        return 0
    }

    mutating func run(_ feed: Feed, deliver: (ChunkResult) -> Bool) throws(PoolError) {
        var inputEnded = false
        var cancelled: ContinuousClock.Instant?
        while true {
            try assign(feed, inputEnded: &inputEnded, deliver: deliver)
            let busy = workers.contains { $0.job != nil }
            if inputEnded && replays.isEmpty && !busy { return }

            var descriptors = [pollfd(fd: doorbell.descriptor, events: Int16(POLLIN), revents: 0)]
            descriptors += workers.map { pollfd(fd: $0.channel, events: Int16(POLLIN), revents: 0) }
            // Answers and chunks ring; the time limit is for cancelled workers that do not answer.
            let timeout: Int32 = job.cancel.isCancelled ? 100 : 1000
            let ready = unsafe poll(&descriptors, nfds_t(descriptors.count), timeout)
            if ready < 0 && errno != EINTR { throw .system(call: "poll", error: errno) }
            if descriptors[0].revents != 0 { doorbell.clear() }
            // Backwards, since a dead worker's place is taken away.
            for place in workers.indices.reversed() where descriptors[place + 1].revents != 0 {
                if let (job, result) = receive(place) {
                    deathsSinceAnswer = 0
                    finish(job, result, feed, deliver)
                } else {
                    try bury(place, feed, deliver)
                }
            }
            if job.cancel.isCancelled {
                let since = cancelled ?? .now
                cancelled = since
                if .now - since > Self.grace { killBusy() }
            }
        }
    }

    /// Gives each idle worker a job.
    private mutating func assign(
        _ feed: Feed, inputEnded: inout Bool, deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        for place in workers.indices.reversed() where workers[place].job == nil {
            guard let next = nextJob(feed, &inputEnded, deliver) else { return }
            workers[place].job = next
            // A worker that died idle shows itself here or in the next poll; either way it is buried
            // there, with its job.
            _ = send(next, to: workers[place].channel)
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

    private func send(_ job: Job, to channel: Int32) -> Int32 {
        var frame = KernelFrame()
        frame.kind = UInt32(PRK_FRAME_CHUNK)
        frame.count = UInt64(job.numbers.count)
        let offsets = job.numbers.offsets
        let limbs = job.numbers.limbs
        if let divisors = job.divisors {
            frame.kind = UInt32(PRK_FRAME_PART)
            frame.n = limbs[0]
            frame.from = divisors.lowerBound
            frame.to = divisors.upperBound
            return unsafe prk_channel_send(channel, &frame, nil, 0, nil, 0)
        }
        frame.limb_count = UInt64(limbs.count)
        let word = MemoryLayout<UInt64>.size
        // Sizes are those of the arrays.
        return unsafe prk_channel_send(
            channel, &frame, offsets, offsets.count * word, limbs, limbs.count * word)
    }

    /// The answer of the worker at `place`, or `nil` when it is dead.
    private mutating func receive(_ place: Int) -> (Job, JobResult)? {
        let worker = workers[place]
        var frame = KernelFrame()
        guard let held = worker.job,
            unsafe prk_channel_receive(worker.channel, &frame, MemoryLayout<KernelFrame>.size) == 0,
            frame.kind == UInt32(PRK_FRAME_ANSWER), frame.count == UInt64(held.numbers.count)
        else { return nil }
        var results = TestResults(
            seed: job.options.seed, untested: held.numbers.count, withReports: job.wantsReports)
        if unsafe prk_channel_receive(
            worker.channel, &results.verdictBytes, results.verdictBytes.count) != 0
        {
            return nil
        }
        if job.wantsReports {
            let size = MemoryLayout<KernelReport>.stride * results.rawReports.count
            if unsafe prk_channel_receive(worker.channel, &results.rawReports, size) != 0 {
                return nil
            }
        }
        results.status = KernelStatus(rawValue: frame.status) ?? .ok
        workers[place].job = nil
        let result = JobResult(
            worker: worker.id, cpuTime: .nanoseconds(Int64(clamping: frame.cpu_ns)),
            results: results, failure: ChunkFailure(status: results.status))
        return (held, result)
    }

    private mutating func finish(
        _ job: Job, _ result: JobResult, _ feed: Feed, _ deliver: (ChunkResult) -> Bool
    ) {
        guard let complete = feed.jobs.finish(job, result) else { return }
        delivery.add(complete, deliver: deliver) { feed.chunkLeft() }
    }

    /// Reaps a dead worker, starts another one, and sees to the job it held.
    private mutating func bury(
        _ place: Int, _ feed: Feed, _ deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        let worker = workers.remove(at: place)
        close(worker.channel)
        // Its channel may be broken though it lives (SIGSTOP, a stray write): make sure.
        kill(worker.pid, SIGKILL)
        let end = reap(worker.pid)
        lastSignal = end.signal
        deathsSinceAnswer += 1
        if let held = worker.job {
            deaths[held.id, default: 0] += 1
            if job.cancel.isCancelled {
                giveUp(held, worker: worker.id, .cancelled, feed, deliver)
            } else if deaths[held.id] == 2 {
                let failure = ChunkFailure.workerDied(signal: end.signal, exitStatus: end.status)
                giveUp(held, worker: worker.id, failure, feed, deliver)
            } else {
                replays.append(held)
            }
        }
        if deathsSinceAnswer > 4 * wanted + 16 {
            throw .workersKeepDying(count: deathsSinceAnswer, signal: lastSignal)
        }
        let error = start(worker.id)
        if error != 0 && workers.isEmpty { throw .noWorkers(wanted: wanted, error: error) }
    }

    private mutating func giveUp(
        _ job: Job, worker: Int, _ failure: ChunkFailure, _ feed: Feed,
        _ deliver: (ChunkResult) -> Bool
    ) {
        let result = JobResult(
            worker: worker, cpuTime: .zero, results: .untested(job.numbers.count), failure: failure)
        finish(job, result, feed, deliver)
    }

    private func killBusy() {
        for worker in workers where worker.job != nil { kill(worker.pid, SIGKILL) }
    }

    private func reap(_ pid: pid_t) -> (signal: Int32?, status: Int32?) {
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F  // WTERMSIG, a macro
        return signal != 0 ? (signal, nil) : (nil, (status >> 8) & 0xFF)
    }

    /// Gives every worker the poison pill and waits for its exit.
    ///
    /// Workers that hold a job, after an error, are killed instead.
    mutating func stop() {
        for worker in workers {
            var pill = KernelFrame()
            pill.kind = UInt32(PRK_FRAME_STOP)
            let error = unsafe prk_channel_send(worker.channel, &pill, nil, 0, nil, 0)
            if worker.job != nil || error != 0 { kill(worker.pid, SIGKILL) }
            close(worker.channel)
        }
        for worker in workers { _ = reap(worker.pid) }
        workers = []
        close(doorbell.descriptor)
    }
}
