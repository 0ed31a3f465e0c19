// SPDX-License-Identifier: Apache-2.0

package import Primality
package import PrimalityPool

/// The experiment of the book's chapter: the same numbers by every engine on every pool, one number a
/// chunk.
///
/// ``Entrant`` lists the pools.
package struct Race: Sendable {
    /// The 20 numbers of the book's primes table.
    package static let book: [BigNatural] = [
        2, 142_702_110_479_723, 299_593_572_317_531, 3_333_333_333_333_301,
        3_333_333_333_333_333, 3_333_335_652_092_209, 4_444_444_444_444_423,
        4_444_444_444_444_444, 4_444_444_488_888_889, 5_555_553_133_149_889,
        5_555_555_555_555_503, 5_555_555_555_555_555, 6_666_666_666_666_666,
        6_666_666_666_666_719, 6_666_667_141_414_921, 7_777_777_536_340_681,
        7_777_777_777_777_753, 7_777_777_777_777_777, 9_999_999_999_999_917,
        9_999_999_999_999_999,
    ]

    /// One engine on one pool.
    package struct Row: Sendable, Codable {
        /// The engine.
        package var engine: Engine
        /// The pool.
        package var pool: Entrant
        /// How many workers the pool had.
        package var workers: Int
        /// Runs, of which the medians are given.
        package var runs: Int
        /// Wall time of a run in seconds, with the pool's start and end.
        package var wallSeconds: Double
        /// CPU time that the tests took, all workers together, in seconds.
        package var cpuSeconds: Double
        /// Wall time of the serial pool over this one's; `nil` without a serial row.
        package var speedup: Double?
        /// Wall time beyond an even share of the CPU time, per number, in microseconds: starting and
        /// ending workers, hand-over, and waiting for the last one.
        package var overheadMicroseconds: Double
        /// How many numbers are prime or probably so.
        package var primes: Int
        /// How often another thread took the interpreter lock than the one that had it before; `nil`
        /// without such a lock.
        package var handOvers: Int?
        /// How often a thread was forced to let another one have it.
        package var forcedSwitches: Int?
        /// How long threads waited for it, all together, in seconds.
        package var waitingSeconds: Double?
    }

    /// Why a race has no result.
    package enum Failure: Error, Sendable, CustomStringConvertible {
        /// A pool failed.
        case pool(Engine, Entrant, PoolError)
        /// Two verdicts on a number differ.
        case disagreement(number: BigNatural, first: Verdict, second: Verdict, Engine, Entrant)

        /// What happened.
        package var description: String {
            switch self {
            case .pool(let engine, let pool, let error):
                "engine \(engine.rawValue) on pool \(pool.rawValue): \(error)"
            case .disagreement(let number, let first, let second, let engine, let pool):
                "engine \(engine.rawValue) on pool \(pool.rawValue) says that \(number) is "
                    + "\(second), others say \(first)"
            }
        }
    }

    private let numbers: [BigNatural]
    private let engines: [Engine]
    private let entrants: [Entrant]
    private let workers: Int
    private let cancel: CancelFlag
    /// Short runs are repeated for about so long.
    package var patience = Duration.milliseconds(200)

    /// Makes a race.
    ///
    /// - Parameters:
    ///   - numbers: What is tested.
    ///   - engines: In which ways; those that do not take numbers of this size are left out.
    ///   - entrants: Where.
    ///   - workers: How many workers the pools have, but for the serial one.
    ///   - cancel: Ends the race.
    package init(
        numbers: [BigNatural], engines: [Engine], entrants: [Entrant], workers: Int,
        cancel: CancelFlag = CancelFlag()
    ) {
        self.numbers = numbers
        let bits = numbers.map(\.bitWidth).max() ?? 0
        self.engines = engines.filter { bits <= $0.maximumBits }
        self.entrants = entrants
        self.workers = workers
        self.cancel = cancel
    }

    /// How many rows it has.
    package var count: Int { engines.count * entrants.count }

    /// Runs it, engine by engine.
    ///
    /// - Parameters:
    ///   - report: Takes each row when it is ready.
    ///   - begin: Is told which row is measured next.
    /// - Returns: All rows.
    /// - Throws: ``Failure``. Verdicts are compared with those of the first row.
    @discardableResult
    package func run(
        report: (Row) -> Void = { _ in }, begin: (Engine, Entrant) -> Void = { _, _ in }
    ) throws(Failure) -> [Row] {
        var rows: [Row] = []
        var expected: [Verdict]?
        for engine in engines {
            var serial: Double?
            for entrant in entrants {
                begin(engine, entrant)
                var (row, verdicts) = try measure(engine, entrant)
                try compare(verdicts, with: expected ?? verdicts, engine, entrant)
                expected = expected ?? verdicts
                if entrant == .serial { serial = row.wallSeconds }
                row.speedup = serial.map { $0 / row.wallSeconds }
                rows.append(row)
                report(row)
            }
        }
        return rows
    }

    /// Short runs are repeated: at most 9 times, while that takes less than the patience.
    private func measure(
        _ engine: Engine, _ entrant: Entrant
    ) throws(Failure) -> (Row, [Verdict]) {
        var walls: [Double] = []
        var cpus: [Double] = []
        var locks: [InterpreterLock.Statistics] = []
        var verdicts: [Verdict] = []
        var workers = 1
        repeat {
            let pool = entrant.pool(workers: self.workers)
            workers = pool.workers
            var cpu = Duration.zero
            var found = [Verdict?](repeating: nil, count: numbers.count)
            let source = chunks(of: numbers, engine: engine, size: 1)
            let job = PoolJob(engine: engine, order: .done)
            let clock = ContinuousClock()
            let start = clock.now
            do {
                try pool.run(job, cancel: cancel, from: source) { result in
                    cpu += result.cpuTime
                    found[result.chunk.first] = result.results.verdict(at: 0)
                    return true
                }
            } catch {
                throw .pool(engine, entrant, error)
            }
            walls.append((clock.now - start) / .seconds(1))
            cpus.append(cpu / .seconds(1))
            if let pool = pool as? LockedThreadPool { locks.append(pool.lock.statistics) }
            verdicts = found.compactMap(\.self)
            if verdicts.count < numbers.count { throw .pool(engine, entrant, .cancelled) }
        } while walls.count < 9 && walls.reduce(0, +) < patience / .seconds(1)
        let wall = median(walls)
        let cpu = median(cpus)
        let beyond = wall - cpu / Double(workers)
        var row = Row(
            engine: engine, pool: entrant, workers: workers, runs: walls.count,
            wallSeconds: wall, cpuSeconds: cpu, speedup: nil,
            overheadMicroseconds: beyond / Double(max(numbers.count, 1)) * 1e6,
            primes: verdicts.count { $0.passed })
        if !locks.isEmpty {
            row.handOvers = Int(median(locks.map { Double($0.handOvers) }))
            row.forcedSwitches = Int(median(locks.map { Double($0.forcedSwitches) }))
            row.waitingSeconds = median(locks.map { $0.waitingTime / .seconds(1) })
        }
        return (row, verdicts)
    }

    /// Above 2⁶⁴ one engine may prove what another one finds probable; composite is composite.
    private func compare(
        _ verdicts: [Verdict], with expected: [Verdict], _ engine: Engine, _ pool: Entrant
    ) throws(Failure) {
        for (i, (first, second)) in zip(expected, verdicts).enumerated() {
            let agree = numbers[i].bitWidth > 64 ? first.passed == second.passed : first == second
            if !agree {
                throw .disagreement(number: numbers[i], first: first, second: second, engine, pool)
            }
        }
    }

    private func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
