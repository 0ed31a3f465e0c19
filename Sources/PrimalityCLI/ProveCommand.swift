// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityExpressions
internal import PrimalityPool
internal import PrimalityProof
internal import PrimalityRuns
internal import SystemPackage

struct ProveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Proves numbers prime, and writes certificates.",
        usage: "primality prove [<expression> ...] [--file <file> | -] [<options>]",
        discussion: """
            Candidates are those of primality check: numbers and expressions as arguments, or lines and \
            headers of a file. Each has a line of result: prime, with how many steps prove it; composite, with \
            a factor or a witness; or probable prime, when no proof was found, with what was tried.

            A proof needs factors of n-1 or n+1. Below 2^64 a test decides. Numbers of up to 100 bits \
            are proved as a rule, in about a millisecond; of larger ones those with enough small factors \
            beside them. k*b^n+1, k*b^n-1, n!+1, n!-1, n#+1 and n#-1 show their factors, so they are \
            proved at any size when they are written so. Nothing is called prime before our own verifier \
            has accepted its certificate.

            --certificate and --out write the certificates: json, our own, has words for every proof, and \
            a file may hold many; primo is Primo 4, mpu Math::Prime::Util's text, pari what PARI's \
            primecertisvalid takes. Proofs by both n-1 and n+1 fit only in json. With --out a folder \
            each number has a file of its own there. Without --out certificates go to standard output, \
            and the results to standard error.

            Exit status: 0 all are prime, 1 one is not, 3 one is a probable prime without a proof or its \
            time was over, 2 bad input. Of several the worst wins: 2, 3, 1.

            Examples:
              primality prove 18446744073709551629
              primality prove --certificate json '10^50+151' | primality verify -
              primality prove --file primes.txt --out proofs.jsonl --resume
              primality prove '3*2^5000+1' '1477!+1' --out certificates/
              primality prove --factors known.txt "$n" --timeout 60
            """)

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp(
            "Numbers to prove; - reads candidates from standard input in its place.",
            valueName: "expression"))
    var numbers: [String] = []

    @Option(help: "Read candidates from a file; - is standard input.")
    var file: String?

    @OptionGroup var base: NumberBase

    @Option(
        help: ArgumentHelp(
            "Write certificates in this form: json, primo, mpu or pari; with --out by default json.",
            valueName: "form"))
    var certificate: String?

    @Option(
        help: ArgumentHelp(
            "Where certificates go: a file, which must not be there; a folder, if it is one or the name ends "
                + "in /; - is standard output.", valueName: "path"))
    var out: String?

    @Flag(
        help: ArgumentHelp(
            "Go on with the file of --out, in json: what it proves is verified and not proved again, and a last "
                + "certificate that is cut off is taken away."))
    var resume = false

    @Option(help: ArgumentHelp("How results are written: text or jsonl.", valueName: "format"))
    var format = "text"

    @Option(
        help: ArgumentHelp(
            "A file with numbers that may be factors of n-1 or n+1, one a line, as PFGW's helper files have "
                + "them. Each is proved itself; what does not divide is ignored.",
            valueName: "file"))
    var factors: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much may be spent on factors, in strong tests of the number; by default what takes about a "
                + "second, or 1000 if that is more.", valueName: "tests"))
    var cost: UInt64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Seconds that one number may take.", valueName: "seconds"))
    var timeout: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Chooses what is random in the search for factors.", valueName: "number")
    )
    var seed: UInt64 = 0

    @Option(
        name: .customShort("j", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp(
            "Threads, each with a number of its own, from 1 to 1024; by default one a core.",
            valueName: "threads"))
    var workers: Int?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Refuse larger numbers.", valueName: "bits"))
    var maxBits = 1_000_000

    @OptionGroup var progress: ProgressOption

    @Flag(name: .customShort("q"), help: "Print no results; the exit status says it.")
    var quiet = false

    private enum Format: String, CaseIterable { case text, jsonl }

    func run() throws {
        let format: Format = try choice(format, of: "--format")
        let form: ProofForm? = try certificate.map { try choice($0, of: "--certificate") }
        let workers = try workerCount(workers)
        let mode = try progress.mode()
        if let timeout, !(0.001...1e9).contains(timeout) {
            throw Refusal.usage("--timeout \(timeout) is out of range; give 0.001 to 1e9 seconds")
        }
        if !(1...1_000_000_000).contains(maxBits) {
            throw Refusal.usage("--max-bits \(maxBits) is out of range; give 1 to 1000000000")
        }
        if resume && (out == nil || out == "-" || (form ?? .json) != .json) {
            throw Refusal.usage("--resume goes on with a file of --out, whose form is json")
        }
        try Refusal.checkLevel()
        guard let input = try candidateInput(numbers, file: file, of: "prove") else {
            throw ExitCode(ExitStatus.badInput.rawValue)
        }
        var options = ProofOptions()
        options.seed = seed
        options.cost = cost
        options.factors = try knownFactors()
        let interruption = Interruption()
        let certificates = try Certificates(
            out: out, form: form, resumes: resume, interruption: interruption)
        let source = CandidateSource(
            input, hasHexadecimalArguments: base.isHexadecimal, engine: .auto,
            maximumBits: maxBits, chunk: 1, conditions: .refused, cancel: interruption.cancel,
            report: StandardStreams.complain)
        var run = ProofRun(
            ProofRun.Plan(
                source: source, options: options, certificates: certificates,
                isJSON: format == .jsonl, isQuiet: quiet, workers: workers,
                timeout: timeout.map { .seconds($0) },
                progress: mode.isOn(whenTyped: input.isTyped) ? mode : nil,
                interruption: interruption))
        run.prove()
        let status = run.end()
        if status != .done { throw ExitCode(status.rawValue) }
    }

    /// The numbers of --factors.
    private func knownFactors() throws -> [BigNatural] {
        guard let factors else { return [] }
        guard let descriptor = try openedFile(factors, of: "--factors") else {
            throw ExitCode(ExitStatus.badInput.rawValue)
        }
        defer { try? descriptor.close() }
        let source = CandidateSource(
            .descriptor(descriptor, name: "--factors \(factors)"), format: .lines, engine: .auto,
            maximumBits: maxBits, chunk: nil, cancel: CancelFlag(),
            report: StandardStreams.complain)
        var numbers: [BigNatural] = []
        do throws(Complaint) {
            while let batch = try source.next() { numbers += (0..<batch.count).map { batch[$0] } }
        } catch {
            StandardStreams.complain(error.message)
            throw ExitCode(error.status.rawValue)
        }
        source.complainOfRest()
        if source.counts.bad > 0 { throw ExitCode(ExitStatus.badInput.rawValue) }
        return numbers
    }
}
