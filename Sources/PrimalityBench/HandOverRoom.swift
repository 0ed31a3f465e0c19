// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Primality
internal import PrimalityPool

/// What it costs to give work to each pool: its start and end, each chunk, and how large chunks have to be.
///
/// All by `verdicts(of:chunk:)` of numbers in memory. What a pool's start and end take is not in the time of
/// a number or a chunk: those are what more of them take, from runs and others of an eighth of their length.
struct HandOverRoom {
    private let settings: BenchSettings
    private let workers: Int
    private let chunks: [Int]
    private let mostNumbers: Int
    private let variants: [PoolVariant]
    /// What could not be measured, and why.
    private(set) var warnings: [String] = []

    /// How many numbers a chunk has.
    static let chunks = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536]

    static let command = "primality bench --rooms hand-over"

    /// The same numbers on the calling thread, at once and without a pool.
    static let alone = "hand-over.alone"

    init(_ settings: BenchSettings) {
        self.init(
            settings, workers: PoolKind.defaultWorkers,
            chunks: settings.isQuick ? [1, 16, 256, 4096] : Self.chunks,
            mostNumbers: settings.isQuick ? 1 << 19 : 1 << 21)
    }

    /// With `mostNumbers` in a run, or what the largest chunks need: the more there are, the more page tables
    /// a fork copies.
    init(_ settings: BenchSettings, workers: Int, chunks: [Int], mostNumbers: Int) {
        self.settings = settings
        self.workers = workers
        self.chunks = chunks
        self.mostNumbers = max(Self.leastShares * workers * (chunks.max() ?? 1), mostNumbers)
        variants = PoolVariant.all(workers: workers)
    }

    static func start(_ pool: String) -> String { "hand-over.start.\(pool)" }

    static func chunk(_ size: Int, _ pool: String) -> String { "hand-over.chunk-\(size).\(pool)" }

    static func cost(_ size: Int, _ pool: String) -> String { "hand-over.cost-\(size).\(pool)" }

    mutating func measure(_ contest: Contest) throws -> [Measurement] {
        // First, while there is little memory that a fork would copy page tables of.
        let starts = try contest.run("starting and ending", self.starts(contest.cancel))
        return try starts + numbers(contest) + costs(contest)
    }

    private func starts(_ cancel: CancelFlag) -> [Contestant] {
        let work = PoolWork(.light, count: workers, cancel)
        return variants.map {
            work.contestant(
                Measurement(
                    id: Self.start($0.name), section: .handOver, subject: "start and end of a pool",
                    variant: $0.text, input: "a number a worker", per: "start",
                    command: Self.command),
                $0.pool, units: 1, count: workers, chunk: 1)
        }
    }

    // MARK: Runs of two lengths

    /// Runs of a pool, long and short ones, whose difference is the time of some chunks.
    private struct Pair {
        var measurement: Measurement
        var pool: any Pool
        var chunk: Int
        var long = 0
        var short = 0
    }

    private static let leastShares = 3

    private var serial: PoolVariant {
        PoolVariant(name: "serial", text: "serial", pool: SerialPool())
    }

    private mutating func numbers(_ contest: Contest) throws -> [Measurement] {
        let work = PoolWork(.steady, count: mostNumbers, contest.cancel)
        let count = chunks.max() ?? 1
        let batch = work.batch(count: count)
        let reference = Contestant(
            measurement: Measurement(
                id: Self.alone, section: .handOver, subject: "numbers in memory",
                variant: "no pool", input: work.kind.text, size: count, per: "number",
                command: Self.command),
            units: count, expected: UInt64(count), isByClock: true,
            pass: { passes in
                try work.run(batch, passes: passes)
                return 0
            },
            verify: { work.verified() })
        let pairs = chunks.flatMap { chunk in
            ([serial] + variants).map { variant in
                Pair(
                    measurement: Measurement(
                        id: Self.chunk(chunk, variant.name), section: .handOver,
                        subject: "numbers in memory", variant: variant.text, input: work.kind.text,
                        size: chunk, per: "number", command: Self.command, reference: Self.alone),
                    pool: variant.pool, chunk: chunk)
            }
        }
        return try measure("handing over", contest, work, pairs, taking: 60, after: [reference]) {
            _ in 1
        }
    }

    private mutating func costs(_ contest: Contest) throws -> [Measurement] {
        let work = PoolWork(.light, count: mostNumbers, contest.cancel)
        let pairs = chunks.flatMap { chunk in
            ([serial] + variants).map { variant in
                Pair(
                    measurement: Measurement(
                        id: Self.cost(chunk, variant.name), section: .handOver,
                        subject: "a chunk with next to no work", variant: variant.text,
                        input: work.kind.text, size: chunk, per: "chunk", command: Self.command),
                    pool: variant.pool, chunk: chunk)
            }
        }
        return try measure("the cost of a chunk", contest, work, pairs, taking: 20) { $0.chunk }
    }

    /// Times of `units` numbers, from runs that take so many times the least time.
    private mutating func measure(
        _ title: String, _ contest: Contest, _ work: PoolWork, _ pairs: [Pair],
        taking target: Double,
        after references: [Contestant] = [], units: (Pair) -> Int
    ) throws -> [Measurement] {
        var pairs = pairs
        var contestants = references
        for i in pairs.indices {
            try setLengths(of: &pairs[i], work, taking: target * settings.leastTime)
            let pair = pairs[i]
            for count in [pair.long, pair.short] {
                contestants.append(
                    work.contestant(
                        pair.measurement, pair.pool, units: 1, count: count, chunk: pair.chunk))
            }
        }
        let measured = try contest.run(title, contestants)
        var all = Array(measured[..<references.count])
        for (i, pair) in pairs.enumerated() {
            let place = references.count + 2 * i
            guard let long = measured[place].wall, let short = measured[place + 1].wall else {
                continue
            }
            // Against the median of the short ones, which one disturbance does not move.
            let scale = Double(units(pair)) / Double(pair.long - pair.short)
            let times = Distribution(rounds: long.rounds.map { ($0 - short.median) * scale })
            if times.median <= 0 {
                warnings.append(
                    "\(pair.measurement.id) is left out: disturbances were longer than the work")
                continue
            }
            var measurement = pair.measurement
            measurement.wall = times
            if let reference = references.firstIndex(where: {
                $0.measurement.id == measurement.reference
            }) {
                measurement.ratio = measured[reference].wall.map {
                    Statistics.ratio(
                        of: $0.rounds, toDifferenceOf: long.rounds, short.rounds, times: scale)
                }
            }
            all.append(measurement)
        }
        return all
    }

    /// Chooses as many numbers as take some time beside the pool's start.
    private func setLengths(
        of pair: inout Pair, _ work: PoolWork, taking target: Double
    ) throws {
        // Every worker has as many chunks as the others.
        let share = pair.chunk * pair.pool.workers
        let most = work.count / share
        let (id, pool, chunk) = (pair.measurement.id, pair.pool, pair.chunk)
        // The best of some, lest a disturbance make runs short for good; one that is short enough will do.
        func time(_ shares: Int, orLess enough: Double) throws -> Double {
            var best = Double.infinity
            for _ in 0..<4 where best > enough {
                let start = prk_clock_ns()
                try work.run(pool, count: shares * share, chunk: chunk)
                best = min(best, Double(prk_clock_ns() - start))
                let right = work.verified()
                if right != UInt64(shares * share) {
                    throw BenchFailure.wrong(id, right, expected: UInt64(shares * share))
                }
                if best > 4 * target { break }
            }
            return best
        }
        let few = try time(1, orLess: 0)
        var shares = Self.leastShares
        while shares < most {
            let more = try time(shares, orLess: few + target / 4) - few
            if more > target / 4 {
                shares = Int(min(Double(most), Double(shares) * target / more))
                break
            }
            shares = min(4 * shares, most)
        }
        shares = max(Self.leastShares, shares)
        pair.long = shares * share
        pair.short = max(1, shares / 8) * share
    }
}
