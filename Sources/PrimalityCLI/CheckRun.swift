// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityPool
internal import PrimalityRuns

/// A run of `primality check`: tests what a source gives, writes the results, and says how it ended.
struct CheckRun {
    /// What is to be done.
    struct Plan {
        var job: PoolJob
        var source: CandidateSource
        var pool: any Pool
        var shard: Shard
        var format: ResultFormat
        var withResidue: Bool
        /// Verdicts have colours, where they are for people.
        var isColoured: Bool
        var isQuiet: Bool
        /// Only what is prime or probably so is printed.
        var printsPrimesOnly: Bool
        var showsStatistics: Bool
        var showsSummary: Bool
        /// `nil`: none is shown.
        var progress: ProgressMode?
        /// What keeps long tests, and tells of them; `nil`: nothing does.
        var long: LongRun?
        var resumption: Resumption?
        var interruption: Interruption
    }

    private var plan: Plan
    private var receiver: Receiver
    private var output: Output
    private var status = ExitStatus.done
    /// All that the source had came back, and was written.
    private var isDone = true
    /// The run was ended by an error of its own.
    private var hasFailed = false

    init(_ plan: Plan) {
        self.plan = plan
        // What is left to do when nobody reads any more.
        output = Output(outlivesReader: plan.showsSummary || plan.resumption != nil)
        receiver = Receiver(
            plan.format, withResidue: plan.withResidue, isColoured: plan.isColoured,
            isQuiet: plan.isQuiet,
            // A file of results keeps all of them.
            isForPrimes: plan.printsPrimesOnly && plan.resumption == nil, plan.source)
    }

    /// Tests everything, and writes what is decided.
    mutating func test() {
        let (source, interruption) = (plan.source, plan.interruption)
        if !plan.isQuiet, let header = plan.format.header { _ = output.write(header) }
        var statistics = RunStatistics(workers: plan.pool.workers)
        let long = plan.long
        let progress = plan.progress.map {
            Progress($0) { tested, time in
                let run = Progress.line(tested, after: time, source.estimate(tested))
                guard let inside = long?.line else { return run }
                return tested == 0 ? inside : inside + "; " + run
            }
        }
        do {
            try plan.pool.run(
                plan.job, cancel: interruption.cancel,
                notify: { StandardStreams.complain($0.description) }, statistics: &statistics,
                from: { try source.next() }
            ) { result in
                progress?.add(result.results.count)
                receiver.take(result, source.takeInputs(of: result.chunk.id))
                let isWritten = write(receiver.lines)
                if isWritten { long?.forget(result) }
                return isWritten
            }
        } catch {
            StandardStreams.complain(error.description)
            status.raise(to: error.exitStatus)
            hasFailed = true
        }
        // What the end of the input has decided.
        receiver.takeRest()
        _ = write(receiver.lines)
        status.raise(to: receiver.status)
        progress?.stop()
        long?.stop()
        source.complainOfRest()
        if plan.showsStatistics { StandardStreams.writeError(statistics.table) }
    }

    /// Writes lines to where results go; `false` after an error.
    private mutating func write(_ lines: [UInt8]) -> Bool {
        if plan.isQuiet || lines.isEmpty { return true }
        let isWritten =
            plan.resumption == nil ? output.write(lines) : writeToFile(lines)
        isDone = isDone && isWritten
        return isWritten
    }

    /// Writes lines to the file of results, and then prints what is to be printed as well.
    private mutating func writeToFile(_ lines: [UInt8]) -> Bool {
        guard plan.resumption?.file.append(lines) ?? false else { return false }
        if !plan.printsPrimesOnly { return true }
        let passed = ResultLine.passed(among: lines)
        return passed.isEmpty || output.write(passed)
    }

    /// Says how the run ended; its status.
    mutating func end() -> ExitStatus {
        let counts = plan.source.counts
        let mismatch = plan.source.mismatch
        let isWhole =
            isDone && !hasFailed && mismatch == nil && !plan.interruption.cancel.isCancelled
        status.raise(to: plan.resumption?.finish(isWhole: isWhole, mismatch) ?? .done)
        if plan.showsSummary {
            var results = receiver.results
            results.add(plan.source.ledger.totals.results)
            StandardStreams.writeError(RunSummary(counts, results).description)
        }
        status.raise(to: output.status())
        if counts.bad > 0 || mismatch != nil { status.raise(to: .badInput) }
        // A script that asks whether all are prime must not take "none" for "all".
        let hasNothing = plan.isQuiet && counts.read == 0 && status == .done
        if hasNothing { status = .badInput }
        if counts.leftOut > 0 {
            StandardStreams.note(
                "\(counted(counts.leftOut, "candidate", "was", "were")) left out, as the conditions in "
                    + "the input ask")
        }
        let untested = counts.read - receiver.tested
        let summary =
            "\(counted(receiver.tested, "number", "was", "were")) tested, "
            + (untested == 1
                ? "1 that was read was not" : "\(untested) that were read were not")
        plan.interruption.exitIfSignalled { summary }
        if hasFailed && untested > 0 { StandardStreams.complain(summary) }
        if hasNothing {
            StandardStreams.complain(
                counts.places == 0
                    ? "there is nothing to test"
                    : "there is nothing to test: none of the \(counts.places) candidates is in share "
                        + "\(plan.shard)")
        }
        return status
    }
}

/// Makes lines of results, and says what they do to the exit status.
private struct Receiver {
    let format: ResultFormat
    let withResidue: Bool
    let isColoured: Bool
    let isQuiet: Bool
    /// Only numbers that pass have lines.
    let isForPrimes: Bool
    let source: CandidateSource
    private var ledger: RowLedger { source.ledger }
    /// The lines of those that were decided last.
    ///
    /// Their memory serves again, since new pages for each chunk cost as much as to write the lines.
    private(set) var lines: [UInt8] = []
    private(set) var tested = 0
    /// The verdicts on numbers that do not depend on others.
    private(set) var results = ResultCounts()
    private(set) var status = ExitStatus.done

    init(
        _ format: ResultFormat, withResidue: Bool, isColoured: Bool, isQuiet: Bool,
        isForPrimes: Bool, _ source: CandidateSource
    ) {
        self.format = format
        self.withResidue = withResidue
        self.isColoured = isColoured
        self.isQuiet = isQuiet
        self.isForPrimes = isForPrimes
        self.source = source
    }

    /// Takes the results of a chunk, and reports numbers that could not be tested; makes the lines of all but
    /// those that depend on others, and of those of them that are decided by now.
    mutating func take(_ result: ChunkResult, _ inputs: ChunkInputs) {
        var lines: [UInt8] = []
        swap(&lines, &self.lines)
        lines.removeAll(keepingCapacity: true)
        for i in 0..<result.results.count {
            let entry = inputs.entry(i)
            if let verdict = result.results.verdict(at: i) {
                tested += 1
                if let entry {
                    var line: [UInt8] = []
                    append(i, result, verdict, inputs, to: &line)
                    ledger.put(.tested(verdict, line: line), at: entry)
                } else {
                    results.add(verdict)
                    if isQuiet && !verdict.passed { status.raise(to: .notAllPrime) }
                    append(i, result, verdict, inputs, to: &lines)
                }
            } else if let failure = result.failure(at: i), failure != .cancelled {
                var message =
                    "candidate \(inputs.places[i] + 1): \(printable(inputs[i])): \(failure)"
                if failure == .test(.outOfMemory) {
                    let bits = result.chunk.numbers.bitWidth(at: i)
                    message += ": a test of \(bits) bits takes up to \(bits / 20_000 + 1) MB"
                }
                var line: [UInt8] = []
                if !isQuiet && !isForPrimes {
                    format.append(
                        failure, place: inputs.places[i], input: inputs[i],
                        bits: result.chunk.numbers.bitWidth(at: i), isColoured: isColoured,
                        to: &line)
                }
                if let entry {
                    ledger.put(.undecided(failure, line: line, message), at: entry)
                } else {
                    lines += line
                    source.complaints.add(message, .undecided)
                    status.raise(to: failure.exitStatus)
                }
            }
        }
        swap(&lines, &self.lines)
        takeDecided()
    }

    /// Makes the lines of what the end of the input has decided.
    mutating func takeRest() {
        lines.removeAll(keepingCapacity: true)
        takeDecided()
    }

    /// Appends the lines of those that depend on others and were decided.
    private mutating func takeDecided() {
        let decided = ledger.takeDecided()
        if isQuiet && decided.hasComposite { status.raise(to: .notAllPrime) }
        status.raise(to: decided.status)
        lines += decided.lines
    }

    private func append(
        _ i: Int, _ result: ChunkResult, _ verdict: Verdict, _ inputs: ChunkInputs,
        to lines: inout [UInt8]
    ) {
        if isQuiet || isForPrimes && !verdict.passed { return }
        format.append(
            i, of: result, verdict, inputs, withResidue: withResidue, isColoured: isColoured,
            to: &lines)
    }
}
