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

/// Where a supervisor's work comes from, and where its results go.
protocol WorkFlow {
    /// What a worker is handed at once: some numbers, or a part of one.
    associatedtype Work: Sendable

    /// What comes next.
    mutating func next() -> BlockingQueue<Work>.Taken

    /// Sends to the owner's side of a worker in C; 0 or an errno, as `prk_worker_send`.
    func send(_ work: Work, to worker: OpaquePointer) -> Int32

    /// Takes the complete answer to the oldest work of a worker.
    mutating func take(_ work: Work, from handle: OpaquePointer, worker: Int)

    /// Takes work that will not be done.
    mutating func giveUp(_ work: Work, worker: Int, _ failure: ChunkFailure)

    /// How many numbers there are.
    func count(_ work: Work) -> Int

    /// A rough upper bound on the time that it takes, in nanoseconds.
    func cost(_ work: Work) -> Double

    /// Replaces work of several numbers by its halves.
    mutating func halve(_ work: Work) -> [Work]
}

/// A descriptor that another thread makes readable.
final class Doorbell: Sendable {
    let descriptor: Int32

    init() throws(PoolError) {
        descriptor = prk_doorbell_create()
        if descriptor < 0 { throw .system(call: "eventfd", error: errno) }
    }

    deinit { close(descriptor) }

    func ring() { prk_doorbell_ring(descriptor) }

    func clear() { prk_doorbell_clear(descriptor) }
}

/// Time that passes while this process runs: a stop of the whole job, as by Ctrl-Z, or a sleep of the machine,
/// counts as two steps at most.
///
/// No clock of the system is stopped with a process, and none tells how long it was. So a reading that
/// comes late is taken for one that was in time.
private struct RunningTime {
    /// How long it may be left unread; what passes beyond twice of that is not counted.
    let step: Duration
    private var passed = Duration.zero
    private var last = prk_clock_ns()

    /// A clock for limits of such a length.
    init(for limit: Duration) { step = max(.milliseconds(1), min(.milliseconds(100), limit / 20)) }

    mutating func read() -> Duration {
        let now = prk_clock_ns()
        passed += min(.nanoseconds(now - last), step * 2)
        last = now
        return passed
    }
}

/// Hands work to worker processes, takes their answers and replaces the dead: one loop that waits for
/// answers, deaths and new work at once, and for nothing else.
///
/// The ledger is the list of what each worker holds, in the order of its answers. A worker that dies has
/// begun the first of it at most; the others go back as if they had never been handed out.
///
/// It belongs to the thread that started the run.
@safe struct Supervisor<Flow: WorkFlow> {
    /// Work, and how many workers it has ended.
    private struct Held {
        let work: Flow.Work
        var deaths = 0
        var cost = 0.0
    }

    @safe private struct Worker {
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
    private let doorbell: Doorbell?
    /// Of the job's flag; -1 when there is none, or when it has rung.
    private var cancelBell: Int32
    private let job: PoolJob
    private let maker: WorkerMaker
    private let channel: ProcessChannel
    private let mirrorsCancel: Bool
    private let faults: ProcessFaults
    private let wanted: Int
    private var workers: [Worker] = []
    private var descriptors: [pollfd] = []
    /// Work that was handed out and came back undone, the last one first.
    private var replays: [Held] = []
    private var inputEnded = false
    /// How long work has taken of late beside its cost, which is an upper bound.
    private var pace = 1.0
    private var clock: RunningTime
    private var deathsSinceAnswer = 0
    private var lastSignal: Int32?

    /// How long a worker may take to notice that the run has ended, or was cancelled: to be over within
    /// 100 ms.
    private static var grace: Duration { .milliseconds(1000) }
    private static var graceWhenCancelled: Duration { .milliseconds(60) }

    /// Starts the workers.
    ///
    /// - Parameters:
    ///   - job: What is done with the numbers.
    ///   - pool: Whose workers they are.
    ///   - doorbell: Rings when the flow has something new.
    ///   - measures: Whether the CPU time of requests is wanted.
    /// - Throws: ``PoolError`` when there is no worker.
    init(
        _ job: PoolJob, of pool: ProcessPool, _ doorbell: Doorbell? = nil, measures: Bool
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
    private mutating func start(_ id: Int) -> Int32 {
        let error = faults.forkError(id)
        if error != 0 { return error }
        let handle = unsafe maker.make()
        guard let handle = unsafe handle else { return errno }
        unsafe workers.append(Worker(id: id, handle: handle))
        return 0
    }

    /// How a worker ended; `nil` for both when somebody else has reaped it.
    private func reap(_ worker: Worker) -> (signal: Int32?, status: Int32?) {
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

    /// Waits some 2 µs for an answer in memory that is soon to come: a wake-up costs ten times that.
    ///
    /// While tests take longer the core is of more use to a worker.
    private func awaitMail() -> Bool {
        let isSoon = workers.indices.contains {
            (workers[$0].held.first?.cost ?? .infinity) * pace < 20_000
        }
        if !isSoon || channel != .shm { return false }
        for _ in 0..<100 {
            for place in workers.indices
            where unsafe prk_worker_has_mail(workers[place].handle) {
                return true
            }
            prk_relax()
        }
        return false
    }

    /// How long to wait: answers, chunks and the flag ring, so it is for workers that do not answer.
    private mutating func patience() -> Int {
        let most = cancelBell < 0 ? 20 : 1000
        guard let next = workers.compactMap(\.deadline).min() else { return most }
        let left = min(next - clock.read(), clock.step) / .milliseconds(1)
        return max(0, min(most, Int(left.rounded(.up))))
    }

    private mutating func wait(milliseconds: Int, _ flow: inout Flow) throws(PoolError) {
        var mayWait = milliseconds > 0
        if mayWait {
            for worker in workers where unsafe !prk_worker_announce_sleep(worker.handle) {
                mayWait = false
            }
        }
        let most = Int(PRK_WORKER_DESCRIPTORS)
        if descriptors.count < 2 + most * workers.count {
            descriptors = [pollfd](repeating: pollfd(), count: 2 + most * workers.count)
        }
        var used = 0
        for bell in [doorbell?.descriptor ?? -1, cancelBell] where bell >= 0 {
            descriptors[used] = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
            used += 1
        }
        let bells = used
        for place in workers.indices {
            let first = used
            unsafe descriptors.withUnsafeMutableBufferPointer { all in
                guard let start = all.baseAddress else { return }
                // There is room for the most that each can fill.
                used += unsafe Int(prk_worker_watch(workers[place].handle, start + first))
            }
            workers[place].watched = first..<used
        }
        let ready = unsafe poll(&descriptors, nfds_t(used), mayWait ? Int32(milliseconds) : 0)
        let error = errno
        if milliseconds > 0 {
            for worker in workers { unsafe prk_worker_announce_return(worker.handle) }
        }
        if ready < 0 {
            if error == EINTR { return }
            throw .system(call: "poll", error: error)
        }
        if ready == 0 { return }
        for bell in descriptors[..<bells] where bell.revents != 0 {
            if bell.fd == cancelBell { cancelBell = -1 } else { doorbell?.clear() }
        }
        for place in workers.indices.reversed() {
            let process = unsafe prk_worker_process(workers[place].handle)
            var isReady = false
            var hasEnded = false
            for entry in workers[place].watched where descriptors[entry].revents != 0 {
                isReady = true
                hasEnded = hasEnded || descriptors[entry].fd == process
            }
            if isReady { try look(at: place, hasEnded: hasEnded, &flow) }
        }
    }

    /// Takes the answers of the worker at `place` that are there, and buries the worker if it is dead.
    private mutating func look(
        at place: Int, hasEnded: Bool, _ flow: inout Flow
    ) throws(PoolError) {
        while true {
            switch unsafe prk_worker_poll(workers[place].handle) {
            case 0: takeAnswer(place, &flow)
            case EAGAIN:
                if hasEnded { try bury(place, &flow) }
                return
            default:
                try bury(place, &flow)
                return
            }
        }
    }

    /// Takes the complete answer of the worker at `place`.
    private mutating func takeAnswer(_ place: Int, _ flow: inout Flow) {
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
    private mutating func deadline() -> Duration? { job.timeout.map { clock.read() + $0 } }

    /// Whether another piece of work would only wait behind what a worker has.
    ///
    /// It gets so much that it does not sleep between two answers of the supervisor, and no more. What it
    /// has not begun can be taken back from shared memory alone, so on a stream the estimate has to be an
    /// upper bound.
    private func isFull(_ place: Int) -> Bool {
        workers[place].isStuffed || workers[place].load * (channel == .shm ? pace : 1) >= 100_000
            || workers[place].held.count == Int(PRK_WORKER_DEPTH)
    }

    /// Learns from the answers that were taken in a round.
    private mutating func learn() {
        let now = prk_clock_ns()
        for place in workers.indices where workers[place].answered > 0 {
            let sample = Double(now - workers[place].busySince) / workers[place].answered
            // Harder numbers show at once, easier ones by and by: a worker that was held up is no measure.
            pace = min(1, max(sample, 0.75 * pace + 0.25 * sample))
            workers[place].busySince = now
            workers[place].answered = 0
        }
    }

    /// Something that another worker has not begun, for one that has nothing to do.
    private mutating func takeBack() -> Held? {
        var most = 1
        var richest: Int?
        for place in workers.indices where workers[place].held.count > most {
            most = workers[place].held.count
            richest = place
        }
        guard let richest, unsafe prk_worker_take_back(workers[richest].handle),
            let held = workers[richest].held.popLast()
        else { return nil }
        workers[richest].load -= held.cost
        return held
    }

    /// Gives workers what there is, each in turn.
    private mutating func assign(_ flow: inout Flow) {
        var mayTake = true
        while mayTake {
            mayTake = false
            var isDry = false
            for place in workers.indices.reversed() where !isFull(place) {
                var work = isDry ? nil : next(&flow)
                isDry = work == nil
                if work == nil && workers[place].held.isEmpty { work = takeBack() }
                guard let next = work else { continue }
                let error = unsafe flow.send(next.work, to: workers[place].handle)
                if error == EAGAIN || error == EPIPE {
                    // No room, or it is dead, which the next look shows. Others may take it.
                    workers[place].isStuffed = true
                    replays.append(next)
                    mayTake = true
                    continue
                }
                if error == ENOMEM {
                    // It may have got a part of it: of no use any more.
                    unsafe prk_worker_kill(workers[place].handle)
                    workers[place].isStuffed = true
                    flow.giveUp(next.work, worker: workers[place].id, .test(.outOfMemory))
                    continue
                }
                if workers[place].held.isEmpty {
                    workers[place].busySince = prk_clock_ns()
                    workers[place].deadline = deadline()
                }
                workers[place].held.append(next)
                workers[place].load += next.cost
                workers[place].isToWake = true
                mayTake = true
            }
        }
        for place in workers.indices where workers[place].isToWake {
            workers[place].isToWake = false
            unsafe prk_worker_wake(workers[place].handle)
        }
    }

    private mutating func next(_ flow: inout Flow) -> Held? {
        if let replay = replays.popLast() { return replay }
        if inputEnded { return nil }
        switch flow.next() {
        case .nothingYet: return nil
        case .element(let work): return Held(work: work, cost: flow.cost(work))
        case .ended:
            inputEnded = true
            return nil
        }
    }

    /// What nobody is there to do: the run was cancelled, and its workers could not be replaced.
    private mutating func giveUpTheRest(_ flow: inout Flow) {
        while let held = next(&flow) { flow.giveUp(held.work, worker: 0, .cancelled) }
    }

    /// Reaps a dead worker, starts another one, and sees to what it held.
    private mutating func bury(_ place: Int, _ flow: inout Flow) throws(PoolError) {
        var worker = workers.remove(at: place)
        // Its channel may be broken though it lives: make sure.
        unsafe prk_worker_kill(worker.handle)
        let end = reap(worker)
        let hadStarted = unsafe prk_worker_has_started(worker.handle)
        unsafe prk_worker_destroy(worker.handle)
        lastSignal = end.signal
        // Those that we ended took their time, which bounds them.
        if !worker.isTimedOut { deathsSinceAnswer += 1 }
        var isFirst = true
        var back: [Held] = []
        while var held = worker.held.popFirst() {
            defer { isFirst = false }
            if job.cancel.isCancelled {
                flow.giveUp(held.work, worker: worker.id, .cancelled)
            } else if isFirst && worker.isTimedOut {
                narrow(held.work, worker: worker.id, .timedOut, &flow)
            } else {
                held.deaths += isFirst && hadStarted ? 1 : 0
                if held.deaths == 2 {
                    let failure = ChunkFailure.workerDied(
                        signal: end.signal, exitStatus: end.status)
                    narrow(held.work, worker: worker.id, failure, &flow)
                } else {
                    back.append(held)
                }
            }
        }
        replays += back.reversed()
        // Finding one number among a million takes 24 deaths.
        if deathsSinceAnswer > 4 * wanted + 32 {
            throw .workersKeepDying(count: deathsSinceAnswer, signal: lastSignal)
        }
        let error = start(worker.id)
        if error != 0 && workers.isEmpty && !job.cancel.isCancelled {
            throw .noWorkers(wanted: wanted, error: error)
        }
        if worker.isTimedOut || job.cancel.isCancelled { return }
        job.notify?(
            .workerDied(
                worker: worker.id, signal: end.signal, exitStatus: end.status,
                isReplaced: error == 0))
    }

    /// Halves work that cannot be done, or gives up the number that is alone in it.
    private mutating func narrow(
        _ work: Flow.Work, worker: Int, _ failure: ChunkFailure, _ flow: inout Flow
    ) {
        if flow.count(work) == 1 {
            flow.giveUp(work, worker: worker, failure)
            return
        }
        for half in flow.halve(work).reversed() {
            // One of them is known to end workers; a single number is not blamed for its chunk.
            let deaths = failure != .timedOut && flow.count(half) > 1 ? 1 : 0
            replays.append(Held(work: half, deaths: deaths, cost: flow.cost(half)))
        }
    }

    /// Ends workers whose time is over; that they have ended shows as any other death does.
    private mutating func endLateWorkers() {
        if job.timeout == nil { return }
        let now = clock.read()
        for place in workers.indices {
            guard let deadline = workers[place].deadline, deadline <= now else { continue }
            workers[place].deadline = nil
            workers[place].isTimedOut = true
            unsafe prk_worker_kill(workers[place].handle)
        }
    }

    private func killBusy() {
        for worker in workers where !worker.held.isEmpty { unsafe prk_worker_kill(worker.handle) }
    }

    /// Gives every worker the poison pill and waits for its exit.
    ///
    /// Workers that hold something, after an error, are killed instead, and those that do not go.
    mutating func stop() {
        for worker in workers {
            var pill = WorkerRequest()
            pill.kind = UInt64(PRK_REQUEST_STOP)
            let error =
                unsafe worker.held.isEmpty
                ? prk_worker_send(worker.handle, &pill, nil, nil) : EBUSY
            if error == 0 {
                unsafe prk_worker_wake(worker.handle)
            } else {
                unsafe prk_worker_kill(worker.handle)
            }
        }
        let grace = job.cancel.isCancelled ? Self.graceWhenCancelled : Self.grace
        let deadline = ContinuousClock.now + grace
        for worker in workers {
            let left = max(0, Int((deadline - .now) / .milliseconds(1)))
            if unsafe !prk_worker_await_end(worker.handle, Int32(left)) {
                unsafe prk_worker_kill(worker.handle)
            }
            _ = reap(worker)
            unsafe prk_worker_destroy(worker.handle)
        }
        workers = []
    }
}
