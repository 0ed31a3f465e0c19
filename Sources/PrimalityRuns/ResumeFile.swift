// SPDX-License-Identifier: Apache-2.0

package import Primality
package import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Why something was refused, and the status to end with.
package struct Complaint: Error, CustomStringConvertible {
    package var message: String
    package var status = ExitStatus.badInput

    package init(message: String, status: ExitStatus = .badInput) {
        self.message = message
        self.status = status
    }

    package var description: String { message }
}

/// A file of results that is its own journal: a header and a line for each result, appended.
///
/// Whatever ends the program, what it leaves is a beginning of what the whole would have been. The
/// next run cuts an incomplete last line and tests what has no line. Each line is sealed (`SealedLine`),
/// so that one which was changed is noticed. A run that comes to its end writes how many results there
/// are; one on an input that has grown writes another header first.
package struct ResumeFile<Earlier: EarlierResults> {
    private let descriptor: FileDescriptor
    private let path: String
    private let name: String
    private let cancel: CancelFlag
    private let report: @Sendable (String) -> Void
    /// The longest line that there can be.
    private let longest: Int
    /// The size of what is known to be whole.
    private var size = 0
    private var lastSync = ContinuousClock.now
    /// Why nothing more is written.
    private var fault: String?

    /// What the lines say that were there already.
    package private(set) var earlier: Earlier
    /// How many numbers have which result, those of this run included.
    package private(set) var counts = ResultCounts()
    /// The lines that were there, and those of this run.
    private var linesBefore = 0
    private var linesNew = 0
    /// The last line is about all that stand above it, and agrees with them.
    package private(set) var isCounted = false
    /// Lines that count others than stand above them, and what is wrong with the first.
    private var miscount: String?
    /// The last header of the file.
    private var header: ResultsOrigin?
    /// Chooses the random bases: the seed of the results that are there already.
    package private(set) var seed: UInt64
    /// When a line was written last.
    package private(set) var lastLine = ContinuousClock.now

    /// How much testing the loss of the machine's power may cost.
    private static var syncInterval: Duration { .seconds(5) }

    /// Opens or creates a file and reads which results are there.
    ///
    /// - Parameters:
    ///   - path: Where.
    ///   - origin: What the results of this run are made from.
    ///   - seedMatters: The user chose the seed, so it has to be that of the file.
    ///   - earlier: Takes what is there.
    ///   - cancel: Ends the reading.
    ///   - report: Takes lines about what is there and what became of it.
    ///   - hasGrown: Whether an input of so many bytes and such a hash has become that of this run by lines
    ///     that were appended to it; throws why not.
    /// - Throws: Why it cannot be used; also when the reading was cancelled.
    package init(
        _ path: String, origin: ResultsOrigin, seedMatters: Bool, earlier: Earlier,
        cancel: CancelFlag, report: @escaping @Sendable (String) -> Void,
        hasGrown: (_ bytes: UInt64, _ hash: String) throws(Complaint) -> Void
    ) throws(Complaint) {
        self.path = path
        self.earlier = earlier
        self.cancel = cancel
        self.report = report
        name = printable(path)
        // A header may have two numbers.
        longest = 2 * (origin.maxBits / 1000 * 302 + 4096)
        seed = UInt64(origin.seed) ?? 0
        // A limit on the size of files is to be an error like a full disk, not a signal.
        signal(SIGXFSZ, SIG_IGN)
        do {
            descriptor = try FileDescriptor.open(
                FilePath(path), .readWrite, options: [.create, .append, .closeOnExec],
                permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
        } catch {
            throw Complaint(
                message: "\(name): \((error as? Errno) ?? .ioError)", status: .writeError)
        }
        do {
            let there = try regularSize(of: descriptor, name)
            try descriptor.lock(called: name)
            // Another process may have written until its lock went away.
            let total = try max(there, regularSize(of: descriptor, name))
            try read(total, origin, seedMatters, hasGrown)
            let wasTorn = size < total
            var origin = origin
            if let header {
                origin.seed = header.seed
                let isOther = header.input.map { $0 != origin.input ?? $0 } ?? false
                if isOther, let input = header.input { try hasGrown(input.bytes, input.hash) }
                if wasTorn { try cut() }
                sayWhatIsThere(wasTorn: wasTorn, hasGrown: isOther)
                if isOther { try write(origin) }
            } else {
                if wasTorn { try cut() }
                try write(origin)
                syncFolder()
            }
        } catch {
            try? descriptor.close()
            throw error
        }
    }

    private func sayWhatIsThere(wasTorn: Bool, hasGrown: Bool) {
        var notes = [name + ": going on after \(counted(counts.results, "result"))"]
        if hasGrown { notes.append("lines were appended to the input since then") }
        if wasTorn { notes.append("an incomplete line at the end was cut") }
        if let miscount { notes.append(miscount) }
        if linesBefore > 1 || notes.count > 1 {
            report(notes.joined(separator: "; "))
        }
    }

    // MARK: Reading

    /// Reads lines: what is whole has the size that is kept then.
    private mutating func read(
        _ total: Int, _ origin: ResultsOrigin, _ seedMatters: Bool,
        _ hasGrown: (_ bytes: UInt64, _ hash: String) throws(Complaint) -> Void
    ) throws(Complaint) {
        try forEachLine { line, number, length throws(Complaint) in
            // The reader gives the last line whether it ends or not.
            let end = size + length
            if end == total {
                // The beginning of a header may be all that was written.
                if number == 1 && !isTornHeader(line) { throw Self.isNoFile(line, name) }
                return false
            }
            if number == 1 {
                try begin(line, origin, seedMatters)
                // Else each line about what is gone would be called damaged.
                if let then = header?.input, let now = origin.input, then.bytes > now.bytes {
                    try hasGrown(then.bytes, then.hash)
                }
            } else {
                try take(line, number: number)
            }
            size = end + 1
            linesBefore += 1
            return true
        }
        if cancel.isCancelled { throw Complaint(message: "\(name): its reading was cancelled") }
    }

    /// Reads lines with their number, from 1, and their length, until there are no more or they are not
    /// wanted.
    private func forEachLine(
        _ body: (ArraySlice<UInt8>, Int, Int) throws(Complaint) -> Bool
    ) throws(Complaint) {
        do {
            try descriptor.seek(offset: 0, from: .start)
        } catch {
            throw Complaint(message: "\(name): \(error)")
        }
        var lines = LineReader(descriptor, longest: longest, cancel: cancel)
        var number = 0
        while true {
            let event: LineReader.Event
            do {
                event = try lines.read()
            } catch {
                throw Complaint(message: "\(name): \(error)")
            }
            switch event {
            case .pause: continue
            case .end: return
            case .line(let bytes, let length):
                number += 1
                if try !body(bytes, number, length) { return }
            }
        }
    }

    private func isTornHeader(_ bytes: ArraySlice<UInt8>) -> Bool {
        let beginning = Array(ResultsOrigin.beginning.utf8)
        return bytes.starts(with: beginning) || beginning.starts(with: bytes)
    }

    private static func isNoFile(_ line: ArraySlice<UInt8>, _ name: String) -> Complaint {
        if line.starts(with: ResultsOrigin.beginning.utf8) {
            return Complaint(
                message:
                    "\(name): its first line was damaged, which says what the results were made "
                    + "from; mend it from a copy, or give the name of a new file")
        }
        let version = line.dropFirst(ResultsOrigin.anyBeginning.utf8.count).prefix {
            $0.isDigit
        }
        if line.starts(with: ResultsOrigin.anyBeginning.utf8), !version.isEmpty {
            return Complaint(
                message: "\(name) is a file of results of version \(printable(version)), and this "
                    + "program goes on with version 2, whose lines have checksums; finish it with the "
                    + "program that began it, or give the name of a new file")
        }
        return Complaint(
            message: "\(name) is not a file that --resume has written; give the name of a new one")
    }

    private mutating func begin(
        _ line: ArraySlice<UInt8>, _ origin: ResultsOrigin, _ seedMatters: Bool
    ) throws(Complaint) {
        guard let content = SealedLine.content(of: line),
            let there = ResultsOrigin(content: content)
        else { throw Self.isNoFile(line, name) }
        if let difference = there.difference(from: origin, seedMatters: seedMatters) {
            throw Complaint(
                message: "\(name): its results were made otherwise: \(difference); go on as they "
                    + "were begun, or give the name of a new file")
        }
        header = there
        seed = UInt64(there.seed) ?? seed
    }

    private mutating func take(_ line: ArraySlice<UInt8>, number: Int) throws(Complaint) {
        guard let content = SealedLine.content(of: line) else {
            throw damage(number, "is not as it was written, so the file was damaged")
        }
        isCounted = false
        if content.starts(with: ResultLine.beginning) {
            guard let result = ResultLine(content) else { throw damage(number, "is no result") }
            let before = earlier.undecided(at: result.place)
            if let wrong = earlier.take(result) { throw damage(number, wrong) }
            counts.add(result.word, replacing: before)
        } else if content.starts(with: ResultCounts.beginning.utf8) {
            isCounted = content.elementsEqual(counts.content.utf8)
            if !isCounted && miscount == nil {
                miscount =
                    "line \(number) counts others than stand above it, so lines were taken out or put "
                    + "in; what has no result is tested"
            }
        } else if content.starts(with: ResultsOrigin.beginning.utf8) {
            guard let there = ResultsOrigin(content: content), let header,
                there.difference(from: header, seedMatters: true) == nil
            else { throw damage(number, "is about results that were made otherwise") }
            self.header = there
        } else {
            guard let reached = ReachedLine(content) else { throw damage(number, "is no result") }
            if let wrong = earlier.take(reached) { throw damage(number, wrong) }
        }
    }

    private func damage(_ number: Int, _ what: String) -> Complaint {
        Complaint(
            message:
                "\(name): line \(number) \(what); \(Earlier.remedy(line: number)), or give the "
                + "name of a new file")
    }

    /// The first line about a number that does not stand in the input.
    package func complain(of mismatch: InputCheck.Mismatch) {
        var found: String?
        try? forEachLine { line, number, _ throws(Complaint) in
            guard let content = SealedLine.content(of: line), let result = ResultLine(content),
                result.word.verdict != nil
            else { return true }
            switch mismatch {
            case .within(let places, let hashes):
                let hash = InputSums.hash(result.input, at: result.place)
                if !places.contains(result.place) || hashes[result.place] == hash { return true }
            case .beyond(let count):
                if result.place < count { return true }
            }
            found =
                "line \(number) is about '\(printable(result.input))', which does not stand in the "
                + "input at i = \(result.place)"
            return false
        }
        let line = found.map { "\(name): \($0)" } ?? "\(name): results do not fit the input"
        report("\(line); take it out, or give the name of a new file")
    }

    // MARK: Writing

    private mutating func cut() throws(Complaint) {
        if ftruncate(descriptor.rawValue, off_t(size)) != 0 {
            throw Complaint(
                message: "\(name): an incomplete line at its end cannot be cut: "
                    + "\(Errno(rawValue: errno))", status: .writeError)
        }
    }

    /// Writes a header, so that it cannot be lost with the power.
    private mutating func write(_ origin: ResultsOrigin) throws(Complaint) {
        if appendSealed([origin.content]) { sync() }
        if let fault { throw Complaint(message: "\(name)\(fault)", status: .writeError) }
    }

    /// Neither is the file's name to be lost with the power.
    private func syncFolder() {
        let folder = FilePath(path).removingLastComponent()
        if let folder = try? FileDescriptor.open(
            folder.isEmpty ? "." : folder, .readOnly, options: [.directory, .closeOnExec])
        {
            // File systems without such a thing have nothing to do here.
            _ = fsync(folder.rawValue)
            try? folder.close()
        }
    }

    /// Appends whole lines of jsonl about numbers, sealed; `false` after an error.
    package mutating func append(_ lines: [UInt8]) -> Bool {
        var sealed: [UInt8] = []
        var count = 0
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            SealedLine.append(line.dropLast(), to: &sealed)
            count += 1
            if let result = ResultLine(line) {
                counts.add(result.word, replacing: earlier.undecided(at: result.place))
            }
        }
        return append(sealed, lines: count)
    }

    /// Appends a line that says up to which number all is known, and how many results that are.
    package mutating func append(reached number: BigNatural, after count: Int) -> Bool {
        appendSealed([ReachedLine.content(number, after: count)])
    }

    private mutating func appendSealed(_ contents: [String]) -> Bool {
        var lines: [UInt8] = []
        for content in contents { SealedLine.append(Array(content.utf8)[...], to: &lines) }
        return append(lines, lines: contents.count)
    }

    /// What an error leaves of the lines is cut.
    private mutating func append(_ lines: [UInt8], lines count: Int) -> Bool {
        if fault == nil { fault = whatHappened() }
        if fault != nil { return false }
        if lines.isEmpty { return true }
        do {
            try descriptor.writeAll(lines)
        } catch {
            fault = Self.fault((error as? Errno) ?? .ioError)
            // When this fails too, the next run cuts it.
            _ = ftruncate(descriptor.rawValue, off_t(size))
            return false
        }
        size += lines.count
        linesNew += count
        isCounted = false
        lastLine = .now
        if .now - lastSync > Self.syncInterval { sync() }
        return fault == nil
    }

    private static func fault(_ error: Errno) -> String {
        ": \(error); it holds what was written before, and the same command goes on from there"
    }

    private mutating func sync() {
        lastSync = .now
        if fdatasync(descriptor.rawValue) != 0 && errno != EINVAL && fault == nil {
            fault = Self.fault(Errno(rawValue: errno))
        }
    }

    /// What others have done to the file that is written; `nil` when nothing.
    private func whatHappened() -> String? {
        var ours = stat()
        if unsafe fstat(descriptor.rawValue, &ours) != 0 {
            return Self.fault(Errno(rawValue: errno))
        }
        var there = stat()
        if unsafe stat(path, &there) != 0 {
            return errno == ENOENT
                ? " was removed or renamed while the run went on, so that its results are not there; "
                    + "the same command begins anew"
                : Self.fault(Errno(rawValue: errno))
        }
        if ours.st_ino != there.st_ino || ours.st_dev != there.st_dev {
            return
                " was replaced by another file while the run went on; its results are not in that"
        }
        if Int(ours.st_size) < size {
            return " was cut from \(size) to \(ours.st_size) bytes while the run went on; the same "
                + "command goes on from what is left"
        }
        if Int(ours.st_size) > size {
            return
                " was written by others too while the run went on; look at what stands from byte "
                + "\(size) on"
        }
        return nil
    }

    /// Brings everything to the disk, and says what stands in the file.
    ///
    /// - Parameter isWhole: Everything was tested: the end says how many results there are.
    /// - Returns: What became of the file.
    package mutating func finish(isWhole: Bool) -> ExitStatus {
        if isWhole && !isCounted && appendSealed([counts.content]) { isCounted = true }
        sync()
        if fault == nil { fault = whatHappened() }
        try? descriptor.close()
        if let fault {
            report(name + fault)
            return .writeError
        }
        let undecided =
            counts.undecided == 0
            ? ""
            : "; \(counts.undecided) timed out or failed: the same command tests what is still asked for "
                + "of them again"
        report(
            "\(name): \(counted(linesBefore + linesNew, "line")), \(linesNew) of them new, with "
                + "\(counted(counts.results, "result"))\(undecided)")
        return .done
    }
}

/// A line that says up to which number all is known, where no number that is reported on comes for long.
///
/// It counts the results up to there, so that one which was taken out from above it is missed.
package struct ReachedLine {
    private static let beginning = Array("{\"reached\":\"".utf8)
    private static let middle = Array("\",\"after\":".utf8)

    package let number: ArraySlice<UInt8>
    /// How many results there are up to the number.
    package let count: Int

    package static func content(_ number: BigNatural, after count: Int) -> String {
        "{\"reached\":\"\(number)\",\"after\":\(count)"
    }

    package init?(_ content: ArraySlice<UInt8>) {
        guard content.starts(with: Self.beginning) else { return nil }
        number = content.dropFirst(Self.beginning.count).prefix(while: \.isDigit)
        let rest = content[number.endIndex...]
        guard !number.isEmpty, rest.starts(with: Self.middle) else { return nil }
        let count = rest.dropFirst(Self.middle.count)
        guard count.allSatisfy(\.isDigit), let count = Int(String(decoding: count, as: UTF8.self))
        else { return nil }
        self.count = count
    }
}

/// The size of a regular file.
///
/// - Throws: What else it is.
package func regularSize(of descriptor: FileDescriptor, _ name: String) throws(Complaint) -> Int {
    var facts = stat()
    if unsafe fstat(descriptor.rawValue, &facts) != 0 {
        throw Complaint(message: "\(name): \(Errno(rawValue: errno))")
    }
    if facts.st_mode & S_IFMT != S_IFREG {
        throw Complaint(
            message: "\(name): --resume needs a regular file, which can be read from its beginning "
                + "again")
    }
    return Int(facts.st_size)
}

/// Whether a file was written to.
package struct FileVersion: Equatable {
    private var size: Int64 = 0
    private var seconds: Int64 = 0
    private var nanoseconds: Int64 = 0

    package init(_ descriptor: FileDescriptor) {
        var facts = stat()
        if unsafe fstat(descriptor.rawValue, &facts) != 0 { return }
        size = Int64(facts.st_size)
        seconds = Int64(facts.st_mtim.tv_sec)
        nanoseconds = Int64(facts.st_mtim.tv_nsec)
    }
}

extension FileDescriptor {
    /// Sees to it that no other process of ours writes the file, until it is closed.
    package func lock(called name: String) throws(Complaint) {
        if flock(rawValue, LOCK_EX | LOCK_NB) == 0 { return }
        if errno == EWOULDBLOCK {
            throw Complaint(
                message: "\(name): another process is writing it; wait for its end, or use another "
                    + "file")
        }
        throw Complaint(message: "\(name): it cannot be locked: \(Errno(rawValue: errno))")
    }

    /// Cuts the file to a size.
    package func truncate(to size: Int) throws(Errno) {
        if ftruncate(rawValue, off_t(size)) != 0 { throw Errno(rawValue: errno) }
    }

    /// Brings what was written to the disk.
    package func synchronise() throws(Errno) {
        // What is no file has nothing to bring anywhere.
        if fsync(rawValue) != 0 && errno != EINVAL { throw Errno(rawValue: errno) }
    }
}
