// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import Foundation
internal import Primality
internal import PrimalityModels

/// The speed-ups of a race as bars, grouped by engine.
struct SpeedupChart {
    /// What bars are made of.
    struct Style: Equatable {
        /// Blocks of eighths; else ASCII.
        var isUnicode = true
        /// Bars that are longer than the serial pool's stand out.
        var isColoured = false

        /// What the environment and standard output ask for.
        static var current: Style {
            Style(
                ProcessInfo.processInfo.environment, isTerminal: StandardStreams.outputIsTerminal)
        }

        init(_ environment: [String: String], isTerminal: Bool) {
            // Empty is as good as not set, says no-color.org.
            let isPlain =
                environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
            isUnicode = !isPlain
            isColoured = !isPlain && isTerminal
        }
    }

    private let rows: [Race.Row]

    init(_ rows: [Race.Row]) { self.rows = rows }

    /// The chart, one line an entrant; none is wider than `width`, unless that is below 48.
    func lines(width: Int, style: Style) -> [String] {
        // All bars have one scale, and 1x is always on it.
        let longest = max(1, rows.compactMap(\.speedup).max() ?? 1)
        let names = (rows.map(\.pool.rawValue.count).max() ?? 0) + 2
        let values = rows.map { value($0).count }.max() ?? 0
        let cells = max(20, width - 1 - names - 1 - values)
        let mark = min(cells - 1, Int(Double(cells) / longest))
        let sign = style.isUnicode ? "│" : "|"
        var lines = ["speed-up over the serial pool; \(sign) is 1x"]
        for (i, row) in rows.enumerated() {
            if i == 0 || rows[i - 1].engine != row.engine { lines.append(row.engine.rawValue) }
            let bar = bar((row.speedup ?? 0) / longest, cells, mark: mark, style)
            let isFaster = (row.speedup ?? 0) > 1
            lines.append(
                "  " + padded(row.pool.rawValue, to: names - 1)
                    + (style.isColoured ? "\u{1B}[3\(isFaster ? 2 : 3)m\(bar)\u{1B}[0m" : bar)
                    + " " + aligned(value(row), to: values))
        }
        return lines
    }

    private func value(_ row: Race.Row) -> String {
        row.speedup.map { decimal($0, places: 2) + "x" } ?? "-"
    }

    /// A bar of a length from 0 to 1, with the mark in it or beyond it.
    private func bar(_ length: Double, _ cells: Int, mark: Int, _ style: Style) -> String {
        let eighths = Int((length * Double(cells) * 8).rounded())
        var bar = ""
        for cell in 0..<cells {
            let filled = min(8, max(0, eighths - 8 * cell))
            if cell == mark {
                bar += style.isUnicode ? "│" : "|"
            } else if filled == 0 {
                bar += " "
            } else if style.isUnicode {
                bar += Self.blocks[filled - 1]
            } else {
                // What is short is not nothing.
                bar += filled >= 4 || cell == 0 ? "=" : " "
            }
        }
        return bar
    }

    private static let blocks = ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"]
}
