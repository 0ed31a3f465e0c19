// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityExpressions
internal import PrimalityQueue
internal import PrimalityRuns
internal import SystemPackage

struct QueueSubmit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Puts the candidates of a file into the queue, as a batch.",
        usage: "primality queue submit [<file> | -] [<options>]",
        discussion: """
            The file is one of primality check, with the same formats. It is read once and not needed any more. The \
            batch is in the queue whole or not at all, and the same candidates with the same options are queued once: \
            a submission that was cut off may be repeated.

            Lines that are no numbers are found when they are tested, and told by collect.

            With --prove workers keep the certificates of their proofs, which collect --certificates writes.

            Examples:
              primality queue submit candidates.txt --name run1
              seq 1000001 2 9000001 | primality queue submit - --name odd --priority 5
              primality queue submit sieved.abc --res64 --chunk-seconds 60
              primality queue submit primes.txt --prove --max-prove-bits 4000
            """)

    @Argument(
        help: ArgumentHelp(
            "The file; - is standard input, as it is by default.", valueName: "file"),
        completion: .file())
    var file: String?

    @OptionGroup var queue: QueueOption

    @Option(
        help: ArgumentHelp(
            "What the batch is called; by default as the file.", valueName: "name"))
    var name: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Batches of a higher priority are tested first, from -1000000 to 1000000; of the same, the older one.",
            valueName: "number"))
    var priority = 0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long a chunk takes one core at most, about; from 0.01 to 86400. What is lost with a worker is tested "
                + "again, and below a second the queue has more to do than its workers.",
            valueName: "seconds"))
    var chunkSeconds = 5.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many candidates a chunk has, from 1 to 100000, instead of going by the time.",
            valueName: "count"))
    var chunk: Int?

    @Option(
        help: ArgumentHelp("What the file is; see primality check.", valueName: "format"),
        completion: .names(of: CandidateFormat.self))
    var input: String?

    @OptionGroup var base: NumberBase

    @Option(
        help: ArgumentHelp("Which code tests; see primality check.", valueName: "name"),
        completion: .names(of: Engine.self))
    var engine = "auto"

    @OptionGroup var testing: TestingOptions

    @Flag(help: "Also compute RES64, the low 64 bits of 3^(n-1) mod n.")
    var res64 = false

    @Flag(
        help: ArgumentHelp(
            "Keep verdicts alone: a byte a candidate in place of 7 to 30. collect then has text, and neither jsonl nor csv."
        ))
    var verdictsOnly = false

    @OptionGroup var progress: ProgressOption

    func run() throws {
        let engine: Engine = try choice(engine, of: "--engine")
        let mode = try progress.mode()
        let format: CandidateFormat =
            base.isHexadecimal ? .hex : try choice(input ?? "auto", of: "--input")
        if !(-1_000_000...1_000_000).contains(priority) {
            throw Refusal.usage("--priority \(priority) is out of range; give -1000000 to 1000000")
        }
        if !(0.01...86400).contains(chunkSeconds) {
            throw Refusal.usage(
                "--chunk-seconds \(chunkSeconds) is out of range; give 0.01 to 86400")
        }
        if let chunk, !(1...100_000).contains(chunk) {
            throw Refusal.usage("--chunk \(chunk) is out of range; give 1 to 100000")
        }
        if verdictsOnly && res64 {
            throw Refusal.usage("--res64 is evidence, which --verdicts-only leaves out")
        }
        var (options, maximumBits) = try testing.checked()
        options.wantsResidue = res64
        // A certificate is a result, too.
        options.wantsCertificates = testing.prove && !verdictsOnly
        let isStandardInput = file == nil || file == "-"
        let name = try batchName(isStandardInput)
        let input: CandidateInput
        if isStandardInput {
            input = .descriptor(.standardInput, name: "standard input")
        } else {
            guard let file, let opened = try openedFile(file, of: "the file") else {
                throw ExitCode(ExitStatus.badInput.rawValue)
            }
            input = .descriptor(opened, name: file)
        }
        let interruption = Interruption()
        let store = try queue.open(cancel: interruption.cancel)
        let source = CandidateSource(
            input, format: format, engine: engine, maximumBits: maximumBits, chunk: nil,
            cancel: interruption.cancel, report: StandardStreams.complain)
        let draft = BatchDraft(
            name: name,
            spec: BatchSpec(
                engine: engine, options: options, maximumBits: maximumBits,
                evidence: !verdictsOnly, input: isStandardInput ? "standard input" : file ?? ""),
            priority: priority)
        var submission = Submission(
            source, engine: engine, maximumBits: maximumBits,
            Submission.Cut(seconds: chunkSeconds, count: chunk), cancel: interruption.cancel)
        let line = Progress(whenOn: mode, typed: input.isTyped) { count, time in
            "\(count) candidates read, \(Progress.clock(time))"
        }
        var told = 0
        do throws(Complaint) {
            let outcome = try submission.submit(
                draft, seedMatters: testing.seed != nil, to: store
            ) { count in
                line?.add(count - told)
                told = count
            }
            line?.stop()
            StandardStreams.note(
                "batch \(outcome.batch), '\(printable(file: name))': "
                    + "\(counted(outcome.candidates, "candidate")) in \(counted(outcome.chunks, "chunk"))"
                    + (outcome.bad > 0
                        ? "; \(counted(outcome.bad, "line does", "", "")) not fit the file's format: collect names them"
                        : ""))
        } catch {
            line?.stop()
            source.complainOfRest()
            interruption.exitIfSignalled { "nothing was queued" }
            StandardStreams.complain(error.message)
            throw ExitCode(error.status.rawValue)
        }
    }

    private func batchName(_ isStandardInput: Bool) throws -> String {
        let name =
            name
            ?? (isStandardInput ? "standard input" : FilePath(file ?? "").lastComponent?.string)
            ?? ""
        if name.isEmpty || name.unicodeScalars.count > 200 || name.utf8.contains(0) {
            throw Refusal.usage("--name: a batch is called something, in up to 200 characters")
        }
        return name
    }
}

extension Progress {
    /// `nil` where none is to be shown.
    convenience init?(
        whenOn mode: ProgressMode, typed: Bool = false,
        line: @escaping @Sendable (Int, Duration) -> String
    ) {
        if !mode.isOn(whenTyped: typed) { return nil }
        self.init(mode, line: line)
    }
}
