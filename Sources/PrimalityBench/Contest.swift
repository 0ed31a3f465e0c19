// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal
internal import Charts
package import Primality

/// Something to time.
package struct Contestant {
    package var measurement: Timing
    /// How many things a pass does, of which the time is given for one.
    package var units: Int
    /// What all passes must answer, so that nothing is left out; `nil`: that of the first pass.
    package var expected: UInt64?
    /// Whether only the clock tells: others do the work, or the system does.
    package var isByClock = false
    /// Does that many passes, and answers for one of them.
    package var pass: (_ count: Int) throws -> UInt64
    /// Answers in the place of the passes, after them: where to look at what they did takes time too.
    package var verify: (() throws -> UInt64)?
    /// Nanoseconds of the passes since it was last asked, in the place of the clock's: where only a part of
    /// a pass counts.
    package var own: (() -> Double)?

    package init(
        measurement: Timing, units: Int, expected: UInt64? = nil, isByClock: Bool = false,
        pass: @escaping (_ count: Int) throws -> UInt64, verify: (() throws -> UInt64)? = nil,
        own: (() -> Double)? = nil
    ) {
        self.measurement = measurement
        self.units = units
        self.expected = expected
        self.isByClock = isByClock
        self.pass = pass
        self.verify = verify
        self.own = own
    }
}

/// Why a run ended early.
package enum BenchFailure: Error, CustomStringConvertible {
    case cancelled
    /// A wrong answer.
    case wrong(String, UInt64, expected: UInt64)

    package var description: String {
        switch self {
        case .cancelled: "cancelled"
        case .wrong(let id, let answer, let expected):
            "\(id) answers \(answer) instead of \(expected)"
        }
    }
}

/// Times contestants in turn, so that what the machine does meanwhile meets all of them.
///
/// Each round times each of them once, in an order that rotates; a time is that of enough passes to take
/// ``BenchSettings/leastTime``. One pass before is to warm up.
package struct Contest {
    private let settings: BenchSettings
    /// Ends it early.
    package let cancel: CancelFlag
    private let progress: (String) -> Void

    package init(
        _ settings: BenchSettings, _ cancel: CancelFlag, progress: @escaping (String) -> Void
    ) {
        self.settings = settings
        self.cancel = cancel
        self.progress = progress
    }

    /// The contestants' measurements, with times and, where they name a reference that is among them,
    /// ratios.
    package func run(_ title: String, _ contestants: [Contestant]) throws -> [Timing] {
        var passes: [Int] = []
        var expected: [UInt64] = []
        for contestant in contestants {
            if cancel.isCancelled { throw BenchFailure.cancelled }
            let start = prk_clock_ns()
            var answer = try contestant.pass(1)
            let first = Double(prk_clock_ns() - start)
            answer = try contestant.verify?() ?? answer
            try check(contestant, answer, contestant.expected ?? answer)
            expected.append(contestant.expected ?? answer)
            // The first one is cold: a second guess where there is time for it.
            var needed = settings.leastTime / max(first, 1)
            if needed > 2 {
                let trial = max(1, Int(needed / 8))
                let start = prk_clock_ns()
                let answer = try contestant.pass(trial)
                needed = settings.leastTime * Double(trial) / max(1, Double(prk_clock_ns() - start))
                try check(
                    contestant, try contestant.verify?() ?? answer, expected[expected.count - 1])
            }
            passes.append(max(1, Int(needed.rounded(.up))))
            _ = contestant.own?()
        }
        var cpu = [[Double]](repeating: [], count: contestants.count)
        var wall = cpu
        for round in 0..<settings.rounds {
            progress("\(title), round \(round + 1) of \(settings.rounds)")
            for turn in contestants.indices {
                if cancel.isCancelled { throw BenchFailure.cancelled }
                let i = (turn + round) % contestants.count
                let units = Double(passes[i]) * Double(contestants[i].units)
                let clock = prk_clock_ns()
                let thread = prk_thread_cpu_ns()
                let answer = try contestants[i].pass(passes[i])
                cpu[i].append(Double(prk_thread_cpu_ns() - thread) / units)
                let elapsed = Double(prk_clock_ns() - clock)
                wall[i].append((contestants[i].own?() ?? elapsed) / units)
                try check(
                    contestants[i], try contestants[i].verify?() ?? answer, expected[i])
            }
        }
        var places: [String: Int] = [:]
        for (i, contestant) in contestants.enumerated() { places[contestant.measurement.id] = i }
        return contestants.indices.map { i in
            var measurement = contestants[i].measurement
            let isByClock = contestants[i].isByClock
            if !isByClock { measurement.cpu = Distribution(rounds: cpu[i]) }
            measurement.wall = Distribution(rounds: wall[i])
            if let reference = measurement.reference, let place = places[reference] {
                measurement.ratio =
                    isByClock
                    ? Statistics.ratio(of: wall[place], to: wall[i])
                    : Statistics.ratio(of: cpu[place], to: cpu[i])
            }
            return measurement
        }
    }

    private func check(_ contestant: Contestant, _ answer: UInt64, _ expected: UInt64) throws {
        if answer != expected {
            throw BenchFailure.wrong(contestant.measurement.id, answer, expected: expected)
        }
    }
}
