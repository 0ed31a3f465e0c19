// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What the system may refuse the tool: streams, room on the disk, processes, descriptors, memory.
@Suite(.timeLimit(.minutes(15)), .serialized) struct ToolLimitTests {
    /// Runs a shell command in which $P is the tool; nothing may be left afterwards.
    private static func shell(
        _ command: String, input: Data = Data(), environment: [String: String] = [:]
    ) throws -> Tool.Outcome {
        let running = try Tool.start(
            ["-c", command], of: "/bin/sh", input: input,
            environment: environment.merging(["P": Tool.path]) { $1 })
        let outcome = running.finish()
        #expect(running.remains.isEmpty, "\(command)")
        return outcome
    }

    private static let three = "7: prime\n8: composite\n9: composite\n"

    @Test(arguments: PoolChoice.all)
    func aReaderThatGoesAwayLeavesNothing(_ choice: PoolChoice) throws {
        let input = ToolFaultTests.lines((1...200_000).map(String.init))
        let outcome = try Self.shell(
            "{ \(choice.command); echo \"$?\" >&2; } | head -n 1", input: input)
        #expect(outcome.output == "1: neither\n")
        #expect(outcome.error == "141\n")
    }

    @Test(arguments: PoolChoice.all)
    func aFullDeviceIsReported(_ choice: PoolChoice) throws {
        let input = ToolFaultTests.lines((1...10_000).map(String.init))
        let outcome = try Self.shell("exec \(choice.command) --chunk 10 > /dev/full", input: input)
        #expect(outcome.status == 74 && !outcome.wasSignalled)
        #expect(outcome.error == "primality: standard output: No space left on device\n")
    }

    @Test(
        .enabled(
            if: TestFiles.sanitizer != "thread", "ThreadSanitizer does not start under ulimit -f"),
        arguments: PoolChoice.all)
    func aFullDiskHasTheBeginning(_ choice: PoolChoice) throws {
        let input = ToolFaultTests.lines((1...10_000).map(String.init))
        let outcome = try Self.shell("ulimit -f 8; exec \(choice.command)", input: input)
        #expect(outcome.status == 74 && !outcome.wasSignalled)
        #expect(outcome.error == "primality: standard output: File too large\n")
        let expected = try ToolFaultTests.expected(input)
        #expect(expected.hasPrefix(outcome.output))
        // In units of 512 bytes, or of 1024 in some shells.
        #expect([4096, 8192].contains(outcome.output.utf8.count))
    }

    @Test(arguments: PoolChoice.all)
    func streamsMayBeClosed(_ choice: PoolChoice) throws {
        for (streams, status, output) in [
            ("<&-", 0, Self.three), ("2>&-", 0, Self.three), ("<&- 2>&-", 0, Self.three),
            (">&-", 74, ""), ("<&- >&-", 74, ""), ("<&- >&- 2>&-", 74, ""),
        ] as [(String, Int32, String)] {
            let outcome = try Self.shell("exec \(choice.command) 7 8 9 \(streams)")
            #expect(outcome.status == status && !outcome.wasSignalled, "\(streams)")
            #expect(outcome.output == output, "\(streams)")
        }
        let outcome = try Self.shell("exec \(choice.command) <&-")
        #expect(outcome.status == 2 && outcome.output.isEmpty)
        #expect(outcome.error.hasPrefix("primality: standard input: "))
    }

    @Test(arguments: PoolChoice.all)
    func nothingInNothingOut(_ choice: PoolChoice) throws {
        for input in ["", "\n\n", "# nothing\n"] {
            let outcome = try Tool.run(choice.check(5), input: Data(input.utf8))
            #expect(outcome.status == 0)
            #expect(outcome.output.isEmpty && outcome.error.isEmpty)
        }
    }

    @Test(arguments: PoolChoice.all)
    func moreWorkersThanNumbers(_ choice: PoolChoice) throws {
        for chunk in ["1", "1000000"] {
            let outcome = try Tool.run(choice.check(64) + ["--chunk", chunk, "7", "8", "9"])
            #expect(outcome.status == 0)
            #expect(outcome.output == Self.three && outcome.error.isEmpty)
        }
    }

    @Test(arguments: PoolChoice.all)
    func chunksOfOneNumber(_ choice: PoolChoice) throws {
        let count = TestFiles.scaled(50_000)
        let input = ToolFaultTests.lines((1...count).map(String.init))
        let running = try Tool.start(choice.check + ["--chunk", "1"], input: input)
        let outcome = running.finish()
        #expect(outcome.status == 0 && outcome.error.isEmpty)
        // Not by #expect, which would print both.
        let isEqual = outcome.output == (try ToolFaultTests.expected(input))
        #expect(isEqual)
        #expect(running.remains.isEmpty)
    }

    /// A run under a limit ends by itself, with all results or with none and the reason.
    private static func check(_ outcome: Tool.Outcome, _ limit: String) {
        #expect(!outcome.wasSignalled && outcome.status < 128, "\(limit): \(outcome)")
        if outcome.status == 0 {
            #expect(outcome.output == three, "\(limit): \(outcome)")
            // That there are fewer workers is said.
            let text = outcome.error
            #expect(text.isEmpty || text.contains(" workers were started"), "\(limit): \(text)")
        } else {
            #expect(outcome.output.isEmpty && !outcome.error.isEmpty, "\(limit): \(outcome)")
        }
    }

    // What others do under these limits is up to Dispatch, which ends the program or waits for ever.
    private static let ourOwn = PoolChoice.all.filter { !["tasks", "actors"].contains($0.pool) }

    @Test(arguments: ourOwn)
    func fewDescriptors(_ choice: PoolChoice) throws {
        // Sanitizers open some for themselves.
        let limits = [4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24]
        for most in limits where most >= 16 || TestFiles.sanitizer == nil {
            let outcome = try Self.shell(
                "ulimit -n \(most); exec timeout -s KILL 20 \"$P\" \(choice.check(8).joined(separator: " ")) 7 8 9"
            )
            Self.check(outcome, "\(most) descriptors")
            if most >= 16 { #expect(outcome.status == 0, "\(most): \(outcome)") }
            if outcome.status != 0 {
                #expect(outcome.error.contains("Too many open files"), "\(outcome)")
            }
        }
    }

    // The limit counts all that its user runs, and root has none: a user that runs nothing else. The
    // capability is for reading a build that lies in a folder of root's.
    private static let stranger: String = {
        let id = Int.random(in: 50_000..<60_000)
        return "setpriv --reuid \(id) --regid \(id) --clear-groups --inh-caps +dac_override "
            + "--ambient-caps +dac_override"
    }()

    private static let canBeAStranger =
        (try? Tool.shell("\(stranger) \"$P\" check 7"))?.status == 0

    @Test(.enabled(if: canBeAStranger, "needs root and setpriv"), arguments: PoolChoice.all)
    func fewProcesses(_ choice: PoolChoice) throws {
        // Sanitizers have a thread of their own.
        for most in [1, 2, 3, 4, 5, 8] {
            let outcome = try Self.shell(
                "exec timeout -s KILL 20 \(Self.stranger) prlimit --nproc=\(most) \"$P\" "
                    + "\(choice.check(20).joined(separator: " ")) 7 8 9",
                environment: ToolFaultTests.withoutLeaks)  // they need a process
            Self.check(outcome, "\(most) processes")
            if outcome.status != 0 {
                #expect(outcome.error.contains("Resource temporarily unavailable"), "\(outcome)")
            }
            if most == 1 && TestFiles.sanitizer == nil && choice.pool != "serial" {
                let reason = "none of 20 workers could be started: Resource temporarily unavailable"
                #expect(outcome.status == 70)
                #expect(outcome.error == "primality: \(reason)\n")
            }
            if most == 8 { #expect(outcome.status == 0, "\(outcome)") }
        }
    }

    @Test(
        .enabled(if: TestFiles.sanitizer == nil, "sanitizers need all of the address space"),
        arguments: ourOwn)
    func littleMemory(_ choice: PoolChoice) throws {
        func run(_ kilobytes: Int) throws -> Tool.Outcome {
            try Self.shell(
                "ulimit -v \(kilobytes); exec timeout -s KILL 20 \"$P\" \(choice.check(4).joined(separator: " ")) 7 8 9"
            )
        }
        for kilobytes in stride(from: 30_000, through: 90_000, by: 10_000) + [1_000_000] {
            var outcome = try run(kilobytes)
            // Swift's runtime crashes where it gets no memory for what describes a type. That is a window
            // of less than 250 kB, which moves with the size of the program; beside it nothing crashes.
            if outcome.wasSignalled || outcome.status == 128 + SIGSEGV {
                #expect(outcome.output.isEmpty, "\(kilobytes) kB: \(outcome)")
                outcome = try run(kilobytes + 400)
            }
            Self.check(outcome, "\(kilobytes) kB")
            if kilobytes == 1_000_000 { #expect(outcome.status == 0, "\(outcome)") }
        }
    }
}
