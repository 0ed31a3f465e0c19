// SPDX-License-Identifier: Apache-2.0

import Glibc
import Primality
import PrimalityPool
import TestSupport
import Testing

/// Numbers that are all in memory.
@Suite(.timeLimit(.minutes(15))) struct MemoryTests {
    @Test(arguments: PoolKind.allCases)
    func spansAndBatchesOfEverySizeAndWorkerCount(_ kind: PoolKind) async throws {
        try await blocking {
            let numbers = edgeNumbers()
            let expected = try Tester.verdicts(of: numbers)
            for workers in [1, 3] {
                let pool = kind.pool(workers: workers)
                for count in [0, 1, 64, 65, numbers.count] {
                    let some = Array(numbers.prefix(count))
                    for chunk in [1, 7, 100_000, nil] {
                        for engine in [Engine.auto, .swiftU64] {
                            let job = PoolJob(engine: engine)
                            let ofSpan = try pool.verdicts(of: some.span, using: job, chunk: chunk)
                            let ofBatch = try pool.verdicts(
                                of: NumberBatch(some), using: job, chunk: chunk)
                            #expect(ofSpan == Array(expected.prefix(count)))
                            #expect(ofBatch == ofSpan)
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: [false, true])
    func threadsThatStayWhereTheyAre(_ isPinned: Bool) async throws {
        try await blocking {
            var generator = SeededGenerator(seed: 7)
            let numbers = (0..<100_000).map { _ in generator.next() }
            let expected = try Tester.verdicts(of: numbers)
            for workers in [1, 2, 3, 16] {
                let pool = ThreadPool(workers: workers, isPinned: isPinned)
                #expect(try pool.verdicts(of: numbers.span) == expected)
                #expect(try pool.verdicts(of: numbers.map { BigNatural($0) }) == expected)
            }
        }
    }

    @Test(arguments: PoolKind.allCases)
    func numbersOfMixedSizes(_ kind: PoolKind) async throws {
        let cases = try VectorFile.go.cases()
        let numbers: [BigNatural] = cases.flatMap { [$0.number, 15, 17] as [BigNatural] }
        let expected = try numbers.map { try Verdict(of: $0) }
        for chunk in [5, nil] {
            let found = try await kind.pool(workers: 3)
                .verdicts(of: NumberBatch(numbers), chunk: chunk)
            #expect(found == expected)
        }
    }

    @Test(arguments: PoolKind.allCases, [Engine.trial, .swiftTrial])
    func trialDivisionIsDividedHereToo(_ kind: PoolKind, _ engine: Engine) async throws {
        try await blocking {
            let pool = kind.pool(workers: 2)
            for numbers: [UInt64] in [[7, 9, 1, 1_000_003], [7, 1_125_899_906_842_679, 9]] {
                let expected = try Tester.verdicts(of: numbers)
                let job = PoolJob(engine: engine)
                #expect(try pool.verdicts(of: numbers.span, using: job) == expected)
                #expect(try pool.verdicts(of: NumberBatch(numbers), using: job) == expected)
            }
        }
    }

    @Test(arguments: PoolKind.allCases)
    func cancellingEndsManyShortTests(_ kind: PoolKind) async throws {
        try await blocking {
            let numbers = [UInt64](repeating: .max - 58, count: 4_000_000)
            let cancel = CancelFlag()
            let canceller = try WorkerThread(name: "canceller") {
                usleep(20_000)
                cancel.cancel()
            }
            #expect(throws: PoolError.cancelled) {
                try kind.pool(workers: 2).verdicts(
                    of: numbers.span, using: PoolJob(engine: .swiftU64), cancel: cancel)
            }
            canceller.join()
        }
    }
}
