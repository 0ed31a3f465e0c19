// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A folder with an input and a file of results.
final class Workplace {
    let folder: URL
    var input: URL { folder.appendingPathComponent("candidates.txt") }
    var results: URL { folder.appendingPathComponent("results.jsonl") }

    init(_ lines: [String]) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("primality-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try write(lines)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ lines: [String]) throws {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: input)
    }

    func arguments(_ more: [String] = []) -> [String] {
        ["check", "--file", input.path, "--resume", results.path] + more
    }

    func run(_ more: [String] = []) throws -> Tool.Outcome { try Tool.run(arguments(more)) }

    /// Nothing when there is no file yet.
    func content() -> Data { Data(TestFiles.bytes(results.path) ?? []) }

    /// Lines without their times.
    func lines() -> [String] {
        String(decoding: content(), as: UTF8.self).split(separator: "\n").map {
            Self.withoutTime(String($0))
        }
    }

    /// The lines about numbers, without their times.
    func resultLines() -> [String] { lines().filter { $0.hasPrefix("{\"i\":") } }

    static func withoutTime(_ line: String) -> String {
        String(line[..<(line.range(of: ",\"cpu_ns\"")?.lowerBound ?? line.endIndex)])
    }
}

@Suite(.timeLimit(.minutes(15))) struct ResumeTests {
    /// Below and above 2⁶⁴, with comments and bad lines.
    private static let candidates: [String] = (0..<40).map { n in
        switch n % 8 {
        case 0: "170141183460469231731687303715884105757"
        case 3: "# comment"
        case 5: n == 13 ? "x" : "0x\(String(n * n + 1, radix: 16))"
        default: String(n)
        }
    }

    @Test func resultsGoToTheFileUnderAHeader() throws {
        let place = try Workplace(Self.candidates)
        let outcome = try place.run(["--seed", "5", "--rounds", "3", "--shard", "1/1"])
        #expect(outcome.status == 2)  // the bad line
        #expect(outcome.output == "")
        #expect(outcome.error.contains("line 14: 'x'"))
        let printed = try Tool.run([
            "check", "--file", place.input.path, "--format", "jsonl", "--seed", "5", "--rounds",
            "3",
        ])
        let lines = place.lines()
        #expect(lines.count == printed.lines.count + 2)
        #expect(outcome.error.contains(": \(lines.count) lines, \(lines.count) of them new, with "))
        for (line, other) in zip(lines.dropFirst(), printed.lines) {
            #expect(other.hasPrefix(line))
        }
        let header = try #require(
            try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        #expect(header["primality_results"] as? Int == 2)
        #expect(header["seed"] as? String == "5")
        #expect(header["rounds"] as? Int == 3)
        #expect(header["input_bytes"] as? Int == TestFiles.bytes(place.input.path)?.count)

        // Again: nothing is left to do.
        let before = place.content()
        let again = try place.run(["--rounds", "3"])
        #expect(again.status == 2)
        #expect(again.error.contains("going on after \(lines.count - 2) results"))
        #expect(again.error.contains(": \(lines.count) lines, 0 of them new, with "))
        #expect(place.content() == before)
    }

    @Test func aFileCutAnywhereIsCompletedToTheSame() throws {
        let place = try Workplace(Self.candidates)
        _ = try place.run()
        let whole = place.content()
        let lines = place.lines()
        // Every byte of the header's end and the first results, then a sample that meets all columns.
        let headerEnd = (whole.firstIndex(of: 10) ?? 0) + 1
        var cuts = Array(0..<4) + Array((headerEnd - 3)..<(headerEnd + 130))
        let step = TestFiles.sanitizer == nil ? 67 : 997
        cuts += stride(from: headerEnd + 131, to: whole.count, by: step)
        cuts += [whole.count - 2, whole.count - 1, whole.count]
        for cut in cuts {
            try whole.prefix(cut).write(to: place.results)
            let outcome = try place.run()
            #expect(outcome.status == 2, "\(cut): \(outcome.error)")
            let found = place.lines()
            if cut >= headerEnd {
                #expect(found == lines, "cut at \(cut)")
                // Whole lines are kept as they are, times included.
                let kept = whole[..<((whole.prefix(cut).lastIndex(of: 10) ?? -1) + 1)]
                #expect(place.content().starts(with: kept), "cut at \(cut)")
            } else {
                // Begun anew, with another seed.
                #expect(found.count == lines.count, "cut at \(cut)")
            }
        }
    }

    @Test(arguments: ["threads", "processes"], ["input", "done"])
    func aRunThatIsKilledAtAnyMomentIsCompleted(_ pool: String, _ order: String) throws {
        // 2⁵²¹ − 115: a quarter of a millisecond each.
        let prime = "0x1" + String(repeating: "F", count: 128) + "8D"
        let count = 3000
        let place = try Workplace(Array(repeating: prime, count: count))
        let arguments = place.arguments([
            "--pool", pool, "-j", "2", "--chunk", "7", "--order", order, "--rounds", "0",
        ])
        var kills = 0
        while kills < 10 {
            let running = try Tool.start(
                arguments, environment: ["ASAN_OPTIONS": "detect_leaks=0"])
            usleep(UInt32.random(in: 5_000...60_000))
            kill(running.process.processIdentifier, SIGKILL)
            if !running.finish().wasSignalled { break }
            kills += 1
        }
        #expect(kills > 0)
        let outcome = try Tool.run(arguments)
        #expect(outcome.status == 0, "\(outcome.error)")
        let places = place.resultLines().map(ShardTests.place)
        #expect(places.count == count)
        #expect(places.sorted() == Array(0..<count))
        if order == "input" { #expect(places == Array(0..<count)) }
    }

    @Test func ctrlCKeepsWhatWasDone() throws {
        let place = try Workplace(["7", "9", ProcessTests.longNumber, "11"])
        let running = try Tool.start(place.arguments(["--chunk", "1", "-j", "2"]))
        #expect(eventually { (place.lines().count) == 3 })
        kill(running.process.processIdentifier, SIGINT)
        #expect(running.finish().status == 130)
        #expect(place.lines().count >= 3)
        #expect(place.content().last == 10)
    }

    @Test func otherOptionsOrAnotherInputAreRefused() throws {
        let place = try Workplace(Self.candidates)
        _ = try place.run(["--seed", "5"])
        let before = place.content()
        for (options, named) in [
            (["--rounds", "9"], "--rounds was 2 then and is 9 now"),
            (["--seed", "6"], "--seed was 5 then and is 6 now"),
            (["--res64"], "--res64 was off then and is on now"),
            (["--engine", "gmp"], "--engine was auto then and is gmp now"),
            (["--max-bits", "99"], "--max-bits was 100000000 then and is 99 now"),
            (["--shard", "1/2"], "--shard was 1/1 then and is 1/2 now"),
        ] {
            let outcome = try place.run(options)
            #expect(outcome.status == 2, "\(options)")
            #expect(outcome.error.contains(named), "\(outcome.error)")
        }
        // What does not change results may change.
        #expect(try place.run(["--pool", "serial", "--chunk", "3"]).status == 2)
        var lines = Self.candidates
        lines[1] = "2"
        try place.write(lines)
        #expect(try place.run().error.contains("the content of the input was another one"))
        try place.write(lines + ["5"])
        #expect(try place.run().error.contains("which do not begin as those did"))
        try place.write(Self.candidates.dropLast())
        #expect(try place.run().error.contains("only what is appended to it is tested as well"))
        #expect(place.content() == before)
    }

    @Test func whatIsNoFileOfResultsIsLeftAlone() throws {
        let place = try Workplace(["7"])
        for text in ["7\n", "7", "{\"i\":0}\n", "\n", "{\"x"] {
            try Data(text.utf8).write(to: place.results)
            let outcome = try place.run()
            #expect(outcome.status == 2)
            #expect(outcome.error.contains("is not a file that --resume has written"))
            #expect(place.content() == Data(text.utf8))
        }
        // What another version has written is told by name.
        for version in [1, 3] {
            let text = "{\"primality_results\":\(version),\"version\":\"0.1.0\"}\n"
            try Data(text.utf8).write(to: place.results)
            let outcome = try place.run()
            #expect(outcome.status == 2)
            #expect(outcome.error.contains("is a file of results of version \(version), "))
            #expect(place.content() == Data(text.utf8))
        }
    }

    @Test func aDamagedLineIsNamed() throws {
        let place = try Workplace(["3", "5", "7", "11"])
        _ = try place.run()
        let lines = String(decoding: place.content(), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for bad in ["", "{\"i\":1,\"input\":\"5\"", "{\"i\":99,\"input\":\"5\"}", "\0\0", lines[1]]
        {
            var damaged = lines
            damaged[2] = bad
            try Data(damaged.joined(separator: "\n").utf8).write(to: place.results)
            let outcome = try place.run()
            #expect(outcome.status == 2)
            #expect(outcome.error.contains("line 3 is "), "\(outcome.error)")
        }
        var mended = lines
        mended.remove(at: 2)
        try Data(mended.joined(separator: "\n").utf8).write(to: place.results)
        let outcome = try place.run()
        #expect(outcome.status == 0)
        #expect(outcome.error.contains("line 5 counts others than stand above it"))
        #expect(place.resultLines().map(ShardTests.place).sorted() == [0, 1, 2, 3])
    }

    @Test func twoRunsDoNotWriteOneFile() throws {
        let place = try Workplace(["7", ProcessTests.longNumber])
        let first = try Tool.start(place.arguments(["--pool", "processes", "-j", "2"]))
        #expect(eventually { (place.lines().count) >= 1 })
        let second = try place.run()
        #expect(second.status == 2)
        #expect(second.error.contains("another process is writing it"))
        // The workers of a run that was killed do not hold the file.
        kill(first.process.processIdentifier, SIGKILL)
        _ = first.finish()
        try place.write(["7", "11"])
        #expect(try place.run().error.contains("bytes then and has"))
    }

    @Test(
        .enabled(
            if: TestFiles.sanitizer != "thread", "ThreadSanitizer does not start under ulimit -f"))
    func aFullDiskLosesNothing() throws {
        let place = try Workplace((1...200).map(String.init))
        let command =
            "exec \"$P\" check --chunk 1 --file '\(place.input.path)' --resume '\(place.results.path)'"
        let full = try Tool.shell("ulimit -f 8; " + command)
        #expect(full.status == 74)
        #expect(full.error.contains("the same command goes on from there"))
        #expect(place.content().last == 10)
        #expect(place.content().count <= 8 * 1024)
        let outcome = try Tool.shell(command)
        #expect(outcome.status == 0)
        #expect(place.resultLines().map(ShardTests.place) == Array(0..<200))
    }

    /// Odd numbers of 200 digits, of which about one in 230 is prime.
    @Test func aFileOfLargeNumbersSurvivesSignalsInLittleMemory() throws {
        var state: UInt64 = 7
        let count = TestFiles.scaled(15_000)
        let numbers = (0..<count).map { _ -> String in
            let parts = (0..<11).map { _ -> String in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return String(1_000_000_000_000_000_000 + state % 8_000_000_000_000_000_000)
            }
            return String(parts.joined().prefix(199) + "7")
        }
        let place = try Workplace(numbers)
        let options = ["--seed", "5", "-j", "2"]
        var signals = 0
        for i in 0..<5 {
            let running = try Tool.start(place.arguments(options))
            usleep(UInt32(20_000 + 15_000 * i))
            kill(running.process.processIdentifier, SIGINT)
            signals += running.finish().status == 130 ? 1 : 0
        }
        let last = try Tool.start(place.arguments(options))
        var pages = 0
        while last.process.isRunning {
            let statm = TestFiles.text("/proc/\(last.process.processIdentifier)/statm") ?? ""
            pages = max(
                pages, statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
            usleep(5000)
        }
        #expect(last.finish().status == 0)
        if TestFiles.sanitizer == nil { #expect(pages < 16384, "more than 64 MB") }
        let whole = try Tool.run(
            ["check", "--file", place.input.path, "--format", "jsonl", "--pool", "serial"]
                + options.prefix(2))
        let expected = whole.lines.map(Workplace.withoutTime)
        #expect(expected.count == count)
        #expect(place.resultLines().sorted() == expected.sorted())
        // Were none in time, this would test nothing; less than that may be done before the first one.
        if TestFiles.multiplier >= 1 { #expect(signals > 0) }
    }

    @Test func sharesResumeEachInItsOwnFile() throws {
        let place = try Workplace((0..<100).map(String.init))
        _ = try place.run(["--shard", "2/3"])
        let whole = place.content()
        try whole.prefix(whole.count - 500).write(to: place.results)
        #expect(try place.run(["--shard", "2/3"]).status == 0)
        #expect(
            place.resultLines().map(ShardTests.place)
                == Array(stride(from: 1, to: 100, by: 3)))
    }

    @Test func theInputHasToBeAFile() throws {
        let place = try Workplace(["7"])
        let file = place.results.path
        for arguments in [
            ["7"], [], ["--file", "-"], ["--file", place.input.path, "--format", "csv"],
            ["--file", place.input.path, "-q"],
        ] {
            let outcome = try Tool.run(["check", "--resume", file] + arguments)
            #expect(outcome.status == 64, "\(arguments)")
        }
        for command in [
            "cat '\(place.input.path)' | \"$P\" check --file /dev/stdin --resume '\(file)'",
            "\"$P\" check --file '\(place.input.path)' --resume /dev/null",
            "\"$P\" check --file /nonexistent --resume '\(file)'",
        ] {
            #expect(try Tool.shell(command).status == 2, "\(command)")
        }
        #expect(!FileManager.default.fileExists(atPath: file))
        let nowhere = try Tool.run([
            "check", "--file", place.input.path, "--resume", "/nonexistent/file",
        ])
        #expect(nowhere.status == 74)
    }
}
