// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A file with the results of one share of a run, which is to be put together with others.
///
/// It is read to its end before anything is written, so what is wrong with it costs nobody half an output.
struct ResultPart {
    /// What it is called in messages.
    let name: String
    let form: PartForm
    private(set) var descriptor: FileDescriptor
    /// The last header of a journal.
    private(set) var origin: ResultsOrigin?
    private(set) var shard = Shard()
    /// How many numbers have which result.
    private(set) var counts = ResultCounts()
    /// Each line stands behind those with lower places.
    private(set) var isOrdered = true
    private var size: Int
    private var last = -1
    private var lineCount = 0
    /// A journal's last line is about all that stand above it, and agrees with them.
    private var isCounted = false
    /// The words of numbers that have no result yet.
    private var undecided: [Int: ResultWord] = [:]
    /// What a list has found, in order.
    private var primes: EarlierPrimes?
    /// A place that had a line already, and why the reading ended.
    private(set) var twice: Int?

    /// More than any line has: a number has at most 10⁹ bits.
    static let longest = 310_000_000
    /// What is put in order in memory, 24 bytes a line.
    static let mostUnordered = 1 << 24

    /// It is of a list: its places are counted from its own beginning.
    var isOfRange: Bool { primes != nil }
    /// How many lines are about numbers.
    var count: Int { counts.results + counts.undecided }

    // MARK: Opening

    /// Opens a file, or standard input for `-`.
    ///
    /// What cannot be read twice is copied to a file without a name.
    init(_ path: String, cancel: CancelFlag) throws(Complaint) {
        name = path == "-" ? "standard input" : printable(file: path)
        let name = name
        let opened: FileDescriptor
        do {
            opened =
                path == "-"
                ? .standardInput
                : try FileDescriptor.open(
                    FilePath(path), .readOnly, options: [.nonBlocking, .closeOnExec])
        } catch {
            throw Complaint(
                message: "\(name): \((error as? Errno) ?? .ioError)")
        }
        var facts = stat()
        if unsafe fstat(opened.rawValue, &facts) != 0 {
            throw Complaint(message: "\(name): \(Errno(rawValue: errno))")
        }
        if facts.st_mode & S_IFMT == S_IFDIR {
            throw Complaint(message: "\(name): \(Errno.isDirectory)")
        }
        let isFile = facts.st_mode & S_IFMT == S_IFREG
        let beginning: [UInt8]
        do {
            beginning = try Self.bytes(
                of: opened, at: isFile ? 0 : nil, atMost: PartForm.beginning, cancel: cancel)
        } catch {
            throw Complaint(message: "\(name): \(error)")
        }
        do throws(UsageError) {
            form = try PartForm(beginning[...])
        } catch {
            throw Complaint(message: "\(name) \(error.message)")
        }
        descriptor = opened
        size = Int(facts.st_size)
        if !isFile { try copy(beginning, cancel: cancel) }
    }

    /// What comes next, or stands at an offset: as much as there is, up to a limit.
    private static func bytes(
        of file: FileDescriptor, at offset: Int64?, atMost limit: Int, cancel: CancelFlag
    ) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        var filled = 0
        while filled < limit {
            while !file.isReadable(within: 50) {
                if cancel.isCancelled { throw .canceled }
            }
            do {
                let (there, start) = (filled, offset)
                // No more than the rest of the array has room for.
                let count = unsafe try bytes.withUnsafeMutableBytes {
                    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: $0[there...])
                    return if let start {
                        unsafe try file.read(
                            fromAbsoluteOffset: start + Int64(there), into: rest)
                    } else {
                        unsafe try file.read(into: rest)
                    }
                }
                if count == 0 { break }
                filled += count
            } catch {
                throw (error as? Errno) ?? .ioError
            }
        }
        return Array(bytes.prefix(filled))
    }

    /// Copies the rest of a pipe behind what was read of it.
    private mutating func copy(_ beginning: [UInt8], cancel: CancelFlag) throws(Complaint) {
        let spool = try PartSpool()
        var bytes = beginning
        while !bytes.isEmpty {
            try spool.append(bytes)
            do {
                bytes = try Self.bytes(of: descriptor, at: nil, atMost: 1 << 16, cancel: cancel)
            } catch {
                throw Complaint(message: "\(name): \(error)")
            }
        }
        if descriptor != .standardInput { try? descriptor.close() }
        descriptor = spool.file
        size = spool.size
    }

    // MARK: Reading

    /// Reads everything, and adds the places that have lines.
    ///
    /// - Throws: The first thing that is wrong with it.
    mutating func read(
        _ places: inout PlaceSet, cancel: CancelFlag
    ) throws(Complaint) {
        var lines = reader(cancel: cancel)
        var end = 0
        while true {
            guard let (line, length) = try next(&lines) else { break }
            lineCount += 1
            end += length + 1
            if end > size {
                let remedy =
                    form == .journal ? "; run its command again to its end" : ""
                throw wrong("is cut off, so the part is unfinished\(remedy)")
            }
            if length > line.count {
                throw wrong("has \(length) bytes, more than any result")
            }
            switch form {
            case .journal: try take(sealed: line, &places)
            case .jsonl: try take(json: line, &places)
            case .csv: try take(csv: line, &places)
            }
        }
        if cancel.isCancelled { throw Complaint(message: "\(name): its reading was cancelled") }
        if form == .journal && !isCounted { throw Complaint(message: unfinished) }
        // What was found is in the counts.
        undecided = [:]
    }

    private var unfinished: String {
        let isWritten = flock(descriptor.rawValue, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
        return "\(name) is unfinished: share \(shard) has no line of counts at its end; "
            + (isWritten
                ? "another process is writing it: wait for its end"
                : "run its command again, which goes on to its end")
    }

    private func wrong(_ what: String) -> Complaint {
        Complaint(message: "\(name): line \(lineCount) \(what)")
    }

    /// Reads from the beginning.
    func reader(cancel: CancelFlag) -> LineReader {
        // A file that can be read at offsets can be read from its beginning again.
        _ = try? descriptor.seek(offset: 0, from: .start)
        return LineReader(descriptor, longest: Self.longest, cancel: cancel)
    }

    /// The next line, and how long it is; `nil` at the end.
    func next(_ lines: inout LineReader) throws(Complaint) -> (ArraySlice<UInt8>, Int)? {
        while true {
            do {
                switch try lines.read() {
                case .line(let line, let length): return (line, length)
                case .pause: continue
                case .end: return nil
                }
            } catch {
                throw Complaint(message: "\(name): \(error)")
            }
        }
    }

    private mutating func take(
        sealed line: ArraySlice<UInt8>, _ places: inout PlaceSet
    ) throws(Complaint) {
        if lineCount == 1 || line.starts(with: ResultsOrigin.anyBeginning.utf8) {
            return try take(header: line)
        }
        guard let content = SealedLine.content(of: line) else {
            throw wrong("is not as it was written, so the file was damaged")
        }
        isCounted = false
        if content.starts(with: ResultLine.beginning) {
            guard let result = ResultLine(content) else { throw wrong("is no result") }
            try take(result, &places)
        } else if content.starts(with: ResultCounts.beginning.utf8) {
            if !content.elementsEqual(counts.content.utf8) {
                throw wrong("counts others than stand above it, so lines were taken out or put in")
            }
            isCounted = true
        } else {
            guard let reached = ReachedLine(content) else { throw wrong("is no result") }
            if let why = primes?.take(reached) ?? (primes == nil ? "is no result" : nil) {
                throw wrong(why)
            }
        }
    }

    private mutating func take(header line: ArraySlice<UInt8>) throws(Complaint) {
        let content = SealedLine.content(of: line)
        guard let content, let there = ResultsOrigin(content: content) else {
            let version = line.dropFirst(ResultsOrigin.anyBeginning.utf8.count)
                .prefix(while: \.isDigit)
            if version.isEmpty || line.starts(with: ResultsOrigin.beginning.utf8) {
                throw wrong("is a header that was damaged")
            }
            throw wrong(
                "is a header of version \(printable(version)), and this program puts together files of version 2"
            )
        }
        let share: Shard
        do throws(UsageError) {
            share = try Shard(parsing: there.shard)
        } catch {
            throw wrong("is the header of no share: \(error.message)")
        }
        if let origin {
            // Lines were appended to the input.
            if origin.difference(from: there, seedMatters: true) != nil {
                throw wrong("is about results that were made otherwise")
            }
        } else if case .window(let low, let high) = there.source {
            guard let low = BigNatural(low), let high = BigNatural(high), low <= high else {
                throw wrong("is the header of no range")
            }
            // A share without a number has no part, and writes no file.
            guard let part = try? share.part(of: low...high) else {
                throw wrong("is the header of a share without a number")
            }
            primes = EarlierPrimes(low: part.lowerBound, high: part.upperBound)
        }
        origin = there
        shard = share
        isCounted = false
    }

    private mutating func take(
        json line: ArraySlice<UInt8>, _ places: inout PlaceSet
    ) throws(Complaint) {
        if line.starts(with: ResultLine.beginningOfEvent) { return }
        if line.starts(with: ResultCounts.beginning.utf8) {
            throw wrong("counts the results of a file of --resume, whose header is not there")
        }
        guard line.last == UInt8(ascii: "}"), let result = ResultLine(line) else {
            throw wrong("is no result: '\(printable(line))'")
        }
        try take(result, &places)
    }

    private mutating func take(
        csv line: ArraySlice<UInt8>, _ places: inout PlaceSet
    ) throws(Complaint) {
        if lineCount == 1 {
            // PartForm has seen that it begins so.
            if line.count + 1 == ResultFormat.csv.header?.utf8.count { return }
            throw wrong("is no header of csv")
        }
        guard let result = ResultLine(csv: line) else {
            throw wrong("is no result: '\(printable(line))'")
        }
        try take(result, &places)
    }

    /// Takes a line about a number.
    private mutating func take(
        _ result: ResultLine, _ places: inout PlaceSet
    ) throws(Complaint) {
        let place = result.place
        let earlier = undecided[place]
        if primes != nil {
            if let why = primes?.take(result) { throw wrong(why) }
        } else if earlier == nil {
            if places.contains(place) {
                twice = place
                throw wrong("is about i = \(place), which has a line already")
            }
            places.set(place, true)
        }
        if place <= last { isOrdered = false }
        last = max(last, place)
        counts.add(result.word, replacing: earlier)
        // Only a run that goes on tests again what has no result.
        if form == .journal && (earlier != nil || result.word.verdict == nil) {
            undecided[place] = result.word.verdict == nil ? result.word : nil
        }
    }

    // MARK: Order

    /// Puts the lines in order, in a file without a name; of a number that was tested again the last line stays.
    mutating func sort(cancel: CancelFlag) throws(Complaint) {
        if lineCount > Self.mostUnordered {
            throw Complaint(
                message: "\(name): its lines are not in the order of the input (--order done), and "
                    + "more than \(Self.mostUnordered) are not put in order here")
        }
        var index: [(place: Int, offset: Int, length: Int)] = []
        index.reserveCapacity(lineCount)
        var lines = reader(cancel: cancel)
        var offset = 0
        while let (line, length) = try next(&lines) {
            if let place = place(in: line) { index.append((place, offset, length)) }
            offset += length + 1
        }
        index.sort { ($0.place, $0.offset) < ($1.place, $1.offset) }
        let spool = try PartSpool()
        var block: [UInt8] = []
        for (i, entry) in index.enumerated() {
            if i + 1 < index.count && index[i + 1].place == entry.place { continue }
            if cancel.isCancelled { throw Complaint(message: "\(name): its reading was cancelled") }
            do {
                block += try Self.bytes(
                    of: descriptor, at: Int64(entry.offset), atMost: entry.length + 1,
                    cancel: cancel)
            } catch {
                throw Complaint(message: "\(name): \(error)")
            }
            if block.count >= 1 << 16 {
                try spool.append(block)
                block.removeAll(keepingCapacity: true)
            }
        }
        try spool.append(block)
        if descriptor != .standardInput { try? descriptor.close() }
        descriptor = spool.file
        size = spool.size
        isOrdered = true
    }

    /// The place of the number that a line is about; `nil` when it is about none.
    func place(in line: ArraySlice<UInt8>) -> Int? {
        form == .csv ? ResultLine.place(inCSV: line) : ResultLine.place(in: line)?.0
    }

    /// The number of the first line about a place, and where; `nil`: none is.
    func line(about place: Int, cancel: CancelFlag) -> Int? {
        var lines = reader(cancel: cancel)
        var number = 0
        while let (line, _) = try? next(&lines) {
            number += 1
            if self.place(in: line) == place { return number }
        }
        return nil
    }
}
