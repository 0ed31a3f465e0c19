// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct ProgressTests {
    /// Some seconds of work: 2⁵²¹ − 115 over and over, and a bad line at the end.
    ///
    /// Not stored, for the reason that ``ShardTests`` gives.
    private static var input: Data {
        let number = "0x1" + String(repeating: "F", count: 128) + "8D" + "\n"
        return Data((String(repeating: number, count: 6000) + "x\n").utf8)
    }
    private static let check = "check -j 1 --chunk 20 --engine gmp"

    /// What a command writes on a terminal; its results are a file, and its input is one if there is any.
    private func terminal(
        _ arguments: String, input: Data?, before: String = ""
    ) throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("primality-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try (input ?? Data()).write(to: folder.appendingPathComponent("in"))
        let source = input == nil ? "" : "< '\(folder.path)/in'"
        let command = "\(before) '\(Tool.path)' \(arguments) \(source) > '\(folder.path)/out'"
        return try Tool.startOnTerminal(command).finish().output
    }

    @Test(.enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"))
    func aTerminalShowsProgressAndIsLeftClean() throws {
        let start = ContinuousClock.now
        let shown = try terminal(Self.check, input: Self.input)
        let seconds = (ContinuousClock.now - start).components.seconds + 1
        let lines = shown.split(separator: "\r").filter { $0.contains(" tested in ") }
        #expect(!lines.isEmpty)
        #expect(lines.count <= Int(seconds) * 5)
        #expect(lines.last?.contains(" a second, ") == true)
        #expect(lines.last?.contains(" %, ") == true)
        #expect(lines.last?.contains(" left") == true)
        // The complaint stands on a line of its own, and nothing is left at the end.
        let complaint = "\rprimality: standard input: line 6001: 'x': "
        let parts = shown.components(separatedBy: complaint)
        #expect(parts.count == 2)
        #expect(parts[0].hasSuffix(" "), "blanks over what stood there")
        #expect(parts.last?.hasPrefix("'x' at position 1 is no function") == true)
        #expect(shown.split(separator: "\r").last?.contains(" tested in ") == false)
    }

    @Test(.enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"))
    func neverShowsNothingOnATerminal() throws {
        let shown = try terminal(Self.check + " --progress never", input: Self.input)
        #expect(!shown.contains(" tested in "))
        #expect(shown.hasPrefix("primality: standard input: line 6001: 'x': "))
    }

    /// Standard input is the terminal, and not read.
    @Test(
        .enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"),
        arguments: [
            ("check -j 1 7 2^216091-1", " squares a second, "),
            ("list -j 1 --count 10^10 10^13", " tested in "),
            ("next -j 1 2^30000", " tested in "),
            ("random -j 1 --bits 30000 --seed 1", " tested in "),
            ("race --engines swift-trial -j 1", "engine swift-trial on pool "),
            ("models processes", "model processes, 1 of 1, 0:0"),
        ])
    func aTerminalThatIsNotReadShowsProgress(_ command: String, _ words: String) throws {
        let shown = try terminal(command, input: nil, before: "timeout --foreground 2")
        #expect(shown.contains(words))
    }

    /// Standard input is the terminal, and somebody may type there; its end was typed before.
    @Test(
        .enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"),
        arguments: ["check", "check -j 1 2^216091-1 -", "check --file /dev/tty"])
    func whoTypesNumbersIsLeftAlone(_ command: String) throws {
        let shown = try terminal(
            command, input: nil, before: "cat > /dev/null; timeout --foreground 2")
        #expect(!shown.contains(" tested in ") && !shown.contains(" squares a second"))
        #expect(shown.contains("ended by SIGTERM: "))
    }

    /// A line about progress does not stay where the shell goes on.
    @Test(
        .enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"),
        arguments: ["QUIT", "SEGV"])
    func aSignalTakesTheLineAway(_ signal: String) throws {
        let shown = try terminal(
            "check -j 1 2^216091-1", input: nil,
            before: "ulimit -c 0; timeout --foreground -s \(signal) 2")
        let lines = shown.split(separator: "\r", omittingEmptySubsequences: false)
        let last = lines.lastIndex { $0.contains(" squares a second") }
        // Blanks over it, and what the shell says of its end.
        let after = last.map { lines[($0 + 1)...] } ?? []
        #expect(last != nil && after.first?.allSatisfy { $0 == " " } == true, "\(shown)")
    }

    @Test func aPipeShowsNothingUnlessAsked() throws {
        let arguments = Self.check.split(separator: " ").map(String.init)
        let silent = try Tool.run(arguments, input: Self.input)
        #expect(silent.error.hasPrefix("primality: "))
        #expect(silent.error.split(separator: "\n").count == 1)
        let asked = try Tool.run(arguments + ["--progress", "always"], input: Self.input)
        #expect(asked.error.contains(" tested in "))
        #expect(asked.output == silent.output)
    }

    @Test func theClockGoesOnDuringALongTest() throws {
        let running = try Tool.start([
            "check", "--progress", "always", "7", ProcessTests.longNumber,
        ])
        #expect(
            eventually { running.error.components(separatedBy: " squares a second").count > 4 })
        kill(running.process.processIdentifier, SIGTERM)
        let outcome = running.finish()
        #expect(outcome.status == 143)
        #expect(outcome.error.contains("\rprimality: ended by SIGTERM: "))
        #expect(outcome.error.hasSuffix(" not\n"))
    }

    @Test func listShowsIt() throws {
        let running = try Tool.start([
            "list", "--count", "--progress", "always", "10000000000", "10000000000000",
        ])
        #expect(eventually { running.error.contains(" left") })
        kill(running.process.processIdentifier, SIGTERM)
        #expect(running.finish().status == 143)
    }

    @Test func anUnknownTimeIsAUsageError() throws {
        #expect(try Tool.run(["check", "--progress", "sometimes", "7"]).status == 64)
    }
}
