// SPDX-License-Identifier: Apache-2.0

internal import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A drawing for a page: 380 units wide, so that its text can be read on a phone.
package struct Chart: Sendable, Hashable {
    package var title: String
    /// What is drawn, for those who cannot see it.
    package var text: String
    /// An `svg` element, which takes its colours from ``style``.
    package var svg: String

    package static let width = 380.0
}

// MARK: - Scales

/// Places values on a line from 0 to 1.
package struct Axis {
    package enum Scale { case linear, logarithmic }

    package let scale: Scale
    package let low: Double
    package let high: Double
    package let ticks: [Double]

    /// An axis for values, of which those that have no place on it are left out; `nil` when none has.
    ///
    /// A linear one begins at 0.
    ///
    /// - Parameters:
    ///   - values: What is to be shown.
    ///   - scale: How they are placed.
    ///   - ticks: Where the axis is labelled; by default at 1, 2 and 5 times powers of ten, or at powers of
    ///     ten where there are enough of them.
    package init?(_ values: [Double], _ scale: Scale, ticks: [Double]? = nil) {
        let shown = values.filter { Self.canShow($0, scale) }
        guard let least = shown.min(), let most = shown.max() else { return nil }
        self.scale = scale
        if let ticks {
            self.ticks = ticks.filter { Self.canShow($0, scale) }
            let low = min(least, self.ticks.min() ?? least)
            let high = max(most, self.ticks.max() ?? most)
            let isPoint = low == high
            self.low = isPoint ? low / 2 : low
            self.high = isPoint ? max(high * 2, 1e-30) : high
        } else if scale == .linear {
            let step = Self.step(for: most, in: 5)
            let count = max(1, Int((most / step - 1e-9).rounded(.up)))
            self.ticks = (0...count).map { Double($0) * step }
            low = 0
            high = Double(count) * step
        } else {
            var round = Self.roundNumbers(around: least, most)
            low = round.first ?? least
            high = round.last ?? most
            let powers = round.filter { Self.isPower($0) }
            if powers.count >= 3 {
                let stride = (powers.count + 5) / 6
                round = powers.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
            }
            self.ticks = round
        }
    }

    /// Times and their ratios are within these bounds; what a hostile file holds may not be.
    package static func canShow(_ value: Double, _ scale: Scale) -> Bool {
        value.isFinite && value <= 1e30 && (scale == .linear ? value >= 0 : value >= 1e-30)
    }

    /// Where a value is, from 0 to 1; `nil` for one that has no place.
    package func place(_ value: Double) -> Double? {
        if !Self.canShow(value, scale) { return nil }
        let place =
            scale == .linear ? (value - low) / (high - low) : log(value / low) / log(high / low)
        return min(1, max(0, place))
    }

    /// The least of 1, 2 and 5 times powers of ten of which so many reach to the value.
    package static func step(for value: Double, in count: Int) -> Double {
        let least = max(value, 1e-30) / Double(count)
        let power = pow(10, floor(log10(least)))
        return [1, 2, 5].map { $0 * power }.first { $0 >= least * (1 - 1e-9) } ?? 10 * power
    }

    /// 1, 2 and 5 times powers of ten, from the last one up to `least` to the first one from `most`; at
    /// least two.
    package static func roundNumbers(around least: Double, _ most: Double) -> [Double] {
        let exponents = Int(floor(log10(least))) - 1...Int(floor(log10(most))) + 1
        let all = exponents.flatMap { exponent in
            [1, 2, 5].map {
                exponent < 0 ? $0 / pow(10, Double(-exponent)) : $0 * pow(10, Double(exponent))
            }
        }
        var first = all.lastIndex { $0 <= least * (1 + 1e-9) } ?? 0
        var last = all.firstIndex { $0 >= most * (1 - 1e-9) } ?? all.count - 1
        if first >= last {
            first = max(0, first - 1)
            last = min(all.count - 1, last + 1)
        }
        return Array(all[first...last])
    }

    private static func isPower(_ value: Double) -> Bool {
        abs(log10(value) - log10(value).rounded()) < 1e-9
    }
}

// MARK: - Elements

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

private func units(_ value: Double) -> String {
    let text = decimal(value, places: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// Text as it stands in XML and HTML, in an attribute, too.
package func markup(_ text: String) -> String {
    var result = ""
    for scalar in plainText(text).unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// A number without the zeros that say nothing.
package func tick(_ value: Double) -> String {
    if value == 0 { return "0" }
    if abs(value) < 0.001 || abs(value) >= 1e15 { return "\(value)" }
    var text = significant(value)
    if text.contains(".") {
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
    }
    return text
}

/// A time without the zeros that say nothing.
package func tickDuration(nanoseconds: Double) -> String {
    switch nanoseconds {
    case 0: "0"
    case 999.5e6...: tick(nanoseconds / 1e9) + " s"
    case 999.5e3...: tick(nanoseconds / 1e6) + " ms"
    case 999.5...: tick(nanoseconds / 1e3) + " µs"
    default: tick(nanoseconds) + " ns"
    }
}

// MARK: - Lines

/// Values over values, a line a series.
package struct LineChart {
    package struct Point {
        package var x: Double
        package var y: Double
        package var interval: Interval?
        /// Not joined with the point before it.
        package var isApart = false

        package init(
            x: Double, y: Double, interval: Interval? = nil, isApart: Bool = false
        ) {
            self.x = x
            self.y = y
            self.interval = interval
            self.isApart = isApart
        }
    }
    package struct Series {
        package var name: String
        package var points: [Point]
        /// Which colour, dash and mark.
        package var style = 0
        /// A guide: no marks, in grey.
        package var isGuide = false

        package init(
            name: String, points: [Point], style: Int = 0, isGuide: Bool = false
        ) {
            self.name = name
            self.points = points
            self.style = style
            self.isGuide = isGuide
        }
    }
    package struct Side {
        package var name: String
        package var scale: Axis.Scale
        package var ticks: [Double]?
        package var label: (Double) -> String

        package init(
            name: String, scale: Axis.Scale, ticks: [Double]? = nil,
            label: @escaping (Double) -> String
        ) {
            self.name = name
            self.scale = scale
            self.ticks = ticks
            self.label = label
        }
    }

    package var title: String
    package var text: String
    package var x: Side
    package var y: Side
    package var series: [Series]

    package init(
        title: String, text: String, x: Side, y: Side, series: [Series]
    ) {
        self.title = title
        self.text = text
        self.x = x
        self.y = y
        self.series = series
    }

    /// The drawing; `nil` when there is nothing to show.
    package var chart: Chart? {
        let points = series.flatMap(\.points).filter {
            Axis.canShow($0.x, x.scale) && Axis.canShow($0.y, y.scale)
        }
        let intervals = points.compactMap(\.interval).flatMap { [$0.low, $0.high] }
        guard let across = Axis(points.map(\.x), x.scale, ticks: x.ticks),
            let up = Axis(points.map(\.y) + intervals, y.scale, ticks: y.ticks)
        else { return nil }
        var svg = SVGWriter()
        let labels = up.ticks.map(y.label)
        let left = (labels.map(SVGWriter.width).max() ?? 0) + 12
        let right = Chart.width - 22
        let (top, bottom) = (30.0, 250.0)
        func place(_ x: Double, _ y: Double) -> (x: Double, y: Double)? {
            guard let a = across.place(x), let b = up.place(y) else { return nil }
            return (left + a * (right - left), bottom - b * (bottom - top))
        }

        svg.label(y.name, 2, 14)
        for (value, label) in zip(up.ticks, labels) {
            guard let y = up.place(value).map({ bottom - $0 * (bottom - top) }) else { continue }
            svg.line(left, y, right, y, "grid")
            svg.label(label, left - 7, y + 4.5, .end)
        }
        var taken = 0.0
        for value in across.ticks {
            guard let x = across.place(value).map({ left + $0 * (right - left) }) else { continue }
            svg.line(x, top, x, bottom, "grid")
            let label = self.x.label(value)
            let half = SVGWriter.width(of: label) / 2
            if x - half < taken || x + half > Chart.width { continue }
            taken = x + half + SVGWriter.letter
            svg.label(label, x, bottom + 23, .middle)
        }
        svg.line(left, bottom, right, bottom, "axis")
        svg.line(left, top, left, bottom, "axis")
        svg.label(x.name, right, bottom + 43, .end)

        for series in series {
            let style = series.isGuide ? "guide" : "line s\(series.style % Chart.styles)"
            var path = ""
            for point in series.points {
                guard let at = place(point.x, point.y) else { continue }
                path +=
                    (path.isEmpty || point.isApart ? "M" : "L") + "\(units(at.x)) \(units(at.y))"
            }
            if !path.isEmpty { svg.element("path", [("class", style), ("d", path)]) }
            if series.isGuide { continue }
            for point in series.points {
                guard let at = place(point.x, point.y) else { continue }
                if let interval = point.interval, let low = up.place(interval.low),
                    let high = up.place(interval.high)
                {
                    svg.whisker(
                        at.x, bottom - low * (bottom - top), at.x, bottom - high * (bottom - top))
                }
                svg.mark(series.style, at.x, at.y)
            }
        }
        let height = legend(in: &svg, below: bottom + 56)
        return Chart(
            title: title, text: text, svg: svg.svg(title, text, height: height))
    }

    /// Names the series in as many rows as they need, and returns where it ends.
    private func legend(in svg: inout SVGWriter, below top: Double) -> Double {
        var x = 2.0
        var y = top + 12
        for series in series {
            let name = SVGWriter.fitted(series.name, in: Chart.width - 46)
            let width = 34 + SVGWriter.width(of: name)
            if x > 2, x + width > Chart.width {
                x = 2
                y += 21
            }
            let style = series.isGuide ? "guide" : "line s\(series.style % Chart.styles)"
            svg.element(
                "path", [("class", style), ("d", "M\(units(x)) \(units(y - 4.5))h26")])
            if !series.isGuide { svg.mark(series.style, x + 13, y - 4.5) }
            svg.label(name, x + 32, y)
            x += width + 12
        }
        return y + 9
    }
}

// MARK: - Bars

/// A bar a value, each below its name, in groups.
package struct BarChart {
    package struct Bar {
        package var name: String
        package var value: Double
        package var text: String
        package var interval: Interval?
        /// Which colour.
        package var style = 0

        package init(
            name: String, value: Double, text: String, interval: Interval? = nil, style: Int = 0
        ) {
            self.name = name
            self.value = value
            self.text = text
            self.interval = interval
            self.style = style
        }
    }
    package struct Group {
        package var name: String
        package var bars: [Bar]

        package init(
            name: String, bars: [Bar]
        ) {
            self.name = name
            self.bars = bars
        }
    }

    package var title: String
    package var text: String
    /// What the axis is.
    package var name: String
    package var label: (Double) -> String
    /// A value that all are to be compared with, and its name.
    package var line: (value: Double, name: String)?
    package var groups: [Group]

    package init(
        title: String, text: String, name: String, label: @escaping (Double) -> String,
        line: (value: Double, name: String)? = nil, groups: [Group]
    ) {
        self.title = title
        self.text = text
        self.name = name
        self.label = label
        self.line = line
        self.groups = groups
    }

    /// The drawing; `nil` when there is nothing to show.
    package var chart: Chart? {
        let bars = groups.flatMap(\.bars)
        let all =
            bars.map(\.value) + bars.compactMap(\.interval).flatMap { [$0.low, $0.high] }
            + [line?.value].compactMap(\.self)
        guard !bars.isEmpty, let axis = Axis(all, .linear) else { return nil }
        var svg = SVGWriter()
        let (left, right) = (2.0, Chart.width - 22)
        func place(_ value: Double) -> Double? {
            axis.place(value).map { left + $0 * (right - left) }
        }
        var drawn = SVGWriter()
        var y = 8.0
        for group in groups {
            if groups.count > 1 {
                drawn.label(
                    SVGWriter.fitted(group.name, in: right - left), left, y + 12, .start,
                    "over heading")
                y += 22
            }
            for bar in group.bars {
                let value = SVGWriter.fitted(bar.text, in: 200)
                let room = right - left - SVGWriter.width(of: value) - 12
                drawn.label(SVGWriter.fitted(bar.name, in: room), left, y + 11, .start, "over")
                drawn.label(value, right, y + 11, .end, "over")
                y += 17
                if let end = place(bar.value) {
                    drawn.element(
                        "rect",
                        [
                            ("class", "bar s\(bar.style % Chart.styles)"), ("x", units(left)),
                            ("y", units(y)), ("width", units(max(1, end - left))), ("height", "10"),
                        ])
                }
                if let interval = bar.interval, let low = place(interval.low),
                    let high = place(interval.high)
                {
                    drawn.whisker(low, y + 5, high, y + 5)
                }
                if let line, let x = place(line.value) {
                    drawn.line(x, y - 3, x, y + 13, "limit")
                }
                y += 19
            }
            y += 4
        }
        var taken = -SVGWriter.letter
        for value in axis.ticks {
            guard let x = place(value) else { continue }
            svg.line(x, 4, x, y, "grid")
            let label = self.label(value)
            let width = SVGWriter.width(of: label)
            // The first and the last one would be cut off in the middle.
            let (anchor, start): (SVGWriter.Anchor, Double) =
                x - width / 2 < 0 ? (.start, x) : (.middle, x - width / 2)
            if start < taken || start + width > Chart.width { continue }
            taken = start + width + SVGWriter.letter
            svg.label(label, x, y + 17, anchor)
        }
        svg.line(left, y, right, y, "axis")
        var below = name
        if let line { below += (below.isEmpty ? "" : "; ") + "line: " + line.name }
        svg.label(SVGWriter.fitted(below, in: right - left), right, y + 37, .end)
        svg.append(drawn)
        return Chart(title: title, text: text, svg: svg.svg(title, text, height: y + 46))
    }
}

extension SVGWriter {
    package mutating func append(_ other: SVGWriter) { text += other.text }
}

// MARK: - Colours

extension Chart {
    /// How many series can be told apart.
    package static let styles = 7

    /// What the classes look like: seven colours that people who see few colours can tell apart [Wong11],
    /// with a dash and a mark each.
    package static let style = """
        svg{display:block;width:100%;height:auto;font:13px system-ui,sans-serif;
        --s0:#0072b2;--s1:#d55e00;--s2:#007a5a;--s3:#b0508a;--s4:#9a6a00;--s5:#2b8cc4;--s6:#555}
        svg text{fill:var(--ink)}
        svg .words{fill:var(--soft)}
        svg .over{fill:var(--ink);paint-order:stroke;stroke:var(--page);stroke-width:4px;
        stroke-linejoin:round}
        svg .heading{font-weight:600}
        svg .grid{stroke:var(--grid);stroke-width:1}
        svg .axis{stroke:var(--soft);stroke-width:1}
        svg .line{fill:none;stroke:var(--c);stroke-width:2}
        svg .guide{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:4 4}
        svg .limit{stroke:var(--ink);stroke-width:2}
        svg .mark{fill:var(--c);stroke:var(--page);stroke-width:1}
        svg .bar{fill:var(--c)}
        svg .whisker{stroke:var(--ink);stroke-width:1.2}
        svg .s0{--c:var(--s0)}
        svg .s1{--c:var(--s1);stroke-dasharray:7 3}
        svg .s2{--c:var(--s2);stroke-dasharray:2 3}
        svg .s3{--c:var(--s3);stroke-dasharray:9 3 2 3}
        svg .s4{--c:var(--s4);stroke-dasharray:12 3}
        svg .s5{--c:var(--s5);stroke-dasharray:5 2}
        svg .s6{--c:var(--s6);stroke-dasharray:9 3 2 3 2 3}
        svg .mark,svg .bar{stroke-dasharray:none}
        @media(prefers-color-scheme:dark){svg{
        --s0:#5ab4e8;--s1:#ff8a4c;--s2:#2fc79b;--s3:#e29ac8;--s4:#e8b84a;--s5:#9fd3f5;--s6:#b5b5b5}}
        """
}
