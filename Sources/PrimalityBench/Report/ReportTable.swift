// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import Primality

/// A table of a report, the same in the terminal, in Markdown and in HTML.
package struct ReportTable: Sendable, Hashable {
    package struct Column: Sendable, Hashable {
        package var title: String
        /// Numbers stand on the right.
        package var isNumber = true

        package init(
            title: String, isNumber: Bool = true
        ) {
            self.title = title
            self.isNumber = isNumber
        }
    }

    package var title: String
    /// What a cell says, where the columns don't.
    package var note = ""
    package var columns: [Column]
    /// As many cells each as there are columns.
    package var rows: [[String]]
    /// Prints it again.
    package var command: String

    package init(
        title: String, note: String = "", columns: [Column], rows: [[String]], command: String
    ) {
        self.title = title
        self.note = note
        self.columns = columns
        self.rows = rows
        self.command = command
    }
}

extension BenchReport {
    /// The tables of a room; none of a room in which nothing was measured.
    package func tables(of section: ReportSection) -> [ReportTable] {
        let all = measurements(of: section)
        if all.isEmpty { return [] }
        let targets = Target.table(of: all, cores: environment.cores)
        return measured(section, all) + [targets].compactMap(\.self)
    }

    private func measured(_ section: ReportSection, _ all: [Timing]) -> [ReportTable] {
        switch section {
        case .call: return [calls(all)]
        case .kernel:
            let exact = all.filter { $0.id.hasPrefix("kernel.exact.") }
            let other = all.filter { !$0.id.hasPrefix("kernel.exact.") }
            return grouped(exact) { $0.input ?? "" }.map { exactTest($0) }
                + grouped(other) { $0.subject }.map { list($0, title: $0[0].subject) }
        case .handOver:
            let chunks = all.filter { $0.id.hasPrefix("hand-over.chunk-") && $0.size != nil }
            let isChunk = Set(chunks.map(\.id))
            let other = all.filter { !isChunk.contains($0.id) }
            return handOver(chunks)
                + grouped(other) { $0.subject }.map { list($0, title: "pools: \($0[0].subject)") }
        case .pools: return pools(all)
        case .fork: return [list(all, title: "forks", size: "MB resident")]
        case .scaling: return [scaling(all)]
        case .peer: return grouped(all) { $0.subject }.map { peers($0) }
        }
    }

    private func grouped(
        _ measurements: [Timing], by key: (Timing) -> String
    ) -> [[Timing]] {
        distinct(measurements.map(key)).map { name in measurements.filter { key($0) == name } }
    }

    // MARK: The rooms

    private func calls(_ all: [Timing]) -> ReportTable {
        ReportTable(
            title: "calls",
            note: "What a way costs is the difference to what it is compared with.",
            columns: [
                .init(title: "what", isNumber: false), .init(title: "way", isNumber: false),
                .init(title: "time a call"), .init(title: "spread"), .init(title: "difference"),
                .init(title: "compared with", isNumber: false),
            ],
            rows: all.map { m in
                let reference = m.reference.flatMap { self[$0] }
                var difference = ""
                if let mine = m.time?.median, let other = reference?.time?.median {
                    difference = (mine < other ? "" : "+") + duration(nanoseconds: mine - other)
                }
                return [
                    m.subject, m.variant, m.timeText, m.spreadText, difference,
                    reference?.variant ?? "",
                ]
            },
            command: all[0].command)
    }

    /// A row an input, a column a library.
    private func peers(_ all: [Timing]) -> ReportTable {
        let variants = distinct(all.map(\.variant))
        let inputs = grouped(all) { "\($0.input ?? "") \($0.size ?? 0)" }
        let hasSizes = all.contains { $0.size != nil }
        let references = distinct(
            all.compactMap(\.reference).compactMap { self[$0].map { plainText($0.variant) } })
        return ReportTable(
            title: all[0].subject,
            note: references.isEmpty
                ? ""
                : "In brackets how many times faster than \(references.joined(separator: ", ")) it is.",
            columns: [.init(title: "input", isNumber: false)]
                + (hasSizes ? [.init(title: unit(of: all[0]))] : [])
                + variants.map { .init(title: $0) },
            rows: inputs.map { row in
                [row[0].input ?? ""] + (hasSizes ? [row[0].size.map(String.init) ?? ""] : [])
                    + variants.map { variant in
                        guard let m = row.first(where: { $0.variant == variant }) else { return "" }
                        let ratio = m.ratio.map { " (\(significant($0.value)))" } ?? ""
                        return m.timeText + ratio
                    }
            },
            command: all[0].command)
    }

    private func unit(of m: Timing) -> String {
        switch m.per {
        case "chunk": "numbers"
        case "request": "on their way"
        default: "bits"
        }
    }

    /// One input's: a row a variant, a column a batch.
    private func exactTest(_ all: [Timing]) -> ReportTable {
        let sizes = Set(all.map(\.size)).sorted { ($0 ?? 0) < ($1 ?? 0) }
        let largest = sizes.last ?? nil
        let last = largest.map { "speed-up at \($0)" } ?? "speed-up"
        return ReportTable(
            title: "exact test, \(all[0].input ?? "numbers")",
            note:
                "Nanoseconds a number, by how many numbers a call is given, and the speed-up over Swift.",
            columns: [.init(title: "by", isNumber: false)]
                + sizes.map { .init(title: $0.map(String.init) ?? "single") }
                + [.init(title: last)],
            rows: distinct(all.map(\.variant)).map { variant in
                let row = all.filter { $0.variant == variant }
                return [variant]
                    + sizes.map { size in
                        row.first { $0.size == size }?.time.map { significant($0.median) } ?? ""
                    }
                    + [row.first { $0.size == largest }?.ratioText ?? ""]
            },
            command: all[0].command)
    }

    private func handOver(_ all: [Timing]) -> [ReportTable] {
        if all.isEmpty { return [] }
        let pools = distinct(all.map(\.variant))
        let sizes = Set(all.compactMap(\.size)).sorted()
        func table(
            _ title: String, _ note: String, _ pools: [String], _ cell: (Timing) -> String
        ) -> ReportTable {
            ReportTable(
                title: title, note: note,
                columns: [.init(title: "chunk")] + pools.map { .init(title: $0) },
                rows: sizes.map { size in
                    [String(size)]
                        + pools.map { pool in
                            all.first { $0.size == size && $0.variant == pool }.map(cell) ?? ""
                        }
                },
                command: all[0].command)
        }
        var tables = [
            table(
                "hand-over, time a number", "By the clock, by how many numbers a chunk has.", pools,
                \.timeText)
        ]
        let compared = pools.filter { pool in
            all.contains { $0.variant == pool && $0.ratio != nil }
        }
        if !compared.isEmpty {
            tables.append(
                table(
                    "hand-over, speed-up over the thread alone",
                    "By how many numbers a chunk has; in brackets the 95 % interval.", compared
                ) { $0.ratioText(among: environment.cores) })
        }
        return tables
    }

    /// A row a pool: chunks of a stream, how many times Python's speed that is, and all else.
    private func pools(_ all: [Timing]) -> [ReportTable] {
        let chunks = all.filter { $0.subject == PeerFile.chunks && $0.size != nil }
        let other = all.filter { $0.subject != PeerFile.chunks || $0.size == nil }
        let sizes = Set(chunks.compactMap(\.size)).sorted()
        func table(
            _ title: String, _ note: String, _ shown: [Timing], _ columns: [String],
            _ cell: (_ row: [Timing], _ column: Int) -> String
        ) -> ReportTable {
            ReportTable(
                title: title, note: note,
                columns: [.init(title: "pool", isNumber: false)]
                    + columns.map { .init(title: $0) },
                rows: grouped(shown) { $0.variant }.map { row in
                    [row[0].variant] + columns.indices.map { cell(row, $0) }
                },
                command: all[0].command)
        }
        func of(_ size: Int, _ row: [Timing]) -> Timing? { row.first { $0.size == size } }
        var tables: [ReportTable] = []
        if !chunks.isEmpty {
            tables.append(
                table(
                    "a chunk of a stream, time",
                    "By the clock, by how many numbers a chunk has; the pool's start and end are left out.",
                    chunks, sizes.map(String.init)
                ) { of(sizes[$1], $0)?.timeText ?? "" })
        }
        if chunks.contains(where: { $0.variant == PeerFile.python }) {
            tables.append(
                table(
                    "a chunk of a stream, times the speed of \(PeerFile.python)",
                    "In brackets the 95 % interval of the rounds. Python ran before, not in the same rounds: "
                        + "what the machine did in between is not in the interval.",
                    chunks.filter { $0.variant != PeerFile.python }, sizes.map(String.init)
                ) { row, column in
                    guard let own = of(sizes[column], row)?.time?.rounds, !own.isEmpty,
                        let python = chunks.first(where: {
                            $0.variant == PeerFile.python && $0.size == sizes[column]
                        })?.time?.rounds, !python.isEmpty
                    else { return "" }
                    return Statistics.ratio(ofOtherRun: python, to: own).text
                })
        }
        let subjects = distinct(other.map(\.subject))
        if !subjects.isEmpty {
            let isBook = subjects.contains(PeerFile.book)
            tables.append(
                table(
                    "pools on streams, beside each other",
                    "The speed-up is over one thread of the same language, in brackets its 95 % interval.",
                    other,
                    subjects + (isBook ? ["speed-up"] : [])
                ) { row, column in
                    if column < subjects.count {
                        return row.first { $0.subject == subjects[column] }?.timeText ?? ""
                    }
                    return row.first { $0.subject == PeerFile.book }?
                        .ratioText(among: environment.cores) ?? ""
                })
        }
        return tables
    }

    private func scaling(_ all: [Timing]) -> ReportTable {
        ReportTable(
            title: "scaling",
            note:
                "The speed-up over one worker of the same pool, and how much that is for a worker.",
            columns: [
                .init(title: "pool", isNumber: false), .init(title: "workers"),
                .init(title: "time a run"), .init(title: "spread"), .init(title: "least"),
                .init(title: "speed-up"),
                .init(title: "for a worker"),
            ],
            rows: all.map { m in
                var share = ""
                if let ratio = m.ratio?.value, let workers = m.size, workers > 0,
                    !m.isNoise(among: workers)
                {
                    share = percent(ratio / Double(workers))
                }
                return [
                    m.variant, m.size.map(String.init) ?? "", m.timeText, m.spreadText,
                    m.leastText, m.size.map { m.ratioText(among: $0) } ?? m.ratioText, share,
                ]
            },
            command: all[0].command)
    }

    /// A row a measurement, with the columns that something stands in.
    private func list(_ all: [Timing], title: String, size: String = "size") -> ReportTable {
        var columns: [(ReportTable.Column, (Timing) -> String)] = [
            (.init(title: "by", isNumber: false), \.variant)
        ]
        if all.contains(where: { $0.input != nil }) {
            columns.insert((.init(title: "input", isNumber: false), { $0.input ?? "" }), at: 0)
        }
        if all.contains(where: { $0.size != nil }) {
            let sizes = (
                ReportTable.Column(title: size),
                { (m: Timing) in
                    m.size.map(String.init) ?? ""
                }
            )
            columns.insert(sizes, at: columns.count - 1)
        }
        let units = distinct(all.map(\.per))
        columns.append(
            (.init(title: units.count == 1 ? "time a \(units[0])" : "time"), \.timeText))
        columns.append((.init(title: "spread"), \.spreadText))
        columns.append((.init(title: "least"), \.leastText))
        if all.contains(where: { $0.ratio != nil }) {
            columns.append((.init(title: "speed-up"), \.ratioText))
            columns.append(
                (
                    .init(title: "over", isNumber: false),
                    { m in
                        if m.ratio == nil { return "" }
                        let reference = m.reference.flatMap { self[$0] }
                        return reference?.variant ?? m.reference ?? ""
                    }
                ))
        }
        return ReportTable(
            title: title, columns: columns.map(\.0),
            rows: all.map { m in columns.map { $0.1(m) } }, command: all[0].command)
    }
}

extension Timing {
    package var timeText: String { time.map { duration(nanoseconds: $0.median) } ?? "" }

    package var spreadText: String { time.map { "±" + percent($0.spread) } ?? "" }

    /// The best of the rounds.
    package var leastText: String { time.map { duration(nanoseconds: $0.minimum) } ?? "" }

    package var ratioText: String { ratio?.text ?? "" }

    /// Stands for a speed-up that cannot be.
    package static let noise = "noise"

    /// Whether the machine, not the workers, made the speed-up: it is more than so many workers give, or its
    /// interval is so wide that it says nothing.
    ///
    /// A tenth more than the workers' number is left to what a cold cache or another clock rate does.
    package func isNoise(among workers: Int) -> Bool {
        guard let ratio else { return false }
        let most = Double(max(workers, 1))
        return !(ratio.value <= 1.1 * most && ratio.low >= 0 && ratio.high <= 1.5 * most)
    }

    /// The speed-up over one worker or none, with its interval; a word where it cannot be.
    package func ratioText(among workers: Int) -> String {
        isNoise(among: workers) ? Self.noise : ratioText
    }
}

extension ConfidenceInterval {
    /// The value, and its interval in brackets.
    package var text: String { "\(significant(value)) [\(significant(low)), \(significant(high))]" }
}

/// Each value once, in the order in which they come first.
package func distinct(_ values: [String]) -> [String] {
    var seen: Set<String> = []
    return values.filter { seen.insert($0).inserted }
}
