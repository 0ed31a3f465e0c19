// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What docs say of the last full run is what its JSON says.
@Suite(.timeLimit(.minutes(15))) struct CommittedReportTests {
    private static let docs = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs").path

    @Test func thePageIsMadeOfTheJSON() throws {
        let outcome = try Tool.run([
            "bench", "--from", Self.docs + "/report/report.json", "--html", "-",
        ])
        #expect(outcome.status == 0)
        // Make it anew: `primality bench --from docs/report/report.json --html docs/report/report.html`.
        #expect((outcome.output == TestFiles.text(Self.docs + "/report/report.html")) as Bool)
    }

    @Test func everyFigureOfINTEROPIsInTheReport() throws {
        let outcome = try Tool.run([
            "bench", "--from", Self.docs + "/report/report.json", "--markdown", "-",
        ])
        #expect(outcome.status == 0)
        let text = try #require(TestFiles.text(Self.docs + "/INTEROP.md"))
        // Numbers with a point, and those with a unit of time; spaces may be line ends there.
        let figure = #/\d+(?:\.\d+)+|\d+\s(?:ns|µs|ms)\b/#
        func figures(_ text: String) -> [String] {
            text.matches(of: figure).map {
                $0.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            }
        }
        let known = Set(figures(outcome.output))
        // Before the first heading are versions.
        let used = figures(text.split(separator: "\n## ", maxSplits: 1).last.map(String.init) ?? "")
        #expect(used.count > 100)
        #expect(used.filter { !known.contains($0) } == [])
    }
}
