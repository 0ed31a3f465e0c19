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
        var isQuiet: Bool
        var showsStatistics: Bool
        /// `nil`: none is shown.
        var progress: ProgressMode?
        var resumption: Resumption?
        var interruption: Interruption
    }

    private var plan: Plan
    private var receiver: Receiver
    private var output = Output()
    private var status = ExitStatus.done
    /// All that the source had came back, and was written.
    private var isDone = true
    /// The run was ended by an error of its own.
    private var hasFailed = false

    init(_ plan: Plan) {
        self.plan = plan
        receiver = Receiver(
            plan.format, withResidue: plan.withResidue, isQuiet: plan.isQuiet, plan.source)
    }

    /// Tests everything, and writes what is decided.
    mutating func test() {
        let (source, interruption) = (plan.source, plan.interruption)
        if !plan.isQuiet, let header = plan.format.header { _ = output.write(header) }
        var statistics = RunStatistics(workers: plan.pool.workers)
        let progress = plan.progress.map { Progress($0, estimate: { source.estimate($0) }) }
        do {
            try plan.pool.run(
                plan.job, cancel: interruption.cancel,
                notify: { StandardStreams.complain($0.description) }, statistics: &statistics,
                from: { try source.next() }
            ) { result in
                progress?.add(result.results.count)
                return write(receiver.take(result, source.takeInputs(of: result.chunk.id)))
            }
        } catch {
            StandardStreams.complain(error.description)
            status.raise(to: error.exitStatus)
            hasFailed = true
        }
        // What the end of the input has decided.
        _ = write(receiver.takeDecided())
        status.raise(to: receiver.status)
        progress?.stop()
        source.complainOfRest()
        if plan.showsStatistics { StandardStreams.writeError(statistics.table) }
    }

    /// Writes lines to where results go; `false` after an error.
    private mutating func write(_ lines: [UInt8]) -> Bool {
        if plan.isQuiet || lines.isEmpty { return true }
        let isWritten = plan.resumption?.file.append(lines) ?? output.write(lines)
        isDone = isDone && isWritten
        return isWritten
    }

    /// Says how the run ended; its status.
    mutating func end() -> ExitStatus {
        status.raise(to: output.status())
        let counts = plan.source.counts
        let mismatch = plan.source.mismatch
        let isWhole =
            isDone && !hasFailed && mismatch == nil && !plan.interruption.cancel.isCancelled
        status.raise(to: plan.resumption?.finish(isWhole: isWhole, mismatch) ?? .done)
        if counts.bad > 0 || mismatch != nil { status.raise(to: .badInput) }
        // A script that asks whether all are prime must not take "none" for "all".
        let hasNothing = plan.isQuiet && counts.read == 0 && status == .done
        if hasNothing { status = .badInput }
        if counts.leftOut > 0 {
            StandardStreams.complain(
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
    let isQuiet: Bool
    let source: CandidateSource
    private var ledger: RowLedger { source.ledger }
    private(set) var tested = 0
    private(set) var status = ExitStatus.done

    init(_ format: ResultFormat, withResidue: Bool, isQuiet: Bool, _ source: CandidateSource) {
        self.format = format
        self.withResidue = withResidue
        self.isQuiet = isQuiet
        self.source = source
    }

    /// Takes the results of a chunk, and reports numbers that could not be tested.
    ///
    /// - Returns: The lines of those that are decided: all but those that depend on others.
    mutating func take(_ result: ChunkResult, _ inputs: ChunkInputs) -> [UInt8] {
        var lines: [UInt8] = []
        for i in 0..<result.results.count {
            let entry = inputs.entry(i)
            if let verdict = result.results.verdict(at: i) {
                tested += 1
                if let entry {
                    var line: [UInt8] = []
                    append(i, result, verdict, inputs, to: &line)
                    ledger.put(.tested(verdict, line: line), at: entry)
                } else {
                    if isQuiet && !verdict.passed { status.raise(to: .notAllPrime) }
                    append(i, result, verdict, inputs, to: &lines)
                }
            } else if let failure = result.failure(at: i), failure != .cancelled {
                let message =
                    "candidate \(inputs.places[i] + 1): \(printable(inputs[i])): \(failure)"
                var line: [UInt8] = []
                if !isQuiet {
                    format.append(
                        failure, place: inputs.places[i], input: inputs[i],
                        bits: result.chunk.numbers.bitWidth(at: i), to: &line)
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
        return lines + takeDecided()
    }

    /// The lines of those that depend on others and were decided.
    mutating func takeDecided() -> [UInt8] {
        let decided = ledger.takeDecided()
        if isQuiet && decided.hasComposite { status.raise(to: .notAllPrime) }
        status.raise(to: decided.status)
        return decided.lines
    }

    private func append(
        _ i: Int, _ result: ChunkResult, _ verdict: Verdict, _ inputs: ChunkInputs,
        to lines: inout [UInt8]
    ) {
        if isQuiet { return }
        format.append(i, of: result, verdict, inputs, withResidue: withResidue, to: &lines)
    }
}
