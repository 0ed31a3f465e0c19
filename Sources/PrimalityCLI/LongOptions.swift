// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Charts
internal import Primality
internal import PrimalityPool
internal import PrimalityRuns
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The options of tests that take hours or days.
struct LongOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Keep each test of a number of 32768 bits and more in a folder, which is made: the same command goes on "
                + "after a kill, a crash or Ctrl-C, on any machine. What has its result is removed. --resume "
                + "keeps its long tests in FILE.checkpoints by itself.", valueName: "folder"),
        completion: .directory)
    var checkpoint: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Seconds between two checkpoints of a test, from 0.001; SIGINT and SIGTERM write one more. By default 60.",
            valueName: "seconds"))
    var checkpointEvery: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --format jsonl: print where each long test is every so many seconds, as a line with "
                + "\"event\":\"progress\".", valueName: "seconds"))
    var report: Double?

    /// Refuses what does not go together.
    ///
    /// - Parameters:
    ///   - format: How results are written.
    ///   - resume: The file of --resume.
    ///   - worker: What worker processes are, if there are any.
    /// - Throws: A usage error.
    func check(_ format: ResultFormat, resume: String?, worker: WorkerKind?) throws {
        if let checkpoint, checkpoint.isEmpty || resume != nil {
            throw Refusal.usage(
                checkpoint.isEmpty
                    ? "--checkpoint needs the name of a folder"
                    : "--resume keeps its long tests in a folder beside its file; leave --checkpoint out"
            )
        }
        if checkpoint != nil, let worker, worker != .kernel {
            throw Refusal.usage(
                "--checkpoint is for threads and for --worker kernel: workers of kind \(worker.rawValue) began before "
                    + "the run")
        }
        if let checkpointEvery, !(0.001...1e6).contains(checkpointEvery) {
            throw Refusal.usage(
                "--checkpoint-every \(checkpointEvery) is out of range; give 0.001 to 1e6 seconds")
        }
        if checkpointEvery != nil && checkpoint == nil && resume == nil {
            throw Refusal.usage("--checkpoint-every goes with --checkpoint or --resume")
        }
        if let report, !(0.01...1e6).contains(report) {
            throw Refusal.usage("--report \(report) is out of range; give 0.01 to 1e6 seconds")
        }
        if report != nil && format != .jsonl {
            throw Refusal.usage("--report goes with --format jsonl")
        }
    }

    /// What keeps the tests of a run.
    ///
    /// - Parameters:
    ///   - resume: The file of --resume.
    ///   - threads: Threads inside the arithmetic of one number.
    /// - Returns: What knows of them.
    /// - Throws: What was reported.
    func tests(resume: String?, threads: Int) throws -> LongTests {
        try Self.tests(
            checkpoint, beside: resume.map { $0 + ".checkpoints" },
            every: checkpointEvery, threads: threads)
    }

    /// What keeps tests in a folder, which is made, or in one that is made when it is needed.
    ///
    /// - Throws: What was reported.
    static func tests(
        _ checkpoint: String?, beside folder: String? = nil, every seconds: Double? = nil,
        threads: Int = 1
    ) throws -> LongTests {
        if let checkpoint {
            do {
                try FilePath(checkpoint).makeFolder()
            } catch {
                StandardStreams.complain("\(printable(checkpoint)): \(error.description)")
                throw ExitCode(ExitStatus.badInput.rawValue)
            }
        }
        do {
            return try LongTests(
                checkpoints: checkpoint ?? folder, every: .seconds(seconds ?? 60), threads: threads)
        } catch {
            throw Refusal.usage(error.description)
        }
    }

    /// The seed of a folder of checkpoints, with which its tests go on in their random bases: that of --seed, that
    /// of the command that made it, or a new one, which is written there.
    ///
    /// - Throws: What was reported.
    func seed(_ given: UInt64?, _ new: UInt64) throws -> UInt64 {
        guard let checkpoint, given == nil else { return new }
        let path = FilePath(checkpoint).appending("seed")
        do {
            if let text = try path.readSmallFile() {
                guard let seed = UInt64(text.filter { $0 != "\n" }) else {
                    StandardStreams.complain(
                        "\(printable(path.string)) is not the seed of an earlier run; remove it, and what was "
                            + "computed with random bases begins anew")
                    throw ExitCode(ExitStatus.badInput.rawValue)
                }
                return seed
            }
            try path.writeSmallFile("\(new)\n")
            return new
        } catch let error as Errno {
            StandardStreams.complain("\(printable(path.string)): \(error.description)")
            throw ExitCode(ExitStatus.badInput.rawValue)
        }
    }
}

extension FilePath {
    /// Makes the folder, unless it is there.
    fileprivate func makeFolder() throws(Errno) {
        if isFolder(self) { return }
        if unsafe mkdir(string, 0o777) != 0 {
            let error = Errno(rawValue: errno)
            throw error == .fileExists ? .notDirectory : error
        }
    }

    /// The text of a file of at most 100 bytes; `nil` when there is none.
    fileprivate func readSmallFile() throws -> String? {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(self, .readOnly, options: [.nonBlocking, .closeOnExec])
        } catch Errno.noSuchFileOrDirectory {
            return nil
        }
        return try file.closeAfter {
            var bytes = [UInt8](repeating: 0, count: 100)
            let count = try unsafe bytes.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            return String(decoding: bytes.prefix(count), as: UTF8.self)
        }
    }

    fileprivate func writeSmallFile(_ text: String) throws {
        let file = try FileDescriptor.open(
            self, .writeOnly, options: [.create, .truncate, .closeOnExec],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        _ = try file.closeAfter { try file.writeAll(Array(text.utf8)) }
    }
}

/// Says where the long tests of a run are, and forgets those that have their results.
final class LongRun: Sendable {
    let tests: LongTests
    /// What a run of one number calls it.
    private let name: [UInt8]?
    /// The folder is this run's, and not its user's.
    private let hasOwnFolder: Bool
    private let isOver = Monitor(false)
    private let bell = Condition()
    private let reporter: WorkerThread?

    /// Begins to report.
    ///
    /// - Parameters:
    ///   - tests: What knows of them.
    ///   - name: What a run of one number calls it.
    ///   - hasOwnFolder: Whether the folder of checkpoints goes when nothing is left in it.
    ///   - interval: Seconds between two lines of JSON; `nil`: none are printed.
    init(_ tests: LongTests, name: [UInt8]?, hasOwnFolder: Bool, every interval: Double?) {
        self.hasOwnFolder = hasOwnFolder
        self.tests = tests
        self.name = name
        let (isOver, bell) = (isOver, bell)
        let pause = Duration.seconds(min(0.2, interval ?? 0.2))
        reporter = try? WorkerThread(name: "prk-report") {
            var next = interval.map { ContinuousClock.now + .seconds($0) }
            while !isOver.wait(
                on: bell, atMost: pause,
                for: { isOver, isLate in isOver ? true : isLate ? false : nil })
            {
                for notice in tests.notices() { StandardStreams.complain(notice) }
                if let interval, let time = next, time <= .now {
                    next = time + .seconds(interval)
                    for state in tests.progress { Output.writeBeside(Self.event(state, name)) }
                }
            }
        }
    }

    /// A line of JSON.
    private static func event(_ state: LongTests.Progress, _ name: [UInt8]?) -> [UInt8] {
        var line = Array("{\"event\":\"progress\",".utf8)
        if let name {
            line += "\"input\":\"".utf8
            appendEscaped(name[...], to: &line)
            line += "\",".utf8
        }
        let share = state.total == 0 ? 0 : Double(state.done) / Double(state.total)
        line +=
            "\"bits\":\(state.bits),\"low64\":\"\(hexadecimal(state.low))\",\"step\":\(state.step),\"kind\":\"\(state.isLucas ? "lucas" : "power")\""
            .utf8
        if let base = state.base { line += ",\"base\":\(base)".utf8 }
        line +=
            ",\"done\":\(state.done),\"total\":\(state.total),\"share\":\(decimal(share, places: 6)),\"resumed\":\(state.resumed)"
            .utf8
        if let rate = state.rate { line += ",\"rate\":\(decimal(rate, places: 3))".utf8 }
        if let remaining = state.remaining {
            line += ",\"seconds_left\":\(remaining.components.seconds)".utf8
        }
        line +=
            ",\"checks\":\(state.checks),\"repaired\":\(state.repaired),\"alarms\":\(state.alarms)}\n"
            .utf8
        return line
    }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Where the longest of the tests is, for people; `nil`: none is under way.
    ///
    /// `power of 3, step 1: 43.12 %, 812 squares a second, 12:10 left`.
    var line: String? {
        let all = tests.progress
        guard let state = all.max(by: { $0.total < $1.total }) else { return nil }
        let share = state.total == 0 ? 0 : 100 * Double(state.done) / Double(state.total)
        let what =
            state.isLucas
            ? "Lucas sequence" : state.base.map { "power of \($0)" } ?? "power of a random base"
        var line = "\(state.bits) bits, step \(state.step), \(what): "
        // 100 % is for what is over.
        line += decimal(min(99.99, (share * 100).rounded(.down) / 100), places: 2) + " %"
        if let rate = state.rate {
            line += ", \(decimal(rate, places: rate < 10 ? 1 : 0)) squares a second"
        }
        if let remaining = state.remaining { line += ", \(Progress.clock(remaining)) left" }
        if state.repaired > 0 { line += ", \(state.repaired) repaired" }
        if all.count > 1 { line += "; \(all.count - 1) more" }
        return line
    }

    /// Forgets the numbers of a chunk that have verdicts; their results are written.
    func forget(_ result: ChunkResult) {
        let numbers = result.chunk.numbers
        if tests.folder == nil || numbers.maximumBits < LongTests.leastBits { return }
        for i in 0..<numbers.count
        where numbers.bitWidth(at: i) >= LongTests.leastBits && result.results.verdict(at: i) != nil
        {
            tests.forget(numbers[i])
        }
    }

    /// Ends it; tells what has not been told.
    func stop() {
        isOver.withLock {
            $0 = true
            bell.signal()
        }
        reporter?.join()
        for notice in tests.notices() { StandardStreams.complain(notice) }
        // Of a run that is done nothing is left.
        if hasOwnFolder, let folder = tests.folder {
            _ = unsafe folder.withCString { unsafe rmdir($0) }
        }
    }
}
