// SPDX-License-Identifier: Apache-2.0

internal import Charts

/// What most readers come for: one figure, what it is, and the chart that shows more.
package struct Answer: Sendable, Hashable {
    /// The figure that is written large.
    package var figure: Finding.Figure
    /// What it is, read after the figure.
    package var words: String
    /// What it is made of, or what stands beside it.
    package var detail: String
    /// The room of the chart.
    package var section: ReportSection
    /// The ``Chart/name`` of the chart.
    package var chart: String
    /// The measurements that it is made of.
    package var sources: [String]

    package init(
        figure: Finding.Figure, words: String, detail: String, section: ReportSection,
        chart: String, sources: [String]
    ) {
        self.figure = figure
        self.words = words
        self.detail = detail
        self.section = section
        self.chart = chart
        self.sources = sources
    }
}

/// The answers of a report, each made of its measurements alone.
///
/// What was not measured has none.
package struct Answers {
    private let report: BenchReport
    private let cores: Int
    package private(set) var all: [Answer] = []

    package init(_ report: BenchReport) {
        self.report = report
        cores = report.environment.cores
        call()
        kernel()
        pools()
        chunk()
        scaling()
        fork()
        if all.count < Self.most { firstResults() }
    }

    /// More are no summary.
    private static let most = 7

    private mutating func add(
        _ figure: Finding.Figure, _ words: String, _ detail: String, _ section: ReportSection,
        _ chart: String, from sources: [Timing]
    ) {
        if !figure.value.isFinite { return }
        all.append(
            Answer(
                figure: figure, words: words, detail: detail, section: section, chart: chart,
                sources: sources.map(\.id)))
    }

    private func time(_ nanoseconds: Double) -> Finding.Figure {
        Finding.Figure(value: nanoseconds, text: duration(nanoseconds: nanoseconds))
    }

    /// A time that no line end divides.
    private func words(_ nanoseconds: Double) -> String {
        duration(nanoseconds: nanoseconds).replacing(" ", with: "\u{A0}")
    }

    private func speed(_ ratio: Double) -> Finding.Figure {
        Finding.Figure(value: ratio, text: significant(ratio) + "×")
    }

    // MARK: C

    private mutating func call() {
        guard let nothing = report.timed("call.c.nothing") else { return }
        let loop = report.timed(CallRoom.loop)
        add(
            time(nothing.median), "a call into C",
            loop.map { "one step of a loop in Swift: \(words($0.median))" } ?? "",
            .call, "call-costs",
            from: [nothing.measurement] + [loop?.measurement].compactMap(\.self))
    }

    private mutating func kernel() {
        let input = "prime-64"
        func exact(_ variant: String, _ rest: String) -> BenchReport.Timed? {
            report.timed(KernelRoom.id("exact", input, variant, rest))
        }
        guard let level = report.bestLevel("exact", input),
            let largest = report.largestBatch(input), let swift = exact("swift", "single"),
            let single = exact("c-portable", "single"),
            let batch = exact("c-portable", "batch-\(largest)"),
            let fastest = exact(level.name, "batch-\(largest)")
        else { return }
        add(
            speed(swift.median / fastest.median), "is C's gain over Swift, on 64-bit primes",
            "language \(significant(swift.median / single.median)) · "
                + "batch \(significant(single.median / batch.median)) · "
                + "instruction set \(significant(batch.median / fastest.median))",
            .kernel, "exact-\(input)",
            from: [swift.measurement, single.measurement, batch.measurement, fastest.measurement])
        add(
            time(fastest.median), "a 64-bit prime, in a batch of \(largest)",
            "by \(level.text); one a call in Swift: \(words(swift.median))",
            .kernel, "exact-\(input)", from: [fastest.measurement, swift.measurement])
    }

    // MARK: Pools

    /// From how much work on a pool pays.
    ///
    /// For work that takes one thread t, a pool of w workers takes s + t / w, where s starts and ends the
    /// pool. Both times are equal at t = s w / (w − 1).
    private mutating func pools() {
        if cores < 2 { return }
        func work(_ start: Double) -> Double { start * Double(cores) / Double(cores - 1) }
        guard let threads = report.timed(HandOverRoom.start("threads")) else { return }
        let processes = report.measurements(of: .handOver).filter {
            $0.id.hasPrefix(HandOverRoom.start("processes"))
        }.compactMap { report.timed($0.id) }.min { $0.median < $1.median }
        add(
            time(work(threads.median)), "of work, and \(cores) threads pay",
            processes.map {
                "\(cores) \($0.measurement.variant) pay from \(words(work($0.median))) on"
            } ?? "", .handOver, "start-costs",
            from: [threads.measurement] + [processes?.measurement].compactMap(\.self))
    }

    private mutating func chunk() {
        let costs = report.measurements(of: .handOver).filter {
            $0.per == "chunk" && $0.size == 1 && $0.variant != "serial"
        }.compactMap { report.timed($0.id) }
        guard let least = costs.min(by: { $0.median < $1.median }),
            let most = costs.max(by: { $0.median < $1.median })
        else { return }
        add(
            time(least.median), "to hand over a chunk",
            "by \(least.measurement.variant); at most \(words(most.median)), by \(most.measurement.variant)",
            .handOver, "chunk-costs", from: [least.measurement, most.measurement])
    }

    private mutating func scaling() {
        let full = report.measurements(of: .scaling).filter { $0.size == cores && $0.ratio != nil }
        if cores < 2 || full.isEmpty { return }
        let certain = full.filter { !$0.isNoise(among: cores) }
        guard let best = certain.max(by: { ($0.ratio?.value ?? 0) < ($1.ratio?.value ?? 0) }),
            let ratio = best.ratio
        else {
            add(
                Finding.Figure(value: 0, text: Timing.noise), "is the speed-up by \(cores) workers",
                "measure again on a quiet machine", .scaling, "speed-up-by-workers", from: full)
            return
        }
        add(
            speed(ratio.value), "is the speed-up by \(cores) workers",
            "\(best.variant), the best of \(full.count) pools; 95\u{A0}% interval "
                + "\(significant(ratio.low)) to \(significant(ratio.high))", .scaling,
            "speed-up-by-workers", from: [best])
    }

    private mutating func fork() {
        let room = report.measurements(of: .fork)
        guard let small = room.first, let large = room.last, let a = small.time?.median,
            let b = large.time?.median, let from = small.size, let to = large.size, from < to
        else { return }
        let more = words(max(0, (b - a) / (Double(to) - Double(from))))
        add(
            time(a), "a fork beside \(from) MB", "each megabyte more: \(more)", .fork, "fork-costs",
            from: [small, large])
    }

    /// Beside Python's, where that was measured.
    private mutating func firstResults() {
        let starts = report.measurements(of: .pools).filter { $0.subject == PeerFile.firstResults }
            .compactMap { report.timed($0.id) }
        func least(_ section: ReportSection) -> BenchReport.Timed? {
            starts.filter { $0.measurement.section == section }.min { $0.median < $1.median }
        }
        guard let ours = least(.pools) else { return }
        let python = least(.peer)
        add(
            time(ours.median), "until a pool's first results",
            "by \(ours.measurement.variant)"
                + (python.map { "; by \($0.measurement.variant) \(words($0.median))" } ?? ""),
            .pools, "starts-by-others",
            from: [ours.measurement] + [python?.measurement].compactMap(\.self))
    }
}
