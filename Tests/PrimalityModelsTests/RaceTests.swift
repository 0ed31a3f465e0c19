// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityModels
import PrimalityPool
import Testing

@Suite struct RaceTests {
    @Test func theBookHasTwentyNumbersOfWhichNineArePrime() throws {
        #expect(Race.book.count == 20)
        let found = try verdicts(of: NumberBatch(Race.book))
        #expect(found.count { $0 == .prime } == 9)
        #expect(found.count { $0 == .composite } == 11)
    }

    @Test func everyEngineRunsOnEveryPool() async throws {
        let race = Race(
            numbers: [2, 15, 1_000_003, 1_000_004], engines: Engine.allCases,
            pools: PoolKind.allCases, workers: 2)
        let reported = Monitor(0)
        // Not on a cooperative thread, which no pool may block.
        let rows = try await onOwnThread {
            (try? race.run { _ in reported.withLock { $0 += 1 } }) ?? []
        }
        #expect(rows.count == Engine.allCases.count * PoolKind.allCases.count)
        #expect(reported.withLock { $0 } == rows.count)
        #expect(rows.allSatisfy { $0.primes == 2 && $0.runs >= 1 && $0.wallSeconds > 0 })
        #expect(rows.filter { $0.pool == .serial }.allSatisfy { $0.speedup == 1 })
    }

    @Test func enginesThatDoNotTakeTheNumbersAreLeftOut() throws {
        let race = Race(
            numbers: [BigNatural(UInt128.max)], engines: Engine.allCases, pools: [.serial],
            workers: 1)
        #expect(try race.run().map(\.engine) == [.auto, .gmp])
    }

    @Test func aCancelledRaceSaysSo() {
        let cancel = CancelFlag()
        cancel.cancel()
        let race = Race(
            numbers: Race.book, engines: [.u64], pools: [.threads], workers: 1, cancel: cancel)
        #expect(throws: Race.Failure.self) { try race.run() }
    }
}
