// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `primality bench` with reports that are there: nothing is measured.
@Suite(.timeLimit(.minutes(15))) struct BenchTests {
    /// Runs a body with a folder that has a report in `a.json`, which it is given the path of.
    private static func withReport<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(report.utf8).write(to: folder.appendingPathComponent("a.json"))
        return try body(folder.path)
    }

    private static let report = """
        {"format": "primality-bench/1",
         "environment": {"date": "2026-01-02T03:04:05Z", "cpu": "a <cpu>", "cores": 2,
          "system": "Linux 6", "level": "avx2", "library": "1", "compiler": "clang", "swift": "6.2",
          "gmp": "6.3", "loadBefore": [0, 0, 0], "loadAfter": [0, 0, 0]},
         "settings": {"rounds": 2, "isQuick": true, "leastTime": 1000, "sections": ["fork"]},
         "measurements": [
          {"id": "fork.resident-10", "section": "fork", "subject": "fork", "variant": "fork",
           "size": 10, "per": "fork", "command": "primality bench --rooms fork",
           "wall": {"median": 2000, "minimum": 1000, "mad": 500, "rounds": [1000, 3000]},
           "reference": "x", "ratio": {"value": 2, "low": 1.5, "high": 2.5}}],
         "findings": [{"id": "fork.cost", "template": "A fork costs {0}.",
          "figures": [{"value": 2000.5, "text": "2.00 µs"}], "sources": ["fork.resident-10"],
          "command": "primality bench --rooms fork"}],
         "warnings": ["a warning"]}
        """

    @Test func tablesAndFindingsGoToStandardOutputAndWarningsToError() throws {
        try Self.withReport { folder in
            let outcome = try Tool.run(["bench", "--from", folder + "/a.json"])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("2.00 µs"))
            #expect(outcome.output.contains("* A fork costs 2.00 µs.\n"))
            #expect(outcome.error == "primality: warning: a warning\n")
        }
    }

    @Test func allFormsAreWrittenFromOneFile() throws {
        try Self.withReport { folder in
            let outcome = try Tool.run([
                "bench", "--from", "\(folder)/a.json", "--html", "\(folder)/a.html", "--markdown",
                "\(folder)/a.md", "--json", "\(folder)/b.json",
            ])
            #expect(outcome.status == 0 && outcome.output == "")
            let html = try #require(TestFiles.text(folder + "/a.html"))
            #expect(html.contains("<data value=\"2000.5\">2.00 µs</data>"))
            #expect(html.contains("a &lt;cpu&gt;") && !html.contains("<cpu>"))
            let markdown = try Tool.run([
                "bench", "--from", "\(folder)/b.json", "--markdown", "-",
            ])
            #expect(markdown.output == TestFiles.text(folder + "/a.md"))
        }
    }

    @Test func aReportReplacesOneThatIsLonger() throws {
        try Self.withReport { folder in
            let path = folder + "/b.json"
            try Data(repeating: 0x20, count: 1 << 20).write(to: URL(fileURLWithPath: path))
            let first = try Tool.run(["bench", "--from", folder + "/a.json", "--json", path])
            // In place, too.
            let second = try Tool.run(["bench", "--from", path, "--json", path])
            #expect(first.status == 0 && second.status == 0)
            let text = try #require(TestFiles.text(path))
            #expect(text.hasPrefix("{\n") && text.hasSuffix("}\n") && text.utf8.count < 1 << 16)
        }
    }

    @Test func aComparisonSaysWhatChanged() throws {
        try Self.withReport { folder in
            let changed = Self.report.replacing(
                "\"value\": 2, \"low\": 1.5, \"high\": 2.5",
                with: "\"value\": 4, \"low\": 3.5, \"high\": 4.5"
            ).replacing("avx2", with: "bmi2")
            try Data(changed.utf8).write(to: URL(fileURLWithPath: folder + "/b.json"))
            let outcome = try Tool.run([
                "bench", "--from", folder + "/b.json", "--compare", folder + "/a.json",
            ])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("1 of 1 ratios changed"))
            #expect(outcome.output.contains("fork.resident-10  faster, ×2.00 [1.40, 3.00]"))
            #expect(outcome.error.contains("warning: the level differs: avx2 then, bmi2 now\n"))
        }
    }

    @Test(arguments: [
        "", "null", "{\"format\":\"\\u001b[31m\"}", "[[[[", "{\"format\":\"primality-bench/1\"}",
    ])
    func whatIsNoReportIsBadInput(_ text: String) throws {
        try Self.withReport { folder in
            let path = folder + "/bad.json"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            for arguments in [
                ["--from", path], ["--from", folder + "/a.json", "--compare", path],
            ] {
                let outcome = try Tool.run(["bench"] + arguments)
                #expect(outcome.status == 2 && outcome.output == "")
                #expect(outcome.lines.isEmpty && outcome.error.split(separator: "\n").count == 1)
                #expect(!outcome.error.contains("\u{1B}"))
            }
        }
    }

    @Test func namesThatCannotBeReadOrWrittenAreSaid() throws {
        try Self.withReport { folder in
            for path in [folder, folder + "/none", ""] {
                #expect(try Tool.run(["bench", "--from", path]).status == 2)
                for option in ["--json", "--html", "--markdown"] {
                    // Nothing is measured before that is known.
                    let outcome = try Tool.run(["bench", option, path + "/x/y"])
                    #expect(outcome.status == 74 && outcome.output == "")
                }
            }
            let full = try Tool.run([
                "bench", "--from", folder + "/a.json", "--html", "/dev/full",
            ])
            #expect(full.status == 74 && full.error.contains("/dev/full: "))
        }
    }

    @Test(arguments: [
        ["--json", "-", "--html", "-"], ["--html", "a", "--markdown", "a"],
        ["--json", "-", "--compare", "none"], ["--from", "none", "--quick"],
        ["--from", "none", "--rooms", "call"], ["--rooms", "cellar"], ["--rooms", ""],
        ["--rooms", "peer"], ["--rounds", "8"], ["--from", "none", "--rounds", "9"],
    ])
    func optionsThatDoNotGoTogetherAreRefused(_ arguments: [String]) throws {
        let outcome = try Tool.run(["bench"] + arguments)
        #expect(outcome.status == 64 && outcome.output == "")
    }
}
