// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityModels
import PrimalityPool
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct RaceTests {
    @Test func theBookHasTwentyNumbersOfWhichNineArePrime() throws {
        #expect(Race.book.count == 20)
        let found = try Tester.verdicts(of: NumberBatch(Race.book))
        #expect(found.count { $0 == .prime } == 9)
        #expect(found.count { $0 == .composite } == 11)
    }

    @Test func everyEngineRunsOnEveryEntrant() async throws {
        #expect(Race.Entrant.all.count == 10)
        #expect(Set(Race.Entrant.all).union([.processes]) == Set(Race.Entrant.allCases))
        let race = Race(
            numbers: [2, 15, 1_000_003, 1_000_004], engines: Engine.allCases,
            entrants: Race.Entrant.allCases, workers: 2)
        let reported = Monitor(0)
        // Not on a cooperative thread, which no pool may block.
        let rows = try await onOwnThread {
            (try? race.run { _ in reported.withLock { $0 += 1 } }) ?? []
        }
        #expect(rows.count == Engine.allCases.count * Race.Entrant.allCases.count)
        #expect(reported.withLock { $0 } == rows.count)
        #expect(rows.allSatisfy { $0.primes == 2 && $0.runs >= 1 && $0.wallSeconds > 0 })
        #expect(rows.filter { $0.pool == .serial }.allSatisfy { $0.speedup == 1 })
        #expect(rows.allSatisfy { $0.workers == ($0.pool == .serial ? 1 : 2) })
        for row in rows {
            let isLocked = [.lockedThreads, .releasingThreads].contains(row.pool)
            #expect((row.handOvers != nil) == isLocked)
            #expect((row.forcedSwitches != nil) == isLocked)
            #expect((row.waitingSeconds != nil) == isLocked)
        }
    }

    /// Numbers of all sizes, also such as are divided in ranges, and what the engine does not take.
    private static let mixed: [BigNatural] = [
        0, 1, 2, 3, 4, 9, 15, 35, 49, 561, 1_000_003, 4_294_967_291, 4_294_967_297,
        1_125_899_906_842_679, 2_251_799_813_685_269, 2_251_799_813_685_272,
    ]

    @Test(arguments: Engine.allCases, [false, true])
    func aPoolUnderTheLockGivesWhatTheSerialOneGives(
        _ engine: Engine, _ releasesLock: Bool
    ) async throws {
        let numbers = Self.mixed
        for chunk in [1, 5] {
            let evidence = try await onOwnThread { () throws(PoolError) in
                var found: [[Int: [TestReport?]]] = []
                let pools: [any Pool] = [
                    SerialPool(), LockedThreadPool(workers: 1, releasesLock: releasesLock),
                    LockedThreadPool(
                        workers: 3, releasesLock: releasesLock, switchInterval: .microseconds(50)),
                ]
                for pool in pools {
                    var reports: [Int: [TestReport?]] = [:]
                    let job = PoolJob(engine: engine, order: .done, wantsReports: true)
                    try pool.run(job, from: chunks(of: numbers, engine: engine, size: chunk)) {
                        result in
                        reports[result.chunk.first] = (0..<result.results.count).map {
                            result.results.report(at: $0, of: result.chunk.numbers)
                        }
                        return true
                    }
                    found.append(reports)
                }
                return found
            }
            let words = evidence.map { reports in
                reports.sorted { $0.key < $1.key }.flatMap(\.value).map {
                    "\($0?.verdict as Verdict?) \($0?.factor as UInt64?) \($0?.method as TestMethod?)"
                }
            }
            #expect(words[0].count == numbers.count)
            #expect(!words[0].contains { $0.hasPrefix("nil") })
            #expect(words[1] == words[0])
            #expect(words[2] == words[0])
        }
    }

    @Test func aNumberThatIsTooLargeForAPoolUnderTheLockComesBackWithItsError() async throws {
        for engine in [Engine.swiftTrial, .trial] {
            let failure = try await onOwnThread { () throws(PoolError) in
                do throws(PoolError) {
                    _ = try LockedThreadPool(workers: 2).verdicts(
                        of: [7, BigNatural(UInt128.max)], using: PoolJob(engine: engine), chunk: 2)
                    return PoolError.cancelled
                } catch {
                    return error
                }
            }
            #expect(
                failure
                    == .failed(.test(.numberTooLarge(bits: 128, limit: 64, engine: engine))))
        }
    }

    /// The others look at one number for as long as the first one holds the lock.
    @Test func swiftCodeIsInterruptedByTheInterval() async throws {
        let pool = LockedThreadPool(workers: 2, switchInterval: .microseconds(200))
        // √n is 2³², so there are ranges for both.
        let prime: BigNatural = 18_446_744_073_709_551_557
        let cancel = CancelFlag()
        try await onOwnThread { () throws(PoolError) in
            let watch = try WorkerThread(name: "watch") {
                _ = eventually { pool.lock.statistics.forcedSwitches >= 10 }
                cancel.cancel()
            }
            defer { watch.join() }
            _ = try? pool.verdicts(
                of: [prime, prime], using: PoolJob(engine: .swiftTrial), cancel: cancel, chunk: 1)
            cancel.cancel()
        }
        let found = pool.lock.statistics
        #expect(found.forcedSwitches >= 10)
        #expect(found.handOvers >= 10)
        #expect(found.threads.count == 2)
        #expect(found.waitingTime > .zero)
    }

    @Test(arguments: [Engine.trial, .swiftTrial, .gmp], Race.Entrant.allCases)
    func aRaceIsCancelledInside(_ engine: Engine, _ entrant: Race.Entrant) async throws {
        // Minutes of work, of which 2⁸⁶²⁴³ − 1 takes seconds at a time.
        let number: BigNatural =
            engine == .gmp
            ? BigNatural(
                limbs: [UInt64](repeating: .max, count: 1347) + [(1 << (86243 - 1347 * 64)) - 1])
            : 18_446_744_073_709_551_557
        let cancel = CancelFlag()
        let race = Race(
            numbers: [BigNatural](repeating: number, count: 200), engines: [engine],
            entrants: [entrant], workers: 2, cancel: cancel)
        let error = try await onOwnThread { () throws(PoolError) in
            let canceller = try WorkerThread(name: "canceller") {
                usleep(20_000)
                cancel.cancel()
            }
            defer { canceller.join() }
            do {
                try race.run()
                return "none"
            } catch {
                return "\(error)"
            }
        }
        #expect(error == "engine \(engine.rawValue) on pool \(entrant.rawValue): cancelled")
    }

    @Test func oneActorForAllRunsWhatManyWouldHaveRun() async throws {
        let numbers = (1...200).map { BigNatural(UInt64($0)) }
        for isShared in [true, false] {
            let pool = ActorPool(workers: 4, isShared: isShared)
            #expect(pool.workers == 4)
            let (workers, primes) = try await onOwnThread { () throws(PoolError) in
                var workers: Set<Int> = []
                var primes = 0
                try pool.run(
                    PoolJob(engine: .u64), from: chunks(of: numbers, engine: .u64, size: 10)
                ) { result in
                    workers.insert(result.worker)
                    primes += (0..<result.results.count).count {
                        result.results.verdict(at: $0) == .prime
                    }
                    return true
                }
                return (workers, primes)
            }
            #expect(primes == 46)
            if isShared { #expect(workers == [0]) }
            #expect(workers.isSubset(of: [0, 1, 2, 3]))
        }
    }

    @Test func enginesThatDoNotTakeTheNumbersAreLeftOut() throws {
        let race = Race(
            numbers: [BigNatural(UInt128.max)], engines: Engine.allCases, entrants: [.serial],
            workers: 1)
        #expect(try race.run().map(\.engine) == [.auto, .gmp, .ifma, .fft])
    }

    @Test func aCancelledRaceSaysSo() {
        let cancel = CancelFlag()
        cancel.cancel()
        let race = Race(
            numbers: Race.book, engines: [.u64], entrants: [.threads], workers: 1, cancel: cancel)
        #expect(throws: Race.Failure.self) { try race.run() }
    }
}
