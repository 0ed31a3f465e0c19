// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityPool
import PrimalityQueue

/// A queue in memory, which follows the contract of stores to the letter, with a clock that tests set.
final class MemoryQueue: Sendable {
    struct Chunk {
        var draft: ChunkDraft
        var state = StoredChunk.State.open
        var attempt = 0
        var worker: Int?
        var until = 0.0
        /// The hosts that lost it.
        var lost: [String] = []
        var result: FinishedChunk?
        /// Whether a second test agreed.
        var second: Bool?
    }

    struct Batch {
        var draft: BatchDraft
        var end: BatchEnd
        var state = BatchStatus.State.open
        var chunks: [Chunk]
        /// Chunks in the order in which they were finished.
        var finished: [Int] = []

        func count(_ state: StoredChunk.State) -> Int { chunks.count { $0.state == state } }
    }

    struct State {
        var now = 0.0
        var lease = 60.0
        /// What it says how long they last, if that is not so.
        var duration: Double?
        var mostLosses = 3
        var batches: [Int: Batch] = [:]
        var last = 0
        var workers: [Int: WorkerDescription] = [:]
        /// How often each call was made.
        var calls: [Call: Int] = [:]
        /// What has broken the contract.
        var faults: [String] = []

        mutating func expire() {
            for (id, batch) in batches {
                for (i, leased) in batch.chunks.enumerated() {
                    var chunk = leased
                    if chunk.state != .leased || chunk.until >= now { continue }
                    chunk.lost.append(workers[chunk.worker ?? 0]?.host ?? "?")
                    chunk.state = chunk.lost.count >= mostLosses ? .failed : .open
                    chunk.worker = nil
                    batches[id]?.chunks[i] = chunk
                }
            }
        }
    }

    enum Call: CaseIterable, Sendable { case open, begin, add, end, renew, claim, finish, look }

    /// What goes wrong with a call.
    enum Fault: Sendable {
        case before(QueueError.Kind)
        /// It was carried out, and nobody learns of it.
        case after(QueueError.Kind)
        /// It takes so many seconds.
        case slow(Double)
    }

    /// Decides what goes wrong with a call, by its number among those of its kind, from 0.
    typealias Faults = @Sendable (Call, Int) -> Fault?

    let state = Monitor(State())

    /// Opens it for one thread.
    func open(_ faults: @escaping Faults = { _, _ in nil }) -> MemoryStore {
        MemoryStore(self, faults)
    }

    /// Opens it as workers do.
    func opener(_ faults: @escaping Faults = { _, _ in nil }) -> StoreOpener {
        { _ throws(QueueError) in
            let store = self.open(faults)
            try store.call(.open) { () throws(QueueError) in () }
            return store
        }
    }

    /// Lets all leases end.
    func expireAll() {
        state.withLock { state in
            state.now += 2 * state.lease
            state.expire()
        }
    }

    /// Lets all leases end, and gives what is open then to a worker, before anybody else can ask.
    func expireAll(for worker: WorkerDescription) -> [Lease] {
        state.withLock { state in
            state.workers[worker.id] = worker
            state.now += 2 * state.lease
            state.expire()
            return MemoryStore.claim(worker, .max, nil, true, &state).leases
        }
    }

    func batch(_ id: Int = 1) -> Batch? { state.withLock { $0.batches[id] } }
    func count(_ chunks: StoredChunk.State, _ id: Int = 1) -> Int { batch(id)?.count(chunks) ?? 0 }
    var faults: [String] { state.withLock { $0.faults } }
    func calls(_ call: Call) -> Int { state.withLock { $0.calls[call, default: 0] } }
}

/// A connection to it.
final class MemoryStore: QueueStore {
    private let queue: MemoryQueue
    private let faults: MemoryQueue.Faults
    private let isUsed = Monitor(false)
    private var begun: (draft: BatchDraft, chunks: [ChunkDraft])?

    init(_ queue: MemoryQueue, _ faults: @escaping MemoryQueue.Faults) {
        self.queue = queue
        self.faults = faults
    }

    var name: String { "memory" }
    var isSubmitting: Bool { begun != nil }

    /// Carries a call out, unless it is to go wrong.
    func call<Value>(
        _ call: MemoryQueue.Call, _ body: () throws(QueueError) -> Value
    ) throws(QueueError) -> Value {
        let wasUsed = isUsed.withLock { used in
            defer { used = true }
            return used
        }
        defer { isUsed.withLock { $0 = false } }
        let number = queue.state.withLock { state in
            if wasUsed { state.faults.append("two threads use a store: \(call)") }
            defer { state.calls[call, default: 0] += 1 }
            return state.calls[call, default: 0]
        }
        let fault = faults(call, number)
        if case .before(let kind) = fault { throw QueueError(kind, "before \(call)") }
        if case .slow(let seconds) = fault { rest(seconds) }
        let value = try body()
        if case .after(let kind) = fault { throw QueueError(kind, "after \(call)") }
        return value
    }

    func create(_ settings: QueueSettings) throws(QueueError) {
        queue.state.withLock { $0.lease = settings.lease }
    }

    // MARK: Submitting

    func beginBatch(_ batch: BatchDraft) throws(QueueError) -> Int {
        try call(.begin) { () throws(QueueError) in
            if begun != nil { throw QueueError(.refused, "a batch is begun") }
            begun = (batch, [])
            let id = queue.state.withLock { state -> Int? in
                if state.batches.values.contains(where: { $0.draft.name == batch.name }) {
                    return nil
                }
                state.last += 1
                return state.last
            }
            guard let id else { throw QueueError(.refused, "the name is taken") }
            return id
        }
    }

    func add(_ chunks: [ChunkDraft], to batch: Int) throws(QueueError) {
        try call(.add) { () throws(QueueError) in
            if begun == nil { throw QueueError(.refused, "nothing is begun") }
            begun?.chunks += chunks
        }
    }

    func endBatch(_ batch: Int, _ end: BatchEnd) throws(QueueError) {
        try call(.end) { () throws(QueueError) in
            guard let (draft, chunks) = begun else {
                throw QueueError(.refused, "nothing is begun")
            }
            let isKnown = queue.state.withLock { state in
                if state.batches.values.contains(where: { $0.end.digest == end.digest }) {
                    return true
                }
                state.batches[batch] = MemoryQueue.Batch(
                    draft: draft, end: end, chunks: chunks.map { MemoryQueue.Chunk(draft: $0) })
                return false
            }
            if isKnown { throw QueueError(.refused, "it is queued") }
            begun = nil
        }
    }

    func abandonBatch() { begun = nil }

    // MARK: Working

    func renew(
        _ worker: WorkerDescription, _ leases: [LeaseKey], areAll: Bool
    ) throws(QueueError) -> [LeaseKey] {
        try call(.renew) { () throws(QueueError) in
            queue.state.withLock { state in
                state.workers[worker.id] = worker
                let wanted = Set(leases)
                var held: Set<LeaseKey> = []
                for (id, batch) in state.batches {
                    for (i, chunk) in batch.chunks.enumerated()
                    where chunk.state == .leased && chunk.worker == worker.id {
                        let key = LeaseKey(batch: id, chunk: i, attempt: chunk.attempt)
                        if wanted.contains(key) && batch.state == .open {
                            held.insert(key)
                            state.batches[id]?.chunks[i].until = state.now + state.lease
                        } else if areAll || wanted.contains(key) {
                            state.batches[id]?.chunks[i].state = .open
                            state.batches[id]?.chunks[i].worker = nil
                        }
                    }
                }
                return leases.filter { !held.contains($0) }
            }
        }
    }

    func claim(
        _ worker: WorkerDescription, most: Int, hint: LeaseHint?, isFree: Bool
    ) throws(QueueError) -> Claim {
        try call(.claim) { () throws(QueueError) in
            let claim = queue.state.withLock { state -> Claim? in
                if state.workers[worker.id] == nil { return nil }
                state.expire()
                return Self.claim(worker, most, hint, isFree, &state)
            }
            guard let claim else { throw QueueError(.unknownWorker, "who is that?") }
            return claim
        }
    }

    fileprivate static func claim(
        _ worker: WorkerDescription, _ most: Int, _ hint: LeaseHint?, _ isFree: Bool,
        _ state: inout MemoryQueue.State
    ) -> Claim {
        var claim = Claim()
        claim.duration = state.duration ?? state.lease
        let batches = state.batches.filter { $0.value.state == .open }.sorted {
            ($1.value.draft.priority, $0.key) < ($0.value.draft.priority, $1.key)
        }
        for (id, batch) in batches {
            let all = batch.chunks.indices.filter { batch.chunks[$0].state == .open }
            var open = all.filter { batch.chunks[$0].lost.count < state.mostLosses - 1 }
            let isAlone = open.isEmpty && isFree
            if isAlone { open = Array(all.prefix(1)) }
            if let hint, hint.batch == id, open.contains(where: { $0 >= hint.chunk }) {
                open.removeAll { $0 < hint.chunk }
            }
            for i in open.prefix(most) {
                var chunk = batch.chunks[i]
                chunk.state = .leased
                chunk.attempt += 1
                chunk.worker = worker.id
                chunk.until = state.now + state.lease
                state.batches[id]?.chunks[i] = chunk
                claim.leases.append(
                    Lease(
                        key: LeaseKey(batch: id, chunk: i, attempt: chunk.attempt),
                        first: chunk.draft.first, count: chunk.draft.count,
                        cost: chunk.draft.cost, payload: chunk.draft.payload, isAlone: isAlone))
            }
            if !claim.leases.isEmpty {
                if hint?.batch != id { claim.spec = batch.draft.spec }
                return claim
            }
            if batch.count(.leased) == 0 { state.batches[id]?.state = .finished }
        }
        claim.elsewhere = state.batches.values.reduce(0) { $0 + $1.count(.leased) }
        return claim
    }

    func finish(
        _ worker: WorkerDescription, _ results: [FinishedChunk]
    ) throws(QueueError) -> [Bool] {
        try call(.finish) { () throws(QueueError) in
            let stored = queue.state.withLock { state -> [Bool]? in
                if state.workers[worker.id] == nil { return nil }
                return results.map { Self.finish(worker, $0, &state) }
            }
            guard let stored else { throw QueueError(.unknownWorker, "who is that?") }
            return stored
        }
    }

    private static func finish(
        _ worker: WorkerDescription, _ result: FinishedChunk, _ state: inout MemoryQueue.State
    ) -> Bool {
        let (id, i) = (result.key.batch, result.key.chunk)
        guard let batch = state.batches[id], batch.chunks.indices.contains(i) else { return false }
        let chunk = batch.chunks[i]
        if chunk.result?.key == result.key && chunk.worker == worker.id { return true }
        guard chunk.state == .leased, chunk.attempt == result.key.attempt,
            chunk.worker == worker.id, [.open, .paused].contains(batch.state)
        else { return false }
        if chunk.result != nil { state.faults.append("chunk \(i) has two results") }
        state.batches[id]?.chunks[i].state = .done
        state.batches[id]?.chunks[i].result = result
        state.batches[id]?.finished.append(i)
        return true
    }

    // MARK: Looking

    func batches() throws(QueueError) -> [BatchStatus] {
        try call(.look) { () throws(QueueError) in
            queue.state.withLock { state in
                state.batches.sorted { $0.key < $1.key }.map(Self.status)
            }
        }
    }

    private static func status(_ id: Int, _ batch: MemoryQueue.Batch) -> BatchStatus {
        let results = batch.chunks.compactMap(\.result)
        return BatchStatus(
            id: id, name: batch.draft.name, owner: "me", state: batch.state,
            priority: batch.draft.priority, specText: batch.draft.spec.text,
            candidates: batch.end.candidates, chunks: batch.end.chunks, open: batch.count(.open),
            leased: batch.count(.leased), done: batch.count(.done), failed: batch.count(.failed),
            costLeft: 0, costOfLate: 0, doneOfLate: 0, late: 1,
            tested: results.reduce(0) { $0 + $1.counts.tested },
            passed: results.reduce(0) { $0 + $1.counts.passed },
            failedNumbers: results.reduce(0) { $0 + $1.counts.failed },
            nanoseconds: results.reduce(0) { $0 + $1.nanoseconds },
            looked: batch.chunks.count { $0.second != nil },
            disputed: batch.chunks.count { $0.second == false }, created: 0)
    }

    func hosts(of batch: Int?) throws(QueueError) -> [HostStatus] { [] }

    func history(of batch: Int, spans: Int) throws(QueueError) -> History {
        History(seconds: 1, spans: [])
    }

    func chunks(
        of batch: Int, from first: Int, most: Int
    ) throws(QueueError) -> [StoredChunk] {
        try call(.look) { () throws(QueueError) in
            queue.state.withLock { state in
                (state.batches[batch]?.chunks ?? []).dropFirst(first).prefix(most).map(Self.stored)
            }
        }
    }

    private static func stored(_ chunk: MemoryQueue.Chunk) -> StoredChunk {
        StoredChunk(
            number: chunk.draft.number, first: chunk.draft.first, count: chunk.draft.count,
            cost: chunk.draft.cost, state: chunk.state, attempt: chunk.attempt, lost: chunk.lost,
            host: chunk.result == nil ? "?" : "host\(chunk.worker ?? 0)",
            payload: chunk.draft.payload, result: chunk.result?.payload)
    }

    func finished(of batch: Int) throws(QueueError) -> [Int] {
        try call(.look) { () throws(QueueError) in
            queue.state.withLock { $0.batches[batch]?.finished ?? [] }
        }
    }

    // MARK: Changing

    func change(_ batch: Int, to change: BatchChange) throws(QueueError) {
        queue.state.withLock { state in
            switch change {
            case .pause: state.batches[batch]?.state = .paused
            case .resume: state.batches[batch]?.state = .open
            case .cancel: state.batches[batch]?.state = .cancelled
            case .retry:
                state.batches[batch]?.state = .open
                for i in state.batches[batch]?.chunks.indices ?? 0..<0
                where state.batches[batch]?.chunks[i].state == .failed {
                    state.batches[batch]?.chunks[i].state = .open
                    state.batches[batch]?.chunks[i].lost = []
                }
            case .prioritise(let priority): state.batches[batch]?.draft.priority = priority
            case .drop: state.batches[batch] = nil
            }
        }
    }

    func secondLook(
        _ worker: WorkerDescription, batch: Int, share: Double, from first: Int, most: Int
    ) throws(QueueError) -> [StoredChunk] {
        queue.state.withLock { state in
            let chunks = (state.batches[batch]?.chunks ?? []).dropFirst(first).filter {
                $0.state == .done && $0.second == nil
                    && state.workers[$0.worker ?? 0]?.host != worker.host
            }
            return chunks.prefix(most).map(Self.stored)
        }
    }

    func noteSecond(
        _ worker: WorkerDescription, batch: Int, chunk: FinishedChunk, agrees: Bool
    ) throws(QueueError) {
        queue.state.withLock { $0.batches[batch]?.chunks[chunk.key.chunk].second = agrees }
    }
}

/// Waits some seconds.
func rest(_ seconds: Double) {
    let end = ContinuousClock.now + .seconds(seconds)
    Monitor(0).wait(lookingEvery: 5) { _ -> Void? in ContinuousClock.now < end ? nil : () }
}
