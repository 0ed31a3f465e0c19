// SPDX-License-Identifier: Apache-2.0

import Charts
import Primality
import PrimalityQueue
import TestSupport
import Testing

/// What is said of a batch, and the page of a queue.
@Suite struct StatusTests {
    private static let spec = BatchSpec(
        engine: .auto, options: TestOptions(seed: 1), maximumBits: 1000, evidence: true, input: "x")

    private static func batch(
        name: String = "batch", state: BatchStatus.State = .open, chunks: Int = 100, open: Int = 0,
        leased: Int = 0, done: Int = 0, failed: Int = 0, costLeft: Double = 0,
        costOfLate: Double = 0, doneOfLate: Int = 0, late: Double = 300
    ) -> BatchStatus {
        BatchStatus(
            id: 1, name: name, owner: "me", state: state, priority: 0, specText: spec.text,
            candidates: 1000,
            chunks: chunks, open: open, leased: leased, done: done, failed: failed,
            costLeft: costLeft, costOfLate: costOfLate, doneOfLate: doneOfLate, late: late,
            tested: 10, passed: 5, failedNumbers: 1, nanoseconds: 1_000_000, looked: 2,
            disputed: 1, created: 0)
    }

    // MARK: Time

    @Test func theTimeThatIsLeftFollowsWhatWasDoneOfLate() {
        let half = Self.batch(
            open: 50, done: 50, costLeft: 500, costOfLate: 100, doneOfLate: 10, late: 300)
        #expect(half.timeLeft == 1500)
        #expect(half.timeLeftText == "25 min left")
        #expect(Self.batch(done: 100).timeLeft == 0)
        #expect(Self.batch(done: 99, failed: 1).timeLeftText == "done")
        for unknown in [
            Self.batch(open: 100), Self.batch(open: 98, costLeft: 9, costOfLate: 9, doneOfLate: 2),
            Self.batch(open: 90, costLeft: 9, costOfLate: 0, doneOfLate: 9),
            Self.batch(open: 90, costLeft: 9, costOfLate: 9, doneOfLate: 9, late: 0),
        ] {
            #expect(unknown.timeLeft == nil && unknown.timeLeftText == "time left unknown")
        }
        #expect(Self.batch(state: .paused, open: 1).timeLeftText == "at rest")
    }

    @Test func statesHaveWords() {
        #expect(Self.batch(open: 100).stateText == "new")
        #expect(Self.batch(open: 99, leased: 1).stateText == "running")
        #expect(Self.batch(open: 99, done: 1).stateText == "waiting")
        #expect(Self.batch(done: 100).stateText == "finished")
        #expect(Self.batch(state: .paused, open: 1).stateText == "paused")
        #expect(Self.batch(state: .cancelled, open: 1).stateText == "cancelled")
    }

    @Test func whatIsNotOverIsNotWhole() {
        #expect(Self.batch(chunks: 100_000, open: 1, done: 99_999).shareText == "99.9 %")
        #expect(Self.batch(done: 90, failed: 10).shareText == "100 %")
        #expect(Self.batch(open: 75, done: 25).shareText == "25.0 %")
        #expect(Self.batch(chunks: 0).share == 1)
    }

    @Test func secondsAreSaidAsPeopleDo() {
        let texts: [(Double, String)] = [
            (0, "0 s"), (-5, "0 s"), (119.4, "119 s"), (120, "2 min"), (7199, "119 min"),
            (7200, "2 h 0 min"), (90_061, "25 h 1 min"), (176_400, "2 d 1 h"), (.nan, "0 s"),
        ]
        for (seconds, text) in texts { #expect(secondsText(seconds) == text) }
        #expect(secondsText(.infinity).hasSuffix("h"))
    }

    // MARK: The page

    private static let void: Set<String> = ["meta"]

    private static func page(_ name: String, _ spans: [History.Span], seconds: Double = 60)
        -> String
    {
        let worker = WorkerDescription(
            id: 1, host: name, process: 7, version: name, level: name, gmp: name, cores: 4,
            workers: 4, pool: name)
        let host = HostStatus(
            worker: worker, age: 10, silent: 3, leased: 1, done: 2, tested: 3, failedNumbers: 0,
            nanoseconds: 5_000_000_000)
        return StatusPage(
            name: name, date: name,
            [
                StatusPage.Entry(
                    batch: batch(name: name, open: 50, done: 50), hosts: [host, host],
                    history: History(seconds: seconds, spans: spans)),
                StatusPage.Entry(
                    batch: batch(name: name, done: 100), hosts: [],
                    history: History(seconds: 1, spans: [])),
            ]
        ).html
    }

    @Test(arguments: [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "a & b &lt; 'c'",
        "</style></title><b>", "\u{202E}\u{0}\u{1B}[2J", "]]> <!-- é", "",
    ]) func hostileNamesAreText(_ name: String) {
        let spans = (0..<8).flatMap { span in
            (0..<12).map { host in
                History.Span(
                    span: span, host: name + "\(host)", chunks: span, tested: 100 * host + span)
            }
        }
        let html = Self.page(name, spans)
        #expect(flaw(in: html, void: Self.void) == nil)
        #expect(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>"))
        #expect(!html.contains("<!--"))
        #expect(name.isEmpty || html.contains(markup(name)))
        #expect(!html.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
        // Two charts of the first batch, and none of the second.
        #expect(texts(in: html, from: "<svg", to: "</svg>").count == 2)
        #expect(html.contains("others"))
        #expect(texts(in: html, from: "<tr>", to: "</tr>").count == 3)
    }

    @Test func whatIsOddInAHistoryIsBorne() {
        for (span, seconds) in [(0, 0.0), (5, .nan), (59, 1e300), (-3, 1), (.max, 1)] {
            let spans = [History.Span(span: span, host: "h", chunks: 1 << 40, tested: 1 << 40)]
            #expect(flaw(in: Self.page("x", spans, seconds: seconds), void: Self.void) == nil)
        }
    }

    @Test func anEmptyQueueHasAPage() {
        let html = StatusPage(name: "q", date: "today", []).html
        #expect(flaw(in: html, void: Self.void) == nil)
        #expect(html.contains("The queue is empty."))
    }

    // MARK: How a batch is tested

    @Test func aSpecSurvives() throws {
        var spec = Self.spec
        spec.options.wantsResidue = true
        spec.options.rounds = 7
        spec.options.seed = .max
        spec.input = "é\"\n\u{0}"
        #expect(try BatchSpec(text: spec.text) == spec)
        #expect(spec.text == spec.text)
    }

    @Test func anotherFormIsRefusedWithBothVersions() throws {
        var spec = Self.spec
        spec.schema = queueSchema + 1
        spec.version = "9.8\u{1B}"
        let error = #expect(throws: QueueError.self) { try BatchSpec(text: spec.text) }
        #expect(error?.kind == .refused)
        #expect(error?.message.contains("9.8") == true)
        #expect(error?.message.contains("\u{1B}") == false)
    }

    @Test func optionsOutOfRangeAreRefused() {
        let changes: [(inout BatchSpec) -> Void] = [
            { $0.maximumBits = 0 }, { $0.maximumBits = -1 }, { $0.maximumBits = .max },
            { $0.options.rounds = -1 }, { $0.options.rounds = 1_000_001 },
            { $0.options.proofBits = -1 }, { $0.options.proofBits = .max },
        ]
        for change in changes {
            var spec = Self.spec
            change(&spec)
            let error = #expect(throws: QueueError.self) { try BatchSpec(text: spec.text) }
            #expect(error?.kind == .damaged)
        }
    }

    @Test func garbageIsNoSpec() {
        let whole = Self.spec.text
        var texts = [
            "", "{}", "null", "[1]", whole + "x", "\u{0}", whole.replacing("auto", with: "x"),
        ]
        texts += whole.indices.map { String(whole[..<$0]) }
        texts.append(whole.replacing("\"schema\":1", with: "\"schema\":1e999"))
        for text in texts {
            let error = #expect(throws: QueueError.self, "\(text)") { try BatchSpec(text: text) }
            #expect(error?.kind == .damaged)
        }
    }
}
