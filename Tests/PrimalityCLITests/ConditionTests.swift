// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import TestSupport
import Testing

/// Candidates that are tested or left out by the results of others.
@Suite(.timeLimit(.minutes(15))) struct ConditionTests {
    /// Pools that differ in when results come.
    private static let runs: [[String]] = [
        ["--pool", "serial"], ["--pool", "serial", "--chunk", "1"], ["-j", "2"],
        ["-j", "4", "--chunk", "1"], ["--pool", "processes", "-j", "2"],
        ["--pool", "processes", "-j", "3", "--chunk", "1"],
        ["--pool", "processes", "--channel", "pipe", "-j", "2", "--chunk", "3"],
        ["--pool", "tasks", "-j", "2", "--chunk", "2"],
        ["--pool", "actors", "-j", "2", "--chunk", "5"],
    ]

    /// Some of them under sanitizers, where a start takes long.
    private static var quickRuns: [[String]] {
        TestFiles.sanitizer == nil ? runs : [runs[1], runs[3], runs[5]]
    }

    private static func check(_ text: String, _ arguments: [String] = []) throws -> Tool.Outcome {
        try Tool.run(["check"] + arguments, input: Data(text.utf8))
    }

    // MARK: One reader

    /// A file, and what one reader finds that tests one candidate after the other.
    private struct Expected {
        var text: String
        var lines: [String] = []
        var bad = 0
        var leftOut = 0
    }

    private struct Rule {
        var name: String
        var variable: Int
        var count: Int
    }

    /// Forms of $a and $b, and what they are; some are no numbers.
    private static let forms: [(String, @Sendable (Int, Int) -> Int?)] = [
        ("$a*6+1-0*$b", { a, _ in a * 6 + 1 }), ("$a*6-1+0*$b", { a, _ in a * 6 - 1 }),
        ("$a*10+$b", { a, b in a * 10 + b }), ("$a+$b-6", { a, b in a + b < 6 ? nil : a + b - 6 }),
        ("35/$b+$a", { a, b in 35 % b == 0 ? 35 / b + a : nil }),
    ]

    private static func expected(
        _ headers: [(forms: [Int], isChain: Bool, rules: [Rule])], seed: UInt64, rows: Int
    ) -> Expected {
        var generator = SeededGenerator(seed: seed)
        var expected = Expected(text: "")
        var place = 0
        for header in headers {
            expected.text += "ABC "
            expected.text += header.forms.map { Self.forms[$0].0 }
                .joined(separator: header.isChain ? " & " : " | ")
            expected.text += " // sieved, "
            for rule in header.rules {
                expected.text += "{\(rule.name),\(["$a", "$b"][rule.variable]),\(rule.count)} "
            }
            expected.text += "\n"
            var counts = header.rules.map { _ in [Int: Int]() }
            for _ in 0..<rows {
                if generator.next() % 40 == 0 {
                    expected.text += "1 2 3\n"
                    expected.bad += 1
                    place += 1
                    continue
                }
                let values = [Int(generator.next() % 12) + 1, Int(generator.next() % 7) + 1]
                expected.text += "\(values[0]) \(values[1])\n"
                var isOver = header.rules.indices.contains {
                    counts[$0][values[header.rules[$0].variable], default: 0]
                        >= header.rules[$0].count
                }
                // What follows a candidate that is none was left out by no condition.
                var isRefused = false
                for form in header.forms {
                    defer { place += 1 }
                    if isOver {
                        expected.leftOut += isRefused ? 0 : 1
                        continue
                    }
                    let number = Self.forms[form].1(values[0], values[1])
                    let verdict = number.map { Verdict(of: UInt64($0)) }
                    isOver = header.isChain && verdict != .prime
                    isRefused = verdict == nil
                    guard let verdict else {
                        expected.bad += 1
                        continue
                    }
                    let name = Self.forms[form].0.replacing("$a", with: "\(values[0])")
                        .replacing("$b", with: "\(values[1])")
                    expected.lines.append("\(place),\(name),\(verdict)")
                    for (i, rule) in header.rules.enumerated()
                    where verdict == (rule.name == "number_primes" ? .prime : .composite) {
                        counts[i][values[rule.variable], default: 0] += 1
                    }
                }
            }
        }
        return expected
    }

    @Test(
        arguments: [
            // Chains of two and three, and a chain that meets bad candidates.
            ([([1, 0], true, [])], 150), ([([0, 1, 2], true, [])], 150),
            ([([2, 4, 3], true, [])], 150),
            // One prime, two, composites, of one variable and of the other, and both.
            ([([0], false, [("number_primes", 0, 1)])], 150),
            ([([2], false, [("number_primes", 1, 2)])], 150),
            ([([2, 3], false, [("number_comps", 0, 3)])], 150),
            ([([2], false, [("number_primes", 0, 1), ("number_comps", 1, 9)])], 150),
            // Chains that stop, others after them, and one without conditions.
            (
                [
                    ([1, 0, 2], true, [("number_primes", 0, 2), ("number_comps", 0, 2)]),
                    ([2], false, []), ([4, 3], true, [("number_primes", 1, 3)]),
                    ([4, 3], true, [("number_primes", 1, 3)]),
                ], 60
            ),
        ] as [([([Int], Bool, [(String, Int, Int)])], Int)])
    func everyPoolFindsWhatOneReaderDoes(
        _ headers: [([Int], Bool, [(String, Int, Int)])], _ rows: Int
    ) throws {
        let expected = Self.expected(
            headers.map { header in
                (
                    header.0, header.1,
                    header.2.map { Rule(name: $0.0, variable: $0.1, count: $0.2) }
                )
            }, seed: 7, rows: rows)
        #expect(expected.leftOut > 10 && expected.lines.count > 10)
        for run in Self.quickRuns {
            let outcome = try Self.check(expected.text, ["--format", "csv"] + run)
            let found = outcome.lines.dropFirst().map { line in
                let fields = line.split(separator: ",", omittingEmptySubsequences: false)
                return "\(fields[0]),\(fields[1]),\(fields[3])"
            }
            #expect(found == expected.lines, "\(run)")
            #expect(outcome.status == (expected.bad > 0 ? 2 : 0), "\(run)")
            let errors = outcome.error.split(separator: "\n")
            let shown = errors.count { $0.contains(": line ") }
            #expect(shown <= expected.bad && shown >= min(expected.bad, 20), "\(run)")
            #expect(
                errors.last
                    == "primality: \(expected.leftOut) candidates were left out, as the conditions in the input ask",
                "\(run)")
        }
    }

    /// Above 2⁶⁴, where tests take some time.
    @Test func everyFormatIsTheSameFromEveryPool() throws {
        let rows = (1...200).map { "\($0 % 23 + 1) \([1, 31, 37, 41][$0 % 4])\n" }.joined()
        let text = "ABC $a*67#+$b & $a*67#-$b // {number_primes,$a,2}\n" + rows
        for format in ["text", "jsonl", "csv"] {
            func lines(_ run: [String]) throws -> [String] {
                try Self.check(text, ["--format", format, "--seed", "5"] + run).lines.map { line in
                    format == "text"
                        ? line
                        : format == "csv"
                            ? line.split(separator: ",", omittingEmptySubsequences: false)
                                .dropLast().joined(separator: ",")
                            : String(line.prefix(upTo: line.range(of: ",\"cpu_ns\"")!.lowerBound))
                }
            }
            let expected = try lines(Self.runs[1])
            #expect(expected.count > 40)
            for run in Self.quickRuns { #expect(try lines(run) == expected, "\(run)") }
        }
    }

    @Test func aRowIsDecidedWhenItBegins() throws {
        // PFGW's own example, of which 27*2^92+1 is prime.
        let text = """
            ABC $a*2^$b+1 // {number_primes,$b,1}
            3 92
            7 90
            7 92
            9 90
            13 92
            19 90
            21 92
            27 92
            39 90

            """
        let outcome = try Self.check(text)
        #expect(
            outcome.lines == [
                "3*2^92+1: composite", "7*2^90+1: composite", "7*2^92+1: prime",
                "9*2^90+1: composite", "19*2^90+1: composite", "39*2^90+1: composite",
            ])
        #expect(outcome.error.contains("3 candidates were left out"))
        // The rest of a row is tested after its prime.
        let pair = try Self.check("ABC $a | $a+2 | $a+4 // {number_primes,$a,1}\n3\n3\n9\n")
        #expect(
            pair.lines == [
                "3: prime", "3+2: prime", "3+4: prime", "9: composite", "9+2: prime", "9+4: prime",
            ])
        // Values are texts.
        #expect(
            try Self.check("ABC 5$a // {number_primes,$a,1}\n+0\n+00\n-0\n+0\n").lines.count == 3)
    }

    /// As PFGW and LLR do.
    @Test func theSecondOfTwinsIsTestedWhenTheFirstPassed() throws {
        let rows = (1...60).map { "\($0) 10\n" }.joined()
        for (header, template) in [
            ("9:T:0:2:3", "$a*2^$b+1 & $a*2^$b-1"), ("9:C:0:2:5", "$a*2^$b+1 & $a*2^($b+1)+1"),
            ("9:S:0:2:10", "$a*2^$b-1 & $a*2^($b+1)-1"), ("9:T:0:2:67", "$a*$b#+1 & $a*$b#-1"),
        ] {
            let twins = try Self.check("\(header)\n\(rows)", ["--format", "csv"])
            let chain = try Self.check("ABC \(template)\n\(rows)", ["--format", "csv"])
            func results(_ outcome: Tool.Outcome) -> [String] {
                outcome.lines.dropFirst().map { line in
                    let fields = line.split(separator: ",", omittingEmptySubsequences: false)
                    return "\(fields[0]) \(fields[3])"
                }
            }
            #expect(results(twins) == results(chain) && twins.error == chain.error, "\(header)")
            #expect(twins.error.contains("left out") && results(twins).count > 60, "\(header)")
        }
        #expect(try Self.check("9:T:0:2:3\n3 5\n", ["--order", "done"]).status == 2)
    }

    @Test func whatFollowsARefusedCandidateWasLeftOutByNothing() throws {
        for text in ["ABC 7/$a & $a\n2\n", "ABC 1.5*$a & $a\n2\n3\n", "ABC x$b*$a & $a\n2 3\n"] {
            let outcome = try Self.check(text)
            #expect(outcome.status == 2 && outcome.output == "")
            #expect(!outcome.error.contains("left out"), "\(outcome.error)")
        }
        let both = try Self.check("ABC 14/$a & $a+1 & 3\n4\n7\n5\n2\n")
        #expect(
            both.lines == [
                "14/7: prime", "7+1: composite", "14/2: prime", "2+1: prime", "3: prime",
            ])
        #expect(both.error.contains("1 candidate was left out"))
    }

    @Test func allFormatsOfFilesHaveConditions() throws {
        let values = try Self.check(
            "ABCD $a*2^$b+1 [1 1] // {number_primes,$a,1}\n0 1\n2 -1\n0 1\n0 1\n-2 4\n")
        #expect(values.lines == ["1*2^1+1: prime", "3*2^1+1: prime"])
        #expect(values.error.contains("4 candidates were left out"))
        let product = try Self.check(
            "ABC2 $a*10+$b & $a*10+$b+2 // {number_primes,$a,1}\na: from 1 to 3\nb: in { 1 3 5 7 9 }\n"
        )
        #expect(
            product.lines == [
                "1*10+1: prime", "1*10+1+2: prime", "2*10+1: composite", "2*10+3: prime",
                "2*10+3+2: composite", "3*10+1: prime", "3*10+1+2: composite",
            ])
        // 0 and 1 are neither.
        #expect(
            try Self.check("ABC $a*0+$b // {number_comps,$a,1}\n1 0\n1 1\n1 4\n1 6\n").lines.count
                == 3)
    }

    @Test func whatIsLeftOutDoesNothingToTheStatus() throws {
        let stop = "ABC $a*0+$b // {number_primes,$a,1}\n"
        for run in Self.quickRuns {
            #expect(try Self.check(stop + "1 7\n1 9\n1 x\n", ["-q"] + run).status == 0)
            #expect(try Self.check(stop + "1 9\n1 7\n", ["-q"] + run).status == 1)
            #expect(try Self.check("ABC $a & 7/$a\n4\n", run).status == 0)
            #expect(try Self.check("ABC $a & 7/$a\n5\n", run).status == 2)
            #expect(try Self.check("ABC $a & $a+2\n7\n", ["-q"] + run).status == 1)
            #expect(try Self.check("ABC $a & $a+2\n5\n", ["-q"] + run).status == 0)
        }
    }

    @Test func aNumberThatCannotBeTestedIsNeither() throws {
        let outcome = try Self.check(
            "ABC $a & $a+2+0*$b // {number_primes,$b,1} {number_comps,$b,1}\n"
                + "\(ProcessTests.longNumber) 1\n3 1\n5 1\n",
            ["--pool", "processes", "-j", "2", "--chunk", "1", "--timeout", "0.3"])
        #expect(outcome.status == 3)
        #expect(
            outcome.output == "\(ProcessTests.longNumber): timed-out\n3: prime\n3+2+0*1: prime\n")
        #expect(outcome.error.contains("its time was over"))
        #expect(outcome.error.contains("3 candidates were left out"))
    }

    @Test func resultsAsTheyComeAreRefused() throws {
        for text in [
            "ABC $a & $a+2\n3\n5\n", "7\n", "ABC $a\n3\nABC $a // {number_comps,$a,1}\n3\n",
        ] {
            let outcome = try Self.check(text, ["--order", "done"])
            #expect(outcome.status == (text == "7\n" ? 0 : 2))
            #expect(outcome.error.contains("which needs --order input") == (text != "7\n"))
            #expect(outcome.lines.count == (text.contains("&") ? 0 : 1))
        }
    }

    // MARK: While it runs

    @Test func eachRowIsAnsweredBeforeTheNextIsSent() throws {
        let input = Pipe()
        let running = try Tool.start(["check", "-j", "2"], from: input)
        func send(_ text: String) throws {
            try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        }
        try send("ABC $a & $a+2 & $a+6 // {number_primes,$a,1}\n")
        try send("5\n")
        #expect(eventually { running.output == "5: prime\n5+2: prime\n5+6: prime\n" })
        try send("9\n")
        #expect(eventually { running.output.hasSuffix("9: composite\n") })
        try send("5\n11\n")
        #expect(eventually { running.output.hasSuffix("11+6: prime\n") })
        try input.fileHandleForWriting.close()
        let outcome = running.finish()
        #expect(outcome.status == 0)
        #expect(outcome.error.contains("5 candidates were left out"))
    }

    @Test(arguments: ["serial", "threads", "processes"])
    func aSignalEndsARunThatWaits(_ pool: String) throws {
        // All rows after the number are bad at once, and more than are kept until it is tested.
        let count = TestFiles.sanitizer == nil ? 140_000 : 5_000
        let rows = String(repeating: "5 5\n", count: count)
        let running = try Tool.start(
            ["check", "--pool", pool, "-j", "2"],
            input: Data("ABC 7/$b*0+$a & $a\n3 7\n\(ProcessTests.longNumber) 7\n\(rows)".utf8))
        usleep(300_000)
        kill(running.id, SIGINT)
        let ends = running.endsSoon
        #expect(ends)
        #expect(running.finish().status == 130)
    }

    /// A header may be made to be slow, or to fill the memory.
    @Test func longChainsTakeNoLongerThanTheirLength() throws {
        let count = TestFiles.sanitizer == nil ? 20_000 : 2_000
        let chain = Array(repeating: "$a", count: count).joined(separator: "&")
        let outcome = try Self.check(
            "ABC \(chain)\n4\n3\n4\n", ["--chunk", "100", "-j", "2"])
        #expect(outcome.lines.count == count + 2 && outcome.lines.last == "4: composite")
        #expect(outcome.error.contains("\(2 * count - 2) candidates were left out"))
        let all = Array(repeating: "$a", count: count).joined(separator: "|")
        let pairs = try Self.check("ABC \(all) // {number_primes,$a,1}\n4\n3\n4\n3\n")
        #expect(pairs.lines.count == 3 * count)
    }

    // MARK: Shares

    @Test func aChainIsInOneShare() throws {
        let text = "ABC $a & $a+2 & $a+6\n" + (1...200).map { "\($0 * 2 + 1)\n" }.joined()
        let whole = try Self.check(text, ["--format", "csv"])
        var shares: [String] = []
        for i in 1...3 {
            shares += try Self.check(text, ["--format", "csv", "--shard", "\(i)/3"]).lines
                .dropFirst()
        }
        func names(_ lines: some Sequence<String>) -> [String] {
            lines.map { $0.split(separator: ",").prefix(3).joined(separator: ",") }
        }
        #expect(names(shares).sorted() == names(whole.lines.dropFirst()).sorted())
        // Values are counted by each share alone.
        let stop = "ABC $a*0+$b // {number_primes,$a,1}\n" + String(repeating: "1 7\n", count: 10)
        for i in 1...3 {
            #expect(try Self.check(stop, ["--shard", "\(i)/3"]).lines.count == 1)
        }
    }

    // MARK: Resumption

    /// A file with all conditions, and the arguments that test it.
    private static func place() throws -> (folder: URL, results: String, arguments: [String]) {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("primality-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("rows.abc").path
        let results = folder.appendingPathComponent("results.jsonl").path
        let rows = (1...400).map { "\($0 % 37 + 1) \([1, 31, 37, 41, 43][$0 % 5])\n" }.joined()
        let text =
            "ABC $a*67#+$b & $a*67#-$b & $a*71#+$b // {number_primes,$a,2} {number_comps,$b,90}\n"
            + rows
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return (folder, results, ["check", "--file", file, "--resume", results, "--seed", "5"])
    }

    private static func lines(_ path: String) -> [String] {
        (TestFiles.text(path) ?? "").split(separator: "\n").map {
            String($0[..<($0.range(of: ",\"cpu_ns\"")?.lowerBound ?? $0.endIndex)])
        }
    }

    @Test func aJournalCutAnywhereIsCompletedToTheSame() throws {
        let (folder, path, arguments) = try Self.place()
        defer { try? FileManager.default.removeItem(at: folder) }
        let first = try Tool.run(arguments + ["--pool", "serial", "--chunk", "1"])
        let whole = Data(try #require(TestFiles.bytes(path)))
        let lines = Self.lines(path)
        #expect(lines.count > 100)
        let step = TestFiles.sanitizer == nil ? whole.count / 40 : whole.count / 6
        for (i, cut) in stride(from: 300, to: whole.count, by: step).enumerated() {
            try whole.prefix(cut).write(to: URL(fileURLWithPath: path))
            let outcome = try Tool.run(arguments + Self.runs[i % Self.runs.count])
            #expect(outcome.status == 0)
            #expect(Self.lines(path) == lines, "cut at \(cut)")
            #expect(
                outcome.error.split(separator: "\n").last == first.error.split(separator: "\n").last
            )
        }
        // A result that was taken out is found again, and what it decides stays decided.
        var holes = String(decoding: whole, as: UTF8.self).split(separator: "\n")
        holes.removeSubrange(10..<14)
        try Data((holes.joined(separator: "\n") + "\n").utf8).write(
            to: URL(fileURLWithPath: path))
        #expect(try Tool.run(arguments).status == 0)
        func results(_ lines: [String]) -> [String] { lines.filter { $0.hasPrefix("{\"i") } }
        #expect(results(Self.lines(path)).sorted() == results(lines).sorted())
        // One without a verdict is damaged.
        try Data("\(holes[0])\n{\"i\":0,\"input\":\"1*67#+1\",\"bits\":90}\n".utf8)
            .write(to: URL(fileURLWithPath: path))
        let damaged = try Tool.run(arguments)
        #expect(damaged.status == 2 && damaged.error.contains("line 2 is not as it was"))
    }

    @Test(arguments: ["threads", "processes"])
    func aRunThatIsKilledIsCompletedToTheSame(_ pool: String) throws {
        let (folder, results, arguments) = try Self.place()
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try Tool.run(arguments + ["--pool", "serial"])
        let lines = Self.lines(results)
        try FileManager.default.removeItem(atPath: results)
        let run = arguments + ["--pool", pool, "-j", "2", "--chunk", "2"]
        for _ in 0..<8 {
            let running = try Tool.start(run, environment: ["ASAN_OPTIONS": "detect_leaks=0"])
            usleep(.random(in: 5_000...40_000))
            kill(running.id, SIGKILL)
            _ = running.finish()
        }
        #expect(try Tool.run(run).status == 0)
        #expect(Self.lines(results) == lines)
    }
}
