// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import Primality

/// How a queue stands, as one page that needs nothing else and can be read on a phone.
package struct StatusPage {
    /// A batch with what is drawn of it.
    package struct Entry {
        package var batch: BatchStatus
        package var hosts: [HostStatus]
        package var history: History

        package init(batch: BatchStatus, hosts: [HostStatus], history: History) {
            self.batch = batch
            self.hosts = hosts
            self.history = history
        }
    }

    private let name: String
    private let date: String
    private let entries: [Entry]

    private static let mostSpans = 10_000

    /// - Parameters:
    ///   - name: What the queue is called.
    ///   - date: When it stood so.
    ///   - entries: Its batches.
    package init(name: String, date: String, _ entries: [Entry]) {
        self.name = name
        self.date = date
        self.entries = entries.map { entry in
            var entry = entry
            entry.history.spans.removeAll { !(0..<Self.mostSpans).contains($0.span) }
            if !(entry.history.seconds > 0 && entry.history.seconds < 1e12) {
                entry.history.seconds = 1
            }
            return entry
        }
    }

    package var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width,initial-scale=1">
        <title>\(markup(name))</title>
        <style>
        :root{--page:#fff;--ink:#1a1a1a;--soft:#5f6368;--rule:#d8dce0;--good:#007a5a;--bad:#b3261e;color-scheme:light dark}
        @media(prefers-color-scheme:dark){:root{--page:#16181b;--ink:#e8eaed;--soft:#a5abb2;--rule:#3a3f45;--good:#2fc79b;--bad:#ff8a80}}
        body{margin:0 auto;padding:1rem;max-width:64rem;background:var(--page);color:var(--ink);font:16px/1.45 system-ui,sans-serif}
        h1{font-size:1.3rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:2rem 0 .3rem;overflow-wrap:anywhere}
        p{margin:.3rem 0}.soft{color:var(--soft)}.bad{color:var(--bad)}
        .share{height:.7rem;border-radius:.35rem;background:var(--rule);overflow:hidden;margin:.5rem 0}
        .share div{height:100%;background:var(--good)}
        .charts{display:flex;flex-wrap:wrap;gap:1rem}.charts figure{flex:1 1 20rem;margin:.5rem 0;min-width:0;max-width:30rem}
        figcaption{font-weight:600;margin-bottom:.3rem}
        .wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
        th,td{padding:.25rem .7rem .25rem 0;text-align:right;white-space:nowrap}th:first-child,td:first-child{text-align:left}
        th{color:var(--soft);font-weight:600;border-bottom:1px solid var(--rule)}
        svg .grid{stroke:var(--rule)}svg .axis{stroke:var(--soft)}
        \(Chart.style)
        </style>
        </head>
        <body>
        <h1>\(markup(name))</h1>
        <p class="soft">\(markup(date))</p>
        \(entries.isEmpty ? "<p>The queue is empty.</p>" : entries.map(section).joined(separator: "\n"))
        </body>
        </html>

        """
    }

    private func section(_ entry: Entry) -> String {
        let batch = entry.batch
        var faults: [String] = []
        if batch.failed > 0 { faults.append("\(batch.failed) chunks failed") }
        if batch.failedNumbers > 0 {
            faults.append("\(batch.failedNumbers) numbers timed out or crashed")
        }
        if batch.disputed > 0 { faults.append("\(batch.disputed) chunks are disputed") }
        return """
            <h2>\(markup(batch.name))</h2>
            <p>\(markup(batch.stateText)): \(batch.done) of \(batch.chunks) chunks, \(markup(batch.shareText)); \
            \(batch.candidates) candidates, \(batch.passed) prime or probably so; \(markup(batch.timeLeftText))</p>
            \(faults.isEmpty ? "" : "<p class=\"bad\">\(markup(faults.joined(separator: ", ")))</p>")
            <div class="share"><div style="width:\(decimal(100 * batch.share, places: 1))%"></div></div>
            <div class="charts">
            \([progress(entry), throughput(entry)].compactMap { $0 }.map(Self.figure).joined(separator: "\n"))
            </div>
            <div class="wide">\(table(entry.hosts))</div>
            """
    }

    private static func figure(_ chart: Chart) -> String {
        "<figure><figcaption>\(markup(chart.title))</figcaption>\(chart.svg)</figure>"
    }

    private func table(_ hosts: [HostStatus]) -> String {
        if hosts.isEmpty { return "" }
        let rows = hosts.map { host in
            let cells = [
                "\(host.worker.host) \(host.worker.process)", String(host.worker.workers),
                host.worker.level, String(host.leased), String(host.done), String(host.tested),
                String(host.failedNumbers), secondsText(Double(host.nanoseconds) / 1e9),
                secondsText(host.silent),
            ]
            return "<tr>" + cells.map { "<td>\(markup($0))</td>" }.joined() + "</tr>"
        }
        let names = [
            "worker", "cores", "level", "has", "chunks", "numbers", "failed", "CPU time",
            "heard of, ago",
        ]
        return "<table><tr>" + names.map { "<th>\(markup($0))</th>" }.joined() + "</tr>"
            + rows.joined() + "</table>"
    }

    // MARK: Charts

    /// Minutes, or hours where there are many.
    private func unit(_ history: History, spans: Int) -> (seconds: Double, name: String) {
        let all = history.seconds * Double(spans)
        return all > 10_800 ? (3600, "hours") : all > 180 ? (60, "minutes") : (1, "seconds")
    }

    private func spans(_ history: History) -> Int { (history.spans.map(\.span).max() ?? 0) + 1 }

    private func progress(_ entry: Entry) -> Chart? {
        let history = entry.history
        if history.spans.isEmpty { return nil }
        let count = spans(history)
        let (unit, unitName) = unit(history, spans: count)
        var chunks = [Int](repeating: 0, count: count)
        for span in history.spans { chunks[span.span] += span.chunks }
        var done = 0
        var points = [LineChart.Point(x: 0, y: 0)]
        for (i, more) in chunks.enumerated() {
            done += more
            points.append(
                LineChart.Point(
                    x: Double(i + 1) * history.seconds / unit,
                    y: 100 * Double(done) / Double(max(1, entry.batch.chunks))))
        }
        return LineChart(
            title: "Progress", text: "Share of the chunks that are done, over time.",
            x: LineChart.Side(name: unitName, scale: .linear, label: tick),
            y: LineChart.Side(name: "% of chunks", scale: .linear, label: tick),
            series: [LineChart.Series(name: "done", points: points)]
        ).chart
    }

    private func throughput(_ entry: Entry) -> Chart? {
        let history = entry.history
        if history.spans.isEmpty { return nil }
        let count = spans(history)
        let (unit, unitName) = unit(history, spans: count)
        var byHost: [String: [Int]] = [:]
        for span in history.spans {
            byHost[span.host, default: [Int](repeating: 0, count: count)][span.span] += span.tested
        }
        // What has no colour of its own is drawn together.
        let ranked = byHost.sorted {
            ($1.value.reduce(0, +), $0.key) < ($0.value.reduce(0, +), $1.key)
        }
        var shown = ranked.prefix(Chart.styles - 1).map { ($0.key, $0.value) }
        let rest = ranked.dropFirst(Chart.styles - 1)
        if !rest.isEmpty {
            shown.append(
                (
                    "\(rest.count) others",
                    (0..<count).map { i in rest.reduce(0) { $0 + $1.value[i] } }
                ))
        }
        let series = shown.enumerated().map { style, host in
            LineChart.Series(
                name: host.0,
                points: host.1.enumerated().map { i, tested in
                    LineChart.Point(
                        x: (Double(i) + 0.5) * history.seconds / unit,
                        y: Double(tested) / history.seconds)
                }, style: style)
        }
        return LineChart(
            title: "Throughput by host", text: "Numbers tested a second on each host, over time.",
            x: LineChart.Side(name: unitName, scale: .linear, label: tick),
            y: LineChart.Side(name: "numbers a second", scale: .linear, label: tick),
            series: series
        ).chart
    }
}

extension BatchStatus {
    /// From 0 to 1, by the chunks.
    package var share: Double { chunks == 0 ? 1 : Double(done + failed) / Double(chunks) }

    /// 100 % is for what is over.
    package var shareText: String {
        let percent = isOver ? 100 : min(99.9, 100 * share)
        return decimal(percent, places: percent < 100 ? 1 : 0) + " %"
    }

    package var stateText: String {
        switch state {
        case .open: isOver ? "finished" : leased > 0 ? "running" : done > 0 ? "waiting" : "new"
        case .paused: "paused"
        case .cancelled: "cancelled"
        case .finished: "finished"
        }
    }

    package var timeLeftText: String {
        if isOver { return "done" }
        if state != .open { return "at rest" }
        return timeLeft.map { "\(secondsText($0)) left" } ?? "time left unknown"
    }
}

/// Seconds as people say them.
package func secondsText(_ seconds: Double) -> String {
    let whole = Int(min(max(0, seconds), 1e12).rounded())
    return switch whole {
    case ..<120: "\(whole) s"
    case ..<7200: "\(whole / 60) min"
    case ..<172_800: "\(whole / 3600) h \(whole / 60 % 60) min"
    default: "\(whole / 86400) d \(whole / 3600 % 24) h"
    }
}
