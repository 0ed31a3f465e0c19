// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What happens to the tool as a process: pipes, signals, full disks, killed workers.
@Suite(.timeLimit(.minutes(15))) struct ProcessTests {
    static let pools = ["serial", "threads", "processes", "tasks", "actors"]
    static let channels = ["pipe", "socket", "shm"]

    /// 2²¹⁶⁰⁹¹ − 1, a prime of 65,050 digits: a test takes minutes.
    static let longNumber = "0x7" + String(repeating: "F", count: 54022)

    /// A prime of 65 bits.
    static let primeAbove2To64 = "18446744073709551629"

    @Test func aWriteErrorIsReported() throws {
        for command in [
            "exec \"$P\" check 7 > /dev/full", "exec \"$P\" check 7 >&-",
            "exec \"$P\" info > /dev/full", "exec \"$P\" check --format csv 7 8 9 >/dev/full",
        ] {
            let outcome = try Tool.shell(command)
            #expect(outcome.status == 74, "\(command)")
            #expect(outcome.error.hasPrefix("primality: standard output: "), "\(command)")
        }
    }

    @Test func aClosedInputIsReported() throws {
        let outcome = try Tool.shell("exec \"$P\" check <&-")
        #expect(outcome.status == 2)
        #expect(outcome.error.hasPrefix("primality: standard input: "))
    }

    @Test(arguments: pools)
    func aReaderThatGoesAwayEndsItQuietly(_ pool: String) throws {
        let outcome = try Tool.shell(
            "{ seq 1 2000000 | \"$P\" check --pool \(pool); echo \"$?\" >&2; } | head -n 1")
        #expect(outcome.output == "1: neither\n")
        #expect(outcome.error == "141\n")
        let ignored = try Tool.shell(
            "trap '' PIPE; { \"$P\" check --pool \(pool) --file /dev/stdin; echo \"$?\" >&2; } | head -n 1",
            input: Data((1...200_000).map(String.init).joined(separator: "\n").utf8))
        #expect(ignored.error == "141\n")
    }

    @Test(arguments: pools)
    func eachLineIsAnsweredBeforeTheNextIsSent(_ pool: String) throws {
        let process = Process()
        let input = Pipe()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: Tool.path)
        process.arguments = ["check", "--pool", pool, "-j", "2"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        for n in [7, 8, 9] {
            try input.fileHandleForWriting.write(contentsOf: Data("\(n)\n".utf8))
            let answer = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            #expect(answer == "\(n): \(n == 7 ? "prime" : "composite")\n")
        }
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test(arguments: pools, [SIGINT, SIGTERM])
    func aSignalEndsALongTestAndKeepsWhatWasDone(_ pool: String, _ signal: Int32) throws {
        let input = Data("7\n\(Self.longNumber)\n11\n\(Self.longNumber)\n".utf8)
        let running = try Tool.start(
            ["check", "--pool", pool, "-j", "2", "--chunk", "1"], input: input)
        #expect(eventually { running.output.contains("7: prime\n") })
        let children = running.children
        #expect(children.count == (pool == "processes" ? 2 : 0))
        kill(running.process.processIdentifier, signal)
        #expect(running.endsSoon)
        let outcome = running.finish()
        #expect(!outcome.wasSignalled)
        #expect(outcome.status == 128 + signal)
        #expect(outcome.output.hasPrefix("7: prime\n"))
        #expect(outcome.error.contains("ended by \(signal == SIGINT ? "SIGINT" : "SIGTERM"): "))
        #expect(outcome.error.contains(" tested, "))
        #expect(eventually { children.allSatisfy { kill($0, 0) != 0 } })
    }

    @Test func aSignalEndsAWaitForInput() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Tool.path)
        process.arguments = ["check"]
        process.standardInput = Pipe()
        process.standardError = Pipe()
        try process.run()
        usleep(200_000)
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
    }

    @Test(arguments: channels)
    func everyChannelGivesTheSameLines(_ channel: String) throws {
        let input = Data((1...20_000).map(String.init).joined(separator: "\n").utf8)
        let expected = try Tool.run(["check", "--pool", "serial"], input: input)
        for chunk in ["1", "100", "20000"] {
            let found = try Tool.run(
                [
                    "check", "--pool", "processes", "--channel", channel, "-j", "2", "--chunk",
                    chunk,
                ], input: input)
            #expect(found.status == 0 && found.error.isEmpty)
            #expect(found.output == expected.output, "chunks of \(chunk)")
        }
    }

    @Test(arguments: channels)
    func aNumberThatTakesTooLongIsReported(_ channel: String) throws {
        let input = Data("5\n\(Self.longNumber)\n7\n".utf8)
        let outcome = try Tool.run(
            [
                "check", "--pool", "processes", "--channel", channel, "-j", "2", "--chunk", "3",
                "--timeout", "0.3",
            ], input: input)
        #expect(outcome.status == 3)
        #expect(outcome.output == "5: prime\n\(Self.longNumber): timed-out\n7: prime\n")
        #expect(outcome.error.contains(": not tested: its time was over"))
    }

    /// In each format at its place, and as bad as the table of exit statuses has it.
    @Test(arguments: [
        ("text", "7: prime", "M(216091): timed-out"),
        (
            "jsonl", #"{"i":0,"input":"7","bits":3,"verdict":"prime""#,
            #"{"i":1,"input":"M(216091)","bits":216091,"verdict":"timed-out"}"#
        ),
        ("csv", "0,7,3,prime,", "1,M(216091),216091,timed-out,,,,,,,,"),
        ("pfgw", "7 is prime!", "M(216091) is not tested: timed out"),
    ])
    func aNumberThatIsUndecidedHasALine(_ format: String, _ first: String, _ line: String) throws {
        let undecided = [
            "check", "--pool", "processes", "-j", "2", "--timeout", "0.2", "7", "M(216091)", "11",
        ]
        let outcome = try Tool.run(undecided + ["--format", format])
        #expect(outcome.status == 3)
        let lines = outcome.lines.suffix(3)
        #expect(lines.count == 3 && lines.first?.hasPrefix(first) == true)
        #expect(lines.dropFirst().first == line)
        if format == "csv" {
            let columns = outcome.lines.map { $0.count { $0 == "," } }
            #expect(Set(columns) == [11])
        }
        // A worse status wins, and a better one does not.
        #expect(try Tool.run(undecided + ["--format", format, "9"]).status == 3)
        #expect(try Tool.run(undecided + ["--format", format, "x"]).status == 2)
        if format == "text" {
            for (more, status) in [([], 3), (["9"], 3), (["x"], 2)] as [([String], Int32)] {
                let quiet = try Tool.run(undecided + ["-q"] + more)
                #expect(quiet.status == status && quiet.output == "")
            }
        }
    }

    @Test(arguments: ["kernel", "swift", "exec"])
    func aStopOfTheJobIsNoTestsTime(_ worker: String) throws {
        // Some milliseconds each.
        let numbers = (0..<60).map { "(2^\(3000 + 2 * $0)+\(2 * $0 + 1))*2^5+7\n" }.joined()
        let running = try Tool.start(
            [
                "check", "--pool", "processes", "--worker", worker, "-j", "1", "--chunk", "1",
                "--timeout", "2",
            ], input: Data(numbers.utf8))
        #expect(eventually { running.outputSize > 0 })
        kill(-running.id, SIGSTOP)
        usleep(2_500_000)
        kill(-running.id, SIGCONT)
        let outcome = running.finish()
        #expect(outcome.status == 0 && outcome.error.isEmpty, "\(outcome.error)")
        #expect(outcome.lines.count == 60)
    }

    @Test func optionsOfProcessesAreRefusedElsewhere() throws {
        for (options, words) in [
            (["--channel", "shm"], "--channel is for --pool processes, not for threads"),
            (["--pool", "processes", "--channel", "tube"], "one of pipe, socket, shm"),
            (["--pool", "tasks", "--timeout", "1"], "--timeout needs --pool processes"),
            (["--pool", "processes", "--timeout", "0"], "--timeout 0.0 is out of range"),
            (["--pool", "processes", "--timeout", "nan"], "--timeout nan is out of range"),
        ] {
            let outcome = try Tool.run(["check", "7"] + options)
            #expect(outcome.status == 64)
            #expect(outcome.error.contains(words), "\(options)")
        }
    }

    @Test func aKilledWorkerCostsNothing() throws {
        let count = 400_000
        let input = Data((1...count).map { String($0 + 1 << 40) }.joined(separator: "\n").utf8)
        let expected = try Tool.run(["check", "--pool", "serial"], input: input)
        // At its exit LeakSanitizer has a child too, and waits for ever when that is killed.
        let running = try Tool.start(
            ["check", "--pool", "processes", "-j", "2", "--chunk", "2000"], input: input,
            environment: ["ASAN_OPTIONS": "detect_leaks=0"])
        var killed = 0
        while running.process.isRunning {
            if let child = running.children.randomElement(), kill(child, SIGKILL) == 0 {
                killed += 1
            }
            usleep(20_000)
        }
        let outcome = running.finish()
        #expect(killed > 0)
        // A chunk may meet two of the kills; then its numbers are named, and the rest is whole.
        let failed = outcome.error.split(separator: "\n").count { $0.contains(": not tested: ") }
        #expect(outcome.status == (failed == 0 ? 0 : 3))
        #expect(outcome.lines.count == count)
        let tested = outcome.lines.filter { !$0.hasSuffix(": failed") }
        #expect(tested.count + failed == count)
        #expect(Set(tested).isSubset(of: Set(expected.lines)))
    }

    @Test func aWorkerKilledWhileItSharesANumberCostsNothing() throws {
        // 2⁶⁴ − 59 and products of two primes of 32 bits.
        let factors: [(String, String?)] = [
            ("18446744073709551557", nil), ("18446744030759878681", "4294967291"),
            ("12000003085000019057", "3000000019"), ("18446744073709551557", nil),
        ]
        let running = try Tool.start(
            [
                "check", "--engine", "trial", "--pool", "processes", "-j", "2", "--format", "csv",
            ], input: Data(factors.map(\.0).joined(separator: "\n").utf8),
            environment: ["ASAN_OPTIONS": "detect_leaks=0"])
        var killed = 0
        while running.process.isRunning {
            if let child = running.children.randomElement(), kill(child, SIGKILL) == 0 {
                killed += 1
            }
            usleep(30_000)
        }
        let outcome = running.finish()
        #expect(killed > 0)
        // As above: a part may meet two of the kills.
        let failed = outcome.error.split(separator: "\n").count { $0.contains(": not tested: ") }
        #expect(outcome.status == (failed == 0 ? 0 : 3))
        let lines = outcome.lines.dropFirst().filter { !$0.contains(",failed,") }
        #expect(outcome.lines.count == factors.count + 1)
        #expect(lines.count + failed == factors.count)
        for line in lines {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            let factor = factors[Int(fields[0]) ?? 0].1
            #expect(fields[3] == (factor == nil ? "prime" : "composite"))
            #expect(fields[6] == factor ?? "")
        }
    }

    @Test func aNumberThatEndsTwoWorkersIsReported() throws {
        let input = Data("\(Self.longNumber)\n7\n".utf8)
        let running = try Tool.start(
            ["check", "--pool", "processes", "-j", "1", "--chunk", "1"], input: input)
        // Two that hold it; on a busy machine one may be ended before the number has come to it.
        var last: Int32 = 0
        for _ in 0..<20 {
            var child: Int32 = 0
            #expect(
                eventually {
                    child = running.children.first ?? 0
                    return child != 0 && child != last || running.error.contains("twice")
                })
            if running.error.contains("twice") { break }
            usleep(200_000)
            kill(child, SIGKILL)
            last = child
        }
        let outcome = running.finish()
        #expect(outcome.status == 3)
        #expect(outcome.output == "\(Self.longNumber): failed\n7: prime\n")
        #expect(outcome.error.contains("ended by SIGKILL, twice"))
    }

    @Test func moreWorkersThanTheSystemGivesIsNoError() throws {
        let outcome = try Tool.shell(
            "ulimit -n 24; exec \"$P\" check --pool processes -j 64 7 8 9")
        #expect(outcome.output == "7: prime\n8: composite\n9: composite\n")
        #expect(outcome.error.contains(" of 64 workers were started, and go on without the others"))
        #expect(outcome.status == 0)
    }
}
