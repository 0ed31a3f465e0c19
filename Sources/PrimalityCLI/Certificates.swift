// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityProof
internal import PrimalityRuns
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Where the certificates of `primality prove` go.
struct Certificates {
    private enum Place {
        case nowhere
        case standardOutput
        case folder(FilePath)
        case file(CertificateFile)
    }

    private var place: Place
    private let form: ProofForm
    private let resumes: Bool
    /// Where journals of long proofs go; `nil`: nowhere.
    private(set) var journals: JournalFiles?

    /// Opens what options name.
    ///
    /// - Parameters:
    ///   - out: A file, a folder, or `-`.
    ///   - form: The form; with neither of the two no certificates are wanted.
    ///   - resumes: Go on with a file.
    ///   - mayResume: The command has --resume.
    ///   - interruption: Ends the reading of that.
    /// - Throws: A status, when it cannot be opened; it was reported.
    init(
        out: String?, form: ProofForm?, resumes: Bool, mayResume: Bool = true,
        interruption: Interruption
    ) throws {
        self.form = form ?? .json
        self.resumes = resumes
        guard let out, out != "-" else {
            place = out == nil && form == nil ? .nowhere : .standardOutput
            return
        }
        let path = FilePath(out)
        do {
            if out.hasSuffix("/") || isFolder(path) {
                if unsafe !isFolder(path) && mkdir(out, 0o777) != 0 { throw Errno(rawValue: errno) }
                place = .folder(path)
                journals = JournalFiles(resumes: resumes) {
                    path.appending(Self.journalName($0))
                }
            } else {
                place = .file(
                    try CertificateFile(
                        path, self.form, resumes: resumes, interruption: interruption))
                journals = JournalFiles(resumes: resumes) {
                    FilePath("\(out).\(Self.journalName($0))")
                }
            }
        } catch let complaint as Complaint {
            interruption.exitIfSignalled { "nothing was proved" }
            StandardStreams.complain(complaint.message)
            throw ExitCode(complaint.status.rawValue)
        } catch {
            let error = (error as? Errno) ?? .ioError
            let hint =
                error != .fileExists
                ? ""
                : out.hasSuffix("/")
                    ? ", and is no folder"
                    : CertificateFile.canBeAppended(to: path)
                        ? mayResume ? "; remove it, or go on with --resume" : "; remove it"
                        : ", and is no file; - is standard output"
            StandardStreams.complain(
                "\(mayResume ? "--out" : "--certificates") '\(printable(out))': \(error)\(hint)")
            let status: ExitStatus = error == .fileExists ? .badInput : .writeError
            throw ExitCode(status.rawValue)
        }
    }

    /// What is not to be proved again.
    var known: KnownProofs {
        switch place {
        case .file(let file): KnownProofs(certificates: file.known)
        case .folder(let folder) where resumes:
            KnownProofs { [form] in Self.path(of: $0, in: folder, form) }
        default: KnownProofs()
        }
    }

    var goToStandardOutput: Bool {
        if case .standardOutput = place { true } else { false }
    }

    /// Writes a certificate; whether more can be written.
    ///
    /// Why it cannot be is reported. `isDurable`: it is on the disk then, so that its journal may go.
    mutating func write(
        _ certificate: Certificate, isDurable: Bool, _ output: inout Output,
        _ status: inout ExitStatus
    ) -> Bool {
        if case .nowhere = place { return true }
        let text: String
        do throws(CertificateError) {
            text = try certificate.text(as: form.format)
        } catch {
            StandardStreams.complain(
                "no certificate for \(printable(certificate.number.description)) in this form: "
                    + "\(error); --certificate json has words for every proof")
            status.raise(to: .undecided)
            return true
        }
        do {
            switch place {
            case .nowhere: break
            case .standardOutput: return output.write(text)
            case .folder(let folder):
                let path = Self.path(of: certificate.number, in: folder, form)
                if Self.hasSomethingElse(path, than: certificate.number) {
                    StandardStreams.complain(
                        "\(printable(path.string)) is there and is no certificate of "
                            + "\(printable(certificate.number.description)); it was left alone")
                    status.raise(to: .writeError)
                    return true
                }
                try Self.write(text, to: path, isDurable: isDurable)
            case .file(var file):
                if file.size > 0 && form != .json {
                    StandardStreams.complain(
                        "\(printable(file.path.string)): a file in this form holds one certificate; "
                            + "give --out a folder, or --certificate json")
                    status.raise(to: .badInput)
                    return false
                }
                try file.append(text)
                if isDurable { try file.synchronise() }
                place = .file(file)
            }
            return true
        } catch {
            complain(error)
            status.raise(to: .writeError)
            return false
        }
    }

    /// The file that has a number's certificate; `nil`: none has.
    func file(of number: BigNatural) -> String? {
        switch place {
        case .nowhere, .standardOutput: nil
        case .folder(let folder): Self.path(of: number, in: folder, form).string
        case .file(let file): file.path.string
        }
    }

    private func complain(_ error: any Error) {
        let path =
            switch place {
            case .folder(let path): path.string
            case .file(let file): file.path.string
            default: ""
            }
        StandardStreams.complain("\(printable(path)): \((error as? Errno) ?? .ioError)")
    }

    /// A file that is there whole or not at all.
    private static func write(_ text: String, to path: FilePath, isDurable: Bool) throws {
        let file = try ReplacedFile(path, permissions: CertificateFile.permissions)
        do {
            try file.write(text.utf8)
            try file.finish(isDurable: isDurable)
        } catch {
            file.abandon()
            throw error
        }
    }

    private static func path(
        of number: BigNatural, in folder: FilePath, _ form: ProofForm
    ) -> FilePath {
        folder.appending(name(number) + "." + form.fileExtension)
    }

    /// What a number's file is called: its digits, or their ends, how many there are, and a check of all of them.
    private static func name(_ number: BigNatural) -> String {
        let digits = number.description
        if digits.count <= 60 { return digits }
        let check = String(CRC32.checksum(Array(digits.utf8)[...]), radix: 16)
        return "\(digits.prefix(20))-\(digits.suffix(20))-\(digits.count)d-\(check)"
    }

    /// How many bits a number has, and a check of them: its digits may be a million.
    private static func journalName(_ number: BigNatural) -> String {
        let bytes = number.limbs.flatMap { limb in
            (0..<8).map { UInt8(truncatingIfNeeded: limb >> (8 * $0)) }
        }
        let check = String(CRC32.checksum(bytes[...]), radix: 16)
        return "\(number.bitWidth)bits-\(check).journal"
    }

    /// Whether a path has something that a number's certificate must not take the place of.
    private static func hasSomethingElse(_ path: FilePath, than number: BigNatural) -> Bool {
        guard
            let file = try? FileDescriptor.open(
                path, .readOnly, options: [.nonBlocking, .closeOnExec])
        else { return unsafe access(path.string, F_OK) == 0 }
        defer { try? file.close() }
        var reader = CertificateReader(file, cancel: CancelFlag())
        let found = (try? reader.nextEntry())?.result
        return (try? found?.get())?.number != number
    }

    /// Brings what was written to the disk.
    func finish() -> ExitStatus {
        guard case .file(let file) = place else { return .done }
        do {
            try file.finish()
            return .done
        } catch {
            complain(error)
            return .writeError
        }
    }
}

/// Certificates that an earlier run has written: those of a file, which were verified, or what a folder has.
struct KnownProofs: Sendable {
    private let certificates: [BigNatural: Certificate]
    private let path: (@Sendable (BigNatural) -> FilePath)?

    init(
        certificates: [BigNatural: Certificate] = [:],
        path: (@Sendable (BigNatural) -> FilePath)? = nil
    ) {
        self.certificates = certificates
        self.path = path
    }

    init(path: @escaping @Sendable (BigNatural) -> FilePath) {
        self.init(certificates: [:], path: path)
    }

    /// The certificate of a number, if there is one that our verifier accepts.
    func certificate(of number: BigNatural, cancel: CancelFlag) -> Certificate? {
        guard let path = path?(number) else { return certificates[number] }
        guard
            let file = try? FileDescriptor.open(
                path, .readOnly, options: [.nonBlocking, .closeOnExec])
        else { return nil }
        defer { try? file.close() }
        var reader = CertificateReader(file, cancel: cancel)
        guard let certificate = try? reader.nextEntry()?.result.get(),
            certificate.number == number, (try? certificate.verify(cancel: cancel)) != nil
        else { return nil }
        return certificate
    }
}

extension ProofForm {
    fileprivate var fileExtension: String {
        switch self {
        case .json: "jsonl"
        case .primo: "out"
        case .mpu: "mpu"
        case .pari: "gp"
        }
    }
}

func isFolder(_ path: FilePath) -> Bool {
    var status = stat()
    return unsafe stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// A file of certificates that is written by one run after the other.
///
/// Whatever ends a run leaves whole certificates and at most one that is cut off, which the next run takes
/// away.
private struct CertificateFile {
    static let permissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]

    let path: FilePath
    private let file: FileDescriptor
    /// The size of what is whole.
    private(set) var size = 0
    /// What it has proofs of, all of them verified.
    private(set) var known: [BigNatural: Certificate] = [:]

    /// Makes a file that is not there, or goes on with one.
    init(
        _ path: FilePath, _ form: ProofForm, resumes: Bool, interruption: Interruption
    ) throws {
        self.path = path
        file = try FileDescriptor.open(
            path, .readWrite,
            options: resumes
                ? [.create, .closeOnExec] : [.create, .exclusiveCreate, .closeOnExec],
            permissions: Self.permissions)
        try file.lock(called: printable(path.string))
        if resumes { try takeOver(form, interruption) }
    }

    /// Whether it is a file, and not a device or a pipe.
    static func canBeAppended(to path: FilePath) -> Bool {
        var status = stat()
        return unsafe stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func isForeign(
        _ certificate: Certificate, _ form: ProofForm
    ) -> CertificateError {
        CertificateError(
            .unreadable, step: nil, line: nil,
            "it is in the form \(certificate.format.rawValue), and --resume goes on with \(form.rawValue)"
        )
    }

    /// Reads what is there; cuts off a last certificate that is torn, and refuses anything else that is no
    /// proof.
    private mutating func takeOver(_ form: ProofForm, _ interruption: Interruption) throws {
        let name = printable(path.string)
        var reader = CertificateReader(file, cancel: interruption.cancel)
        while let entry = try reader.nextEntry() {
            do throws(CertificateError) {
                let certificate = try entry.result.get()
                if certificate.format != form.format { throw Self.isForeign(certificate, form) }
                try certificate.verify(cancel: interruption.cancel)
                known[certificate.number] = certificate
                size = reader.position
            } catch {
                if interruption.cancel.isCancelled || (reader.position == 0 && reader.isAtEnd) {
                    break
                }
                if try reader.isAtEnd && Self.isTorn(bytes(from: size)) {
                    StandardStreams.complain(
                        "\(name): a certificate that is cut off was taken away")
                    break
                }
                throw Complaint(
                    message:
                        "\(name): certificate \(entry.place) cannot stand before others: \(error); "
                        + "nothing was written")
            }
        }
        if interruption.cancel.isCancelled {
            throw Complaint(message: "\(name): ended while it was read")
        }
        try file.truncate(to: size)
        // The last line may have lost its end alone.
        let last = try bytes(from: max(0, size - 1))
        if let last = last.last, last != 0x0A { try append("\n") }
    }

    /// Whether this is the beginning of a certificate of ours, and not the end of one.
    private static func isTorn(_ text: [UInt8]) -> Bool {
        let head = Array(CertificateReader.head.utf8)
        let isOurs = text.starts(with: head) || head.starts(with: text)
        let last = text.split(separator: 0x0A).last ?? []
        let isWhole = last.starts(with: Array(#"{"end":"#.utf8)) && last.last == UInt8(ascii: "}")
        return isOurs && !isWhole
    }

    /// What the file has from an offset on; the next write comes after it.
    private func bytes(from offset: Int) throws -> [UInt8] {
        try file.seek(offset: Int64(offset), from: .start)
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe try block.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            if count == 0 { return bytes }
            bytes += block[..<count]
        }
    }

    /// Appends a text, whole or not at all.
    mutating func append(_ text: String) throws {
        do {
            try file.writeAll(text.utf8)
        } catch {
            // When this fails too, the next run does it.
            try? file.truncate(to: size)
            throw error
        }
        size += text.utf8.count
    }

    func synchronise() throws { try file.synchronise() }

    func finish() throws {
        try synchronise()
        try file.close()
    }
}
