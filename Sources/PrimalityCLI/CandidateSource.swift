// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityPool
internal import SystemPackage

/// Where candidates come from.
enum CandidateInput {
    case arguments([String])
    case descriptor(FileDescriptor, name: String)
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
struct ChunkInputs: Sendable {
    /// The places of the candidates in the input, from 0; bad ones count.
    var places: [Int] = []
    private var text: [UInt8] = []
    private var ends: [Int] = []

    mutating func append(_ token: ArraySlice<UInt8>, place: Int) {
        places.append(place)
        text += token
        ends.append(text.count)
    }

    /// What candidate `i` was written as.
    subscript(i: Int) -> ArraySlice<UInt8> { text[(i == 0 ? 0 : ends[i - 1])..<ends[i]] }
}

/// Reads candidates, reports bad ones on standard error, and cuts the good ones into chunks.
///
/// `next` runs on a pool's feeder thread, all else on the thread that takes the results.
final class CandidateSource: Sendable {
    struct Counts {
        /// Candidates that were good.
        var read = 0
        /// Candidates that were selected, and have results already.
        var done = 0
        /// All candidates so far, whether they were selected or not.
        var places = 0
        /// How much of a file was read.
        var bytes = 0
        /// Candidates that were not.
        var bad = 0
        /// The input could not be read to its end.
        var isBroken = false
        /// How many there will be cannot be told from how much was read.
        var areOfProduct = false
    }

    private struct Reading {
        var lines: LineReader?
        var arguments: ArraySlice<String> = []
        var parser = CandidateParser()
        var line = 0
        var place = 0
        var chunk = 0
        var sizer: ChunkSizer
    }

    private let name: String
    private let isArguments: Bool
    private let maximumBits: Int
    private let limitName: String
    private let selection: Selection
    private let cancel: CancelFlag
    private let size: InputSize
    private let reading: Monitor<Reading>
    private let inputs = Monitor<[Int: ChunkInputs]>([:])
    private let counted = Monitor(Counts())

    /// - Parameters:
    ///   - input: Where candidates come from.
    ///   - format: How a file says what they are.
    ///   - engine: What will test them: it may limit their size.
    ///   - maximumBits: The size of the largest number that the user allows.
    ///   - chunk: How many numbers make a chunk; `nil` to estimate.
    ///   - selection: Which candidates are meant; the others are only counted.
    ///   - cancel: Ends the reading.
    init(
        _ input: CandidateInput, format: CandidateFormat = .auto, engine: Engine,
        maximumBits: Int, chunk: Int?, selection: Selection = Selection(), cancel: CancelFlag
    ) {
        self.selection = selection
        self.cancel = cancel
        let ofEngine = engine.maximumBits ?? .max
        self.maximumBits = min(maximumBits, ofEngine)
        limitName = ofEngine < maximumBits ? "engine \(engine.rawValue)" : "--max-bits"
        let sizer = ChunkSizer(engine: engine, fixed: chunk)
        switch input {
        case .arguments(let arguments):
            isArguments = true
            size = .candidates(arguments.count)
            name = "argument"
            reading = Monitor(Reading(arguments: arguments[...], sizer: sizer))
        case .descriptor(let descriptor, let name):
            isArguments = false
            size = InputSize(descriptor)
            self.name = "\(name): line"
            // A number of that size has at most 0.302 digits a bit; the rest is for white space,
            // headers and lists.
            let longest = maximumBits / 1000 * 302 + 65536
            reading = Monitor(
                Reading(
                    lines: LineReader(descriptor, longest: longest, cancel: cancel),
                    parser: CandidateParser(format: format, longest: longest), sizer: sizer))
        }
    }

    var counts: Counts { counted.withLock { $0 } }

    /// What is left when so many numbers were tested.
    func estimate(_ tested: Int) -> Progress.Estimate {
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
        return Progress.Estimate(done: counts.done, remaining: unread.map { $0 + inFlight })
    }

    /// What the candidates of a chunk were called; to be asked once.
    func takeInputs(of chunk: Int) -> ChunkInputs {
        inputs.withLock { $0.removeValue(forKey: chunk) } ?? ChunkInputs()
    }

    /// The next chunk, or `nil` at the end.
    func next() -> NumberBatch? { reading.withLock { nextChunk(&$0) } }

    private func nextChunk(_ reading: inout Reading) -> NumberBatch? {
        var batch = NumberBatch()
        var names = ChunkInputs()
        reading.sizer.reset()
        while let candidate = nextCandidate(&reading, mayWait: batch.isEmpty) {
            let place = reading.place
            reading.place += 1
            if !selection.shard.contains(place) { continue }
            if selection.done.contains(place) {
                counted.withLock { $0.done += 1 }
                continue
            }
            let bits = add(candidate, line: reading.line, to: &batch, &names, place: place)
            if let bits, reading.sizer.isFull(afterNumberOf: bits) { break }
        }
        let (places, bytes) = (reading.place, reading.lines?.position)
        let isProduct = reading.parser.format == .abc2
        counted.withLock {
            $0.places = places
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

    /// Costly to hand on, so what does is inlined: a million plain lines come this way.
    private enum Candidate {
        case text(CandidateParser.Candidate)
        /// Why there is none where one was to be, and the row that was to give it.
        case bad(CandidateFileError, ArraySlice<UInt8>?)
    }

    /// The next candidate; `nil` at the end, and where the reader would wait though there is something to
    /// test.
    @inline(__always)
    private func nextCandidate(_ reading: inout Reading, mayWait: Bool) -> Candidate? {
        if let argument = reading.arguments.popFirst() {
            reading.line += 1
            return .text(CandidateParser.Candidate(text: trimmed(Array(argument.utf8)[...])))
        }
        while true {
            if reading.parser.isExpanding {
                if cancel.isCancelled { return nil }
                do throws(CandidateFileError) {
                    if let candidate = try reading.parser.next() { return .text(candidate) }
                } catch {
                    return .bad(error, nil)
                }
            }
            if reading.lines == nil { return nil }
            switch nextLine(&reading) {
            case .line(let bytes, let length):
                reading.line += 1
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

    /// Gives the parser a line; its first candidate, or what is wrong with it.
    @inline(__always)
    private func take(
        _ line: ArraySlice<UInt8>, _ length: Int, _ reading: inout Reading
    ) -> Candidate? {
        do throws(CandidateFileError) {
            let candidate = try reading.parser.take(line, length: length)
            if reading.parser.isExpanding {
                for note in reading.parser.takeNotes() {
                    StandardStreams.complain("\(name) \(reading.line): \(note)")
                }
            }
            return candidate.map { .text($0) }
        } catch {
            return refuse(error, line, &reading)
        }
    }

    /// What is wrong with a line, unless nothing comes after it: then it is reported, whatever share it
    /// would be in.
    private func refuse(
        _ error: CandidateFileError, _ line: ArraySlice<UInt8>?, _ reading: inout Reading
    ) -> Candidate? {
        if !error.endsReading { return .bad(error, line) }
        reading.lines = nil
        reject(reading.line, line, "\(error); the reading ends here")
        return nil
    }

    private func nextLine(_ reading: inout Reading) -> LineReader.Event {
        do {
            return try reading.lines?.read() ?? .end
        } catch {
            StandardStreams.complain("\(name.dropLast(6)): \(error.description)")
            counted.withLock { $0.isBroken = true }
            return .end
        }
    }

    private func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let byte = text.first, isBlank(byte) { text = text.dropFirst() }
        while let byte = text.last, isBlank(byte) { text = text.dropLast() }
        return text
    }

    private func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }

    /// Adds a candidate and returns its size; `nil` when it was bad, and was reported.
    @inline(__always)
    private func add(
        _ candidate: Candidate, line: Int, to batch: inout NumberBatch, _ names: inout ChunkInputs,
        place: Int
    ) -> Int? {
        switch candidate {
        case .bad(let error, let row):
            reject(line, row, error.description)
            return nil
        case .text(let candidate):
            var text = candidate.text
            if let length = candidate.lengthOfCut {
                reject(line, text, tooLong(length, text))
                return nil
            }
            do throws(ExpressionError) {
                let bits: Int
                do throws(NumberTextError) {
                    // Most lines are plain numbers.
                    bits = try batch.append(parsing: text.span, maximumBits: maximumBits)
                } catch {
                    if !isArguments { text = CandidateParser.withoutComment(text) }
                    bits = try batch.append(
                        expression: text.span, maximumBits: maximumBits, cancel: cancel)
                }
                names.append(text, place: place)
                return bits
            } catch {
                if error.problem == .cancelled { return nil }
                reject(
                    line, text,
                    error.description + (error.isAboutSize ? " (\(limitName))" : ""))
                return nil
            }
        }
    }

    /// What is wrong with a line of which only the beginning was kept.
    private func tooLong(_ length: Int, _ text: ArraySlice<UInt8>) -> String {
        if text.allSatisfy({ $0 &- UInt8(ascii: "0") <= 9 }) {
            let error = NumberTextError.tooLarge(
                bits: length / 10 * 33, atLeast: true, limit: maximumBits)
            return "\(error) (\(limitName))"
        }
        return "it has \(length) bytes, more than the \(text.count) that are read"
    }

    private func reject(_ line: Int, _ text: ArraySlice<UInt8>?, _ message: String) {
        counted.withLock { $0.bad += 1 }
        let quoted = text.map { "'\(printable($0))': " } ?? ""
        StandardStreams.complain("\(name) \(line): \(quoted)\(message)")
    }
}
