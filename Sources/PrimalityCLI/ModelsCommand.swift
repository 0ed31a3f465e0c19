// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Charts
internal import Primality
internal import PrimalityBench
internal import PrimalityModels
internal import PrimalityPool
internal import PrimalityRuns

struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Runs the concurrency models, measures them, and says what they teach.",
        discussion: """
            Without a subcommand all models are measured, which takes less than a minute. Each comes \
            with its lesson, the command that runs it alone, the figures that were measured now, and \
            what they say to what Python books claim about such models. A claim that they contradict is \
            printed as contradicted; the exit status is 0 all the same, since a machine may be an exception. \
            If other programs use over 5 % of the cores, a contradicted claim is measured again, at most \
            twice, and is then left undecided.
            """,
        subcommands: [All.self, List.self, Pool.self, Contention.self],
        defaultSubcommand: All.self)
}

extension ModelsCommand {
    struct All: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "all", abstract: "Measures the models, and checks what is claimed.")

        @Argument(
            help: ArgumentHelp(
                "Which models; by default all. 'primality models list' names them.",
                valueName: "name"))
        var names: [String] = []

        @Option(
            name: .customShort("j", allowingJoined: true), parsing: .unconditional,
            help: ArgumentHelp(
                "Workers, from 1 to 1024; by default one a core.", valueName: "workers"))
        var workers: Int?

        @OptionGroup var progress: ProgressOption

        @Flag(help: "Print one JSON object.")
        var json = false

        @Flag(help: "Measure for a few seconds only: to see that it works, the figures say little.")
        var quick = false

        private struct Entry: Encodable {
            var name: String
            var title: String
            var lesson: String
            var command: String
            var seconds: Double
            var figures: [ConcurrencyModel.Figure]
            var claims: [ConcurrencyModel.Claim]
        }

        private struct Report: Encodable {
            var version = BuildInformation.version
            var level: String
            var cores = PoolKind.defaultWorkers
            var workers: Int
            var claims = 0
            var contradicted = 0
            var undecided = 0
            var seconds = 0.0
            var models: [Entry] = []
        }

        func run() throws {
            let models = try chosen()
            let workers = try workerCount(workers)
            let progress = try progress.mode()
            try Refusal.checkLevel()
            let interruption = Interruption()
            let stages = Stages(progress, count: models.count)
            defer { stages.stop() }
            let setting = ConcurrencyModel.Setting(
                workers: workers, cancel: interruption.cancel, isQuick: quick)
            var output = Output()
            var mostByOthers = 0.0
            var report = Report(level: try KernelLevel.active.rawValue, workers: workers)
            var status = ExitStatus.done
            for model in models where output.error == nil {
                let start = ContinuousClock.now
                stages.begin("model \(model.name)")
                do {
                    let outcome = try ConcurrencyModel.settled(attempts: quick ? 1 : 3) {
                        let start = CPUTimes()
                        let outcome = try model.measure(setting)
                        let others = start.flatMap { CPUTimes()?.others(since: $0) } ?? 0
                        mostByOthers = max(mostByOthers, others)
                        return (outcome, others > BenchEnvironment.trustedShare)
                    }
                    let entry = Entry(
                        name: model.name, title: model.title, lesson: model.lesson,
                        command: model.command, seconds: (.now - start) / .seconds(1),
                        figures: outcome.figures, claims: outcome.claims)
                    report.models.append(entry)
                    if !json { _ = output.write(text(of: entry) + "\n") }
                } catch {
                    if interruption.signal != nil { stages.stop() }
                    interruption.exitIfSignalled {
                        "\(report.models.count) of \(models.count) models were measured"
                    }
                    StandardStreams.complain("model \(model.name): \(error)")
                    status.raise(to: .internalError)
                }
            }
            let claims = report.models.flatMap(\.claims)
            report.claims = claims.count
            report.contradicted = claims.count { $0.holds == false }
            report.undecided = claims.count { $0.holds == nil }
            report.seconds = report.models.map(\.seconds).reduce(0, +)
            _ = output.write(json ? try jsonText(report) : summary(report))
            if report.undecided > 0 {
                StandardStreams.complain(
                    "the machine is busy: others used up to \(decimal(mostByOthers * 100, places: 0)) % "
                        + "of the cores meanwhile, wanted at most "
                        + "\(decimal(BenchEnvironment.trustedShare * 100, places: 0)) %")
            }
            status.raise(to: output.status())
            if status != .done { throw ExitCode(status.rawValue) }
        }

        private func chosen() throws -> [ConcurrencyModel] {
            if names.isEmpty { return ConcurrencyModel.all }
            return try names.map { name in
                let model = ConcurrencyModel.all.first { $0.name == name }
                if let model { return model }
                let known = ConcurrencyModel.all.map(\.name).joined(separator: ", ")
                throw Refusal.usage("model '\(printable(name))' is unknown; use one of \(known)")
            }
        }

        private func text(of entry: Entry) -> String {
            var text = head(entry.name, entry.title, entry.lesson, entry.command)
            for figure in entry.figures {
                text += "    " + padded(figure.name, to: 42) + aligned(value(figure), to: 16) + "\n"
            }
            for claim in entry.claims {
                let judgement =
                    switch claim.holds {
                    case true: "holds"
                    case false: "CONTRADICTED"
                    case nil: "not decided: the machine is busy"
                    }
                text += "    \(judgement): \(claim.statement) (\(claim.evidence))\n"
            }
            return text
        }

        private func value(_ figure: ConcurrencyModel.Figure) -> String {
            switch figure.unit {
            case "1/s": decimal(figure.value, places: 0) + " /s"
            case "": decimal(figure.value, places: 0)
            case "x": decimal(figure.value, places: 2) + " x"
            default: decimal(figure.value, places: 2) + " " + figure.unit
            }
        }

        private func summary(_ report: Report) -> String {
            "\(report.claims) claims, of which \(report.contradicted) are contradicted here"
                + (report.undecided > 0 ? " and \(report.undecided) are not decided" : "") + "; "
                + "\(decimal(report.seconds, places: 1)) s\n"
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Names the models and their lessons; measures nothing.")

        func run() throws {
            var output = Output()
            for model in ConcurrencyModel.all {
                _ = output.write(head(model.name, model.title, model.lesson, model.command) + "\n")
            }
            let status = output.status()
            if status != .done { throw ExitCode(status.rawValue) }
        }
    }

    struct Pool: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pool",
            abstract: "The home-grown pool: a queue of numbers, one of results, and a poison pill.",
            usage: "primality models pool [<number> ...] [--workers <kind>] [<options>]",
            discussion: """
                Prints results as they are completed, each with the time that its test took. 0 is the \
                poison pill, so it cannot be tested. A worker that is killed loses its number, which \
                is reported at the end with status 70; 'primality check --pool processes' loses none.
                """)

        @Argument(
            help: ArgumentHelp(
                "64-bit numbers from 1 on; by default the 20 of the book's primes table.",
                valueName: "number"))
        var numbers: [String] = []

        @Option(help: ArgumentHelp("threads or processes.", valueName: "kind"))
        var workers = "processes"

        @Option(
            name: .customShort("j", allowingJoined: true), parsing: .unconditional,
            help: ArgumentHelp(
                "Workers, from 1 to 1024; by default one a core.", valueName: "workers"))
        var count: Int?

        @Option(
            help: ArgumentHelp("trial, u64, gmp, swift-trial or swift-u64.", valueName: "name"))
        var engine = "trial"

        @Flag(help: "Print one JSON object.")
        var json = false

        private struct Report: Encodable {
            var workers: HomeGrownPool.Workers
            var count: Int
            var engine: Engine
            var checks: [HomeGrownPool.Check]
            var summary: HomeGrownPool.Summary
        }

        func run() throws {
            let kind: HomeGrownPool.Workers = try choice(workers, of: "--workers")
            let engine: Engine = try choice(
                engine, of: "--engine")
            let count = try workerCount(count)
            let words = try words()
            try Refusal.checkLevel()
            let interruption = Interruption()
            let pool = HomeGrownPool(
                kind, count: count, engine: engine, cancel: interruption.cancel)
            var checks: [HomeGrownPool.Check] = []
            let summary: HomeGrownPool.Summary
            var output = Output()
            var status = ExitStatus.done
            if !json {
                _ = output.write(
                    "Checking \(words.count) numbers, workers: \(count) \(kind.rawValue)\n")
            }
            do throws(PoolError) {
                summary = try pool.check(words) { check in
                    checks.append(check)
                    if !json && !output.write(line(check)) { interruption.cancel.cancel() }
                }
            } catch {
                StandardStreams.complain(error.description)
                throw ExitCode(error.exitStatus.rawValue)
            }
            if json {
                let report = Report(
                    workers: kind, count: count, engine: engine, checks: checks, summary: summary)
                _ = output.write(try jsonText(report))
            } else {
                let time = decimal(summary.seconds, places: 6)
                _ = output.write("\(summary.checks) checks in \(time) s\n")
            }
            interruption.exitIfSignalled {
                "\(summary.checks) numbers were checked, "
                    + "\(words.count - summary.checks) were not"
            }
            if summary.lost > 0 {
                StandardStreams.complain(
                    "numbers without a result: \(summary.lost), whose workers died")
                status.raise(to: .internalError)
            }
            status.raise(to: output.status())
            if status != .done { throw ExitCode(status.rawValue) }
        }

        private func words() throws -> [UInt64] {
            if numbers.isEmpty { return Race.book.compactMap { UInt64($0.description) } }
            return try numbers.map { text in
                guard let number = number(text, called: "number", maximumBits: 64) else {
                    throw ExitCode(ExitStatus.badInput.rawValue)
                }
                guard let word = UInt64(number.description), word != HomeGrownPool.poisonPill else {
                    StandardStreams.complain(
                        "'\(printable(text))' is the poison pill, which ends a worker; give numbers from 1"
                            + " on")
                    throw ExitCode(ExitStatus.badInput.rawValue)
                }
                return word
            }
        }

        private func line(_ check: HomeGrownPool.Check) -> String {
            aligned(String(check.number), to: 20) + (check.isPrime ? "  P" : "   ")
                + aligned(decimal(check.seconds, places: 6), to: 12) + " s\n"
        }
    }

    struct Contention: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "contention",
            abstract: "A counter and a queue that threads share, guarded in five ways.",
            discussion: """
                Prints millions of operations a second of all threads together, and how fairly they \
                were shared: Jain's index, 1 when all threads did the same number and 1/n when one \
                of n did all. An operation adds 1 to the counter, or puts an item into the queue and \
                takes one out. What is in it at the end is compared with what was done.

                mutex: a lock at which threads sleep. spin lock: one at which they spin. atomic: no \
                lock. sharded: one for each thread. messages: it belongs to one more thread, which \
                is asked and answers.
                """)

        @Option(
            help: ArgumentHelp(
                "Numbers of threads, from 1 to 1024; by default from 1 to twice the cores.",
                valueName: "list"))
        var threads: String?

        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "How long each is measured, from 1 to 60000.", valueName: "milliseconds"))
        var time = 30

        @Flag(help: "Print one JSON object.")
        var json = false

        private struct Report: Encodable {
            var version = BuildInformation.version
            var cores = PoolKind.defaultWorkers
            var milliseconds: Int
            var rows: [PrimalityModels.Contention.Row]
        }

        func run() throws {
            let counts = try threadCounts()
            if !(1...60_000).contains(time) {
                throw Refusal.usage("--time \(time) is out of range; give 1 to 60000 milliseconds")
            }
            let interruption = Interruption()
            let contention = PrimalityModels.Contention(
                threads: counts, milliseconds: time, cancel: interruption.cancel)
            var output = Output()
            var status = ExitStatus.done
            var rows: [PrimalityModels.Contention.Row] = []
            if !json { _ = output.write(heading(counts)) }
            do {
                try contention.run { row in
                    rows.append(row)
                    if json { return }
                    if !output.write(cell(row, counts)) { interruption.cancel.cancel() }
                }
                if json { _ = output.write(try jsonText(Report(milliseconds: time, rows: rows))) }
            } catch {
                if !json { _ = output.write("\n") }
                interruption.exitIfSignalled { "the measurement was not finished" }
                if output.error == nil {
                    StandardStreams.complain("\(error)")
                    status.raise(to: .internalError)
                }
            }
            status.raise(to: output.status())
            if status != .done { throw ExitCode(status.rawValue) }
        }

        private func threadCounts() throws -> [Int] {
            guard let threads else { return PrimalityModels.Contention.defaultThreads() }
            let counts = threads.split(separator: ",", omittingEmptySubsequences: false).map {
                Int($0).flatMap { (1...1024).contains($0) ? $0 : nil }
            }
            guard !counts.contains(nil) else {
                throw Refusal.usage(
                    "--threads '\(printable(threads))' is no list of numbers from 1 to 1024, such as"
                        + " 1,2,4")
            }
            return counts.compactMap(\.self)
        }

        private func heading(_ counts: [Int]) -> String {
            "\(PoolKind.defaultWorkers) cores, \(time) ms each; millions a second, fairness\n\n"
                + padded("threads", to: 20)
                + counts.map { aligned(String($0), to: 14) }.joined() + "\n"
        }

        /// A row is written cell by cell, as they are measured.
        private func cell(_ row: PrimalityModels.Contention.Row, _ counts: [Int]) -> String {
            let isFirst = row.threads == counts.first
            let isLast = row.threads == counts.last
            let name = "\(row.resource.rawValue), \(row.guard.rawValue)"
            let millions = decimal(row.perSecond / 1e6, places: row.perSecond < 1e6 ? 3 : 1)
            return (isFirst ? padded(name, to: 20) : "")
                + aligned(millions + " " + decimal(row.fairness, places: 2), to: 14)
                + (isLast ? "\n" : "")
        }
    }
}

/// A model's name, lesson and command.
private func head(_ name: String, _ title: String, _ lesson: String, _ command: String) -> String {
    "\(name): \(title)\n\n\(wrapped(lesson, to: 76, indent: "    "))\n    $ \(command)\n\n"
}

/// A paragraph in lines of at most `width` columns.
func wrapped(_ text: String, to width: Int, indent: String) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        if !line.isEmpty && line.count + 1 + word.count > width {
            lines.append(line)
            line = ""
        }
        line += (line.isEmpty ? "" : " ") + word
    }
    if !line.isEmpty { lines.append(line) }
    return lines.map { indent + $0 + "\n" }.joined()
}
