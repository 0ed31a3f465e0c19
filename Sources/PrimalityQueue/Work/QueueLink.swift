// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityPool
internal import PrimalityRuns

/// What binds a worker process to a queue: one thread, which alone talks to the store.
///
/// It claims ahead, so that no core waits for a claim; sends results several at a time; renews leases at a third of
/// their length; and connects again when the server was away, while what was claimed is tested on. Everybody else
/// finds leases and leaves results in memory.
final class QueueLink: WorkSupply {
    private struct State {
        /// Chunks that were claimed and not begun.
        var stock: [(lease: Lease, spec: BatchSpec)] = []
        var held: Set<LeaseKey> = []
        /// What is held is to be alone.
        var isAlone = false
        /// Those of the present run that are held no more.
        var lost: Set<LeaseKey> = []
        var finished: [FinishedChunk] = []
        /// Since when the first of them waits.
        var finishedSince = ContinuousClock.now
        /// CPU time over estimated cost, of late.
        var ratio = 1.0
        /// Nothing will be claimed any more.
        var isOver = false
        var failure: QueueError?
        /// The worker wants to go: what it holds is given back.
        var isLeaving = false
        /// How many results were stored, and how many refused.
        var stored = 0
        var refused = 0
        /// The batch that is being tested, and what ends that.
        var running: (batch: Int, cancel: CancelFlag)?

        /// Ends the run of a batch that has lost all of its leases: it was cancelled or paused.
        func endRunWithoutLeases() {
            guard let running, lost.contains(where: { $0.batch == running.batch }),
                !held.contains(where: { $0.batch == running.batch })
            else { return }
            running.cancel.cancel()
        }
    }

    /// A claim lasts so many seconds for each worker thread or process, and the next one is made at half of that.
    private static let ahead = 10.0
    private static let mostAtOnce = 1000
    private static let mostBytesAtOnce = 1 << 26
    private static let longestPause = 2.0
    private static let mostIntroductions = 5
    /// How long a result waits for others.
    private static let gathering = Duration.milliseconds(20)
    /// Results that are sent in one call.
    private static let mostResults = 500
    private static let mostResultBytes = 1 << 25

    private let plan: QueueWorker.Plan
    private let state = Monitor(State())
    private let thread = Monitor<WorkerThread?>(nil)

    init(_ plan: QueueWorker.Plan) { self.plan = plan }

    /// Starts the thread.
    func start() throws(PoolError) {
        let started = try WorkerThread(name: "prk-queue") { [self] in
            var talk = Talk(self)
            talk.run()
        }
        thread.withLock { $0 = started }
    }

    /// Sends what is finished, gives back what is not, and ends the thread.
    ///
    /// - Returns: Why it could not go on, if that was so; how many results were stored, and refused.
    func leave() -> (failure: QueueError?, stored: Int, refused: Int) {
        state.withLock(wake: true) { $0.isLeaving = true }
        thread.withLock { $0.take() }?.join()
        return state.withLock { ($0.failure, $0.stored, $0.refused) }
    }

    /// The batch that the next chunk is of, waited for; `nil` when there is none and will be none.
    func nextBatch() -> (id: Int, spec: BatchSpec)? {
        state.wait(lookingEvery: 50) { [plan] state -> (id: Int, spec: BatchSpec)?? in
            if plan.cancel.isCancelled { return .some(nil) }
            if let next = state.stock.first { return (next.lease.key.batch, next.spec) }
            return state.isOver ? .some(nil) : nil
        }
    }

    // MARK: WorkSupply

    func take(of batch: Int) -> WorkTaken {
        state.withLock(wake: true) { state in
            // A run that was ended would not test it, nor give it back.
            if state.running?.cancel.isCancelled == true { return .end }
            guard let next = state.stock.first else { return state.isOver ? .end : .nothingYet }
            if next.lease.key.batch != batch { return .end }
            state.stock.removeFirst()
            return .lease(next.lease)
        }
    }

    func isLost(_ key: LeaseKey) -> Bool { state.withLock { $0.lost.contains(key) } }

    /// The run of a batch begins; `cancel` ends it when nobody wants its results any more.
    func beginRun(of batch: Int, cancel: CancelFlag) {
        state.withLock { $0.running = (batch, cancel) }
    }

    func endRun() {
        state.withLock { state in
            state.running = nil
            state.lost = []
        }
    }

    func finish(_ chunk: FinishedChunk) {
        state.withLock(wake: true) { state in
            // It was counted when it was lost.
            if state.lost.remove(chunk.key) != nil { return }
            if state.finished.isEmpty { state.finishedSince = .now }
            state.finished.append(chunk)
            let ratio = Double(chunk.nanoseconds) / 1e9 / max(chunk.cost, 1e-9)
            state.ratio += (min(max(ratio, 0.001), 10) - state.ratio) / 8
        }
    }

    func waitAMoment() {
        var isLate = false
        state.wait(lookingEvery: 20) { _ -> Void? in
            defer { isLate = true }
            return isLate ? () : nil
        }
    }

    func wake() { state.withLock(wake: true) { _ in } }
    func note(_ message: String) { plan.note(message) }
    func tested(_ count: Int) { plan.tested(count) }

    // MARK: The thread

    /// What the thread does.
    private struct Talk {
        private let link: QueueLink
        private let plan: QueueWorker.Plan
        private var store: (any QueueStore)?
        private var hint: LeaseHint?
        private var spec: BatchSpec?
        /// Batches of which it was said what is wrong with them.
        private var told: Set<Int> = []
        private var lease = 60.0
        /// What a chunk of late has: its cost and its bytes.
        private var chunkCost = 0.0
        private var chunkBytes = 0.0
        private var renewed = ContinuousClock.now
        private var nextClaim = ContinuousClock.now
        private var pause = 0.0
        /// Since when the server is away, and how long to wait.
        private var awaySince: ContinuousClock.Instant?
        private var backoff = 0.0
        private var nextTry = ContinuousClock.now
        /// How often in a row the store did not know this worker.
        private var introductions = 0

        init(_ link: QueueLink) {
            self.link = link
            plan = link.plan
        }

        private enum Task {
            case connect
            case send([FinishedChunk])
            case renew
            case claim(Int)
            case leave
        }

        mutating func run() {
            while true {
                let task = wait()
                do throws(QueueError) {
                    switch task {
                    case .connect: try connect()
                    case .send(let chunks): try send(chunks)
                    case .renew: try renew(areAll: false)
                    case .claim(let most): try claim(most)
                    case .leave:
                        try giveBack()
                        return
                    }
                } catch {
                    if !recover(from: error) { return }
                }
            }
        }

        /// What is to be done next, waited for.
        private mutating func wait() -> Task {
            let (lease, hasStore) = (lease, store != nil)
            let (renewed, nextClaim, nextTry) = (renewed, nextClaim, nextTry)
            let (chunkCost, chunkBytes) = (chunkCost, chunkBytes)
            let plan = plan
            return link.state.wait(lookingEvery: 20) { state -> Task? in
                let now = ContinuousClock.now
                if !hasStore {
                    if state.isLeaving && state.finished.isEmpty && state.held.isEmpty {
                        return .leave
                    }
                    return now >= nextTry || state.isLeaving ? .connect : nil
                }
                // A moment later there may be more to send at once, unless everything is there.
                let isDue =
                    state.finished.count >= state.held.count || state.isLeaving
                    || state.finished.count >= QueueLink.mostResults
                    || now - state.finishedSince >= QueueLink.gathering
                if !state.finished.isEmpty && isDue {
                    var bytes = 0
                    let chunks = state.finished.prefix { chunk in
                        bytes += chunk.payload.count
                        return bytes <= QueueLink.mostResultBytes
                    }
                    return .send(
                        Array(
                            chunks.isEmpty
                                ? state.finished.prefix(1)
                                : chunks.prefix(QueueLink.mostResults)))
                }
                if state.isLeaving { return .leave }
                if now - renewed >= .seconds(lease / 3) { return .renew }
                if state.isOver || plan.cancel.isCancelled || now < nextClaim { return nil }
                if state.isAlone && !state.held.isEmpty { return nil }
                let most = Self.wanted(state, plan, cost: chunkCost, bytes: chunkBytes)
                return most > 0 ? .claim(most) : nil
            }
        }

        /// How many chunks to claim now.
        private static func wanted(
            _ state: State, _ plan: QueueWorker.Plan, cost: Double, bytes: Double
        ) -> Int {
            if let claim = plan.claim { return state.stock.count < claim ? claim : 0 }
            let workers = Double(plan.worker.workers)
            let candidates = state.stock.reduce(0) { $0 + $1.lease.count }
            let seconds = state.stock.reduce(0) { $0 + $1.lease.cost } * state.ratio
            let isLow =
                seconds < QueueLink.ahead / 2 * workers || candidates < 2 * plan.worker.workers
            if !isLow { return 0 }
            // Nothing is known before the first one.
            if cost == 0 { return 1 }
            let missing = max(1, (QueueLink.ahead * workers - seconds) / (cost * state.ratio))
            let most = min(
                Double(QueueLink.mostAtOnce), Double(QueueLink.mostBytesAtOnce) / max(1, bytes))
            return Int(max(1, min(missing.rounded(.up), most)))
        }

        private mutating func connect() throws(QueueError) {
            let store = try plan.open(
                link.state.withLock { $0.isLeaving } ? CancelFlag() : plan.cancel)
            self.store = store
            try renew()
            if awaySince != nil { plan.note("the queue is there again") }
            awaySince = nil
            backoff = 0
        }

        private mutating func renew(areAll: Bool = true) throws(QueueError) {
            guard let store else { return }
            let held = link.state.withLock { $0.held }
            let lost = try store.renew(plan.worker, Array(held), areAll: areAll)
            renewed = .now
            if lost.isEmpty { return }
            link.state.withLock(wake: true) { state in
                var gone = Set(lost)
                state.held.subtract(gone)
                // What waits to be sent may be stored by a call whose answer did not come: the store knows.
                for chunk in state.finished { gone.remove(chunk.key) }
                state.stock.removeAll { gone.remove($0.lease.key) != nil }
                state.lost.formUnion(gone)
                state.refused += gone.count
                state.endRunWithoutLeases()
            }
        }

        private mutating func claim(_ most: Int) throws(QueueError) {
            guard let store else { return }
            let isFree = link.state.withLock { $0.held.isEmpty }
            let found = try store.claim(plan.worker, most: most, hint: hint, isFree: isFree)
            introductions = 0
            // In this order no number has no place.
            lease = min(max(0.1, found.duration), 86400)
            guard let last = found.leases.last else { return take(nothing: found) }
            if let damage = found.damage { return fail(found.leases, damage) }
            guard let spec = found.spec ?? self.spec else {
                throw .damaged("the queue gave chunks and not what is to be done with them")
            }
            self.spec = spec
            hint = LeaseHint(batch: last.key.batch, chunk: last.key.chunk &+ 1)
            let count = Double(found.leases.count)
            chunkCost = found.leases.reduce(0) { $0 + $1.bounded.cost } / count
            chunkBytes = Double(found.leases.reduce(0) { $0 + $1.payload.count }) / count
            pause = 0
            nextClaim = .now
            link.state.withLock(wake: true) { state in
                state.isAlone = found.leases.contains(where: \.isAlone)
                for lease in found.leases.map(\.bounded) {
                    state.stock.append((lease, spec))
                    state.held.insert(lease.key)
                }
            }
        }

        /// Gives chunks that nobody can test a result that says so: else every worker would end at them.
        private mutating func fail(_ leases: [Lease], _ damage: String) {
            if told.insert(leases[0].key.batch).inserted { plan.note(damage) }
            hint = nil
            link.state.withLock(wake: true) { state in
                for lease in leases.map(\.bounded) {
                    var payload = ResultPayload(count: lease.count)
                    payload.fail(.threw(damage))
                    state.held.insert(lease.key)
                    state.finished.append(
                        FinishedChunk(
                            key: lease.key, cost: lease.cost, counts: payload.counts,
                            nanoseconds: 0, payload: payload.encoded))
                }
            }
        }

        private mutating func take(nothing found: Claim) {
            pause = min(QueueLink.longestPause, max(0.1, pause * 1.5))
            nextClaim = .now + .seconds(pause * .random(in: 0.8...1.2))
            let ending = plan.ending
            link.state.withLock(wake: true) { state in
                let isIdle = state.held.isEmpty && state.stock.isEmpty
                switch ending {
                case .never: return
                case .once: state.isOver = true
                case .whenDone: state.isOver = isIdle && found.elsewhere == 0
                }
            }
        }

        private mutating func send(_ chunks: [FinishedChunk]) throws(QueueError) {
            guard let store else { return }
            let stored = try store.finish(plan.worker, chunks)
            if stored.count != chunks.count {
                throw .damaged(
                    "the queue was given \(chunks.count) results and tells of \(stored.count)")
            }
            introductions = 0
            // Also of those that are refused: somebody else has them.
            for chunk in chunks {
                for number in chunk.kept { plan.longTests?.forget(number) }
            }
            let isIdle = link.state.withLock(wake: true) { state -> Bool in
                state.finished.removeFirst(min(chunks.count, state.finished.count))
                for (chunk, isStored) in zip(chunks, stored) {
                    state.held.remove(chunk.key)
                    if isStored { state.stored += 1 } else { state.refused += 1 }
                }
                return state.held.isEmpty
            }
            // Whether there is more to do is worth knowing now.
            if isIdle { nextClaim = .now }
        }

        /// Gives back what is held.
        private mutating func giveBack() throws(QueueError) {
            guard let store, !link.state.withLock({ $0.held.isEmpty }) else { return }
            _ = try store.renew(plan.worker, [], areAll: true)
        }

        /// Goes on after an error; `false` when that makes no sense.
        private mutating func recover(from error: QueueError) -> Bool {
            if error.kind == .unknownWorker {
                introductions += 1
                if introductions > QueueLink.mostIntroductions { return give(up: error) }
                do throws(QueueError) {
                    try renew()
                    return true
                } catch {
                    return recover(from: error)
                }
            }
            guard error.kind == .unreachable else { return give(up: error) }
            let now = ContinuousClock.now
            store = nil
            let since = awaySince ?? now
            if awaySince == nil {
                awaySince = now
                if !plan.cancel.isCancelled {
                    plan.note("\(error.message); trying again for \(Int(plan.giveUp)) s")
                }
            }
            // Who leaves does not wait for a server that is away.
            let patience = link.state.withLock { $0.isLeaving } ? min(2, plan.giveUp) : plan.giveUp
            if now - since >= .seconds(patience) { return give(up: error) }
            backoff = min(5, max(0.1, backoff * 2))
            nextTry = now + .seconds(backoff * .random(in: 0.5...1))
            if link.state.withLock({ $0.isLeaving }) { link.waitAMoment() }
            return true
        }

        private func give(up error: QueueError) -> Bool {
            link.state.withLock(wake: true) { state in
                state.failure = error
                state.isOver = true
                state.stock = []
                state.lost.formUnion(state.held)
                state.held = []
                state.endRunWithoutLeases()
            }
            return false
        }
    }
}
