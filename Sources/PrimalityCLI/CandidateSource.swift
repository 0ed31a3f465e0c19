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
    }

    private struct Reading {
        var lines: LineReader?
        var arguments: ArraySlice<String> = []
        var line = 0
        var place = 0
        var chunk = 0
        var sizer: ChunkSizer
    }

    private let name: String
    private let maximumBits: Int
    private let limitName: String
    private let selection: Selection
    private let size: InputSize
    private let reading: Monitor<Reading>
    private let inputs = Monitor<[Int: ChunkInputs]>([:])
    private let counted = Monitor(Counts())

    /// - Parameters:
    ///   - input: Where candidates come from.
    ///   - engine: What will test them: it may limit their size.
    ///   - maximumBits: The size of the largest number that the user allows.
    ///   - chunk: How many numbers make a chunk; `nil` to estimate.
    ///   - selection: Which candidates are meant; the others are only counted.
    ///   - cancel: Ends the reading.
    init(
        _ input: CandidateInput, engine: Engine, maximumBits: Int, chunk: Int?,
        selection: Selection = Selection(), cancel: CancelFlag
    ) {
        self.selection = selection
        let ofEngine = engine.maximumBits ?? .max
        self.maximumBits = min(maximumBits, ofEngine)
        limitName = ofEngine < maximumBits ? "engine \(engine.rawValue)" : "--max-bits"
        let sizer = ChunkSizer(engine: engine, fixed: chunk)
        switch input {
        case .arguments(let arguments):
            size = .candidates(arguments.count)
            name = "argument"
            reading = Monitor(Reading(arguments: arguments[...], sizer: sizer))
        case .descriptor(let descriptor, let name):
            size = InputSize(descriptor)
            self.name = "\(name): line"
            // A number of that size has at most 0.302 digits a bit; the rest is for white space.
            let longest = maximumBits / 1000 * 302 + 1024
            reading = Monitor(
                Reading(
                    lines: LineReader(descriptor, longest: longest, cancel: cancel), sizer: sizer))
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
            case .bytes(let size) where counts.bytes > 0:
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
        while let item = nextItem(&reading, mayWait: batch.isEmpty) {
            guard let token = candidate(in: item) else { continue }
            let place = reading.place
            reading.place += 1
            if !selection.shard.contains(place) { continue }
            if selection.done.contains(place) {
                counted.withLock { $0.done += 1 }
                continue
            }
            let bits = add(token, of: item, to: &batch, &names, place: place)
            if let bits, reading.sizer.isFull(afterNumberOf: bits) { break }
        }
        let (places, bytes) = (reading.place, reading.lines?.position)
        counted.withLock {
            $0.places = places
            $0.bytes = bytes ?? $0.bytes
        }
        if batch.isEmpty { return nil }
        let kept = names
        inputs.withLock { $0[reading.chunk] = kept }
        counted.withLock { $0.read += batch.count }
        reading.chunk += 1
        return batch
    }

    private struct Item {
        var bytes: ArraySlice<UInt8>
        var length: Int
        var number: Int
        var isArgument: Bool

        /// Only its beginning was kept.
        var isCut: Bool { length > bytes.count }
    }

    /// The next line or argument; `nil` at the end, and where the reader would wait though there is
    /// something to test.
    private func nextItem(_ reading: inout Reading, mayWait: Bool) -> Item? {
        if let argument = reading.arguments.popFirst() {
            reading.line += 1
            let bytes = Array(argument.utf8)
            return Item(
                bytes: bytes[...], length: bytes.count, number: reading.line, isArgument: true)
        }
        while reading.lines != nil {
            do {
                switch try reading.lines?.read() ?? .end {
                case .line(let bytes, let length):
                    reading.line += 1
                    return Item(
                        bytes: bytes, length: length, number: reading.line, isArgument: false)
                case .pause:
                    if !mayWait { return nil }
                case .end:
                    reading.lines = nil
                }
            } catch {
                StandardStreams.complain("\(name.dropLast(6)): \(error.description)")
                counted.withLock { $0.isBroken = true }
                reading.lines = nil
            }
        }
        return nil
    }

    /// What an item holds without the white space around it; `nil` when there is no candidate.
    private func candidate(in item: Item) -> ArraySlice<UInt8>? {
        var token = item.bytes
        if item.number == 1 && token.starts(with: [0xEF, 0xBB, 0xBF]) {
            token = token.dropFirst(3)  // a byte order mark
        }
        while let byte = token.first, isBlank(byte) { token = token.dropFirst() }
        while !item.isCut, let byte = token.last, isBlank(byte) { token = token.dropLast() }
        if !item.isArgument && (token.isEmpty || token.first == UInt8(ascii: "#")) { return nil }
        return token
    }

    /// Adds a candidate and returns its size; `nil` when it was bad, and was reported.
    private func add(
        _ token: ArraySlice<UInt8>, of item: Item, to batch: inout NumberBatch,
        _ names: inout ChunkInputs, place: Int
    ) -> Int? {
        do throws(NumberTextError) {
            if item.isCut { throw tooLong(item, token) }
            let bits = try batch.append(parsing: token.span, maximumBits: maximumBits)
            names.append(token, place: place)
            return bits
        } catch {
            reject(item, token, error)
            return nil
        }
    }

    private func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }

    /// What is wrong with a line of which only the beginning was kept: a byte in it, or its length.
    private func tooLong(_ item: Item, _ token: ArraySlice<UInt8>) -> NumberTextError {
        var limbs = NumberBatch()
        do throws(NumberTextError) {
            try limbs.append(parsing: token.span, maximumBits: 0)
        } catch .tooLarge {
            // Its digits are fine.
        } catch {
            return error
        }
        return .tooLarge(bits: item.length / 10 * 33, atLeast: true, limit: maximumBits)
    }

    private func reject(_ item: Item, _ token: ArraySlice<UInt8>, _ error: NumberTextError) {
        counted.withLock { $0.bad += 1 }
        var message = error.description
        if case .tooLarge = error { message += " (\(limitName))" }
        StandardStreams.complain("\(name) \(item.number): '\(printable(token))': \(message)")
    }
}
