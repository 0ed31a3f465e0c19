// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityModels
import PrimalityPool
import Testing

@Suite(.timeLimit(.minutes(15))) struct HomeGrownPoolTests {
    private static let book = Race.book.compactMap { UInt64($0.description) }

    /// What a pool says, in the order in which it says it.
    private func checks(
        _ numbers: [UInt64], _ workers: HomeGrownPool.Workers, _ count: Int,
        _ engine: Engine = .trial, cancel: CancelFlag = CancelFlag()
    ) async throws -> ([HomeGrownPool.Check], HomeGrownPool.Summary) {
        try await onOwnThread { () throws(PoolError) in
            let pool = HomeGrownPool(workers, count: count, engine: engine, cancel: cancel)
            var checks: [HomeGrownPool.Check] = []
            let summary = try pool.check(numbers) { checks.append($0) }
            return (checks, summary)
        }
    }

    @Test(arguments: HomeGrownPool.Workers.allCases, [1, 2, 5])
    func eachNumberHasOneRightResult(_ workers: HomeGrownPool.Workers, _ count: Int) async throws {
        // None that takes unoptimised code long.
        let numbers: [UInt64] = [
            1, 2, 3, 4, 25, 561, 65_537, 1_000_003, 1_000_004, 4_294_967_291, 4_294_967_297,
        ]
        for engine in Engine.allCases {
            let (checks, summary) = try await checks(numbers, workers, count, engine)
            #expect(checks.map(\.number).sorted() == numbers)
            #expect(checks.allSatisfy { $0.isPrime == isPrime($0.number) })
            #expect(checks.allSatisfy { $0.seconds >= 0 })
            #expect(summary.checks == numbers.count)
            #expect(summary.lost == 0)
        }
    }

    @Test(arguments: HomeGrownPool.Workers.allCases)
    func oneWorkerKeepsTheOrder(_ workers: HomeGrownPool.Workers) async throws {
        let (checks, _) = try await checks(Self.book, workers, 1)
        #expect(checks.map(\.number) == Self.book)
    }

    /// More than both queues hold: whoever put all before taking any would wait for ever, as the chapter's
    /// main process does.
    @Test(arguments: HomeGrownPool.Workers.allCases)
    func queuesThatAreFullStopNobody(_ workers: HomeGrownPool.Workers) async throws {
        let numbers = (1...20_000).map { UInt64($0) }
        let (checks, summary) = try await checks(numbers, workers, 2, .u64)
        #expect(summary.checks == 20_000)
        #expect(Set(checks.map(\.number)).count == 20_000)
        #expect(checks.count(where: \.isPrime) == 2262)
    }

    @Test(arguments: HomeGrownPool.Workers.allCases)
    func noNumbersAreTestedAtOnce(_ workers: HomeGrownPool.Workers) async throws {
        let (checks, summary) = try await checks([], workers, 3)
        #expect(checks.isEmpty)
        #expect(summary.lost == 0)
    }

    @Test(arguments: HomeGrownPool.Workers.allCases)
    func aRaisedFlagEndsTheTests(_ workers: HomeGrownPool.Workers) async throws {
        let cancel = CancelFlag()
        cancel.cancel()
        let prime: UInt64 = 18_446_744_073_709_551_557
        let numbers = [UInt64](repeating: prime, count: 100)
        let (checks, summary) = try await checks(numbers, workers, 2, .swiftTrial, cancel: cancel)
        #expect(checks.isEmpty)
        #expect(summary.checks == 0)
    }

    @Test func thePillIsNoNumber() async {
        await #expect(processExitsWith: .failure) {
            _ = try? HomeGrownPool(.threads, count: 1).check([7, 0]) { _ in }
        }
    }
}
