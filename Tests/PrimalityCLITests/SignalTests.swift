// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Signals that end the tool, or are to be left alone: to it, to its workers, and to the whole group as
/// timeout(1), Slurm, systemd and a terminal send them.
@Suite(.timeLimit(.minutes(15)), .serialized) struct SignalTests {
    /// `check` on each pool, and with each kind and channel of workers.
    static let checks: [[String]] =
        ["serial", "threads", "tasks", "actors"].map { ["check", "--pool", $0, "-j", "2"] }
        + ["kernel", "swift", "exec"].flatMap { kind in
            ["pipe", "socket", "shm"].map { channel in
                [
                    "check", "--pool", "processes", "--worker", kind, "--channel", channel, "-j",
                    "2",
                ]
            }
        }

    /// Commands that take minutes.
    static let others: [[String]] = [
        ["list", "--count", "10000000000", "10000000000000"],
        ["next", "0x1" + String(repeating: "0", count: 10_000)],
        ["prev", "0x1" + String(repeating: "0", count: 10_000)],
        ["random", "--bits", "30000", "--pool", "processes"],
        ["race", "--engines", "swift-trial"], ["spin", "--seconds", "600"],
        ["spin", "--seconds", "600", "--model", "process"],
        ["spin", "--job", "prime", "--model", "task", "--mend", "process"], ["bench"],
        ["models", "all"], ["models", "contention", "--time", "60000"],
        ["models", "pool", "--workers", "processes", "--engine", "swift-trial"]
            + [String](repeating: "9223372036854775783", count: 200),
    ]

    /// Starts the tool under env(1), which says what is ignored; no core is left.
    private static func start(
        _ arguments: [String], ignoring: String? = nil, input: Data = Data(),
        from source: Pipe? = nil
    ) throws -> Tool.Running {
        let signals = ignoring.map { "--ignore-signal=\($0)" } ?? "--default-signal"
        return try Tool.start(
            ["-c", "ulimit -c 0; exec env \(signals) \"$@\"", "sh", Tool.path] + arguments,
            of: "/bin/sh", input: input, environment: ToolFaultTests.withoutLeaks, from: source)
    }

    /// Whether it waits for signals by now.
    private static func isReady(_ running: Tool.Running) -> Bool {
        eventually {
            let threads = try? FileManager.default.contentsOfDirectory(
                atPath: "/proc/\(running.id)/task")
            return threads?.contains {
                TestFiles.text("/proc/\(running.id)/task/\($0)/comm") == "prk-signals\n"
            } == true
        }
    }

    /// A run that has printed what was done, and goes on with what takes minutes.
    private static func busy(_ check: [String], _ ignoring: String? = nil) throws -> Tool.Running {
        let input = ToolFaultTests.lines(
            ["7", "9", "11", ProcessTests.longNumber, ProcessTests.longNumber])
        let running = try start(check + ["--chunk", "1"], ignoring: ignoring, input: input)
        #expect(eventually { running.output == done })
        return running
    }

    private static let done = "7: prime\n9: composite\n11: prime\n"

    /// The processes that it has forked, and those of its nursery.
    private static func family(_ running: Tool.Running) -> Set<Int32> {
        let children = running.children
        return Set(children + processes { children.contains($0.parent) })
    }

    private func endsBy(_ signal: Int32, _ running: Tool.Running, what: String) {
        #expect(running.endsSoon, "\(what)")
        let outcome = running.finish()
        #expect(outcome.wasSignalled && outcome.status == signal, "\(what): \(outcome)")
        #expect(!outcome.error.contains("crashed"), "\(what)")
        #expect(running.remains.isEmpty, "\(what)")
    }

    @Test(arguments: [
        SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGUSR1, SIGALRM,
    ])
    func aSignalOfACrashEndsItAtOnce(_ signal: Int32) throws {
        let running = try Self.busy(["check", "-j", "1"])
        kill(running.id, signal)
        endsBy(signal, running, what: "\(signal)")
    }

    @Test(arguments: checks + others)
    func quitEndsEveryCommand(_ arguments: [String]) throws {
        for isForTheGroup in [false, true] {
            let running =
                try arguments[0] == "check" ? Self.busy(arguments) : Self.start(arguments)
            #expect(Self.isReady(running))
            // As by a key that repeats.
            kill(isForTheGroup ? -running.id : running.id, SIGQUIT)
            usleep(10_000)
            kill(running.id, SIGQUIT)
            endsBy(SIGQUIT, running, what: "\(arguments)")
        }
    }

    @Test(arguments: checks)
    func theGroupsEndIsTheOwnersToObey(_ check: [String]) throws {
        for (signal, name) in [(SIGHUP, "SIGHUP"), (SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")] {
            let running = try Self.busy(check)
            kill(-running.id, signal)
            // Programs that send it to the group send it to their child before.
            kill(running.id, signal)
            #expect(running.endsSoon)
            let outcome = running.finish()
            #expect(!outcome.wasSignalled && outcome.status == 128 + signal)
            #expect(outcome.output == Self.done)
            #expect(outcome.error.split(separator: "\n").count == 1, "\(outcome.error)")
            #expect(
                outcome.error.hasPrefix("primality: ended by \(name): 3 numbers were tested, "))
            #expect(running.remains.isEmpty)
        }
    }

    /// As with a pager that was stopped: the write that waits does not hold up the end.
    @Test(arguments: [["list", "1", "10^8"], ["check", "--pool", "processes", "--file"]])
    func aReaderThatTakesNothingDoesNotHoldUpTheEnd(_ command: [String]) throws {
        let numbers = FileManager.default.temporaryDirectory
            .appendingPathComponent("numbers-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: numbers) }
        try ToolFaultTests.lines((1...100_000).map(String.init)).write(to: numbers)
        let sink = Pipe()
        let running = try Tool.start(
            command + (command.last == "--file" ? [numbers.path] : []),
            environment: ["ASAN_OPTIONS": "detect_leaks=0"], to: sink)
        usleep(1_000_000)
        kill(running.id, SIGTERM)
        #expect(running.endsSoon)
        let outcome = running.finish()
        #expect(!outcome.wasSignalled && outcome.status == 143)
        #expect(outcome.error.contains("standard output has taken nothing for a second"))
        #expect(running.remains.isEmpty)
    }

    /// Also when the workers have hardly begun.
    @Test(arguments: checks.filter { $0.contains("processes") })
    func youngWorkersLeaveItToTheOwner(_ check: [String]) throws {
        for _ in 0..<3 {
            let running = try Self.start(
                check + ["-j", "8"], input: ToolFaultTests.lines([ProcessTests.longNumber]))
            #expect(Self.isReady(running))
            usleep(UInt32.random(in: 0...10_000))
            kill(-running.id, SIGTERM)
            #expect(running.endsSoon)
            let outcome = running.finish()
            #expect(!outcome.wasSignalled && outcome.status == 143)
            #expect(outcome.error.split(separator: "\n").count == 1, "\(outcome.error)")
            #expect(outcome.error.hasPrefix("primality: ended by SIGTERM: 0 numbers were tested, "))
            #expect(running.remains.isEmpty)
        }
    }

    @Test(arguments: others)
    func everyCommandSaysWhatWasDone(_ arguments: [String]) throws {
        let running = try Self.start(arguments)
        #expect(Self.isReady(running))
        kill(-running.id, SIGHUP)
        #expect(running.endsSoon)
        let outcome = running.finish()
        #expect(!outcome.wasSignalled && outcome.status == 129)
        #expect(outcome.error.contains("primality: ended by SIGHUP: "), "\(outcome.error)")
        #expect(running.remains.isEmpty)
    }

    @Test(arguments: checks)
    func whatIsIgnoredStaysIgnored(_ check: [String]) throws {
        let input = Pipe()
        let running = try Self.start(check, ignoring: "HUP,INT,QUIT,TERM", from: input)
        try input.fileHandleForWriting.write(contentsOf: Data("7\n".utf8))
        #expect(eventually { running.output == "7: prime\n" })
        let family = Self.family(running)
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] { kill(-running.id, signal) }
        usleep(50_000)
        #expect(Self.family(running) == family)
        try input.fileHandleForWriting.write(contentsOf: Data("11\n".utf8))
        try input.fileHandleForWriting.close()
        let outcome = running.finish()
        #expect(!outcome.wasSignalled && outcome.status == 0)
        #expect(outcome.output == "7: prime\n11: prime\n")
        #expect(outcome.error.isEmpty)
    }

    /// One of them that is meant alone does not go either; its owner ends it.
    @Test(arguments: checks.filter { $0.contains("shm") })
    func aWorkerLeavesWhatIsSentToItAlone(_ check: [String]) throws {
        let running = try Self.busy(check)
        let family = Self.family(running)
        #expect(family.count == (check.contains("swift") ? 3 : 2))
        for process in family {
            for signal in [SIGHUP, SIGINT, SIGTERM] { kill(process, signal) }
        }
        usleep(50_000)
        #expect(Self.family(running) == family)
        kill(running.id, SIGINT)
        #expect(running.endsSoon)
        #expect(running.finish().status == 130)
        #expect(running.remains.isEmpty)
    }

    @Test(arguments: checks.filter { $0.contains("processes") })
    func nothingThatIsStoppedHoldsUpItsOwner(_ check: [String]) throws {
        for isEveryone in check.contains("swift") ? [false, true] : [true] {
            let running = try Self.busy(check)
            let stopped = isEveryone ? Array(Self.family(running)) : running.children
            #expect(!stopped.isEmpty)
            for process in stopped { kill(process, SIGSTOP) }
            kill(running.id, SIGINT)
            #expect(running.endsSoon)
            let outcome = running.finish()
            #expect(outcome.status == 130)
            #expect(outcome.output == Self.done)
            #expect(outcome.error.split(separator: "\n").count == 1, "\(outcome.error)")
            #expect(running.remains.isEmpty)
        }
    }

    /// A worker that dies is replaced, though the nursery was stopped.
    @Test func aStoppedNurseryIsContinuedWhenItIsNeeded() throws {
        let input = Pipe()
        let running = try Self.start(
            ["check", "--pool", "processes", "--worker", "swift", "-j", "2"], from: input)
        try input.fileHandleForWriting.write(contentsOf: Data("7\n".utf8))
        #expect(eventually { running.output == "7: prime\n" })
        let nursery = try #require(running.children.first)
        let workers = processes { $0.parent == nursery }
        #expect(workers.count == 2)
        kill(nursery, SIGSTOP)
        for worker in workers { kill(worker, SIGKILL) }
        #expect(
            eventually {
                let others = processes { $0.parent == nursery }
                return others.count == 2 && Set(others).isDisjoint(with: workers)
            })
        try input.fileHandleForWriting.write(contentsOf: Data("11\n".utf8))
        try input.fileHandleForWriting.close()
        let outcome = running.finish()
        #expect(outcome.status == 0)
        #expect(outcome.output == "7: prime\n11: prime\n")
        #expect(running.remains.isEmpty)
    }

    @Test(arguments: [
        ["spin", "--seconds", "600", "--model", "process"],
        ["models", "pool", "--workers", "processes", "--engine", "swift-trial"]
            + [String](repeating: "9223372036854775783", count: 200),
    ])
    func norDoModelsWhoseProcessesAreStopped(_ arguments: [String]) throws {
        let running = try Self.start(arguments)
        #expect(Self.isReady(running))
        #expect(eventually { !running.children.isEmpty })
        usleep(100_000)
        for process in running.children { kill(process, SIGSTOP) }
        kill(running.id, SIGINT)
        #expect(running.endsSoon)
        #expect(running.finish().status == 130)
        #expect(running.remains.isEmpty)
    }
}
