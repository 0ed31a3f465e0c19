// SPDX-License-Identifier: Apache-2.0

import Charts
import Primality
import Testing

@Suite struct BenchStatisticsTests {
    @Test func mediansAndDeviations() {
        #expect(Statistics.median([]).isNaN)
        #expect(Statistics.median([3]) == 3)
        #expect(Statistics.median([4, 1]) == 2.5)
        #expect(Statistics.median([9, 1, 5]) == 5)
        // One far away moves neither.
        let some = Distribution(rounds: [10, 12, 11, 1000, 9])
        #expect(some.median == 11)
        #expect(some.mad == 1)
        #expect(some.minimum == 9)
        #expect(some.spread == 1.0 / 11)
        #expect(some.rounds == [10, 12, 11, 1000, 9])
    }

    @Test func intervalsOverlapWhereTheyTouch() {
        let one = ConfidenceInterval(value: 1, low: 0.9, high: 1.1)
        #expect(one.overlaps(one))
        #expect(one.overlaps(ConfidenceInterval(value: 1.2, low: 1.1, high: 1.3)))
        #expect(!one.overlaps(ConfidenceInterval(value: 1.3, low: 1.2, high: 1.4)))
        #expect(!ConfidenceInterval(value: 1.3, low: 1.2, high: 1.4).overlaps(one))
    }

    // MARK: Rounds of two things, of which one takes twice as long

    // Unoptimised, a pair takes fifty times as long.
    #if DEBUG
        private static let pairs = 40
    #else
        private static let pairs = 400
    #endif

    /// Times of the same rounds: a drift and disturbances that meet both, and noise of each.
    private func rounds(
        _ count: Int, ratio: Double, _ random: inout SeededRandomness
    ) -> (reference: [Double], times: [Double]) {
        var reference: [Double] = []
        var times: [Double] = []
        var common = 1.0
        for _ in 0..<count {
            common *= Double.random(in: 0.9...1.12, using: &random)
            // About normal, 2 %.
            func noise() -> Double {
                (0..<6).reduce(1) { sum, _ in
                    sum + Double.random(in: -0.014...0.014, using: &random)
                }
            }
            reference.append(100 * ratio * common * noise())
            times.append(100 * common * noise())
        }
        return (reference, times)
    }

    @Test(arguments: [(9, 0.88), (25, 0.9)])
    func theTrueRatioLiesInMostIntervals(_ count: Int, _ least: Double) {
        var random = SeededRandomness(seed: 1)
        var covered = 0
        for _ in 0..<Self.pairs {
            let (reference, times) = rounds(count, ratio: 2, &random)
            let ratio = Statistics.ratio(of: reference, to: times)
            #expect(ratio.low <= ratio.value && ratio.value <= ratio.high)
            if ratio.low <= 2 && 2 <= ratio.high { covered += 1 }
        }
        #expect(Double(covered) >= least * Double(Self.pairs), "\(covered)")
        // An interval that covers everything says nothing.
        #expect(covered < Self.pairs, "\(covered)")
    }

    @Test func twoRunsOfTheSameOverlap() {
        var random = SeededRandomness(seed: 2)
        var overlapping = 0
        for _ in 0..<Self.pairs {
            let both = [0, 1].map { _ in
                let (reference, times) = rounds(9, ratio: 2, &random)
                return Statistics.ratio(of: reference, to: times)
            }
            if both[0].overlaps(both[1]) { overlapping += 1 }
        }
        #expect(Double(overlapping) >= 0.95 * Double(Self.pairs), "\(overlapping)")
    }

    @Test func whatIsTwiceAsFastIsTold() {
        var random = SeededRandomness(seed: 3)
        let (reference, times) = rounds(9, ratio: 2, &random)
        let ratio = Statistics.ratio(of: reference, to: times)
        #expect(!ratio.overlaps(Statistics.ratio(of: times, to: times)))
        #expect(ratio == Statistics.ratio(of: reference, to: times))
        // Without noise there is nothing between the ends.
        let exact = Statistics.ratio(of: [2, 4, 6], to: [1, 2, 3])
        #expect(exact == ConfidenceInterval(value: 2, low: 2, high: 2))
    }

    @Test func runsWithoutCommonRoundsAreDrawnApart() {
        let exact = Statistics.ratio(ofOtherRun: [6, 6], to: [2, 2, 2])
        #expect(exact == ConfidenceInterval(value: 3, low: 3, high: 3))
        var random = SeededRandomness(seed: 5)
        func sample(_ count: Int, _ time: Double) -> [Double] {
            (0..<count).map { _ in time * Double.random(in: 0.9...1.1, using: &random) }
        }
        var covered = 0
        for _ in 0..<Self.pairs {
            let ratio = Statistics.ratio(ofOtherRun: sample(9, 4), to: sample(15, 2))
            if ratio.low <= 2 && 2 <= ratio.high { covered += 1 }
        }
        #expect(Double(covered) >= 0.88 * Double(Self.pairs), "\(covered)")
        #expect(covered < Self.pairs, "\(covered)")
    }

    // MARK: Amdahl's law

    @Test(arguments: [0, 0.05, 0.3, 1])
    func theSerialFractionOfExactTimesIsExact(_ serial: Double) {
        let times = [2, 3, 4, 8].map { workers in
            (workers: workers, relative: serial + (1 - serial) / Double(workers))
        }
        for count in 1...times.count {
            let found = Statistics.serialFraction(Array(times[..<count]))
            #expect(abs(found - serial) < 1e-12)
        }
    }

    @Test func aDifferenceBearsTheDoubtsOfBothItsTimes() {
        // 10 a number; the short run has one number, the long run nine, and the start takes 1000.
        let reference = [Double](repeating: 20, count: 9)
        let long = [Double](repeating: 1090, count: 9)
        let short = [Double](repeating: 1010, count: 9)
        #expect(
            Statistics.ratio(of: reference, toDifferenceOf: long, short, times: 1.0 / 8)
                == ConfidenceInterval(value: 2, low: 2, high: 2))
        // Short runs of two kinds leave open which it was.
        let mixed = short.enumerated().map { $1 - ($0 % 2 == 0 ? 0 : 80) }
        let found = Statistics.ratio(of: reference, toDifferenceOf: long, mixed, times: 1.0 / 8)
        #expect(found == ConfidenceInterval(value: 2, low: 1, high: 2))
        #expect(
            Statistics.ratio(of: reference, toDifferenceOf: short, long, times: 1).value
                == .infinity)
    }

    @Test func theSerialFractionOfNoisyTimesIsClose() {
        var random = SeededRandomness(seed: 4)
        let serial = 0.1
        for _ in 0..<100 {
            let found = Statistics.serialFraction(
                (2...8).map { workers in
                    let exact = serial + (1 - serial) / Double(workers)
                    return (workers, exact * Double.random(in: 0.97...1.03, using: &random))
                })
            #expect(abs(found - serial) < 0.03)
        }
        // Better than perfect.
        #expect(Statistics.serialFraction([(2, 0.45)]) < 0)
    }

    // MARK: Figures

    @Test func decimals() {
        #expect(decimal(0, places: 0) == "0")
        #expect(decimal(0, places: 2) == "0.00")
        #expect(decimal(1.005, places: 1) == "1.0")
        #expect(decimal(0.999, places: 2) == "1.00")
        #expect(decimal(-0.04, places: 1) == "0.0")
        #expect(decimal(-0.06, places: 1) == "-0.1")
        #expect(decimal(-12.5, places: 0) == "-13")
        #expect(decimal(1234.5678, places: 3) == "1234.568")
        #expect(decimal(.nan, places: 2) == "nan")
        #expect(decimal(-.infinity, places: 2) == "-inf")
        #expect(decimal(1e300, places: 2) == "1e+300")
        #expect(decimal(0.05, places: 1) == "0.1")
        #expect(decimal(1e16, places: 0) == "1e+16")
        #expect(decimal(999_999_999_999_999, places: 0) == "999999999999999")
        #expect(
            [2.5, 0.0431, 2.16e-5].map { fixed(seconds: $0) } == ["2.500 s", "43.10 ms", "21.6 us"])
    }

    @Test func significantDigits() {
        let texts: [(Double, String)] = [
            (0, "0.000"), (0.1234, "0.123"), (0.99949, "0.999"), (0.9995, "1.00"), (1, "1.00"),
            (9.994, "9.99"), (9.995, "10.0"), (12.34, "12.3"), (99.94, "99.9"), (99.95, "100"),
            (1234.5, "1235"), (-9.994, "-9.99"), (-0.5, "-0.500"), (.infinity, "inf"),
        ]
        for (value, text) in texts { #expect(significant(value) == text) }
    }

    @Test func durationsHaveTheUnitThatSuits() {
        let texts: [(Double, String)] = [
            (0, "0.000 ns"), (1.5, "1.50 ns"), (999.4, "999 ns"), (999.5, "1.00 µs"),
            (1000, "1.00 µs"), (999_499, "999 µs"), (999_500, "1.00 ms"), (2.5e6, "2.50 ms"),
            (999.5e6, "1.00 s"), (90e9, "90.0 s"), (-1500, "-1.50 µs"), (.nan, "nan ns"),
        ]
        for (value, text) in texts { #expect(duration(nanoseconds: value) == text) }
    }
}
