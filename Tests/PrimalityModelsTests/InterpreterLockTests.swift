// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityModels
import PrimalityPool
import Synchronization
import TestSupport
import Testing

/// What nothing but the lock protects.
///
/// ThreadSanitizer sees every access.
private final class Unprotected: @unchecked Sendable {
    var count = 0
    var isInside = false
}

/// Says nothing about what else a thread has done.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

/// Runs a body on threads, and waits for all of them.
private func threads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws(PoolError) {
    var threads: [WorkerThread] = []
    defer { for thread in threads { thread.join() } }
    for i in 0..<count { threads.append(try WorkerThread(name: "test-\(i)") { body(i) }) }
}

@Suite(.timeLimit(.minutes(15))) struct InterpreterLockTests {
    /// ThreadSanitizer makes each step dearer.
    private static var handOvers: Int { TestFiles.sanitizer == "thread" ? 5_000 : 100_000 }

    @Test func oneThreadAtATimeHasIt() async throws {
        let lock = InterpreterLock(switchInterval: .microseconds(100))
        let unprotected = Unprotected()
        let overlapped = Flag()
        try await onOwnThread { () throws(PoolError) in
            try threads(4) { _ in
                for _ in 0..<2_000 {
                    lock.withLock {
                        for _ in 0..<10 {
                            if unprotected.isInside { overlapped.set() }
                            unprotected.isInside = true
                            unprotected.count += 1
                            unprotected.isInside = false
                            lock.checkpoint()
                        }
                    }
                }
            }
        }
        #expect(!overlapped.isSet)
        #expect(unprotected.count == 4 * 2_000 * 10)
    }

    /// The holder does nothing else than look, and never gives it up of its own accord.
    @Test func aHolderThatLooksHandsItOverWhenAskedTo() async throws {
        let lock = InterpreterLock(switchInterval: .milliseconds(1))
        let isHeld = Flag()
        let hadIt = Flag()
        try await onOwnThread { () throws(PoolError) in
            try threads(2) { i in
                if i == 0 {
                    lock.withLock {
                        isHeld.set()
                        _ = eventually {
                            lock.checkpoint()
                            return hadIt.isSet
                        }
                    }
                } else {
                    _ = eventually { isHeld.isSet }
                    lock.withLock { hadIt.set() }
                }
            }
        }
        #expect(isHeld.isSet)
        #expect(hadIt.isSet)
        let found = lock.statistics
        #expect(found.forcedSwitches == 1)
        // There, and back to the one who looked.
        #expect(found.handOvers == 2)
        #expect(found.threads.map(\.forcedSwitches) == [1, 0])
        #expect(found.threads[1].waitingTime >= lock.switchInterval, "asked before its time")
    }

    /// A wake-up that was lost would leave both threads waiting, and the suite's limit would end it.
    @Test func noWakeUpIsLost() async throws {
        // Nobody's time passes, so only signals hand it over.
        let lock = InterpreterLock(switchInterval: .seconds(3600))
        let wanted = Self.handOvers
        let turn = Monitor(0)
        try await onOwnThread { () throws(PoolError) in
            try threads(2) { i in
                lock.take()
                for _ in 0..<wanted / 2 {
                    // The other one takes it while this one waits for its turn.
                    lock.withoutLock { turn.wait { $0 % 2 == i ? () : nil } }
                    turn.withLock(wake: true) { $0 += 1 }
                }
                lock.drop()
            }
        }
        #expect(turn.withLock { $0 } == wanted)
        #expect(lock.statistics.handOvers >= wanted - 1)
    }

    /// The same by requests: each switch is a forced one.
    @Test func noForcedSwitchIsLost() async throws {
        let lock = InterpreterLock(switchInterval: .microseconds(1))
        let wanted = Self.handOvers / 100
        let isOver = Flag()
        try await onOwnThread { () throws(PoolError) in
            try threads(3) { _ in
                lock.take()
                while !isOver.isSet {
                    lock.checkpoint()
                    if lock.statistics.forcedSwitches >= wanted {
                        isOver.set()
                    }
                }
                lock.drop()
            }
        }
        let found = lock.statistics
        #expect(found.forcedSwitches >= wanted)
        #expect(found.handOvers >= wanted)
    }

    @Test(arguments: [2, 3, 8]) func noThreadStarves(_ count: Int) async throws {
        let lock = InterpreterLock(switchInterval: .microseconds(200))
        let turns = Monitor([Int](repeating: 0, count: count))
        let isOver = Flag()
        try await onOwnThread { () throws(PoolError) in
            try threads(count) { i in
                lock.take()
                while !isOver.isSet {
                    let isLast = turns.withLock { turns in
                        turns[i] += 1
                        return turns.allSatisfy { $0 > 0 }
                    }
                    if isLast && lock.statistics.handOvers >= 20 * count {
                        isOver.set()
                    }
                    lock.checkpoint()
                }
                lock.drop()
            }
        }
        #expect(turns.withLock { $0.allSatisfy { $0 > 0 } })
        let found = lock.statistics
        #expect(found.threads.count == count)
        #expect(found.threads.allSatisfy { $0.takes > 0 })
    }

    @Test func othersHaveItDuringAKernel() async throws {
        // Too long for anybody to ask.
        let lock = InterpreterLock(switchInterval: .seconds(3600))
        let entered = Flag()
        let metInside = Flag()
        let wasSeen = Flag()
        try await onOwnThread { () throws(PoolError) in
            try threads(2) { i in
                if i == 0 {
                    lock.withLock {
                        lock.withoutLock {
                            entered.set()
                            let met = eventually { metInside.isSet }
                            if met { wasSeen.set() }
                        }
                    }
                } else {
                    _ = eventually { entered.isSet }
                    lock.withLock { metInside.set() }
                }
            }
        }
        #expect(wasSeen.isSet)
        #expect(lock.statistics.forcedSwitches == 0)
    }

    @Test func whatABodyThrowsComesOutWithTheLockAsItWas() {
        struct Thrown: Error {}
        let lock = InterpreterLock()
        #expect(throws: Thrown.self) {
            try lock.withLock { try lock.withoutLock { throw Thrown() } }
        }
        // It is free again, or this would trap.
        lock.take()
        lock.drop()
        #expect(lock.statistics.takes == 3)
    }

    @Test func aThreadAloneWaitsForNobody() {
        let lock = InterpreterLock()
        #expect(lock.statistics.threads.isEmpty)
        for _ in 0..<10 {
            lock.withLock { for _ in 0..<10 { lock.checkpoint() } }
        }
        let found = lock.statistics
        #expect(found.threads.count == 1)
        #expect(found.takes == 10)
        #expect(found.handOvers == 0)
        #expect(found.forcedSwitches == 0)
        #expect(found.waitingTime == .zero)
    }

    @Test func statisticsAddUp() async throws {
        let lock = InterpreterLock(switchInterval: .microseconds(100))
        try await onOwnThread { () throws(PoolError) in
            try threads(3) { _ in
                for _ in 0..<1_000 {
                    lock.withLock {
                        lock.checkpoint()
                        lock.withoutLock {}
                    }
                }
            }
        }
        let found = lock.statistics
        #expect(found.threads.count == 3)
        // Each forced switch at a checkpoint is one more.
        #expect(found.threads.allSatisfy { (2_000...3_000).contains($0.takes) })
        #expect(found.takes == found.threads.map(\.takes).reduce(0, +))
        #expect(found.handOvers >= 2 && found.handOvers < found.takes)
        #expect(found.forcedSwitches <= found.handOvers)
        #expect(found.waitingTime == found.threads.map(\.waitingTime).reduce(.zero, +))
    }

    @Test func aThreadThatTakesItTwiceTraps() async {
        await #expect(processExitsWith: .failure) {
            let lock = InterpreterLock()
            lock.take()
            lock.take()
        }
    }

    @Test func whoDoesNotHaveItMayNotDropIt() async {
        await #expect(processExitsWith: .failure) { InterpreterLock().drop() }
    }
}
