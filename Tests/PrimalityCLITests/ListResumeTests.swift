// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `list --shard` and `list --resume`.
@Suite(.timeLimit(.minutes(15))) struct ListResumeTests {
    private static let window = ["2^64-1000", "2^64+1500"]

    private static func numbers(_ place: Workplace) -> [String] {
        place.resultLines().compactMap { $0.split(separator: "\"").dropFirst(5).first }
            .map(String.init)
    }

    private static func run(_ place: Workplace, _ more: [String]) throws -> Tool.Outcome {
        try Tool.run(["list", "--resume", place.results.path] + more)
    }

    @Test(arguments: [1, 3, 7, 100_000])
    func thePartsOneAfterTheOtherAreTheWhole(_ count: Int) throws {
        let whole = try Tool.run(["list"] + Self.window).lines
        #expect(whole.count > 40)
        var parts: [String] = []
        var counted = 0
        // Of the most parts some have no number; others have the first and the last ones.
        let indices = count < 10 ? Array(1...count) : [1, 2, 50_000, count]
        for index in indices {
            let shard = ["--shard", "\(index)/\(count)"]
            let part = try Tool.run(["list"] + shard + Self.window)
            #expect(part.status == 0 && part.error == "")
            parts += part.lines
            counted +=
                Int(
                    try Tool.run(["list", "--count"] + shard + Self.window).lines.first ?? "") ?? 0
        }
        if count < 10 {
            #expect(parts == whole)
            #expect(counted == whole.count)
        } else {
            #expect(Set(parts).isSubset(of: whole))
        }
        let wide = try Tool.run(["list", "--shard", "1/2", "0", "10^30"])
        #expect(wide.status == 64 && wide.error.contains("more than 2^63 numbers is not divided"))
        #expect(try Tool.run(["list", "--shard", "3/2", "0", "9"]).status == 64)
    }

    @Test func aFileCutAnywhereIsCompletedToTheSame() throws {
        let place = try Workplace([])
        let more = Self.window + ["--seed", "5", "--chunk", "3"]
        let first = try Self.run(place, more)
        #expect(first.status == 0 && first.output == "")
        let whole = place.content()
        let lines = place.lines()
        #expect(first.error.contains(": \(lines.count) lines, \(lines.count) of them new"))
        #expect(Self.numbers(place) == (try Tool.run(["list"] + Self.window).lines))
        let printed = try Tool.run(["list", "--format", "jsonl"] + more)
        #expect(place.resultLines() == printed.lines.map(Workplace.withoutTime))
        for cut in stride(from: 1, through: whole.count, by: whole.count / 25) {
            try whole.prefix(cut).write(to: place.results)
            let outcome = try Self.run(place, more)
            #expect(outcome.status == 0, "\(outcome.error)")
            #expect(place.lines() == lines, "cut at \(cut)")
        }
        // Nothing is left to do.
        let after = place.content()
        #expect(try Self.run(place, Self.window).status == 0)
        #expect(place.content() == after)
    }

    @Test func aRunThatIsKilledIsCompleted() throws {
        let place = try Workplace([])
        let window = ["10^100", "10^100+20000", "--rounds", "0", "-j", "2", "--chunk", "2"]
        for pool in ["threads", "processes"] {
            for _ in 0..<4 {
                let running = try Tool.start(
                    ["list", "--resume", place.results.path, "--pool", pool] + window,
                    environment: ["ASAN_OPTIONS": "detect_leaks=0"])
                usleep(.random(in: 20_000...90_000))
                kill(running.id, SIGKILL)
                _ = running.finish()
            }
        }
        let last = try Self.run(place, window)
        #expect(last.status == 0, "\(last.error)")
        #expect(Self.numbers(place) == (try Tool.run(["list"] + window).lines))
        #expect(place.resultLines().map(ShardTests.place) == Array(0..<Self.numbers(place).count))
    }

    /// The prime is, and perhaps a composite number beside it that small primes leave: that this is
    /// composite is said where it was undecided before.
    @Test func aNumberThatWasUndecidedIsTestedAgain() throws {
        let place = try Workplace([])
        let more = ["M(11213)-4", "M(11213)+4", "--pool", "processes", "-j", "1", "--timeout"]
        for _ in 0..<2 {
            let outcome = try Self.run(place, more + ["0.005"])
            #expect(outcome.status == 3)
            #expect(outcome.error.contains(" timed out or failed: the same command tests "))
        }
        let last = try Self.run(place, more + ["600"])
        #expect(last.status == 0, "\(last.error)")
        var words: [Int: String] = [:]
        for line in place.resultLines() {
            let after = line.range(of: "\"verdict\":\"")?.upperBound ?? line.endIndex
            words[ShardTests.place(line)] = String(line[after...].prefix { $0 != "\"" })
        }
        #expect(words.values.filter { $0 == "prime" }.count == 1)
        #expect(words.values.allSatisfy { $0 == "prime" || $0 == "composite" })
        #expect(place.resultLines().filter { $0.contains("timed-out") }.count >= 2)
        #expect(place.lines().last?.hasPrefix("{\"results\":\(words.count),") == true)
    }

    /// What was reached counts the results above it, so a search does not go on without one of them.
    @Test func aResultThatIsMissingBeforeWhatWasReachedIsNoticed() throws {
        let window = ["10^300", "10^300+10^7", "-j", "2", "--chunk", "2"]
        var place = try Workplace([])
        var lines: [Substring] = []
        // A search that ends just after a prime has no such line: its result says how far it came.
        for _ in 0..<20 where lines.last?.hasPrefix("{\"reached\":") != true {
            place = try Workplace([])
            let running = try Tool.start(["list", "--resume", place.results.path] + window)
            #expect(eventually { place.lines().count > 6 })
            kill(running.id, SIGINT)
            #expect(running.finish().status == 130)
            lines = String(decoding: place.content(), as: UTF8.self).split(separator: "\n")
        }
        try #require(lines.last?.hasPrefix("{\"reached\":") == true)
        lines.remove(at: lines.count - 2)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: place.results)
        let outcome = try Self.run(place, window)
        #expect(outcome.status == 2)
        #expect(outcome.error.contains("results above it, and \(lines.count - 2) stand there"))
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let place = try Workplace(["7"])
        _ = try Self.run(place, Self.window)
        let whole = place.content()
        for (more, words) in [
            (["2^64-1000", "2^64+1501"], "hi was 18446744073709553116 then and is"),
            (["2^64-999", "2^64+1500"], "lo was"), (Self.window + ["--rounds", "9"], "--rounds"),
            (Self.window + ["--shard", "1/2"], "--shard was 1/1 then and is 1/2 now"),
        ] {
            let outcome = try Self.run(place, more)
            #expect(outcome.status == 2)
            #expect(outcome.error.contains(words), "\(outcome.error)")
        }
        #expect(try place.run().error.contains("list made them, and this is check"))
        #expect(place.content() == whole)
        for more in [["--count"], ["--format", "csv"]] {
            #expect(try Self.run(place, Self.window + more).status == 64)
        }
        // A prime that was taken out would not be found again.
        var lines = String(decoding: whole, as: UTF8.self).split(separator: "\n")
        lines.remove(at: 5)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: place.results)
        let gap = try Self.run(place, Self.window)
        #expect(gap.status == 2)
        #expect(gap.error.contains("line 6 follows a gap: the result for i = 4 is missing"))
        lines.removeSubrange(5...)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: place.results)
        #expect(try Self.run(place, Self.window).status == 0)
        #expect(Self.numbers(place) == (try Tool.run(["list"] + Self.window).lines))
    }
}
