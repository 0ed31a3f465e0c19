// SPDX-License-Identifier: Apache-2.0

import Charts
import Foundation
import PrimalityBench
import TestSupport
import Testing

@Suite struct ReportTests {
    private static let void: Set<String> = ["meta", "br"]

    private static func hostileReport() throws -> BenchReport {
        let name = "<b>\"'&|`\u{1B}[31m\n<\u{301}i>\u{D4E}<u>{{{style}}}]]>\u{202E}"
        var report = try SyntheticReport.make()
        report.environment.cpu = name
        report.environment.date = name
        report.environment.compiler = name
        report.warnings = [name]
        for i in report.measurements.indices {
            report.measurements[i].subject += name
            report.measurements[i].variant += name
            report.measurements[i].input = report.measurements[i].input.map { $0 + name }
            report.measurements[i].command = name
            report.measurements[i].per = name
            report.measurements[i].size = i % 3 == 0 ? .max : i % 3 == 1 ? .min : 0
            report.measurements[i].wall = Distribution(rounds: [.nan])
            report.measurements[i].cpu = Distribution(rounds: [.infinity, 0])
            report.measurements[i].ratio = ConfidenceInterval(
                value: .nan, low: -.infinity, high: 1e308)
        }
        report.findings = [
            Finding(
                id: name, template: name + "{0}{1}{-1}{9223372036854775808}{",
                figures: [.init(value: .nan, text: name), .init(value: -0.0, text: "{0}")],
                sources: [name], command: name)
        ]
        return report
    }

    // MARK: Tables

    @Test func aCellIsItsMeasurementsMedian() throws {
        let report = try SyntheticReport.make()
        let tables = report.tables(of: .kernel)
        let table = try #require(tables.first { $0.title == "exact test, primes, 64-bit" })
        #expect(
            table.columns.map(\.title) == [
                "by", "single", "1", "8", "64", "512", "4096", "speed-up at 4096",
            ])
        for (row, variant) in zip(table.rows, SyntheticReport.variants) {
            #expect(row[0] == variant.1)
            for (column, rest) in [
                "single", "batch-1", "batch-8", "batch-64", "batch-512", "batch-4096",
            ].enumerated() {
                let m = try #require(report["kernel.exact.prime-64.\(variant.0).\(rest)"])
                #expect(row[column + 1] == significant(try #require(m.time).median))
            }
            let last = try #require(report["kernel.exact.prime-64.\(variant.0).batch-4096"])
            #expect(row[7] == (last.ratio?.text ?? ""))
        }
        #expect(tables.count { $0.title.hasPrefix("exact test") } == 9)

        let handOver = report.tables(of: .handOver)
        #expect(handOver[0].rows.map { $0[0] } == ["1", "8", "64", "512", "4096"])
        #expect(handOver[0].columns.dropFirst().map(\.title) == SyntheticReport.pools)
        let socket = try #require(report["hand-over.chunk-64.processes-socket"])
        #expect(handOver[0].rows[2][6] == duration(nanoseconds: try #require(socket.wall).median))
        #expect(
            handOver[1].columns.dropFirst().map(\.title) == Array(SyntheticReport.pools.dropFirst())
        )
        #expect(handOver[1].rows[2][5] == socket.ratio?.text)
    }

    @Test func everyMeasurementIsInATable() throws {
        let report = try SyntheticReport.make()
        for section in ReportSection.allCases {
            let times = report.measurements(of: section).compactMap(\.time).map(\.median)
            let texts = report.tables(of: section).flatMap { $0.rows.flatMap(\.self) }
            // A ratio may stand behind in brackets.
            let cells = Set(
                texts + texts.compactMap { $0.split(separator: " (").first.map(String.init) })
            #expect(!times.isEmpty)
            #expect(
                times.allSatisfy {
                    cells.contains(duration(nanoseconds: $0)) || cells.contains(significant($0))
                }, "\(section)")
        }
    }

    @Test func rowsHaveTheColumnsOfTheirTable() throws {
        for report in [try SyntheticReport.make(), try Self.hostileReport()] {
            for table in ReportSection.allCases.flatMap({ report.tables(of: $0) }) {
                #expect(!table.rows.isEmpty)
                #expect(table.rows.allSatisfy { $0.count == table.columns.count }, "\(table.title)")
            }
        }
    }

    @Test func aRoomWithoutMeasurementsHasNoTableAndNoChart() throws {
        var report = try SyntheticReport.make()
        report.measurements.removeAll { $0.section == .fork }
        #expect(report.tables(of: .fork).isEmpty && report.charts(of: .fork).isEmpty)
        #expect(!report.text.contains("FORKS"))
        #expect(!(try report.html().contains("id=\"fork\"")))
        report.measurements = []
        report.findings = []
        #expect(report.text == "")
        #expect(flaw(in: try report.html(), void: Self.void) == nil)
    }

    // MARK: Text and Markdown

    @Test func theTextAlignsColumns() {
        let table = ReportTable(
            title: "t", columns: [.init(title: "by", isNumber: false), .init(title: "time")],
            rows: [["Swift", "1 ns"], ["C", "100 µs"]], command: "c")
        #expect(table.text == "T\n\nby       time\nSwift    1 ns\nC      100 µs\n\n")
    }

    @Test func noControlCharacterReachesATerminal() throws {
        let report = try Self.hostileReport()
        let comparison = Comparison(old: report, new: try SyntheticReport.make())
        for text in [report.text, report.markdown(), comparison.text] {
            #expect(
                text.unicodeScalars.allSatisfy { $0 == "\n" || plainText(String($0)) == String($0) }
            )
        }
    }

    @Test func markdownHasNoMarkupOfNames() throws {
        let lines = try Self.hostileReport().markdown().split(separator: "\n")
        // Code is shown as it is, and so is what is ours.
        let text = lines.filter { !$0.hasPrefix("`") && !$0.contains("details>") }
        #expect(text.contains { $0.hasPrefix("|") } && text.contains { $0.hasPrefix("- ") })
        for line in text {
            let open = line.split(separator: "`` ").first ?? ""
            #expect(!open.unicodeScalars.contains("<"), "\(line)")
        }
        #expect(
            lines.allSatisfy { !$0.hasPrefix("`") || ($0.hasPrefix("`` ") && $0.hasSuffix(" ``")) })
        #expect(markdownCode("a``b") == "``` a``b ```")
        #expect(markdownText("a|b\\<\u{301}") == "a\\|b\\\\&lt;\u{301}")
    }

    @Test func markdownTablesAreThose() throws {
        let report = try SyntheticReport.make()
        let text = report.markdown()
        for table in ReportSection.allCases.flatMap({ report.tables(of: $0) }) {
            #expect(text.contains(table.markdown))
        }
        for finding in report.findings { #expect(text.contains(markdownText(finding.text))) }
        #expect(text.contains("> **Warning:** the machine was busy"))
    }

    // MARK: Sentences

    @Test func ofOtherLibraries() throws {
        let report = try SyntheticReport.make()
        let peers = report.findings.filter {
            $0.id.hasPrefix("peer.") || $0.id.hasPrefix("pools.") && $0.id != "pools.book"
        }
        try #require(peers.count == 6)
        // Two inputs of words, of which levels that are not in use are left out.
        #expect(peers[0].text.hasPrefix("One of the primes just under 2^64 takes "))
        #expect(peers[1].text.hasPrefix("One of the random odd 64-bit numbers takes "))
        for peer in peers[..<2] {
            #expect(
                peer.text.contains("(ours, avx512ifma, batch)") && peer.text.contains("(FLINT)."))
            #expect(!peer.text.contains("avx2"))
        }
        #expect(peers[2].text.hasPrefix("One of the primes of 1024 bits takes "))
        #expect(peers[3].text.hasPrefix("One of the primes of 4096 bits takes "))
        #expect(peers[4].text.hasPrefix("From the start of a pool to its first results it takes "))
        #expect(peers[5].text.hasPrefix("A chunk of one number, streamed, takes "))
        for peer in peers {
            #expect(peer.figures.count == peer.sources.count)
            for (figure, source) in zip(peer.figures, peer.sources) {
                let median = try #require(report[source]?.time).median
                #expect(figure.value == median && figure.text == duration(nanoseconds: median))
            }
        }
        var alone = report
        alone.measurements.removeAll { $0.section == .peer && $0.variant != "GMP" }
        #expect(Findings(alone).all.allSatisfy { !$0.id.hasPrefix("peer.") })
    }

    @Test func aDifferenceWithinItsIntervalIsNothing() throws {
        var report = try SyntheticReport.make()
        for (way, time, ratio) in [
            ("inline", 1.39, ConfidenceInterval(value: 0.99, low: 0.97, high: 1.01)),
            ("out-of-line", 2, ConfidenceInterval(value: 0.7, low: 0.6, high: 0.8)),
            ("pointer", 1.2, ConfidenceInterval(value: 1.1, low: 1.05, high: 1.2)),
            ("closure", 3, ConfidenceInterval(value: 0.5, low: 0.4, high: 0.6)),
            ("existential", 3, ConfidenceInterval(value: 0.5, low: 0.4, high: 0.6)),
            ("generic-unspecialised", 6, ConfidenceInterval(value: 0.2, low: 0.1, high: 0.3)),
            ("call-back", 2, ConfidenceInterval(value: 0.9, low: 0.5, high: 1)),
        ] as [(String, Double, ConfidenceInterval)] {
            report.measurements.removeAll { $0.id == "call.c.\(way)" }
            var measurement = Timing(
                id: "call.c.\(way)", section: .call, subject: "a step", variant: way, per: "call",
                command: "command", reference: CallRoom.loop)
            measurement.cpu = Distribution(rounds: [time])
            measurement.ratio = ratio
            report.measurements.append(measurement)
        }
        let ways = try #require(Findings(report).all.first { $0.id == "call.ways" })
        let isNothing = ways.figures.map { $0.text == "nothing measurable" }
        #expect(isNothing == [false, true, false, true, false, false, false, true])
        let loop = try #require(report[CallRoom.loop]?.time).median
        #expect(ways.figures[3].value == 1.2 - loop)
    }

    // MARK: HTML

    @Test func figuresCarryTheirValues() throws {
        let report = try SyntheticReport.make()
        let html = try report.html()
        let found = texts(in: html, from: "<data ", to: "</data>")
        let answers = Answers(report).all.map(\.figure)
        let figures = report.findings.flatMap { finding in
            finding.parts.compactMap { part in
                if case .figure(let figure) = part { figure } else { nil }
            }
        }
        try #require((5...7).contains(answers.count) && figures.count >= 7)
        // The answers come first, then the sentences, in the order of their rooms.
        let expected = (answers + figures).map { "value=\"\($0.value)\">\(markup($0.text))" }
        #expect(Array(found.prefix(answers.count)) == Array(expected.prefix(answers.count)))
        #expect(found.sorted() == expected.sorted())
        // What JSON holds is the same number.
        let read = try BenchReport(json: Array(try report.json().utf8))
        #expect(read.findings == report.findings)
        #expect(try read.html() == html)
    }

    @Test func thePageIsWellFormedAndWhole() throws {
        let report = try SyntheticReport.make()
        let comparison = Comparison(old: try SyntheticReport.make(seed: 2), new: report)
        let html = try report.html(comparison: comparison)
        #expect(flaw(in: html, void: Self.void) == nil)
        for word in ["<script", "http://", "https://", "src=", "url(", "@import"] {
            let outside = html.replacing("http://www.w3.org/2000/svg", with: "")
            #expect(!outside.contains(word), "\(word)")
        }
        let charts = ReportSection.allCases.flatMap { report.charts(of: $0) }
        #expect(charts.count == 13)
        #expect(texts(in: html, from: "<svg ", to: "</svg>").count == charts.count)
        for chart in charts { #expect(flaw(in: chart.svg) == nil) }
        for table in ReportSection.allCases.flatMap({ report.tables(of: $0) }) {
            #expect(html.contains("<summary>\(table.title)</summary>"))
        }
        #expect(html.contains("What changed since the earlier report?"))
        #expect(html.contains(report.warnings[0]))
    }

    @Test func anAnswerLeadsToItsChart() throws {
        let report = try SyntheticReport.make()
        let html = try report.html()
        let answers = Answers(report).all
        #expect(
            answers.map(\.words) == [
                "a call into C", "is C's gain over Swift, on 64-bit primes",
                "a 64-bit prime, in a batch of 4096", "of work, and 4 threads pay",
                "is the speed-up by 4 workers", "a fork beside 10 MB",
                "until a pool's first results",
            ])
        for answer in answers {
            #expect(html.contains("<figure id=\"\(answer.chart)\">"))
            #expect(html.contains("<a href=\"#\(answer.chart)\">"))
            #expect(!answer.sources.isEmpty && answer.sources.allSatisfy { report[$0] != nil })
        }
        // A pool pays from t = s w / (w - 1) on.
        let start = try #require(report[HandOverRoom.start("threads")]?.time).median
        #expect(answers[3].figure.value == start * 4 / 3)
        // Of factors the product is the whole.
        let parts = answers[1].detail.split(whereSeparator: { !"0123456789.".contains($0) })
            .compactMap { Double($0) }
        try #require(parts.count == 3)
        #expect(abs(parts.reduce(1, *) / answers[1].figure.value - 1) < 0.03)
        // Without its chart the room is meant, and without measurements nothing is said.
        var none = report
        none.measurements = []
        #expect(Answers(none).all.isEmpty)
        let one = BenchReport(environment: report.environment, settings: report.settings)
        #expect(try one.html().contains("Too little was measured for an answer."))
    }

    @Test func theLevelsAreTheReportsOwn() throws {
        var report = try SyntheticReport.make()
        // A report of a machine whose best level is bmi2; and one that has a level nobody knows.
        report.measurements.removeAll { $0.id.contains(".c-avx") }
        for level in ["bmi2", "new"] {
            for i in report.measurements.indices where level == "new" {
                let m = report.measurements[i]
                report.measurements[i].id = m.id.replacing(".c-bmi2.", with: ".c-new.")
                report.measurements[i].variant = m.variant.replacing("C, bmi2", with: "C, new")
            }
            let found = Findings(report).all
            for id in ["kernel.prime-64.factors", "kernel.trial"] {
                let finding = try #require(found.first { $0.id == id })
                #expect(finding.text.contains("C, \(level)"))
            }
            #expect(Answers(report).all.contains { $0.detail.hasPrefix("by C, \(level);") })
        }
    }

    @Test func aSpeedUpThatCannotBeIsNoise() throws {
        func timing(_ value: Double, _ low: Double, _ high: Double) -> Timing {
            Timing(
                id: "scaling.threads.workers-2", section: .scaling, subject: "", variant: "threads",
                size: 2, per: "run", command: "",
                ratio: ConfidenceInterval(value: value, low: low, high: high))
        }
        for (value, low, high, isNoise) in [
            (1.9, 1.8, 2.0, false), (2.1, 1.9, 2.2, false), (2.5, 2.4, 2.6, true),
            (1.5, 0.5, 5.1, true), (0.4, 0.3, 0.5, false), (.nan, 0, 1, true),
            (.infinity, 1, 2, true),
        ] {
            let m = timing(value, low, high)
            #expect(m.isNoise(among: 2) == isNoise, "\(value)")
            #expect((m.ratioText(among: 2) == Timing.noise) == isNoise)
        }
        var report = try SyntheticReport.make()
        report.environment.cores = 2
        for i in report.measurements.indices where report.measurements[i].section == .scaling {
            if report.measurements[i].ratio == nil { continue }
            report.measurements[i].ratio = ConfidenceInterval(value: 9, low: 8.5, high: 9.5)
        }
        let table = try #require(report.tables(of: .scaling).first)
        #expect(table.rows.allSatisfy { $0[1] == "1" || ($0[5] == Timing.noise && $0[6] == "") })
        let noisy = Findings(report).all.filter { $0.id.hasPrefix("scaling.") }
        #expect(!noisy.isEmpty && noisy.allSatisfy { $0.text.contains("lost in noise") })
        #expect(Answers(report).all.contains { $0.figure.text == Timing.noise })
    }

    @Test func targetsAreReachedOrMissed() throws {
        var report = try SyntheticReport.make()
        // Of two workers.
        #expect(report.tables(of: .pools).allSatisfy { !$0.title.hasPrefix("targets") })
        report.environment.cores = 2
        func targets() throws -> [[String]] {
            let tables = report.tables(of: .pools)
            return try #require(tables.last { $0.title == "targets, pools" }).rows
        }
        let first = try #require(
            report.measurements.firstIndex { $0.id == "pools.first.processes-shm" })
        let book = try #require(
            report.measurements.firstIndex { $0.id == "pools.book.processes-shm" })
        report.measurements[first].wall = Distribution(rounds: [599e3, 600e3, 601e3])
        report.measurements[book].ratio = ConfidenceInterval(value: 1.89, low: 1.8, high: 1.95)
        #expect(
            try targets().map { Array($0[1...]) } == [
                ["at most 600 µs", "600 µs", "reached"],
                ["at least 1.90", "1.89 [1.80, 1.95]", "missed"],
            ])
        report.measurements[first].wall = Distribution(rounds: [601e3])
        report.measurements[book].ratio = ConfidenceInterval(value: 9, low: 8, high: 10)
        #expect(
            try targets().map { Array($0[2...]) } == [["601 µs", "missed"], [Timing.noise, ""]])
        #expect(report.text.contains("TARGETS, POOLS") && report.markdown().contains("missed"))
        #expect(try report.html().contains("<summary>targets, pools</summary>"))
    }

    @Test func aPoolLooksTheSameInAllDrawings() throws {
        let report = try SyntheticReport.make()
        func style(of name: String, in chart: Chart) throws -> String {
            // In the legend a line and a mark stand before the name.
            let before = try #require(
                texts(in: chart.svg, from: "</desc>", to: ">\(name)</text>").first)
            return try #require(texts(in: before, from: "class=\"line ", to: "\"").last)
        }
        let chunks = try #require(
            report.charts(of: .handOver).first { $0.name == "chunk-costs" })
        let scaling = try #require(report.charts(of: .scaling).first)
        let pools = SyntheticReport.pools.dropFirst()
        let styles = try pools.map { try style(of: $0, in: chunks) }
        #expect(try pools.map { try style(of: $0, in: scaling) } == styles)
        // The calling thread alone looks like none of them.
        #expect(Set(styles + [try style(of: "serial", in: chunks)]).count == pools.count + 1)
    }

    @Test func aHostileReportIsStillAPage() throws {
        let report = try Self.hostileReport()
        let html = try report.html(comparison: Comparison(old: report, new: report))
        #expect(flaw(in: html, void: Self.void) == nil)
        let scalars = html.unicodeScalars
        for inside in [
            ["<", "b", ">"], ["<", "i"], ["<", "\u{301}"], ["\u{D4E}", "<"], ["\u{1B}"],
            ["\u{202E}"],
        ]
            as [[Unicode.Scalar]]
        {
            #expect(!scalars.contains(inside), "\(inside)")
        }
        #expect(texts(in: html, from: "<style>", to: "</style>").count == 1)
    }

    @Test func aSentenceIsItsPieces() {
        let finding = Finding(
            id: "", template: "{1} {2} {x} {0}{",
            figures: [
                .init(value: 1, text: "{1}"), .init(value: 2, text: "two"),
            ], sources: [], command: "")
        #expect(finding.text == "two {2} {x} {1}{")
        #expect(finding.parts.count == 4)
    }

    // MARK: JSON

    @Test func jsonIsReadAsItWasWritten() throws {
        let report = try SyntheticReport.make()
        #expect(try BenchReport(json: Array(try report.json().utf8)) == report)
        var strange = report
        strange.measurements[0].ratio = ConfidenceInterval(
            value: .infinity, low: 0, high: .infinity)
        #expect(try BenchReport(json: Array(try strange.json().utf8)) == strange)
    }

    @Test func whatIsNoReportIsRefused() throws {
        func reason(_ text: String) -> String {
            do {
                _ = try BenchReport(json: Array(text.utf8))
                return "none"
            } catch {
                return "\(error)"
            }
        }
        let good = try SyntheticReport.make().json()
        for (text, expected) in [
            ("", "it is no JSON"), ("\u{0}\u{1}", "it is no JSON"), ("[]", "another type"),
            ("{}", "'format' is missing"), ("{\"format\":1}", "another type at format"),
            ("{\"format\":\"other/2\\u001b\"}", "of the form 'other/2\u{FFFD}', not"),
            ("{\"format\":\"primality-bench/1\"}", "'environment' is missing"),
            (String(repeating: "[", count: 100_000), "it is no JSON"),
            (String(good.dropLast(10)), "it is no JSON"),
            (
                good.replacing("\"section\" : \"fork\"", with: "\"section\" : \"x\""),
                "a value is unknown at measurements."
            ),
            (
                good.replacing("fork.resident-1000", with: "fork.resident-10"),
                "'fork.resident-10' is in it twice"
            ),
            (good.replacing("\"cores\" :", with: "\"cores\" : null, \"c\" :"), "environment.cores"),
        ] {
            #expect(reason(text).contains(expected), "\(text.prefix(60)): \(reason(text))")
        }
    }

    // The page that Tests/report-browser.sh looks at.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["PRIMALITY_REPORT"] != nil))
    func thePageIsWrittenForTheBrowser() throws {
        let path = try #require(ProcessInfo.processInfo.environment["PRIMALITY_REPORT"])
        let report = try SyntheticReport.make()
        let old = try SyntheticReport.make { $0.contains("scaling.tasks.workers-4") ? 1.3 : 1 }
        let html = try report.html(comparison: Comparison(old: old, new: report))
        try Data(html.utf8).write(to: URL(fileURLWithPath: path))
    }
}
