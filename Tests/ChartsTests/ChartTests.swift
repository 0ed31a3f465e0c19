// SPDX-License-Identifier: Apache-2.0

import Charts
import TestSupport
import Testing

@Suite struct ChartTests {
    /// Whatever a file may hold.
    private static let hostile: [Double] = [
        .nan, .infinity, -.infinity, 0, -0.0, -1, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
        -.greatestFiniteMagnitude, 1e30, 1e-30,
    ]

    @Test func linearAxesAreLabelledAtRoundNumbers() throws {
        let axis = try #require(Axis([0.3, 3.7], .linear))
        #expect(axis.ticks == [0, 1, 2, 3, 4])
        #expect(axis.place(0) == 0 && axis.place(4) == 1 && axis.place(1) == 0.25)
        #expect(Axis([100], .linear)?.ticks == [0, 20, 40, 60, 80, 100])
        #expect(try #require(Axis([0], .linear)).place(0) == 0)
        for most in [1.0, 1.01, 1.9, 2, 2.4, 4.9, 5, 7, 9.99, 123_456, 1e-9] {
            let axis = try #require(Axis([most], .linear))
            #expect(axis.high >= most * (1 - 1e-9) && axis.high <= 2 * most, "\(most)")
            #expect((2...6).contains(axis.ticks.count), "\(most)")
        }
    }

    @Test func logarithmicAxesAreLabelledAtPowersOfTenOrBetween() throws {
        #expect(Axis([3, 2000], .logarithmic)?.ticks == [10, 100, 1000])
        #expect(Axis([30, 70], .logarithmic)?.ticks == [20, 50, 100])
        #expect(Axis([1, 10], .logarithmic)?.ticks == [1, 2, 5, 10])
        #expect(Axis([0.02, 0.4], .logarithmic)?.ticks == [0.02, 0.05, 0.1, 0.2, 0.5])
        let axis = try #require(Axis([1, 100], .logarithmic))
        #expect(abs(try #require(axis.place(10)) - 0.5) < 1e-12)
        #expect(axis.place(0) == nil && axis.place(.nan) == nil && axis.place(-1) == nil)
        let wide = try #require(Axis([1e-20, 1e20], .logarithmic))
        #expect((3...9).contains(wide.ticks.count))
    }

    @Test func aSinglePointHasAnAxisAndNoneHasNot() throws {
        for value in [1.0, 7, 1e-30, 1e30] {
            let axis = try #require(Axis([value], .logarithmic))
            #expect(axis.low < axis.high)
            #expect((0...1).contains(try #require(axis.place(value))))
            let given = try #require(Axis([value], .logarithmic, ticks: [value]))
            #expect((0...1).contains(try #require(given.place(value))))
        }
        #expect(Axis([], .linear) == nil)
        #expect(Axis([0, -1, .nan, .infinity], .logarithmic) == nil)
        #expect(Axis([-1, .nan, .infinity], .linear) == nil)
    }

    @Test(arguments: [Axis.Scale.linear, .logarithmic])
    func lineChartsOfHostileValuesAreDrawn(_ scale: Axis.Scale) throws {
        let side = LineChart.Side(name: "a & b", scale: scale, label: tickDuration)
        func chart(_ values: [Double]) -> Chart? {
            let points = values.flatMap { x in
                values.map { y in
                    LineChart.Point(
                        x: x, y: y, interval: ConfidenceInterval(value: y, low: -y, high: y * 2))
                }
            }
            return LineChart(
                title: "<script>", text: "\"'&", x: side, y: side,
                series: [.init(name: "]]>\u{1B}[1m</svg>", points: points)]
            ).chart
        }
        for values in [Self.hostile, [1], [1, 1], [3, 1e20]] {
            let svg = try #require(chart(values)).svg
            #expect(flaw(in: svg) == nil)
            #expect(!svg.contains("nan") && !svg.contains("inf") && !svg.contains("\u{1B}"))
            #expect(!svg.contains("<script>") && svg.contains("&lt;script&gt;"))
        }
        #expect(chart([.nan]) == nil)
        #expect(chart([]) == nil)
    }

    @Test func barChartsOfHostileValuesAreDrawn() throws {
        func chart(_ values: [Double]) -> Chart? {
            BarChart(
                title: "t", text: "", name: "n", label: tick, line: (.nan, "none"),
                groups: [
                    .init(
                        name: "",
                        bars: values.map {
                            .init(
                                name: String(repeating: "<w&", count: 100), value: $0,
                                text: significant($0),
                                interval: ConfidenceInterval(value: $0, low: $0 / 2, high: $0 * 2))
                        })
                ]
            ).chart
        }
        let svg = try #require(chart(Self.hostile)).svg
        #expect(flaw(in: svg) == nil)
        #expect(!svg.contains("x=\"nan") && !svg.contains("width=\"inf"))
        #expect(chart([.nan]) == nil)
        #expect(chart([]) == nil)
    }

    @Test func pointsStandWhereTheirValuesAre() throws {
        let svg = try #require(
            LineChart(
                title: "t", text: "",
                x: .init(name: "", scale: .linear, ticks: [0, 4], label: tick),
                y: .init(name: "", scale: .linear, ticks: [0, 10], label: tick),
                series: [
                    .init(
                        name: "s",
                        points: [.init(x: 0, y: 0), .init(x: 2, y: 5), .init(x: 4, y: 10)])
                ]
            ).chart
        ).svg
        let path = try #require(texts(in: svg, from: "d=\"M", to: "\"").first)
        let places = path.split(separator: "L").map {
            $0.split(separator: " ").compactMap { Double($0) }
        }
        try #require(places.count == 3)
        // The middle one is in the middle, and higher values are higher up.
        #expect(abs(places[0][0] + places[2][0] - 2 * places[1][0]) < 0.2)
        #expect(abs(places[0][1] + places[2][1] - 2 * places[1][1]) < 0.2)
        #expect(places[0][1] > places[2][1] && places[0][0] < places[2][0])
    }

    @Test func theTicksOfTimesAreShort() {
        #expect(tickDuration(nanoseconds: 0) == "0")
        #expect(tickDuration(nanoseconds: 0.5) == "0.5 ns")
        #expect(tickDuration(nanoseconds: 20) == "20 ns")
        #expect(tickDuration(nanoseconds: 1000) == "1 µs")
        #expect(tickDuration(nanoseconds: 2_500_000) == "2.5 ms")
        #expect(tickDuration(nanoseconds: 1e9) == "1 s")
    }
}
