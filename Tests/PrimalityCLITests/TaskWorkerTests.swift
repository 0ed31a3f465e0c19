// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Worker processes that run Swift: those of a program of Tests/TaskWorkers, and of the tool.
@Suite(.timeLimit(.minutes(15))) struct TaskWorkerTests {
    static let kinds = ["swift", "exec"]

    private static func run(
        _ arguments: String..., environment: [String: String] = [:]
    ) throws -> Tool.Outcome {
        try Tool.start(
            arguments, of: TestFiles.products.appendingPathComponent("task-workers").path,
            environment: environment
        ).finish()
    }

    /// What the program prints when all went well, but for some numbers.
    private static func lines(_ others: [Int: String] = [:]) -> [String] {
        (1...12).map { n in
            let verdict = n == 1 ? "neither" : [2, 3, 5, 7, 11].contains(n) ? "prime" : "composite"
            return "\(n) \(others[n] ?? verdict)"
        }
    }

    @Test(arguments: kinds, ["pipe", "socket", "shm"])
    func theyRunAnySwift(_ kind: String, _ channel: String) throws {
        for task in ["decides", "uses tasks", "prints", "starts a program"] {
            let outcome = try Self.run(kind, channel, task)
            #expect(outcome.lines == Self.lines() + ["12"], "\(task): \(outcome.error)")
        }
    }

    /// In the second run of a fleet whose first one went the same way.
    @Test(arguments: kinds, ["pipe", "socket", "shm"])
    func inAFleetTheyDoTheSame(_ kind: String, _ channel: String) throws {
        for (task, others) in [
            ("decides", [:]),
            ("traps at 7", [7: "not tested: its worker was ended by SIGILL, twice"]),
            ("hangs at 7", [7: "not tested: its time was over"]),
        ] {
            let outcome = try Self.run(kind, channel, task, "fleet")
            let end = others[7] ?? "12"
            #expect(outcome.lines == Self.lines(others) + [end], "\(task): \(outcome.error)")
        }
    }

    @Test(arguments: ["kernel"] + kinds, ["pipe", "socket", "shm"])
    func aFleetRunsEveryEngineInTurn(_ kind: String, _ channel: String) throws {
        let outcome = try Self.run(kind, channel, "engines")
        #expect(outcome.lines == ["all agree"], "\(outcome.output)")
    }

    /// A fleet that waits for a run, as a server's does most of the time.
    @Test(arguments: ["kernel"] + kinds, [true, false])
    func aFleetDoesNotOutliveItsProgram(_ kind: String, _ isKilled: Bool) throws {
        let process = Process()
        process.executableURL = TestFiles.products.appendingPathComponent("task-workers")
        process.arguments = [kind, "shm", "waits"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = Pipe()
        try process.run()
        let answer = Data("[prime, composite]\n".utf8)
        #expect(output.fileHandleForReading.availableData == answer)
        let owner = process.processIdentifier
        let children = processes { $0.parent == owner }
        let all = children + processes { children.contains($0.parent) }
        // The program forks a nursery for all of them.
        #expect(all.count == 3)
        if isKilled {
            kill(owner, SIGKILL)
        } else {
            try input.fileHandleForWriting.close()
            #expect(output.fileHandleForReading.availableData == answer)
        }
        process.waitUntilExit()
        #expect(process.terminationReason == (isKilled ? .uncaughtSignal : .exit))
        #expect(eventually { processes { _ in true }.filter(all.contains).isEmpty })
    }

    @Test(arguments: kinds, ["pipe", "shm"])
    func whatTheyThrowIsTheFailureOfTheChunk(_ kind: String, _ channel: String) throws {
        let thrown =
            "not tested: its task threw an error: no sevens, please: "
            + String(repeating: "é", count: 50)
        let outcome = try Self.run(kind, channel, "throws at 7")
        // What does not fit is cut; 7 and 8 are one chunk.
        #expect(
            outcome.lines.map { String($0.prefix(100)) }
                == (Self.lines([7: thrown, 8: thrown]) + [thrown]).map { String($0.prefix(100)) })
        let short = try Self.run(kind, channel, "is short")
        #expect(short.lines.first?.hasSuffix("1 verdicts on 2 numbers") == true)
        #expect(short.lines.count == 13)
    }

    @Test(arguments: kinds, ["socket", "shm"])
    func theNumberThatEndsThemIsAlone(_ kind: String, _ channel: String) throws {
        for (task, failure) in [
            ("traps at 7", "not tested: its worker was ended by SIGILL, twice"),
            ("exits at 7", "not tested: its worker exited with status 0, twice"),
            ("hangs at 7", "not tested: its time was over"),
        ] {
            let outcome = try Self.run(kind, channel, task)
            #expect(outcome.lines == Self.lines([7: failure]) + [failure], "\(outcome.error)")
        }
    }

    /// What the program prints when all went well and the task gives evidence, but for some numbers.
    private static func linesWithEvidence(_ others: [Int: String] = [:]) -> [String] {
        let lengths = [
            1: 0, 2: 1, 3: 63, 4: 64, 5: 65, 6: 4096, 7: 1 << 20, 8: 64, 9: 20 << 20, 12: 7,
        ]
        return zip(1..., lines()).map { n, line in
            others[n].map { "\(n) \($0)" } ?? lengths[n].map { "\(line) \($0) bytes" } ?? line
        }
    }

    @Test(arguments: kinds, ["pipe", "socket", "shm"])
    func theirEvidenceTravelsWhole(_ kind: String, _ channel: String) throws {
        let outcome = try Self.run(kind, channel, "proves")
        // In memory only the verdicts count: the last line.
        #expect(outcome.lines == Self.linesWithEvidence() + ["12"], "\(outcome.error)")
    }

    @Test(arguments: kinds, ["pipe", "socket", "shm"])
    func evidenceIsThereOnceThoughItsWorkerWasKilled(_ kind: String, _ channel: String) throws {
        let mark = FileManager.default.temporaryDirectory
            .appendingPathComponent("mark-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: mark) }
        let outcome = try Self.run(
            kind, channel, "proves but is killed once at 9",
            environment: ["TASK_WORKERS_MARK": mark])
        #expect(outcome.lines == Self.linesWithEvidence() + ["12"], "\(outcome.error)")
        // It was killed.
        #expect(FileManager.default.fileExists(atPath: mark))
    }

    @Test(arguments: kinds, ["pipe", "socket", "shm"])
    func theEvidenceOfAHalvedChunkIsKept(_ kind: String, _ channel: String) throws {
        let failure = "not tested: its worker was ended by SIGILL, twice"
        let outcome = try Self.run(kind, channel, "proves but traps at 7")
        #expect(
            outcome.lines == Self.linesWithEvidence([7: failure]) + [failure], "\(outcome.error)")
    }

    @Test(arguments: kinds, ["pipe", "socket", "shm"])
    func theyGetTheFormsOfCandidates(_ kind: String, _ channel: String) throws {
        func lines(_ others: [Int: String] = [:]) -> [String] {
            zip(1..., Self.lines()).map { n, line in
                if let other = others[n] { return "\(n) \(other)" }
                if n % 5 == 0 { return line }
                let c = n - 2
                return line + " 2^1" + (c == 0 ? "" : c > 0 ? "+\(c)" : "\(c)")
            }
        }
        let outcome = try Self.run(kind, channel, "forms")
        #expect(outcome.lines == lines() + ["12"], "\(outcome.error)")
        // The replay of a chunk has them, and so have its halves.
        let mark = FileManager.default.temporaryDirectory
            .appendingPathComponent("mark-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: mark) }
        let killed = try Self.run(
            kind, channel, "forms but is killed once at 9",
            environment: ["TASK_WORKERS_MARK": mark])
        #expect(killed.lines == lines() + ["12"], "\(killed.error)")
        #expect(FileManager.default.fileExists(atPath: mark))
        let failure = "not tested: its worker was ended by SIGILL, twice"
        let halved = try Self.run(kind, channel, "forms but traps at 7")
        #expect(halved.lines == lines([7: failure]) + [failure], "\(halved.error)")
    }

    @Test(arguments: kinds, ["pipe", "shm"])
    func evidenceHasABound(_ kind: String, _ channel: String) throws {
        // Gigabytes that nobody looks at are slow there.
        if TestFiles.sanitizer != nil { return }
        let failure =
            "not tested: its task threw an error: 1073741826 bytes of evidence; a chunk may have "
            + "1073741824"
        let outcome = try Self.run(kind, channel, "proves too much at 3")
        #expect(
            outcome.lines.prefix(12) == Self.linesWithEvidence([3: failure, 4: failure])[...],
            "\(outcome.error)")
    }

    @Test(arguments: ["pipe", "socket", "shm"])
    func evidenceThatFindsNoMemoryIsItsNumbersFailure(_ channel: String) throws {
        // A sanitizer's memory is another matter.
        if TestFiles.sanitizer != nil { return }
        let outcome = try Self.run("swift", channel, "proves more than the owner has room for at 3")
        #expect(
            outcome.lines == Self.linesWithEvidence([3: "out of memory"]) + ["out of memory"],
            "\(outcome.error)")
    }

    @Test func whatCannotBeHadIsSaid() throws {
        for (arguments, words) in [
            (["too late"], "too late for ProcessPool.bootstrap(): the process has "),
            (["kernel", "shm", "decides"], "no task decides that such workers could run"),
            (["swift", "shm", "unknown"], "no task unknown that such workers could run"),
            (["swift", "shm", "decides", "no nursery"], "workers of kind swift need"),
            (["exec", "shm", "decides", "no bootstrap"], "workers of kind exec need"),
        ] {
            let outcome = try Tool.start(
                arguments, of: TestFiles.products.appendingPathComponent("task-workers").path
            ).finish()
            #expect(outcome.status == 1)
            #expect(outcome.output.contains("error: \(words)"), "\(outcome.output)")
        }
        let outcome = try Tool.run(["check", "7"], environment: ["PRIMALITY_WORKER": "2:1"])
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("no pool started this process: unset it"))
    }

    @Test(arguments: kinds, ["pipe", "socket", "shm"])
    func theToolHasThemToo(_ kind: String, _ channel: String) throws {
        let input = Data((1...5000).map(String.init).joined(separator: "\n").utf8)
        let options = ["check", "--pool", "processes", "--worker", kind, "--channel", channel]
        for engine in ["auto", "gmp", "swift-u64", "trial", "swift-trial"] {
            let expected = try Tool.run(["check", "--engine", engine], input: input)
            let found = try Tool.run(options + ["-j", "2", "--engine", engine], input: input)
            #expect(found.status == 0 && found.error.isEmpty, "\(found.error)")
            #expect(found.output == expected.output, "\(engine)")
        }
        // The evidence as well, and the same random bases.
        let number = [ProcessTests.primeAbove2To64, "--seed", "1", "--format", "csv", "--res64"]
        func withoutTime(_ outcome: Tool.Outcome) throws -> [[Substring]] {
            var rows = outcome.lines.map {
                $0.split(separator: ",", omittingEmptySubsequences: false)
            }
            let time = try #require(rows.first?.firstIndex(of: "cpu_ns"))
            for i in rows.indices { rows[i].remove(at: time) }
            return rows
        }
        let expected = try Tool.run(["check"] + number)
        let found = try Tool.run(options + number)
        #expect(
            try withoutTime(found) == withoutTime(expected), "\(found.output) \(expected.output)")
    }

    @Test(arguments: kinds, [true, false])
    func theyDoNotOutliveTheirOwner(_ kind: String, _ areBusy: Bool) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Tool.path)
        process.arguments = [
            "check", "--pool", "processes", "--worker", kind, "-j", "3", "--chunk", "1",
        ]
        let input = Pipe()
        process.standardInput = input
        process.standardError = Pipe()
        try process.run()
        let owner = process.processIdentifier
        if areBusy {
            let numbers = String(repeating: ProcessTests.longNumber + "\n", count: 4)
            try input.fileHandleForWriting.write(contentsOf: Data(numbers.utf8))
        }
        /// The workers, and the nursery.
        func family() -> [Int32] {
            let children = processes { $0.parent == owner }
            return children + processes { children.contains($0.parent) }
        }
        #expect(eventually { family().count == (kind == "swift" ? 4 : 3) })
        let all = family()
        kill(owner, SIGKILL)
        process.waitUntilExit()
        #expect(eventually { processes { _ in true }.filter(all.contains).isEmpty })
    }

    @Test func theNurserysEndIsTheRuns() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Tool.path)
        process.arguments = ["check", "--pool", "processes", "--worker", "swift", "-j", "2"]
        process.environment = ProcessInfo.processInfo.environment
            .merging(["ASAN_OPTIONS": "detect_leaks=0"]) { $1 }
        let (input, output, error) = (Pipe(), Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = error
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data("7\n".utf8))
        #expect(output.fileHandleForReading.availableData == Data("7: prime\n".utf8))
        let owner = process.processIdentifier
        let nursery = try #require(
            processes { $0.parent == owner && $0.name == "prk-nursery" }.first)
        let workers = processes { $0.parent == nursery }
        #expect(workers.count == 2)
        kill(nursery, SIGKILL)
        #expect(eventually { processes { _ in true }.filter(workers.contains).isEmpty })
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 70)
        let text = String(decoding: error.fileHandleForReading.availableData, as: UTF8.self)
        #expect(text.contains("the process that forks them has ended"), "\(text)")
    }

    @Test(arguments: kinds)
    func aSignalEndsALongTest(_ kind: String) throws {
        let running = try Tool.start(
            [
                "check", "--pool", "processes", "--worker", kind, "-j", "2", "--chunk", "1",
                "--order", "done",
            ], input: Data("\(ProcessTests.longNumber)\n7\n".utf8))
        // The long one, read before it, is under way.
        #expect(eventually { running.output == "7: prime\n" })
        kill(running.process.processIdentifier, SIGINT)
        let outcome = running.finish()
        #expect(outcome.status == 130)
        #expect(outcome.error.contains("1 number was tested, 1 that was read was not"))
    }

    @Test(arguments: kinds)
    func aKilledOneCostsNothing(_ kind: String) throws {
        let input = Data((1...60_000).map(String.init).joined(separator: "\n").utf8)
        let expected = try Tool.run(["check"], input: input)
        let running = try Tool.start(
            [
                "check", "--pool", "processes", "--worker", kind, "-j", "3", "--chunk", "10",
                "--engine", "gmp",
            ], input: input, environment: ["ASAN_OPTIONS": "detect_leaks=0"])
        let owner = running.process.processIdentifier
        var kills = 0
        while running.process.isRunning && kills < 20 {
            let children = processes { $0.parent == owner }
            let workers =
                kind == "swift" ? processes { children.contains($0.parent) } : children
            if let worker = workers.randomElement() {
                kill(worker, SIGKILL)
                kills += 1
            }
            usleep(10_000)
        }
        let outcome = running.finish()
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output == expected.output)
    }
}
