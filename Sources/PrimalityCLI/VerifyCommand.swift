// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityProof
internal import PrimalityRuns
internal import SystemPackage

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks certificates that numbers are prime.",
        usage: "primality verify <file> ... | - [<options>]",
        discussion: """
            A certificate is a text that proves a number prime to whoever checks its steps. Read are Primo's \
            (formats 3 and 4, as factordb.com has them), Math::Prime::Util's text, what PARI's primecert \
            prints, and our own JSON lines, of which a file may hold many. Which it is, its content says. \
            Nothing in a certificate is believed: every condition of every step is computed, and the numbers \
            below 2^64 at the end are tested.

            Each certificate has a line on standard output: N: prime, proved by FILE (24 steps), or FILE: \
            invalid: and the first step and condition that fails. An invalid certificate says nothing about \
            its number, which may be prime. unreadable means that the text is no certificate or ends too \
            early, incomplete that a number above 2^64 is left without a proof.

            A PRP proof, as GIMPS has them and check --prp-proof writes, is recognised too. It shows that the residue \
            of Fermat's test to base 3 was computed right, with a small part of the test's work, and so whether \
            the number is composite or a probable prime; it proves no number prime. That the residue is wrong by a \
            root of unity, which who forges a proof can arrange, is looked for where it could hide a prime, among \
            roots whose order has prime factors below 2^20.

            Exit status: 0 all are valid, 1 one is invalid, 2 one is unreadable or incomplete, 3 a valid one has \
            no words in the form of --convert. Of several the worst wins: 2, 3, 1.

            Examples:
              primality verify certificate.out
              primality prove --certificate json 10^50+151 | primality verify -
              primality verify -q --number '2^521-1' p521.txt && echo proved
              primality verify --convert primo proof.jsonl > proof.out
              primality verify --format jsonl certificates/*.txt
            """)

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("Files with certificates; - is standard input.", valueName: "file"),
        completion: .file())
    var files: [String] = []

    @Option(help: ArgumentHelp("How results are written: text or jsonl.", valueName: "format"))
    var format = "text"

    @Option(
        help: ArgumentHelp(
            "The number that each certificate has to prove: a number or an expression.",
            valueName: "expression"))
    var number: String?

    @Option(
        help: ArgumentHelp(
            "Print each valid certificate in another form: primo (4), mpu, pari or json. What the "
                + "certificates are then goes to standard error.", valueName: "form"),
        completion: .names(of: ProofForm.self))
    var convert: String?

    @Option(
        name: .customShort("j", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp(
            "Threads that share the steps, from 1 to 1024; by default one a core.",
            valueName: "threads"))
    var workers: Int?

    @OptionGroup var progress: ProgressOption

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Refuse larger numbers.", valueName: "bits"))
    var maxBits = 1_000_000

    @Flag(
        name: .customShort("q"),
        help: "Print nothing about certificates; the exit status says it.")
    var quiet = false

    /// How results are written.
    private enum Format: String, CaseIterable { case text, jsonl }

    func run() throws {
        let files = try Refusal.operands(among: files, of: "verify")
        if files.isEmpty {
            throw Refusal.usage(
                "verify needs a file, or - for standard input; see primality verify --help")
        }
        let format: Format = try choice(format, of: "--format")
        let form: ProofForm? = try convert.map { try choice($0, of: "--convert") }
        let workers = try workerCount(workers)
        let mode = try progress.mode()
        try Refusal.checkLevel()
        var wanted: BigNatural?
        if let text = self.number {
            wanted = PrimalityCLI.number(text, called: "--number", maximumBits: maxBits)
            if wanted == nil { throw ExitCode(ExitStatus.badInput.rawValue) }
        }
        let interruption = Interruption()
        var verification = Verification(
            Verification.Plan(
                isJSON: format == .jsonl, convertTo: form?.format, isQuiet: quiet, wanted: wanted,
                workers: workers, maximumBits: maxBits, progress: mode, interruption: interruption))
        for file in files where !interruption.cancel.isCancelled {
            verification.verify(file)
        }
        let status = verification.end()
        if status != .done { throw ExitCode(status.rawValue) }
    }
}

/// The forms that certificates are written in, as options name them.
enum ProofForm: String, CaseIterable {
    case json
    case primo
    case mpu
    case pari

    var format: CertificateFormat {
        switch self {
        case .json: .json
        case .primo: .primo4
        case .mpu: .mpu
        case .pari: .pari
        }
    }
}

/// A run over the certificates of some files.
private struct Verification {
    /// What is to be done.
    struct Plan {
        var isJSON: Bool
        var convertTo: CertificateFormat?
        var isQuiet: Bool
        /// The number that each has to be about.
        var wanted: BigNatural?
        var workers: Int
        var maximumBits: Int
        var progress: ProgressMode
        var interruption: Interruption
    }

    private let plan: Plan
    private var output = Output()
    private var status = ExitStatus.done
    private var valid = 0
    private var others = 0

    init(_ plan: Plan) { self.plan = plan }

    mutating func verify(_ file: String) {
        let name = file == "-" ? "standard input" : file
        do {
            // A pipe that nobody writes to yet is waited for by the reader, which looks at Ctrl-C.
            let descriptor =
                file == "-"
                ? .standardInput
                : try FileDescriptor.open(FilePath(file), .readOnly, options: .nonBlocking)
            defer { if file != "-" { try? descriptor.close() } }
            var reader = CertificateReader(descriptor, cancel: plan.interruption.cancel)
            if try reader.isPRPProof() {
                takePRPProof(&reader, of: name)
                return
            }
            while let entry = try reader.nextEntry() {
                if !take(entry, of: name) { return }
            }
        } catch {
            let reason = (error as? Errno)?.description ?? "\(error)"
            StandardStreams.complain("\(printable(file: name)): \(reason)")
            status.raise(to: .badInput)
        }
    }

    /// Verifies a PRP proof, which a file has one of.
    private mutating func takePRPProof(_ reader: inout CertificateReader, of name: String) {
        var head: PRPProof.Head?
        do {
            let read = try reader.prpProof(maximumBits: plan.maximumBits)
            head = read.head
            if let wanted = plan.wanted, read.head.number.value != wanted {
                throw CertificateError(
                    .invalid, step: nil, line: nil,
                    "it is about \(read.head.number), and not about --number")
            }
            let done = ProofProgress()
            let line =
                plan.progress.isOn()
                ? Progress(plan.progress) { _, time in
                    PRPProofRun.line("verified", done.share, time)
                } : nil
            defer { line?.stop() }
            let result = try PRPProof.verify(
                read.text, cancel: plan.interruption.cancel, progress: done)
            line?.stop()
            valid += 1
            report(read.head, result, nil, of: name)
        } catch let error as CertificateError {
            if error.kind == .cancelled || plan.interruption.cancel.isCancelled { return }
            others += 1
            status.raise(to: error.kind == .invalid ? .notAllPrime : .badInput)
            report(head, nil, error, of: name)
        } catch {
            StandardStreams.complain("\(printable(file: name)): \((error as? Errno) ?? .ioError)")
            status.raise(to: .badInput)
        }
    }

    /// Writes what a PRP proof shows, which is not that a number is prime.
    private mutating func report(
        _ head: PRPProof.Head?, _ result: PRPResult?, _ error: CertificateError?, of name: String
    ) {
        var line: String
        if plan.isJSON {
            line = #"{"file":"# + quoted(name) + #","certificate":1"#
            line += #","verdict":"\#(error.map(word) ?? "valid")""#
            if let head {
                line +=
                    #","number":"\#(head.number)","bits":\#(head.bits),"form":"prp","power":\#(head.power)"#
            }
            if let result {
                line += #","shows":"residue","result":"\#(result.verdict.verdict.identifier)""#
                if let residue = result.residue { line += #","res64":"\#(hexadecimal(residue))""# }
            }
            if let error { line += #","reason":"# + quoted(error.description) }
            line += "}"
        } else if let head, let result {
            let residue = result.residue.map { " RES64: [\(hexadecimal($0))]" } ?? ""
            line =
                "\(head.number): \(result.verdict.verdict)\(residue), by the PRP proof in \(printable(file: name)) "
            line += "(power \(head.power)): the residue to base 3 was computed right"
            line +=
                result.verdict == .probablePrime ? "; it is no proof that the number is prime" : ""
        } else {
            line = "\(printable(file: name)): \(error.map(word) ?? ""): \(error?.description ?? "")"
        }
        if plan.convertTo != nil {
            StandardStreams.complain(
                "\(printable(file: name)): not converted: a PRP proof has one form")
            status.raise(to: .undecided)
            if !plan.isQuiet { StandardStreams.writeError(line) }
        } else if !plan.isQuiet {
            _ = output.write(line + "\n")
        }
    }

    /// Verifies one; whether another is wanted.
    private mutating func take(_ entry: CertificateReader.Entry, of name: String) -> Bool {
        var certificate: Certificate?
        do throws(CertificateError) {
            let read = try entry.result.get()
            certificate = read
            try check(read, entry)
        } catch {
            if error.kind == .cancelled { return false }
            others += 1
            status.raise(to: error.kind == .invalid ? .notAllPrime : .badInput)
            return report(entry, certificate, error, of: name)
        }
        valid += 1
        return report(entry, certificate, nil, of: name)
    }

    private func check(
        _ certificate: Certificate, _ entry: CertificateReader.Entry
    ) throws(CertificateError) {
        if let wanted = plan.wanted, certificate.number != wanted {
            throw CertificateError(
                .invalid, step: nil, line: nil,
                "it is about \(printable(certificate.number.description)), and not about --number")
        }
        let bits = certificate.number.bitWidth
        if bits > plan.maximumBits {
            throw CertificateError(
                .unreadable, step: nil, line: nil,
                "its number has \(bits) bits, and the limit is \(plan.maximumBits) (--max-bits)")
        }
        let steps = certificate.stepCount
        let progress =
            plan.progress.isOn()
            ? Progress(plan.progress) { done, time in
                "\(done) of \(counted(steps, "step")) verified, \(Progress.clock(time))"
            } : nil
        defer { progress?.stop() }
        var shown = 0
        let report: ((Int) -> Void)? =
            progress.map { progress in
                { done in
                    progress.add(done - shown)
                    shown = done
                }
            }
        do throws(CertificateError) {
            try certificate.verify(
                threads: plan.workers, cancel: plan.interruption.cancel, progress: report)
        } catch {
            throw error.moved(by: entry.linesBefore)
        }
    }

    /// Writes what a certificate is; whether more can be written.
    private mutating func report(
        _ entry: CertificateReader.Entry, _ certificate: Certificate?, _ error: CertificateError?,
        of name: String
    ) -> Bool {
        let which = entry.place == 1 ? "" : "certificate \(entry.place), "
        let line: String
        if plan.isJSON {
            line = json(entry, certificate, error, of: name)
        } else if let certificate, error == nil {
            let steps = counted(certificate.stepCount, "step")
            line =
                "\(certificate.number): prime, proved by \(printable(file: name)) (\(which)\(steps))"
        } else {
            let place = entry.place == 1 ? "" : ", certificate \(entry.place)"
            let kind = error.map(word) ?? ""
            line = "\(printable(file: name))\(place): \(kind): \(error?.description ?? "")"
        }
        guard let convertTo = plan.convertTo else {
            return plan.isQuiet || output.write(line + "\n")
        }
        if !plan.isQuiet { StandardStreams.writeError(line) }
        guard let certificate, error == nil else { return true }
        do throws(CertificateError) {
            return output.write(try certificate.text(as: convertTo))
        } catch {
            StandardStreams.complain("\(printable(file: name)): not converted: \(error)")
            status.raise(to: .undecided)
            return true
        }
    }

    private func word(_ error: CertificateError) -> String {
        switch error.kind {
        case .invalid: "invalid"
        case .incomplete: "incomplete"
        case .unreadable: "unreadable"
        case .outOfMemory: "not verified"
        case .cancelled: "cancelled"
        }
    }

    private func json(
        _ entry: CertificateReader.Entry, _ certificate: Certificate?, _ error: CertificateError?,
        of name: String
    ) -> String {
        var line = #"{"file":"# + quoted(name) + #","certificate":\#(entry.place)"#
        line += #","verdict":"\#(error.map(word) ?? "valid")""#
        if let certificate {
            line += #","number":"\#(certificate.number)","bits":\#(certificate.number.bitWidth)"#
            line += #","form":"\#(certificate.format.rawValue)","steps":\#(certificate.stepCount)"#
        }
        if let error {
            if let step = error.step { line += #","step":\#(step)"# }
            if let place = error.line { line += #","line":\#(place)"# }
            line += #","reason":"# + quoted(error.reason)
        }
        return line + "}"
    }

    /// Ends the program when it was interrupted; else the status.
    mutating func end() -> ExitStatus {
        status.raise(to: output.status())
        plan.interruption.exitIfSignalled {
            "\(counted(valid + others, "certificate", "was", "were")) verified, \(valid) valid"
        }
        return status
    }
}
