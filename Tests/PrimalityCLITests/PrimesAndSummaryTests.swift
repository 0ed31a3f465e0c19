// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `check --primes` and `check --summary`.
@Suite(.timeLimit(.minutes(15))) struct PrimesAndSummaryTests {
    /// Of each verdict, on both sides of 2⁶⁴, with what is no number and what a reader might take amiss.
    private static let lines: [String] = (0..<600).map { n in
        switch n % 12 {
        case 0: "170141183460469231731687303715884105757"
        case 1: "1,000,003"
        case 2: "2\t^ 61 - 1"
        case 3: n == 15 ? "\"\\x" : "# é"
        case 4: "\(n % 2)"
        case 5: "340282366920938463463374607431768211457"
        default: String(n)
        }
    }

    private static let hostile = Data(
        lines.joined(separator: "\r\n").utf8 + [0x0A, 0xFF, 0x22, 0x0A, 0x37, 0, 0x0A])

    /// A line and whether its number passed.
    private static func passed(_ line: String, _ format: String) -> Bool {
        switch format {
        case "text": line.hasSuffix(": prime") || line.hasSuffix(": probable prime")
        case "jsonl": line.contains("\"verdict\":\"prime\"") || line.contains("\"probable-prime\"")
        case "csv":
            line.hasPrefix("i,input,") || line.contains(",prime,")
                || line.contains(",probable-prime,")
        default: line.hasSuffix(" is prime!") || line.hasSuffix(" is 3-PRP!")
        }
    }

    private static func withoutTime(_ line: String, _ format: String) -> String {
        switch format {
        case "jsonl": Workplace.withoutTime(line)
        case "csv": String(line[..<(line.lastIndex(of: ",") ?? line.endIndex)])
        default: line
        }
    }

    @Test(arguments: ["text", "jsonl", "csv", "pfgw"])
    func onlyLinesOfPrimesArePrinted(_ format: String) throws {
        for more in [
            [], ["--order", "done", "--pool", "threads", "-j", "3", "--chunk", "5"],
            ["--pool", "processes", "-j", "2"], ["--shard", "2/3"], ["--res64"],
        ] {
            let run = ["check", "--format", format, "--seed", "5"] + more
            let all = try Tool.run(run, input: Self.hostile)
            let primes = try Tool.run(run + ["--primes"], input: Self.hostile)
            func lines(_ outcome: Tool.Outcome) -> [String] {
                let lines = outcome.lines.map { Self.withoutTime($0, format) }
                return more.contains("done") ? lines.sorted() : lines
            }
            // Where RES64 follows the verdict.
            let isText = format == "text" && more == ["--res64"]
            let expected = lines(all).filter {
                isText
                    ? $0.contains(": prime ") || $0.contains(": probable prime ")
                    : Self.passed($0, format)
            }
            #expect(expected.count > 40 && expected.count < all.lines.count)
            #expect(lines(primes) == expected, "\(more)")
            #expect(primes.status == all.status && primes.error == all.error, "\(more)")
            // Candidates that are bad are in other shares.
            let isShare = more.contains("--shard")
            #expect(all.error.contains("not ASCII") == !isShare, "\(more)")
            #expect(all.status == (isShare ? 0 : 2), "\(more)")
        }
    }

    @Test func statusesAndConditionsStayWhatTheyAre() throws {
        #expect(try Tool.run(["check", "--primes", "9"]).output == "")
        #expect(try Tool.run(["check", "--primes", "9"]).status == 0)
        for (numbers, status) in [(["7", "11"], 0), (["7", "9"], 1), (["7", "x"], 2)] {
            let outcome = try Tool.run(["check", "-q", "--primes"] + numbers)
            #expect(Int(outcome.status) == status && outcome.output == "", "\(numbers)")
        }
        // Twins: what follows & is tested if what stands before it passed, whether it is printed or not.
        let rows = (1...300).map { "\($0)\n" }.joined()
        let file = Data(("ABC 6*$a-1 & 6*$a+1 // {number_primes,$a,2}\n" + rows).utf8)
        for pool in ["serial", "threads", "processes"] {
            let all = try Tool.run(["check", "--pool", pool], input: file)
            let primes = try Tool.run(["check", "--pool", pool, "--primes"], input: file)
            #expect(primes.lines == all.lines.filter { $0.hasSuffix(": prime") })
            #expect(primes.lines.count > 100 && primes.lines.count < all.lines.count)
            #expect(primes.error == all.error && all.error.contains("left out"))
        }
    }

    @Test func whatIsNotTestedHasNoLineAmongPrimes() throws {
        for format in ["text", "jsonl", "csv", "pfgw"] {
            let outcome = try Tool.run([
                "check", "--pool", "processes", "-j", "1", "--timeout", "0.5", "--chunk", "1",
                "--format", format, "--primes", "--summary", "--", "7",
                ProcessTests.longNumber, "9", "x",
            ])
            #expect(outcome.status == 2, "\(outcome)")
            #expect(outcome.lines.count == (format == "csv" ? 2 : 1), "\(outcome)")
            #expect(outcome.error.contains("its time was over"))
            #expect(
                Self.summary(outcome)
                    == "summary: 1 prime, 0 probable prime, 1 composite, 0 neither, 1 bad, 1 not tested"
            )
        }
    }

    @Test func theFileOfResultsKeepsAllAndPrimesOfTheRunArePrinted() throws {
        let candidates = Self.lines.filter { !$0.hasPrefix("\"") }
        let place = try Workplace(candidates)
        let whole = try place.run(["--seed", "5"])
        #expect(whole.status == 0 && whole.output == "")
        let lines = place.lines()
        let passed = place.resultLines().filter { Self.passed($0, "jsonl") }
        let content = place.content()
        // As much as an earlier run has written, and what it leaves: nothing, a part, all.
        for share in [0.0, 0.3, 0.77, 1] {
            let beginning = content.prefix(Int(Double(content.count) * share))
            try beginning.write(to: place.results)
            let whole = beginning.split(separator: 0x0A, omittingEmptySubsequences: true)
                .dropLast(beginning.last == 0x0A ? 0 : 1)
            let before = whole.map { String(decoding: $0, as: UTF8.self) }
                .filter { $0.hasPrefix("{\"i\":") }
            let outcome = try place.run(["--seed", "5", "--primes", "--summary"])
            #expect(outcome.status == 0, "\(outcome.error)")
            #expect(place.lines() == lines, "\(share)")
            let printed = outcome.lines.map(Workplace.withoutTime)
            let known = before.map(Workplace.withoutTime).filter { Self.passed($0, "jsonl") }
            #expect(known + printed == passed, "\(share)")
            #expect(outcome.lines.allSatisfy { !$0.contains("crc32") && $0.hasSuffix("}") })
            let summary = try #require(Self.counts(outcome))
            #expect(summary["tested by an earlier run", default: 0] == before.count)
            #expect(summary.values.reduce(0, +) == place.resultLines().count)
        }
        #expect(
            try place.run(["--seed", "5", "--primes", "--shard", "1/2"]).status == 2)
        #expect(place.lines() == lines)
    }

    /// The reader of the primes goes away; the file is closed in order, and the same command goes on.
    @Test func aClosedPipeLeavesAFileToGoOnWith() throws {
        let place = try Workplace((1...200_000).map(String.init))
        let command = place.arguments().map { "'\($0)'" }.joined(separator: " ")
        let outcome = try Tool.shell(
            "{ \"$P\" \(command) --primes; echo \"status $?\" >&2; } | head -n 1")
        #expect(outcome.lines.count == 1)
        #expect(outcome.error.contains("status 141"))
        #expect(outcome.error.contains(" of them new, with "), "\(outcome.error)")
        #expect(place.resultLines().count < 200_000)
        let rest = try place.run(["--summary"])
        #expect(rest.status == 0)
        #expect(place.resultLines().count == 200_000)
        #expect(Self.counts(rest)?.values.reduce(0, +) == 200_000)
    }

    // MARK: Counts

    private static func summary(_ outcome: Tool.Outcome) -> String? {
        let lines = outcome.error.split(separator: "\n").filter { $0.hasPrefix("summary: ") }
        return lines.count == 1 ? String(lines[0]) : nil
    }

    private static func counts(_ outcome: Tool.Outcome) -> [String: Int]? {
        var counts: [String: Int] = [:]
        for part in summary(outcome)?.dropFirst(9).components(separatedBy: ", ") ?? [] {
            let words = part.split(separator: " ", maxSplits: 1)
            guard words.count == 2, let count = Int(words[0]), count >= 0 else { return nil }
            counts[String(words[1])] = count
        }
        return counts.isEmpty ? nil : counts
    }

    @Test func eachCandidateIsCountedOnce() throws {
        let numbers = [
            "0", "1", "2", "9", "11", "170141183460469231731687303715884105757", "x", "-3", "15",
        ]
        let line =
            "summary: 2 prime, 1 probable prime, 2 composite, 2 neither, 2 bad, 0 not tested"
        for format in ["text", "jsonl", "csv", "pfgw"] {
            let outcome = try Tool.run(
                ["check", "--summary", "--format", format, "--"] + numbers)
            #expect(Self.summary(outcome) == line)
            let plain = try Tool.run(["check", "--format", format, "--"] + numbers)
            #expect(outcome.error == plain.error + line + "\n")
            #expect(outcome.lines.count == plain.lines.count && outcome.status == 2)
        }
        let quiet = try Tool.run(["check", "-q", "--summary", "--"] + numbers)
        #expect(quiet.output == "" && quiet.status == 2 && Self.summary(quiet) == line)
        // The pool's statistics are another thing.
        let both = try Tool.run(["check", "--summary", "--stats", "7"])
        #expect(both.error.contains("worker") && Self.summary(both) != nil)
        #expect(Self.summary(try Tool.run(["check", "--stats", "7"])) == nil)
        let none = try Tool.run(["check", "--summary", "--file", "/dev/null"])
        #expect(
            Self.summary(none)
                == "summary: 0 prime, 0 probable prime, 0 composite, 0 neither, 0 bad, 0 not tested"
        )
    }

    @Test func sharesAddUpToTheWhole() throws {
        for (name, file) in [
            ("lines", Self.hostile),
            (
                "conditions",
                Data(
                    ("ABC $a*2^$b-1 & $a*2^$b+1 // {number_primes,$a,1}\n"
                        + (1...400).map { "\($0 % 50 + 1) \($0 % 37)\n" }.joined() + "1 x\n").utf8)
            ),
            ("a header that ends the reading", Data("7\n9\nABC2 $a\n".utf8)),
        ] {
            for pool in ["serial", "processes"] {
                let all = try #require(
                    Self.counts(try Tool.run(["check", "--summary", "--pool", pool], input: file)))
                #expect(all["not tested"] == 0, "\(name)")
                var sum: [String: Int] = [:]
                for share in 1...3 {
                    let part = try Tool.run(
                        ["check", "--summary", "--pool", pool, "--shard", "\(share)/3"],
                        input: file)
                    let counts = try #require(Self.counts(part))
                    let printed = part.lines.count
                    let verdicts = ["prime", "probable prime", "composite", "neither"]
                    #expect(verdicts.reduce(0) { $0 + (counts[$1] ?? 0) } == printed, "\(name)")
                    sum.merge(counts) { $0 + $1 }
                }
                if name == "lines" { #expect(sum == all) }
                if name == "conditions" {
                    // Each share counts primes alone.
                    #expect(sum.values.reduce(0, +) == all.values.reduce(0, +))
                    #expect(all["left out", default: 0] > 100)
                }
            }
        }
    }

    @Test(arguments: ["serial", "threads", "processes", "tasks", "actors"])
    func anInterruptedRunSaysWhatItHas(_ pool: String) throws {
        let long = [String](repeating: ProcessTests.longNumber, count: 3)
        let running = try Tool.start(
            ["check", "--pool", pool, "-j", "1", "--chunk", "1", "--order", "input", "--summary"],
            input: Data((["7", "9", "x", "11"] + long).joined(separator: "\n").utf8))
        #expect(eventually { running.output == "7: prime\n9: composite\n11: prime\n" })
        kill(running.id, SIGINT)
        #expect(running.endsSoon)
        let outcome = running.finish()
        #expect(outcome.status == 130)
        let counts = try #require(Self.counts(outcome))
        #expect(counts["prime"] == 2 && counts["composite"] == 1 && counts["bad"] == 1)
        // A serial pool reads when it has tested.
        let untested = try #require(counts["not tested"])
        #expect(pool == "serial" ? untested == 1 : (1...3).contains(untested))
        #expect(outcome.error.contains("ended by SIGINT: 3 numbers were tested, "))
    }

    @Test func aClosedPipeStillHasASummary() throws {
        for trap in ["", "trap '' PIPE; "] {
            let outcome = try Tool.shell(
                trap
                    + "{ seq 1 2000000 | \"$P\" check --summary; echo \"status $?\" >&2; } | head -n 1"
            )
            #expect(outcome.output == "1: neither\n")
            let counts = try #require(Self.counts(outcome))
            #expect(counts["prime", default: 0] > 0 && counts["neither"] == 1, "\(counts)")
            #expect(counts.values.reduce(0, +) < 2_000_000)
            #expect(outcome.error.contains("status 141"), "\(outcome.error)")
        }
        // Without it nothing is said.
        let silent = try Tool.shell("seq 1 2000000 | \"$P\" check | head -n 1")
        #expect(silent.error == "")
    }

    @Test func aFullDiskStillHasASummary() throws {
        let outcome = try Tool.shell("seq 1 100000 | \"$P\" check --summary > /dev/full")
        #expect(outcome.status == 74)
        #expect(Self.counts(outcome) != nil)
        #expect(outcome.error.contains("standard output: "))
    }
}
