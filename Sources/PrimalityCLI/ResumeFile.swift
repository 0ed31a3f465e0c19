// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Primality
internal import PrimalityPool
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Why something was refused, and the status to end with.
struct Complaint: Error {
    var message: String
    var status = ExitStatus.badInput
}

/// What results were made from: those of the same origin can stand in one file.
///
/// Everything stands in clear, so that a difference can be named.
struct ResultsOrigin: Codable, Equatable {
    var version = BuildInformation.version
    var inputBytes: UInt64
    var inputHash: String
    var inputFormat: String
    var engine: String
    var rounds: Int
    /// A string, since JSON's numbers may be doubles for others.
    var seed: String
    var res64: Bool
    var maxBits: Int
    var shard: String

    init(
        input: FileDigest, format: CandidateFormat, engine: Engine, options: TestOptions,
        maximumBits: Int, shard: Shard
    ) {
        inputBytes = input.bytes
        inputHash = String(input.hash, radix: 16)
        inputFormat = format.rawValue
        self.engine = engine.rawValue
        rounds = options.rounds
        seed = String(options.seed)
        res64 = options.wantsResidue
        maxBits = maximumBits
        self.shard = shard.description
    }

    private enum CodingKeys: String, CodingKey {
        case version, engine, rounds, seed, res64, shard
        case inputBytes = "input_bytes"
        case inputHash = "input_siphash"
        case inputFormat = "input_format"
        case maxBits = "max_bits"
    }

    /// How the line begins that stands above the results: with the version of their form.
    static let beginning = "{\"primality_results\":1,"

    /// The line that stands above the results, without its end.
    var line: String {
        Self.beginning
            + "\"version\":\"\(version)\",\"input_bytes\":\(inputBytes),"
            + "\"input_siphash\":\"\(inputHash)\",\"input_format\":\"\(inputFormat)\","
            + "\"engine\":\"\(engine)\",\"rounds\":\(rounds),"
            + "\"seed\":\"\(seed)\",\"res64\":\(res64),\"max_bits\":\(maxBits),"
            + "\"shard\":\"\(shard)\"}"
    }

    init?(line: ArraySlice<UInt8>) {
        guard line.starts(with: Self.beginning.utf8),
            let origin = try? JSONDecoder().decode(Self.self, from: Data(line))
        else { return nil }
        self = origin
    }

    /// What differs in another run, or `nil`.
    ///
    /// A seed that was not asked for does not.
    func difference(from other: ResultsOrigin, seedMatters: Bool) -> String? {
        if version != other.version {
            return "they are of version \(version), this is \(other.version)"
        }
        if inputBytes != other.inputBytes {
            return "the input had \(inputBytes) bytes then and has \(other.inputBytes) now"
        }
        if inputHash != other.inputHash { return "the content of the input was another one" }
        func named(_ option: String, _ then: String, _ now: String) -> String? {
            then == now ? nil : "\(option) was \(printable(then)) then and is \(now) now"
        }
        return named("--input", inputFormat, other.inputFormat)
            ?? named("--engine", engine, other.engine)
            ?? named("--rounds", String(rounds), String(other.rounds))
            ?? named("--res64", res64 ? "on" : "off", other.res64 ? "on" : "off")
            ?? named("--max-bits", String(maxBits), String(other.maxBits))
            ?? named("--shard", shard, other.shard)
            ?? (seedMatters ? named("--seed", seed, other.seed) : nil)
    }
}

/// A file of results that is its own journal: a header and a line for each result, appended.
///
/// Whatever ends the program, what it leaves is a beginning of what the whole would have been. The
/// next run cuts an incomplete last line and tests what has no line.
struct ResumeFile {
    private let descriptor: FileDescriptor
    private let name: String
    /// No candidate of the input has a place beyond it.
    private let lastPlace: UInt64
    /// Whether candidates may depend on results.
    private let needsVerdicts: Bool
    /// The size of what is known to be whole.
    private var size = 0
    private var lastSync = ContinuousClock.now
    private var error: Errno?

    /// The places that have results.
    private(set) var done = PlaceSet()
    /// Those that passed, and those that were composite, unless every line is a candidate.
    private(set) var passed = PlaceSet()
    private(set) var composite = PlaceSet()
    /// Chooses the random bases: the seed of the results that are there already.
    private(set) var seed: UInt64
    /// An incomplete last line was there, and was cut.
    private(set) var wasTorn = false

    /// How much testing the loss of the machine's power may cost.
    private static let syncInterval: Duration = .seconds(5)

    /// Opens or creates a file and reads which results are there.
    ///
    /// - Parameters:
    ///   - path: Where.
    ///   - origin: What the results of this run are made from.
    ///   - seedMatters: The user chose the seed, so it has to be that of the file.
    ///   - isByLine: No line of the input is more than one candidate.
    ///   - cancel: Ends the reading.
    /// - Throws: Why it cannot be used; also when the reading was cancelled.
    init(
        _ path: String, origin: ResultsOrigin, seedMatters: Bool, isByLine: Bool,
        cancel: CancelFlag
    ) throws(Complaint) {
        // A candidate takes two bytes, the last one perhaps one.
        lastPlace = isByLine ? origin.inputBytes / 2 : .max
        needsVerdicts = !isByLine
        name = printable(path)
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
            try lock()
            // Another process may have written until its lock went away.
            let total = try max(there, regularSize(of: descriptor, name))
            if let kept = try read(total, origin, seedMatters, cancel) {
                wasTorn = kept < total
                if wasTorn { try cut(to: kept) }
            } else {
                try begin(origin, in: path)
            }
        } catch {
            try? descriptor.close()
            throw error
        }
    }

    private func lock() throws(Complaint) {
        if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 { return }
        if errno == EWOULDBLOCK {
            throw Complaint(
                message: "\(name): another process is writing it; wait for its end, or use another "
                    + "file")
        }
        throw Complaint(message: "\(name): it cannot be locked: \(Errno(rawValue: errno))")
    }

    /// Reads the lines and returns how much of the file is whole; `nil` when it has to be begun.
    private mutating func read(
        _ total: Int, _ origin: ResultsOrigin, _ seedMatters: Bool, _ cancel: CancelFlag
    ) throws(Complaint) -> Int? {
        let most = origin.maxBits / 1000 * 302 + 4096
        var lines = LineReader(descriptor, longest: most, cancel: cancel)
        var end = 0
        var number = 0
        while true {
            let event: LineReader.Event
            do {
                event = try lines.read()
            } catch {
                throw Complaint(message: "\(name): \(error)")
            }
            if cancel.isCancelled { throw Complaint(message: "\(name): its reading was cancelled") }
            switch event {
            case .pause: continue
            case .end: return number == 0 ? nil : end
            case .line(let bytes, let length):
                // The reader gives the last line whether it ends or not.
                let ends = end + length < total
                if number == 0 {
                    if !ends && isTornHeader(bytes) { return nil }
                    guard ends, let there = ResultsOrigin(line: bytes) else {
                        throw Complaint(
                            message: "\(name) is not a file that --resume has written; give the "
                                + "name of a new one")
                    }
                    try compare(there, with: origin, seedMatters)
                } else {
                    if !ends { return end }
                    try take(bytes, line: number + 1)
                }
                number += 1
                end += length + 1
            }
        }
    }

    /// Whether this is the beginning of a header, which was all that was written.
    private func isTornHeader(_ bytes: ArraySlice<UInt8>) -> Bool {
        let beginning = Array(ResultsOrigin.beginning.utf8)
        return bytes.starts(with: beginning) || beginning.starts(with: bytes)
    }

    private mutating func compare(
        _ there: ResultsOrigin, with origin: ResultsOrigin, _ seedMatters: Bool
    ) throws(Complaint) {
        if let difference = there.difference(from: origin, seedMatters: seedMatters) {
            throw Complaint(
                message: "\(name): its results were made otherwise: \(difference); go on as they "
                    + "were begun, or give the name of a new file")
        }
        seed = UInt64(there.seed) ?? seed
    }

    /// Takes the place out of a result's line.
    private mutating func take(
        _ line: ArraySlice<UInt8>, line number: Int
    ) throws(Complaint) {
        var place = 0
        var digits = 0
        var rest = line.dropFirst(5)
        while let byte = rest.first, (0x30...0x39).contains(byte), digits < 18 {
            place = place * 10 + Int(byte - 0x30)
            digits += 1
            rest = rest.dropFirst()
        }
        guard line.starts(with: "{\"i\":".utf8), digits > 0,
            rest.starts(with: ",\"input\":\"".utf8),
            rest.last == UInt8(ascii: "}"), rest.allSatisfy({ $0 >= 0x20 }),
            UInt64(place) <= lastPlace,
            let verdict = needsVerdicts ? Self.verdict(in: rest) : .neither
        else {
            throw Complaint(
                message: "\(name): line \(number) is no result, so the file was damaged; when the "
                    + "line is taken out (sed -i \(number)d), its number is tested again")
        }
        if !done.insert(place) {
            throw Complaint(
                message:
                    "\(name): line \(number) is a second result for i = \(place); take out one "
                    + "of them (sed -i \(number)d)")
        }
        if verdict.passed { _ = passed.insert(place) }
        if verdict == .composite { _ = composite.insert(place) }
    }

    /// The verdict that a result's line has after the input.
    private static func verdict(in line: ArraySlice<UInt8>) -> Verdict? {
        // No quote is without a backslash in the input, so the first one ends it.
        let key = Array("\",\"bits\":".utf8)
        guard let end = line.indices.first(where: { line[$0...].starts(with: key) }) else {
            return nil
        }
        let rest = line[(end + key.count)...].drop { $0 != UInt8(ascii: ",") }
        return Verdict.allCases.first {
            rest.starts(with: ",\"verdict\":\"\($0.identifier)\",".utf8)
        }
    }

    private mutating func cut(to length: Int) throws(Complaint) {
        size = length
        if ftruncate(descriptor.rawValue, off_t(length)) != 0 {
            throw Complaint(
                message: "\(name): an incomplete line at its end cannot be cut: "
                    + "\(Errno(rawValue: errno))", status: .writeError)
        }
    }

    /// Writes the header, so that neither it nor the file's name can be lost with the power.
    private mutating func begin(_ origin: ResultsOrigin, in path: String) throws(Complaint) {
        try cut(to: 0)
        if append(Array((origin.line + "\n").utf8)) { sync() }
        if let error {
            throw Complaint(message: "\(name): \(error)", status: .writeError)
        }
        let folder = FilePath(path).removingLastComponent()
        if let folder = try? FileDescriptor.open(
            folder.isEmpty ? "." : folder, .readOnly, options: [.directory, .closeOnExec])
        {
            // File systems without such a thing have nothing to do here.
            _ = fsync(folder.rawValue)
            try? folder.close()
        }
    }

    /// Appends whole lines; `false` after an error.
    ///
    /// What an error leaves of them is cut.
    mutating func append(_ lines: [UInt8]) -> Bool {
        if error != nil { return false }
        do {
            try descriptor.writeAll(lines)
            size += lines.count
        } catch {
            self.error = (error as? Errno) ?? .ioError
            // When this fails too, the next run cuts it.
            _ = ftruncate(descriptor.rawValue, off_t(size))
            return false
        }
        if .now - lastSync > Self.syncInterval { sync() }
        return error == nil
    }

    private mutating func sync() {
        lastSync = .now
        if fdatasync(descriptor.rawValue) != 0 && errno != EINVAL && error == nil {
            error = Errno(rawValue: errno)
        }
    }

    /// Brings everything to the disk.
    ///
    /// - Returns: What became of the file.
    mutating func finish() -> ExitStatus {
        sync()
        try? descriptor.close()
        guard let error else { return .done }
        StandardStreams.complain(
            "\(name): \(error.description); it holds what was written before, and the same command "
                + "goes on from there")
        return .writeError
    }
}

/// The size of a regular file.
///
/// - Throws: What else it is.
func regularSize(of descriptor: FileDescriptor, _ name: String) throws(Complaint) -> Int {
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
struct FileVersion: Equatable {
    private var size: Int64 = 0
    private var seconds: Int64 = 0
    private var nanoseconds: Int64 = 0

    init(_ descriptor: FileDescriptor) {
        var facts = stat()
        if unsafe fstat(descriptor.rawValue, &facts) != 0 { return }
        size = Int64(facts.st_size)
        seconds = Int64(facts.st_mtim.tv_sec)
        nanoseconds = Int64(facts.st_mtim.tv_nsec)
    }
}
