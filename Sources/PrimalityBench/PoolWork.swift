// SPDX-License-Identifier: Apache-2.0

package import Primality
package import PrimalityPool

/// A pool under the name that its measurements have.
package struct PoolVariant {
    /// In an id.
    package var name: String
    /// In words.
    package var text: String
    package var pool: any Pool

    package init(
        name: String, text: String, pool: any Pool
    ) {
        self.name = name
        self.text = text
        self.pool = pool
    }

    package static func all(workers: Int) -> [PoolVariant] {
        [
            PoolVariant(name: "threads", text: "threads", pool: ThreadPool(workers: workers)),
            PoolVariant(name: "tasks", text: "tasks", pool: TaskPool(workers: workers)),
            PoolVariant(name: "actors", text: "actors", pool: ActorPool(workers: workers)),
        ]
            + ProcessChannel.allCases.map { channel in
                PoolVariant(
                    name: "processes-\(channel.rawValue)",
                    text: "processes by \(channel.rawValue)",
                    pool: ProcessPool(workers: workers, channel: channel))
            }
    }
}

/// Numbers in memory for pools, and what they are to say of each.
///
/// Which number comes where is random, the same in every run, so that a verdict in a wrong place shows.
package final class PoolWork {
    package enum Kind {
        /// Even numbers up to 58, of which one in 29 is 2: told in a nanosecond or two.
        case light
        /// Primes just below 2²² and squares of primes just below 2¹¹, to be divided completely, which takes
        /// about a microsecond each, alone or among many: unlike the exact test's, its vectors hold divisors
        /// of one number. So the size of a chunk changes nothing but how the work is handed over, and at
        /// about that time per number the sizes that suffice are between 1 and 65536.
        case steady

        package var engine: Engine { self == .light ? .u64 : .trial }

        package var text: String {
            self == .light ? "small even numbers" : "22-bit numbers without small factors"
        }

        fileprivate var stock: [UInt64] {
            if self == .light { return (1...29).map { 2 * $0 } }
            let roots = (1900..<2048 as Range<UInt64>).filter { isPrime($0) }.suffix(8)
            let primes = ((1 << 22) - 2048..<1 << 22 as Range<UInt64>).filter { isPrime($0) }
            return roots.map { $0 * $0 } + primes.suffix(24)
        }
    }

    package let kind: Kind
    package let count: Int
    private let cancel: CancelFlag
    private let numbers: [UInt64]
    private let expected: [Verdict]
    private var found: [[Verdict]] = []

    package init(_ kind: Kind, count: Int, _ cancel: CancelFlag) {
        self.kind = kind
        self.count = count
        self.cancel = cancel
        let stock = kind.stock
        let verdicts = stock.map { isPrime($0) ? Verdict.prime : .composite }
        var random = SeededRandomness(seed: UInt64(count))
        let places = (0..<count).map { _ in
            Int(truncatingIfNeeded: random.next() >> 32) % stock.count
        }
        numbers = places.map { stock[$0] }
        expected = places.map { verdicts[$0] }
    }

    /// Has the first numbers tested.
    package func run(_ pool: any Pool, count: Int, chunk: Int) throws {
        // A span of a property would not outlive the access.
        let numbers = numbers
        do {
            found.append(
                try pool.verdicts(
                    of: numbers.span.extracting(0..<count),
                    using: PoolJob(engine: kind.engine), cancel: cancel, chunk: chunk))
        } catch PoolError.cancelled {
            throw BenchFailure.cancelled
        }
    }

    /// The first numbers as they are tested without a pool.
    package func batch(count: Int) -> NumberBatch { NumberBatch(Array(numbers[..<count])) }

    /// Has a ``batch(count:)`` tested on the calling thread, so many times: by what a worker calls, too.
    package func run(_ batch: NumberBatch, passes: Int) throws {
        var tester = try Tester(engine: kind.engine, cancel: cancel)
        var bytes = [UInt8](repeating: 0, count: batch.count)
        for _ in 0..<passes {
            let status = unsafe tester.run(
                limbs: batch.limbs, offsets: batch.offsets, count: batch.count, verdicts: &bytes)
            if cancel.isCancelled { throw BenchFailure.cancelled }
            try PrimalityError.check(status)
        }
        // One that is missing moves those behind it, and is found out.
        found.append(bytes.compactMap { Verdict(rawValue: $0) })
    }

    /// How many numbers got the right verdict in all of the runs since this was last asked; of the run with
    /// the fewest.
    package func verified() -> UInt64 {
        defer { found = [] }
        let right = found.map { verdicts in
            zip(verdicts, expected).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
        }
        return UInt64(right.min() ?? 0)
    }

    /// A contestant that runs it; each run is verified.
    package func contestant(
        _ measurement: Timing, _ pool: any Pool, units: Int? = nil, count: Int, chunk: Int
    ) -> Contestant {
        Contestant(
            measurement: measurement, units: units ?? count, expected: UInt64(count),
            isByClock: true,
            pass: { passes in
                for _ in 0..<passes { try self.run(pool, count: count, chunk: chunk) }
                return 0
            },
            verify: { self.verified() })
    }
}
