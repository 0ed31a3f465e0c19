// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
package import Primality
internal import PrimalityExpressions
internal import PrimalityPool
package import PrimalityRuns

/// Reads candidates, and puts them into a queue as a batch.
///
/// Nothing is tested, and of the expressions every 16th is evaluated: the others are taken to be as large. What is no
/// number is found by workers, and told by `collect` as by a run of `check`.
package struct Submission {
    /// How a batch is cut.
    package struct Cut {
        /// How long testing a chunk is to take about, in seconds.
        package var seconds: Double
        /// How many candidates a chunk has; `nil` to go by the time.
        package var count: Int?

        package init(seconds: Double, count: Int?) {
            self.seconds = seconds
            self.count = count
        }
    }

    /// What a chunk has at most.
    private static let mostCandidates = 100_000
    private static let mostText = 1 << 22
    /// What is sent to the store at once.
    private static let mostAtOnce = 1000
    private static let mostBytesAtOnce = 1 << 23
    /// Of expressions in a row the first of so many is evaluated.
    private static let sample = 16

    private let source: CandidateSource
    private let engine: Engine
    private let maximumBits: Int
    private let cut: Cut
    private let cancel: CancelFlag

    private var records: [CandidateRecord] = []
    private var text = 0
    private var cost = 0.0
    private var first = 0
    private var number = 0
    private var digest = ""
    private var unsampled = 0
    private var sampledBits = 0

    package init(
        _ source: CandidateSource, engine: Engine, maximumBits: Int, _ cut: Cut, cancel: CancelFlag
    ) {
        self.source = source
        self.engine = engine
        self.maximumBits = maximumBits
        self.cut = cut
        self.cancel = cancel
    }

    /// What was submitted.
    package struct Outcome {
        package var batch: Int
        package var candidates: Int
        package var chunks: Int
        /// Lines that are no candidates.
        package var bad: Int
    }

    /// Submits everything; the batch is there whole or not at all.
    ///
    /// - Parameters:
    ///   - batch: What it is called, and how it is tested.
    ///   - seedMatters: Whether batches that differ in the seed alone are two.
    ///   - store: Where to.
    ///   - progress: Is told how many candidates were read.
    /// - Returns: What was submitted.
    /// - Throws: ``Complaint``, also when the flag was raised.
    package mutating func submit(
        _ batch: BatchDraft, seedMatters: Bool, to store: any QueueStore,
        progress: (Int) -> Void
    ) throws(Complaint) -> Outcome {
        // Two batches are one when all but the seed that was drawn is the same.
        var options = batch.spec
        options.input = ""
        if !seedMatters { options.options.seed = 0 }
        digest = sha256(Array(options.text.utf8))
        // A transaction that waits for a slow input would keep others from the store.
        let spool = try ChunkSpool()
        let bad = try read(to: spool, progress: progress)
        let id: Int
        do throws(Complaint) {
            // Also a beginning that has failed may have begun something.
            id = try asComplaint { () throws(QueueError) in try store.beginBatch(batch) }
            try send(spool, to: id, of: store)
            let end = BatchEnd(chunks: number, candidates: first, digest: digest)
            try asComplaint { () throws(QueueError) in try store.endBatch(id, end) }
        } catch {
            store.abandonBatch()
            throw error
        }
        return Outcome(batch: id, candidates: first, chunks: number, bad: bad)
    }

    /// Reads the input to its end; how many lines are no candidates.
    private mutating func read(
        to spool: ChunkSpool, progress: (Int) -> Void
    ) throws(Complaint) -> Int {
        var bad = 0
        while !cancel.isCancelled, let record = try source.nextRecord() {
            if case .bad = record.candidate { bad += 1 }
            add(record)
            if isFull {
                try spool.append(takeChunk())
                progress(first)
            }
        }
        if cancel.isCancelled { throw Complaint(message: "nothing was queued") }
        if source.counts.bad > 0 {
            throw Complaint(message: "the input cannot be read to its end; nothing was queued")
        }
        if !records.isEmpty { try spool.append(takeChunk()) }
        if number == 0 { throw Complaint(message: "there is nothing to queue") }
        return bad
    }

    private func send(
        _ spool: ChunkSpool, to batch: Int, of store: any QueueStore
    ) throws(Complaint) {
        while !spool.isAtEnd {
            if cancel.isCancelled { throw Complaint(message: "nothing was queued") }
            var chunks: [ChunkDraft] = []
            var bytes = 0
            while !spool.isAtEnd, chunks.count < Self.mostAtOnce, bytes < Self.mostBytesAtOnce {
                let chunk = try spool.next()
                bytes += chunk.payload.count
                chunks.append(chunk)
            }
            let some = chunks
            try asComplaint { () throws(QueueError) in try store.add(some, to: batch) }
        }
    }

    // MARK: Chunks

    private mutating func add(_ record: CandidateRecord) {
        records.append(record)
        text += record.candidate.size + 8
        cost += ChunkSizer.seconds(bits: bits(of: record.candidate), engine: engine)
    }

    /// A row is not divided: its candidates depend on each other.
    private var isFull: Bool {
        if let condition = records.last?.condition, condition.member < condition.memberCount - 1 {
            return false
        }
        if text >= Self.mostText || records.count >= Self.mostCandidates { return true }
        return cut.count.map { records.count >= $0 } ?? (cost >= cut.seconds)
    }

    private mutating func takeChunk() -> ChunkDraft {
        let payload = CandidatePayload.encoded(records)
        digest = sha256(Array(digest.utf8) + payload)
        let chunk = ChunkDraft(
            number: number, first: first, count: records.count, cost: cost, payload: payload)
        first += records.count
        number += 1
        records.removeAll(keepingCapacity: true)
        text = 0
        cost = 0
        return chunk
    }

    /// The size of a candidate, about; 0 for what is none.
    private mutating func bits(of candidate: ReadCandidate) -> Int {
        guard case .text(let candidate) = candidate, candidate.lengthOfCut == nil else { return 0 }
        let text = CandidateParser.withoutComment(candidate.text)
        if text.allSatisfy({ $0.isDigit }) { return text.count * 3322 / 1000 }
        unsampled -= 1
        if unsampled > 0 { return sampledBits }
        var numbers = NumberBatch()
        guard
            let bits = try? numbers.append(
                expression: text.span, maximumBits: maximumBits, cancel: cancel)
        else { return sampledBits }
        unsampled = Self.sample
        sampledBits = bits
        return bits
    }
}

/// Chunks that wait for the end of the input, in a file without a name.
private final class ChunkSpool {
    private let spool: PartSpool
    private var place = 0
    private static let headBytes = 40

    init() throws(Complaint) { spool = try PartSpool() }

    var isAtEnd: Bool { place == spool.size }

    func append(_ chunk: ChunkDraft) throws(Complaint) {
        let head = [
            UInt64(chunk.number), UInt64(chunk.first), UInt64(chunk.count), chunk.cost.bitPattern,
            UInt64(chunk.payload.count),
        ]
        let bytes = head.flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
        }
        try spool.append(bytes + chunk.payload)
    }

    func next() throws(Complaint) -> ChunkDraft {
        let bytes = try spool.read(from: place, Self.headBytes)
        let head = stride(from: 0, to: Self.headBytes, by: 8).map { start in
            bytes[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        let count = Int(head[4])
        let payload = try spool.read(from: place + Self.headBytes, count)
        place += Self.headBytes + count
        return ChunkDraft(
            number: Int(head[0]), first: Int(head[1]), count: Int(head[2]),
            cost: Double(bitPattern: head[3]), payload: payload)
    }
}

/// The SHA-256 of bytes, in hexadecimal.
func sha256(_ bytes: [UInt8]) -> String {
    var text = [CChar](repeating: 0, count: 65)
    // The text has room for 64 digits and the NUL.
    unsafe prk_sha256_hex(bytes, bytes.count, &text)
    return String(decoding: text.prefix(64).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// What a queue throws, as what a command says.
package func asComplaint<Value>(
    _ body: () throws(QueueError) -> Value
) throws(Complaint) -> Value {
    do throws(QueueError) { return try body() } catch {
        throw Complaint(message: error.message, status: error.status ?? .internalError)
    }
}
