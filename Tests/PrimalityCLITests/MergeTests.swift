// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `primality merge`.
@Suite(.timeLimit(.minutes(15))) struct MergeTests {
    /// Below and above 2⁶⁴, with comments, bad lines and what csv and JSON have to quote.
    private static let candidates: [String] = (0..<60).map { n in
        switch n % 10 {
        case 0: "170141183460469231731687303715884105757"
        case 3: "# comment"
        case 5: n % 20 == 5 ? "x\(n)" : "gcd(\(n),10)"
        case 7: "1,000,00\(n % 10)"
        default: String(n)
        }
    }

    /// A folder with an input, and with results of its shares.
    private final class Parts {
        let folder: String
        let input: String
        private(set) var names: [String] = []

        init(_ lines: [String] = MergeTests.candidates) throws {
            folder = NSTemporaryDirectory() + "primality-\(UUID().uuidString)/"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            input = folder + "input"
            try write(lines.joined(separator: "\n") + "\n", to: "input")
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func path(_ name: String) -> String { folder + name }

        func write(_ text: String, to name: String) throws {
            try write(Data(text.utf8), to: name)
        }

        func write(_ data: Data, to name: String) throws {
            try data.write(to: URL(fileURLWithPath: path(name)))
        }

        func bytes(_ name: String) -> [UInt8] { TestFiles.bytes(path(name)) ?? [] }

        func text(_ name: String) -> String { TestFiles.text(path(name)) ?? "" }

        /// The run of a share, or of the whole, to a file of --resume.
        @discardableResult
        func check(_ name: String, _ more: [String]) throws -> Tool.Outcome {
            try Tool.run(
                ["check", "--file", input, "--seed", "7", "--resume", path(name)] + more)
        }

        /// The files of all shares, from the last to the first.
        func run(_ count: Int, _ more: [String] = []) throws -> [String] {
            let names = (1...count).reversed().map { "part.\($0)" }
            for (i, name) in names.enumerated() {
                try check(name, ["--shard", "\(count - i)/\(count)"] + more)
            }
            return names
        }

        func merge(_ names: [String], _ more: [String] = []) throws -> Tool.Outcome {
            try Tool.run(["merge"] + more + names.map { $0 == "-" ? $0 : path($0) })
        }
    }

    /// Lines without times, and so without the checksums over them.
    private static func withoutTimes(_ text: String) -> [String] {
        text.split(separator: "\n").map { Workplace.withoutTime(String($0)) }
    }

    // MARK: The whole

    @Test(arguments: [1, 2, 3, 7, 53, 80])
    func sharesOfResumeAreTheFileOfOneRun(_ count: Int) throws {
        let parts = try Parts()
        try parts.check("whole", [])
        let whole = Self.withoutTimes(parts.text("whole"))
        #expect(whole.count > 50)
        let merged = try parts.merge(try parts.run(count))
        #expect(merged.status == 0 && merged.error == "", "\(merged.error)")
        #expect(Self.withoutTimes(merged.output) == whole)
        // Every line is sealed, so the tool itself goes on with it, and finds nothing to do.
        try parts.write(merged.output, to: "merged")
        let again = try parts.check("merged", [])
        #expect(again.error.contains("\(whole.count) lines, 0 of them new"), "\(again.error)")
        #expect(parts.text("merged") == merged.output)
    }

    @Test func partsThatAreNotInOrderArePutInOrder() throws {
        let lines = (1...3000).map(String.init)
        let parts = try Parts(lines)
        try parts.check("whole", [])
        let names = try parts.run(
            3, ["--order", "done", "-j", "4", "--chunk", "3", "--pool", "threads"])
        // Whatever the workers did, one part is backwards but for its header and its counts.
        var rows = parts.text(names[0]).split(separator: "\n")
        rows[1..<(rows.count - 1)].reverse()
        try parts.write(rows.joined(separator: "\n") + "\n", to: names[0])
        let merged = try parts.merge(names)
        #expect(merged.status == 0 && merged.error == "", "\(merged.error)")
        #expect(Self.withoutTimes(merged.output) == Self.withoutTimes(parts.text("whole")))
    }

    @Test func aNumberThatWasTestedAgainHasItsLastLine() throws {
        let parts = try Parts(["7", ProcessTests.longNumber, "9", "11", "13"])
        let limited = ["--pool", "processes", "-j", "1", "--chunk", "1", "--timeout", "0.3"]
        try parts.check("part.1", ["--shard", "1/2"])
        let timedOut = try parts.check("part.2", ["--shard", "2/2"] + limited)
        #expect(timedOut.status == 3)
        var merged = try parts.merge(["part.1", "part.2"])
        #expect(merged.status == 3, "a number is undecided")
        #expect(merged.lines.count == 7)
        #expect(merged.output.contains("\"i\":1,") && merged.output.contains("\"timed-out\":1"))
        // Tested again it times out again; its first line is not counted.
        #expect(try parts.check("part.2", ["--shard", "2/2"] + limited).status == 3)
        #expect(parts.text("part.2").components(separatedBy: "{\"i\":1,").count == 3)
        merged = try parts.merge(["part.1", "part.2"])
        #expect(merged.status == 3 && merged.lines.count == 7)
        #expect(merged.lines.last?.contains("{\"results\":4,") == true)
        #expect(merged.output.components(separatedBy: "{\"i\":1,").count == 2)
    }

    @Test(arguments: ["jsonl", "csv"])
    func partsWithoutHeadersArePutInOrder(_ format: String) throws {
        let parts = try Parts()
        let check = ["check", "--file", parts.input, "--seed", "7", "--format", format]
        let whole = try Tool.run(check)
        for i in 1...3 {
            try parts.write(
                try Tool.run(check + ["--shard", "\(i)/3"]).output, to: "part.\(i)")
        }
        let merged = try parts.merge(["part.2", "part.3", "part.1"])
        #expect(merged.status == 0)
        #expect(merged.error.contains("the parts have no headers"))
        #expect(merged.error.contains(" have no line, the first is i = 4: "))
        func withoutTimes(_ text: String) -> [String] {
            format == "jsonl"
                ? Self.withoutTimes(text)
                : text.split(separator: "\n").map {
                    String($0[..<($0.lastIndex(of: ",") ?? $0.endIndex)])
                }
        }
        #expect(withoutTimes(merged.output) == withoutTimes(whole.output))
        let twice = try parts.merge(["part.2", "part.3", "part.1", "part.2"])
        #expect(twice.status == 2 && twice.output == "")
        let line = format == "csv" ? 2 : 1
        #expect(
            twice.error.contains(
                "part.2: line \(line) is about i = 1, which has a line already: "), "\(twice.error)"
        )
    }

    @Test func aPartMayBeAPipe() throws {
        let parts = try Parts()
        try parts.check("whole", [])
        _ = try parts.run(3)
        let folder = "cd '\(parts.folder)'; "
        for command in [
            "cat part.2 | \"$P\" merge part.1 - part.3",
            "mkfifo pipe; cat part.3 > pipe & \"$P\" merge part.1 part.2 pipe",
            "\"$P\" merge part.1 part.2 - < part.3",
        ] {
            let merged = try Tool.shell(folder + command)
            #expect(merged.status == 0 && merged.error == "", "\(command): \(merged.error)")
            #expect(
                Self.withoutTimes(merged.output) == Self.withoutTimes(parts.text("whole")),
                "\(command)")
        }
        let empty = try Tool.shell(folder + "\"$P\" merge part.1 part.2 - < /dev/null")
        #expect(empty.status == 2 && empty.error.contains("primality: standard input is empty: "))
    }

    @Test func sharesOfAListFollowEachOther() throws {
        for (low, high, count) in [("10^30", "10^30+3000", 4), ("90", "100", 3), ("5", "7", 8)] {
            let parts = try Parts()
            func list(_ name: String, _ more: [String]) throws {
                let outcome = try Tool.run(
                    ["list", low, high, "--seed", "3", "--resume", parts.path(name)] + more)
                #expect(outcome.status == 0, "\(outcome.error)")
            }
            try list("whole", [])
            var names: [String] = []
            for i in 1...count {
                try list("part.\(i)", ["--shard", "\(i)/\(count)"])
                // A share of a short range may have no number, and has no file then.
                if !parts.bytes("part.\(i)").isEmpty { names.append("part.\(i)") }
            }
            let merged = try parts.merge(names.reversed())
            #expect(merged.status == 0 && merged.error == "", "\(merged.error)")
            #expect(Self.withoutTimes(merged.output) == Self.withoutTimes(parts.text("whole")))
            try parts.write(merged.output, to: "merged")
            let again = try Tool.run([
                "list", low, high, "--seed", "3", "--resume", parts.path("merged"),
            ])
            #expect(again.error.contains(" 0 of them new"), "\(again.error)")
            let missing = try parts.merge(Array(names.dropFirst()))
            let first = names[0].dropFirst("part.".count)
            #expect(missing.status == 2)
            #expect(
                missing.error.contains("share \(first)/\(count) is missing"), "\(missing.error)")
        }
    }

    @Test func chainsAreWholeAndCountsAreRefused() throws {
        let rows = (1...300).map { "\(6 * $0 - 1)" }
        let chain = try Parts(["ABC $a & $a+2"] + rows)
        try chain.check("whole", [])
        let names = try chain.run(3)
        // A share that is gone on with finds its own lines.
        #expect(try chain.check(names[0], ["--shard", "3/3"]).error.contains("0 of them new"))
        let merged = try chain.merge(names)
        #expect(merged.status == 0, "\(merged.error)")
        #expect(Self.withoutTimes(merged.output) == Self.withoutTimes(chain.text("whole")))

        for rule in ["{number_primes,$a,1}", "{number_comps,$b,3}"] {
            let counting = try Parts(["ABC $a*2^$b+1 // \(rule)"] + (1...40).map { "3 \($0)" })
            let refused = try counting.merge(try counting.run(2))
            #expect(refused.status == 2 && refused.output == "")
            #expect(refused.error.contains("{number_primes,...}"), "\(refused.error)")
            // One part that is the whole has counted all.
            try counting.check("alone", [])
            #expect(try counting.merge(["alone"]).status == 0)
        }
    }

    @Test func seedsOfTheirOwnAreTold() throws {
        let parts = try Parts()
        for i in 1...2 {
            _ = try Tool.run([
                "check", "--file", parts.input, "--resume", parts.path("part.\(i)"), "--shard",
                "\(i)/2",
            ])
        }
        let merged = try parts.merge(["part.1", "part.2"])
        #expect(merged.status == 0 && merged.error.contains("seeds of their own"))
    }

    // MARK: What is refused

    /// CRC-32 as zlib has it, by the bit.
    private static func sealed(_ content: String) -> String {
        var crc = UInt32.max
        for byte in content.utf8 {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        let digits = String(~crc, radix: 16)
        let padded = String(repeating: "0", count: 8 - digits.count) + digits
        return content + ",\"crc32\":\"\(padded)\"}"
    }

    /// A file of results with another header.
    private static func withHeader(
        _ text: String, _ change: (String) -> String
    ) -> String {
        var lines = text.components(separatedBy: "\n")
        lines[0] = sealed(change(String(lines[0].dropLast(20))))
        return lines.joined(separator: "\n")
    }

    @Test func whatIsNoPartOfTheRunIsNamed() throws {
        let parts = try Parts()
        let names = try parts.run(3)
        let good = parts.text("part.2")
        let lines = good.components(separatedBy: "\n")
        #expect(good == Self.withHeader(good) { $0 }, "checksums of the test are those of the tool")
        func changed(_ change: (inout [String]) -> Void) -> Data {
            var changed = lines
            change(&changed)
            return Data(changed.joined(separator: "\n").utf8)
        }
        func header(_ old: String, _ new: String) -> Data {
            Data(
                Self.withHeader(good) {
                    #expect($0.contains(old))
                    return $0.replacingOccurrences(of: old, with: new)
                }.utf8)
        }
        let version = try Tool.run(["--version"]).output.trimmingCharacters(in: .newlines)
        let bytes = parts.bytes("input").count
        let cases: [(what: String, content: Data, message: String)] = [
            (
                "unfinished", changed { $0.remove(at: $0.count - 2) },
                "part.2 is unfinished: share 2/3 has no line of counts at its end"
            ),
            ("torn", Data(good.utf8.dropLast(5)), "part.2: line \(lines.count - 1) is cut off"),
            ("torn header", Data(good.utf8.prefix(9)), "part.2: line 1 is cut off"),
            ("empty", Data(), "part.2 is empty"),
            (
                "a line is gone", changed { $0.remove(at: 4) },
                "part.2: line \(lines.count - 2) counts others than stand above it"
            ),
            (
                "damaged",
                changed { $0[4] = $0[4].replacingOccurrences(of: "\"bits\":", with: "\"bits\":1") },
                "part.2: line 5 is not as it was written"
            ),
            ("a line twice", changed { $0.insert($0[3], at: 5) }, "part.2: line 6 is about i = "),
            (
                "no header", changed { $0.remove(at: 0) },
                "part.2 is jsonl"
            ),
            (
                "no header and no counts", changed { $0 = Array($0[1..<3]) + [""] },
                "part.2 is jsonl"
            ),
            (
                "damaged header",
                changed { $0[0] = $0[0].replacingOccurrences(of: "7", with: "8") },
                "part.2: line 1 is a header that was damaged"
            ),
            ("another version", header("\"\(version)\"", "\"9.9.9\""), "the version is "),
            (
                "old form", header("\"primality_results\":2", "\"primality_results\":1"),
                "part.2: line 1 is a header of version 1"
            ),
            ("other options", header("\"rounds\":2", "\"rounds\":9"), "--rounds is 9 "),
            (
                "another input", header("\"input_bytes\":\(bytes)", "\"input_bytes\":1"),
                "the input is "
            ),
            (
                "another division", header("\"shard\":\"2/3\"", "\"shard\":\"2/4\""),
                "is share 2/4, and "
            ),
            (
                "a share twice", header("\"shard\":\"2/3\"", "\"shard\":\"1/3\""),
                "are both share 1/3"
            ),
            (
                "no share", header("\"shard\":\"2/3\"", "\"shard\":\"4/3\""),
                "the header of no share"
            ),
            ("gzip", Data([0x1F, 0x8B, 8, 0, 0, 0]), "part.2 is compressed; give what gzip -dc "),
            (
                "garbage", Data([0x7F, 0x45, 0x4C, 0x46, 0, 10, 255]),
                "part.2 is no file of results: line 1 is '\\x7fELF\\x00'"
            ),
            ("text", Data("7: prime\n9: composite\n".utf8), "part.2 is of --format text, "),
            ("undecided text", Data("7: timed-out\n".utf8), "part.2 is of --format text, "),
            ("pfgw", Data("7 is prime!\n".utf8), "part.2 is of --format pfgw, "),
            ("csv", Data(try Tool.run(["check", "--format", "csv", "7"]).output.utf8), "is csv"),
        ]
        for (what, content, message) in cases {
            try parts.write(content, to: "part.2")
            let outcome = try parts.merge(names)
            #expect(outcome.status == 2, "\(what)")
            #expect(outcome.output == "", "\(what)")
            #expect(outcome.error.contains(message), "\(what): \(outcome.error)")
            #expect(outcome.error.contains("part.2"), "\(what): \(outcome.error)")
        }
        try parts.write(changed { $0.remove(at: 0) }, to: "part.2")
        let alone = try parts.merge(["part.2"])
        #expect(alone.status == 2 && alone.output == "")
        #expect(alone.error.contains("counts the results of a file of --resume, whose header"))
        try parts.write(good, to: "part.2")
        #expect(try parts.merge(names).status == 0)

        for (given, message) in [
            (["part.1", "part.3"], "share 2/3 is missing: give all 3 parts"),
            (["part.3"], "share 1/3 and 1 more are missing"),
            (["part.1", "part.2", "part.3", "part.2"], "are both share 2/3; give one of them"),
            (["part.1", "part.2", "part.3", "nothing"], "nothing: No such file or directory"),
            (["part.1", "part.2", "part.3", "."], ": Is a directory"),
        ] {
            let outcome = try parts.merge(given)
            #expect(outcome.status == 2 && outcome.output == "", "\(given)")
            #expect(outcome.error.contains(message), "\(given): \(outcome.error)")
        }
    }

    @Test func everyPartThatIsUnfinishedIsNamed() throws {
        let parts = try Parts((1...100).map(String.init))
        let names = try parts.run(30)
        for name in names.prefix(25) {
            let text = parts.text(name)
            try parts.write(
                String(text[..<(text.range(of: "{\"results\"")?.lowerBound ?? text.endIndex)]),
                to: name)
        }
        let outcome = try parts.merge(names)
        #expect(outcome.status == 2 && outcome.output == "")
        let lines = outcome.error.split(separator: "\n")
        #expect(lines.count(where: { $0.contains(" is unfinished: share ") }) == 20)
        #expect(outcome.error.contains("5 other parts cannot be used either"))
        #expect(lines.last?.contains("25 parts of 30 cannot be used") == true)
    }

    @Test func aPartThatIsBeingWrittenIsNamedSo() throws {
        let parts = try Parts(["7", ProcessTests.longNumber])
        try parts.check("part.1", ["--shard", "1/2"])
        let running = try Tool.start([
            "check", "--file", parts.input, "--shard", "2/2", "--resume", parts.path("part.2"),
        ])
        #expect(eventually { !parts.bytes("part.2").isEmpty })
        let outcome = try parts.merge(["part.1", "part.2"])
        kill(running.id, SIGTERM)
        _ = running.finish()
        #expect(outcome.status == 2)
        #expect(outcome.error.contains("part.2 is unfinished: share 2/2 "))
        #expect(outcome.error.contains("another process is writing it"), "\(outcome.error)")
    }

    // MARK: Where it goes

    @Test func aFileIsThereWholeOrNotAtAll() throws {
        let parts = try Parts()
        let names = try parts.run(2)
        let out = parts.path("out")
        let printed = try parts.merge(names)
        #expect(try parts.merge(names, ["--out", out]).output == "")
        #expect(parts.text("out") == printed.output)
        // A part may be replaced by the whole, and a failure replaces nothing.
        try parts.write("kept", to: "out")
        #expect(try parts.merge(["part.1"], ["--out", out]).status == 2)
        #expect(parts.text("out") == "kept")
        #expect(try parts.merge(names, ["--out", parts.path("part.1")]).status == 0)
        #expect(parts.text("part.1") == printed.output)
        let here = try FileManager.default.contentsOfDirectory(atPath: parts.folder)
        #expect(Set(here) == ["input", "out", "part.1", "part.2"])
        #expect(try parts.merge(["part.1"], ["--out", "/dev/full"]).status == 74)
        #expect(try parts.merge(["part.1"], ["--out", parts.path("none/out")]).status == 74)
        let full = try Tool.shell("\"$P\" merge '\(parts.path("part.1"))' > /dev/full")
        #expect(full.status == 74)
        let device = try Tool.shell("\"$P\" merge '\(parts.path("part.1"))' --out /dev/stdout")
        #expect(device.output == printed.output)
    }

    @Test func whatCannotBeMeantIsAUsageError() throws {
        for arguments in [[], ["-", "-"], ["--out", "", "x"], ["--out", "x/", "y"], ["--bogus"]] {
            #expect(try Tool.run(["merge"] + arguments).status == 64, "\(arguments)")
        }
    }

    /// More files than a process may have open unasked, each with places far apart.
    @Test func aThousandPartsAreReadSideBySide() throws {
        let count = TestFiles.sanitizer == nil ? 1024 : 100
        let parts = try Parts()
        let head = try #require(try Tool.run(["check", "--format", "csv", "7"]).lines.first)
        for part in 0..<count {
            let rows = (0..<50).map { row -> String in
                let i = row * count + part
                return "\(i),\(i),10,composite,trial,u64,2,,,,,5"
            }
            try parts.write(([head] + rows).joined(separator: "\n") + "\n", to: "part.\(part)")
        }
        let merged = try Tool.shell(
            "ulimit -S -n 64; cd '\(parts.folder)'; \"$P\" merge part.*")
        #expect(merged.status == 0, "\(merged.error)")
        #expect(merged.lines.count == 50 * count + 1)
        let isOrdered = merged.lines.dropFirst().enumerated().allSatisfy {
            $1.hasPrefix("\($0),\($0),")
        }
        #expect(isOrdered)
        #expect(!merged.error.contains("no line"))
    }
}
