// SPDX-License-Identifier: Apache-2.0

internal import Charts

extension ReportTable {
    /// The table in columns, below its title; lines end with a line end.
    package var text: String {
        let cells = [columns.map(\.title)] + rows
        let rows = cells.map { $0.map(plainText) }
        let widths = columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var text = plainText(title).uppercased() + "\n"
        if !note.isEmpty { text += note + "\n" }
        text += "\n"
        if rows.isEmpty { return text }
        for row in rows {
            var line = ""
            for (i, cell) in row.enumerated() {
                let blanks = String(repeating: " ", count: widths[i] - cell.count)
                line += (i == 0 ? "" : "  ") + (columns[i].isNumber ? blanks + cell : cell + blanks)
            }
            while line.last == " " { line.removeLast() }
            text += line + "\n"
        }
        return text + "\n"
    }
}

extension BenchReport {
    /// The tables and what follows from them, for a terminal.
    package var text: String {
        let parts = ReportSection.allCases.map { section in
            let tables = tables(of: section)
            let command = tables.first.map { "  \(plainText($0.command))\n\n" } ?? ""
            return tables.map(\.text).joined() + command
        }
        let sentences = findings.map { "* \(plainText($0.text))\n  \(plainText($0.command))\n" }
        return parts.joined() + (sentences.isEmpty ? "" : "FINDINGS\n\n" + sentences.joined())
    }
}

extension Finding {
    /// A piece of the sentence.
    package enum Part: Sendable, Hashable {
        case words(String)
        case figure(Figure)
    }

    /// The sentence in pieces.
    ///
    /// What stands for a figure that there isn't is left as it is.
    package var parts: [Part] {
        var parts: [Part] = []
        var words = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            words += rest[..<open]
            let inside = rest[open...].dropFirst()
            guard let close = inside.firstIndex(of: "}"), let number = Int(inside[..<close]),
                figures.indices.contains(number)
            else {
                words += "{"
                rest = inside
                continue
            }
            if !words.isEmpty { parts.append(.words(words)) }
            words = ""
            parts.append(.figure(figures[number]))
            rest = inside[close...].dropFirst()
        }
        words += rest
        if !words.isEmpty { parts.append(.words(words)) }
        return parts
    }
}
