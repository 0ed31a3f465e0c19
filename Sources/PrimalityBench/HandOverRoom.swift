// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
internal import Charts
internal import Primality
internal import PrimalityPool

/// What it costs to give work to each pool: its start and end, each chunk, and how large chunks have to be.
///
/// All by `verdicts(of:chunk:)` of numbers in memory. What a pool's start and end take is not in the time of
/// a number or a chunk: of a run that of a number a worker is taken away, which has next to nothing to do.
package struct HandOverRoom {
    private let settings: BenchSettings
    private let workers: Int
    private let chunks: [Int]
    private let mostNumbers: Int
    private let variants: [PoolVariant]
    /// What could not be measured, and why.
    package private(set) var warnings: [String] = []

    /// How many numbers a chunk has.
    package static let chunks = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536]

    package static let command = "primality bench --rooms hand-over"

    /// The same numbers on the calling thread, at once and without a pool.
    package static let alone = "hand-over.alone"

    package init(_ settings: BenchSettings) {
        self.init(
            settings, workers: PoolKind.defaultWorkers,
            chunks: settings.isQuick ? [1, 16, 256, 4096] : Self.chunks,
            mostNumbers: settings.isQuick ? 1 << 19 : 1 << 21)
    }

    /// With `mostNumbers` in a run, or what the largest chunks need: the more there are, the more page tables
    /// a fork copies.
    package init(_ settings: BenchSettings, workers: Int, chunks: [Int], mostNumbers: Int) {
        self.settings = settings
        self.workers = workers
        self.chunks = chunks
        self.mostNumbers = max(Self.leastShares * workers * (chunks.max() ?? 1), mostNumbers)
        variants = PoolVariant.all(workers: workers)
    }

    package static func start(_ pool: String) -> String { "hand-over.start.\(pool)" }

    package static func chunk(_ size: Int, _ pool: String) -> String {
        "hand-over.chunk-\(size).\(pool)"
    }

    package static func cost(_ size: Int, _ pool: String) -> String {
        "hand-over.cost-\(size).\(pool)"
    }

    package mutating func measure(_ contest: Contest) throws -> [Timing] {
        // First, while there is little memory that a fork would copy page tables of.
        let starts = try contest.run("starting and ending", self.starts(contest.cancel))
        return try starts + numbers(contest) + costs(contest)
    }

    private func starts(_ cancel: CancelFlag) -> [Contestant] {
        let work = PoolWork(.light, count: workers, cancel)
        return variants.map {
            work.contestant(
                Timing(
                    id: Self.start($0.name), section: .handOver, subject: "start and end of a pool",
                    variant: $0.text, input: "a number a worker", per: "start",
                    command: Self.command),
                $0.pool, units: 1, count: workers, chunk: 1)
        }
    }

    // MARK: Runs less starts

    /// Runs of a pool.
    private struct Run {
        var measurement: Timing
        var pool: any Pool
        var chunk: Int
        var count = 0
    }

    private static let leastShares = 3

    private var serial: PoolVariant {
        PoolVariant(name: "serial", text: "serial", pool: SerialPool())
    }

    private mutating func numbers(_ contest: Contest) throws -> [Timing] {
        let work = PoolWork(.steady, count: mostNumbers, contest.cancel)
        let count = chunks.max() ?? 1
        let batch = work.batch(count: count)
        let reference = Contestant(
            measurement: Timing(
                id: Self.alone, section: .handOver, subject: "numbers in memory",
                variant: "no pool", input: work.kind.text, size: count, per: "number",
                command: Self.command),
            units: count, expected: UInt64(count), isByClock: true,
            pass: { passes in
                try work.run(batch, passes: passes)
                return 0
            },
            verify: { work.verified() })
        let runs = chunks.flatMap { chunk in
            ([serial] + variants).map { variant in
                Run(
                    measurement: Timing(
                        id: Self.chunk(chunk, variant.name), section: .handOver,
                        subject: "numbers in memory", variant: variant.text, input: work.kind.text,
                        size: chunk, per: "number", command: Self.command, reference: Self.alone),
                    pool: variant.pool, chunk: chunk)
            }
        }
        return try measure("handing over", contest, work, runs, taking: 60, after: [reference]) {
            _ in 1
        }
    }

    private mutating func costs(_ contest: Contest) throws -> [Timing] {
        let work = PoolWork(.light, count: mostNumbers, contest.cancel)
        let runs = chunks.flatMap { chunk in
            ([serial] + variants).map { variant in
                Run(
                    measurement: Timing(
                        id: Self.cost(chunk, variant.name), section: .handOver,
                        subject: "a chunk with next to no work", variant: variant.text,
                        input: work.kind.text, size: chunk, per: "chunk", command: Self.command),
                    pool: variant.pool, chunk: chunk)
            }
        }
        return try measure("the cost of a chunk", contest, work, runs, taking: 20) { $0.chunk }
    }

    /// Times of `units` numbers, from runs that take so many times the least time.
    private mutating func measure(
        _ title: String, _ contest: Contest, _ work: PoolWork, _ runs: [Run], taking target: Double,
        after references: [Contestant] = [], units: (Run) -> Int
    ) throws -> [Timing] {
        var runs = runs
        for i in runs.indices {
            try setLength(of: &runs[i], work, taking: target * settings.leastTime)
        }
        // A fork copies the page tables of these numbers, so that starts are measured beside them.
        let pools = [serial] + variants
        let starts = pools.map { variant in
            work.contestant(
                Timing(
                    id: variant.name, section: .handOver, subject: "start", variant: variant.text,
                    per: "start", command: Self.command),
                variant.pool, units: 1, count: variant.pool.workers, chunk: 1)
        }
        let contestants = runs.map {
            work.contestant($0.measurement, $0.pool, units: 1, count: $0.count, chunk: $0.chunk)
        }
        let measured = try contest.run(title, references + starts + contestants)
        var all = Array(measured[..<references.count])
        for (i, run) in runs.enumerated() {
            guard let start = pools.firstIndex(where: { $0.text == run.measurement.variant }),
                let least = measured[references.count + start].wall,
                let whole = measured[references.count + starts.count + i].wall
            else { continue }
            let scale = Double(units(run)) / Double(run.count - run.pool.workers)
            let times = Distribution(rounds: whole.rounds.map { ($0 - least.median) * scale })
            if times.median <= 0 {
                warnings.append(
                    "\(run.measurement.id) is left out: disturbances were longer than the work")
                continue
            }
            var measurement = run.measurement
            measurement.wall = times
            if let reference = references.firstIndex(where: {
                $0.measurement.id == measurement.reference
            }) {
                measurement.ratio = measured[reference].wall.map {
                    Statistics.ratio(
                        of: $0.rounds, toDifferenceOf: whole.rounds, least.rounds, times: scale)
                }
            }
            all.append(measurement)
        }
        return all
    }

    /// Chooses as many numbers as take some time beside the pool's start.
    private func setLength(of run: inout Run, _ work: PoolWork, taking target: Double) throws {
        // Every worker has as many chunks as the others.
        let share = run.chunk * run.pool.workers
        let most = work.count / share
        let (id, pool, chunk) = (run.measurement.id, run.pool, run.chunk)
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
        run.count = max(Self.leastShares, shares) * share
    }
}
