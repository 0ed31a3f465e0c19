// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What happens to a file of results, or to its input, between runs and while one goes on.
@Suite(.timeLimit(.minutes(15))) struct ResumeDamageTests {
    /// As zlib has it, bit by bit.
    private static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in
                crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0)
            }
        }
    }

    /// A line with the checksum that is right for it.
    private static func sealed(_ content: some StringProtocol) -> String {
        let checksum = String(crc32(content.utf8), radix: 16)
        let zeros = String(repeating: "0", count: 8 - checksum.count)
        return content + ",\"crc32\":\"\(zeros)\(checksum)\"}"
    }

    private static func content(_ line: String) -> String { String(line.dropLast(20)) }

    /// Lines as they are, with their times and checksums.
    private static func lines(_ place: Workplace) -> [String] {
        String(decoding: place.content(), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func write(_ lines: [String], to place: Workplace) throws {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: place.results)
    }

    @Test func everyLineHasItsChecksum() throws {
        #expect(Self.crc32("123456789".utf8) == 0xCBF4_3926)
        let place = try Workplace(["7", "9", "x", "3*\t5", "18446744073709551629"])
        _ = try place.run(["--res64"])
        let lines = Self.lines(place)
        #expect(lines.count == 6)
        for line in lines { #expect(line == Self.sealed(Self.content(line))) }
        #expect(
            Self.content(lines[5])
                == "{\"results\":4,\"composite\":2,\"prime\":1,\"probable-prime\":1,\"neither\":0,"
                + "\"timed-out\":0,\"failed\":0")
        // Without it, it is what is printed otherwise.
        let printed = try Tool.run([
            "check", "--file", place.input.path, "--format", "jsonl", "--res64",
        ])
        #expect(printed.lines.allSatisfy { !$0.contains("crc32") })
        let keys = { (line: String) -> [String] in
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
            return ((object as? [String: Any]) ?? [:]).keys.sorted()
        }
        for (line, other) in zip(lines[1...4], printed.lines) {
            #expect(keys(Self.content(line) + "}") == keys(other))
        }
    }

    /// Each is noticed, or costs no more than a test.
    @Test func everyFlippedBitIsNoticedOrHarmless() throws {
        let place = try Workplace(
            ["3", "# c", "x", "5+4", "170141183460469231731687303715884105727", "1", "91", "7"])
        #expect(try place.run(["--seed", "3"]).status == 2)
        let whole = place.content()
        func verdicts() -> [String] {
            place.resultLines().map {
                String($0[..<($0.range(of: ",\"method\"")?.lowerBound ?? $0.endIndex)])
            }.sorted()
        }
        let expected = verdicts()
        #expect(expected.count == 6)
        var state: UInt64 = 17
        var noticed = 0
        let times = TestFiles.scaled(120)
        var flips = whole.indices.filter { whole[$0] == 10 }.flatMap { [8 * $0, 8 * $0 + 5] }
        while flips.count < times {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            flips.append(Int(state >> 33) % (8 * whole.count))
        }
        for flip in flips {
            var damaged = whole
            damaged[flip / 8] ^= 1 << UInt8(flip % 8)
            try damaged.write(to: place.results)
            let outcome = try place.run()
            // The bad line of the input gives 2 as well.
            #expect(outcome.status == 2)
            if place.content() == damaged {
                noticed += 1
                #expect(
                    outcome.error.contains("give the name of a new"), "\(flip): \(outcome.error)")
            } else {
                #expect(verdicts() == expected, "\(flip): \(outcome.error)")
            }
        }
        // Only in the last line and in what ends it they are harmless.
        #expect(noticed > flips.count * 3 / 4)
    }

    @Test func aResultOfAnotherShareIsRefused() throws {
        let place = try Workplace((0..<30).map(String.init))
        _ = try place.run(["--shard", "1/3"])
        let others = Self.lines(place)
        try FileManager.default.removeItem(at: place.results)
        _ = try place.run(["--shard", "2/3"])
        var lines = Self.lines(place)
        lines.insert(others[1], at: 1)
        try Self.write(lines, to: place)
        let outcome = try place.run(["--shard", "2/3"])
        #expect(outcome.status == 2)
        #expect(outcome.error.contains("line 2 is about i = 0, which is not in share 2/3"))
    }

    /// Taking out each line of which it has no number any more would be the wrong advice.
    @Test func anInputThatHasBecomeShorterIsSaidAtOnce() throws {
        let place = try Workplace(["7", "11", "13", "17", "19"])
        _ = try place.run()
        let whole = place.content()
        try Data("7\n".utf8).write(to: place.input)
        let outcome = try place.run()
        #expect(outcome.status == 2)
        #expect(outcome.error.contains("the input had 14 bytes then and has 2 now"))
        #expect(place.content() == whole)
    }

    @Test(arguments: ["", "-"])
    func whatIsNoFilesNameIsRefused(_ name: String) throws {
        let place = try Workplace(["7"])
        let outcome = try Tool.run(["check", "--file", place.input.path, "--resume", name])
        #expect(outcome.status == 64 && outcome.error.contains("--resume '\(name)'"))
    }

    @Test func whatWasChangedByHandIsRefused() throws {
        let place = try Workplace((0..<600).map(String.init))
        _ = try place.run()
        let lines = Self.lines(place)
        func outcome(_ number: Int, _ line: String) throws -> Tool.Outcome {
            var changed = lines
            changed[number - 1] = line
            try Self.write(changed, to: place)
            let outcome = try place.run()
            #expect(outcome.status == 2)
            #expect(Self.lines(place).starts(with: changed))
            return outcome
        }
        func replaced(_ number: Int, _ old: String, _ new: String) -> String {
            lines[number - 1].replacingOccurrences(of: old, with: new)
        }
        for (number, line) in [
            (9, replaced(9, "\"prime\"", "\"composite\"")),
            (9, replaced(9, "\"verdict\"", "\"verdikt\"")),
            (9, replaced(9, "\"input\":\"7\"", "\"input\":\"8\"")),
            (9, replaced(9, "\"i\":7", "\"i\":70000")),
            (9, Self.content(lines[8]) + "}"), (602, replaced(602, "600", "599")),
        ] {
            let error = try outcome(number, line).error
            #expect(error.contains("line \(number) is not as it was written"), "\(error)")
        }
        let header = try outcome(1, replaced(1, "\"rounds\":2", "\"rounds\":9"))
        #expect(header.error.contains("its first line was damaged"))
        // With the right checksum too, what cannot be is refused.
        for (line, words) in [
            (replaced(301, "\"verdict\"", "\"verdikt\""), "line 301 is no result"),
            (replaced(301, "composite", "comp"), "line 301 is no result"),
            (replaced(301, "\"i\":299", "\"i\":298"), "line 301 is a second result for i = 298"),
            (replaced(301, "\"i\":299", "\"i\":9999"), "line 301 is about i = 9999"),
            (replaced(301, "\"input\":\"299\"", "\"input\":\"7\""), "line 301 is about '7', which"),
        ] {
            let error = try outcome(301, Self.sealed(Self.content(line))).error
            #expect(error.contains(words), "\(error)")
            #expect(Self.lines(place).count == lines.count)
        }
        // The input has fewer candidates than bytes may hold; its last lines may be of any size.
        for place in [700, 1000] {
            let line = replaced(601, "\"i\":599", "\"i\":\(place)")
            let error = try outcome(601, Self.sealed(Self.content(line))).error
            #expect(error.contains("does not stand in the input at i = \(place)"), "\(error)")
        }
    }

    // MARK: While it runs

    private static let harms: [(command: String, words: String)] = [
        ("rm r", "was removed or renamed while the run went on"),
        ("mv r s", "was removed or renamed while the run went on"),
        ("truncate -s 100 r", "to 100 bytes while the run went on"),
        (": > r", "to 0 bytes while the run went on"),
        ("cp r s; mv s r", "was replaced by another file while the run went on"),
        ("touch s; mv s r", "was replaced by another file while the run went on"),
        ("echo >> r", "was written by others too while the run went on"),
    ]

    @Test(arguments: harms)
    func aFileThatIsHarmedMeanwhileIsAnError(_ command: String, _ words: String) throws {
        let place = try Workplace(["7"] + [String](repeating: "M(4423)", count: 20))
        let running = try Tool.start(place.arguments(["-j", "1", "--chunk", "1"]))
        #expect(eventually { place.resultLines().count >= 1 })
        let shell = try Tool.shell(
            "cd '\(place.folder.path)' && \(command.replacingOccurrences(of: " r", with: " results.jsonl"))"
        )
        #expect(shell.status == 0)
        let outcome = running.finish()
        #expect(outcome.status == 74)
        #expect(outcome.error.contains(words), "\(outcome.error)")
        // What it became is left as it is.
        #expect(!(TestFiles.text(place.results.path) ?? "").contains("\"results\":"))
    }

    // MARK: Inputs that grow

    private func append(_ text: String, to place: Workplace) throws {
        let handle = try FileHandle(forWritingTo: place.input)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    @Test func linesThatWereAppendedToTheInputAreTested() throws {
        let place = try Workplace(["7", "9"])
        #expect(try place.run().status == 0)
        let before = place.content()
        try append("11\n# c\n", to: place)
        let outcome = try place.run()
        #expect(outcome.status == 0)
        #expect(outcome.error.contains("lines were appended to the input"))
        #expect(outcome.error.contains(": 7 lines, 3 of them new, with 3 results"))
        #expect(place.content().starts(with: before))
        #expect(place.resultLines().map(ShardTests.place) == [0, 1, 2])
        let headers = Self.lines(place).filter { $0.hasPrefix("{\"primality_results\":2,") }
        #expect(headers.count == 2 && headers[1].contains("\"input_bytes\":11,"))
        // Options stay those of the beginning, and nothing is left to do.
        #expect(try place.run(["--rounds", "9"]).status == 2)
        let after = place.content()
        #expect(try place.run().status == 0)
        #expect(place.content() == after)
        // Without candidates, and then with a line that has no end.
        try append("\n", to: place)
        #expect(try place.run().status == 0)
        try append("13", to: place)
        #expect(try place.run().status == 0)
        #expect(place.resultLines().map(ShardTests.place) == [0, 1, 2, 3])
        let ended = place.content()
        try append("1\n17\n", to: place)
        let grown = try place.run()
        #expect(grown.status == 2)
        #expect(grown.error.contains("the last line of the input had no end then, and has grown"))
        #expect(place.content() == ended)
    }

    @Test func aRunThatWasEndedGoesOnWithWhatWasAppended() throws {
        let place = try Workplace((0..<40).map(String.init))
        _ = try place.run()
        let whole = place.content()
        try append("40\n41\n", to: place)
        for cut in stride(from: 300, to: whole.count, by: whole.count / 7) {
            try whole.prefix(cut).write(to: place.results)
            #expect(try place.run().status == 0, "\(cut)")
            #expect(place.resultLines().map(ShardTests.place) == Array(0..<42), "\(cut)")
        }
        // Cut in what the second run has written, its header included.
        let second = place.content()
        try append("42\n", to: place)
        for cut in stride(from: second.count - 700, to: second.count, by: 61) {
            try second.prefix(cut).write(to: place.results)
            #expect(try place.run().status == 0, "\(cut)")
            #expect(place.resultLines().map(ShardTests.place) == Array(0..<43), "\(cut)")
        }
    }

    @Test func whatIsAppendedMeanwhileWaitsForTheNextRun() throws {
        let place = try Workplace(["7"] + [String](repeating: "M(4423)", count: 4))
        let running = try Tool.start(place.arguments(["-j", "1", "--chunk", "1"]))
        #expect(eventually { place.resultLines().count >= 1 })
        try append("11\n", to: place)
        let outcome = running.finish()
        #expect(outcome.status == 0)
        #expect(outcome.error.contains("was appended to while it was read"))
        #expect(place.resultLines().count == 5)
        #expect(try place.run().status == 0)
        #expect(place.resultLines().count == 6)
    }

    // MARK: Numbers without a result

    /// On a busy machine others may time out as well.
    @Test func aNumberThatWasUndecidedIsTestedAgain() throws {
        let place = try Workplace(["7", "M(11213)", "9"])
        let pool = ["--pool", "processes", "-j", "1", "--timeout"]
        for times in 1...2 {
            let outcome = try place.run(pool + ["0.02"])
            #expect(outcome.status == 3)
            #expect(outcome.error.contains(" timed out or failed: the same command tests "))
            let found = place.resultLines().filter { $0.contains("M(11213)") }
            #expect(found.count == times)
            #expect(found.allSatisfy { $0.contains("\"verdict\":\"timed-out\"") })
        }
        #expect(try place.run(pool + ["600"]).status == 0)
        let last = try #require(place.resultLines().last { $0.hasPrefix("{\"i\":1,") })
        #expect(last.contains("\"verdict\":\"prime\""))
        #expect(Self.lines(place).last?.contains("\"results\":3,") == true)
        #expect(Self.lines(place).last?.contains("\"timed-out\":0,") == true)
        let before = place.content()
        #expect(try place.run(pool + ["0.02"]).status == 0)
        #expect(place.content() == before)
    }
}
