// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityPool

extension ConcurrencyModel {
    /// A spinner by a thread, a process and a task.
    package static let spinner = ConcurrencyModel(
        name: "spinner", title: "A spinner and a slow job",
        lesson: """
            The same program three ways: something turns while the main flow does a slow job. A thread and a \
            process are stopped by an event, since nothing ends a thread from outside; a task is cancelled. \
            While the job sleeps there is no difference. When it computes, the system still shares the cores \
            out between threads and between processes, but tasks that share a thread have a turn only when \
            the others wait for something.
            """,
        command: "primality spin --model thread|process|task --job sleep|prime"
    ) { setting in
        var found = Reports(setting)
        let test = try SlowJob.test(taking: found.seconds, setting)
        for (name, job) in [
            ("sleeping", SlowJob.sleep(.seconds(found.seconds))), ("computing", test),
        ] {
            found.add(
                "thread, \(name)",
                try ThreadSpinner.supervisor(job, on: .nowhere, cancel: setting.cancel))
            found.add(
                "process, \(name)",
                try ProcessSpinner.supervisor(job, on: .nowhere, cancel: setting.cancel))
            found.add(
                "task, \(name)",
                try TaskSpinner.supervisor(job, on: .nowhere, cancel: setting.cancel))
        }
        return found.figures
    } judge: { figures in
        [
            figures.turns(
                "While the job sleeps all three turn.",
                ["thread, sleeping", "process, sleeping", "task, sleeping"]),
            figures.turns(
                "While the job computes a thread and a process turn.",
                ["thread, computing", "process, computing"]),
            figures.standsStill(
                "While the job computes a task that shares its thread does not turn.",
                ["task, computing"]),
        ]
    }

    /// A blocking call on an event loop.
    package static let blockedLoop = ConcurrencyModel(
        name: "blocked-loop", title: "A blocking call on an event loop",
        lesson: """
            An event loop has one thread, and its tasks take turns only where they await. A call that blocks \
            the thread, whether it computes or sleeps, stops every task on the loop: the spinner does not \
            even begin. A sleep that is awaited costs the others nothing.
            """,
        command: "primality spin --model task --job sleep --blocking"
    ) { setting in
        var found = Reports(setting)
        for (name, job) in [
            ("awaited sleep", SlowJob.sleep(.seconds(found.seconds))),
            ("blocking sleep", .block(.seconds(found.seconds))),
            ("test", try SlowJob.test(taking: found.seconds, setting)),
        ] {
            found.add(
                name, try TaskSpinner.supervisor(job, on: .nowhere, cancel: setting.cancel))
        }
        return found.figures
    } judge: { figures in
        [
            figures.turns("A sleep that is awaited leaves the loop to others.", ["awaited sleep"]),
            figures.standsStill("A sleep that blocks stops the loop.", ["blocking sleep"]),
            figures.standsStill("A test stops the loop as well.", ["test"]),
        ]
    }

    /// Power napping.
    package static let napping = ConcurrencyModel(
        name: "napping", title: "Power napping",
        lesson: """
            A computation can give the loop's thread up from time to time, so that others have a turn. Each \
            nap sends the task through the executors' queues, and how often is right depends on the machine \
            and on the others' patience: too seldom and they wait, too often and the computation crawls. It \
            is a stopgap; a thread of its own costs less and needs no tuning.
            """,
        command: "primality spin --model task --job prime --mend nap --nap 50000"
    ) { setting in
        var found = Reports(setting)
        let job = try SlowJob.test(taking: found.seconds / 2, setting)
        // The better of two counts, for what else the machine does.
        for _ in 0..<found.rounds {
            for nap in naps {
                found.add(
                    Self.every(nap),
                    try TaskSpinner.supervisor(
                        job, on: .nowhere, cancel: setting.cancel, mend: .nap(nap)))
            }
            found.add(
                "own thread",
                try TaskSpinner.supervisor(
                    job, on: .nowhere, cancel: setting.cancel, mend: .executor))
        }
        let times = Figures(all: found.figures)
        for nap in naps {
            found.add(
                ratio: "time with a \(Self.every(nap))",
                times.time(of: Self.every(nap)) / times.time(of: "own thread"))
        }
        return found.figures
    } judge: { figures in
        let thread = figures.time(of: "own thread")
        let chapter = figures.time(of: Self.every(SlowJob.napDivisions))
        return [
            figures.turns("Naps keep the spinner turning.", naps.map(Self.every)),
            Claim(
                "Napping costs more than a dedicated thread.", chapter > thread,
                "\(milliseconds(chapter)) with a \(Self.every(SlowJob.napDivisions)), "
                    + "\(milliseconds(thread)) on its own thread"),
            Claim(
                "The more naps the more they cost.",
                figures.time(of: Self.every(naps[0])) > figures.time(of: Self.every(naps[2])),
                naps.map(Self.every)
                    .map { "\(milliseconds(figures.time(of: $0))) with a \($0)" }
                    .joined(separator: ", ")),
        ]
    }

    /// Handing the call over.
    package static let runInExecutor = ConcurrencyModel(
        name: "run-in-executor", title: "Handing the call to a thread or a process",
        lesson: """
            A loop that must not block hands the call to an executor and awaits the answer. With a compiled \
            language a thread does: it computes on another core, or shares this one by the system's \
            scheduler. A process does as well, and stays usable when the call may crash or has to be killed.
            """,
        command: "primality spin --model task --job prime --mend executor"
    ) { setting in
        var found = Reports(setting)
        let job = try SlowJob.test(taking: found.seconds * 0.8, setting)
        for _ in 0..<found.rounds {
            for (name, mend) in [
                ("on the loop", TaskSpinner.Mend.none), ("own thread", .executor),
                ("own process", .process),
            ] {
                found.add(
                    name,
                    try TaskSpinner.supervisor(
                        job, on: .nowhere, cancel: setting.cancel, mend: mend))
            }
        }
        return found.figures
    } judge: { figures in
        let loop = figures.time(of: "on the loop")
        let slowest = max(figures.time(of: "own thread"), figures.time(of: "own process"))
        return [
            figures.standsStill("On the loop the call stops the spinner.", ["on the loop"]),
            figures.turns("Handed to a thread it does not.", ["own thread"]),
            figures.turns("Handed to a process it does not.", ["own process"]),
            Claim(
                "Handing it over costs less than a quarter of the job's time.",
                slowest < loop * 1.25,
                "\(milliseconds(loop)) on the loop, \(milliseconds(slowest)) handed over"),
        ]
    }

    /// Blocking jobs on Swift's cooperative pool.
    package static let cooperativePool = ConcurrencyModel(
        name: "cooperative-pool", title: "Blocking jobs on the cooperative pool",
        lesson: """
            Swift runs tasks on one thread a core, and adds none when they block. So a blocking call in a \
            task is not noticed at first: as long as fewer tasks block than there are cores, others have a \
            turn. From the core count on every task of the program stands still, and nothing says why.
            """,
        command: "primality spin --model task --job prime --on pool --jobs 2"
    ) { setting in
        var found = Reports(setting)
        let cores = PoolKind.defaultWorkers
        let job = try SlowJob.test(taking: found.seconds, setting)
        let counts = Self.blockingCounts(cores)
        for count in counts {
            found.add(
                Self.blocking(count),
                try TaskSpinner.supervisor(
                    job, on: .nowhere, cancel: setting.cancel, in: .pool(jobs: count)))
        }
        found.add(count: "cores", cores)
        found.add(count: "milliseconds that a job takes, about", Int(found.seconds * 1000))
        return found.figures
    } judge: { figures in
        let cores = figures.count("cores")
        let seconds = figures["milliseconds that a job takes, about"] / 1000
        let counts = Self.blockingCounts(cores)
        let few = counts.filter { $0 < cores }.map(Self.blocking)
        let many = counts.filter { $0 >= cores }.map(Self.blocking)
        // When a job ends, and the next one is not there yet, the spinner has a turn: what counts is that
        // it had none as long as one job takes.
        let gaps = many.map { figures.gap(of: $0) }
        var claims = [
            Claim(
                "With as many blocking jobs as cores it stands still while they run.",
                gaps.allSatisfy { $0 >= seconds / 2 },
                "a job takes some \(milliseconds(seconds)); longest gaps: "
                    + zip(many, gaps).map { "\(milliseconds($1)) with \($0)" }
                    .joined(separator: ", "))
        ]
        if !few.isEmpty {
            claims.insert(
                figures.turns("With fewer blocking jobs than cores the spinner turns.", few), at: 0)
        }
        return claims
    }

    private static func blockingCounts(_ cores: Int) -> [Int] {
        Set([1, cores - 1, cores, cores + 1]).filter { $0 >= 1 }.sorted()
    }

    private static func every(_ divisions: Int) -> String { "nap every \(divisions) divisions" }

    private static func blocking(_ jobs: Int) -> String {
        jobs == 1 ? "1 blocking job" : "\(jobs) blocking jobs"
    }
}

/// Divisions from nap to nap.
private let naps = [5_000, 50_000, 1_000_000]

private func milliseconds(_ seconds: Double) -> String {
    seconds.isFinite ? "\(Int((seconds * 1000).rounded())) ms" : "no time"
}

extension SlowJob {
    /// A test by trial division in Swift that takes about so long here.
    static func test(
        taking seconds: Double, _ setting: ConcurrencyModel.Setting
    ) throws(PoolError) -> SlowJob {
        // The largest prime below 2⁵⁰: some milliseconds, and not cut into parts by a pool. The other one is
        // the largest below 2⁴⁰.
        let number: BigNatural = setting.isQuick ? 1_099_511_627_689 : 1_125_899_906_842_597
        let clock = ContinuousClock()
        let start = clock.now
        // The least, so that what else the machine does makes no short job.
        var least = Duration.seconds(1000)
        repeat {
            let one = SlowJob.test(number, engine: .swiftTrial, times: 1)
            let before = clock.now
            _ = try one.run(setting.cancel)
            least = min(least, clock.now - before)
        } while clock.now - start < .milliseconds(setting.isQuick ? 10 : 50)
        let times = (Duration.seconds(seconds) / least).rounded()
        return .test(number, engine: .swiftTrial, times: max(1, Int(times)))
    }
}

/// Reports by name, and the figures that they make.
private struct Reports {
    /// How long a job takes that is measured: several frames are due meanwhile.
    let seconds: Double
    /// How often what takes long is measured.
    let rounds: Int
    private var reports: [(name: String, report: Spinner.Report)] = []
    private var others: [ConcurrencyModel.Figure] = []

    init(_ setting: ConcurrencyModel.Setting) {
        seconds = setting.isQuick ? 0.35 : 0.6
        rounds = setting.isQuick ? 1 : 2
    }

    mutating func add(_ name: String, _ report: Spinner.Report) { reports.append((name, report)) }

    mutating func add(ratio name: String, _ value: Double) {
        others.append(ConcurrencyModel.Figure(name, value, "x"))
    }

    mutating func add(count name: String, _ value: Int) {
        others.append(ConcurrencyModel.Figure(name, Double(value)))
    }

    var figures: [ConcurrencyModel.Figure] {
        var figures: [ConcurrencyModel.Figure] = []
        var seen: Set<String> = []
        for (name, _) in reports where seen.insert(name).inserted {
            let all = reports.filter { $0.name == name }.map(\.report)
            // Of several measurements the one with the fewest frames, and the least time.
            guard let worst = all.min(by: { $0.framesDrawn < $1.framesDrawn }) else { continue }
            let gap = all.map { $0.longestGap / .milliseconds(1) }.max() ?? 0
            let time = all.map { $0.elapsed / .seconds(1) }.min() ?? 0
            figures.append(.init("\(name): frames drawn", Double(worst.framesDrawn)))
            figures.append(.init("\(name): frames due", Double(worst.framesDue)))
            figures.append(.init("\(name): longest gap", gap, "ms"))
            figures.append(.init("\(name): time", time, "s"))
        }
        return figures + others
    }
}

extension ConcurrencyModel.Figures {
    fileprivate func time(of name: String) -> Double { self["\(name): time"] }

    fileprivate func gap(of name: String) -> Double { self["\(name): longest gap"] }

    /// At least half of the frames came.
    fileprivate func turns(_ statement: String, _ names: [String]) -> ConcurrencyModel.Claim {
        claim(statement, names) { $0 * 2 >= $1 }
    }

    /// Several frames were due, and none came but the first.
    fileprivate func standsStill(
        _ statement: String, _ names: [String]
    ) -> ConcurrencyModel.Claim {
        claim(statement, names) { $0 <= 1 && $1 > 2 }
    }

    private func claim(
        _ statement: String, _ names: [String], _ holds: (_ drawn: Double, _ due: Double) -> Bool
    ) -> ConcurrencyModel.Claim {
        let frames = names.map { (self["\($0): frames drawn"], self["\($0): frames due"]) }
        return ConcurrencyModel.Claim(
            statement, frames.allSatisfy { holds($0.0, $0.1) },
            names.map {
                "\($0): \(count("\($0): frames drawn")) of \(count("\($0): frames due")) frames"
            }.joined(separator: "; "))
    }
}
