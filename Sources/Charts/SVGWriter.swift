// SPDX-License-Identifier: Apache-2.0

/// Writes elements of SVG.
package struct SVGWriter {
    private(set) var text = ""

    /// A typical letter of a wide face at the size of ``Chart/style``, in units.
    package static let letter = 7.9

    /// About how wide a text is: rather more than less, since the face is the reader's.
    package static func width(of text: String) -> Double { text.reduce(0) { $0 + width(of: $1) } }

    private static func width(of character: Character) -> Double {
        guard let code = character.unicodeScalars.first?.value else { return 0 }
        switch character {
        case "m", "w", "M", "W", "@", "%", "…": return 13
        default: return code >= 0x1100 ? 18 : character.isUppercase ? 10.5 : letter
        }
    }

    /// The text, or as much of it as there is room for.
    package static func fitted(_ text: String, in room: Double) -> String {
        if width(of: text) <= room { return text }
        var taken = width(of: "…")
        let beginning = text.prefix { character in
            taken += width(of: character)
            return taken <= room
        }
        return beginning + "…"
    }

    /// The text in lines of at most that width, cut at blanks where there are some.
    ///
    /// - Parameters:
    ///   - text: What is to be shown whole.
    ///   - room: The width of a line, in units.
    ///   - most: How many lines there may be; only text from a stranger's file needs more, and its last line
    ///     then ends with an ellipsis.
    /// - Returns: At least one line.
    package static func lines(_ text: String, in room: Double, most: Int = 4) -> [String] {
        var lines: [String] = []
        var rest = text[...]
        while lines.count < most - 1, width(of: String(rest)) > room {
            var taken = 0.0
            let whole = rest.prefix { character in
                taken += width(of: character)
                return taken <= room
            }
            let end = whole.lastIndex(of: " ").flatMap { $0 > rest.startIndex ? $0 : nil }
            let line = rest[..<(end ?? max(whole.endIndex, rest.index(after: rest.startIndex)))]
            lines.append(String(line))
            rest = rest[line.endIndex...].drop { $0 == " " }
        }
        if !rest.isEmpty || lines.isEmpty { lines.append(fitted(String(rest), in: room)) }
        return lines
    }

    package mutating func element(
        _ name: String, _ attributes: [(String, String)], _ content: String? = nil
    ) {
        text += "<\(name)"
        for (name, value) in attributes { text += " \(name)=\"\(markup(value))\"" }
        text += content.map { ">\(markup($0))</\(name)>\n" } ?? "/>\n"
    }

    package mutating func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String
    ) {
        element(
            "line",
            [
                ("class", style), ("x1", units(x1)), ("y1", units(y1)), ("x2", units(x2)),
                ("y2", units(y2)),
            ])
    }

    package enum Anchor: String { case start, middle, end }

    package mutating func label(
        _ content: String, _ x: Double, _ y: Double, _ anchor: Anchor = .start,
        _ style: String = "words"
    ) {
        element(
            "text",
            [
                ("class", style), ("x", units(x)), ("y", units(y)),
                ("text-anchor", anchor.rawValue),
            ], content)
    }

    /// Lines of text, each below the one before.
    ///
    /// - Returns: How much lower the last one stands than the first.
    package mutating func labels(
        _ lines: [String], _ x: Double, _ y: Double, _ anchor: Anchor = .start,
        _ style: String = "words"
    ) -> Double {
        for (number, line) in lines.enumerated() {
            label(line, x, y + Double(number) * Self.leading, anchor, style)
        }
        return Double(max(0, lines.count - 1)) * Self.leading
    }

    /// From one line of text to the next, in units.
    package static let leading = 17.0

    /// A mark that tells a series from the others without its colour.
    package mutating func mark(_ series: Int, _ x: Double, _ y: Double) {
        let r = 4.0
        let style = ("class", "mark s\(series % Chart.styles)")
        func polygon(_ corners: [(Double, Double)]) -> (String, String) {
            let places = corners.map { "\(units(x + $0.0 * r)),\(units(y + $0.1 * r))" }
            return ("points", places.joined(separator: " "))
        }
        switch series % Chart.styles {
        case 0:
            element("circle", [style, ("cx", units(x)), ("cy", units(y)), ("r", units(r))])
        case 1: element("polygon", [style, polygon([(-1, -1), (1, -1), (1, 1), (-1, 1)])])
        case 2: element("polygon", [style, polygon([(0, -1.2), (1.2, 1), (-1.2, 1)])])
        case 3: element("polygon", [style, polygon([(0, -1.4), (1.4, 0), (0, 1.4), (-1.4, 0)])])
        case 4: element("polygon", [style, polygon([(0, 1.2), (1.2, -1), (-1.2, -1)])])
        case 5:
            element(
                "polygon", [style, polygon([(-1.4, -0.7), (1.4, -0.7), (1.4, 0.7), (-1.4, 0.7)])])
        default:
            element(
                "polygon", [style, polygon([(-0.7, -1.4), (0.7, -1.4), (0.7, 1.4), (-0.7, 1.4)])])
        }
    }

    /// Where the value probably lies, as a line with ends.
    package mutating func whisker(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
        let (dx, dy) = x1 == x2 ? (3.0, 0.0) : (0.0, 3.0)
        line(x1, y1, x2, y2, "whisker")
        for (x, y) in [(x1, y1), (x2, y2)] { line(x - dx, y - dy, x + dx, y + dy, "whisker") }
    }

    package mutating func append(_ other: SVGWriter) { text += other.text }

    /// The whole drawing.
    package func svg(_ title: String, _ text: String, height: Double) -> String {
        """
        <svg role="img" viewBox="0 0 \(units(Chart.width)) \(units(height))" \
        xmlns="http://www.w3.org/2000/svg">
        <title>\(markup(title))</title>
        <desc>\(markup(text))</desc>
        \(self.text)</svg>
        """
    }
}

func units(_ value: Double) -> String {
    let text = decimal(value, places: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
