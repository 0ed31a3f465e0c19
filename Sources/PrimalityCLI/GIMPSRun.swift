// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityExpressions
internal import PrimalityPool
internal import PrimalityRuns
internal import SystemPackage

/// `check --input worktodo --format gimps`: the tests that lines of GIMPS's work name, and their results as GIMPS
/// takes them.
struct GIMPSRun {
    /// What is to be done.
    struct Plan {
        var descriptor: FileDescriptor
        var workers: Int
        var maximumBits: Int
        /// `nil`: none is shown.
        var progress: ProgressMode?
    }

    /// What a line is.
    private enum Line: Sendable {
        case test(WorktodoTest)
        case bad(String)
    }

    /// What came of a line.
    private enum Outcome: Sendable {
        case result(String)
        case bad(String)
        case failed(String)
        case cancelled
    }

    private let plan: Plan
    private let interruption = Interruption()

    init(_ plan: Plan) { self.plan = plan }

    /// A line of work is short; known factors may be some.
    private static let longestLine = 1 << 20
    /// Lines that are read before results are written, for each worker.
    private static let linesAhead = 16

    /// Tests everything, and writes what is decided, in the order of the lines.
    func run() throws {
        var reader = LineReader(
            plan.descriptor, longest: Self.longestLine, cancel: interruption.cancel)
        var (output, status) = (Output(), ExitStatus.done)
        var (place, tested) = (0, 0)
        var hasEnded = false
        let progress = plan.progress.map {
            Progress($0) { tested, time in
                "\(counted(tested, "line", "was", "were")) tested, \(Progress.clock(time))"
            }
        }
        defer { progress?.stop() }
        while !hasEnded && !interruption.cancel.isCancelled && output.error == nil {
            var lines: [(place: Int, test: Line)] = []
            do {
                try read(&reader, &place, &hasEnded, into: &lines)
            } catch {
                StandardStreams.complain("\((error as? Errno) ?? .ioError)")
                status.raise(to: .badInput)
                hasEnded = true
            }
            for (line, outcome) in zip(lines, outcomes(lines.map(\.test))) {
                switch outcome {
                case .result(let text):
                    tested += 1
                    progress?.add(1)
                    _ = output.write(text)
                case .bad(let what):
                    StandardStreams.complain("line \(line.place): \(what)")
                    status.raise(to: .badInput)
                case .failed(let what):
                    StandardStreams.complain("line \(line.place): \(what)")
                    status.raise(to: .undecided)
                case .cancelled: break
                }
            }
        }
        progress?.stop()
        status.raise(to: output.status())
        interruption.exitIfSignalled { "\(counted(tested, "line", "was", "were")) tested" }
        if status != .done { throw ExitCode(status.rawValue) }
    }

    private func read(
        _ reader: inout LineReader, _ place: inout Int, _ hasEnded: inout Bool,
        into lines: inout [(place: Int, test: Line)]
    ) throws {
        while lines.count < Self.linesAhead * plan.workers {
            switch try reader.read() {
            case .end:
                hasEnded = true
                return
            case .pause:
                // Who waits for an answer gets it.
                if !lines.isEmpty { return }
            case .line(let line, let length):
                place += 1
                if length > line.count {
                    lines.append((place, .bad("it is longer than \(Self.longestLine) bytes")))
                    continue
                }
                do throws(CandidateFileError) {
                    if let test = try WorktodoTest(line) { lines.append((place, .test(test))) }
                } catch {
                    let text = printable(line)
                    lines.append((place, .bad("'\(text)' \(error.description)")))
                }
            }
        }
    }

    /// The outcomes of lines, which workers share, each with one at a time.
    private func outcomes(_ lines: [Line]) -> [Outcome] {
        let next = Monitor(0)
        let results = Monitor([Outcome](repeating: .cancelled, count: lines.count))
        let (maximumBits, cancel) = (plan.maximumBits, interruption.cancel)
        @Sendable func work() {
            while !cancel.isCancelled {
                let i = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                if i >= lines.count { return }
                let outcome = Self.outcome(lines[i], maximumBits, cancel)
                results.withLock { $0[i] = outcome }
            }
        }
        var threads: [WorkerThread] = []
        for worker in 1..<max(1, min(plan.workers, lines.count)) {
            // One that the system does not give is missed by nothing but the time.
            if let thread = try? WorkerThread(name: "prk-work-\(worker)", work) {
                threads.append(thread)
            }
        }
        work()
        for thread in threads { thread.join() }
        return results.withLock { $0 }
    }

    private static func outcome(
        _ line: Line, _ maximumBits: Int, _ cancel: CancelFlag
    ) -> Outcome {
        let test: WorktodoTest
        switch line {
        case .test(let read): test = read
        case .bad(let what): return .bad(what)
        }
        let found: (value: BigNatural, form: CandidateForm?)
        do throws(ExpressionError) {
            found = try NumberExpression(parsing: test.expression).candidate(
                maximumBits: maximumBits, cancel: cancel)
        } catch {
            if cancel.isCancelled { return .cancelled }
            return .bad(
                "'\(printable(test.expression))': \(error)\(error.isAboutSize ? " (--max-bits)" : "")"
            )
        }
        guard let k = UInt64(test.parts[0]), let b = UInt64(test.parts[1]),
            let n = UInt64(test.parts[2]), let c = Int64(test.parts[3])
        else { return .bad("'\(printable(test.expression))': k, b, n or c is too large") }
        if found.value.bitWidth < 3 {
            return .bad("'\(printable(test.expression))' is below 4, and no such test is for it")
        }
        var result = GIMPSLine(number: .power(k: k, b: b, n: n, c: c))
        result.knownFactors = test.knownFactors
        result.assignment = test.assignment
        do throws(PrimalityError) {
            switch test.kind {
            case .fermat:
                (result.passed, result.residue) = try WorkTest.fermat(
                    found.value, form: found.form, cancel: cancel)
            case .lucasLehmer:
                if !isPrime(n) || n == 2 {
                    return .bad("2^\(n)-1 has no test of Lucas and Lehmer: \(n) is no odd prime")
                }
                result.worktype = "LL"
                (result.passed, result.residue) = try WorkTest.lucasLehmer(
                    exponent: Int(n), cancel: cancel)
            }
        } catch {
            return error == .cancelled
                ? .cancelled : .failed("'\(printable(test.expression))': \(error)")
        }
        result.time = now()
        return .result(result.text)
    }
}
