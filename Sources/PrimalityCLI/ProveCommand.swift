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

            Below 2^64 a test decides. Above, factors of n-1 and n+1 are tried for a short while, then elliptic \
            curves, which prove any prime. On one core that takes 4 to 10 ms at 100 digits, 0.1 to 0.5 s at 300 and 15 to \
            60 s at 1000, so it grows with about the fourth power of the digits. k*b^n+1, k*b^n-1, n!+1, n!-1, \
            n#+1 and n#-1 show their factors: written so, they are proved at any size by one long test or two. \
            Nothing is called prime before our own verifier has accepted its certificate.

            --certificate and --out write the certificates: json, our own, has words for every proof, and \
            a file may hold many; primo is Primo 4, mpu Math::Prime::Util's text, pari what PARI's \
            primecertisvalid takes. Only proofs that the form has words for are looked for, and all have words for \
            curves; what needs several primes of n+1, as k*b^n-1 does when it is long, has a proof in json alone. \
            With --out a folder each number has a file of its own there. Without --out certificates go to \
            standard output, and the results to standard error.

            With --out a long proof may be interrupted at any time, by Ctrl-C, kill or a loss of power: what it has \
            found is in a journal beside --out, or in its folder, a file for each number from 600 bits on whose name ends \
            in .journal. The same command with --resume goes on from there, to the same certificate; when that is \
            written, the journal goes. Its lines are checked and not believed.

            Exit status: 0 all are prime, 1 one is not, 3 one is a probable prime without a proof or its \
            time was over, 2 bad input. Of several the worst wins: 2, 3, 1.

            Examples:
              primality prove 18446744073709551629
              primality prove --certificate json '10^50+151' | primality verify -
              primality prove --file primes.txt --out proofs.jsonl --resume
              primality prove '10^999+7' --out long.jsonl --resume
              primality prove --file primes.txt --pool processes -j 8 --out proofs.jsonl
              primality prove '3*2^2816+1' '1477!+1' --out certificates/
              primality prove --factors known.txt "$n" --timeout 60
            """)

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp(
            "Numbers to prove; - reads candidates from standard input in its place.",
            valueName: "expression"))
    var numbers: [String] = []

    @Option(help: "Read candidates from a file; - is standard input.", completion: .file())
    var file: String?

    @OptionGroup var base: NumberBase

    @Option(
        help: ArgumentHelp(
            "Write certificates in this form: json, primo, mpu or pari; with --out by default json.",
            valueName: "form"),
        completion: .names(of: ProofForm.self))
    var certificate: String?

    @Option(
        help: ArgumentHelp(
            "Where certificates go: a file, which must not be there; a folder, if it is one or the name ends "
                + "in /; - is standard output.", valueName: "path"),
        completion: .file())
    var out: String?

    @Flag(
        help: ArgumentHelp(
            "Go on with --out: what it proves is verified and not proved again, a last "
                + "certificate that is cut off is taken away, and what has a journal goes on from there."
        ))
    var resume = false

    @Option(help: ArgumentHelp("How results are written: text or jsonl.", valueName: "format"))
    var format = "text"

    @Option(
        help: ArgumentHelp(
            "A file with numbers that may be factors of n-1 or n+1, one a line, as PFGW's helper files have "
                + "them. Each is proved itself; what does not divide is ignored.",
            valueName: "file"),
        completion: .file())
    var factors: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much may be spent, in strong tests of the number, as far as that can be foretold; by default as much "
                + "as curves take.", valueName: "tests"))
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
        help: ArgumentHelp(
            "Who proves: threads, or processes, of which one that is killed or crashes costs what it was at. A "
                + "number that ends two of them has failed.", valueName: "name"))
    var pool = "threads"

    @Option(
        name: .customShort("j", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp(
            "Workers, each with numbers of its own, from 1 to 1024; by default one a core. At a number that is "
                + "alone so many threads work.", valueName: "workers"))
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
        let kind: ProofPool = try choice(pool, of: "--pool", knownElsewhere: KnownElsewhere.pools)
        let mode = try progress.mode()
        if let timeout, !(0.001...1e9).contains(timeout) {
            throw Refusal.usage("--timeout \(timeout) is out of range; give 0.001 to 1e9 seconds")
        }
        if cost == 0 { throw Refusal.usage("--cost 0 is out of range; give 1 or more") }
        if !(1...1_000_000_000).contains(maxBits) {
            throw Refusal.usage("--max-bits \(maxBits) is out of range; give 1 to 1000000000")
        }
        if resume && (out == nil || out == "-") {
            throw Refusal.usage("--resume goes on with --out, a file or a folder")
        }
        try Refusal.checkLevel()
        guard let input = try candidateInput(numbers, file: file, of: "prove") else {
            throw ExitCode(ExitStatus.badInput.rawValue)
        }
        var options = ProofOptions()
        options.seed = seed
        options.cost = cost
        options.factors = try knownFactors()
        options.format = form?.format
        let interruption = Interruption()
        let certificates = try Certificates(
            out: out, form: form, resumes: resume, interruption: interruption)
        // Each number has a flag of its own when its time may be over. Arguments are shared out among the
        // threads, and all of them work at one that is alone.
        let isReading = file != nil || numbers.isEmpty || numbers.contains("-")
        let count = isReading ? Int.max : numbers.count
        let each = count / workers + (count % workers == 0 ? 0 : 1)
        let together = timeout == nil ? max(1, min(each, Certificate.sharingCount(bits: 332))) : 1
        // A process that proves it has them, too.
        if count == 1 { options.threads = workers }
        let source = CandidateSource(
            input, hasHexadecimalArguments: base.isHexadecimal, engine: .auto,
            maximumBits: maxBits, chunk: together, conditions: .refused,
            cancel: interruption.cancel,
            report: StandardStreams.complain)
        var run = ProofRun(
            ProofRun.Plan(
                source: source, options: options, certificates: certificates,
                isJSON: format == .jsonl, isQuiet: quiet, pool: kind,
                workers: min(workers, count), together: together,
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
