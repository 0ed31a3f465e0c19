// SPDX-License-Identifier: Apache-2.0

/// Values over values, a line a series.
package struct LineChart {
    package struct Point {
        package var x: Double
        package var y: Double
        package var interval: ConfidenceInterval?
        /// Not joined with the point before it.
        package var isApart = false

        package init(
            x: Double, y: Double, interval: ConfidenceInterval? = nil, isApart: Bool = false
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
            let lines = SVGWriter.lines(series.name, in: Chart.width - 46)
            let width = 34 + (lines.map { SVGWriter.width(of: $0) }.max() ?? 0)
            if x > 2, x + width > Chart.width {
                x = 2
                y += 21
            }
            let style = series.isGuide ? "guide" : "line s\(series.style % Chart.styles)"
            svg.element(
                "path", [("class", style), ("d", "M\(units(x)) \(units(y - 4.5))h26")])
            if !series.isGuide { svg.mark(series.style, x + 13, y - 4.5) }
            let more = svg.labels(lines, x + 32, y)
            x = more > 0 ? Chart.width : x + width + 12
            y += more
        }
        return y + 9
    }
}
