// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Primality
import PrimalityPool

/// How numbers reach a pool and verdicts come back.
enum Path: String {
    /// `verdicts(of:chunk:)` of numbers in memory, in order.
    case memory = "in memory"
    /// `run(from:deliver:)`: a source gives chunks, results are delivered as they are completed.
    case stream = "streamed"
    /// The same, with the next chunk given only after the result of the one before it.
    case lockstep = "one at a time"
}

/// Who tests.
enum Contender {
    /// The kernel, called chunk by chunk: what all others do too.
    case kernel
    /// A pool of ours.
    case pool(any Pool)
    /// One of Python's, or a plain `map` there.
    case peer(String, Peers.Items)

    var name: String {
        switch self {
        case .kernel: "kernel, no pool"
        case .pool(let pool as ProcessPool): "processes, \(pool.channel.rawValue)"
        case .pool(let pool): pool.kind.rawValue
        case .peer("none", let items): "Python, no pool, \(items.rawValue)"
        case .peer(let pool, let items): "\(pool), \(items.rawValue)"
        }
    }
}

/// Something that makes all other figures worthless.
struct Wrong: Error, CustomStringConvertible {
    let description: String
}

/// Measures contenders on numbers that a kernel tells at once.
final class Course {
    let workers: Int
    private let peers: Peers?
    /// Small even numbers, which Python passes on in fewer bytes than others.
    private var numbers: [UInt64] = []
    private var batches: [Int: NumberBatch] = [:]

    /// Numbers in memory, at most: 32 MB, beside which a fork copies page tables for a millisecond.
    static let most = 1 << 22

    init(workers: Int, peers: Peers?) {
        self.workers = workers
        self.peers = peers
    }

    private static func smallEven(_ count: Int) -> [UInt64] {
        (0..<count).map { 4 + 2 * UInt64($0 % 29) }
    }

    /// Wall time of a run, in nanoseconds.
    struct Run {
        var chunks: Int
        /// With the pool's start and end.
        var whole: Double
        /// What a chunk costs when others follow it, where that can be seen from outside.
        var perChunk: Double?
    }

    /// How many chunks take about `target` nanoseconds; a multiple of 8.
    func chunks(
        _ contender: Contender, _ path: Path, chunk: Int, taking target: Double
    ) throws -> Int {
        let most = path == .memory ? max(16, Self.most / chunk) : 1 << 22
        // The better one of two, lest a disturbance make runs short for good.
        func took(_ count: Int) throws -> Double {
            let first = try run(contender, path, chunk: chunk, chunks: count)
            let second = try run(contender, path, chunk: chunk, chunks: count)
            return min(first.whole, second.whole)
        }
        var count = 16
        let few = try took(count)
        if few > target { return count }
        // The pool's start, which is in every run, is in this one too.
        while count < most {
            count = min(4 * count, most)
            let more = try took(count) - few
            if more < target / 4 { continue }
            return min(max(16, Int(Double(count) * target / more) & ~7), most)
        }
        return most
    }

    /// Has chunks tested, and looks at the results.
    func run(_ contender: Contender, _ path: Path, chunk: Int, chunks: Int) throws -> Run {
        switch contender {
        case .kernel: return try callKernel(chunk: chunk, chunks: chunks)
        case .pool(let pool):
            if path == .memory { return try pass(to: pool, chunk: chunk, chunks: chunks) }
            return try stream(to: pool, path, chunk: chunk, chunks: chunks)
        case .peer(let pool, let items):
            guard let peers else { throw Wrong(description: "Python is not here") }
            // The pool was warmed up before that clock runs.
            let took = try peers.measure(
                pool, items, chunk: chunk, chunks: chunks, workers: workers,
                single: path == .lockstep
            ).run
            return Run(chunks: chunks, whole: took, perChunk: took / Double(chunks))
        }
    }

    private func callKernel(chunk: Int, chunks: Int) throws -> Run {
        // More than there are in memory come from the start again.
        let slots = min(chunks, max(1, Self.most / chunk))
        grow(to: chunk * slots)
        var verdicts = [Verdict](repeating: .neither, count: chunk)
        var slot = 0
        // A span of a property would not outlive the access.
        let numbers = numbers
        let took = try nanoseconds {
            for _ in 0..<chunks {
                var places = verdicts.mutableSpan
                let first = slot * chunk
                try Tester.test(numbers.span.extracting(first..<first + chunk), into: &places)
                slot = slot + 1 < slots ? slot + 1 : 0
            }
        }
        try check(verdicts)
        return Run(chunks: chunks, whole: took, perChunk: took / Double(chunks))
    }

    private func pass(to pool: any Pool, chunk: Int, chunks: Int) throws -> Run {
        grow(to: chunk * chunks)
        var verdicts: [Verdict] = []
        let job = PoolJob(engine: .u64)
        let numbers = numbers
        let took = try nanoseconds {
            verdicts = try pool.verdicts(
                of: numbers.span.extracting(0..<chunk * chunks), using: job, chunk: chunk)
        }
        if verdicts.count != chunk * chunks { throw Wrong(description: "verdicts are missing") }
        try check(verdicts)
        return Run(chunks: chunks, whole: took, perChunk: nil)
    }

    private func stream(
        to pool: any Pool, _ path: Path, chunk: Int, chunks: Int
    ) throws -> Run {
        // The same batch again and again: that it is made is no part of the work.
        let batch = batch(of: chunk)
        let stock = Stock(chunks)
        // From 0, since it may not end below what it began with.
        let turn = path == .lockstep ? DispatchSemaphore(value: 0) : nil
        turn?.signal()
        // From the result of an eighth of the chunks to the last one: neither the pool's start and first
        // steps nor its end are in between.
        let few = chunks / 8
        var delivered = 0
        var count = 0
        var sample: TestResults?
        let start = ContinuousClock.now
        var from = start
        var to = start
        try pool.run(
            PoolJob(engine: .u64, order: .done),
            from: {
                turn?.wait()
                return stock.take() ? batch : nil
            },
            deliver: { result in
                delivered += 1
                count += result.results.count
                if delivered == few {
                    from = .now
                } else if delivered == chunks {
                    to = .now
                    sample = result.results
                }
                turn?.signal()
                return result.failure == nil
            })
        let whole = ContinuousClock.now - start
        if count != chunk * chunks { throw Wrong(description: "\(pool.kind): results are missing") }
        try check(sample?.verdicts() ?? [])
        return Run(
            chunks: chunks, whole: whole.nanoseconds,
            perChunk: (to - from).nanoseconds / Double(chunks - few))
    }

    private func check(_ verdicts: [Verdict]) throws {
        if !verdicts.allSatisfy({ $0 == .composite }) {
            throw Wrong(description: "an even number is said to be prime")
        }
    }

    private func grow(to count: Int) {
        if numbers.count < count { numbers = Self.smallEven(count) }
    }

    private func batch(of chunk: Int) -> NumberBatch {
        if let batch = batches[chunk] { return batch }
        let batch = NumberBatch(Self.smallEven(chunk))
        batches[chunk] = batch
        return batch
    }
}

/// Counts down.
///
/// `Sendable` because a source is called by one thread at a time.
private final class Stock: @unchecked Sendable {
    private var left: Int

    init(_ count: Int) { left = count }

    func take() -> Bool {
        left -= 1
        return left >= 0
    }
}

// MARK: - Starting and ending

/// What it costs that a pool is there, in nanoseconds.
struct Start {
    /// From the call until the pool asks for numbers; for Python, not known.
    var asks: Double?
    /// Until there is a result for each worker.
    var first: Double
    /// From then on.
    var end: Double
}

extension Course {
    /// A run of one number a worker.
    func start(_ contender: Contender) throws -> Start {
        switch contender {
        case .kernel: return Start(asks: 0, first: 0, end: 0)
        case .pool(let pool):
            var statistics = RunStatistics(workers: workers)
            let batch = batch(of: 1)
            let stock = Stock(workers)
            try pool.run(
                PoolJob(engine: .u64, order: .done), statistics: &statistics,
                from: { stock.take() ? batch : nil }, deliver: { _ in true })
            let first = statistics.wallTime - statistics.shutdownTime
            return Start(
                asks: statistics.startupTime.nanoseconds, first: first.nanoseconds,
                end: statistics.shutdownTime.nanoseconds)
        case .peer(let pool, let items):
            guard let peers else { throw Wrong(description: "Python is not here") }
            let answer = try peers.measure(
                pool, items, chunk: 1, chunks: 1, workers: workers, single: false)
            return Start(asks: nil, first: answer.start, end: answer.end)
        }
    }
}
