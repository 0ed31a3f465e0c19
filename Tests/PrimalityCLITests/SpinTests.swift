// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

private let hide = "\u{1B}[?25l"
private let show = "\u{1B}[?25h"

@Suite(.timeLimit(.minutes(15))) struct SpinTests {
    /// `primality spin` on a terminal.
    private final class OnTerminal {
        let running: Tool.Running
        private let folder: URL

        init(_ arguments: String, before: String = "") throws {
            folder = FileManager.default.temporaryDirectory
                .appendingPathComponent("primality-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            // The shell survives what the whole group is sent, to tell the status.
            running = try Tool.startOnTerminal(
                """
                trap : INT TERM QUIT HUP TSTP; cd '\(folder.path)'; \
                sh -c "\(before) echo \\$\\$ > part; mv part id; exec '\(Tool.path)' spin \(arguments)"; \
                echo $? > status
                """)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        private func number(_ file: String) -> Int32? {
            TestFiles.text(folder.appendingPathComponent(file).path)
                .flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }

        /// The process, as soon as it draws.
        func process() throws -> Int32 {
            #expect(eventually { running.output.contains(" thinking!") })
            return try #require(number("id"))
        }

        /// What was shown, and the status, as soon as all has ended.
        func finish() throws -> (output: String, status: Int32) {
            #expect(running.endsSoon)
            let outcome = running.finish()
            #expect(running.remains == [])
            return (outcome.output, try #require(number("status")))
        }

        /// How often a text was shown.
        func count(_ text: String) -> Int { running.output.components(separatedBy: text).count - 1 }
    }

    private static func isClean(_ output: String) -> Bool {
        let hidden = output.components(separatedBy: hide).count
        let last = output.components(separatedBy: hide).last ?? ""
        // Nothing but the shell's own remark follows on what shows the cursor.
        return hidden > 1 && hidden == output.components(separatedBy: show).count
            && last.contains("\r\u{1B}[K" + show)
            && last.components(separatedBy: show).last?.contains("thinking") == false
    }

    @Test(
        .enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"),
        arguments: [
            "--seconds 1", "--model process --seconds 1", "--model task --seconds 1",
            "--model task --on pool --seconds 1",
            "--model task --seconds 1 --blocking --mend executor",
        ])
    func aTerminalShowsFramesAndIsLeftClean(_ arguments: String) throws {
        let (output, status) = try OnTerminal(arguments).finish()
        #expect(status == 0)
        #expect(output.hasPrefix(hide + "\r\\ thinking!"))
        #expect(Self.isClean(output))
        let text = output.components(separatedBy: show).last ?? ""
        #expect(text.hasPrefix("slept 1 s"))
        #expect(text.contains(" frames drawn in 1."))
        // As many as it says.
        let frames = output.components(separatedBy: " thinking!").count - 1
        #expect(text.contains("\n\(frames) of "))
    }

    @Test(
        .enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"),
        arguments: ["thread", "process", "task"], [SIGINT, SIGTERM, SIGQUIT, SIGHUP])
    func aSignalLeavesTheTerminalClean(_ model: String, _ signal: Int32) throws {
        for isForTheGroup in [false, true] {
            let spin = try OnTerminal("--model \(model) --seconds 600")
            let id = try spin.process()
            #expect(kill(isForTheGroup ? -getpgid(id) : id, signal) == 0)
            let (output, status) = try spin.finish()
            #expect(status == 128 + signal)
            #expect(Self.isClean(output))
            if signal != SIGQUIT {
                #expect(output.contains("ended by SIG"))
                #expect(output.contains(": the job was not finished"))
            }
        }
    }

    @Test(
        .enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"),
        arguments: [SIGABRT, SIGSEGV, SIGUSR1, 40])
    func soDoesAnyOtherSignalThatEndsIt(_ signal: Int32) throws {
        let spin = try OnTerminal("--seconds 600", before: "ulimit -c 0;")
        let id = try spin.process()
        #expect(kill(id, signal) == 0)
        let (output, status) = try spin.finish()
        #expect(status == 128 + signal)
        #expect(Self.isClean(output))
    }

    @Test(.enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"))
    func aStoppedSpinnerIsNotWaitedFor() throws {
        let spin = try OnTerminal("--model process --seconds 600")
        let id = try spin.process()
        let children = processes { $0.parent == id }
        #expect(children.count == 1)
        for child in children { kill(child, SIGSTOP) }
        kill(id, SIGINT)
        let (output, status) = try spin.finish()
        #expect(status == 130)
        #expect(Self.isClean(output))
    }

    @Test(.enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"))
    func aStopGivesTheCursorBackForTheTime() throws {
        let spin = try OnTerminal("--seconds 600")
        let id = try spin.process()
        kill(id, SIGTSTP)
        #expect(eventually { TestFiles.text("/proc/\(id)/stat")?.contains(") T ") == true })
        #expect(eventually { spin.count(show) == 1 })
        kill(id, SIGCONT)
        #expect(eventually { spin.count(hide) == 2 })
        kill(id, SIGINT)
        let (output, status) = try spin.finish()
        #expect(status == 130)
        #expect(Self.isClean(output))
    }

    @Test(.enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"))
    func whatIsIgnoredStaysIgnored() throws {
        let spin = try OnTerminal("--seconds 600", before: "trap '' HUP QUIT;")
        let id = try spin.process()
        for number in [SIGHUP, SIGQUIT] { kill(id, number) }
        let frames = spin.count(" thinking!")
        #expect(eventually { spin.count(" thinking!") > frames + 2 })
        kill(id, SIGINT)
        let (output, status) = try spin.finish()
        #expect(status == 130)
        #expect(Self.isClean(output))
    }

    @Test(.enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"))
    func aSpinnerProcessDiesWithItsParent() throws {
        let spin = try OnTerminal("--model process --seconds 600")
        let id = try spin.process()
        #expect(processes { $0.parent == id }.count == 1)
        kill(id, SIGKILL)
        #expect(try spin.finish().status == 137)  // and nothing remains
    }

    @Test(arguments: ["thread", "process", "task"])
    func aPipeGetsPlainText(_ model: String) throws {
        let outcome = try Tool.run(["spin", "--model", model, "--seconds", "0.5"])
        #expect(outcome.status == 0)
        #expect(outcome.error == "")
        #expect(!outcome.output.contains("\u{1B}") && !outcome.output.contains("\r"))
        #expect(outcome.lines.count == 2)
        #expect(outcome.lines.first == "slept 0.5 s")
        #expect(outcome.lines.last?.contains(" frames drawn in ") == true)
    }

    @Test(arguments: [
        "--number 1000003", "--number 0xF4243", "--number 1000003 --times 3 --engine u64",
        "--number 1000003 --model process", "--number 1000003 --model task --mend nap --nap 1000",
        "--number 1000003 --model task --mend executor",
        "--number 1000003 --model task --mend process",
        "--number 1000003 --model task --on pool --jobs 2",
    ])
    func aNumberIsTested(_ arguments: String) throws {
        let outcome = try Tool.run(
            ["spin", "--job", "prime"] + arguments.split(separator: " ").map(String.init))
        #expect(outcome.status == 0)
        #expect(outcome.lines.first == "1000003 is prime")
        #expect(outcome.lines.count == (arguments.contains("nap") ? 3 : 2))
    }

    @Test func aLargeNumberIsTestedByGMP() throws {
        let outcome = try Tool.run(
            ["spin", "--job", "prime", "--number", "170141183460469231731687303715884105757"])
        #expect(outcome.status == 0)
        #expect(outcome.lines.first?.hasSuffix(" is a probable prime") == true)
    }

    @Test func jsonIsOneObject() throws {
        let outcome = try Tool.run([
            "spin", "--job", "prime", "--number", "1000003", "--model", "task", "--mend", "nap",
            "--json",
        ])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(object["answer"] as? String == "1000003 is prime")
        #expect(object["model"] as? String == "task")
        #expect(object["on"] as? String == "loop")
        #expect(object["mend"] as? String == "nap")
        #expect(object["nap"] as? Int == 50_000)
        #expect((object["framesDue"] as? Int).map { $0 >= 1 } == true)
        #expect(object["framesDrawn"] is Int)
        for name in ["longestGapSeconds", "elapsedSeconds", "plainSeconds", "nappingSeconds"] {
            #expect(object[name] is Double)
        }
        #expect(object["jobs"] == nil)
    }

    @Test func aBlockedLoopIsSeenInTheFigures() throws {
        let outcome = try Tool.run([
            "spin", "--model", "task", "--seconds", "0.5", "--blocking", "--json",
        ])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect((object["framesDrawn"] as? Int).map { $0 <= 1 } == true)
        #expect((object["framesDue"] as? Int).map { $0 >= 6 } == true)
        #expect((object["longestGapSeconds"] as? Double).map { $0 >= 0.5 } == true)
    }

    @Test func aJobInAPipeIsEndedBySignals() throws {
        for (signal, status) in [(SIGINT, Int32(130)), (SIGTERM, 143)] {
            let running = try Tool.start(["spin", "--model", "process", "--seconds", "600"])
            #expect(eventually { running.children.count == 1 })
            kill(running.id, signal)
            #expect(running.endsSoon)
            let outcome = running.finish()
            #expect(outcome.status == status)
            #expect(!outcome.wasSignalled)
            #expect(outcome.output == "")
            #expect(outcome.error.hasSuffix(": the job was not finished\n"))
            #expect(running.remains == [])
        }
    }

    /// What is refused, and a word of what is said.
    @Test(arguments: [
        ("--model fibre", "thread, process, task"), ("--job wait", "sleep, prime"),
        ("--seconds=-1", "out of range"), ("--seconds nan", "out of range"),
        ("--seconds 1e9", "out of range"), ("--seconds x", "--seconds"),
        ("--number 7", "--job prime"), ("--engine u64", "--job prime"),
        ("--times 2", "--job prime"), ("--job prime --seconds 1", "--job sleep"),
        ("--job prime --model task --blocking", "--job sleep"),
        ("--job prime --number 7x", "operator is missing"),
        ("--job prime --number 7 --times 0", "range"),
        ("--job prime --engine fast", "swift-trial"),
        ("--job prime --engine trial --number 0x10000000000000000", "gmp"),
        ("--on loop", "--model task"), ("--model process --jobs 2", "--model task"),
        ("--mend nap", "--model task"), ("--nap 5", "--model task"),
        ("--blocking", "--model task"), ("--model task --on moon", "loop, pool"),
        ("--model task --jobs 2", "--on pool"), ("--model task --on pool --jobs 0", "range"),
        ("--model task --mend cut", "nap, executor, process"),
        ("--model task --mend executor", "--blocking"),
        ("--model task --blocking --mend nap", "executor"),
        ("--model task --blocking --mend process", "executor"),
        ("--model task --job prime --nap 5", "--mend nap"),
        ("--model task --job prime --mend nap --nap 0", "range"),
        ("--model task --job prime --mend nap --engine u64", "swift-trial"),
        ("--model task --job prime --on pool --mend executor", "--on loop"),
        ("--quickly", "--quickly"), ("more", "more"),
    ])
    func whatMakesNoSenseIsRefused(_ arguments: String, _ says: String) throws {
        let outcome = try Tool.run(["spin"] + arguments.split(separator: " ").map(String.init))
        #expect(outcome.status == 64)
        #expect(outcome.output == "")
        #expect(outcome.error.contains(says), "\(outcome.error)")
    }

    @Test func theHelpTeaches() throws {
        let outcome = try Tool.run(["spin", "--help"])
        #expect(outcome.status == 0)
        for word in ["stands still", "--mend", "--on pool", "cancel()"] {
            #expect(outcome.output.contains(word))
        }
    }
}
