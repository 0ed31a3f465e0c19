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

/// One run: hands work to worker processes and takes their answers.
///
/// One loop waits for answers, deaths and new work at once, and for nothing else.
///
/// The ledger is the list of what each worker holds, in the order of its answers. A worker that dies has
/// begun the first of it at most; the others go back as if they had never been handed out.
///
/// The workers are the crew's, which it borrows. It belongs to the crew's thread.
@safe struct Supervisor<Flow: WorkFlow> {
    /// Work, and how many workers it has ended.
    struct Held {
        let work: Flow.Work
        var deaths = 0
        var cost = 0.0
    }

    @safe struct Worker {
        let member: ProcessCrew.Member
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
        /// There was no memory for its answer, and so the rest of the answer cannot be told from the next.
        var hasOverflowed = false
        /// Its entries in the supervisor's list of descriptors.
        var watched = 0..<0

        var id: Int { member.id }
        var handle: OpaquePointer { unsafe member.handle }

        init(_ member: ProcessCrew.Member) { self.member = member }
    }

    /// Rings when the flow has something new; `nil` when it always has what it will have.
    let doorbell: Doorbell?
    /// Of the job's flag; -1 when there is none, or when it has rung.
    var cancelBell: Int32
    let job: PoolRun
    let crew: ProcessCrew
    var workers: [Worker] = []
    var descriptors: [pollfd] = []
    /// Work to do again after its worker died; a stack.
    var replays: [Held] = []
    var inputEnded = false
    /// How long work has taken of late beside its cost, which is an upper bound.
    var pace = 1.0
    var clock: RunningTime
    var deathsSinceAnswer = 0
    /// A worker was given the core of this thread.
    var hasLeftTheCore = false
    var lastSignal: Int32?

    /// Borrows the workers of a crew, which know the job.
    ///
    /// - Parameters:
    ///   - job: What is done with the numbers.
    ///   - crew: Whose workers they are; ``ProcessCrew/begin(_:measures:)`` was called.
    ///   - doorbell: Rings when the flow has something new.
    init(_ job: PoolRun, _ crew: ProcessCrew, _ doorbell: Doorbell? = nil) {
        self.job = job
        self.crew = crew
        self.doorbell = doorbell
        clock = RunningTime(for: job.timeout ?? .seconds(2))
        cancelBell = job.cancel.bell
        workers = crew.lend().map { Worker($0) }
    }

    /// Starts worker `id`; 0 or an errno.
    mutating func start(_ id: Int) -> Int32 {
        let error = crew.start(id)
        workers += crew.lend().map { Worker($0) }
        return error
    }

    /// Runs until all work is done or given up.
    mutating func run(_ flow: inout Flow) throws(PoolError) {
        var cancelled: ContinuousClock.Instant?
        var rounds = 0
        // A run that was cancelled before tests nothing.
        if job.cancel.isCancelled { raiseFlags() }
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
                    if error != EAGAIN { try bury(place, after: error, &flow) }
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
                raiseFlags()
                if .now - since > ProcessCrew.graceWhenCancelled { killBusy() }
            }
        }
    }

    private func raiseFlags() {
        if !crew.mirrorsCancel { return }
        for worker in workers { unsafe prk_worker_raise(worker.handle) }
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
