// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Charts
internal import Primality
internal import PrimalityExpressions
internal import PrimalityModels
internal import PrimalityPool
internal import PrimalityRuns

struct SpinCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spin",
        abstract: "Turns a spinner while a slow job is done: by a thread, a process or a task.",
        usage: "primality spin [--model <name>] [--job <name>] [--mend <way>] [<options>]",
        discussion: """
            The main flow does the job, the spinner draws ten frames a second, and is stopped when the \
            answer is there: a thread and a process by an event, a task by cancel(). Afterwards you see how \
            many frames came of those that were due, and how long the picture stood still at most.

            A job that sleeps leaves its thread to others. One that computes does not, and that counts \
            where spinner and job share a thread:

              --model thread --job prime            turns: cores are shared out
              --model process --job prime           turns, for the same reason
              --model task --job sleep              turns: the job awaits
              --model task --job sleep --blocking   stands still: the call blocks
              --model task --job prime              stands still: so does a test

            The last two have an event loop with one thread. What helps there (--mend):

              nap        the test gives way every --nap divisions, at a price
              executor   the call is handed to a thread of its own
              process    the call is handed to a process of its own

            --on pool puts the tasks on Swift's cooperative pool, which has one thread a core: the spinner \
            turns while fewer --jobs than cores block their threads.

            A standard output that is no terminal gets the answer and the figures; the frames are counted \
            all the same. Exit status: 0 done; 64 usage; 129, 130 or 143 ended by SIGHUP, SIGINT or SIGTERM.
            """)

    enum Model: String, CaseIterable, Encodable { case thread, process, task }
    enum Job: String, CaseIterable, Encodable { case sleep, prime }
    enum Place: String, CaseIterable, Encodable { case loop, pool }
    enum Mend: String, CaseIterable, Encodable { case none, nap, executor, process }

    @Option(help: ArgumentHelp("What spins: thread, process or task.", valueName: "name"))
    var model = "thread"

    @Option(help: ArgumentHelp("What is done meanwhile: sleep or prime.", valueName: "name"))
    var job = "sleep"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long --job sleep takes; by default 3.", valueName: "seconds"))
    var seconds: Double?

    @Flag(
        help: ArgumentHelp(
            "With --model task --job sleep: sleep by a call that blocks the thread."))
    var blocking = false

    @Option(
        help: ArgumentHelp(
            "What --job prime tests; by default 9223372036854775783, the largest prime below 2^63.",
            valueName: "number"))
    var number: String?

    @Option(
        help: ArgumentHelp(
            "With which engine: auto, trial, u64, gmp, ifma, fft, swift-trial or swift-u64; by default "
                + "swift-trial, and gmp from 2^64 on.", valueName: "name"))
    var engine: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How often the number is tested; by default once, and that of --number's default 6 times, "
                + "which takes some 3 s.", valueName: "count"))
    var times: Int?

    @Option(
        help: ArgumentHelp(
            "Where the tasks run: loop, with one thread, or pool, with one a core. By default loop.",
            valueName: "place"))
    var on: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --on pool: how many tasks do the job at once; by default 1.", valueName: "count"))
    var jobs: Int?

    @Option(
        help: ArgumentHelp(
            "What keeps the job from blocking the loop: none, nap, executor or process. By default none.",
            valueName: "way"))
    var mend: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --mend nap: divisions between two naps; by default \(SlowJob.napDivisions).",
            valueName: "count"))
    var nap: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let model: Model = try choice(model, of: "--model")
        let job = try slowJob(try choice(job, of: "--job"))
        let ways = try ways(model, job)
        try Refusal.checkLevel()
        let terminal = Terminal()
        let interruption = Interruption(terminal)

        var output = Output()
        do {
            let report = try spin(model, job, ways, terminal, interruption.cancel)
            let plain = try ways.mend == .nap ? plainSeconds(job, interruption.cancel) : nil
            interruption.exitIfSignalled { "the job was done" }
            let result = Result(model, self.job, ways, job, report, plain)
            _ = output.write(json ? try jsonText(result) : result.text)
        } catch let error as PoolError {
            interruption.exitIfSignalled { "the job was not finished" }
            StandardStreams.complain(error.description)
            throw ExitCode(error.exitStatus.rawValue)
        }
        let status = output.status()
        if status != .done { throw ExitCode(status.rawValue) }
    }

    private func spin(
        _ model: Model, _ job: SlowJob, _ ways: Ways, _ terminal: Terminal?, _ cancel: CancelFlag
    ) throws(PoolError) -> Spinner.Report {
        // Where nobody sees it the spinner draws nowhere: a file would keep every frame.
        let canvas: Spinner.Canvas = terminal == nil ? .nowhere : .terminal(1)
        terminal?.take()
        defer { terminal?.giveBack() }
        switch model {
        case .thread: return try ThreadSpinner.supervisor(job, on: canvas, cancel: cancel)
        case .process: return try ProcessSpinner.supervisor(job, on: canvas, cancel: cancel)
        case .task:
            let mend: TaskSpinner.Mend =
                switch ways.mend {
                case .none: .none
                case .nap: .nap(ways.nap)
                case .executor: .executor
                case .process: .process
                }
            return try TaskSpinner.supervisor(
                job, on: canvas, cancel: cancel,
                in: ways.place == .loop ? .loop : .pool(jobs: ways.jobs), mend: mend)
        }
    }

    /// What one test takes that does not nap.
    private func plainSeconds(_ job: SlowJob, _ cancel: CancelFlag) throws(PoolError) -> Double? {
        guard case .test(let number, let engine, _) = job else { return nil }
        let start = ContinuousClock.now
        _ = try SlowJob.test(number, engine: engine, times: 1).run(cancel)
        return (.now - start) / .seconds(1)
    }
}

extension SpinCommand {
    private func slowJob(_ kind: Job) throws -> SlowJob {
        switch kind {
        case .sleep:
            for (option, isGiven) in [
                ("--number", number != nil), ("--engine", engine != nil), ("--times", times != nil),
            ] where isGiven {
                throw Refusal.usage("\(option) is for --job prime, not for sleep")
            }
            let seconds = seconds ?? 3
            if !(0...1e6).contains(seconds) {
                throw Refusal.usage("--seconds \(seconds) is out of range; give 0 to 1000000")
            }
            return blocking ? .block(.seconds(seconds)) : .sleep(.seconds(seconds))
        case .prime:
            if seconds != nil { throw Refusal.usage("--seconds is for --job sleep, not for prime") }
            if blocking {
                throw Refusal.usage("--blocking is for --job sleep: a test blocks its thread")
            }
            return try test()
        }
    }

    private func test() throws -> SlowJob {
        var candidate = SlowJob.number
        if let number {
            do {
                candidate = try BigNatural(expression: number, maximumBits: 1_000_000)
            } catch {
                throw Refusal.usage("--number '\(printable(number))': \(error)")
            }
        }
        var engine: Engine = candidate.bitWidth > 64 ? .gmp : .swiftTrial
        if let name = self.engine {
            engine = try choice(name, of: "--engine")
        }
        let limit = engine.maximumBits
        if candidate.bitWidth > limit {
            throw Refusal.usage(
                "--engine \(engine.rawValue) takes numbers below 2^\(limit); "
                    + "take gmp for one of \(candidate.bitWidth) bits")
        }
        let times = times ?? (number == nil ? 6 : 1)
        if !(1...1_000_000_000).contains(times) {
            throw Refusal.usage("--times \(times) is out of range; give 1 to 1000000000")
        }
        return .test(candidate, engine: engine, times: times)
    }

    /// How a task does its job.
    fileprivate struct Ways {
        var place = Place.loop
        var jobs = 1
        var mend = Mend.none
        var nap = SlowJob.napDivisions
    }

    private func ways(_ model: Model, _ job: SlowJob) throws -> Ways {
        if model != .task {
            for (option, isGiven) in [
                ("--on", on != nil), ("--jobs", jobs != nil), ("--mend", mend != nil),
                ("--nap", nap != nil), ("--blocking", blocking),
            ] where isGiven {
                throw Refusal.usage(
                    "\(option) is for --model task: a \(model.rawValue) has no thread to share"
                )
            }
            return Ways()
        }
        var ways = Ways()
        ways.place = try choice(on ?? "loop", of: "--on")
        ways.mend = try choice(mend ?? "none", of: "--mend")
        if let jobs {
            if ways.place != .pool {
                throw Refusal.usage("--jobs is for --on pool: the loop has one thread and one job")
            }
            if !(1...1024).contains(jobs) {
                throw Refusal.usage("--jobs \(jobs) is out of range; give 1 to 1024")
            }
            ways.jobs = jobs
        }
        if let nap {
            if ways.mend != .nap { throw Refusal.usage("--nap is for --mend nap") }
            if !(1...1_000_000_000).contains(nap) {
                throw Refusal.usage("--nap \(nap) is out of range; give 1 to 1000000000 divisions")
            }
            ways.nap = nap
        }
        try check(ways, job)
        return ways
    }

    private func check(_ ways: Ways, _ job: SlowJob) throws {
        if ways.mend == .none { return }
        if ways.place == .pool {
            throw Refusal.usage(
                "--mend \(ways.mend.rawValue) is for --on loop; the pool is shown as it is")
        }
        switch (job, ways.mend) {
        case (.sleep, _):
            throw Refusal.usage(
                "--mend is for a job that blocks the loop: --job prime, or --job sleep --blocking")
        case (.block, .nap), (.block, .process):
            throw Refusal.usage(
                "--mend \(ways.mend.rawValue) is for --job prime; for --blocking there is executor")
        case (.test(_, let engine, _), .nap) where engine != .swiftTrial:
            throw Refusal.usage(
                "--mend nap is for --engine swift-trial: \(engine.rawValue) has no place to nap")
        default: break
        }
    }

    /// What is printed.
    fileprivate struct Result: Encodable {
        var version = BuildInformation.version
        var model: Model
        var job: String
        var on: Place?
        var jobs: Int?
        var cores: Int?
        var mend: Mend?
        var nap: Int?
        var answer: String
        var framesDrawn: Int
        var framesDue: Int
        var longestGapSeconds: Double
        var elapsedSeconds: Double
        /// Of one test that naps, and of one that does not.
        var nappingSeconds: Double?
        var plainSeconds: Double?

        init(
            _ model: Model, _ name: String, _ ways: Ways, _ job: SlowJob, _ report: Spinner.Report,
            _ plain: Double?
        ) {
            self.model = model
            self.job = name
            if model == .task {
                on = ways.place
                mend = ways.mend
                if ways.place == .pool {
                    jobs = ways.jobs
                    cores = PoolKind.defaultWorkers
                }
                if ways.mend == .nap { nap = ways.nap }
            }
            answer = report.answer
            framesDrawn = report.framesDrawn
            framesDue = report.framesDue
            longestGapSeconds = report.longestGap / .seconds(1)
            elapsedSeconds = report.elapsed / .seconds(1)
            if let plain, case .test(_, _, let times) = job {
                plainSeconds = plain
                nappingSeconds = elapsedSeconds / Double(times)
            }
        }

        var text: String {
            var text = "\(answer)\n\(framesDrawn) of \(framesDue) frames drawn in "
            text +=
                "\(fixed(seconds: elapsedSeconds)), longest gap \(fixed(seconds: longestGapSeconds))"
            if let jobs, let cores { text += ", jobs: \(jobs), cores: \(cores)" }
            text += "\n"
            if let nap, let plainSeconds, let nappingSeconds {
                let percent = (nappingSeconds / plainSeconds - 1) * 100
                text +=
                    "a test takes \(fixed(seconds: plainSeconds)), and \(fixed(seconds: nappingSeconds)) with "
                text += "a nap every \(nap) divisions: \(decimal(percent, places: 0)) % more\n"
            }
            return text
        }
    }
}
