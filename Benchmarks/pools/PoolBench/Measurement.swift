// SPDX-License-Identifier: Apache-2.0

/// What the rounds gave, in nanoseconds.
struct Timing {
    private(set) var rounds: [Double] = []

    mutating func add(_ nanoseconds: Double) { rounds.append(nanoseconds) }

    var median: Double { medianOf(rounds) }
    var min: Double { rounds.min() ?? 0 }

    /// The median absolute deviation.
    var spread: Double {
        let median = median
        return medianOf(rounds.map { abs($0 - median) })
    }

    /// How many times as fast this is as `other`: the median of the rounds' ratios, since what the
    /// machine does meanwhile meets both sides of a round.
    func speed(over other: Timing) -> Double {
        medianOf(zip(other.rounds, rounds).map { $0 / $1 })
    }
}

/// What more chunks cost, from runs with the pool's start and end in them.
struct Slope {
    private var long = (times: [Double](), chunks: 0)
    private var short = (times: [Double](), chunks: 0)

    mutating func add(long time: Double, of chunks: Int) {
        long.times.append(time)
        long.chunks = chunks
    }

    mutating func add(short time: Double, of chunks: Int) {
        short.times.append(time)
        short.chunks = chunks
    }

    /// Each long run against the median of the short ones, which one disturbance then does not move.
    var perChunk: [Double] {
        let few = medianOf(short.times)
        return long.times.map { ($0 - few) / Double(long.chunks - short.chunks) }
    }
}

func medianOf(_ values: [Double]) -> Double {
    if values.isEmpty { return 0 }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

/// Nanoseconds that something takes by the clock.
func nanoseconds<E: Error>(_ body: () throws(E) -> Void) throws(E) -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start).nanoseconds
}

extension Duration {
    var nanoseconds: Double { self / .nanoseconds(1) }
}
