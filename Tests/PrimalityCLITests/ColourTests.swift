// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Colours of verdicts and of errors.
@Suite(.timeLimit(.minutes(15))) struct ColourTests {
    private static let escape = "\u{1B}["
    private static let numbers = "7 9 1 170141183460469231731687303715884105757"

    /// What a command writes on a terminal.
    private static func shown(
        _ arguments: String, _ environment: [String: String] = ["TERM": "xterm"]
    ) throws -> String {
        try Tool.startOnTerminal("'\(Tool.path)' \(arguments)", environment: environment)
            .finish().output.replacingOccurrences(of: "\r\n", with: "\n")
    }

    @Test(.enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"))
    func aTerminalHasColours() throws {
        let shown = try Self.shown("check --progress never \(Self.numbers)")
        #expect(
            shown == """
                7: \u{1B}[32mprime\u{1B}[0m
                9: \u{1B}[31mcomposite\u{1B}[0m
                1: neither
                170141183460469231731687303715884105757: \u{1B}[33mprobable prime\u{1B}[0m

                """)
        let residues = try Self.shown("check --progress never --res64 9")
        #expect(residues.hasPrefix("9: \u{1B}[31mcomposite\u{1B}[0m RES64: ["))
        let limited =
            "check --progress never --pool processes -j 1 --timeout 0.3 "
            + ProcessTests.longNumber
        #expect(try Self.shown(limited).contains(": \u{1B}[35mtimed-out\u{1B}[0m\n"))
        for (arguments, error) in [
            ("check --progress never x", "\u{1B}[1;31mprimality:\u{1B}[0m argument 1: "),
            ("check --engine foo 7", "\u{1B}[1;31mprimality:\u{1B}[0m --engine 'foo' "),
            ("check -j x 7", "\u{1B}[1;31mError:\u{1B}[0m The value 'x' "),
        ] {
            #expect(try Self.shown(arguments).hasPrefix(error), "\(arguments)")
        }
    }

    @Test(
        .enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"),
        arguments: [["TERM": "dumb"], ["TERM": ""], ["TERM": "xterm", "NO_COLOR": "1"]])
    func whoWantsNoneHasNone(_ environment: [String: String]) throws {
        let shown = try Self.shown("check --progress never \(Self.numbers) x", environment)
        #expect(!shown.contains(Self.escape))
        #expect(shown.contains("9: composite\n") && shown.contains("primality: argument 5: "))
        let asked = try Self.shown("check --progress never --color always 9", environment)
        #expect(asked == "9: \u{1B}[31mcomposite\u{1B}[0m\n")
    }

    @Test(.enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"))
    func anEmptyNoColorIsNone() throws {
        let shown = try Self.shown("check --progress never 9", ["TERM": "xterm", "NO_COLOR": ""])
        #expect(shown.contains(Self.escape))
        let never = try Self.shown("check --progress never --color never 9")
        #expect(never == "9: composite\n")
    }

    @Test(.enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"))
    func formatsForProgramsHaveNone() throws {
        for format in ["jsonl", "csv", "pfgw"] {
            for color in ["auto", "always"] {
                let shown = try Self.shown(
                    "check --progress never --format \(format) --color \(color) \(Self.numbers)")
                #expect(!shown.contains(Self.escape), "\(format)")
                #expect(shown.contains("7"))
            }
        }
        #expect(try !Self.shown("list --progress never 1 30").contains(Self.escape))
    }

    @Test func aPipeHasNoneUnlessAsked() throws {
        let environment = ["TERM": "xterm", "NO_COLOR": ""]
        let numbers = Self.numbers.split(separator: " ").map(String.init) + ["x"]
        let plain = try Tool.run(["check"] + numbers, environment: environment)
        #expect(!plain.output.contains(Self.escape) && !plain.error.contains(Self.escape))
        let asked = try Tool.run(
            ["check", "--color", "always"] + numbers, environment: environment)
        #expect(asked.lines.count(where: { $0.contains(Self.escape) }) == 3)
        #expect(asked.status == plain.status && asked.error == plain.error)
        // With the colours taken away it is the same.
        let words = asked.output.replacingOccurrences(
            of: "\u{1B}\\[[0-9;]*m", with: "", options: .regularExpression)
        #expect(words == plain.output)
        #expect(try Tool.run(["check", "--color", "sometimes", "7"]).status == 64)
    }

    /// Only lines of primes, and those that wait for others, have the same colours.
    @Test func whatIsFilteredAndWhatWaitsHasThem() throws {
        let rows = Data("ABC $a & $a+2\n5\n7\n".utf8)
        let outcome = try Tool.run(["check", "--color", "always", "--primes"], input: rows)
        let word = "\u{1B}[32mprime\u{1B}[0m"
        #expect(outcome.output == "5: \(word)\n5+2: \(word)\n7: \(word)\n")
        #expect(try Tool.run(["check", "--color", "always", "-q", "7"]).output == "")
    }
}
