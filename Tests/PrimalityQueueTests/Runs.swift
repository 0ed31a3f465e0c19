// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityExpressions
import PrimalityPool
import PrimalityQueue
import PrimalityRuns
import SystemPackage
import TestSupport

/// What a run has said about an input: its lines, its complaints, and how many candidates it left out.
struct Findings: Equatable {
    var lines: [String] = []
    var complaints: [String] = []
    var leftOut = 0

    /// Where it differs from others first; `nil` when it does not.
    func difference(from other: Findings) -> String? {
        if self == other { return nil }
        for (one, two) in zip(lines + complaints, other.lines + other.complaints) where one != two {
            return "\(one) - \(two)"
        }
        return "\(lines.count) and \(other.lines.count) lines, \(complaints.count) and "
            + "\(other.complaints.count) complaints, \(leftOut) and \(other.leftOut) left out"
    }

    /// Runs as `check` does, on whatever pool.
    ///
    /// Lines are those of JSON without times.
    init(
        _ source: CandidateSource, _ spec: BatchSpec, on pool: any Pool, order: ResultOrder,
        _ complaints: Monitor<[String]>
    ) throws {
        let ledger = source.ledger
        let format: ResultFormat = spec.evidence ? .jsonl : .text
        var text: [UInt8] = []
        let job = PoolJob(
            engine: spec.engine, options: spec.options, order: order, wantsReports: spec.evidence)
        try pool.run(job, from: { try source.next() }) { result in
            let inputs = source.takeInputs(of: result.chunk.id)
            for i in 0..<result.results.count {
                var line: [UInt8] = []
                let outcome: RowLedger.Outcome
                if let verdict = result.results.verdict(at: i) {
                    format.append(i, of: result, verdict, inputs, withResidue: false, to: &line)
                    outcome = .tested(verdict, line: line)
                } else {
                    let failure = result.failure(at: i) ?? .cancelled
                    line = Array("\(inputs.places[i]): \(failure)\n".utf8)
                    outcome = .undecided(failure, line: line, "")
                }
                if let entry = inputs.entry(i) {
                    ledger.put(outcome, at: entry)
                } else {
                    text += line
                }
            }
            text += ledger.takeDecided().lines
            return true
        }
        text += ledger.takeDecided().lines
        lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map { line in
            String(line[..<(line.firstRange(of: ",\"cpu_ns\"")?.lowerBound ?? line.endIndex)])
        }
        self.complaints = complaints.withLock { $0 }
        leftOut = source.counts.leftOut
    }
}

/// Text that is to be tested, and how.
struct Input {
    var text: String
    var spec: BatchSpec
    var name = "batch"
    var priority = 0

    init(_ text: String, evidence: Bool = true, maximumBits: Int = 100_000) {
        self.text = text
        spec = BatchSpec(
            engine: .auto, options: TestOptions(seed: 7), maximumBits: maximumBits,
            evidence: evidence, input: "input")
    }

    /// The numbers of a range.
    init(_ numbers: some Sequence<Int>) {
        self.init(numbers.map { "\($0)\n" }.joined(), evidence: false)
    }

    private func source(
        _ conditions: CandidateSource.Conditions, _ complaints: Monitor<[String]>
    ) throws -> CandidateSource {
        let path = NSTemporaryDirectory() + "primality-\(UUID().uuidString)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return CandidateSource(
            .descriptor(try FileDescriptor.open(path, .readOnly), name: spec.input),
            engine: spec.engine, maximumBits: spec.maximumBits, chunk: nil,
            conditions: conditions, cancel: CancelFlag(),
            report: { text in complaints.withLock { $0.append(text) } })
    }

    /// What `check` says.
    func checked() throws -> Findings {
        let complaints = Monitor<[String]>([])
        return try Findings(
            try source(.followed, complaints), spec, on: SerialPool(), order: .input, complaints)
    }

    /// Puts it into a queue.
    @discardableResult
    func submit(
        to store: any QueueStore, chunk: Int? = nil, cancel: CancelFlag = CancelFlag()
    ) throws -> Submission.Outcome {
        var submission = Submission(
            try source(.ignored, Monitor([])), engine: spec.engine, maximumBits: spec.maximumBits,
            Submission.Cut(seconds: 0.001, count: chunk), cancel: cancel)
        return try submission.submit(
            BatchDraft(name: name, spec: spec, priority: priority), seedMatters: true, to: store
        ) { _ in }
    }

    /// What `collect` says, and whether chunks had no results.
    func collected(
        from store: any QueueStore, order: ResultOrder = .input, isFollowed: Bool = false
    ) throws -> (findings: Findings, isIncomplete: Bool) {
        let complaints = Monitor<[String]>([])
        guard let status = try store.batches().first(where: { $0.name == name }) else {
            throw QueueError(.refused, "no batch \(name)")
        }
        // One that is away is not opened again.
        let opener: StoreOpener = { _ throws(QueueError) in
            throw QueueError(.unreachable, "it is away")
        }
        let stored = try StoredBatch(
            status, of: store, order: order, follow: isFollowed ? opener : nil,
            cancel: CancelFlag())
        let source = CandidateSource(
            .records(name: spec.input) { () throws(Complaint) in try stored.next() },
            engine: spec.engine, maximumBits: spec.maximumBits, chunk: nil,
            conditions: order == .input ? .followed : .refused, cancel: CancelFlag(),
            report: { text in complaints.withLock { $0.append(text) } })
        let findings = try Findings(
            source, spec, on: StoredPool(stored) { source.places(of: $0) }, order: order,
            complaints)
        return (findings, stored.isIncomplete)
    }
}

/// A worker of a queue in memory, on a thread of its own.
final class TestWorker: Sendable {
    let cancel = CancelFlag()
    let notes = Monitor<[String]>([])
    private let outcome = Monitor<QueueWorker.Outcome?>(nil)
    private let thread = Monitor<WorkerThread?>(nil)

    init(
        _ queue: MemoryQueue, id: Int = 1, pool: any Pool = ThreadPool(workers: 2),
        ending: QueueWorker.Ending = .whenDone, claim: Int? = nil, giveUp: Double = 20,
        faults: @escaping MemoryQueue.Faults = { _, _ in nil }
    ) throws {
        let plan = QueueWorker.Plan(
            worker: Self.description(id, pool), open: queue.opener(faults), pool: pool,
            ending: ending, claim: claim, giveUp: giveUp, timeout: nil, longTests: nil,
            cancel: cancel,
            note: { [notes] text in notes.withLock { $0.append(text) } })
        let started = try WorkerThread(name: "worker") { [outcome] in
            let found = QueueWorker(plan).run()
            outcome.withLock(wake: true) { $0 = found }
        }
        thread.withLock { $0 = started }
    }

    static func description(_ id: Int, _ pool: any Pool = SerialPool()) -> WorkerDescription {
        WorkerDescription(
            id: id, host: "host\(id)", process: id, version: "0", level: "", gmp: "", cores: 1,
            workers: pool.workers, pool: pool.kind.rawValue)
    }

    var isOver: Bool { outcome.withLock { $0 != nil } }

    /// How it has ended, within half a minute; `nil` when it does not end.
    func end() -> QueueWorker.Outcome? {
        if !eventually({ isOver }) { return nil }
        thread.withLock { $0.take() }?.join()
        return outcome.withLock { $0 }
    }
}

/// Tests on the calling thread, each chunk when a gate lets it through.
struct GatedPool: Pool {
    let gate = Gate()
    var kind: PoolKind { .serial }
    var workers: Int { 1 }

    final class Gate: Sendable {
        private let state = Monitor((waiting: 0, open: 0))

        /// Lets so many chunks through.
        func open(_ count: Int = 1 << 40) { state.withLock(wake: true) { $0.open += count } }

        /// Whether a chunk is before it.
        var isAwaited: Bool { state.withLock { $0.waiting > 0 && $0.open == 0 } }

        fileprivate func pass(_ cancel: CancelFlag) {
            state.withLock { $0.waiting += 1 }
            state.wait(lookingEvery: 5) { state -> Void? in
                if state.open == 0 && !cancel.isCancelled { return nil }
                if state.open > 0 { state.open -= 1 }
                state.waiting -= 1
                return ()
            }
        }
    }

    func run(
        _ job: PoolJob, cancel: CancelFlag, notify: (@Sendable (PoolNotice) -> Void)?,
        from source: @escaping @Sendable () throws -> NumberBatch?, deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        let gate = gate
        try SerialPool().run(
            job, cancel: cancel, notify: notify,
            from: {
                let batch = try source()
                if batch != nil { gate.pass(cancel) }
                return batch
            }, deliver: deliver)
    }
}
