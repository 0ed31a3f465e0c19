// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Prints the primes of a range, in order.",
        usage: "primality list <lo> <hi> [<options>]",
        discussion: """
            Prints each prime p with lo <= p <= hi on a line of its own. The ends are decimal, or \
            hexadecimal after 0x, and of any size. Below 2^64 what is printed is prime. Above, it is \
            as a rule a probable prime: it passed Baillie-PSW and strong tests to random bases, which \
            is no proof; jsonl and csv say of each number what was shown.

            Small primes are sieved out, and what is left is tested by the pool. That is made for \
            narrow windows anywhere. For long dense ranges below 2^64 a sieve that needs no tests, \
            such as primesieve, is faster.

            Examples:
              primality list 100 200
              primality list 0xFFFFFFFFFFFFFF00 0x100000000000000FF
              primality list --count 10000000000 10000065536
              primality list --format jsonl 1000000000000000000000000000000 1000000000000000000000000001000
            """)

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("The lowest and the highest number of the range.", valueName: "lo> <hi"))
    var ends: [String] = []

    @Flag(help: "Print only how many there are.")
    var count = false

    @OptionGroup var shared: RunOptions

    func run() throws {
        try Refusal.unknownOptions(among: ends, of: "list")
        if ends.count != 2 {
            throw Refusal.usage(
                "give two numbers, the lowest and the highest; see primality list --help")
        }
        let shared = try shared.checked()
        if count && shared.format != .text {
            throw Refusal.usage("--count prints a number alone; give it or --format, not both")
        }
        try Refusal.checkLevel()
        let range = try range(maximumBits: shared.maximumBits)

        let interruption = Interruption()
        let source = WindowSource(range, chunk: shared.chunk, cancel: interruption.cancel)
        let job = PoolJob(
            options: shared.test, wantsReports: !count && shared.format.needsReports,
            cancel: interruption.cancel, timeout: shared.timeout,
            notify: { StandardStreams.complain($0.description) })
        var listing = Listing(format: count ? nil : shared.format)
        var output = Output()
        var status = ExitStatus.done
        if !count, let header = shared.format.header { _ = output.write(header) }
        var statistics = RunStatistics(workers: shared.pool.workers)
        let progress = shared.progress.isOn ? Progress { source.estimate($0) } : nil
        do {
            try shared.pool.run(job, statistics: &statistics, from: { source.next() }) { result in
                progress?.add(result.results.count)
                status.raise(to: listing.add(result))
                let lines = listing.takeLines()
                return lines.isEmpty || output.write(lines)
            }
        } catch {
            StandardStreams.complain(error.description)
            status.raise(to: error.exitStatus)
        }
        progress?.stop()
        if self.shared.stats { StandardStreams.writeError(statistics.table) }
        if let problem = source.problem {
            StandardStreams.complain(problem.description)
            status.raise(to: .internalError)
        }
        let isWhole = source.isAtEnd && !listing.isCut && status == .done
        if count && isWhole { _ = output.write("\(listing.found)\n") }
        status.raise(to: output.status())
        interruption.exitIfSignalled {
            let made = "\(listing.found) primes were \(count ? "counted" : "printed")"
            if isWhole { return "\(made), all there are" }
            guard let last = listing.last else { return made }
            let missed = listing.missed == 0 ? "" : " but for \(listing.missed) not tested"
            return "\(made), all there are\(missed) up to \(last)"
        }
        if count && !isWhole {
            StandardStreams.complain(
                "there is no count: \(listing.found) primes were found, and numbers were not tested"
            )
        }
        if status != .done { throw ExitCode(status.rawValue) }
    }

    /// The range that the arguments stand for.
    ///
    /// What is wrong with them was reported when this throws.
    private func range(maximumBits: Int) throws -> ClosedRange<BigNatural> {
        let numbers = zip(["lo", "hi"], ends).map { name, text -> BigNatural? in
            do throws(NumberTextError) {
                return try BigNatural(parsing: text, maximumBits: maximumBits)
            } catch {
                var message = error.description
                if case .tooLarge = error { message += " (--max-bits)" }
                StandardStreams.complain("\(name) '\(printable(text))': \(message)")
                return nil
            }
        }
        let badInput = ExitCode(ExitStatus.badInput.rawValue)
        guard let low = numbers[0], let high = numbers[1] else { throw badInput }
        if low > high {
            StandardStreams.complain(
                "lo '\(printable(ends[0]))' is above hi '\(printable(ends[1]))'")
            throw badInput
        }
        return low...high
    }
}

/// Sieves a window and cuts what is left into chunks.
///
/// `next` runs on a pool's feeder thread, all else on the thread that takes the results.
private final class WindowSource: Sendable {
    private struct Sieving {
        var sieve: WindowSieve
        var sizer: ChunkSizer
        var isAtEnd = false
        var problem: PrimalityError?
        /// The numbers given, and the last of them.
        var given = 0
        var last: BigNatural?
    }

    private let range: ClosedRange<BigNatural>
    private let sieving: Monitor<Sieving>

    init(_ range: ClosedRange<BigNatural>, chunk: Int?, cancel: CancelFlag) {
        self.range = range
        sieving = Monitor(
            Sieving(
                sieve: WindowSieve(range, cancel: cancel),
                sizer: ChunkSizer(engine: .auto, fixed: chunk)))
    }

    /// Whether the whole window was given.
    var isAtEnd: Bool { sieving.withLock { $0.isAtEnd } }

    /// Why it was not, unless it was cancelled.
    var problem: PrimalityError? { sieving.withLock { $0.problem } }

    /// What is left when so many numbers were tested: in what was not sieved, as many as there were in
    /// what was.
    func estimate(_ tested: Int) -> Progress.Estimate {
        let (given, last) = sieving.withLock { ($0.given, $0.last) }
        guard let last, let gone = range.lowerBound.distance(to: last), gone > 0,
            let rest = last.distance(to: range.upperBound)
        else { return Progress.Estimate() }
        let unsieved = Double(given) * Double(rest) / Double(gone)
        return Progress.Estimate(remaining: unsieved + Double(max(0, given - tested)))
    }

    /// The next chunk, or `nil` at the end.
    func next() -> NumberBatch? {
        sieving.withLock { state in
            var sizer = state.sizer
            do throws(PrimalityError) {
                let batch = try state.sieve.nextBatch { sizer.isFull(afterNumberOf: $0) }
                if let batch {
                    state.given += batch.count
                    state.last = batch[batch.count - 1]
                } else {
                    state.isAtEnd = true
                }
                return batch
            } catch {
                if error != .cancelled { state.problem = error }
                return nil
            }
        }
    }
}

/// The primes among results that come in the order of the numbers.
private struct Listing {
    private let format: ResultFormat?
    private var lines: [UInt8] = []

    /// How many primes there were.
    private(set) var found = 0
    /// How many numbers could not be tested.
    private(set) var missed = 0
    /// The last number before the first that a cancelled run did not reach.
    private(set) var last: BigNatural?
    /// A number was not reached: what comes after it is left out, so that the list has no gap.
    private(set) var isCut = false

    /// - Parameter format: How primes are written; `nil` to count only.
    init(format: ResultFormat?) { self.format = format }

    /// Takes a result; what it does to the exit status.
    mutating func add(_ result: ChunkResult) -> ExitStatus {
        var status = ExitStatus.done
        let numbers = result.chunk.numbers
        for i in 0..<numbers.count where !isCut {
            if let verdict = result.results.verdict(at: i) {
                if verdict.passed { write(result, i) }
            } else if let failure = result.failure(at: i), failure != .cancelled {
                missed += 1
                StandardStreams.complain("\(printable(numbers[i].description)): \(failure)")
                status.raise(to: .internalError)
            } else {
                isCut = true
                if i > 0 { last = numbers[i - 1] }
            }
        }
        if !isCut { last = numbers[numbers.count - 1] }
        return status
    }

    private mutating func write(_ result: ChunkResult, _ i: Int) {
        let numbers = result.chunk.numbers
        if let format, format.needsReports {
            guard let report = result.results.report(at: i, of: numbers) else { return }
            format.append(
                report, place: found, input: Array(numbers[i].description.utf8),
                bits: numbers.bitWidth(at: i), to: &lines)
        } else if format != nil {
            lines += numbers[i].description.utf8
            lines.append(UInt8(ascii: "\n"))
        }
        found += 1
    }

    /// The lines since the last call.
    mutating func takeLines() -> [UInt8] {
        defer { lines = [] }
        return lines
    }
}
