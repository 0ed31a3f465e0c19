// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityProof
internal import PrimalityRuns
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A run of `primality prove`: threads prove what a source gives, and results are written in its order.
struct ProofRun {
    let source: CandidateSource
    let options: ProofOptions
    var certificates: Certificates
    let isJSON: Bool
    let isQuiet: Bool
    let workers: Int
    let timeout: Duration?
    /// `nil`: no progress is shown.
    let mode: ProgressMode?
    let interruption: Interruption
    private var output = Output()
    private var status = ExitStatus.done
    private var done = 0
    private var proved = 0

    init(
        source: CandidateSource, options: ProofOptions, certificates: Certificates, isJSON: Bool,
        isQuiet: Bool, workers: Int, timeout: Duration?, mode: ProgressMode?,
        interruption: Interruption
    ) {
        self.source = source
        self.options = options
        self.certificates = certificates
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        self.workers = workers
        self.timeout = timeout
        self.mode = mode
        self.interruption = interruption
    }

    /// A number on its way.
    private struct Work: Sendable {
        var id: Int
        var number: BigNatural
        var form: CandidateForm?
        var cancel: CancelFlag
    }

    /// What became of a number.
    private enum Finding: Sendable {
        case outcome(ProofOutcome)
        case timedOut
        case cancelled
        case failed(PrimalityError)
    }

    /// What the threads and the one that writes share.
    private struct Shared {
        var given = 0
        var taken = 0
        var isOver = false
        var failure: Complaint?
        var found: [Int: (number: BigNatural, finding: Finding)] = [:]
        /// When the time of those is over that are being proved.
        var active: [Int: (end: ContinuousClock.Instant, cancel: CancelFlag)] = [:]
        var late: Set<Int> = []
    }

    /// Proves everything.
    mutating func prove() {
        let shared = Monitor(Shared())
        let (source, options, timeout) = (source, options, timeout)
        let cancel = interruption.cancel
        let window = 4 * workers
        let known = certificates.known
        let progress = mode.map { Progress($0, estimate: { source.estimate($0) }) }

        // Apart from the results, which go on being written while a reader waits for input.
        let feeding = Monitor(())
        @Sendable func nextWork() -> Work? {
            // Who writes in order must not fall far behind.
            let goesOn = shared.wait(lookingEvery: 50) { shared -> Bool? in
                if shared.isOver || cancel.isCancelled { return false }
                return shared.given - shared.taken < window ? true : nil
            }
            if !goesOn { return nil }
            return feeding.withLock { _ -> Work? in
                var batch: NumberBatch?
                var failure: Complaint?
                do throws(Complaint) { batch = try source.next() } catch { failure = error }
                return shared.withLock(wake: true) { shared -> Work? in
                    guard let batch, !shared.isOver else {
                        shared.isOver = true
                        shared.failure = shared.failure ?? failure
                        return nil
                    }
                    let work = Work(
                        id: shared.given, number: batch[0], form: batch.form(at: 0),
                        cancel: cancel.part())
                    shared.given += 1
                    if let timeout { shared.active[work.id] = (.now + timeout, work.cancel) }
                    return work
                }
            }
        }
        @Sendable func work() {
            while let work = nextWork() {
                let finding: Finding
                do throws(PrimalityError) {
                    if let certificate = known[work.number] {
                        finding = .outcome(.proved(certificate))
                    } else {
                        var options = options
                        options.form = work.form
                        finding = .outcome(
                            try Certificate.prove(
                                work.number, options: options, cancel: work.cancel))
                    }
                } catch {
                    finding = error == .cancelled ? .cancelled : .failed(error)
                }
                shared.withLock(wake: true) { shared in
                    shared.active[work.id] = nil
                    let isLate = shared.late.remove(work.id) != nil
                    if isLate, case .cancelled = finding {
                        shared.found[work.id] = (work.number, .timedOut)
                    } else {
                        shared.found[work.id] = (work.number, finding)
                    }
                }
            }
            shared.withLock(wake: true) { _ in }
        }
        var threads: [WorkerThread] = []
        for i in 0..<workers {
            if let thread = try? WorkerThread(name: "prk-prove-\(i)", work) {
                threads.append(thread)
            }
        }
        if threads.isEmpty {
            StandardStreams.complain("the system gives no thread")
            status.raise(to: .internalError)
            return
        }
        while let (id, number, finding) = next(shared) {
            if !take(id, number, finding) { cancel.cancel() }
            progress?.add(1)
        }
        for thread in threads { thread.join() }
        progress?.stop()
        if let failure = shared.withLock({ $0.failure }) {
            StandardStreams.complain(failure.message)
            status.raise(to: failure.status)
        }
        source.complainOfRest()
    }

    /// The next number in order, when its result is there; `nil` at the end.
    ///
    /// Ends what takes too long.
    private func next(
        _ shared: Monitor<Shared>
    ) -> (id: Int, number: BigNatural, finding: Finding)? {
        let cancel = interruption.cancel
        return shared.wait(lookingEvery: 20) {
            shared -> (id: Int, number: BigNatural, finding: Finding)?? in
            let now = ContinuousClock.now
            for (id, one) in shared.active where one.end <= now {
                shared.late.insert(id)
                shared.active[id] = nil
                one.cancel.cancel()
            }
            let id = shared.taken
            if let found = shared.found.removeValue(forKey: id) {
                shared.taken += 1
                return (id, found.number, found.finding)
            }
            let isOver = (shared.isOver || cancel.isCancelled) && shared.taken == shared.given
            return isOver ? .some(nil) : nil
        }
    }

    /// Writes a result and its certificate; whether more can be written.
    private mutating func take(_ id: Int, _ number: BigNatural, _ finding: Finding) -> Bool {
        let inputs = source.takeInputs(of: id)
        let input = inputs.places.isEmpty ? [] : Array(inputs[0])
        let place = inputs.places.first ?? id
        var facts: [(name: String, json: String)] = []
        let text: String
        var isWritten = true
        switch finding {
        case .cancelled: return true
        case .timedOut:
            text = "timed-out"
            status.raise(to: .undecided)
        case .failed(let error):
            text = "failed"
            StandardStreams.complain("\(printable(input)): \(error)")
            status.raise(to: .undecided)
        case .outcome(.neither):
            text = "neither"
            status.raise(to: .notAllPrime)
        case .outcome(.composite(let report)):
            status.raise(to: .notAllPrime)
            if let factor = report?.factor {
                text = "composite, factor \(factor)"
                facts = [("factor", "\(factor)")]
            } else if let witness = report?.witness {
                text = "composite, witness \(witness)"
                facts = [("witness", "\"\(witness)\"")]
            } else {
                text = "composite, by \(report?.method.rawValue ?? "a test")"
            }
            if let method = report?.method.rawValue { facts.append(("method", "\"\(method)\"")) }
        case .outcome(.gaveUp(let tried)):
            status.raise(to: .undecided)
            text = "probable prime, no proof was found: \(tried)"
            var escaped: [UInt8] = []
            appendEscaped(Array(tried.utf8)[...], to: &escaped)
            facts = [("tried", "\"\(String(decoding: escaped, as: UTF8.self))\"")]
        case .outcome(.proved(let certificate)):
            proved += 1
            let steps = certificate.stepCount
            text = steps == 0 ? "prime, by a test" : "prime, proved in \(counted(steps, "step"))"
            facts = [("steps", "\(steps)")]
            isWritten = certificates.write(certificate, &output, &status)
        }
        done += 1
        if isQuiet { return isWritten }
        var line: [UInt8] = []
        if isJSON {
            let verdict = text.prefix { $0 != "," }
            line += "{\"i\":\(place),\"input\":\"".utf8
            appendEscaped(input[...], to: &line)
            line += "\",\"bits\":\(number.bitWidth),\"verdict\":\"\(verdict)\"".utf8
            for (name, json) in facts { line += ",\"\(name)\":\(json)".utf8 }
            line += "}".utf8
        } else {
            line += input
            line += ": \(text)".utf8
        }
        if certificates.goToStandardOutput {
            StandardStreams.writeError(String(decoding: line, as: UTF8.self))
            return isWritten
        }
        return output.write(line + [0x0A]) && isWritten
    }

    /// Says how the run ended; its status.
    mutating func end() -> ExitStatus {
        status.raise(to: certificates.finish())
        status.raise(to: output.status())
        let counts = source.counts
        if counts.bad > 0 { status.raise(to: .badInput) }
        interruption.exitIfSignalled {
            "\(counted(done, "number", "has", "have")) a result, \(proved) of them a proof"
        }
        if counts.read == 0 && status == .done {
            StandardStreams.complain("there is nothing to prove")
            return .badInput
        }
        return status
    }
}

/// Where certificates go.
struct Certificates {
    enum Place {
        case nowhere
        case standardOutput(ProofForm)
        case folder(FilePath, ProofForm)
        case file(FileDescriptor, FilePath, ProofForm, known: [BigNatural: Certificate])
    }

    private let place: Place
    /// A file of this form takes one certificate.
    private var isFull = false
    private var error: Errno?

    init(_ place: Place) { self.place = place }

    /// What the file has proofs of.
    var known: [BigNatural: Certificate] {
        if case .file(_, _, _, let known) = place { known } else { [:] }
    }

    var goToStandardOutput: Bool {
        if case .standardOutput = place { true } else { false }
    }

    /// Writes a certificate; whether more can be written.
    ///
    /// Why it cannot be is reported.
    mutating func write(
        _ certificate: Certificate, _ output: inout Output, _ status: inout ExitStatus
    ) -> Bool {
        let form: ProofForm
        switch place {
        case .nowhere: return true
        case .standardOutput(let its), .folder(_, let its), .file(_, _, let its, _): form = its
        }
        if known[certificate.number] != nil { return true }
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
        switch place {
        case .nowhere: return true
        case .standardOutput: return output.write(text)
        case .folder(let folder, _):
            let name = Self.name(certificate.number) + "." + form.fileExtension
            return write(text, to: folder.appending(name), &status)
        case .file(let file, let path, _, _):
            if isFull {
                StandardStreams.complain(
                    "\(printable(path.string)): a file in this form holds one certificate; give "
                        + "--out a folder, or --certificate json")
                status.raise(to: .badInput)
                return false
            }
            isFull = form != .json
            do {
                try file.writeAll(text.utf8)
                return true
            } catch {
                return complain((error as? Errno) ?? .ioError, path, &status)
            }
        }
    }

    private func complain(_ error: Errno, _ path: FilePath, _ status: inout ExitStatus) -> Bool {
        StandardStreams.complain("\(printable(path.string)): \(error)")
        status.raise(to: .writeError)
        return false
    }

    /// A file that is there whole or not at all.
    private func write(_ text: String, to path: FilePath, _ status: inout ExitStatus) -> Bool {
        let partial = FilePath(path.string + ".part")
        do {
            let file = try FileDescriptor.open(
                partial, .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter { _ = try file.writeAll(text.utf8) }
            try renameFile(partial, path)
            return true
        } catch {
            return complain((error as? Errno) ?? .ioError, path, &status)
        }
    }

    /// What a number's file is called: its digits, or their ends and how many there are.
    private static func name(_ number: BigNatural) -> String {
        let digits = number.description
        if digits.count <= 60 { return digits }
        return "\(digits.prefix(20))-\(digits.suffix(20))-\(digits.count)d"
    }

    /// Brings what was written to the disk.
    func finish() -> ExitStatus {
        guard case .file(let file, let path, _, _) = place else { return .done }
        do {
            try synchronise(file)
            try file.close()
            return .done
        } catch {
            StandardStreams.complain("\(printable(path.string)): \((error as? Errno) ?? .ioError)")
            return .writeError
        }
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

extension Certificates.Place {
    /// Where options say that certificates go.
    ///
    /// - Throws: A status, when that cannot be opened; it was reported.
    init(out: String?, form: ProofForm?, resumes: Bool, interruption: Interruption) throws {
        guard let out, out != "-" else {
            if out == nil && form == nil {
                self = .nowhere
            } else {
                self = .standardOutput(form ?? .json)
            }
            return
        }
        let form = form ?? .json
        let path = FilePath(out)
        do {
            if out.hasSuffix("/") || isFolder(path) {
                if !isFolder(path) { try makeFolder(path) }
                if resumes {
                    throw Refusal.usage(
                        "--resume goes on with a file; '\(printable(out))' is a folder")
                }
                self = .folder(path, form)
            } else if resumes {
                self = try .resuming(path, interruption)
            } else {
                let file = try FileDescriptor.open(
                    path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                    permissions: [.ownerReadWrite, .groupRead, .otherRead])
                self = .file(file, path, form, known: [:])
            }
        } catch let error as Errno {
            let hint = error == .fileExists ? "; remove it, or go on with --resume" : ""
            StandardStreams.complain("\(printable(out)): \(error)\(hint)")
            throw ExitCode(
                (error == .fileExists ? ExitStatus.badInput : .writeError).rawValue)
        }
    }

    /// Goes on with a file: takes its certificates, which are verified, and cuts off one that is torn.
    private static func resuming(_ path: FilePath, _ interruption: Interruption) throws -> Self {
        let file = try FileDescriptor.open(
            path, .readWrite, options: [.create, .closeOnExec],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        var reader = CertificateReader(file, cancel: interruption.cancel)
        var known: [BigNatural: Certificate] = [:]
        var end = 0
        while let entry = try reader.nextEntry() {
            do throws(CertificateError) {
                let certificate = try entry.result.get()
                try certificate.verify(cancel: interruption.cancel)
                known[certificate.number] = certificate
                end = reader.position
            } catch {
                if error.kind == .cancelled { break }
                // The last one may be torn; anything else is not ours to go on with.
                let isLast = reader.isAtEnd && error.kind == .unreadable
                if !isLast {
                    StandardStreams.complain(
                        "\(printable(path.string)): certificate \(entry.place) is no proof: "
                            + "\(error.moved(by: entry.linesBefore)); nothing was written")
                    throw ExitCode(ExitStatus.badInput.rawValue)
                }
                if reader.position > end {
                    StandardStreams.complain(
                        "\(printable(path.string)): a certificate that is cut off was taken away")
                }
            }
        }
        try truncate(file, to: end)
        // Its last line may have lost its end alone.
        try file.seek(offset: Int64(max(0, end - 1)), from: .start)
        let last = try readByte(file)
        try file.seek(offset: Int64(end), from: .start)
        if let last, last != 0x0A { try file.writeAll([0x0A]) }
        return .file(file, path, .json, known: known)
    }
}

private func isFolder(_ path: FilePath) -> Bool {
    var status = stat()
    return unsafe stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Throws what a system call says.
private func check(_ result: Int32) throws(Errno) {
    if result != 0 { throw Errno(rawValue: errno) }
}

private func makeFolder(_ path: FilePath) throws { try check(unsafe mkdir(path.string, 0o777)) }

private func renameFile(_ old: FilePath, _ new: FilePath) throws {
    try check(unsafe rename(old.string, new.string))
}

private func synchronise(_ file: FileDescriptor) throws {
    // A pipe or a device has nothing to bring anywhere.
    if fsync(file.rawValue) != 0 && errno != EINVAL { throw Errno(rawValue: errno) }
}

private func readByte(_ file: FileDescriptor) throws -> UInt8? {
    var byte: [UInt8] = [0]
    let count = unsafe try byte.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
    return count == 0 ? nil : byte[0]
}

private func truncate(_ file: FileDescriptor, to size: Int) throws {
    try check(ftruncate(file.rawValue, off_t(size)))
}
