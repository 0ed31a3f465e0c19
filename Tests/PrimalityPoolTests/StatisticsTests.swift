// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityPool
import Testing

@Suite(.timeLimit(.minutes(15))) struct StatisticsTests {
    private func source(_ batches: [NumberBatch]) -> @Sendable () -> NumberBatch? {
        let rest = Monitor(batches[...])
        return { rest.withLock { $0.popFirst() } }
    }

    @Test(arguments: PoolKind.allCases)
    func theyAddUpToWhatWasDone(_ kind: PoolKind) async throws {
        try await blocking {
            // Types are written out: to find them takes the compiler seconds.
            let batches = (0..<50).map { (n: UInt64) -> NumberBatch in
                NumberBatch((0..<100).map { (i: UInt64) -> UInt64 in (n * 100 + i) << 40 + 1 })
            }
            let pool = kind.pool(workers: 3)
            var statistics = RunStatistics(workers: 0)
            var cpuTime = Duration.zero
            var results = 0
            let start = ContinuousClock.now
            try pool.run(PoolJob(), statistics: &statistics, from: source(batches)) { result in
                cpuTime += result.cpuTime
                results += 1
                return true
            }
            let wall = ContinuousClock.now - start
            #expect(results == 50)
            #expect(statistics.workers.count == pool.workers)
            #expect(statistics.workers.map(\.chunks).reduce(0, +) == 50)
            #expect(statistics.workers.map(\.numbers).reduce(0, +) == 5000)
            #expect(statistics.workers.map(\.cpuTime).reduce(.zero, +) == cpuTime)
            #expect(statistics.wallTime <= wall)
            #expect(statistics.startupTime > .zero)
            #expect(statistics.shutdownTime > .zero)
            #expect(statistics.startupTime + statistics.shutdownTime <= statistics.wallTime)
            for worker in statistics.workers.indices {
                #expect(statistics.idleTime(of: worker) >= .zero)
            }
        }
    }

    @Test(arguments: [PoolKind.threads, .processes, .tasks])
    func aSharedNumberCountsOnceAndItsTimeWithThoseWhoTookIt(_ kind: PoolKind) async throws {
        try await blocking {
            var statistics = RunStatistics(workers: 0)
            var shared: ChunkResult?
            try kind.pool(workers: 2).run(
                PoolJob(engine: .trial), statistics: &statistics,
                from: source([NumberBatch([18_446_744_073_709_551_557 as UInt64])])
            ) { result in
                shared = result
                return true
            }
            let result = try #require(shared)
            #expect(statistics.workers.map(\.chunks).reduce(0, +) == 1)
            #expect(statistics.workers.map(\.numbers).reduce(0, +) == 1)
            #expect(statistics.workers.map(\.cpuTime).reduce(.zero, +) == result.cpuTime)
            for worker in statistics.workers.indices {
                let took = statistics.workers[worker].cpuTime > .zero
                #expect(took == result.sharedBy.contains(worker), "worker \(worker)")
            }
        }
    }

    @Test(arguments: PoolKind.allCases)
    func anEmptyRunAndOneThatIsRefusedHaveThemToo(_ kind: PoolKind) async throws {
        try await blocking {
            var statistics = RunStatistics(workers: 0)
            let pool = kind.pool(workers: 2)
            try pool.run(PoolJob(), statistics: &statistics, from: { nil }, deliver: { _ in true })
            #expect(statistics.workers.allSatisfy { $0.chunks == 0 && $0.cpuTime == .zero })
            #expect(statistics.startupTime + statistics.shutdownTime <= statistics.wallTime)
            try pool.run(
                PoolJob(), statistics: &statistics,
                from: source([NumberBatch([7 as UInt64]), NumberBatch([9 as UInt64])]),
                deliver: { _ in false })
            #expect(statistics.workers.map(\.chunks).reduce(0, +) == 1)
        }
    }
}
