// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityPool
import TestSupport
import Testing

/// Faults and uses that are known to break pools, beside those of ``FaultTests``: docs/FAULTS.md lists all.
@Suite(.timeLimit(.minutes(15)), .serialized) struct FaultListTests {
    static let pools: [any Pool] =
        PoolKind.allCases.map { $0.pool(workers: 2) }
        + [ProcessChannel.pipe, .socket].map { ProcessPool(workers: 2, channel: $0) }

    /// The same, and fleets.
    static func all() throws -> [any Pool] {
        try pools + ProcessChannel.allCases.map { try ProcessFleet(workers: 2, channel: $0) }
            + [ThreadFleet(workers: 2)]
    }

    /// Sizes on both sides of what a slot, a room of the mailbox and a pipe take, and nothing at all.
    @Test(arguments: ProcessChannel.allCases, Life.allCases)
    func chunksOfEverySizeTravel(_ channel: ProcessChannel, _ life: Life) async throws {
        try await blocking {
            // 32,768 numbers fill the room for requests; 1 MiB of verdicts that for answers, and so do
            // some 13,000 reports.
            let sizes = [
                0, 1, 2, 24, 25, 0, 64, 65, 4096, 13_000, 14_000, 32_767, 32_768, 32_769, 3,
            ]
            for wantsReports in [false, true] {
                let batches = sizes.map { NumberBatch((0..<UInt64($0)).map { 2 * $0 + 1 }) }
                let next = Monitor(0)
                var found: [Int] = []
                var expected = 0
                let pool = ProcessPool(workers: 2, channel: channel)
                try life.serve(pool, isAlone: false) { pool in
                    try pool.run(
                        PoolJob(engine: .u64, wantsReports: wantsReports),
                        from: {
                            next.withLock {
                                $0 += 1
                                return $0 > batches.count ? nil : batches[$0 - 1]
                            }
                        }
                    ) { result in
                        #expect(result.failure == nil)
                        #expect(result.chunk.first == expected)
                        expected += result.results.count
                        found.append(result.results.count)
                        for i in 0..<result.results.count {
                            let n = 2 * UInt64(i) + 1
                            if result.results.verdict(at: i)?.passed != isPrime(n) {
                                Issue.record("\(n) in a chunk of \(result.results.count)")
                            }
                        }
                        return true
                    }
                }
                #expect(found == sizes)
            }
        }
    }

    /// A request of 16 MB and an answer of more than 100 MB.
    @Test(arguments: ProcessChannel.allCases, Life.allCases)
    func largeResultsTravelWhole(_ channel: ProcessChannel, _ life: Life) async throws {
        try await blocking {
            // In a fleet they travel in the same way: 20 MB are enough.
            let isShort = TestFiles.sanitizer != nil || life == .fleet
            let count = isShort ? 200_000 : 1_000_000
            let numbers = (0..<UInt64(count)).map { 4 * $0 + 2 }
            try life.serve(ProcessPool(workers: 1, channel: channel), isAlone: false) { pool in
                let found = try find(
                    pool, PoolJob(engine: .u64, wantsReports: true), numbers, by: count)
                #expect(found.delivered == count && found.twice == 0)
                #expect(found.verdicts.first == .prime)
                #expect(found.verdicts.dropFirst().allSatisfy { $0 == .composite })
            }
        }
    }

    /// A run inside the callback of another one, of the same pool and of others.
    @Test func runsMayBeNested() async throws {
        try await blocking {
            let all = try Self.all()
            for (place, outer) in all.enumerated() {
                // A run inside another one of the same fleet would wait for itself.
                var others = all
                if outer is ProcessFleet || outer is ThreadFleet { others.remove(at: place) }
                var inner = 0
                try outer.run(PoolJob(engine: .u64), from: source([2, 3], by: 1)) { _ in
                    for pool in others {
                        let verdicts = try? pool.verdicts(of: [BigNatural(7), BigNatural(8)])
                        if verdicts == [.prime, .composite] { inner += 1 }
                    }
                    return true
                }
                #expect(inner == 2 * others.count)
            }
        }
    }

    @Test func poolsRunSideBySide() async throws {
        try await blocking {
            let pools = try Self.all()
            let numbers = someNumbers(3000)
            let expected = try Tester.verdicts(of: numbers)
            let wrong = Monitor(0)
            let threads = try (0..<2 * pools.count).map { i in
                try WorkerThread(name: "caller") {
                    let pool = pools[i % pools.count]
                    for chunk in [10, 500] {
                        let found = try? pool.verdicts(
                            of: numbers.map { BigNatural($0) }, using: PoolJob(engine: .u64),
                            chunk: chunk)
                        if found != expected { wrong.withLock { $0 += 1 } }
                    }
                }
            }
            for thread in threads { thread.join() }
            #expect(wrong.withLock { $0 } == 0)
        }
    }

    @Test func cancellingBeforeAndAfterIsNothing() async throws {
        try await blocking {
            for pool in try Self.all() {
                let job = PoolJob(engine: .u64)
                let (before, after) = (CancelFlag(), CancelFlag())
                before.cancel()
                #expect(throws: PoolError.cancelled) {
                    try pool.verdicts(
                        of: NumberBatch([UInt64(7), 8]), using: job, cancel: before)
                }
                let found = try pool.verdicts(
                    of: NumberBatch([UInt64(7), 8]), using: job, cancel: after)
                #expect(found == [.prime, .composite])
                after.cancel()
            }
        }
    }

    /// What a run was given is let go of when it has ended, though its flag lives on.
    @Test func nothingIsKept() async throws {
        final class Canary: Sendable {}
        try await blocking {
            for pool in try Self.all() {
                let cancel = CancelFlag()
                weak var inSource: Canary?
                weak var inDeliver: Canary?
                do {
                    let first = Canary()
                    let second = Canary()
                    inSource = first
                    inDeliver = second
                    let give = source([2, 3, 4], by: 1)
                    try pool.run(
                        PoolJob(engine: .u64), cancel: cancel,
                        from: {
                            _ = first
                            return give()
                        }
                    ) { _ in
                        _ = second
                        return true
                    }
                }
                #expect(inSource == nil && inDeliver == nil, "\(pool.kind)")
                withExtendedLifetime(cancel) {}
            }
        }
    }

    /// Workers that are all killed at once, and again.
    @Test(arguments: Life.allCases)
    func aWholePoolIsKilled(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                let numbers = someNumbers(60_000)
                for channel in ProcessChannel.allCases {
                    for workers in [1, 2, 5, 13] {
                        let kills = Monitor(0)
                        let pool = ProcessPool(workers: workers, channel: channel)
                        try life.serve(pool) { pool in
                            try storm {
                                let found = try find(
                                    pool, PoolJob(engine: .u64, order: .done), numbers, by: 100)
                                try check(found, numbers)
                            } _: { _ in
                                // A number that is alone when two kills meet it would be taken for poison.
                                if kills.withLock({
                                    $0 += 1
                                    return $0 <= 3
                                }) {
                                    for child in children() { kill(child, SIGKILL) }
                                    usleep(50_000)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Workers of which each dies before it can do anything.
    @Test(arguments: Life.allCases)
    func workersThatNeverLiveEndTheRun(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                let numbers = someNumbers(100)
                for channel in ProcessChannel.allCases {
                    try life.serve(ProcessPool(workers: 2, channel: channel)) { pool in
                        let isOver = CancelFlag()
                        let killer = try WorkerThread(name: "killer") {
                            while !isOver.isCancelled {
                                for child in children() { kill(child, SIGKILL) }
                            }
                        }
                        defer {
                            isOver.cancel()
                            killer.join()
                        }
                        // Some may be faster than the killer: then their numbers have their verdicts.
                        do {
                            let found = try find(pool, PoolJob(engine: .gmp), numbers, by: 100)
                            precondition(found.delivered == 100 && found.twice == 0)
                        } catch PoolError.workersKeepDying(_, let signal) {
                            precondition(signal == SIGKILL)
                        }
                    }
                }
            }
        }
    }

    /// fork() while other threads allocate, and make types, which takes the runtime's locks.
    @Test func forkingBesideBusyThreads() async {
        await #expect(processExitsWith: .success) {
            try await blocking {
                let isOver = CancelFlag()
                let busy = try (0..<3).map { i in
                    try WorkerThread(name: "busy") {
                        var kept: [String] = []
                        while !isOver.isCancelled {
                            kept.append(String(repeating: "x", count: Int.random(in: 1...5000)))
                            if kept.count > 100 { kept.removeAll() }
                            let some: Any = kept.count.isMultiple(of: 2) ? kept as Any : i as Any
                            _ = (some as? [String])?.description
                            _ = Dictionary(grouping: kept, by: \.count).mapValues { Set($0) }
                        }
                    }
                }
                for i in 0..<TestFiles.scaled(40) {
                    let pool = ProcessPool(workers: 2, channel: ProcessChannel.allCases[i % 3])
                    for engine in [Engine.u64, .gmp, .swiftU64, .swiftTrial] {
                        let found = try pool.verdicts(
                            of: [BigNatural(1_000_003), BigNatural(1_000_001)],
                            using: PoolJob(engine: engine), chunk: 1)
                        precondition(found == [.prime, .composite])
                    }
                }
                isOver.cancel()
                for thread in busy { thread.join() }
                precondition(children().isEmpty)
            }
        }
    }

    @Test func theKindsThatRunSwiftNeedPreparation() async throws {
        try await blocking {
            for kind in [WorkerKind.swift, .exec] {
                #expect(throws: PoolError.notBootstrapped(kind)) {
                    try ProcessPool(workers: 1, workerKind: kind)
                        .verdicts(of: NumberBatch([UInt64(7)]))
                }
            }
            #expect(throws: PoolError.unknownTask("mine")) {
                try ProcessPool(workers: 1, task: "mine").verdicts(of: NumberBatch([UInt64(7)]))
            }
        }
        // This process has had threads for long.
        #expect {
            try ProcessPool.bootstrap()
        } throws: { error in
            guard case PoolError.tooLate(let threads) = error else { return false }
            return threads > 1
        }
    }

    @Test(arguments: Life.allCases)
    func noticesTellWhatHappened(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                let notices = Monitor<[PoolNotice]>([])
                var faults = ProcessFaults()
                let forks = Monitor(0)
                faults.forkError = { _ in
                    forks.withLock {
                        $0 += 1
                        return $0 <= 2 ? 0 : EAGAIN
                    }
                }
                let kills = Monitor(0)
                let three = ProcessPool(workers: 3, channel: .shm, faults: faults)
                try life.serve(three) { pool in
                    let caller = pthread_self()
                    try storm {
                        let numbers = someNumbers(400_000)
                        let found = try find(
                            pool, PoolJob(engine: .u64), numbers, by: 100,
                            notify: { notice in
                                precondition(pthread_equal(caller, pthread_self()) != 0)
                                notices.withLock { $0.append(notice) }
                            })
                        precondition(found.delivered == numbers.count && found.failures.isEmpty)
                    } _: { child in
                        // A worker of a fleet that dies before the run has begun is told to nobody.
                        if notices.withLock(\.isEmpty) { return }
                        if kills.withLock({
                            $0 += 1
                            return $0 == 1
                        }) {
                            kill(child, SIGKILL)
                        }
                    }
                }
                let all = notices.withLock { $0 }
                precondition(all.first == .fewerWorkers(started: 2, wanted: 3, error: EAGAIN))
                guard all.count == 2,
                    case .workerDied(_, SIGKILL, nil, isReplaced: false) = all[1]
                else { preconditionFailure("\(all)") }
                for notice in all { precondition(!notice.description.isEmpty) }
            }
        }
    }
}
