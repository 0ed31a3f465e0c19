// SPDX-License-Identifier: Apache-2.0

internal import Charts

extension ReportTable {
    /// The table in GitHub's Markdown.
    package var markdown: String {
        func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
        var text = "### \(markdownText(title))\n\n"
        if !note.isEmpty { text += markdownText(note) + "\n\n" }
        if rows.isEmpty { return text + "\(markdownCode(command))\n" }
        text += row(columns.map { markdownText($0.title) })
        text += row(columns.map { $0.isNumber ? "---:" : "---" })
        for cells in rows { text += row(cells.map(markdownText)) }
        return text + "\n\(markdownCode(command))\n"
    }
}

extension BenchReport {
    /// The report for a pull request, in GitHub's Markdown.
    ///
    /// - Parameter comparison: What changed since an earlier report.
    /// - Returns: The document; names from a file are text in it, whatever they hold.
    package func markdown(comparison: Comparison? = nil) -> String {
        let machine = [
            environment.cpu, "\(environment.cores) cores", "level \(environment.level)",
            environment.date,
        ]
        var text = "## primality bench\n\n" + markdownText(machine.joined(separator: ", ")) + "\n"
        for warning in warnings + (comparison?.warnings ?? []) {
            text += "\n> **Warning:** \(markdownText(warning))\n"
        }
        if !findings.isEmpty { text += "\n" }
        for finding in findings {
            text += "- " + markdownText(finding.text)
            text += finding.command.isEmpty ? "\n" : " \(markdownCode(finding.command))\n"
        }
        if let comparison {
            text += "\n" + comparison.table.markdown
        }
        for section in ReportSection.allCases {
            let tables = tables(of: section)
            if tables.isEmpty { continue }
            text += "\n<details><summary>\(section.title)</summary>\n\n"
            text += tables.map(\.markdown).joined(separator: "\n") + "\n</details>\n"
        }
        return text
    }
}

/// Text that Markdown shows as it is.
package func markdownText(_ text: String) -> String {
    var result = ""
    // By scalars: one that combines with a bracket makes another character of it.
    for scalar in plainText(text).unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case "\\", "`", "*", "_", "[", "]", "|", "#", "~", "!", "$": result += "\\\(scalar)"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// Text as code: between more backticks than it has in a row.
package func markdownCode(_ text: String) -> String {
    var longest = 0
    var current = 0
    for scalar in text.unicodeScalars {
        current = scalar == "`" ? current + 1 : 0
        longest = max(longest, current)
    }
    let fence = String(repeating: "`", count: longest + 1)
    let blank = longest > 0 ? " " : ""
    return fence + blank + plainText(text) + blank + fence
}
