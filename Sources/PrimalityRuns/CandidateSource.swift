// SPDX-License-Identifier: Apache-2.0

package import Primality
package import PrimalityExpressions
internal import PrimalityPool
package import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Where candidates come from.
package enum CandidateInput {
    /// Among them - is standard input.
    case arguments([String])
    case descriptor(FileDescriptor, name: String)
    /// What an earlier reading has made of an input of that name, one after the other; `nil` at the end.
    case records(name: String, @Sendable () throws(Complaint) -> CandidateRecord?)

    /// Whether somebody may be typing them.
    package var isTyped: Bool {
        switch self {
        case .arguments(let arguments): arguments.contains("-") && isatty(STDIN_FILENO) == 1
        case .descriptor(let file, _): isatty(file.rawValue) == 1
        case .records: false
        }
    }
}

/// Where a candidate stands: in which argument, or on which line of the file, from 1.
package enum CandidateOrigin: Sendable {
    case argument(Int)
    case line(Int)
}

/// How much input there is.
private enum InputSize {
    case candidates(Int)
    case bytes(Int)
    case unknown

    /// What a file holds from where it is read on.
    init(_ descriptor: FileDescriptor) {
        self = .unknown
        guard let size = try? regularSize(of: descriptor, "") else { return }
        if let offset = try? descriptor.seek(offset: 0, from: .current) {
            self = .bytes(max(0, size - Int(offset)))
        }
    }
}

/// What the candidates of a chunk were called in the input.
package struct ChunkInputs: Sendable {
    /// The places of the candidates in the input, from 0; bad ones count.
    package var places: [Int] = []
    private var text: [UInt8] = []
    private var ends: [Int] = []
    /// Where those are entered that depend on others; the others come before them.
    private var entries: [RowLedger.Place] = []
    /// How long expressions have taken to evaluate.
    fileprivate var evaluation = Duration.zero

    /// Takes the last candidate off.
    package mutating func removeLast() -> ChunkInputs {
        var last = ChunkInputs()
        last.append(self[places.count - 1], place: places.removeLast(), entry: nil)
        // Entries belong to the last places.
        if let entry = entries.popLast() { last.entries = [entry] }
        ends.removeLast()
        text.removeSubrange((ends.last ?? 0)...)
        return last
    }

    package mutating func append(_ token: ArraySlice<UInt8>, place: Int, entry: RowLedger.Place?) {
        places.append(place)
        text += token
        ends.append(text.count)
        if let entry { entries.append(entry) }
    }

    /// Where candidate `i` is entered when it depends on others.
    package func entry(_ i: Int) -> RowLedger.Place? {
        let first = places.count - entries.count
        return i < first ? nil : entries[i - first]
    }

    /// What candidate `i` was written as.
    package subscript(i: Int) -> ArraySlice<UInt8> { text[(i == 0 ? 0 : ends[i - 1])..<ends[i]] }
}

/// Reads candidates, reports bad ones, and cuts the good ones into chunks.
///
/// `next` runs on a pool's feeder thread, all else on the thread that takes the results.
package final class CandidateSource: Sendable {
    package struct Counts {
        /// Candidates that were good.
        package var read = 0
        /// Candidates that were selected, and have results already.
        package var done = 0
        /// All candidates so far, whether they were selected or not.
        package var places = 0
        /// Candidates that were selected, whatever became of them.
        package var selected = 0
        /// How much of a file was read.
        package var bytes = 0
        /// Candidates that were not.
        package var bad = 0
        /// Candidates that were left out, as others of the input were prime or composite.
        package var leftOut = 0
        /// How many there will be cannot be told from how much was read.
        package var areOfProduct = false
    }

    /// The row that is being read, once a candidate of it is selected.
    private enum Row {
        case none
        case leftOut
        case entered(Int)
    }

    private struct Reading {
        var lines: LineReader?
        var arguments: ArraySlice<String> = []
        /// `nil` when there are none, or no more.
        var records: (@Sendable () throws(Complaint) -> CandidateRecord?)?
        /// What the last one of those depends on.
        var recordCondition: CandidateCondition?
        var parser = CandidateParser()
        /// How many arguments and lines were taken, and which was the last.
        var argument = 0
        var line = 0
        var origin = CandidateOrigin.argument(0)
        var place = 0
        var selected = 0
        var chunk = 0
        var maker: ChunkMaker
        /// What the number is called that the next chunk begins with.
        var kept = ChunkInputs()
        /// Candidates depend on others from some place on.
        var hasConditions = false
        var row = Row.none
        /// Whether results of an earlier run are about what stands here; `nil` when there are none, and when
        /// the reading has ended early.
        var check: InputCheck?
        /// Why the input could not be read to its end.
        var failure: Complaint?

        /// Where the last candidate stands.
        var candidateOrigin: CandidateOrigin {
            if parser.linesBack > 0, case .line(let line) = origin {
                return .line(line - parser.linesBack)
            }
            return origin
        }

        /// What the last candidate depends on.
        var condition: CandidateCondition? {
            recordCondition ?? (parser.isExpanding ? parser.condition : nil)
        }

        /// Whether the last candidate depends on others.
        var isConditional: Bool { condition != nil }

        var isOver: Bool {
            lines == nil && arguments.isEmpty && !parser.isExpanding && records == nil
        }
    }

    /// What to do where a file has candidates that depend on others.
    package enum Conditions {
        case ignored
        case refused
        case followed
    }

    /// What has come goes off when expressions have taken so long to evaluate.
    private static let longestEvaluation = Duration.milliseconds(50)

    /// The file's name.
    private let name: String
    private let format: CandidateFormat
    private let hasHexadecimalArguments: Bool
    private let longest: Int
    private let maximumBits: Int
    private let limitName: String
    private let selection: Selection
    private let conditions: Conditions
    private let cancel: CancelFlag
    private let size: InputSize
    private let reading: Monitor<Reading>
    private let inputs = Monitor<[Int: ChunkInputs]>([:])
    private let counted = Monitor(Counts())
    package let complaints: CandidateComplaints
    private let found = Monitor<InputCheck.Mismatch?>(nil)
    /// Where the results of those are to be brought that have an entry in it.
    package let ledger: RowLedger

    /// - Parameters:
    ///   - input: Where candidates come from.
    ///   - format: How a file says what they are.
    ///   - hasHexadecimalArguments: Whether arguments are in hexadecimal, with or without `0x`.
    ///   - engine: What will test them: it may limit their size.
    ///   - maximumBits: The size of the largest number that the user allows.
    ///   - chunk: How many numbers make a chunk; `nil` to estimate.
    ///   - limit: How many bytes of a file are meant.
    ///   - selection: Which candidates are meant; the others are only counted.
    ///   - conditions: What to do where a file has candidates that depend on others.
    ///   - cancel: Ends the reading.
    ///   - report: Takes lines about what is wrong with the input.
    package init(
        _ input: CandidateInput, format: CandidateFormat = .auto,
        hasHexadecimalArguments: Bool = false, engine: Engine, maximumBits: Int, chunk: Int?,
        limit: Int = .max, selection: Selection = Selection(),
        conditions: Conditions = .ignored, cancel: CancelFlag,
        report: @escaping @Sendable (String) -> Void
    ) {
        complaints = CandidateComplaints(report: report)
        ledger = RowLedger { [complaints] message, kind in complaints.add(message, kind) }
        self.hasHexadecimalArguments = hasHexadecimalArguments
        self.selection = selection
        self.conditions = conditions
        self.cancel = cancel
        let ofEngine = engine.maximumBits
        self.maximumBits = min(maximumBits, ofEngine)
        limitName = ofEngine < maximumBits ? "engine \(engine.rawValue)" : "--max-bits"
        let maker = ChunkMaker(ChunkSizer(engine: engine, fixed: chunk))
        // A number of that size has at most 0.302 digits a bit; the rest is for white space, headers and
        // lists.
        let longest = maximumBits / 1000 * 302 + 65536
        self.format = format
        self.longest = longest
        switch input {
        case .arguments(let arguments):
            size = arguments.contains("-") ? .unknown : .candidates(arguments.count)
            name = "standard input"
            reading = Monitor(Reading(arguments: arguments[...], maker: maker))
        case .descriptor(let descriptor, let name):
            size = InputSize(descriptor)
            self.name = name
            reading = Monitor(
                Reading(
                    lines: LineReader(
                        descriptor, longest: longest, limit: limit, cancel: cancel),
                    parser: CandidateParser(format: format, longest: longest), maker: maker,
                    check: selection.earlier.done.count > 0
                        ? InputCheck(selection.earlier) : nil))
        case .records(let name, let records):
            size = .unknown
            self.name = name
            reading = Monitor(Reading(records: records, maker: maker))
        }
    }

    package var counts: Counts {
        var counts = counted.withLock { $0 }
        let totals = ledger.totals
        counts.done += totals.known
        counts.bad += totals.bad
        counts.leftOut = totals.leftOut
        return counts
    }

    /// Why the reading has ended early: results of an earlier run are about something else.
    package var mismatch: InputCheck.Mismatch? { found.withLock { $0 } }

    /// What is left when so many numbers were tested.
    package func estimate(_ tested: Int) -> RunEstimate {
        let counts = counts
        let inFlight = Double(max(0, counts.read - tested))
        let share = Double(selection.shard.count)
        let unread: Double? =
            switch size {
            case .candidates(let count): Double(count - counts.places) / share
            case .bytes(let size) where counts.bytes > 0 && !counts.areOfProduct:
                // Lines to come are taken to be as long as those that were read.
                Double(max(0, size - counts.bytes)) / Double(counts.bytes)
                    * Double(counts.places) / share
            default: nil
            }
        return RunEstimate(done: counts.done, remaining: unread.map { $0 + inFlight })
    }

    /// What the candidates of a chunk were called; to be asked once.
    package func takeInputs(of chunk: Int) -> ChunkInputs {
        inputs.withLock { $0.removeValue(forKey: chunk) } ?? ChunkInputs()
    }

    /// The places of a chunk's candidates, which stay to be asked for.
    package func places(of chunk: Int) -> [Int] { inputs.withLock { $0[chunk]?.places ?? [] } }

    /// The next candidate, for who does not test; `nil` at the end.
    ///
    /// - Throws: Why the input could not be read to its end, after all that was read.
    package func nextRecord() throws(Complaint) -> CandidateRecord? {
        let (record, failure) = reading.withLock { reading -> (CandidateRecord?, Complaint?) in
            guard let candidate = nextCandidate(&reading, mayWait: true) else {
                return (nil, reading.failure.take())
            }
            reading.place += 1
            let (places, bytes) = (reading.place, reading.lines?.position)
            counted.withLock {
                $0.places = places
                $0.bytes = bytes ?? $0.bytes
            }
            var line = 0
            if case .line(let number) = reading.candidateOrigin { line = number }
            let condition = reading.condition
            return (CandidateRecord(candidate: candidate, line: line, condition: condition), nil)
        }
        if let failure { throw failure }
        return record
    }

    /// What ``attempt()`` found.
    package enum Attempt {
        case batch(NumberBatch)
        /// What is being tested decides whether there is more.
        case later
        case end
    }

    /// The next chunk, or `nil` at the end.
    ///
    /// - Throws: Why the input could not be read to its end, after all that was read.
    package func next() throws(Complaint) -> NumberBatch? {
        if case .batch(let batch) = try take(isPatient: true) { return batch }
        return nil
    }

    /// The next chunk, unless it depends on results that are not there yet.
    ///
    /// - Throws: Why the input could not be read to its end, after all that was read.
    package func attempt() throws(Complaint) -> Attempt { try take(isPatient: false) }

    private func take(isPatient: Bool) throws(Complaint) -> Attempt {
        let (attempt, failure) = reading.withLock { reading -> (Attempt, Complaint?) in
            var isLater = false
            if let batch = nextChunk(&reading, isPatient: isPatient, &isLater) {
                return (.batch(batch), nil)
            }
            return isLater ? (.later, nil) : (.end, reading.failure.take())
        }
        if let failure { throw failure }
        return attempt
    }

    /// The next chunk; `nil` at the end, and when who asks is not patient and it has to wait for results.
    private func nextChunk(
        _ reading: inout Reading, isPatient: Bool, _ isLater: inout Bool
    ) -> NumberBatch? {
        var batch = NumberBatch()
        var names = reading.kept
        reading.kept = ChunkInputs()
        var isComplete = reading.maker.begin(&batch)
        while !isComplete {
            if reading.hasConditions {
                if let (entry, member) = ledger.takeReady() {
                    let bits = test(member, at: entry, to: &batch, &names)
                    isComplete = self.isComplete(&reading, &batch, &names, after: bits)
                    continue
                }
                if ledger.isFull {
                    if !batch.isEmpty || cancel.isCancelled { break }
                    isLater = !isPatient
                    if isLater { break }
                    ledger.wait(for: .room, cancel)
                    continue
                }
            }
            let mayWait = batch.isEmpty && (!reading.hasConditions || ledger.isEmpty)
            guard let candidate = nextCandidate(&reading, mayWait: mayWait) else {
                if reading.isOver && !cancel.isCancelled {
                    reading.check?.finish(reading.place)
                    endOnMismatch(&reading)
                }
                if mayWait || !batch.isEmpty || cancel.isCancelled { break }
                // What is being tested decides whether there is more.
                isLater = !isPatient
                if isLater { break }
                ledger.wait(for: reading.isOver ? .end : .moment, cancel)
                continue
            }
            let place = reading.place
            reading.place += 1
            if reading.check != nil && selection.earlier.done.contains(place) {
                reading.check?.take(written(candidate), at: place)
                endOnMismatch(&reading)
            }
            let bits: Int?
            if reading.hasConditions || reading.isConditional && conditions != .ignored {
                bits = enter(candidate, &reading, to: &batch, &names, place: place)
            } else {
                if !selection.shard.contains(place) { continue }
                reading.selected += 1
                if selection.earlier.done.contains(place) {
                    counted.withLock { $0.done += 1 }
                    continue
                }
                bits = add(
                    candidate, origin: reading.candidateOrigin, to: &batch, &names, place: place)
            }
            isComplete = self.isComplete(&reading, &batch, &names, after: bits)
        }
        let (places, selected) = (reading.place, reading.selected)
        let bytes = reading.lines?.position
        let isProduct = reading.parser.format == .abc2
        counted.withLock {
            $0.places = places
            $0.selected = selected
            $0.bytes = bytes ?? $0.bytes
            $0.areOfProduct = isProduct
        }
        if batch.isEmpty { return nil }
        let kept = names
        inputs.withLock { $0[reading.chunk] = kept }
        counted.withLock { $0.read += batch.count }
        reading.chunk += 1
        return batch
    }

    /// Whether the chunk is to go off after a number of that size was added to it, if there was one; a number
    /// that would hold it up begins the next chunk.
    @inline(__always)
    private func isComplete(
        _ reading: inout Reading, _ batch: inout NumberBatch, _ names: inout ChunkInputs,
        after bits: Int?
    ) -> Bool {
        guard let bits else { return false }
        if reading.maker.isComplete(&batch, afterNumberOf: bits) {
            if reading.maker.hasKept { reading.kept = names.removeLast() }
            return true
        }
        return names.evaluation > Self.longestEvaluation
    }

    /// Ends the reading when results of an earlier run are about something else.
    private func endOnMismatch(_ reading: inout Reading) {
        guard let mismatch = reading.check?.mismatch else { return }
        found.withLock { $0 = mismatch }
        if case .entered(let row) = reading.row { ledger.close(row) }
        reading.row = .none
        reading.check = nil
        reading.lines = nil
        reading.parser = CandidateParser(format: .lines)
    }

    /// What a candidate is called in results; `nil` when there is none.
    private func written(_ candidate: ReadCandidate) -> ArraySlice<UInt8>? {
        guard case .text(let candidate) = candidate else { return nil }
        return CandidateParser.withoutComment(candidate.text)
    }

    /// Enters a candidate that depends on others, or comes after such; its size when it is tested now.
    private func enter(
        _ candidate: ReadCandidate, _ reading: inout Reading, to batch: inout NumberBatch,
        _ names: inout ChunkInputs, place: Int
    ) -> Int? {
        let condition = reading.condition
        if conditions == .refused {
            reading.selected += 1
            reading.check = nil
            reading.lines = nil
            reading.parser = CandidateParser(format: .lines)
            reject(
                reading.candidateOrigin, nil,
                "its candidates depend on those before them, which needs --order input; the reading "
                    + "ends here", .format)
            return nil
        }
        reading.hasConditions = true
        let member = condition?.member ?? 0
        let count = condition?.memberCount ?? 1
        if member == 0 { reading.row = .none }
        defer {
            if member == count - 1, case .entered(let row) = reading.row { ledger.close(row) }
        }
        // A chain is not divided.
        let isChain = condition?.isChain ?? false
        if !selection.shard.contains(isChain ? (place - member) / count : place) { return nil }
        reading.selected += 1
        if case .none = reading.row {
            reading.row = ledger.begin(condition).map { .entered($0) } ?? .leftOut
        }
        guard case .entered(let row) = reading.row else {
            ledger.leaveOut()
            return nil
        }
        let entered = RowLedger.Member(
            candidate: candidate, origin: reading.candidateOrigin, place: place)
        switch ledger.add(entered, to: row) {
        case .test(let entry): return test(entered, at: entry, to: &batch, &names)
        case .nothing: return nil
        }
    }

    /// Adds a candidate that was entered, unless its result is known; its size if so.
    private func test(
        _ member: RowLedger.Member, at entry: RowLedger.Place, to batch: inout NumberBatch,
        _ names: inout ChunkInputs
    ) -> Int? {
        if let verdict = selection.earlier.verdict(at: member.place) {
            ledger.put(.known(verdict), at: entry)
            return nil
        }
        return add(
            member.candidate, origin: member.origin, to: &batch, &names, place: member.place,
            entry: entry)
    }

    /// The next candidate; `nil` at the end, and where the reader would wait though there is something to
    /// test.
    @inline(__always)
    private func nextCandidate(_ reading: inout Reading, mayWait: Bool) -> ReadCandidate? {
        if let records = reading.records { return nextRecord(of: records, &reading) }
        while true {
            if reading.parser.isExpanding {
                if cancel.isCancelled { return nil }
                do throws(CandidateFileError) {
                    if let candidate = try reading.parser.next() { return .text(candidate) }
                } catch {
                    if let candidate = refuse(error, nil, &reading) { return candidate }
                }
            }
            if reading.lines == nil {
                guard let argument = reading.arguments.popFirst() else { return nil }
                reading.argument += 1
                if argument == "-" {
                    reading.lines = LineReader(.standardInput, longest: longest, cancel: cancel)
                    reading.parser = CandidateParser(format: format, longest: longest)
                    continue
                }
                reading.origin = .argument(reading.argument)
                return self.argument(trimmed(Array(argument.utf8)[...]))
            }
            switch nextLine(&reading, mayWait: mayWait || !reading.hasConditions) {
            case .line(let bytes, let length):
                reading.line += 1
                reading.origin = .line(reading.line)
                if let candidate = take(bytes, length, &reading) { return candidate }
            case .pause:
                if !mayWait { return nil }
            case .end:
                reading.lines = nil
                do throws(CandidateFileError) {
                    if let candidate = try reading.parser.finish() { return .text(candidate) }
                } catch {
                    if let candidate = refuse(error, nil, &reading) { return candidate }
                }
            }
        }
    }

    private func nextRecord(
        of records: () throws(Complaint) -> CandidateRecord?, _ reading: inout Reading
    ) -> ReadCandidate? {
        if cancel.isCancelled { return nil }
        do throws(Complaint) {
            if let record = try records() {
                reading.origin = .line(record.line)
                reading.recordCondition = record.condition
                reading.place = record.place ?? reading.place
                return record.candidate
            }
        } catch {
            reading.failure = error
        }
        reading.records = nil
        reading.recordCondition = nil
        return nil
    }

    private func argument(_ text: ArraySlice<UInt8>) -> ReadCandidate {
        if !hasHexadecimalArguments { return .text(CandidateParser.Candidate(text: text)) }
        do throws(CandidateFileError) {
            return .text(CandidateParser.Candidate(text: try HexadecimalLines.number(text)[...]))
        } catch {
            return .bad(error, text)
        }
    }

    /// Gives the parser a line; its first candidate, or what is wrong with it.
    @inline(__always)
    private func take(
        _ line: ArraySlice<UInt8>, _ length: Int, _ reading: inout Reading
    ) -> ReadCandidate? {
        do throws(CandidateFileError) {
            return try reading.parser.take(line, length: length).map { .text($0) }
        } catch {
            return refuse(error, line, &reading)
        }
    }

    /// What is wrong with a line, unless nothing comes after it: then it is reported, whatever share it
    /// would be in.
    private func refuse(
        _ error: CandidateFileError, _ line: ArraySlice<UInt8>?, _ reading: inout Reading
    ) -> ReadCandidate? {
        if !error.endsReading { return .bad(error, line) }
        reading.selected += 1
        reading.check = nil
        reading.lines = nil
        reject(reading.origin, line, "\(error); the reading ends here", .format)
        return nil
    }

    private func nextLine(_ reading: inout Reading, mayWait: Bool) -> LineReader.Event {
        do {
            return try reading.lines?.read(isPatient: mayWait) ?? .end
        } catch {
            reading.failure = Complaint(message: "\(name): \(error.description)")
            reading.check = nil
            reading.lines = nil
            return .end
        }
    }

    private func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let byte = text.first, byte.isBlank { text = text.dropFirst() }
        while let byte = text.last, byte.isBlank { text = text.dropLast() }
        return text
    }

    /// Adds a candidate and returns its size; `nil` when it was bad, and was reported.
    @inline(__always)
    private func add(
        _ candidate: ReadCandidate, origin: CandidateOrigin, to batch: inout NumberBatch,
        _ names: inout ChunkInputs, place: Int, entry: RowLedger.Place? = nil
    ) -> Int? {
        switch candidate {
        case .bad(let error, let row):
            reject(origin, row, error.description, .format, entry)
            return nil
        case .text(let candidate):
            var text = candidate.text
            if let length = candidate.lengthOfCut {
                reject(origin, text, tooLong(length, text), .size, entry)
                return nil
            }
            do throws(ExpressionError) {
                let bits: Int
                do throws(NumberTextError) {
                    // Most lines are plain numbers.
                    bits = try batch.append(parsing: text.span, maximumBits: maximumBits)
                } catch {
                    if case .line = origin { text = CandidateParser.withoutComment(text) }
                    let start = ContinuousClock.now
                    bits = try batch.append(
                        expression: text.span, maximumBits: maximumBits, cancel: cancel)
                    names.evaluation += ContinuousClock.now - start
                }
                names.append(text, place: place, entry: entry)
                return bits
            } catch {
                if error.problem == .cancelled { return nil }
                var isArgument = false
                if case .argument = origin { isArgument = true }
                let hint =
                    error.isAboutSize
                    ? " (\(limitName))"
                    : hint(for: error, in: text, isArgument: isArgument, mayBeFile: isArgument)
                reject(
                    origin, text, error.description + hint, CandidateComplaints.Kind(error), entry)
                return nil
            }
        }
    }

    /// What is wrong with a line of which only the beginning was kept.
    private func tooLong(_ length: Int, _ text: ArraySlice<UInt8>) -> String {
        if text.allSatisfy({ $0.isDigit }) {
            let error = NumberTextError.tooLarge(
                bits: length / 10 * 33, atLeast: true, limit: maximumBits)
            return "\(error) (\(limitName))"
        }
        return "it has \(length) bytes, more than the \(text.count) that are read"
    }

    /// Reports a bad candidate; one that is entered when it is decided that it was to be tested.
    private func reject(
        _ origin: CandidateOrigin, _ text: ArraySlice<UInt8>?, _ message: String,
        _ kind: CandidateComplaints.Kind, _ entry: RowLedger.Place? = nil
    ) {
        let place =
            switch origin {
            case .argument(let number): "argument \(number)"
            case .line(let number): "\(name): line \(number)"
            }
        let quoted = text.map { "'\(printable($0))': " } ?? ""
        let report = "\(place): \(quoted)\(message)"
        if let entry { return ledger.put(.bad(report, kind), at: entry) }
        counted.withLock { $0.bad += 1 }
        complaints.add(report, kind)
    }

    /// Says how many candidates there were beyond those that were reported.
    package func complainOfRest() {
        let isOfArguments = if case .candidates = size { true } else { false }
        complaints.finish(isOfArguments ? nil : name)
    }
}
