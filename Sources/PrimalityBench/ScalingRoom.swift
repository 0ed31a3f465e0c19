// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
internal import CPool
internal import Primality
internal import PrimalityPool

/// The same work by more and more workers, up to twice as many as there are cores.
///
/// The work is numbers in memory in equal chunks, with nothing in common but who takes which. Starting and
/// ending the pool is part of a run.
package struct ScalingRoom {
    private let settings: BenchSettings
    private let cores: Int
    private let serialTime: Double

    package static let command = "primality bench --rooms scaling"
    package static let pools = ["threads", "tasks", "actors", "processes-shm"]

    package init(_ settings: BenchSettings) {
        self.init(
            settings, cores: PoolKind.defaultWorkers, serialTime: settings.isQuick ? 20e6 : 100e6)
    }

    /// With work that takes one worker about `serialTime`, in nanoseconds.
    package init(_ settings: BenchSettings, cores: Int, serialTime: Double) {
        self.settings = settings
        self.cores = cores
        self.serialTime = serialTime
    }

    package static func id(_ pool: String, workers: Int) -> String {
        "scaling.\(pool).workers-\(workers)"
    }

    /// Up to `cores` and twice that.
    package static func workers(cores: Int) -> [Int] {
        if cores <= 8 { return Array(1...cores) + [2 * cores] }
        var counts = [1]
        while counts[counts.count - 1] * 2 < cores { counts.append(counts[counts.count - 1] * 2) }
        return counts + [cores, 2 * cores]
    }

    package func measure(_ contest: Contest) throws -> [Timing] {
        let chunks = 32 * cores
        let numbers = try serialTime / timeOfOne(contest)
        let chunk = max(1, Int(numbers / Double(chunks)))
        let work = PoolWork(.steady, count: chunks * chunk, contest.cancel)
        let contestants = Self.workers(cores: cores).flatMap { workers in
            PoolVariant.all(workers: workers).filter { Self.pools.contains($0.name) }.map {
                work.contestant(
                    Timing(
                        id: Self.id($0.name, workers: workers), section: .scaling,
                        subject: "the same work", variant: $0.text, input: work.kind.text,
                        size: workers,
                        per: "run", command: Self.command,
                        reference: workers == 1 ? nil : Self.id($0.name, workers: 1)),
                    $0.pool, units: 1, count: work.count, chunk: chunk)
            }
        }
        return try contest.run("more and more workers", contestants)
    }

    /// The best of some tries, in nanoseconds.
    private func timeOfOne(_ contest: Contest) throws -> Double {
        let work = PoolWork(.steady, count: 512, contest.cancel)
        let batch = work.batch(count: work.count)
        var best = Double.infinity
        for _ in 0..<5 {
            let start = prk_clock_ns()
            try work.run(batch, passes: 1)
            best = min(best, Double(prk_clock_ns() - start))
        }
        if work.verified() != UInt64(work.count) {
            throw BenchFailure.wrong("scaling", 0, expected: UInt64(work.count))
        }
        return max(1, best / Double(work.count))
    }
}
