// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import Mustache
internal import Primality

extension ReportSection {
    package var title: String {
        switch self {
        case .call: "Calls into C"
        case .kernel: "The same algorithm in C and in Swift"
        case .handOver: "Handing work over"
        case .fork: "Forks and memory"
        case .scaling: "More workers"
        case .peer: "Other libraries"
        }
    }

    fileprivate var lead: String {
        switch self {
        case .call:
            "Each way does the same step of a generator, which waits for the step before; what the way costs "
                + "is its time less that of the loop in Swift."
        case .kernel:
            "Each test by Swift and by C at each instruction set that this machine has, one number a call and "
                + "in batches. Products of two primes need the strong tests alone, random odd numbers mostly "
                + "have a small factor, primes go through every stage."
        case .handOver:
            "The same numbers through each pool: the smaller the chunks, the more a number bears of the "
                + "hand-over. Times are by the clock."
        case .fork:
            "What the kernel takes to fork a process, which copies the page tables of its memory."
        case .scaling: "The same work for more and more workers, on each pool."
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
    var findings: [Sentence]
    var rooms: [Room]
    var method: [String]
    var circumstances: [Circumstance]

    struct Sentence {
        var pieces: [Piece]
        var origin: String
    }
    struct Piece {
        var isFigure: Bool
        var value: String
        var words: String
    }
    struct Room {
        var anchor: String
        var heading: String
        var lead: String
        var charts: [Figure]
        var tables: [Table]
        var command: String
    }
    struct Figure {
        var caption: String
        var svg: String
    }
    struct Table {
        var title: String
        var note: String
        var isOpen: Bool
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
        findings = report.findings.map { finding in
            Sentence(
                pieces: finding.parts.map { part in
                    switch part {
                    case .words(let words): Piece(isFigure: false, value: "", words: whole(words))
                    case .figure(let figure):
                        Piece(isFigure: true, value: "\(figure.value)", words: whole(figure.text))
                    }
                }, origin: whole(finding.command))
        }
        rooms = ReportSection.allCases.compactMap { section in
            let tables = report.tables(of: section)
            guard let command = tables.first?.command else { return nil }
            let charts = report.charts(of: section)
            // Where there are many, those of what is drawn are open.
            let drawn = Set(charts.map { $0.title.lowercased() })
            return Room(
                anchor: section.rawValue, heading: section.title, lead: section.lead,
                charts: charts.map { Figure(caption: whole($0.title), svg: $0.svg) },
                tables: tables.map { table in
                    Table(table, isOpen: tables.count <= 4 || drawn.contains(table.title))
                }, command: whole(command))
        }
        if let comparison {
            var table = comparison.table
            table.title = "what has changed"
            table.note = ""
            rooms.insert(
                Room(
                    anchor: "comparison", heading: "Compared with the earlier report",
                    lead: comparison.summary, charts: [],
                    tables: table.rows.isEmpty ? [] : [Table(table, isOpen: true)],
                    command: table.command), at: 0)
        }
        method = report.method
        circumstances = report.circumstances.map {
            Circumstance(name: $0.0, quantity: whole($0.1))
        }
    }
}

extension Page.Table {
    package init(_ table: ReportTable, isOpen: Bool) {
        title = whole(table.title)
        note = whole(table.note)
        self.isOpen = isOpen
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
    <section id="summary">
    <h2>Summary</h2>
    <ul class="findings">
    {{#findings}}
    <li><p>{{#pieces}}{{#isFigure}}<data value="{{value}}">{{words}}</data>{{/isFigure}}{{^isFigure}}{{words}}{{/isFigure}}{{/pieces}}</p><code>{{origin}}</code></li>
    {{/findings}}
    {{^findings}}
    <li><p>Too little was measured for a sentence.</p></li>
    {{/findings}}
    </ul>
    <nav aria-label="Rooms">{{#rooms}}<a href="#{{anchor}}">{{heading}}</a> {{/rooms}}<a href="#method">Method</a> <a href="#environment">Environment</a></nav>
    </section>
    {{#rooms}}
    <section id="{{anchor}}">
    <h2>{{heading}}</h2>
    <p class="lead">{{lead}}</p>
    <div class="charts">
    {{#charts}}
    <figure>
    <figcaption>{{caption}}</figcaption>
    {{{svg}}}
    </figure>
    {{/charts}}
    </div>
    {{#tables}}
    <details{{#isOpen}} open{{/isOpen}}>
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
    <p class="command"><code>{{command}}</code></p>
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
    .findings{list-style:none;margin:0;padding:0}
    .findings li{padding:.6rem 0;border-bottom:1px solid var(--grid)}
    .findings p{margin:0}
    data{font-weight:650;font-variant-numeric:tabular-nums;white-space:nowrap}
    nav{margin:1rem 0;font-size:.9rem}
    nav a{display:inline-block;margin-right:.9rem;padding:.15rem 0}
    .charts{columns:2 24rem;column-gap:1rem;margin-top:.75rem}
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
    td:not(.n){white-space:normal;min-width:6.75rem}
    #environment td{min-width:12rem}
    @media print{details::details-content{content-visibility:visible}}
    """
