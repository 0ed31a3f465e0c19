// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// What the rounds of a measurement gave; outliers are kept.
package struct Distribution: Sendable, Hashable, Codable {
    /// The middle of the rounds.
    package var median: Double
    /// The least of them.
    package var minimum: Double
    /// The median of the distances from the median.
    package var mad: Double
    /// Each round's value, in order.
    package var rounds: [Double]

    /// Of at least one round.
    package init(rounds: [Double]) {
        let middle = Statistics.median(rounds)
        median = middle
        minimum = rounds.min() ?? .nan
        mad = Statistics.median(rounds.map { abs($0 - middle) })
        self.rounds = rounds
    }

    /// What another program has computed of rounds that it does not tell.
    package init(median: Double, minimum: Double, mad: Double) {
        self.median = median
        self.minimum = minimum
        self.mad = mad
        rounds = []
    }

    /// The distance of a typical round from the median, of the median.
    package var spread: Double { mad / median }
}

/// A value, and between what it probably lies.
package struct ConfidenceInterval: Sendable, Hashable, Codable {
    /// The estimate.
    package var value: Double
    /// The lower end of the 95 % interval.
    package var low: Double
    /// Its upper end.
    package var high: Double

    /// An interval.
    package init(value: Double, low: Double, high: Double) {
        self.value = value
        self.low = low
        self.high = high
    }

    /// Whether two have a number in common.
    package func overlaps(_ other: ConfidenceInterval) -> Bool {
        low <= other.high && other.low <= high
    }
}

/// What is computed from rounds.
package enum Statistics {
    /// The middle value, or the mean of the two in the middle; NaN of none.
    package static func median(_ values: [Double]) -> Double {
        if values.isEmpty { return .nan }
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// How often samples are drawn for an interval.
    package static let resamplings = 2000

    /// An estimate from rounds, and its 95 % interval by the bootstrap's percentiles: the estimate is
    /// computed of as many rounds drawn with replacement, again and again [EfTi93].
    ///
    /// - Parameters:
    ///   - rounds: How many rounds there are.
    ///   - estimate: Computes the estimate from the rounds of these numbers.
    /// - Returns: The same for the same rounds, since the draws are from a fixed sequence.
    /// - Complexity: 2000 estimates.
    package static func bootstrap(
        rounds: Int, _ estimate: (_ drawn: [Int]) -> Double
    ) -> ConfidenceInterval {
        bootstrap(samples: [rounds]) { estimate($0[0]) }
    }

    /// The same of several samples that have no rounds in common: rounds are drawn from each by itself.
    package static func bootstrap(
        samples: [Int], _ estimate: (_ drawn: [[Int]]) -> Double
    ) -> ConfidenceInterval {
        var random = SeededRandomness(seed: 0)
        let all = samples.map { Array(0..<$0) }
        var drawn = all
        var estimates: [Double] = []
        estimates.reserveCapacity(resamplings)
        for _ in 0..<resamplings {
            for (sample, rounds) in samples.enumerated() {
                for i in 0..<rounds {
                    drawn[sample][i] = Int.random(in: 0..<rounds, using: &random)
                }
            }
            estimates.append(estimate(drawn))
        }
        estimates.sort()
        let tail = resamplings / 40
        return ConfidenceInterval(
            value: estimate(all), low: estimates[tail], high: estimates[resamplings - 1 - tail])
    }

    /// How many times longer the reference takes: the median of the rounds' ratios.
    ///
    /// - Parameters:
    ///   - reference: Times of the rounds.
    ///   - times: Times of the same rounds, so that what the machine did meanwhile met both.
    /// - Returns: The ratio, with its 95 % interval.
    package static func ratio(of reference: [Double], to times: [Double]) -> ConfidenceInterval {
        let ratios = zip(reference, times).map { $0 / $1 }
        return bootstrap(rounds: ratios.count) { drawn in median(drawn.map { ratios[$0] }) }
    }

    /// How many times longer the reference takes, when it was measured in another run.
    ///
    /// - Parameters:
    ///   - reference: Times of the other run's rounds; at least one.
    ///   - times: Times of this run's rounds; at least one.
    /// - Returns: The ratio of the medians. Its 95 % interval bears the rounds' spread, not what the machine
    ///   did between the runs.
    package static func ratio(
        ofOtherRun reference: [Double], to times: [Double]
    ) -> ConfidenceInterval {
        bootstrap(samples: [reference.count, times.count]) { drawn in
            median(drawn[0].map { reference[$0] }) / median(drawn[1].map { times[$0] })
        }
    }

    /// How many times longer the reference takes than what a long run takes more than a short one.
    ///
    /// - Parameters:
    ///   - reference: Times of the rounds.
    ///   - long: Times of long runs in the same rounds.
    ///   - short: Times of short runs in the same rounds.
    ///   - scale: By which the difference is multiplied, to be compared with the reference.
    /// - Returns: The ratio of the medians, with the 95 % interval of rounds drawn from all three together;
    ///   infinite where short runs are no shorter.
    package static func ratio(
        of reference: [Double], toDifferenceOf long: [Double], _ short: [Double],
        times scale: Double
    ) -> ConfidenceInterval {
        bootstrap(rounds: reference.count) { drawn in
            func median(_ rounds: [Double]) -> Double { Self.median(drawn.map { rounds[$0] }) }
            let difference = (median(long) - median(short)) * scale
            return difference > 0 ? median(reference) / difference : .infinity
        }
    }

    /// The part of the work that is done by one worker, whatever their number is, when times follow
    /// Amdahl's law T(w) = T(1) (s + (1 − s) / w): least squares [Amda67].
    ///
    /// - Parameter times: The number of workers, from 2 on, and T(w) / T(1).
    /// - Returns: 0 for a perfect speed-up, 1 for none; below 0 where it is better than perfect.
    package static func serialFraction(_ times: [(workers: Int, relative: Double)]) -> Double {
        var above = 0.0
        var below = 0.0
        for (workers, relative) in times {
            let share = 1 / Double(workers)
            above += (relative - share) * (1 - share)
            below += (1 - share) * (1 - share)
        }
        return above / below
    }
}
