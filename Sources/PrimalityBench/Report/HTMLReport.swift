// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import Mustache
internal import Primality

extension ReportSection {
    /// The question that the room answers.
    package var title: String {
        switch self {
        case .call: "What does a call into C cost?"
        case .kernel: "How much faster than Swift is C?"
        case .handOver: "From how much work on does a pool pay?"
        case .pools: "How fast is each pool, beside Python's?"
        case .fork: "What does a fork cost?"
        case .scaling: "What do more workers give?"
        case .peer: "How fast are other libraries?"
        }
    }

    /// A word for a list of links.
    fileprivate var short: String {
        switch self {
        case .call: "Calls"
        case .kernel: "C and Swift"
        case .handOver: "Pools"
        case .pools: "Beside Python"
        case .fork: "Forks"
        case .scaling: "Workers"
        case .peer: "Libraries"
        }
    }

    /// Sentences that stand beside the charts, by the beginning of their id; the others are folded.
    fileprivate var leading: [String] {
        switch self {
        case .call: ["call.ways", "call.arguments"]
        case .kernel:
            ["kernel.prime-64.factors", "kernel.odd-64.factors", "kernel.prime-64.vanishing"]
        case .handOver:
            ["hand-over.start", "hand-over.chunk.threads", "hand-over.chunk.processes-shm"]
        case .pools: ["pools."]
        case .fork: ["fork."]
        case .scaling: ["scaling.threads", "scaling.processes-shm", "scaling.serial-fraction"]
        case .peer: ["peer.u64", "peer.big"]
        }
    }

    fileprivate var lead: String {
        switch self {
        case .call:
            "Each way does the same step of a generator, which waits for the step before. A way costs its time "
                + "less that of the loop in Swift."
        case .kernel:
            "The same test in Swift, and in C at each instruction set of this machine: one number a call, and in "
                + "batches. Primes go through every stage, most random odd numbers have a small factor."
        case .handOver:
            "The same numbers through each pool, by the clock. The smaller the chunks, the more a number bears of "
                + "the hand-over."
        case .pools:
            "A source gives chunks of small numbers, and results come as they are done. Python's pools do the "
                + "same, by the same C library, in a run of their own."
        case .fork:
            "A fork copies the page tables of the process, so it costs more where more memory is resident."
        case .scaling: "The same work for more and more workers, on each pool, beside the ideal."
        case .peer: "The same numbers through other libraries, in the same rounds."
        }
    }
}

extension BenchReport {
    /// The report as one page that needs nothing else: no script, no font, no picture from elsewhere.
    ///
    /// - Parameter comparison: What changed since an earlier report.
    /// - Returns: The page; names from a file are text in it, whatever they hold.
    /// - Throws: Never, unless the template of this program is broken.
    package func html(comparison: Comparison? = nil) throws -> String {
        try MustacheTemplate(string: template).render(Page(self, comparison))
    }

    /// How it was measured, a paragraph each.
    fileprivate var method: [String] {
        [
            "Everything that is compared is measured in turn, in \(settings.rounds) rounds whose order "
                + "rotates, so that what the machine does meanwhile meets all of it. In a round each thing is "
                + "repeated for at least \(duration(nanoseconds: settings.leastTime)), after one pass to warm "
                + "up; every pass has to give the expected answer.",
            "Where one thread does all the work its CPU time counts, else the clock. A time is the median of "
                + "the rounds, and its spread the median distance of the rounds from it. Outliers are kept.",
            "A speed-up is the median of the rounds' own ratios, and its 95 % interval the bootstrap's: the "
                + "median of as many rounds drawn with replacement, 2000 times, without the outer 2.5 % on "
                + "each side. What pools take for a number is a run's time less that of their start and "
                + "end: the rounds of both are drawn together with those of what they are compared with.",
            "Tables, charts and sentences are made of the JSON that the same command writes with --json, "
                + "and of nothing else; each figure in the summary carries its unrounded value.",
        ]
    }

    /// Names and values of what the figures depend on.
    fileprivate var circumstances: [(String, String)] {
        func loads(_ loads: [Double]) -> String {
            loads.isEmpty ? "unknown" : loads.map { decimal($0, places: 2) }.joined(separator: ", ")
        }
        return [
            ("date", environment.date), ("processor", environment.cpu),
            ("cores", String(environment.cores)), ("level", environment.level),
            ("frequency governor", environment.governor ?? "unknown"),
            ("system", environment.system), ("library", environment.library),
            ("C compiler", environment.compiler), ("Swift", environment.swift),
            ("GMP", environment.gmp),
            ("load before (1, 5, 15 min)", loads(environment.loadBefore)),
            ("load after (1, 5, 15 min)", loads(environment.loadAfter)),
            ("used by others meanwhile", environment.others.map(percent) ?? "unknown"),
            ("measured beside it", environment.peers?.joined(separator: ", ") ?? "nothing"),
            ("rounds", String(settings.rounds)),
            ("amount of work", settings.isQuick ? "quick" : "full"),
        ]
    }
}

// MARK: - What the template is filled with

/// Mustache looks properties up by name, and one that an object lacks in those around it: no name is used
/// on two levels.
private struct Page {
    var style = Chart.style + "\n" + pageStyle
    var date: String
    var machine: String
    var warnings: [String]
    var answers: [Reply]
    var rooms: [Room]
    var method: [String]
    var circumstances: [Circumstance]

    struct Reply {
        var target: String
        var amount: String
        var large: String
        var label: String
        var detail: String
    }
    struct Sentence { var pieces: [Piece] }
    struct Piece {
        var isFigure: Bool
        var value: String
        var words: String
    }
    struct Room {
        var anchor: String
        var link: String
        var heading: String
        var lead: String
        var charts: [Figure]
        var isSingle: Bool
        var findings: [Sentence]
        var further: [Sentence]
        var hasFurther: Bool
        var tables: [Table]
        var hasCommand: Bool
        var command: String
    }
    struct Figure {
        var mark: String
        var caption: String
        var svg: String
    }
    struct Table {
        var title: String
        var note: String
        var columns: [Cell]
        var rows: [Row]
    }
    struct Row { var cells: [Cell] }
    struct Cell {
        var content: String
        var isNumber: Bool
    }
    struct Circumstance {
        var name: String
        var quantity: String
    }

    init(_ report: BenchReport, _ comparison: Comparison?) {
        let environment = report.environment
        date = whole(environment.date)
        machine = whole(
            "\(environment.cpu), \(environment.cores) cores, level \(environment.level), "
                + "\(environment.system)")
        warnings = (report.warnings + (comparison?.warnings ?? [])).map(whole)
        var drawn: Set<String> = []
        rooms = ReportSection.allCases.compactMap { section in
            let tables = report.tables(of: section)
            guard let command = tables.first?.command else { return nil }
            let charts = report.charts(of: section)
            drawn.formUnion(charts.map(\.name))
            let own = report.findings.filter { $0.id.hasPrefix(section.rawValue + ".") }
            let leading = own.filter { finding in
                section.leading.contains { finding.id.hasPrefix($0) }
            }.prefix(Self.sentences)
            let first = leading.isEmpty ? own.prefix(Self.sentences) : leading
            let shown = Set(first.map(\.id))
            let further = own.filter { !shown.contains($0.id) }.map(Sentence.init)
            return Room(
                anchor: section.rawValue, link: section.short, heading: section.title,
                lead: section.lead,
                charts: charts.map {
                    Figure(mark: $0.name, caption: whole($0.title), svg: $0.svg)
                }, isSingle: charts.count == 1,
                findings: first.map(Sentence.init), further: further,
                hasFurther: !further.isEmpty, tables: tables.map { Table($0) },
                hasCommand: !command.isEmpty, command: whole(command))
        }
        // What a file holds beyond these rooms is still said.
        let known = rooms.map { $0.anchor + "." }
        let others = report.findings.filter { finding in
            !known.contains { finding.id.hasPrefix($0) }
        }
        if !others.isEmpty {
            rooms.append(
                Room(
                    anchor: "others", link: "More", heading: "What else follows?", lead: "",
                    charts: [],
                    isSingle: false,
                    findings: others.map(Sentence.init), further: [], hasFurther: false, tables: [],
                    hasCommand: false, command: ""))
        }
        answers = Answers(report).all.map { answer in
            Reply(
                target: drawn.contains(answer.chart) ? answer.chart : answer.section.rawValue,
                amount: "\(answer.figure.value)", large: whole(answer.figure.text),
                label: whole(answer.words), detail: whole(answer.detail))
        }
        if let comparison {
            var table = comparison.table
            table.title = "what has changed"
            table.note = ""
            rooms.insert(
                Room(
                    anchor: "comparison", link: "Comparison",
                    heading: "What changed since the earlier report?", lead: comparison.summary,
                    charts: [], isSingle: false, findings: [], further: [], hasFurther: false,
                    tables: table.rows.isEmpty ? [] : [Table(table)], hasCommand: true,
                    command: whole(table.command)), at: 0)
        }
        method = report.method
        circumstances = report.circumstances.map {
            Circumstance(name: $0.0, quantity: whole($0.1))
        }
    }
}

extension Page {
    /// How many sentences of a room stand open.
    fileprivate static let sentences = 3
}

extension Page.Sentence {
    fileprivate init(_ finding: Finding) {
        pieces = finding.parts.map { part in
            switch part {
            case .words(let words): Page.Piece(isFigure: false, value: "", words: whole(words))
            case .figure(let figure):
                Page.Piece(isFigure: true, value: "\(figure.value)", words: whole(figure.text))
            }
        }
    }
}

extension Page.Table {
    fileprivate init(_ table: ReportTable) {
        title = whole(table.title)
        note = whole(table.note)
        columns = table.columns.map {
            Page.Cell(content: whole($0.title), isNumber: $0.isNumber)
        }
        rows = table.rows.map { cells in
            Page.Row(
                cells: zip(cells, table.columns).map {
                    Page.Cell(content: whole($0), isNumber: $1.isNumber)
                })
        }
    }
}

/// Text that Mustache can escape: it looks at characters, and a bracket that something combines with is
/// another character.
private func whole(_ text: String) -> String {
    var result = ""
    for character in plainText(text) {
        let scalars = character.unicodeScalars
        if scalars.count > 1,
            let special = scalars.first(where: { "<>&\"'".unicodeScalars.contains($0) })
        {
            result.unicodeScalars.append(special)
        } else {
            result.append(character)
        }
    }
    return result
}

// MARK: - The page

private let sentence = """
    <p class="finding">{{#pieces}}{{#isFigure}}<data value="{{value}}">{{words}}</data>{{/isFigure}}{{^isFigure}}{{words}}{{/isFigure}}{{/pieces}}</p>
    """

private let template = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>primality bench, {{date}}</title>
    <style>
    {{{style}}}
    </style>
    </head>
    <body>
    <header>
    <h1>primality bench</h1>
    <p class="machine"><time>{{date}}</time> · {{machine}}</p>
    {{#warnings}}
    <p class="warning" role="note"><strong>Warning:</strong> {{.}}</p>
    {{/warnings}}
    </header>
    <main>
    <section id="answers">
    <ul class="answers">
    {{#answers}}
    <li><a href="#{{target}}"><data value="{{amount}}">{{large}}</data> <span class="label">{{label}}</span></a><p class="detail">{{detail}}</p></li>
    {{/answers}}
    {{^answers}}
    <li><p>Too little was measured for an answer.</p></li>
    {{/answers}}
    </ul>
    <nav aria-label="Questions">{{#rooms}}<a href="#{{anchor}}">{{link}}</a> {{/rooms}}<a href="#method">Method</a> <a href="#environment">Environment</a></nav>
    </section>
    {{#rooms}}
    <section id="{{anchor}}">
    <h2>{{heading}}</h2>
    <div class="look{{#isSingle}} single{{/isSingle}}">
    <div class="charts">
    {{#charts}}
    <figure id="{{mark}}">
    <figcaption>{{caption}}</figcaption>
    {{{svg}}}
    </figure>
    {{/charts}}
    </div>
    <div>
    <p class="lead">{{lead}}</p>
    {{#findings}}
    \(sentence)
    {{/findings}}
    {{#hasFurther}}
    <details>
    <summary>more in words</summary>
    {{#further}}
    \(sentence)
    {{/further}}
    </details>
    {{/hasFurther}}
    </div>
    </div>
    {{#tables}}
    <details>
    <summary>{{title}}</summary>
    <p class="note">{{note}}</p>
    <div class="table" tabindex="0" role="region" aria-label="{{title}}">
    <table>
    <thead><tr>{{#columns}}<th scope="col"{{#isNumber}} class="n"{{/isNumber}}>{{content}}</th>{{/columns}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr>{{#cells}}<td{{#isNumber}} class="n"{{/isNumber}}>{{content}}</td>{{/cells}}</tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    </details>
    {{/tables}}
    {{#hasCommand}}
    <p class="command"><code>{{command}}</code></p>
    {{/hasCommand}}
    </section>
    {{/rooms}}
    <section id="method">
    <h2>Method</h2>
    {{#method}}
    <p>{{.}}</p>
    {{/method}}
    </section>
    <section id="environment">
    <h2>Environment</h2>
    <div class="table" tabindex="0" role="region" aria-label="Environment">
    <table>
    <tbody>
    {{#circumstances}}
    <tr><th scope="row">{{name}}</th><td>{{quantity}}</td></tr>
    {{/circumstances}}
    </tbody>
    </table>
    </div>
    </section>
    </main>
    </body>
    </html>

    """

private let pageStyle = """
    :root{color-scheme:light dark;--page:#fff;--card:#f7f8fa;--ink:#1b1f24;--soft:#57606a;--grid:#dfe3e8;
    --accent:#0b5cad;--warn:#fff4d6;--warnink:#6b4a00}
    @media(prefers-color-scheme:dark){:root{--page:#14171c;--card:#1c2027;--ink:#e6e9ee;--soft:#a3acb8;
    --grid:#353c47;--accent:#7cb8ff;--warn:#3a2f12;--warnink:#f2d488}}
    *{box-sizing:border-box}
    body{margin:0 auto;padding:1rem;max-width:66rem;background:var(--page);color:var(--ink);
    font:16px/1.55 system-ui,sans-serif;overflow-wrap:break-word}
    h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0 .25rem}
    h2{font-size:1.25rem;line-height:1.3;margin:2.5rem 0 .5rem;padding-top:.75rem;
    border-top:1px solid var(--grid)}
    p{margin:.5rem 0;max-width:46rem}
    a{color:var(--accent)}
    code{font:.85em ui-monospace,monospace;color:var(--soft)}
    .machine,.lead,.note{color:var(--soft)}
    .machine{max-width:none}
    .note{font-size:.875rem;margin:.25rem 0}
    .note:empty{display:none}
    .warning{background:var(--warn);color:var(--warnink);padding:.5rem .75rem;border-radius:.4rem;
    max-width:none}
    .answers{list-style:none;margin:1.25rem 0;padding:0;display:grid;gap:.75rem;
    grid-template-columns:repeat(auto-fill,minmax(min(14rem,100%),1fr))}
    .answers li{padding:.75rem 1rem;background:var(--card);border:1px solid var(--grid);border-radius:.5rem}
    .answers a{display:block;text-decoration:none;color:var(--ink)}
    .answers a:hover .label,.answers a:focus .label{text-decoration:underline}
    .answers data{display:block;font-size:1.9rem;line-height:1.2;color:var(--accent)}
    .answers .label{font-weight:600}
    .detail{color:var(--soft);font-size:.875rem;line-height:1.4;margin:.25rem 0 0}
    .lead:empty,.detail:empty{display:none}
    data{font-weight:650;font-variant-numeric:tabular-nums;white-space:nowrap}
    nav{margin:1rem 0;font-size:.9rem}
    nav a{display:inline-block;margin-right:.9rem;padding:.15rem 0}
    .charts{columns:2 24rem;column-gap:1rem;margin-top:.75rem}
    .single{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:0 1.5rem;
    align-items:start}
    .single .charts{columns:1}
    figure{break-inside:avoid;margin:0 0 1rem;padding:.75rem;background:var(--card);border:1px solid var(--grid);
    border-radius:.5rem;min-width:0;--page:var(--card)}
    figcaption{font-weight:600;margin-bottom:.5rem;line-height:1.3}
    figure svg{max-width:30rem;margin:0 auto}
    details{margin:.75rem 0}
    summary{cursor:pointer;font-weight:600}
    summary::first-letter{text-transform:uppercase}
    .table{overflow-x:auto}
    table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
    th,td{padding:.3rem .75rem .3rem 0;text-align:left;white-space:nowrap;
    border-bottom:1px solid var(--grid)}
    th{font-weight:600;color:var(--soft)}
    th.n,td.n{text-align:right}
    :target{scroll-margin-top:1rem}
    figure:target{border-color:var(--accent)}
    td:not(.n){white-space:normal;min-width:6.75rem}
    #environment td{min-width:12rem}
    @media print{details::details-content{content-visibility:visible}}
    """
