// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityPool
import TestSupport
import Testing

/// 1, 2, 3, … without an end, counting what was pulled.
private struct Naturals: AsyncSequence, Sendable {
    let pulled = Monitor(UInt64(0))
    /// Throws after so many.
    var limit = UInt64.max
    /// Ends after so many.
    var count = UInt64.max

    struct Iterator: AsyncIteratorProtocol {
        let numbers: Naturals

        mutating func next() async throws(Broken) -> UInt64? {
            let n = numbers.pulled.withLock { $0 }
            if n == numbers.limit { throw Broken(after: n) }
            if n == numbers.count { return nil }
            numbers.pulled.withLock { $0 = n + 1 }
            return n + 1
        }

        mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(Broken) -> UInt64? {
            try await next()
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(numbers: self) }
}

private struct Broken: Error, Equatable {
    var after: UInt64
}

/// The same without waiting.
private struct Endless: Sequence, IteratorProtocol, Sendable {
    var n: UInt64 = 0
    let pulled = Monitor(UInt64(0))

    mutating func next() -> UInt64? {
        n += 1
        pulled.withLock { $0 = n }
        return n
    }
}

@Suite(.timeLimit(.minutes(15))) struct StreamTests {
    static let kinds = PoolKind.allCases

    @Test(arguments: kinds, ResultOrder.allCases)
    func everyNumberComesBackOnceWithItsVerdict(
        _ kind: PoolKind, _ order: ResultOrder
    ) async throws {
        let numbers = edgeNumbers()
        let expected = try Tester.verdicts(of: numbers)
        for chunk in [1, 50, nil] {
            var found = [Verdict?](repeating: nil, count: numbers.count)
            var last = -1
            let job = PoolJob(order: order)
            for try await result in kind.pool(workers: 3).results(
                for: numbers, using: job, chunk: chunk)
            {
                #expect(result.number == BigNatural(numbers[result.index]))
                #expect(found[result.index] == nil)
                #expect((0..<3).contains(result.worker) && result.report == nil)
                found[result.index] = try result.verdict
                if order == .input { #expect(result.index == last + 1) }
                last = result.index
            }
            #expect(found == expected)
        }
    }

    @Test(arguments: kinds, ResultOrder.allCases)
    func asynchronousSourcesGiveTheSame(_ kind: PoolKind, _ order: ResultOrder) async throws {
        let naturals = Naturals(count: 3000)
        let job = PoolJob(order: order, wantsReports: true)
        var found: [Int: Verdict] = [:]
        for try await result in kind.pool(workers: 2).results(for: naturals, using: job, chunk: 20)
        {
            #expect(result.number == BigNatural(UInt64(result.index + 1)))
            if order == .input { #expect(result.index == found.count) }
            #expect(found.updateValue(try result.verdict, forKey: result.index) == nil)
            #expect(try result.report?.verdict == result.verdict)
        }
        let verdicts = found.sorted { $0.key < $1.key }.map(\.value)
        #expect(verdicts == (try Tester.verdicts(of: Array(1...3000))))
    }

    @Test(arguments: kinds)
    func largeNumbersAndPausesInTheSource(_ kind: PoolKind) async throws {
        let numbers = try VectorFile.go.cases().map(\.number)
        let expected = try numbers.map { try Verdict(of: $0) }
        let (stream, giver) = AsyncStream.makeStream(of: BigNatural.self)
        // Each is given when the one before has come back, so a chunk that waits for more would wait for
        // ever.
        giver.yield(numbers[0])
        var found: [Verdict] = []
        for try await result in kind.pool(workers: 2).results(for: stream, chunk: 100) {
            found.append(try result.verdict)
            if found.count < numbers.count {
                giver.yield(numbers[found.count])
            } else {
                giver.finish()
            }
        }
        #expect(found == expected)
    }

    @Test(arguments: kinds)
    func nothingInNothingOut(_ kind: PoolKind) async throws {
        let pool = kind.pool(workers: 2)
        var iterator = pool.results(for: [UInt64]()).makeAsyncIterator()
        #expect(try await iterator.next() == nil)
        #expect(try await iterator.next() == nil)
        for try await result in pool.results(for: Naturals(count: 0)) {
            Issue.record("\(result)")
        }
        // One that is not asked does not begin.
        let naturals = Naturals()
        _ = pool.results(for: naturals).makeAsyncIterator()
        #expect(naturals.pulled.withLock { $0 } == 0)
    }

    @Test(arguments: kinds, [1, 10])
    func theSourceIsPulledAsResultsAreConsumed(_ kind: PoolKind, _ chunk: Int) async throws {
        let workers = 2
        // Processes hold more of what is quickly tested.
        let depth = kind == .processes ? 65 : 5
        let bound = UInt64((depth * workers + 2) * chunk)
        let count = kind == .processes ? 4000 : 600
        let naturals = Naturals(count: UInt64(count))
        var consumed: UInt64 = 0
        var ahead: UInt64 = 0
        for try await _ in kind.pool(workers: workers).results(for: naturals, chunk: chunk) {
            // Time to run ahead now and then.
            if consumed.isMultiple(of: 100) { try await Task.sleep(for: .milliseconds(20)) }
            ahead = max(ahead, naturals.pulled.withLock { $0 } - consumed)
            consumed += 1
        }
        #expect(consumed == count)
        #expect(ahead <= bound, "\(ahead)")

        let endless = Endless()
        consumed = 0
        ahead = 0
        for try await _ in kind.pool(workers: workers).results(for: endless, chunk: chunk) {
            if consumed.isMultiple(of: 100) { try await Task.sleep(for: .milliseconds(20)) }
            ahead = max(ahead, endless.pulled.withLock { $0 } - consumed)
            consumed += 1
            if consumed == count { break }
        }
        #expect(ahead <= bound, "\(ahead)")
        // And not a number more when nobody takes results.
        #expect(endless.pulled.withLock { $0 } <= UInt64(count) + bound)
    }

    @Test(arguments: kinds, ResultOrder.allCases)
    func whatCameBeforeAnErrorOfTheSourceIsDelivered(
        _ kind: PoolKind, _ order: ResultOrder
    ) async throws {
        var found: Set<Int> = []
        let results = kind.pool(workers: 2)
            .results(for: Naturals(limit: 123), using: PoolJob(order: order), chunk: 10)
        var iterator = results.makeAsyncIterator()
        do throws(StreamError<Broken>) {
            while let result = try await iterator.next() { found.insert(result.index) }
            Issue.record("the error is missing")
        } catch {
            #expect(error == .source(Broken(after: 123)))
        }
        #expect(found == Set(0..<123))
        #expect(try await iterator.next() == nil)
    }

    @Test(arguments: kinds)
    func aNumberThatCannotBeTestedComesWithItsError(_ kind: PoolKind) async throws {
        let numbers: [BigNatural] = [7, BigNatural(UInt128.max), 11]
        var outcomes: [Result<Verdict, ChunkFailure>] = []
        let job = PoolJob(engine: .u64)
        for try await result in kind.pool(workers: 2).results(for: numbers, using: job, chunk: 1) {
            outcomes.append(result.outcome)
        }
        let error = PrimalityError.numberTooLarge(bits: 128, limit: 64, engine: .u64)
        #expect(outcomes == [.success(.prime), .failure(.test(error)), .success(.prime)])
    }

    @Test(arguments: kinds, ResultOrder.allCases)
    func cancellingTheTaskEndsTheIteration(_ kind: PoolKind, _ order: ResultOrder) async throws {
        let job = PoolJob(engine: .gmp, order: order)
        let task = Task { () async -> ([Int], StreamError<Never>?) in
            let numbers = [7, 9, 11, TaskTests.long, TaskTests.long, 13]
            var found: [Int] = []
            do throws(StreamError<Never>) {
                var iterator = kind.pool(workers: 2).results(for: numbers, using: job, chunk: 1)
                    .makeAsyncIterator()
                while let result = try await iterator.next() { found.append(result.index) }
                return (found, nil)
            } catch {
                return (found, error)
            }
        }
        try await cancelSoon(task)
        let (found, error) = await task.value
        #expect(error == .pool(.cancelled))
        #expect(!found.contains(3) && !found.contains(4))
        if order == .input { #expect(found == Array(0..<found.count) && found.count <= 3) }
    }

    @Test(arguments: kinds)
    func theFlagEndsAnIterationWhoseSourceIsSilent(_ kind: PoolKind) async throws {
        let (stream, giver) = AsyncStream.makeStream(of: UInt64.self)
        giver.yield(7)
        let cancel = CancelFlag()
        var iterator = kind.pool(workers: 2).results(for: stream, cancel: cancel)
            .makeAsyncIterator()
        #expect(try await iterator.next()?.outcome == .success(.prime))
        cancel.cancel()
        await #expect(throws: StreamError<Never>.pool(.cancelled)) { _ = try await iterator.next() }
        #expect(try await iterator.next() == nil)
        // Its task has let go of the source.
        guard case .terminated = giver.yield(9) else {
            Issue.record("the source is still read")
            return
        }
    }

    // In a process of its own: other tests open descriptors and start threads beside this one.
    @Test func iterationsThatEndEarlyLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            func entries(_ folder: String) throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(folder)").count
            }
            /// Threads of ours, not the cooperative ones.
            func threads() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").compactMap {
                    TestFiles.text("/proc/self/task/\($0)/comm")
                }.filter { $0.hasPrefix("prk-") }
            }
            func run(_ times: Int) async throws {
                for i in 0..<times {
                    for kind in PoolKind.allCases {
                        let pool = kind.pool(workers: 2)
                        let order = i % 2 == 0 ? ResultOrder.input : .done
                        var found = 0
                        for try await _ in pool.results(
                            for: Endless(), using: PoolJob(order: order), chunk: 3)
                        {
                            found += 1
                            if found > i { break }
                        }
                        found = 0
                        for try await _ in pool.results(
                            for: Naturals(), using: PoolJob(order: order), chunk: 3)
                        {
                            found += 1
                            if found > i { break }
                        }
                        // Without a single result, and with a source that never gives one.
                        let (stream, giver) = AsyncStream.makeStream(of: UInt64.self)
                        let waiting = Task { () async -> Bool in
                            var iterator = pool.results(for: stream).makeAsyncIterator()
                            do { return try await iterator.next() == nil } catch { return true }
                        }
                        waiting.cancel()
                        let isEnded = await waiting.value
                        precondition(isEnded)
                        giver.finish()
                    }
                }
            }
            func settled(_ isTrue: () throws -> Bool) async throws {
                for _ in 0..<500 {
                    if try isTrue() { return }
                    try await Task.sleep(for: .milliseconds(10))
                }
                let names = try threads()
                let descriptors = try entries("fd")
                preconditionFailure("\(names), \(descriptors) descriptors")
            }
            try await run(1)  // the cooperative threads keep a few descriptors for good
            try await settled { try threads().isEmpty }
            let before = try entries("fd")
            try await run(50)
            // A leak would show 50 times; the cooperative threads may have taken one or two more.
            try await settled { try threads().isEmpty && entries("fd") < before + 8 }
            var status: Int32 = 0
            precondition(unsafe waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD)
        }
    }
}
