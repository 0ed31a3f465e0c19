// SPDX-License-Identifier: Apache-2.0

package import Primality
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The results of the shares of a run, put together to those of the whole, in the order of its input.
///
/// The parts are read to their ends first, one after the other: what is wrong is said before anything is written.
/// Then they are read side by side, each line once. What is kept is a line of each part, and a bit for each place of
/// the input, whatever their length; a part that is not in order is copied in order before.
package struct PartMerge {
    private var parts: [ResultPart]
    private let cancel: CancelFlag

    /// How many numbers have which result.
    package let counts: ResultCounts
    /// How many places have no line, up to the last that has one, and the first of them.
    private var gaps = (count: 0, first: 0)

    /// What there is to say about so many parts, and no more.
    private static let mostComplaints = 20
    /// How much is written at once.
    private static let blockSize = 1 << 18

    /// Reads all parts.
    ///
    /// - Parameters:
    ///   - paths: Their files; `-` is standard input.
    ///   - cancel: Ends the reading.
    ///   - report: Takes lines about what is wrong.
    /// - Throws: Why they are not the whole of a run; what is wrong with single parts was reported.
    package init(
        _ paths: [String], cancel: CancelFlag, report: (String) -> Void
    ) throws(Complaint) {
        self.cancel = cancel
        Self.raiseLimitOfFiles()
        parts = []
        var places = PlaceSet()
        var status = ExitStatus.done
        var bad = 0
        for path in paths {
            do throws(Complaint) {
                parts.append(try Self.part(path, after: parts, &places, cancel: cancel))
            } catch {
                if cancel.isCancelled { throw error }
                bad += 1
                status.raise(to: error.status)
                if bad <= Self.mostComplaints { report(error.message) }
            }
        }
        if bad > Self.mostComplaints {
            report("\(counted(bad - Self.mostComplaints, "other part")) cannot be used either")
        }
        if bad > 0 {
            throw Complaint(
                message: "nothing was put together: \(counted(bad, "part")) of \(paths.count) "
                    + "cannot be used",
                status: status)
        }
        try Self.checkOrigins(parts)
        var counts = ResultCounts()
        for part in parts { counts.add(part.counts) }
        self.counts = counts
        for i in parts.indices where !parts[i].isOrdered { try parts[i].sort(cancel: cancel) }
        // One share of a list follows the other; without headers all are called the first.
        parts.sort { $0.shard.index < $1.shard.index }
    }

    /// A thousand parts are more files than most systems let a program open unasked.
    private static func raiseLimitOfFiles() {
        var limit = rlimit()
        #if canImport(Glibc)
            let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let files = RLIMIT_NOFILE
        #endif
        if unsafe getrlimit(files, &limit) != 0 { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(files, &limit)
    }

    private static func part(
        _ path: String, after parts: [ResultPart], _ places: inout PlaceSet, cancel: CancelFlag
    ) throws(Complaint) -> ResultPart {
        var part = try ResultPart(path, cancel: cancel)
        if let first = parts.first, part.form != first.form {
            throw Complaint(
                message: "\(part.name) is \(part.form.rawValue), and \(first.name) is "
                    + "\(first.form.rawValue): parts of one run are written alike")
        }
        do throws(Complaint) {
            try part.read(&places, cancel: cancel)
        } catch {
            guard let twice = part.twice else { throw error }
            // Parts that do not belong together may well have lines about the same places.
            for other in parts { try check(part, with: other) }
            // Itself last: the first line about the place is where it stood before.
            for other in parts + [part] {
                if let line = other.line(about: twice, cancel: cancel) {
                    let there = other.name == part.name ? "" : "\(other.name): "
                    throw Complaint(message: "\(error.message): \(there)line \(line)")
                }
            }
            throw error
        }
        return part
    }

    // MARK: Checking

    /// Refuses two parts that cannot be shares of one run.
    private static func check(
        _ part: ResultPart, with other: ResultPart
    ) throws(Complaint) {
        guard let origin = part.origin, let there = other.origin else { return }
        if let difference = origin.differenceOfParts(from: there) {
            throw Complaint(
                message: "\(part.name) and \(other.name) are not parts of one run: "
                    + "\(difference.name) is \(difference.here) there and "
                    + "\(difference.there) here")
        }
        if part.shard.count != other.shard.count {
            throw Complaint(
                message: "\(part.name) is share \(part.shard), and \(other.name) is share "
                    + "\(other.shard): they are of another division")
        }
        if part.shard.index == other.shard.index {
            throw Complaint(
                message: "\(other.name) and \(part.name) are both share \(part.shard); give one of "
                    + "them")
        }
    }

    /// Refuses parts that have headers, and are not the shares of one run, each once.
    private static func checkOrigins(_ parts: [ResultPart]) throws(Complaint) {
        guard let first = parts.first, let origin = first.origin else { return }
        var named: [Int: ResultPart] = [first.shard.index: first]
        for part in parts.dropFirst() {
            try check(part, with: named[part.shard.index] ?? first)
            named[part.shard.index] = part
        }
        let missing = missingShares(of: first.shard.count, Set(named.keys), origin)
        if let share = missing.first {
            let others = missing.count > 1 ? " and \(missing.count - 1) more are" : " is"
            throw Complaint(
                message: "share \(share)/\(first.shard.count)\(others) missing: give all "
                    + "\(first.shard.count) parts")
        }
        if origin.isCounting && first.shard.count > 1 {
            throw Complaint(
                message:
                    "the input has {number_primes,...} or {number_comps,...}, which each share "
                    + "counted alone: together they have tested what one run leaves out, so they are "
                    + "not put together; run without --shard")
        }
    }

    /// The shares that should be there and are not.
    private static func missingShares(
        of count: Int, _ given: Set<Int>, _ origin: ResultsOrigin
    ) -> [Int] {
        if given.count == count { return [] }
        var range: ClosedRange<BigNatural>?
        if case .window(let low, let high) = origin.source, let low = BigNatural(low),
            let high = BigNatural(high), low <= high
        {
            range = low...high
        }
        var missing: [Int] = []
        for index in 1...count where !given.contains(index) {
            // A short range has shares without a number, which write no file.
            if let range, let shard = try? Shard(parsing: "\(index)/\(count)"),
                (try? shard.part(of: range)) == nil
            {
                continue
            }
            missing.append(index)
            // A number of shares that nobody has would be counted for long.
            if missing.count > 1_000_000 { break }
        }
        return missing
    }

    // MARK: Writing

    /// Writes the whole.
    ///
    /// - Parameters:
    ///   - note: Takes lines about what is known of the parts.
    ///   - write: Takes bytes; `false`: no more can be written.
    /// - Throws: Why it could not be read again.
    package mutating func write(
        note: (String) -> Void, to write: ([UInt8]) -> Bool
    ) throws(Complaint) {
        guard let first = parts.first else { return }
        if let text = whatIsUnknown { note(text) }
        var output: [UInt8] = []
        if var origin = first.origin {
            origin.shard = Shard().description
            SealedLine.append(Array(origin.content.utf8)[...], to: &output)
        } else if first.form == .csv, let header = ResultFormat.csv.header {
            output += header.utf8
        }
        var queue = CursorQueue()
        var offset = 0
        for part in parts {
            if let cursor = try PartCursor(part, offset: offset, cancel: cancel) {
                queue.insert(cursor)
            }
            if part.isOfRange { offset += part.count }
        }
        var last = -1
        var written = 0
        while let place = queue.place {
            if place <= last { throw changed() }
            if place > last + 1 {
                if gaps.count == 0 { gaps.first = last + 1 }
                gaps.count += place - last - 1
            }
            last = place
            try queue.take(to: &output)
            written += 1
            if output.count >= Self.blockSize {
                if !write(output) || cancel.isCancelled { return }
                output.removeAll(keepingCapacity: true)
            }
        }
        if cancel.isCancelled { return }
        if written != counts.results + counts.undecided { throw changed() }
        if first.form == .journal {
            SealedLine.append(Array(counts.content.utf8)[...], to: &output)
        }
        if write(output), let text = whatIsMissing { note(text) }
    }

    private func changed() -> Complaint {
        Complaint(
            message: "a part was changed while it was read: what was written is not the whole")
    }

    private var whatIsUnknown: String? {
        guard let first = parts.first else { return nil }
        if first.origin == nil {
            return "the parts have no headers, as those of --resume have: that they are of one "
                + "input, that all shares are there and that each is whole cannot be seen; order "
                + "and doubles were checked"
        }
        if parts.contains(where: { $0.origin?.seed != first.origin?.seed }) {
            return "the parts have seeds of their own, as runs without --seed have; the header "
                + "has that of \(first.name), and each line the one that was used"
        }
        return nil
    }

    private var whatIsMissing: String? {
        if gaps.count == 0 || parts.first?.form == .journal { return nil }
        return "\(counted(gaps.count, "place", "has", "have")) no line, the first is "
            + "i = \(gaps.first): candidates that were no numbers, were left out or were not to be "
            + "printed, or lines that are missing"
    }
}

/// Where the reading of a part is.
private struct PartCursor {
    private var lines: LineReader
    private let part: ResultPart
    /// What is added to the places of the part.
    private let offset: Int
    private(set) var place = -1
    private var line: [UInt8] = []

    /// At the first line about a number; `nil`: there is none.
    init?(_ part: ResultPart, offset: Int, cancel: CancelFlag) throws(Complaint) {
        self.part = part
        self.offset = offset
        lines = part.reader(cancel: cancel)
        if try !advance() { return nil }
    }

    /// Goes to the next line about a number; `false`: there is none.
    mutating func advance() throws(Complaint) -> Bool {
        while let (next, _) = try part.next(&lines) {
            guard let place = part.place(in: next) else { continue }
            self.place = place + offset
            line.removeAll(keepingCapacity: true)
            line += next
            return true
        }
        return false
    }

    func append(to output: inout [UInt8]) {
        // Only the lines of lists, which are sealed, are counted from the beginning of their part.
        if offset > 0, let content = SealedLine.content(of: line[...]),
            let (_, rest) = ResultLine.place(in: content)
        {
            let moved = ResultLine.beginning + Array("\(place)".utf8) + rest
            SealedLine.append(moved[...], to: &output)
            return
        }
        output += line
        output.append(UInt8(ascii: "\n"))
    }
}

/// Cursors by their places: a binary heap, whose first has the least.
private struct CursorQueue {
    private var cursors: [PartCursor] = []
    private var heap: [(place: Int, cursor: Int)] = []

    /// The least place.
    var place: Int? { heap.first?.place }

    mutating func insert(_ cursor: PartCursor) {
        heap.append((cursor.place, cursors.count))
        cursors.append(cursor)
        var i = heap.count - 1
        while i > 0, heap[i].place < heap[(i - 1) / 2].place {
            heap.swapAt(i, (i - 1) / 2)
            i = (i - 1) / 2
        }
    }

    /// Appends the line of the least place, and moves its cursor on.
    mutating func take(to output: inout [UInt8]) throws(Complaint) {
        let cursor = heap[0].cursor
        cursors[cursor].append(to: &output)
        if try cursors[cursor].advance() {
            heap[0].place = cursors[cursor].place
        } else {
            heap.swapAt(0, heap.count - 1)
            heap.removeLast()
        }
        var i = 0
        while true {
            var least = i
            for child in (2 * i + 1)...(2 * i + 2)
            where child < heap.count && heap[child].place < heap[least].place {
                least = child
            }
            if least == i { return }
            heap.swapAt(i, least)
            i = least
        }
    }
}
