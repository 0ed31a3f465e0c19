// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Primality
import PrimalityPool
import Synchronization

/// The book's numbers by trial division, again and again: how much faster several workers are.
final class Book {
    /// The 20 numbers of the book's primes table, as in `Race`, which is no product of the package.
    static let numbers: [UInt64] = [
        2, 142_702_110_479_723, 299_593_572_317_531, 3_333_333_333_333_301,
        3_333_333_333_333_333, 3_333_335_652_092_209, 4_444_444_444_444_423,
        4_444_444_444_444_444, 4_444_444_488_888_889, 5_555_553_133_149_889,
        5_555_555_555_555_503, 5_555_555_555_555_555, 6_666_666_666_666_666,
        6_666_666_666_666_719, 6_666_667_141_414_921, 7_777_777_536_340_681,
        7_777_777_777_777_753, 7_777_777_777_777_777, 9_999_999_999_999_917,
        9_999_999_999_999_999,
    ]
    private static let primes = 9

    private let workers: Int
    private let peers: Peers?
    /// How often the numbers are tested in a run.
    let repeats: Int

    /// Takes as many repeats as serial work of `seconds` needs.
    init(workers: Int, peers: Peers?, seconds: Double) throws {
        self.workers = workers
        self.peers = peers
        var tester = try Tester(engine: .trial)
        let batch = NumberBatch(Self.numbers)
        // The second one, since the first finds the caches cold.
        _ = try tester.test(batch)
        let once = try nanoseconds { _ = try tester.test(batch) }
        repeats = max(1, Int((seconds * 1e9 / once).rounded()))
    }

    /// Wall time of a run of chunks of one number each, in nanoseconds.
    func run(_ contender: Contender) throws -> Double {
        switch contender {
        case .kernel: return try runWithoutPool()
        case .pool(let pool):
            let batches = Self.numbers.map { NumberBatch([$0]) }
            let next = Atomic(0)
            let total = batches.count * repeats
            var primes = 0
            let took = try nanoseconds {
                try pool.run(
                    PoolJob(engine: .trial, order: .done),
                    from: {
                        let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
                        return i < total ? batches[i % batches.count] : nil
                    },
                    deliver: { result in
                        if result.results.verdict(at: 0) == .prime { primes += 1 }
                        return result.failure == nil
                    })
            }
            try check(primes, contender)
            return took
        case .peer(let pool, _):
            guard let peers else { throw Wrong(description: "Python is not here") }
            let answer = try peers.measure(
                pool, .trial, chunk: 1, chunks: repeats, workers: workers, single: false,
                numbers: Self.numbers)
            try check(answer.primes, contender)
            return answer.run
        }
    }

    /// Threads with an even share each, cut beforehand: what the machine can give.
    private func runWithoutPool() throws -> Double {
        let all = (0..<repeats).flatMap { _ in Self.numbers }
        let workers = workers
        let shares = (0..<workers).map { worker in
            NumberBatch(stride(from: worker, to: all.count, by: workers).map { all[$0] })
        }
        let primes = Atomic(0)
        let took = nanoseconds {
            DispatchQueue.concurrentPerform(iterations: workers) { worker in
                guard var tester = try? Tester(engine: .trial),
                    let results = try? tester.test(shares[worker])
                else { return }
                let found = (0..<results.count).count { results.verdict(at: $0) == .prime }
                primes.wrappingAdd(found, ordering: .relaxed)
            }
        }
        try check(primes.load(ordering: .relaxed), .kernel)
        return took
    }

    private func check(_ primes: Int, _ contender: Contender) throws {
        if primes != Self.primes * repeats {
            throw Wrong(
                description: "\(contender.name): \(primes) primes in \(repeats) times 20 numbers")
        }
    }
}
