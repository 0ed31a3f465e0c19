// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityExpressions
internal import PrimalityPool
internal import PrimalityRuns

/// Where a worker gets chunks, and where their results go.
///
/// A pool's feeder asks, and the thread that takes the results answers, so all of it may be called from any thread.
protocol WorkSupply: AnyObject, Sendable {
    /// The next chunk, if it is of that batch.
    func take(of batch: Int) -> WorkTaken
    /// Somebody else has the chunk now, or nobody wants it any more.
    func isLost(_ key: LeaseKey) -> Bool
    func finish(_ chunk: FinishedChunk)
    /// Waits for something new, but a moment at most.
    func waitAMoment()
    /// Ends such a wait.
    func wake()
    /// So many more numbers were tested.
    func tested(_ count: Int)
    /// Says what a user should know.
    func note(_ message: String)
}

extension Lease {
    /// The same without numbers that no chunk has.
    ///
    /// There are no more candidates than bytes. Its reader finds out what is wrong.
    var bounded: Lease {
        var lease = self
        lease.count = min(max(0, count), payload.count)
        lease.cost = cost.isFinite ? max(0, cost) : 0
        return lease
    }
}

enum WorkTaken {
    case lease(Lease)
    case nothingYet
    /// There is none of this batch for now, but there is of another; or there will be none at all.
    case end
}

/// Tests the chunks of one batch by one run of a pool.
///
/// Several chunks are under way at a time, so that workers do not wait for the end of one: numbers go to the pool
/// as soon as they may be tested, and a chunk's result goes off when the last of its numbers is back.
final class BatchRun: Sendable {
    /// A chunk under way.
    private final class Work {
        let lease: Lease
        let source: CandidateSource
        var payload: ResultPayload
        /// How many parts were handed out, and how many of them are not back.
        var handedOut = 0
        var pending = 0
        /// There are no more parts.
        var isFed = false
        /// The run has ended before it was whole.
        var isCut = false
        var nanoseconds = 0
        /// Numbers whose tests are kept.
        var kept: [BigNatural] = []

        init(_ lease: Lease, _ spec: BatchSpec, cancel: CancelFlag) throws(PayloadError) {
            var records = try CandidatePayload.decoded(lease.payload)
            guard records.count == lease.count else {
                throw PayloadError("it has \(records.count) candidates and says \(lease.count)")
            }
            // Of several rules, one may leave out here what chunks before have not, since a row that has made it do so
            // was left out itself by another one. So all rows are tested; collect knows which are not wanted.
            for i in records.indices where records[i].condition?.stops.count ?? 0 > 1 {
                records[i].condition?.stops = []
            }
            self.lease = lease
            payload = ResultPayload(count: records.count)
            let rest = Monitor(records[...])
            source = CandidateSource(
                .records(name: "") { () throws(Complaint) in rest.withLock { $0.popFirst() } },
                engine: spec.engine, maximumBits: spec.maximumBits, chunk: nil,
                conditions: .followed, cancel: cancel, report: { _ in })
        }
    }

    private struct State {
        var open: [Work] = []
        /// The parts that are with the pool, by the number of the pool's chunk: whose, and which of its parts.
        var parts: [Int: (work: Work, part: Int)] = [:]
        var next = 0
    }

    /// So many chunks may wait for results of their own candidates before no other one is begun.
    private static let mostOpen = 256

    private let batch: Int
    private let spec: BatchSpec
    private let supply: any WorkSupply
    private let cancel: CancelFlag
    // Work is reached through it alone.
    private let state = Monitor(State())

    init(batch: Int, _ spec: BatchSpec, _ supply: any WorkSupply, cancel: CancelFlag) {
        self.batch = batch
        self.spec = spec
        self.supply = supply
        self.cancel = cancel
    }

    /// Tests until there are no more chunks of the batch, or the flag was raised.
    func run(on pool: any Pool, timeout: Duration?) throws(PoolError) {
        let job = PoolJob(
            engine: spec.engine, options: spec.options, order: .done, wantsReports: spec.evidence,
            timeout: timeout)
        try pool.run(
            job, cancel: cancel, notify: { [supply] in supply.note($0.description) },
            from: { [self] in next() }
        ) { result in
            take(result)
            return true
        }
    }

    // MARK: The feeder

    private enum Step {
        case batch(NumberBatch)
        /// Look for another chunk.
        case more
        /// Look again later.
        case wait
    }

    private func next() -> NumberBatch? {
        while !cancel.isCancelled {
            switch step() {
            case .batch(let batch): return batch
            case .wait: supply.waitAMoment()
            case .more:
                switch supply.take(of: batch) {
                case .lease(let lease): begin(lease)
                case .nothingYet: supply.waitAMoment()
                case .end:
                    if state.withLock({ $0.open.isEmpty }) { return nil }
                    supply.waitAMoment()
                }
            }
        }
        return nil
    }

    private func begin(_ lease: Lease) {
        do throws(PayloadError) {
            let work = try Work(lease, spec, cancel: cancel)
            state.withLock { $0.open.append(work) }
        } catch {
            let text = "chunk \(lease.key.chunk) of batch \(batch) is damaged: \(error)"
            supply.note(text)
            var payload = ResultPayload(count: lease.count)
            payload.fail(.threw(text))
            finish(lease, payload, nanoseconds: 0)
        }
    }

    private func step() -> Step {
        state.withLock { state in
            for work in state.open where !work.isFed {
                if supply.isLost(work.lease.key) {
                    work.isFed = true
                    work.isCut = true
                } else {
                    // Its source reads what is in memory, and cannot fail.
                    switch (try? work.source.attempt()) ?? .end {
                    case .batch(let batch):
                        state.parts[state.next] = (work, work.handedOut)
                        state.next += 1
                        work.handedOut += 1
                        work.pending += 1
                        return .batch(batch)
                    case .later: continue
                    case .end:
                        work.isFed = true
                        // It may have ended for that alone.
                        if cancel.isCancelled { work.isCut = true }
                    }
                }
                if close(work, &state) { return .more }
            }
            return state.open.count < Self.mostOpen ? .more : .wait
        }
    }

    // MARK: Results

    private func take(_ result: ChunkResult) {
        state.withLock { state in
            guard let (work, part) = state.parts.removeValue(forKey: result.chunk.id) else {
                return
            }
            let inputs = work.source.takeInputs(of: part)
            let ledger = work.source.ledger
            let numbers = result.chunk.numbers
            if spec.options.longTests != nil && numbers.maximumBits >= LongTests.leastBits {
                work.kept += (0..<numbers.count).filter {
                    numbers.bitWidth(at: $0) >= LongTests.leastBits
                }.map { numbers[$0] }
            }
            for i in 0..<result.results.count {
                if !work.payload.take(result, i, at: inputs.places[i]) { work.isCut = true }
                guard let entry = inputs.entry(i) else { continue }
                if let verdict = result.results.verdict(at: i) {
                    ledger.put(.tested(verdict, line: []), at: entry)
                } else if let failure = result.failure(at: i), failure != .cancelled {
                    ledger.put(.undecided(failure, line: [], ""), at: entry)
                }
            }
            _ = ledger.takeDecided()
            work.pending -= 1
            work.nanoseconds += Int(
                truncatingIfNeeded: result.cpuTime.attoseconds / 1_000_000_000)
            _ = close(work, &state)
        }
        supply.tested(result.results.count)
        supply.wake()
    }

    /// Sends a chunk's result when it is whole; whether the chunk is over.
    private func close(_ work: Work, _ state: inout State) -> Bool {
        guard work.isFed, work.pending == 0 else { return false }
        state.open.removeAll { $0 === work }
        if !work.isCut {
            finish(work.lease, work.payload, nanoseconds: work.nanoseconds, kept: work.kept)
        }
        return true
    }

    private func finish(
        _ lease: Lease, _ payload: ResultPayload, nanoseconds: Int, kept: [BigNatural] = []
    ) {
        supply.finish(
            FinishedChunk(
                key: lease.key, cost: lease.cost, counts: payload.counts, nanoseconds: nanoseconds,
                payload: payload.encoded, kept: kept))
    }
}
