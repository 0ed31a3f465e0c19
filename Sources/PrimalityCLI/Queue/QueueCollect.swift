// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityQueue
internal import PrimalityRuns

struct QueueCollect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect",
        abstract: "Prints the results of a batch.",
        discussion: """
            What is printed is what primality check would have printed with the same file, options and seed, byte for byte: \
            in any format, with the same complaints and the same exit status. Only cpu_ns differs, and engine where workers \
            had other instruction sets.

            Of a batch that is not finished the results are printed up to the first chunk that has none, and the status is \
            2; with --order done those of all chunks that are finished, as they were. --follow waits for the rest.

            Examples:
              primality queue collect --batch run1 > results.txt
              primality queue collect --batch run1 --format jsonl --follow
              primality queue collect --batch run1 --primes
            """)

    @OptionGroup var queue: QueueOption
    @OptionGroup var batch: BatchOption

    @Option(
        help: ArgumentHelp("text, jsonl, csv or pfgw.", valueName: "format"),
        completion: .list(["text", "jsonl", "csv", "pfgw"]))
    var format = "text"

    @Option(
        help: ArgumentHelp("input: in the order of the input; done: as chunks were finished."),
        completion: .names(of: ResultOrder.self))
    var order = "input"

    @Flag(help: "Print only numbers that are prime or probably so.")
    var primes = false

    @Flag(help: "Wait for chunks that have no result yet.")
    var follow = false

    @Flag(
        help: "Afterwards say on standard error how many candidates were what; see primality check."
    )
    var summary = false

    @Option(
        help: ArgumentHelp(
            "Whether verdicts in text have colours: auto, always or never.", valueName: "when"),
        completion: .names(of: ColourMode.self))
    var color = "auto"

    func run() throws {
        let format: ResultFormat = try choice(format, of: "--format")
        if format == .bfile { throw Refusal.usage("--format bfile is for list") }
        let order: ResultOrder = try choice(order, of: "--order")
        let color: ColourMode = try choice(color, of: "--color")
        if follow && order == .done {
            throw Refusal.usage("--follow waits in the order of the input; leave --order done out")
        }
        let interruption = Interruption()
        let store = try queue.open(cancel: interruption.cancel)
        let status = try batch.find(in: store)
        let spec = status.spec
        if format.needsReports && !spec.evidence {
            throw Refusal.usage(
                "the batch was submitted with --verdicts-only: there is no evidence for \(format.rawValue)"
            )
        }
        if format == .pfgw && !spec.options.wantsResidue {
            throw Refusal.usage(
                "--format pfgw needs residues, and the batch was submitted without --res64")
        }
        let stored = try reported { () throws(QueueError) in
            try StoredBatch(
                status, of: store, order: order, isFollowed: follow, cancel: interruption.cancel)
        }
        let source = CandidateSource(
            .records(name: spec.input) { () throws(Complaint) in try stored.next() },
            engine: spec.engine, maximumBits: spec.maximumBits, chunk: nil,
            conditions: order == .input ? .followed : .refused, cancel: interruption.cancel,
            report: StandardStreams.complain)
        let job = PoolJob(
            engine: spec.engine, options: spec.options, order: order,
            wantsReports: spec.evidence && (format.needsReports || spec.options.wantsResidue))
        var run = CheckRun(
            CheckRun.Plan(
                job: job, source: source,
                pool: StoredPool(stored) { source.places(of: $0) }, shard: Shard(), format: format,
                withResidue: spec.options.wantsResidue,
                isColoured: color.isOn(StandardStreams.outputIsTerminal), isQuiet: false,
                printsPrimesOnly: primes, showsStatistics: false, showsSummary: summary,
                progress: nil, long: nil, resumption: nil, interruption: interruption))
        run.test()
        var result = run.end()
        if stored.isIncomplete {
            StandardStreams.complain(
                "the batch is not finished: \(status.done) of \(counted(status.chunks, "chunk")) have results"
                    + (order == .input
                        ? ", and what follows the first that has none was not printed" : ""))
            result.raise(to: .badInput)
        }
        if result != .done { throw ExitCode(result.rawValue) }
    }
}
