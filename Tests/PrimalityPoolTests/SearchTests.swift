// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityPool
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct SearchTests {
    private static let twoTo64 = BigNatural(limbs: [0, 1])
    private static let tenTo100 = BigNatural.candidate(k: 1, b: 10, n: 100, c: 0)
    private static let long = BigNatural.candidate(k: 1, b: 10, n: 20_000, c: 0)

    /// Searches with what they find.
    private static func searches() throws -> [(search: PrimeSearch, expected: [BigNatural])] {
        func chain(
            _ start: BigNatural, _ count: Int, _ step: (BigNatural) throws -> BigNatural?
        ) rethrows -> [BigNatural] {
            var numbers: [BigNatural] = []
            while numbers.count < count, let next = try step(numbers.last ?? start) {
                numbers.append(next)
            }
            return numbers
        }
        var all: [(PrimeSearch, [BigNatural])] = []
        for (start, count) in [
            (0, 1), (1, 5), (2, 1), (8, 9), (5000, 700), (BigNatural(UInt64.max - 100), 6),
            (twoTo64.adding(20), 4), (tenTo100, 1), (tenTo100.adding(267), 2),
        ] {
            let up = try chain(start, count) { try BigNatural.nextProbablePrime(after: $0) }
            let down = try chain(start, count) { try BigNatural.previousProbablePrime(before: $0) }
            all.append((.after(start, count: count), up))
            all.append((.before(start, count: count), down))
        }
        for (bits, isSafe, count) in [
            (2, false, 5), (3, true, 4), (16, false, 300), (16, true, 50), (64, false, 20),
            (65, true, 2), (200, false, 3), (90, true, 1),
        ] {
            var generator = SeededRandomness(seed: 77)
            let numbers = try (0..<count).map { _ in
                try BigNatural.randomProbablePrime(bits: bits, isSafe: isSafe, using: &generator)
            }
            all.append((.random(bits: bits, isSafe: isSafe, seed: 77, count: count), numbers))
        }
        return all
    }

    @Test(arguments: PoolKind.allCases)
    func everyPoolFindsWhatOneThreadFinds(_ kind: PoolKind) async throws {
        try await blocking {
            for (search, expected) in try Self.searches() {
                for (workers, chunk) in [(1, nil), (2, nil), (3, 1), (2, 7)] as [(Int, Int?)] {
                    let pool = kind.pool(workers: workers)
                    let found = try pool.probablePrimes(search, chunk: chunk)
                    #expect(found == expected, "\(search), \(workers) workers, \(chunk ?? 0)")
                }
            }
        }
    }

    @Test func whatIsFoundComesWithItsVerdict() async throws {
        try await blocking {
            let start = BigNatural(UInt64.max - 60)
            let job = PoolJob(options: TestOptions(rounds: 3, seed: 9), wantsReports: true)
            var found: [FoundPrime] = []
            try ThreadPool(workers: 2).findProbablePrimes(.after(start, count: 2), using: job) {
                found.append($0)
                return true
            }
            #expect(found.map(\.number) == [start.adding(2), Self.twoTo64.adding(13)])
            #expect(found.map(\.verdict) == [.prime, .probablePrime])
            #expect(found.map { $0.report?.rounds } == [0, 3])
            #expect(found[1].report?.seed == 9)
        }
    }

    @Test(arguments: PoolKind.allCases)
    func whoHasEnoughEndsTheSearch(_ kind: PoolKind) async throws {
        try await blocking {
            var numbers: [BigNatural] = []
            try kind.pool(workers: 2).findProbablePrimes(.after(1, count: .max), chunk: 3) {
                numbers.append($0.number)
                return numbers.count < 5
            }
            #expect(numbers == [2, 3, 5, 7, 11])
        }
    }

    @Test(arguments: PoolKind.allCases)
    func aRaisedFlagEndsASearchInsideATest(_ kind: PoolKind) async throws {
        try await blocking {
            for search in [
                PrimeSearch.after(Self.long), .before(Self.long), .random(bits: 70_000),
                .random(bits: 60_000, isSafe: true),
            ] {
                let cancel = CancelFlag()
                let canceller = try WorkerThread(name: "test") {
                    usleep(100_000)
                    cancel.cancel()
                }
                defer { canceller.join() }
                #expect(throws: PoolError.cancelled) {
                    try kind.pool(workers: 2).probablePrimes(search, cancel: cancel)
                }
            }
        }
    }

    @Test func aTaskThatIsCancelledEndsItsSearch() async throws {
        let task = Task { try await ThreadPool(workers: 2).probablePrimes(.after(Self.long)) }
        task.cancel()
        await #expect(throws: PoolError.cancelled) { try await task.value }
        let found = try await ThreadPool(workers: 2).probablePrimes(.before(100, count: 2))
        #expect(found == [97, 89])
    }

    @Test func aNumberThatCannotBeTestedLeavesNoAnswer() async throws {
        try await blocking {
            for search in [PrimeSearch.after(Self.long), .random(bits: 70_000, seed: 1)] {
                let job = PoolJob(timeout: .milliseconds(50))
                #expect(throws: PoolError.failed(.timedOut)) {
                    try ProcessPool(workers: 2).probablePrimes(search, using: job)
                }
            }
        }
    }

    @Test func sizesWithoutAPrimeAreErrors() async throws {
        try await blocking {
            for (bits, isSafe) in [(1, false), (-1, false), (2, true)] {
                let error = PrimalityError.noPrimeOfSize(bits: bits, isSafe: isSafe)
                #expect(throws: PoolError.test(error)) {
                    try SerialPool().probablePrimes(.random(bits: bits, isSafe: isSafe))
                }
            }
        }
    }
}
