// SPDX-License-Identifier: Apache-2.0

import Charts
import Glibc
import Primality
import PrimalityBench
import PrimalityPool
import Testing

/// Runs on a thread of its own: pools block the caller, and cooperative threads are few.
private func blocking(_ body: @escaping @Sendable () throws -> Void) async throws {
    let problem = Monitor<(any Error)?>(nil)
    try await onOwnThread {
        do { try body() } catch { problem.withLock { $0 = error } }
    }
    if let error = problem.withLock({ $0 }) { throw error }
}

/// Little of everything, since times don't matter here.
private func tiny(rounds: Int = 2) -> BenchSettings {
    var settings = BenchSettings.quick
    settings.rounds = rounds
    settings.leastTime = 1
    return settings
}

private func contest(
    _ settings: BenchSettings = tiny(), _ cancel: CancelFlag = CancelFlag()
) -> Contest {
    Contest(settings, cancel, progress: { _ in })
}

private func measurement(
    _ id: String, _ section: ReportSection = .handOver, variant: String = "threads",
    size: Int? = nil,
    per: String = "number", times: [Double] = [], reference: [Double] = []
) -> Timing {
    var measurement = Timing(
        id: id, section: section, subject: "subject", variant: variant, size: size, per: per,
        command: "command")
    if !times.isEmpty { measurement.wall = Distribution(rounds: times) }
    if !reference.isEmpty {
        measurement.ratio = Statistics.ratio(of: reference, to: times)
    }
    return measurement
}

/// What fake contestants leave behind.
private final class Log {
    var passes: [Int] = []
}

private func isCancelled(_ error: any Error) -> Bool {
    if case BenchFailure.cancelled = error { true } else { false }
}

// MARK: - Contests

@Suite struct ContestTests {
    private func contestants(
        _ count: Int, _ log: Log, isByClock: Bool = false, _ answer: @escaping (Int) -> UInt64
    ) -> [Contestant] {
        (0..<count).map { i in
            var measured = measurement("test.\(i)", .call)
            measured.reference = i == 0 ? nil : "test.0"
            return Contestant(
                measurement: measured, units: 1, expected: nil, isByClock: isByClock,
                pass: { passes in
                    for _ in 0..<passes { log.passes.append(i) }
                    return answer(log.passes.count)
                })
        }
    }

    @Test func theOrderRotates() throws {
        let log = Log()
        let found = try contest(tiny(rounds: 4)).run("", contestants(3, log) { _ in 7 })
        // Each is warmed up, and then has its turn in each round.
        #expect(log.passes == [0, 1, 2] + [0, 1, 2] + [1, 2, 0] + [2, 0, 1] + [0, 1, 2])
        #expect(found.map(\.id) == ["test.0", "test.1", "test.2"])
        #expect(found.allSatisfy { $0.cpu?.rounds.count == 4 && $0.wall?.rounds.count == 4 })
        #expect(found[0].ratio == nil && found[1].ratio != nil && found[2].ratio != nil)
    }

    @Test func byTheClockThereIsNoCPUTime() throws {
        let found = try contest().run("", contestants(2, Log(), isByClock: true) { _ in 7 })
        #expect(found.allSatisfy { $0.cpu == nil && $0.time == $0.wall })
        let walls = found.compactMap { $0.wall?.rounds }
        #expect(found[1].ratio == Statistics.ratio(of: walls[0], to: walls[1]))
    }

    @Test func passesAreRepeatedForTheLeastTime() throws {
        var settings = tiny(rounds: 1)
        settings.leastTime = 2e6
        let log = Log()
        _ = try contest(settings).run("", contestants(1, log) { _ in 7 })
        #expect(log.passes.count > 2)
    }

    /// The first answer is what the others have to be.
    @Test(arguments: [2, 3]) func aWrongAnswerEndsIt(_ wrong: Int) {
        let log = Log()
        let error = #expect(throws: BenchFailure.self) {
            try contest().run("", contestants(1, log) { $0 == wrong ? 8 : 7 })
        }
        #expect(log.passes.count == wrong)
        #expect(error?.description == "test.0 answers 8 instead of 7")
    }

    @Test func whatIsVerifiedCounts() {
        var fake = contestants(1, Log()) { _ in 7 }[0]
        fake.expected = 5
        fake.verify = { 5 }
        #expect(throws: Never.self) { try contest().run("", [fake]) }
        fake.verify = { 4 }
        let error = #expect(throws: BenchFailure.self) { try contest().run("", [fake]) }
        #expect(error?.description == "test.0 answers 4 instead of 5")
    }

    @Test func aPartOfAPassMayCount() throws {
        var fake = contestants(1, Log(), isByClock: true) { _ in 7 }[0]
        fake.units = 2
        fake.own = { 10 }
        #expect(try contest().run("", [fake])[0].wall?.rounds == [5, 5])
    }

    @Test(arguments: [0, 1, 4]) func cancellingEndsIt(_ passes: Int) {
        let cancel = CancelFlag()
        if passes == 0 { cancel.cancel() }
        let log = Log()
        let error = #expect(throws: BenchFailure.self) {
            try contest(tiny(), cancel).run(
                "",
                contestants(3, log) { count in
                    if count == passes { cancel.cancel() }
                    return 7
                })
        }
        #expect(log.passes.count == passes)
        #expect(error.map { isCancelled($0) } == true)
    }
}

// MARK: - Rooms

/// Says of the last number that it is prime, and of the others what they are.
private struct LyingPool: Pool {
    let kind = PoolKind.serial
    let workers = 1

    func run(
        _ job: PoolJob, cancel: CancelFlag, notify: (@Sendable (PoolNotice) -> Void)?,
        from source: @escaping @Sendable () throws -> NumberBatch?, deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        try SerialPool().run(
            job, cancel: cancel, notify: notify, from: source, deliver: deliver)
    }

    func verdicts(
        of numbers: Span<UInt64>, using job: PoolJob, cancel: CancelFlag, chunk: Int?
    ) throws(PoolError) -> [Verdict] {
        var verdicts = try SerialPool().verdicts(
            of: numbers, using: job, cancel: cancel, chunk: chunk)
        let last = verdicts.count - 1
        verdicts[last] = verdicts[last] == .prime ? .composite : .prime
        return verdicts
    }
}

@Suite(.timeLimit(.minutes(15))) struct RoomTests {
    private static let pools = [
        "threads", "tasks", "actors", "processes-pipe", "processes-socket", "processes-shm",
    ]

    @Test(arguments: [PoolWork.Kind.light, .steady])
    func verdictsAreCompared(_ kind: PoolWork.Kind) async throws {
        try await blocking {
            let work = PoolWork(kind, count: 500, CancelFlag())
            #expect(work.verified() == 0)
            let variants = [PoolVariant(name: "serial", text: "", pool: SerialPool())]
            for variant in variants + PoolVariant.all(workers: 2) {
                try work.run(variant.pool, count: 500, chunk: 64)
                #expect(work.verified() == 500, "\(variant.name)")
            }
            try work.run(work.batch(count: 300), passes: 2)
            #expect(work.verified() == 300)
            // One wrong answer in one of several runs shows.
            try work.run(SerialPool(), count: 500, chunk: 64)
            try work.run(LyingPool(), count: 500, chunk: 64)
            try work.run(SerialPool(), count: 500, chunk: 64)
            #expect(work.verified() == 499)
            let error = #expect(throws: BenchFailure.self) {
                try contest().run(
                    "", [work.contestant(measurement("test"), LyingPool(), count: 100, chunk: 10)])
            }
            #expect(error?.description == "test answers 99 instead of 100")
        }
    }

    @Test func aCancelledRunEnds() async throws {
        try await blocking {
            let cancel = CancelFlag()
            cancel.cancel()
            let work = PoolWork(.steady, count: 4096, cancel)
            for variant in PoolVariant.all(workers: 2) {
                let error = #expect(throws: BenchFailure.self, "\(variant.name)") {
                    try work.run(variant.pool, count: 4096, chunk: 16)
                }
                #expect(error.map { isCancelled($0) } == true)
            }
            #expect(throws: (any Error).self) { try work.run(work.batch(count: 4096), passes: 1) }
            var room = HandOverRoom(tiny(), workers: 2, chunks: [1], mostNumbers: 64)
            #expect(throws: BenchFailure.self) { try room.measure(contest(tiny(), cancel)) }
        }
    }

    @Test func handingOver() async throws {
        try await blocking {
            let settings = tiny(rounds: 1)
            var room = HandOverRoom(settings, workers: 2, chunks: [1, 50], mostNumbers: 600)
            let found = try room.measure(contest(settings))
            var promised = Self.pools.map { "hand-over.start.\($0)" } + ["hand-over.alone"]
            for kind in ["chunk", "cost"] {
                for size in [1, 50] {
                    promised += (["serial"] + Self.pools).map { "hand-over.\(kind)-\(size).\($0)" }
                }
            }
            // In so short a run a disturbance may hide a time, but not that it does.
            let missing = room.warnings.map { String($0.prefix { $0 != " " }) }
            #expect(found.map(\.id) == promised.filter { !missing.contains($0) })
            #expect(missing.allSatisfy { promised.contains($0) })
            for m in found {
                #expect(m.section == .handOver && m.cpu == nil && m.wall?.rounds.count == 1)
                let isCompared = m.id.hasPrefix("hand-over.chunk-")
                #expect(m.reference == (isCompared ? "hand-over.alone" : nil))
                #expect((m.ratio != nil) == isCompared)
            }
        }
    }

    @Test func poolsOnStreams() async throws {
        try await blocking {
            let settings = tiny(rounds: 1)
            let room = PoolsRoom(
                settings, workers: 2, sizes: [1, 3], large: 100, book: [2, 9, 1_000_003],
                bookTime: 0)
            let found = try room.measure(contest(settings))
            let all = ["serial"] + Self.pools
            let promised =
                [1, 3].flatMap { size in
                    (["alone"] + all).map { "pools.streamed.chunk-\(size).\($0)" }
                } + all.map { "pools.one-at-a-time.\($0)" } + all.map { "pools.large.\($0)" }
                + Self.pools.flatMap { pool in
                    ["asks", "first", "end"].map { "pools.\($0).\(pool)" }
                }
                + (all + ["even-shares"]).map { "pools.book.\($0)" }
            #expect(found.map(\.id) == promised)
            for m in found {
                #expect(m.section == .pools && m.cpu == nil && m.wall?.rounds.count == 1)
                #expect((m.ratio != nil) == (m.reference != nil))
            }
            // A pool's results are there after it has asked, and before it has ended.
            for pool in Self.pools {
                let times = ["asks", "first"].compactMap { part in
                    found.first { $0.id == PoolsRoom.start(part, pool) }?.wall?.median
                }
                #expect(times.count == 2 && times.allSatisfy { $0 > 0 })
            }
            let cancel = CancelFlag()
            cancel.cancel()
            let error = #expect(throws: BenchFailure.self) {
                try room.measure(contest(settings, cancel))
            }
            #expect(error.map { isCancelled($0) } == true)
        }
    }

    @Test func forkingBesideMemory() throws {
        var room = ForkRoom(tiny(), megabytes: [1, 3], available: 1e9)
        let found = try room.measure(contest())
        #expect(found.map(\.id) == ["fork.resident-1", "fork.resident-3"])
        #expect(found.map(\.size) == [1, 3])
        #expect(found.allSatisfy { $0.per == "fork" && $0.cpu == nil && $0.wall != nil })
        #expect(room.warnings.isEmpty)
    }

    @Test func memoryThatIsNotThereIsNotTaken() throws {
        var room = ForkRoom(tiny(), megabytes: [1, 1000], available: 2_499e6)
        #expect(try room.measure(contest()).map(\.id) == ["fork.resident-1"])
        #expect(
            room.warnings == [
                "a fork beside 1000 MB is left out: 2499 MB are available, wanted at least 2500 MB"
            ])
        room = ForkRoom(tiny(), megabytes: [10], available: nil)
        #expect(try room.measure(contest()).isEmpty)
        #expect(room.warnings.count == 1)
        // No machine has as much.
        room = ForkRoom(tiny(), megabytes: [1 << 40], available: .infinity)
        #expect(try room.measure(contest()).isEmpty)
        #expect(room.warnings.count == 1)
        #expect(try #require(availableMemory()) > 0)
    }

    @Test func workersGoUpToTwiceTheCores() {
        #expect(ScalingRoom.workers(cores: 1) == [1, 2])
        #expect(ScalingRoom.workers(cores: 3) == [1, 2, 3, 6])
        #expect(ScalingRoom.workers(cores: 8) == [1, 2, 3, 4, 5, 6, 7, 8, 16])
        #expect(ScalingRoom.workers(cores: 9) == [1, 2, 4, 8, 9, 18])
        #expect(ScalingRoom.workers(cores: 64) == [1, 2, 4, 8, 16, 32, 64, 128])
    }

    @Test func moreAndMoreWorkers() async throws {
        try await blocking {
            let found = try ScalingRoom(tiny(), cores: 2, serialTime: 50_000).measure(contest())
            let pools = ["threads", "tasks", "actors", "processes-shm"]
            let ids = [1, 2, 4].flatMap { workers in
                pools.map { "scaling.\($0).workers-\(workers)" }
            }
            #expect(found.map(\.id) == ids)
            for m in found {
                #expect(m.cpu == nil && m.wall?.rounds.count == 2)
                #expect((m.ratio != nil) == (m.size != 1))
                #expect(m.ratio == nil || m.reference?.hasSuffix(".workers-1") == true)
            }
        }
    }
}

// MARK: - What they say

@Suite struct PoolFindingTests {
    private func findings(_ measurements: [Timing]) throws -> [Finding] {
        var environment = try BenchEnvironment()
        environment.cores = 2
        var report = BenchReport(environment: environment, settings: tiny())
        report.measurements = measurements
        return Findings(report).all
    }

    @Test func ofNothing() throws {
        #expect(try findings([]).isEmpty)
    }

    @Test func ofHandingOver() throws {
        let starts = [("threads", 1e5), ("tasks", 2e5)].map {
            measurement("hand-over.start.\($0)", variant: $0, per: "start", times: [$1])
        }
        let costs = [("serial", 1500.0), ("threads", 28)].map {
            measurement("hand-over.cost-1.\($0)", variant: $0, size: 1, per: "chunk", times: [$1])
        }
        let runs: [(String, Int, Double)] = [
            ("threads", 1, 0.7), ("tasks", 1, 10), ("threads", 4, 0.52), ("tasks", 4, 0.6),
            ("threads", 16, 0.5), ("tasks", 16, 0.7), ("serial", 16, 1),
        ]
        let chunks = runs.map { pool, size, time in
            measurement(
                "hand-over.chunk-\(size).\(pool)", variant: pool, size: size, times: [time],
                reference: [1])
        }
        let found = try findings(starts + costs + chunks)
        #expect(
            found.map(\.text) == [
                "A run of 2 workers with next to nothing to do takes 100 µs with threads and 200 µs "
                    + "with tasks.",
                "Handing over a chunk of one number costs 1.50 µs (serial) and 28.0 ns (threads).",
                "Threads reach 95\u{A0}% of the ideal speed-up of 2 by chunks of 4: 1.92 times, and 0.520 ns a "
                    + "number.",
                "Tasks do not reach 95\u{A0}% of the ideal speed-up of 2: 1.67 times at best, by chunks of 4, "
                    + "and 0.600 ns a number.",
            ])
        #expect(found[2].id == "hand-over.chunk.threads")
        #expect(found[2].sources == ["hand-over.chunk-4.threads"])
        #expect(found.allSatisfy { $0.command == "command" })
    }

    @Test func ofForks() throws {
        let sizes: [(Int, Double)] = [(10, 1e5), (1000, 1e7)]
        let forks = sizes.map {
            measurement("fork.resident-\($0)", .fork, variant: "fork", size: $0, times: [$1])
        }
        #expect(
            try findings(forks).map(\.text) == [
                "A fork, to the end of the child, takes 100 µs beside 10 MB and 10.0 ms beside 1000 MB: "
                    + "10.0 µs more for each megabyte."
            ])
        #expect(try findings([forks[0]]).isEmpty)
    }

    @Test func ofScaling() throws {
        let one = [100.0, 110, 120]
        let times: [(Int, [Double])] = [(1, one), (2, one.map { $0 * 0.6 }), (4, one)]
        let runs = times.map { workers, times in
            measurement(
                "scaling.threads.workers-\(workers)", .scaling, size: workers, per: "run",
                times: times,
                reference: workers == 1 ? [] : one)
        }
        let found = try findings(runs)
        #expect(
            found.map(\.text) == [
                "Threads: 2 workers are 1.67 times as fast as one, an efficiency of 83.3\u{A0}%; by Amdahl's law "
                    + "20.0\u{A0}% of the work is serial (95\u{A0}% interval 20.0\u{A0}% to 20.0\u{A0}%)."
            ])
        // More workers than cores say nothing of the work.
        #expect(found[0].sources == ["scaling.threads.workers-1", "scaling.threads.workers-2"])
    }
}
