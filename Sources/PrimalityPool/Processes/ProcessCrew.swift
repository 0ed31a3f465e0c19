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

/// Worker processes: starts them, tells them the job of each run, replaces the dead and ends them.
///
/// It knows nothing of work. A ``Supervisor`` borrows the workers for a run and gives them back.
///
/// It belongs to the thread that made it, which forks the workers: they end with that thread.
@safe final class ProcessCrew {
    /// A worker process.
    @safe struct Member {
        let id: Int
        /// The owner's side in C.
        let handle: OpaquePointer
    }

    /// How a worker ended; `signal` and `status` are `nil` when somebody else has reaped it.
    struct End {
        let signal: Int32?
        let status: Int32?
        /// It had begun its oldest request.
        let hadStarted: Bool
    }

    let channel: ProcessChannel
    let wanted: Int
    /// Workers have flags of their own, which are raised with the run's; else they see the run's.
    let mirrorsCancel: Bool
    /// Rings when a feeder has something new.
    ///
    /// It is made before the workers, who might leave no descriptor.
    let doorbell: Doorbell
    private let faults: ProcessFaults
    private var maker: WorkerMaker
    /// Those that no run has borrowed.
    private var members: [Member] = []
    private var descriptors: [pollfd] = []

    /// How long a worker may take to notice that it is to end, and when it is to be over within 100 ms.
    static var grace: Duration { .milliseconds(1000) }
    static var graceWhenCancelled: Duration { .milliseconds(60) }

    /// Makes a crew without workers: ``begin(_:measures:)`` starts them.
    ///
    /// - Parameters:
    ///   - pool: What the workers are.
    ///   - stays: Whether there will be more runs than one.
    /// - Throws: ``PoolError`` when such workers cannot be had here.
    init(_ pool: ProcessPool, stays: Bool) throws(PoolError) {
        channel = pool.channel
        wanted = pool.workers
        faults = pool.faults
        maker = try WorkerMaker(pool, stays: stays)
        doorbell = try Doorbell()
        mirrorsCancel = stays || pool.workerKind != .kernel
    }

    /// There is not a single worker.
    var isEmpty: Bool { members.isEmpty }

    /// Starts what is missing; 0, or an errno when that is not all.
    func fill() -> Int32 {
        let present = Set(members.map(\.id))
        for id in 0..<wanted where !present.contains(id) {
            let error = start(id)
            if error != 0 { return error }
        }
        return 0
    }

    /// Starts worker `id`; 0 or an errno.
    func start(_ id: Int) -> Int32 {
        let error = faults.forkError(id)
        if error != 0 { return error }
        let handle = unsafe maker.make()
        guard let handle = unsafe handle else { return errno }
        unsafe members.append(Member(id: id, handle: handle))
        return 0
    }

    /// Makes the crew ready for a run: whole again, and every worker knows the job.
    ///
    /// - Parameters:
    ///   - job: What is done with the numbers.
    ///   - measures: Whether the CPU time of requests is wanted.
    /// - Throws: ``PoolError/noWorkers(wanted:error:)``.
    func begin(_ job: PoolRun, measures: Bool) throws(PoolError) {
        buryTheDead()
        unsafe maker.prepare(job, wordEngine: faults.wordEngine, measures: measures)
        // Those that are started from now on know it from birth.
        for member in members { unsafe maker.tell(member.handle) }
        let error = fill()
        if members.isEmpty { throw .noWorkers(wanted: wanted, error: error) }
        if error != 0 {
            job.notify?(.fewerWorkers(started: members.count, wanted: wanted, error: error))
        }
    }

    /// Gives the workers away, until ``takeBack(_:)``.
    func lend() -> [Member] {
        defer { members = [] }
        return members
    }

    /// Takes workers that hold nothing.
    func takeBack(_ returned: [Member]) { members += returned }

    /// Kills a worker, unless it is dead, and reaps it.
    func bury(_ member: Member) -> End {
        unsafe prk_worker_kill(member.handle)
        return reap(member)
    }

    private func reap(_ member: Member) -> End {
        var signal: Int32 = 0
        let status = unsafe maker.reap(member.handle, &signal)
        let hadStarted = unsafe prk_worker_has_started(member.handle)
        unsafe prk_worker_destroy(member.handle)
        return End(
            signal: status < 0 || signal == 0 ? nil : signal,
            status: status < 0 || signal != 0 ? nil : status, hadStarted: hadStarted)
    }

    /// Reaps those that died between runs.
    private func buryTheDead() {
        members.removeAll { member in
            // A worker without requests has nothing to say.
            let isAlive =
                unsafe prk_worker_poll(member.handle) == EAGAIN
                && !prk_worker_await_end(member.handle, 0)
            if !isAlive { _ = bury(member) }
            return !isAlive
        }
    }

    /// Waits until the bell rings, and reaps meanwhile who dies.
    func rest(until bell: Doorbell) {
        while true {
            let most = Int(PRK_WORKER_DESCRIPTORS)
            descriptors = [pollfd](repeating: pollfd(), count: 1 + most * members.count)
            descriptors[0] = pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)
            var used = 1
            for member in members {
                unsafe descriptors.withUnsafeMutableBufferPointer { all in
                    guard let start = all.baseAddress else { return }
                    // There is room for the most that each can fill.
                    used += unsafe Int(prk_worker_watch(member.handle, start + used))
                }
            }
            var ready = unsafe poll(&descriptors, nfds_t(used), -1)
            // Without memory for all, the dead are seen when the next run begins.
            if ready < 0 && errno != EINTR { ready = unsafe poll(&descriptors, 1, -1) }
            if ready <= 0 { continue }
            if descriptors[0].revents != 0 {
                bell.clear()
                return
            }
            buryTheDead()
        }
    }

    /// Gives every worker the poison pill and waits for its exit; kills those that do not go.
    ///
    /// - Parameter grace: How long all of them together may take.
    func stop(within grace: Duration) {
        for member in members {
            var pill = WorkerRequest()
            pill.kind = UInt32(PRK_REQUEST_STOP)
            if unsafe prk_worker_send(member.handle, &pill, nil, nil) == 0 {
                unsafe prk_worker_wake(member.handle)
            } else {
                unsafe prk_worker_kill(member.handle)
            }
        }
        let deadline = ContinuousClock.now + grace
        for member in members {
            let left = max(0, Int((deadline - .now) / .milliseconds(1)))
            if unsafe !prk_worker_await_end(member.handle, Int32(left)) {
                unsafe prk_worker_kill(member.handle)
            }
            _ = reap(member)
        }
        members = []
    }
}
