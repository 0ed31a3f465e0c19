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
        var figures = Figures()
        let test = try SlowJob.test(taking: seconds, setting.cancel)
        for (name, job) in [("sleeping", SlowJob.sleep(.seconds(seconds))), ("computing", test)] {
            figures.add(
                "thread, \(name)",
                try ThreadSpinner.supervisor(job, on: .nowhere, cancel: setting.cancel))
            figures.add(
                "process, \(name)",
                try ProcessSpinner.supervisor(job, on: .nowhere, cancel: setting.cancel))
            figures.add(
                "task, \(name)",
                try TaskSpinner.supervisor(job, on: .nowhere, cancel: setting.cancel))
        }
        return figures.outcome([
            figures.turns(
                "While the job sleeps all three turn.",
                ["thread, sleeping", "process, sleeping", "task, sleeping"]),
            figures.turns(
                "While the job computes a thread and a process turn.",
                ["thread, computing", "process, computing"]),
            figures.standsStill(
                "While the job computes a task that shares its thread does not turn.",
                ["task, computing"]),
        ])
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
        var figures = Figures()
        for (name, job) in [
            ("awaited sleep", SlowJob.sleep(.seconds(seconds))),
            ("blocking sleep", .block(.seconds(seconds))),
            ("test", try SlowJob.test(taking: seconds, setting.cancel)),
        ] {
            figures.add(
                name, try TaskSpinner.supervisor(job, on: .nowhere, cancel: setting.cancel))
        }
        return figures.outcome([
            figures.turns("A sleep that is awaited leaves the loop to others.", ["awaited sleep"]),
            figures.standsStill("A sleep that blocks stops the loop.", ["blocking sleep"]),
            figures.standsStill("A test stops the loop as well.", ["test"]),
        ])
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
        var figures = Figures()
        let job = try SlowJob.test(taking: seconds / 2, setting.cancel)
        let naps = [5_000, 50_000, 1_000_000]
        // The better of two counts, for what else the machine does.
        for _ in 0..<2 {
            for nap in naps {
                figures.add(
                    Self.every(nap),
                    try TaskSpinner.supervisor(
                        job, on: .nowhere, cancel: setting.cancel, mend: .nap(nap)))
            }
            figures.add(
                "own thread",
                try TaskSpinner.supervisor(
                    job, on: .nowhere, cancel: setting.cancel, mend: .executor))
        }
        let thread = figures.time(of: "own thread")
        let chapter = figures.time(of: Self.every(SlowJob.napDivisions))
        let seldom = figures.time(of: Self.every(naps[2]))
        for nap in naps {
            figures.add(
                ratio: "time with a \(Self.every(nap))", figures.time(of: Self.every(nap)) / thread)
        }
        return figures.outcome([
            figures.turns("Naps keep the spinner turning.", naps.map(Self.every)),
            Claim(
                "Napping costs more than a dedicated thread.", chapter > thread,
                "\(milliseconds(chapter)) with a \(Self.every(SlowJob.napDivisions)), "
                    + "\(milliseconds(thread)) on its own thread"),
            Claim(
                "The more naps the more they cost.",
                figures.time(of: Self.every(naps[0])) > seldom,
                naps.map(Self.every)
                    .map { "\(milliseconds(figures.time(of: $0))) with a \($0)" }
                    .joined(separator: ", ")),
        ])
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
        var figures = Figures()
        let job = try SlowJob.test(taking: seconds * 0.8, setting.cancel)
        for _ in 0..<2 {
            for (name, mend) in [
                ("on the loop", TaskSpinner.Mend.none), ("own thread", .executor),
                ("own process", .process),
            ] {
                figures.add(
                    name,
                    try TaskSpinner.supervisor(
                        job, on: .nowhere, cancel: setting.cancel, mend: mend))
            }
        }
        let loop = figures.time(of: "on the loop")
        let slowest = max(figures.time(of: "own thread"), figures.time(of: "own process"))
        return figures.outcome([
            figures.standsStill("On the loop the call stops the spinner.", ["on the loop"]),
            figures.turns("Handed to a thread it does not.", ["own thread"]),
            figures.turns("Handed to a process it does not.", ["own process"]),
            Claim(
                "Handing it over costs less than a quarter of the job's time.",
                slowest < loop * 1.25,
                "\(milliseconds(loop)) on the loop, \(milliseconds(slowest)) handed over"),
        ])
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
        var figures = Figures()
        let cores = PoolKind.defaultWorkers
        let job = try SlowJob.test(taking: seconds, setting.cancel)
        let counts = Set([1, cores - 1, cores, cores + 1]).filter { $0 >= 1 }.sorted()
        for count in counts {
            figures.add(
                Self.blocking(count),
                try TaskSpinner.supervisor(
                    job, on: .nowhere, cancel: setting.cancel, in: .pool(jobs: count)))
        }
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
        return figures.outcome(claims)
    }

    private static func every(_ divisions: Int) -> String { "nap every \(divisions) divisions" }

    private static func blocking(_ jobs: Int) -> String {
        jobs == 1 ? "1 blocking job" : "\(jobs) blocking jobs"
    }
}

/// How long a job takes that is measured: several frames are due meanwhile.
private let seconds = 0.6

private func milliseconds(_ seconds: Double) -> String {
    "\(Int((seconds * 1000).rounded())) ms"
}

extension SlowJob {
    /// A test by trial division in Swift that takes about so long here.
    static func test(taking seconds: Double, _ cancel: CancelFlag) throws(PoolError) -> SlowJob {
        // The largest prime below 2⁵⁰: some milliseconds, and not cut into parts by a pool.
        let number: BigNatural = 1_125_899_906_842_597
        let clock = ContinuousClock()
        let start = clock.now
        // The least, so that what else the machine does makes no short job.
        var least = Duration.seconds(1000)
        repeat {
            let one = SlowJob.test(number, engine: .swiftTrial, times: 1)
            let before = clock.now
            _ = try one.run(cancel)
            least = min(least, clock.now - before)
        } while clock.now - start < .milliseconds(50)
        let times = (Duration.seconds(seconds) / least).rounded()
        return .test(number, engine: .swiftTrial, times: max(1, Int(times)))
    }
}

/// Reports by name, and what they say.
private struct Figures {
    private var reports: [(name: String, report: Spinner.Report)] = []
    private var ratios: [ConcurrencyModel.Figure] = []

    mutating func add(_ name: String, _ report: Spinner.Report) { reports.append((name, report)) }

    mutating func add(ratio name: String, _ value: Double) {
        ratios.append(ConcurrencyModel.Figure(name, value, "x"))
    }

    private func reports(of name: String) -> [Spinner.Report] {
        reports.filter { $0.name == name }.map(\.report)
    }

    /// The least time of what was measured several times.
    func time(of name: String) -> Double {
        reports(of: name).map { $0.elapsed / .seconds(1) }.min() ?? 0
    }

    func gap(of name: String) -> Double {
        reports(of: name).map { $0.longestGap / .seconds(1) }.max() ?? 0
    }

    func turns(_ statement: String, _ names: [String]) -> ConcurrencyModel.Claim {
        claim(statement, names) { $0.turns }
    }

    func standsStill(_ statement: String, _ names: [String]) -> ConcurrencyModel.Claim {
        claim(statement, names) { $0.framesDrawn <= 1 && $0.framesDue > 2 }
    }

    private func claim(
        _ statement: String, _ names: [String], _ holds: (Spinner.Report) -> Bool
    ) -> ConcurrencyModel.Claim {
        let found = reports.filter { names.contains($0.name) }
        return ConcurrencyModel.Claim(
            statement, !found.isEmpty && found.allSatisfy { holds($0.report) },
            found.map { "\($0.name): \($0.report.framesDrawn) of \($0.report.framesDue) frames" }
                .joined(separator: "; "))
    }

    func outcome(_ claims: [ConcurrencyModel.Claim]) -> ConcurrencyModel.Outcome {
        var figures: [ConcurrencyModel.Figure] = []
        var seen: Set<String> = []
        for (name, _) in reports where seen.insert(name).inserted {
            let all = reports(of: name)
            // Of several measurements the one with the fewest frames.
            guard let worst = all.min(by: { $0.framesDrawn < $1.framesDrawn }) else { continue }
            figures.append(.init("\(name): frames drawn", Double(worst.framesDrawn)))
            figures.append(.init("\(name): frames due", Double(worst.framesDue)))
            figures.append(.init("\(name): longest gap", gap(of: name) * 1000, "ms"))
            figures.append(.init("\(name): time", time(of: name), "s"))
        }
        return ConcurrencyModel.Outcome(figures: figures + ratios, claims: claims)
    }
}
