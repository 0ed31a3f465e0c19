// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal
internal import CPool
internal import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Hands work to worker processes, takes their answers and replaces the dead: one loop that waits for
/// answers, deaths and new work at once, and for nothing else.
///
/// The ledger is the list of what each worker holds, in the order of its answers. A worker that dies has
/// begun the first of it at most; the others go back as if they had never been handed out.
///
/// It belongs to the thread that started the run.
@safe struct Supervisor<Flow: WorkFlow> {
    /// Work, and how many workers it has ended.
    struct Held {
        let work: Flow.Work
        var deaths = 0
        var cost = 0.0
    }

    @safe struct Worker {
        let id: Int
        /// The owner's side in C.
        let handle: OpaquePointer
        var held = Fifo<Held>()
        /// What all of it costs.
        var load = 0.0
        /// Since when it has been busy with the first, by `prk_clock_ns`.
        var busySince: UInt64 = 0
        /// What the answers cost that were taken since then.
        var answered = 0.0
        /// It has no room for more until it has answered.
        var isStuffed = false
        /// Something was sent to it that it may sleep through.
        var isToWake = false
        /// When, by the supervisor's clock, it is ended if it still holds the first.
        var deadline: Duration?
        var isTimedOut = false
        /// Its entries in the supervisor's list of descriptors.
        var watched = 0..<0
    }

    /// Rings when the flow has something new; `nil` when it always has what it will have.
    let doorbell: Doorbell?
    /// Of the job's flag; -1 when there is none, or when it has rung.
    var cancelBell: Int32
    let job: PoolRun
    let maker: WorkerMaker
    let channel: ProcessChannel
    let mirrorsCancel: Bool
    let faults: ProcessFaults
    let wanted: Int
    var workers: [Worker] = []
    var descriptors: [pollfd] = []
    /// Work to do again after its worker died; a stack.
    var replays: [Held] = []
    var inputEnded = false
    /// How long work has taken of late beside its cost, which is an upper bound.
    var pace = 1.0
    var clock: RunningTime
    var deathsSinceAnswer = 0
    var lastSignal: Int32?

    /// How long a worker may take to notice that the run has ended, or was cancelled: to be over within
    /// 100 ms.
    static var grace: Duration { .milliseconds(1000) }
    static var graceWhenCancelled: Duration { .milliseconds(60) }

    /// Starts the workers.
    ///
    /// - Parameters:
    ///   - job: What is done with the numbers.
    ///   - pool: Whose workers they are.
    ///   - doorbell: Rings when the flow has something new.
    ///   - measures: Whether the CPU time of requests is wanted.
    /// - Throws: ``PoolError`` when there is no worker.
    init(
        _ job: PoolRun, of pool: ProcessPool, _ doorbell: Doorbell? = nil, measures: Bool
    ) throws(PoolError) {
        self.job = job
        clock = RunningTime(for: job.timeout ?? .seconds(2))
        faults = pool.faults
        channel = pool.channel
        // The others have the job's own flag.
        mirrorsCancel = pool.workerKind != .kernel
        wanted = pool.workers
        var kernelJob = unsafe job.engine.job(
            options: job.options, cancel: job.cancel, wantsReports: job.wantsReports)
        if let engine = unsafe faults.wordEngine { unsafe kernelJob.word_engine = unsafe engine }
        unsafe kernelJob.wants_cpu_time = measures
        maker = try unsafe WorkerMaker(job, of: pool, kernelJob)
        cancelBell = job.cancel.bell
        self.doorbell = doorbell
        var error: Int32 = 0
        for id in 0..<wanted {
            error = start(id)
            if error != 0 { break }
        }
        if workers.isEmpty { throw .noWorkers(wanted: wanted, error: error) }
        if error != 0 {
            job.notify?(.fewerWorkers(started: workers.count, wanted: wanted, error: error))
        }
    }

    /// Forks worker `id`; 0 or an errno.
    mutating func start(_ id: Int) -> Int32 {
        let error = faults.forkError(id)
        if error != 0 { return error }
        let handle = unsafe maker.make()
        guard let handle = unsafe handle else { return errno }
        unsafe workers.append(Worker(id: id, handle: handle))
        return 0
    }

    /// How a worker ended; `nil` for both when somebody else has reaped it.
    func reap(_ worker: Worker) -> (signal: Int32?, status: Int32?) {
        var signal: Int32 = 0
        let status = unsafe maker.reap(worker.handle, &signal)
        if status < 0 { return (nil, nil) }
        return signal != 0 ? (signal, nil) : (nil, status)
    }

    /// Runs until all work is done or given up.
    mutating func run(_ flow: inout Flow) throws(PoolError) {
        var cancelled: ContinuousClock.Instant?
        var rounds = 0
        while true {
            assign(&flow)
            if workers.isEmpty { giveUpTheRest(&flow) }
            if inputEnded && replays.isEmpty && workers.allSatisfy({ $0.held.isEmpty }) { return }

            // A worker that has many is left alone for a moment: whoever looks at the slot that it is
            // writing to takes the line away from it.
            if workers.indices.contains(where: { workers[$0].held.count >= 16 }) {
                for _ in 0..<8 { prk_relax() }
            }
            var foundMail = false
            // Backwards, since a dead worker's place is taken away.
            for place in workers.indices.reversed() {
                // Whether there is more to see, as a death, is not asked here: that takes system calls.
                while unsafe prk_worker_has_mail(workers[place].handle) {
                    let error = unsafe prk_worker_poll(workers[place].handle)
                    if error == 0 {
                        foundMail = true
                        takeAnswer(place, &flow)
                        continue
                    }
                    if error != EAGAIN { try bury(place, &flow) }
                    break
                }
            }
            // While answers lie in memory the system is asked now and then only.
            rounds &+= 1
            if foundMail && !rounds.isMultiple(of: 64) {
                learn()
                continue
            }
            if !foundMail && awaitMail() { continue }
            try wait(milliseconds: foundMail ? 0 : patience(), &flow)
            learn()
            endLateWorkers()
            if job.cancel.isCancelled {
                let since = cancelled ?? .now
                cancelled = since
                if mirrorsCancel {
                    for worker in workers { unsafe prk_worker_raise(worker.handle) }
                }
                if .now - since > Self.graceWhenCancelled { killBusy() }
            }
        }
    }

    /// Takes the complete answer of the worker at `place`.
    mutating func takeAnswer(_ place: Int, _ flow: inout Flow) {
        guard let held = workers[place].held.popFirst() else { return }
        unsafe flow.take(held.work, from: workers[place].handle, worker: workers[place].id)
        deathsSinceAnswer = 0
        workers[place].load -= held.cost
        workers[place].answered += held.cost
        workers[place].isStuffed = false
        workers[place].deadline =
            workers[place].held.isEmpty ? nil : deadline()
    }

    /// Of what is begun now.
    mutating func deadline() -> Duration? { job.timeout.map { clock.read() + $0 } }
}
