// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Primality
package import PrimalityPool
package import PrimalityRuns

/// A batch as a run of `check` sees it: its candidates in place of the file, and what workers have found in place of a
/// pool that tests.
///
/// Everything between them is that of `check`, which is why the output is the same.
package final class StoredBatch: Sendable {
    /// What is kept of a chunk until its candidates have been asked for.
    private struct Part {
        var first: Int
        var count: Int
        var failure: ChunkFailure?
        var result: [UInt8]
        var decoded: ResultPayload?
    }

    private struct State {
        var store: any QueueStore
        /// Since when it is away.
        var awaySince: ContinuousClock.Instant?
        var records: ArraySlice<CandidateRecord> = []
        /// Chunks that were fetched and not begun.
        var fetched: ArraySlice<StoredChunk> = []
        /// Which chunk comes next; in the order in which they were finished, its place in that.
        var next = 0
        var order: [Int]?
        /// In the order in which they were begun.
        var parts: [Part] = []
        /// How many candidates those have, and where the next one begins.
        var kept = 0
        var end = 0
        var isIncomplete = false
    }

    /// A chain's candidate is asked for when the one before it is decided, which may stand far behind what is read.
    private static let mostBehind = 1 << 21
    private static let chunksAtOnce = 64
    private static let decodedAtOnce = 8
    /// How often to look again for what is waited for.
    private static let interval = Duration.milliseconds(500)

    private let batch: BatchStatus
    /// Opens the store again when it was away; `nil`: nothing is waited for.
    private let follow: StoreOpener?
    private let giveUp: Double
    private let cancel: CancelFlag
    private let state: Monitor<State>

    /// - Parameters:
    ///   - batch: Which.
    ///   - store: Where; nobody else uses it meanwhile.
    ///   - order: ``ResultOrder/done``: as chunks were finished, and only those that are.
    ///   - follow: Waits for chunks that are not finished, and opens the store again when it was away.
    ///   - giveUp: For how many seconds it may be away.
    ///   - cancel: Ends the waiting.
    /// - Throws: ``QueueError``.
    package init(
        _ batch: BatchStatus, of store: any QueueStore, order: ResultOrder, follow: StoreOpener?,
        giveUp: Double = 3600,
        cancel: CancelFlag
    ) throws(QueueError) {
        self.batch = batch
        self.follow = follow
        self.giveUp = giveUp
        self.cancel = cancel
        var state = State(store: store)
        if order == .done {
            let numbers = try store.finished(of: batch.id)
            state.isIncomplete = numbers.count + batch.failed < batch.chunks
            state.order = numbers
        }
        self.state = Monitor(state)
    }

    /// Chunks were left out that are not finished.
    package var isIncomplete: Bool { state.withLock { $0.isIncomplete } }

    /// The next candidate.
    package func next() throws(Complaint) -> CandidateRecord? {
        while true {
            let step = state.withLock { state -> Result<CandidateRecord?, QueueError>? in
                if let record = state.records.popFirst() { return .success(record) }
                do throws(QueueError) {
                    if state.awaySince != nil {
                        if let follow { state.store = try follow(cancel) }
                        state.awaySince = nil
                    }
                    guard let chunk = try nextChunk(&state) else {
                        return cancel.isCancelled || state.isIncomplete || isAtEnd(state)
                            ? .success(nil) : nil
                    }
                    try begin(chunk, &state)
                    return nil
                } catch {
                    let since = state.awaySince ?? .now
                    if follow == nil || error.kind != .unreachable || cancel.isCancelled
                        || .now - since > .seconds(giveUp)
                    {
                        return .failure(error)
                    }
                    state.awaySince = since
                    Condition.pause(Self.interval, cancel: cancel)
                    return nil
                }
            }
            switch step {
            case .success(let record): return record
            case .failure(let error):
                throw Complaint(message: error.message, status: error.status ?? .internalError)
            // Look again.
            case nil: continue
            }
        }
    }

    private func isAtEnd(_ state: State) -> Bool {
        state.next >= (state.order?.count ?? batch.chunks)
    }

    /// The next chunk that has a result, or none for good; `nil` at the end, and when it is to be asked for again.
    private func nextChunk(_ state: inout State) throws(QueueError) -> StoredChunk? {
        if isAtEnd(state) { return nil }
        if state.fetched.isEmpty {
            if let order = state.order {
                state.fetched =
                    try state.store.chunks(of: batch.id, from: order[state.next], most: 1)[...]
            } else {
                state.fetched =
                    try state.store.chunks(
                        of: batch.id, from: state.next, most: Self.chunksAtOnce)[...]
            }
        }
        guard let chunk = state.fetched.first,
            chunk.number == state.order?[state.next] ?? state.next
        else {
            throw .damaged("batch \(batch.id) has lost its chunk \(state.next)")
        }
        if chunk.state == .done || chunk.state == .failed {
            state.fetched.removeFirst()
            state.next += 1
            return chunk
        }
        state.fetched = []
        if follow == nil {
            state.isIncomplete = true
            return nil
        }
        try waitForMore(state.store)
        return nil
    }

    private func waitForMore(_ store: any QueueStore) throws(QueueError) {
        let status = try store.batches().first { $0.id == batch.id }
        guard let status else { throw .refused("batch \(batch.id) was dropped") }
        if status.state == .cancelled {
            throw .refused("the batch was cancelled; without --follow what it has is printed")
        }
        Condition.pause(Self.interval, cancel: cancel)
    }

    private func begin(_ chunk: StoredChunk, _ state: inout State) throws(QueueError) {
        do throws(PayloadError) {
            var records = try CandidatePayload.decoded(chunk.payload)
            guard records.count == chunk.count else {
                throw PayloadError("it has \(records.count) candidates and says \(chunk.count)")
            }
            guard chunk.first == state.end || state.order != nil,
                (0...1 << 60).contains(chunk.first)
            else {
                throw PayloadError("it begins with candidate \(chunk.first), and not \(state.end)")
            }
            state.end = chunk.first + chunk.count
            for i in records.indices { records[i].place = chunk.first + i }
            state.records = records[...]
        } catch {
            throw .damaged("chunk \(chunk.number) of batch \(batch.id) is damaged: \(error)")
        }
        let hosts = chunk.lost.map { printable(file: $0) }.joined(separator: ", ")
        state.parts.append(
            Part(
                first: chunk.first, count: chunk.count,
                failure: chunk.state == .failed
                    ? .threw("its chunk was lost by \(chunk.lost.count) workers, on \(hosts)")
                    : nil,
                result: chunk.result ?? []))
        state.kept += chunk.count
        if state.kept - Self.mostBehind > state.parts[0].count {
            state.kept -= state.parts.removeFirst().count
        }
        if state.parts.count > Self.decodedAtOnce {
            state.parts[state.parts.count - 1 - Self.decodedAtOnce].decoded = nil
        }
    }

    /// What was found about candidates.
    fileprivate func entries(_ places: [Int]) -> [ResultPayload.Entry] {
        state.withLock { state in
            var last: Int?
            return places.map { place in
                let isIn = { (part: Part) in
                    part.first <= place && place < part.first + part.count
                }
                // Most are where the one before was.
                if last.map({ !isIn(state.parts[$0]) }) ?? true {
                    last = state.parts.lastIndex(where: isIn)
                }
                guard let last else { return .nothing }
                return entry(place, &state.parts[last])
            }
        }
    }

    private func entry(_ place: Int, _ part: inout Part) -> ResultPayload.Entry {
        if let failure = part.failure { return .failure(failure) }
        if part.decoded == nil {
            do throws(PayloadError) {
                part.decoded = try ResultPayload(part.result, count: part.count)
            } catch {
                part.failure = .threw("its chunk's result is damaged: \(error)")
                return entry(place, &part)
            }
        }
        return part.decoded?.entries[place - part.first] ?? .nothing
    }
}

extension StoredBatch {
    /// Gives the certificates of a batch, in the order of the input, until `body` says false.
    ///
    /// - Returns: How many numbers were called prime by a proof whose certificate was not kept.
    /// - Throws: ``QueueError``.
    package static func forEachCertificate(
        of batch: BatchStatus, in store: any QueueStore, _ body: (_ text: [UInt8]) -> Bool
    ) throws(QueueError) -> Int {
        var missing = 0
        var next = 0
        while next < batch.chunks {
            let chunks = try store.chunks(of: batch.id, from: next, most: chunksAtOnce)
            // A stranger's rows may have any number.
            guard let last = chunks.last, last.number >= next, last.number < batch.chunks else {
                break
            }
            next = last.number + 1
            for chunk in chunks {
                guard let bytes = chunk.result,
                    let result = try? ResultPayload(bytes, count: chunk.count)
                else { continue }
                for (place, entry) in result.entries.enumerated() {
                    if let text = result.certificates[place] {
                        if !body(text) { return missing }
                    } else if entry.isProved {
                        missing += 1
                    }
                }
            }
        }
        return missing
    }
}

/// A pool that looks results up.
package struct StoredPool: Pool {
    private let stored: StoredBatch
    private let places: @Sendable (Int) -> [Int]

    /// - Parameters:
    ///   - stored: What was found.
    ///   - places: The places of a chunk's candidates in the input.
    package init(_ stored: StoredBatch, places: @escaping @Sendable (Int) -> [Int]) {
        self.stored = stored
        self.places = places
    }

    package var kind: PoolKind { .serial }
    package var workers: Int { 1 }

    package func run(
        _ job: PoolJob, cancel: CancelFlag, notify: (@Sendable (PoolNotice) -> Void)?,
        from source: @escaping @Sendable () throws -> NumberBatch?, deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        var id = 0
        var first = 0
        while !cancel.isCancelled, let numbers = try batch(from: source) {
            var results = TestResults(
                seed: job.options.seed, untested: numbers.count, withReports: job.wantsReports)
            var failures: [Int: ChunkFailure] = [:]
            for (i, entry) in stored.entries(places(id)).enumerated() {
                switch entry {
                case .nothing: failures[i] = .threw("the queue has no result of it")
                case .failure(let failure): failures[i] = failure
                case .verdict where job.wantsReports:
                    failures[i] = .threw("the queue has no evidence of it")
                case .verdict(let verdict): results.verdictBytes[i] = verdict.rawValue
                case .report(let report):
                    results.verdictBytes[i] = report.raw.verdict
                    if job.wantsReports { results.rawReports[i] = report.raw }
                }
            }
            let chunk = Chunk(id: id, first: first, numbers: numbers)
            if !deliver(ChunkResult(chunk: chunk, results: results, failures: failures)) { return }
            id += 1
            first += numbers.count
        }
    }

    private func batch(
        from source: () throws -> NumberBatch?
    ) throws(PoolError) -> NumberBatch? {
        do { return try source() } catch { throw .source(SourceError(error)) }
    }
}
