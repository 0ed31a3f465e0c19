// SPDX-License-Identifier: Apache-2.0

public import Primality

/// A contiguous slice of the input, whose results come together.
///
/// It is what a worker is handed at once, and what is replayed when the worker dies, unless it has
/// large numbers that are to be divided completely: then several workers have a part of it each.
public struct Chunk: Sendable {
    /// The chunk's place among the chunks of a run, from 0.
    public let id: Int
    /// The place of its first number among the numbers of a run, from 0.
    public let first: Int
    /// The numbers.
    public let numbers: NumberBatch

    package init(id: Int, first: Int, numbers: NumberBatch) {
        self.id = id
        self.first = first
        self.numbers = numbers
    }
}

/// Why numbers of a chunk have no verdict.
public enum ChunkFailure: Error, Sendable, Equatable {
    /// The run was cancelled.
    case cancelled
    /// A number ended two workers. The last one by a signal, or else with an exit status.
    case workerDied(signal: Int32?, exitStatus: Int32?)
    /// A number's test took longer than ``PoolJob/timeout``, and its worker was ended.
    case timedOut
    /// A ``WorkerTask`` threw an error, of which this is the description's beginning.
    case threw(String)
    /// The test could not be run.
    case test(PrimalityError)
}

extension ChunkFailure: CustomStringConvertible {
    /// What happened.
    public var description: String {
        switch self {
        case .cancelled: "not tested: cancelled"
        case .workerDied(let signal?, _):
            "not tested: its worker was ended by \(signalName(signal)), twice"
        case .workerDied(nil, let status):
            "not tested: its worker exited with status \(status ?? 0), twice"
        case .timedOut: "not tested: its time was over"
        case .threw(let text): "not tested: its task threw an error: \(text)"
        case .test(let error): error.description
        }
    }
}

/// What became of a chunk.
public struct ChunkResult: Sendable {
    /// The chunk.
    public let chunk: Chunk
    /// The worker that tested it, from 0; of several, the one that was the last.
    public let worker: Int
    /// CPU time that testing it took, of all workers together.
    public let cpuTime: Duration
    /// Verdicts and evidence, number by number.
    public let results: TestResults
    /// Why verdicts are missing, of the first reason when there are several; `nil` when none is.
    public let failure: ChunkFailure?
    /// Reasons by the place in the chunk, when it was tested in pieces.
    var failures: [Int: ChunkFailure] = [:]
    /// All that had a part of it; empty when one worker tested it at once.
    package var sharedBy: Set<Int> = []
    /// How much of the CPU time was whose; empty as ``sharedBy`` is.
    var cpuShares: [Int: Duration] = [:]

    /// Why number `position` of the chunk has no verdict; `nil` when it has one.
    public func failure(at position: Int) -> ChunkFailure? {
        if results.verdict(at: position) != nil { return nil }
        return failures[position] ?? failure
    }
}

extension ChunkResult {
    /// Results that come from elsewhere; reasons by the place in the chunk.
    package init(chunk: Chunk, results: TestResults, failures: [Int: ChunkFailure]) {
        self.init(
            chunk: chunk, worker: 0, cpuTime: .zero, results: results, failure: nil,
            failures: failures)
    }
}

/// Decides where the input is cut into chunks.
///
/// A chunk should be large enough that handing it over costs nothing beside testing it, and small
/// enough that workers finish together: some milliseconds of testing, estimated from the sizes. A
/// number that takes much longer than what came before it begins a chunk of its own, so that nothing
/// waits for it: ask ``isDue(beforeNumberOf:)`` for each number, then ``isFull(afterNumberOf:)``.
public struct ChunkSizer: Sendable {
    private let engine: Engine
    private let fixed: Int?
    private var count = 0
    private var nanoseconds = 0.0

    private static let target = 2e6
    static let largest = 8192

    /// Makes a sizer.
    ///
    /// - Parameters:
    ///   - engine: The engine, which decides what a number costs.
    ///   - fixed: How many numbers make a chunk; `nil` to estimate.
    public init(engine: Engine, fixed: Int? = nil) {
        self.engine = engine
        self.fixed = fixed
    }

    /// Whether the chunk is to go off before a number of this size is added to it: that number would hold up
    /// what the chunk has already.
    ///
    /// Never when the chunk is empty, or when chunks have a fixed size.
    public func isDue(beforeNumberOf bits: Int) -> Bool {
        if count == 0 || fixed != nil { return false }
        return Self.cost(bits: bits, engine: engine) > max(Self.target, 4 * nanoseconds)
    }

    /// Counts a number and says whether the chunk is now full.
    public mutating func isFull(afterNumberOf bits: Int) -> Bool {
        count += 1
        if let fixed { return count >= fixed }
        nanoseconds += Self.cost(bits: bits, engine: engine)
        if count >= Self.largest { return true }
        return nanoseconds >= Self.target && count >= Self.least(bits: bits, engine: engine)
    }

    /// Begins a new chunk.
    public mutating func reset() {
        count = 0
        nanoseconds = 0
    }

    /// How many numbers of a size take some time, at least 1.
    static func count(taking nanoseconds: Double, bits: Int, engine: Engine) -> Int {
        let count = Int(min(nanoseconds / cost(bits: bits, engine: engine), Double(largest)))
        return max(engine.isBatched(bits: bits) ? 8 : 1, count)
    }

    /// How many numbers a chunk of a stream should have at least.
    ///
    /// Where eight are tested at once, about every eighth number of a common input is left when it was
    /// divided by small primes, and those should fill a vector; the largest are as a rule sieved before.
    static func least(bits: Int, engine: Engine) -> Int {
        if !engine.isBatched(bits: bits) { return 1 }
        return switch bits {
        case ...1024: 64
        case ...2048: 32
        case ...4096: 16
        default: 8
        }
    }

    /// Whether numbers make a chunk of the size that is aimed at, by the same estimate, or a smaller one.
    static func isShort(_ numbers: NumberBatch, engine: Engine) -> Bool {
        cost(of: numbers, engine: engine) <= 2 * target
    }

    /// A rough upper bound for a batch, in nanoseconds.
    static func cost(of numbers: NumberBatch, engine: Engine) -> Double {
        Double(numbers.count) * cost(bits: numbers.maximumBits, engine: engine)
    }

    /// A rough upper bound for a number of a size, in seconds.
    package static func seconds(bits: Int, engine: Engine) -> Double {
        cost(bits: bits, engine: engine) / 1e9
    }

    /// A rough upper bound, in nanoseconds: a prime, on a current machine.
    static func cost(bits: Int, engine: Engine) -> Double {
        switch engine {
        case .trial, .swiftTrial:
            // √n · 8/30 divisions of 2 ns.
            return 50 + 0.53 * Double(sign: .plus, exponent: min(bits, 64) / 2, significand: 1)
        case .auto where bits <= 64, .u64, .swiftU64: return 600
        case .auto, .gmp, .ifma, .fft:
            let limbs = Double(bits) / 64
            let alone = 3000 + 900 * limbs * limbs * limbs.squareRoot()
            // That much less even where each vector holds two.
            return engine.isBatched(bits: bits) ? alone / 2 : alone
        }
    }
}

/// Gathers numbers to a chunk, whose last one may turn out to be the first of the next chunk.
package struct ChunkMaker: Sendable {
    private var sizer: ChunkSizer
    /// The number that the next chunk begins with.
    private var kept: NumberBatch?

    package init(_ sizer: ChunkSizer) { self.sizer = sizer }

    /// Whether a number waits for the next chunk.
    package var hasKept: Bool { kept != nil }

    /// Begins a chunk, with the number that was kept.
    ///
    /// - Parameter batch: An empty batch.
    /// - Returns: Whether the chunk is full with it.
    package mutating func begin(_ batch: inout NumberBatch) -> Bool {
        sizer.reset()
        guard let kept else { return false }
        self.kept = nil
        batch = kept
        return sizer.isFull(afterNumberOf: kept.maximumBits)
    }

    /// Whether the chunk is complete after a number was added to it; of `bits`, the last of the batch, which
    /// leaves it when it is to begin the next chunk.
    package mutating func isComplete(_ batch: inout NumberBatch, afterNumberOf bits: Int) -> Bool {
        if sizer.isDue(beforeNumberOf: bits) {
            kept = NumberBatch(batch, batch.count - 1..<batch.count)
            batch = NumberBatch(batch, 0..<batch.count - 1)
            return true
        }
        return sizer.isFull(afterNumberOf: bits)
    }
}

/// Cuts a batch into chunks.
func chunks(
    of numbers: NumberBatch, engine: Engine, size: Int?
) -> @Sendable () -> NumberBatch? {
    let position = Monitor(0)
    return {
        position.withLock { next in
            var sizer = ChunkSizer(engine: engine, fixed: size)
            let first = next
            while next < numbers.count {
                let bits = numbers.bitWidth(at: next)
                if sizer.isDue(beforeNumberOf: bits) { break }
                next += 1
                if sizer.isFull(afterNumberOf: bits) { break }
            }
            return first < next ? NumberBatch(numbers, first..<next) : nil
        }
    }
}

/// Cuts numbers in memory into chunks.
package func chunks(
    of numbers: [BigNatural], engine: Engine, size: Int?
) -> @Sendable () -> NumberBatch? {
    chunks(of: NumberBatch(numbers), engine: engine, size: size)
}
