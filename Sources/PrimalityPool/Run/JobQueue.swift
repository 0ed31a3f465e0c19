// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Primality

/// What a worker is handed at once, and what is replayed when it dies: a chunk, a slice of one, or a
/// range of divisors of one of its numbers.
package struct Job: Sendable {
    /// No two jobs of a run have the same.
    package let id: Int
    /// The chunk that it belongs to.
    package let chunk: Chunk
    /// The place in the chunk of its first number.
    package let place: Int
    /// What is to be tested.
    package let numbers: NumberBatch
    /// Which divisors of its only number are to be tried; `nil`: test completely.
    package let divisors: ClosedRange<UInt64>?
    /// It is all of its chunk.
    package let isWhole: Bool

    /// A whole chunk.
    package init(id: Int, _ chunk: Chunk) {
        self.init(
            id: id, chunk: chunk, place: 0, numbers: chunk.numbers, divisors: nil, isWhole: true)
    }

    fileprivate init(
        id: Int, chunk: Chunk, place: Int, numbers: NumberBatch,
        divisors: ClosedRange<UInt64>? = nil, isWhole: Bool = false
    ) {
        self.id = id
        self.chunk = chunk
        self.place = place
        self.numbers = numbers
        self.divisors = divisors
        self.isWhole = isWhole
    }
}

/// What became of a job.
package struct JobResult: Sendable {
    package var worker: Int
    package var cpuTime: Duration
    package var results: TestResults
    package var failure: ChunkFailure?

    package init(
        worker: Int, cpuTime: Duration, results: TestResults, failure: ChunkFailure?
    ) {
        self.worker = worker
        self.cpuTime = cpuTime
        self.results = results
        self.failure = failure
    }
}

/// Chunks on their way to the workers, as jobs, and back.
///
/// Complete trial division of a large number is divided among the workers: each takes the next range
/// of divisors when it is free. Nearly every composite has a factor in the first range, so the others
/// are handed out when the first one has found none; until then workers take what comes next. A
/// divisor that is found ends the handing out, and since ranges are handed out in increasing order
/// all that could hold a smaller one are already with workers.
package final class JobQueue: Sendable {
    private let monitor: Monitor<JobState>

    /// Makes a queue.
    ///
    /// - Parameters:
    ///   - job: What is done with the numbers.
    ///   - workers: How many workers there are; one has nobody to share with.
    package init(_ job: PoolJob, workers: Int) {
        monitor = Monitor(JobState(job, shares: workers > 1))
    }

    /// Whether the division of such a number is divided among the workers.
    static func shares(_ engine: Engine, bits: Int) -> Bool {
        [.trial, .swiftTrial].contains(engine) && (Division.leastBits...64).contains(bits)
    }

    /// Adds a chunk.
    ///
    /// - Returns: Whether it is the first, or ``tryPop()`` has found nothing since the last one was added:
    ///   who asks again anyway, when a worker has room, need not be told.
    @discardableResult
    package func push(_ chunk: Chunk) -> Bool {
        monitor.withLock(wake: true) { state in
            state.chunks.append(chunk)
            defer { state.isAwaited = false }
            return state.isAwaited
        }
    }

    /// No chunk will be added.
    package func end() { monitor.withLock(wake: true) { $0.isFed = true } }

    /// The next job, waited for, or `nil` when there will be none.
    package func pop() -> Job? {
        monitor.wait { state -> Job?? in
            if let job = state.take() { return .some(job) }
            return state.isExhausted ? .some(nil) : nil
        }
    }

    /// The next job if there is one at present.
    ///
    /// To be asked again when ``push(_:)`` says so, at the end, and when a job came back.
    package func tryPop() -> BlockingQueue<Job>.Taken {
        monitor.withLock { state in
            if let job = state.take() { return .element(job) }
            state.isAwaited = true
            return state.isExhausted ? .ended : .nothingYet
        }
    }

    /// Replaces a job of several numbers, which did not come back, by its halves.
    package func halve(_ job: Job) -> [Job] { monitor.withLock { $0.halve(job) } }

    /// A job came back; the result of its chunk when that is now complete.
    package func finish(_ job: Job, _ result: JobResult) -> ChunkResult? {
        if job.isWhole { return ChunkResult(job.chunk, result) }
        return monitor.withLock(wake: true) { $0.finish(job, result) }
    }
}

extension ChunkResult {
    /// The result of a chunk that one worker tested at once.
    init(_ chunk: Chunk, _ result: JobResult) {
        self.init(
            chunk: chunk, worker: result.worker, cpuTime: result.cpuTime, results: result.results,
            failure: result.failure)
    }
}

private struct JobState {
    var chunks: [Chunk] = []
    /// No chunk will be added.
    var isFed = false
    /// Nobody has looked yet, or somebody found nothing and has not been told since that there is something.
    var isAwaited = true
    private let shares: Bool
    private let empty: (Int) -> TestResults
    private var lastJob = 0
    /// The chunk that is being cut, and where the next piece begins.
    private var cutting: (chunk: Chunk, place: Int)?
    /// Chunks of which a piece was handed out and not all have come back.
    private var pieces: [Int: Pieces] = [:]
    /// Numbers that are being divided, the oldest first.
    private var divisions: [Division] = []

    init(_ job: PoolJob, shares: Bool) {
        self.shares = shares && [.trial, .swiftTrial].contains(job.engine)
        empty = {
            TestResults(seed: job.options.seed, untested: $0, withReports: job.wantsReports)
        }
    }

    /// There is no job and will be none.
    var isExhausted: Bool {
        isFed && chunks.isEmpty && cutting == nil && divisions.allSatisfy(\.isSettled)
    }

    mutating func take() -> Job? {
        // First what is nearest to its end, for those who wait for results in order.
        if let i = divisions.firstIndex(where: \.hasRange) { return divide(i) }
        if cutting == nil {
            if chunks.isEmpty { return nil }
            let chunk = chunks.removeFirst()
            let bits = chunk.numbers.maximumBits
            // A number that is too large for the engine fails its whole chunk, wherever it is tested.
            if !shares || bits < Division.leastBits || bits > 64 {
                return Job(id: nextID(), chunk)
            }
            pieces[chunk.id] = Pieces(results: empty(chunk.numbers.count))
            cutting = (chunk, 0)
        }
        return cut()
    }

    private mutating func nextID() -> Int {
        lastJob += 1
        return lastJob
    }

    /// The next piece of the chunk that is being cut: the numbers before a large one, or that one's
    /// first divisors.
    private mutating func cut() -> Job? {
        guard let (chunk, first) = cutting else { return nil }
        let numbers = chunk.numbers
        var place = first
        while place < numbers.count && numbers.bitWidth(at: place) < Division.leastBits {
            place += 1
        }
        let end = place > first ? place : first + 1
        cutting = end < numbers.count ? (chunk, end) : nil
        if place > first {
            return Job(
                id: nextID(), chunk: chunk, place: first,
                numbers: NumberBatch(numbers, first..<place))
        }
        divisions.append(Division(chunk, place))
        return divide(divisions.count - 1)
    }

    mutating func halve(_ job: Job) -> [Job] {
        let count = job.numbers.count
        if job.isWhole { pieces[job.chunk.id] = Pieces(results: empty(count)) }
        return [0..<count / 2, count / 2..<count].map { half in
            Job(
                id: nextID(), chunk: job.chunk, place: job.place + half.lowerBound,
                numbers: NumberBatch(job.numbers, half))
        }
    }

    private mutating func divide(_ i: Int) -> Job {
        let range = divisions[i].nextRange()
        let division = divisions[i]
        return Job(
            id: nextID(), chunk: division.chunk, place: division.place,
            numbers: NumberBatch([division.number]), divisors: range)
    }

    mutating func finish(_ job: Job, _ result: JobResult) -> ChunkResult? {
        let chunk = job.chunk
        pieces[chunk.id]?.note(result)
        if let divisors = job.divisors {
            guard
                let i = divisions.firstIndex(where: {
                    $0.chunk.id == chunk.id && $0.place == job.place
                })
            else { return nil }
            divisions[i].take(result, of: divisors)
            if !divisions[i].isComplete { return nil }
            let (results, failure) = divisions.remove(at: i).outcome
            pieces[chunk.id]?.put(results, failure, count: 1, at: job.place)
        } else {
            pieces[chunk.id]?.put(
                result.results, result.failure, count: job.numbers.count, at: job.place)
        }
        guard let complete = pieces[chunk.id], complete.missing == 0 else { return nil }
        pieces[chunk.id] = nil
        return ChunkResult(
            chunk: chunk, worker: result.worker, cpuTime: complete.cpuTime,
            results: complete.results, failure: complete.failure, failures: complete.failures,
            sharedBy: complete.workers, cpuShares: complete.cpuShares)
    }
}

/// What has come back of a chunk that was handed out in pieces.
private struct Pieces {
    var results: TestResults
    var cpuTime = Duration.zero
    var failure: ChunkFailure?
    var failures: [Int: ChunkFailure] = [:]
    var workers: Set<Int> = []
    var cpuShares: [Int: Duration] = [:]
    /// Numbers that have not come back.
    var missing: Int

    init(results: TestResults) {
        self.results = results
        missing = results.count
    }

    mutating func note(_ result: JobResult) {
        cpuTime += result.cpuTime
        workers.insert(result.worker)
        cpuShares[result.worker, default: .zero] += result.cpuTime
    }

    /// Takes `count` numbers' results; `nil` for none.
    mutating func put(
        _ found: TestResults?, _ failure: ChunkFailure?, count: Int, at place: Int
    ) {
        missing -= count
        // What went wrong says more than that the rest was cancelled.
        if let failure {
            if self.failure == nil || self.failure == .cancelled { self.failure = failure }
            for i in place..<place + count { failures[i] = failure }
        }
        guard let found else { return }
        for i in 0..<found.count {
            results.verdictBytes[place + i] = found.verdictBytes[i]
            if i < found.rawReports.count { results.rawReports[place + i] = found.rawReports[i] }
        }
        for (i, bytes) in found.evidence { results.evidence[place + i] = bytes }
    }
}

/// Complete trial division of one number, range by range.
private struct Division {
    // Numbers below 2⁵⁰ are left whole: their √n is two ranges.
    static let leastBits = 51
    // 0.1 ms by the fastest kernel and 1 ms by plain divisions. 98 of 100 composites of 64 bits have a
    // factor there.
    private static let first: UInt64 = 1 << 21
    // 0.9 ms and 9 ms, beside which handing over costs little: some 20 µs to a process.
    private static let length: UInt64 = 1 << 24

    let chunk: Chunk
    let place: Int
    let number: UInt64
    private var next: UInt64 = 0
    /// Ranges that workers have.
    private var out = 0
    /// A range's results: the one with the least divisor, or any while none has one.
    private var kept: (range: ClosedRange<UInt64>, results: TestResults)?
    private var failed: (range: ClosedRange<UInt64>, failure: ChunkFailure)?
    private var nanoseconds: UInt64 = 0

    init(_ chunk: Chunk, _ place: Int) {
        self.chunk = chunk
        self.place = place
        number = chunk.numbers.word(at: place)
    }

    private var hasDivisor: Bool { kept?.results.verdict(at: 0) == .composite }

    /// No more ranges will be handed out.
    var isSettled: Bool {
        // Below 2³² nothing overflows.
        hasDivisor || failed != nil || next > UInt64(UInt32.max) || next * next > number
    }

    var hasRange: Bool { !isSettled && (next != Self.first || out == 0) }

    var isComplete: Bool { isSettled && out == 0 }

    mutating func nextRange() -> ClosedRange<UInt64> {
        let start = next
        next += start == 0 ? Self.first : Self.length
        out += 1
        return start...(next - 1)
    }

    mutating func take(_ result: JobResult, of range: ClosedRange<UInt64>) {
        out -= 1
        if let failure = result.failure {
            if range.lowerBound < failed?.range.lowerBound ?? .max { failed = (range, failure) }
            return
        }
        nanoseconds += result.results.rawReports.first?.cpu_ns ?? 0
        let isComposite = result.results.verdict(at: 0) == .composite
        let isLower = range.lowerBound < kept?.range.lowerBound ?? .max
        if kept == nil || isComposite && (!hasDivisor || isLower) { kept = (range, result.results) }
    }

    /// The number's results when all ranges have come back.
    var outcome: (TestResults?, ChunkFailure?) {
        // A range that was not tried does not matter above a divisor.
        let limit = hasDivisor ? kept?.range.lowerBound ?? 0 : .max
        if let failed, failed.range.lowerBound < limit { return (nil, failed.failure) }
        var results = kept?.results
        if results?.rawReports.isEmpty == false { results?.rawReports[0].cpu_ns = nanoseconds }
        return (results, nil)
    }
}

extension NumberBatch {
    /// The number at a position, which has at most 64 bits.
    fileprivate func word(at position: Int) -> UInt64 { limbs[Int(offsets[position])] }
}
