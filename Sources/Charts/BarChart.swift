// SPDX-License-Identifier: Apache-2.0

/// A bar a value, each below its name, in groups.
///
/// Where the values span two decades the axis is logarithmic. It has no zero then, at which a bar could begin,
/// so each value is a mark on a stem.
package struct BarChart {
    package struct Bar {
        package var name: String
        package var value: Double
        package var text: String
        package var interval: ConfidenceInterval?
        /// Which colour and mark.
        package var style = 0

        package init(
            name: String, value: Double, text: String, interval: ConfidenceInterval? = nil,
            style: Int = 0
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
        let positive = all.filter { Axis.canShow($0, .logarithmic) }
        let isWide = (positive.max() ?? 1) >= Self.wide * (positive.min() ?? 1)
        let isAllPositive = bars.allSatisfy { Axis.canShow($0.value, .logarithmic) }
        guard !bars.isEmpty,
            let axis = Axis(all, isWide && isAllPositive ? .logarithmic : .linear)
        else { return nil }
        var svg = SVGWriter()
        let (left, right) = (2.0, Chart.width - 22)
        // Beside the edge there is room for half a mark.
        let origin = axis.scale == .logarithmic ? left + 7 : left
        func place(_ value: Double) -> Double? {
            axis.place(value).map { origin + $0 * (right - origin) }
        }
        var drawn = SVGWriter()
        var y = 8.0
        for group in groups {
            if groups.count > 1 {
                y += drawn.labels(
                    SVGWriter.lines(group.name, in: right - left), left, y + 12, .start,
                    "over heading")
                y += 22
            }
            for bar in group.bars {
                let value = SVGWriter.fitted(bar.text, in: 200)
                let room = right - left - SVGWriter.width(of: value) - 12
                drawn.label(value, right, y + 11, .end, "over")
                y += drawn.labels(
                    SVGWriter.lines(bar.name, in: room), left, y + 11, .start, "over")
                y += 17
                if axis.scale == .logarithmic, let end = place(bar.value) {
                    drawn.line(left, y + 5, end, y + 5, "stem s\(bar.style % Chart.styles)")
                    drawn.mark(bar.style, end, y + 5)
                } else if let end = place(bar.value) {
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
        if axis.scale == .logarithmic { below += (below.isEmpty ? "" : ", ") + "logarithmic" }
        if let line { below += (below.isEmpty ? "" : "; ") + "line: " + line.name }
        let more = svg.labels(
            SVGWriter.lines(below, in: right - left), right, y + 37, .end)
        svg.append(drawn)
        return Chart(title: title, text: text, svg: svg.svg(title, text, height: y + 46 + more))
    }

    /// From what ratio of its values on an axis is logarithmic.
    private static let wide = 100.0
}
