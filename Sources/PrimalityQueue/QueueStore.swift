// SPDX-License-Identifier: Apache-2.0

package import Primality
internal import PrimalityRuns

/// The form of tables and payloads: a worker of another one is refused.
package let queueSchema = 1

/// Where batches, chunks, leases and results are kept.
///
/// The contract, for every store:
/// - A chunk has one result. It is stored together with the chunk's change of state, in one transaction, and only under
///   the attempt that the lease was given with: who lost the lease stores nothing, and is told so.
/// - Leases end by the store's clock. The third lease that a chunk loses makes it failed.
/// - What was submitted is there whole or not at all.
///
/// A store is used by one thread at a time. Every call may throw ``QueueError/Kind/unreachable``, and may have been
/// carried out all the same: it may be made again.
package protocol QueueStore: AnyObject {
    /// What it is called in messages: without a password.
    var name: String { get }

    /// Makes the tables.
    func create(_ settings: QueueSettings) throws(QueueError)

    // MARK: Submitting

    /// Begins a batch, in a transaction that ``endBatch(_:)`` ends.
    func beginBatch(_ batch: BatchDraft) throws(QueueError) -> Int
    func add(_ chunks: [ChunkDraft], to batch: Int) throws(QueueError)
    /// Adds what is known at the end alone; the batch is there from now on.
    func endBatch(_ batch: Int, _ end: BatchEnd) throws(QueueError)
    /// Forgets what was begun.
    func abandonBatch()

    // MARK: Working

    /// Introduces a worker or says that it is alive, and prolongs its leases. When these are all, what it holds by the
    /// store's books and does not name is given back: an answer to a claim may have been lost.
    ///
    /// - Returns: Those leases that it does not hold any more.
    func renew(
        _ worker: WorkerDescription, _ leases: [LeaseKey], areAll: Bool
    ) throws(QueueError) -> [LeaseKey]
    /// Leases up to `most` chunks: of the batch with the highest priority, then of the oldest.
    ///
    /// The hint says of which batch this worker had a chunk last, and which number the next chunk has: where to look
    /// first. A chunk that two workers have lost is given alone, and only to a worker that is free: it has no other, and
    /// claims none meanwhile. So the third worker that it may cost takes no other chunk with it.
    func claim(
        _ worker: WorkerDescription, most: Int, hint: LeaseHint?, isFree: Bool
    ) throws(QueueError) -> Claim
    /// Stores results.
    ///
    /// - Returns: For each whether it is stored, now or by an earlier call under the same lease.
    func finish(
        _ worker: WorkerDescription, _ results: [FinishedChunk]
    ) throws(QueueError) -> [Bool]

    // MARK: Looking

    func batches() throws(QueueError) -> [BatchStatus]
    /// Who works, and what they have done, of one batch alone or of all.
    func hosts(of batch: Int?) throws(QueueError) -> [HostStatus]
    /// How much was done in each of so many equal spans of time until now, by host.
    func history(of batch: Int, spans: Int) throws(QueueError) -> History
    /// Chunks with their candidates and results, from a number on.
    func chunks(of batch: Int, from first: Int, most: Int) throws(QueueError) -> [StoredChunk]
    /// The numbers of finished chunks, in the order in which they were finished.
    func finished(of batch: Int) throws(QueueError) -> [Int]

    // MARK: Changing

    func change(_ batch: Int, to change: BatchChange) throws(QueueError)
    /// Finished chunks of a share of a batch, which another host has tested and nobody again.
    func secondLook(
        _ worker: WorkerDescription, batch: Int, share: Double, from first: Int, most: Int
    ) throws(QueueError) -> [StoredChunk]
    /// Notes what a second test of a chunk has found.
    func noteSecond(
        _ worker: WorkerDescription, batch: Int, chunk: FinishedChunk, agrees: Bool
    ) throws(QueueError)
}

/// What `init` decides.
package struct QueueSettings: Sendable {
    /// How long a lease lasts, in seconds.
    package var lease: Double
    /// Roles, by what they may do.
    package var submitters: [String]
    package var workers: [String]
    package var readers: [String]

    package init(
        lease: Double = 60, submitters: [String] = [], workers: [String] = [],
        readers: [String] = []
    ) {
        self.lease = lease
        self.submitters = submitters
        self.workers = workers
        self.readers = readers
    }
}

/// A batch that is to be submitted.
package struct BatchDraft: Sendable {
    package var name: String
    package var spec: BatchSpec
    package var priority: Int

    package init(name: String, spec: BatchSpec, priority: Int) {
        self.name = name
        self.spec = spec
        self.priority = priority
    }
}

/// What is known of a batch when all of it was read.
package struct BatchEnd: Sendable {
    package var chunks: Int
    package var candidates: Int
    /// Of the input and the options: the same are queued once.
    package var digest: String
}

/// A chunk that is to be submitted.
package struct ChunkDraft: Sendable {
    /// From 0, without gaps.
    package var number: Int
    /// The place of its first candidate in the input, from 0.
    package var first: Int
    package var count: Int
    /// How long its test takes about, in seconds.
    package var cost: Double
    package var payload: [UInt8]
}

/// A worker process.
package struct WorkerDescription: Sendable {
    /// Drawn at random.
    package var id: Int
    package var host: String
    package var process: Int
    package var version: String
    package var level: String
    package var gmp: String
    package var cores: Int
    package var workers: Int
    package var pool: String

    package init(
        id: Int, host: String, process: Int, version: String, level: String, gmp: String,
        cores: Int, workers: Int, pool: String
    ) {
        self.id = id
        self.host = host
        self.process = process
        self.version = version
        self.level = level
        self.gmp = gmp
        self.cores = cores
        self.workers = workers
        self.pool = pool
    }
}

/// Which lease: the attempt tells it from others of the same chunk.
package struct LeaseKey: Sendable, Hashable {
    package var batch: Int
    package var chunk: Int
    package var attempt: Int

    package init(batch: Int, chunk: Int, attempt: Int) {
        self.batch = batch
        self.chunk = chunk
        self.attempt = attempt
    }
}

package struct LeaseHint: Sendable {
    package var batch: Int
    package var chunk: Int
}

/// A chunk that a worker may test.
package struct Lease: Sendable {
    package var key: LeaseKey
    package var first: Int
    package var count: Int
    package var cost: Double
    package var payload: [UInt8]
    /// No other is to be claimed meanwhile.
    package var isAlone = false

    package init(
        key: LeaseKey, first: Int, count: Int, cost: Double, payload: [UInt8], isAlone: Bool = false
    ) {
        self.key = key
        self.first = first
        self.count = count
        self.cost = cost
        self.payload = payload
        self.isAlone = isAlone
    }
}

/// What ``QueueStore/claim(_:most:hint:isFree:)`` gives.
package struct Claim: Sendable {
    package var leases: [Lease] = []
    /// What the batch of the leases is to be tested with; `nil` when it is that of the hint.
    package var spec: BatchSpec?
    /// Why nobody can test that batch, whose chunks are to fail.
    package var damage: String?
    /// How many chunks other workers have, when there was none.
    package var elsewhere = 0
    /// How long a lease lasts, in seconds.
    package var duration = 60.0

    package init() {}
}

/// A chunk's result.
package struct FinishedChunk: Sendable {
    package var key: LeaseKey
    package var cost: Double
    package var counts: ResultPayload.Counts
    package var nanoseconds: Int
    package var payload: [UInt8]
    /// Numbers whose tests are kept on this host until the result is stored.
    package var kept: [BigNatural] = []

    package init(
        key: LeaseKey, cost: Double, counts: ResultPayload.Counts, nanoseconds: Int,
        payload: [UInt8], kept: [BigNatural] = []
    ) {
        self.key = key
        self.cost = cost
        self.counts = counts
        self.nanoseconds = nanoseconds
        self.payload = payload
        self.kept = kept
    }
}

/// A chunk as the store has it.
package struct StoredChunk: Sendable {
    package enum State: Int, Sendable {
        case open = 0
        case leased = 1
        case done = 2
        case failed = 3
    }

    package var number: Int
    package var first: Int
    package var count: Int
    package var cost: Double
    package var state: State
    package var attempt: Int
    /// The hosts that lost it, and the one that has finished it.
    package var lost: [String]
    package var host: String
    package var payload: [UInt8]
    package var result: [UInt8]?

    package init(
        number: Int, first: Int, count: Int, cost: Double, state: State, attempt: Int,
        lost: [String], host: String, payload: [UInt8], result: [UInt8]?
    ) {
        self.number = number
        self.first = first
        self.count = count
        self.cost = cost
        self.state = state
        self.attempt = attempt
        self.lost = lost
        self.host = host
        self.payload = payload
        self.result = result
    }
}

/// What an owner does to a batch.
package enum BatchChange: Sendable {
    case pause
    case resume
    case cancel
    /// Opens failed chunks again.
    case retry
    case prioritise(Int)
    case drop
}

/// A batch, and how far it is.
package struct BatchStatus: Sendable {
    package enum State: Int, Sendable {
        case open = 1
        case paused = 2
        case cancelled = 3
        /// Nothing is left to claim or to wait for.
        case finished = 4
    }

    package var id: Int
    package var name: String
    package var owner: String
    package var state: State
    package var priority: Int
    /// What ``BatchSpec/text`` gave, unless a stranger wrote it.
    package var specText: String
    package var candidates: Int
    package var chunks: Int
    /// Chunks by their state.
    package var open: Int
    package var leased: Int
    package var done: Int
    package var failed: Int
    /// Seconds of testing that are left, as estimated, and that were finished in the last five minutes.
    package var costLeft: Double
    package var costOfLate: Double
    /// How many chunks were finished in those.
    package var doneOfLate: Int
    /// How many seconds of those five minutes the batch was there.
    package var late: Double
    package var tested: Int
    package var passed: Int
    /// Numbers that timed out or ended their workers.
    package var failedNumbers: Int
    package var nanoseconds: Int
    /// Chunks that were tested twice, and of which the results differ.
    package var looked: Int
    package var disputed: Int
    /// When it was submitted, in seconds since 1970.
    package var created: Double

    package init(
        id: Int, name: String, owner: String, state: State, priority: Int, specText: String,
        candidates: Int, chunks: Int, open: Int, leased: Int, done: Int, failed: Int,
        costLeft: Double, costOfLate: Double, doneOfLate: Int, late: Double, tested: Int,
        passed: Int, failedNumbers: Int, nanoseconds: Int, looked: Int, disputed: Int,
        created: Double
    ) {
        self.id = id
        self.name = name
        self.owner = owner
        self.state = state
        self.priority = priority
        self.specText = specText
        self.candidates = candidates
        self.chunks = chunks
        self.open = open
        self.leased = leased
        self.done = done
        self.failed = failed
        self.costLeft = costLeft
        self.costOfLate = costOfLate
        self.doneOfLate = doneOfLate
        self.late = late
        self.tested = tested
        self.passed = passed
        self.failedNumbers = failedNumbers
        self.nanoseconds = nanoseconds
        self.looked = looked
        self.disputed = disputed
        self.created = created
    }

    /// How its candidates are tested.
    package var spec: BatchSpec {
        get throws(QueueError) {
            do throws(QueueError) {
                return try BatchSpec(text: specText)
            } catch {
                throw QueueError(
                    error.kind, "batch \(id), '\(printable(file: name))': \(error.message)")
            }
        }
    }

    /// Everything has a result or has failed.
    package var isOver: Bool { open == 0 && leased == 0 }

    /// Seconds until its end; `nil` when nobody knows.
    package var timeLeft: Double? {
        if isOver { return 0 }
        guard doneOfLate >= 3, costOfLate > 0, late > 0 else { return nil }
        return costLeft / (costOfLate / late)
    }
}

/// A worker process, and what it has done.
package struct HostStatus: Sendable {
    package var worker: WorkerDescription
    /// Seconds since it was started and since it was heard of.
    package var age: Double
    package var silent: Double
    package var leased: Int
    package var done: Int
    package var tested: Int
    package var failedNumbers: Int
    package var nanoseconds: Int

    package init(
        worker: WorkerDescription, age: Double, silent: Double, leased: Int, done: Int, tested: Int,
        failedNumbers: Int, nanoseconds: Int
    ) {
        self.worker = worker
        self.age = age
        self.silent = silent
        self.leased = leased
        self.done = done
        self.tested = tested
        self.failedNumbers = failedNumbers
        self.nanoseconds = nanoseconds
    }
}

/// Throughput over time.
package struct History: Sendable {
    package struct Span: Sendable {
        package var span: Int
        package var host: String
        package var chunks: Int
        package var tested: Int

        package init(span: Int, host: String, chunks: Int, tested: Int) {
            self.span = span
            self.host = host
            self.chunks = chunks
            self.tested = tested
        }
    }

    /// Seconds that one span lasts, and how long ago the first one began.
    package var seconds: Double
    package var spans: [Span]

    package init(seconds: Double, spans: [Span]) {
        self.seconds = seconds
        self.spans = spans
    }
}
