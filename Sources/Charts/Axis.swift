// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

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
