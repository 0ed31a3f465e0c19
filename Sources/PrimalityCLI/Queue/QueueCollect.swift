// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityProof
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
              primality queue collect --batch run1 --certificates proofs.jsonl
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

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --follow: how long a server may be away, from 0 to 1e9.", valueName: "seconds"))
    var giveUp = 3600.0

    @Option(
        help: ArgumentHelp(
            "Also write the certificates of a batch that was submitted with --prove: to a new file, as JSON lines, or to a "
                + "folder, a file each. Each is verified before it is written.",
            valueName: "file"),
        completion: .file())
    var certificates: String?

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
        if !(0...1e9).contains(giveUp) {
            throw Refusal.usage("--give-up \(giveUp) is out of range; give 0 to 1e9 seconds")
        }
        if follow && order == .done {
            throw Refusal.usage("--follow waits in the order of the input; leave --order done out")
        }
        let interruption = Interruption()
        let address = try queue.address()
        let store = try queue.open(cancel: interruption.cancel)
        let status = try batch.find(in: store)
        let spec = try reported { () throws(QueueError) in try status.spec }
        if format.needsReports && !spec.evidence {
            throw Refusal.usage(
                "the batch was submitted with --verdicts-only: there is no evidence for \(format.rawValue)"
            )
        }
        if format == .pfgw && !spec.options.wantsResidue {
            throw Refusal.usage(
                "--format pfgw needs residues, and the batch was submitted without --res64")
        }
        if certificates != nil && !spec.options.wantsCertificates {
            throw Refusal.usage("--certificates: the batch was submitted without --prove")
        }
        let written = try certificates.map {
            try Certificates(
                out: $0, form: .json, resumes: false, mayResume: false, interruption: interruption)
        }
        let opener: StoreOpener = { cancel throws(QueueError) in try address.open(cancel: cancel) }
        let stored = try reported { () throws(QueueError) -> StoredBatch in
            try StoredBatch(
                status, of: store, order: order, follow: follow ? opener : nil, giveUp: giveUp,
                cancel: interruption.cancel)
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
        if var written {
            result.raise(to: try write(&written, of: status, in: store, interruption))
        }
        if result != .done { throw ExitCode(result.rawValue) }
    }

    /// Writes the certificates that are valid, and says which are not.
    private func write(
        _ certificates: inout Certificates, of batch: BatchStatus, in store: any QueueStore,
        _ interruption: Interruption
    ) throws -> ExitStatus {
        var status = ExitStatus.done
        var output = Output()
        var count = 0
        let missing = try reported { () throws(QueueError) in
            try StoredBatch.forEachCertificate(of: batch, in: store) { text in
                do throws(CertificateError) {
                    let certificate = try Certificate(parsing: text)
                    try certificate.verify(cancel: interruption.cancel)
                    count += 1
                    return certificates.write(certificate, isDurable: false, &output, &status)
                } catch {
                    if error.kind == .cancelled { return false }
                    StandardStreams.complain(
                        "a certificate in the queue is not valid, and was not written: \(error)")
                    status.raise(to: .notAllPrime)
                    return true
                }
            }
        }
        interruption.exitIfSignalled { "\(counted(count, "certificate", "was", "were")) written" }
        StandardStreams.note(
            "\(counted(count, "certificate", "was", "were")) written"
                + (missing == 0
                    ? ""
                    : "; \(missing) proofs were made by worker processes, which keep none: primality prove makes them")
        )
        status.raise(to: output.status())
        return status
    }
}
