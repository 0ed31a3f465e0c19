// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityExpressions
internal import PrimalityPool
internal import PrimalityProof
internal import PrimalityRuns
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// `check --prp-proof`: Fermat's test of one number to base 3, with a proof of its residue in a file.
struct PRPProofRun {
    /// What is to be done.
    struct Plan {
        var file: String
        var power: Int?
        var number: String
        var maximumBits: Int
        var format: Format
        var isQuiet: Bool
        var progress: ProgressMode
    }

    /// How the result is written.
    enum Format: String, CaseIterable { case text, jsonl, gimps }

    private let plan: Plan
    private let interruption = Interruption()
    private var residuesName: String { plan.file + ".residues" }

    init(_ plan: Plan) { self.plan = plan }

    /// Tests, proves, verifies and writes; what goes wrong was reported when this throws.
    func run() throws {
        let status: ExitStatus
        do throws(Complaint) {
            status = try proved()
        } catch {
            StandardStreams.complain(error.message)
            throw ExitCode(error.status.rawValue)
        }
        if status != .done { throw ExitCode(status.rawValue) }
    }

    private func proved() throws(Complaint) -> ExitStatus {
        let number = try number()
        let most = number.mostPower
        if let power = plan.power, !(1...most).contains(power) {
            throw Complaint(
                message: "--prp-power \(power) is out of range; give 1 to \(most) for "
                    + "\(printable(plan.number))", status: .badInput)
        }
        let power = plan.power ?? number.defaultPower
        let room = try needed(number, power)
        try checkNothingIsThere()
        let residues = try openResidues()
        defer { try? residues.close() }
        try checkDisk(residues, room)
        let (result, proof) = try made(number, power, residues, room)
        try verified(proof, result)
        try write(proof)
        unsafe unlink(residuesName)
        return report(number, result)
    }

    // MARK: The number

    private func number() throws(Complaint) -> PRPNumber {
        let found: (value: BigNatural, form: CandidateForm?)
        do throws(ExpressionError) {
            found = try NumberExpression(parsing: plan.number).candidate(
                maximumBits: plan.maximumBits, cancel: interruption.cancel)
        } catch {
            interruption.exitIfSignalled { "nothing was tested" }
            let hint = error.isAboutSize ? " (--max-bits)" : ""
            throw Complaint(message: "'\(printable(plan.number))': \(error)\(hint)")
        }
        guard let number = PRPNumber(found.value, form: found.form) else {
            throw Complaint(
                message:
                    "'\(printable(plan.number))': --prp-proof is for numbers k*2^n+c above 2^64, with "
                    + "k below 2^53, and c odd and below 2^31")
        }
        return number
    }

    // MARK: Room

    private func needed(_ number: PRPNumber, _ power: Int) throws(Complaint) -> PRPProof.Room {
        do throws(PrimalityError) {
            return try PRPProof.room(number, power: power)
        } catch {
            throw Complaint(
                message: "'\(printable(plan.number))': \(error)",
                status: error == .outOfMemory ? .undecided : .internalError)
        }
    }

    private static func said(_ room: PRPProof.Room) -> String {
        "it needs about \(size(room.memory)) of memory, \(size(room.residues)) on the disk for residues, and "
            + "\(size(room.proof)) for the proof; a smaller --prp-power needs less"
    }

    private static func size(_ bytes: UInt64) -> String {
        bytes < 10_000_000 ? "\((bytes + 999) / 1000) kB" : "\((bytes + 999_999) / 1_000_000) MB"
    }

    private func checkDisk(
        _ residues: FileDescriptor, _ room: PRPProof.Room
    ) throws(Complaint) {
        var disk = statvfs()
        var there = stat()
        if unsafe fstatvfs(residues.rawValue, &disk) != 0 || fstat(residues.rawValue, &there) != 0 {
            return
        }
        let (free, isMore) = UInt64(disk.f_bavail).multipliedReportingOverflow(
            by: UInt64(disk.f_frsize))
        let has = UInt64(clamping: there.st_size)
        let needs = room.residues - min(room.residues, has) + room.proof
        if isMore || free >= needs { return }
        if has == 0 { unsafe unlink(residuesName) }
        throw Complaint(
            message: "\(printable(residuesName)): \(Self.size(free)) are free: \(Self.said(room))",
            status: .writeError)
    }

    // MARK: Files

    private func checkNothingIsThere() throws(Complaint) {
        var facts = stat()
        if unsafe lstat(plan.file, &facts) != 0 { return }
        throw Complaint(
            message:
                "--prp-proof '\(printable(plan.file))': \(Errno.fileExists); remove it, or give another name"
        )
    }

    private func openResidues() throws(Complaint) -> FileDescriptor {
        // A limit on the size of files is to be an error like a full disk, not a signal.
        signal(SIGXFSZ, SIG_IGN)
        let name = printable(residuesName)
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(
                FilePath(residuesName), .readWrite, options: [.create, .nonBlocking, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch {
            throw Complaint(
                message: "\(name): \((error as? Errno) ?? .ioError)", status: .writeError)
        }
        do throws(Complaint) {
            var facts = stat()
            if unsafe fstat(file.rawValue, &facts) != 0 || facts.st_mode & S_IFMT != S_IFREG {
                throw Complaint(message: "\(name): it is no regular file; give another name")
            }
            try file.lock(called: name)
        } catch {
            try? file.close()
            throw error
        }
        return file
    }

    /// Writes the proof, whole or not at all, to where nothing is.
    private func write(_ proof: [UInt8]) throws(Complaint) {
        let partial = plan.file + ".part"
        do {
            let file = try FileDescriptor.open(
                FilePath(partial), .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter {
                _ = try file.writeAll(proof)
                try file.synchronise()
            }
            try checkNothingIsThere()
            if unsafe rename(partial, plan.file) != 0 { throw Errno(rawValue: errno) }
        } catch {
            unsafe unlink(partial)
            if let complaint = error as? Complaint { throw complaint }
            throw Complaint(
                message:
                    "\(printable(plan.file)): \((error as? Errno) ?? .ioError); what was computed is in "
                    + "\(printable(residuesName)), and the same command goes on",
                status: .writeError)
        }
        FilePath(plan.file).synchroniseName()
    }

    // MARK: The test

    private func made(
        _ number: PRPNumber, _ power: Int, _ residues: FileDescriptor, _ room: PRPProof.Room
    ) throws(Complaint) -> (PRPResult, [UInt8]) {
        let done = ProofProgress()
        let line =
            plan.progress.isOn()
            ? Progress(plan.progress) { _, time in Self.line("tested", done.share, time) } : nil
        defer { line?.stop() }
        do throws(PRPError) {
            let (result, proof) = try PRPProof.prove(
                number, power: power, residues: residues.rawValue, cancel: interruption.cancel,
                progress: done)
            if result.resumed > 0 {
                StandardStreams.complain(
                    "\(printable(residuesName)): \(result.resumed) of \(number.exponent) squarings were there"
                )
            }
            return (result, proof)
        } catch {
            line?.stop()
            throw complaint(error, room)
        }
    }

    private func complaint(_ error: PRPError, _ room: PRPProof.Room) -> Complaint {
        let name = printable(residuesName)
        switch error {
        case .divisibleBy3:
            unsafe unlink(residuesName)
            return Complaint(
                message:
                    "'\(printable(plan.number))' is divisible by 3, and so composite; a test to base 3 "
                    + "shows nothing")
        case .foreignResidues:
            return Complaint(
                message:
                    "\(name): it is no file of residues of this number and power; remove it, or give another "
                    + "--prp-proof")
        case .file(let number):
            return Complaint(
                message:
                    "\(name): \(Errno(rawValue: number)); what is there stays, and the same command goes on; "
                    + Self.said(room), status: .writeError)
        case .test(.outOfMemory):
            return Complaint(message: "out of memory: \(Self.said(room))", status: .undecided)
        case .test(.cancelled):
            interruption.exitIfSignalled {
                "what was computed is in \(name), and the same command goes on"
            }
            return Complaint(message: "cancelled", status: .undecided)
        case .test(let error):
            return Complaint(
                message: "'\(printable(plan.number))': \(error)", status: .internalError)
        }
    }

    /// Looks at the proof as anybody would: a processor that computed wrong would have shown.
    private func verified(_ proof: [UInt8], _ result: PRPResult) throws(Complaint) {
        do throws(CertificateError) {
            let seen = try PRPProof.verify(proof, cancel: interruption.cancel)
            if seen.verdict == result.verdict && seen.residue == result.residue { return }
        } catch {
            if error.kind == .cancelled {
                interruption.exitIfSignalled {
                    "the proof was not verified; \(printable(residuesName)) has the residues, and the same "
                        + "command goes on"
                }
            }
            if error.kind == .outOfMemory {
                throw Complaint(message: "out of memory", status: .undecided)
            }
        }
        throw Complaint(
            message:
                "the proof that was made is not valid, so that something was computed wrong: the processor, "
                + "its memory or the disk has failed. Remove \(printable(residuesName)) and begin again",
            status: .internalError)
    }

    /// `tested: 12 % in 1:23, 9:34 left`.
    static func line(_ what: String, _ share: Double, _ time: Duration) -> String {
        let percent = Int(min(99, 100 * share))
        var line = "\(what): \(percent) % in \(Progress.clock(time))"
        let seconds = time / .seconds(1)
        if share > 0.001, seconds * (1 / share - 1) < 1e8 {
            line += ", \(Progress.clock(.seconds(seconds * (1 / share - 1)))) left"
        }
        return line
    }

    // MARK: The result

    private func report(_ number: PRPNumber, _ result: PRPResult) -> ExitStatus {
        var output = Output()
        var status = ExitStatus.done
        if plan.isQuiet {
            if result.verdict == .composite { status = .notAllPrime }
            return status
        }
        let residue = result.residue.map(hexadecimal) ?? ""
        switch plan.format {
        case .text:
            _ = output.write(
                "\(plan.number): \(result.verdict.verdict) RES64: [\(residue)], as the PRP proof in "
                    + "\(printable(plan.file)) shows\n")
        case .jsonl:
            _ = output.write(
                #"{"i":0,"input":\#(quoted(plan.number)),"verdict":"\#(result.verdict.verdict.identifier)","#
                    + #""method":"fermat","witness":"3","res64":"\#(residue)","proof":{"file":\#(quoted(plan.file)),"#
                    + #""power":\#(result.power),"md5":"\#(result.md5)"}}"# + "\n")
        case .gimps:
            var line = GIMPSLine(number: .power(k: number.k, b: 2, n: number.exponent, c: number.c))
            line.worktype = "PRP-3"
            line.passed = result.verdict == .probablePrime
            line.residue = result.residue ?? 0
            line.proof = (result.power, result.md5)
            _ = output.write(line.text)
        }
        status.raise(to: output.status())
        return status
    }
}

/// 16 digits in upper case.
func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
