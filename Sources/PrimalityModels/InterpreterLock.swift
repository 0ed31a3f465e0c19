// SPDX-License-Identifier: Apache-2.0

internal import PrimalityPool
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A model of the lock that an interpreter has, so that one thread at a time runs the program's code:
/// CPython's protocol (`Python/ceval_gil.c`, since 3.2).
///
/// It is here to show what such a lock does to threads. Nothing else in this package takes it.
///
/// - A thread that finds it taken waits for at most the switch interval. When nobody else has got it
///   meanwhile, it asks the holder to drop it.
/// - The holder looks at every ``checkpoint()`` whether somebody asks: one relaxed load when nobody does.
/// - A holder that was asked drops it and waits until another thread has it: a *forced switch*. Otherwise it
///   would take it again before the other one is awake.
/// - ``withoutLock(_:)`` gives it up around what does not run the program's code: a kernel in C, or a call
///   that blocks.
///
/// Threads are told apart by `pthread_self()`; one that has ended may leave its place in the statistics to
/// another one.
package final class InterpreterLock: Sendable {
    /// What the lock has cost so far.
    package struct Statistics: Sendable, Hashable {
        /// What it has cost one thread.
        package struct Share: Sendable, Hashable {
            /// How often the thread took it.
            package var takes = 0
            /// How often it was forced to let another thread have it.
            package var forcedSwitches = 0
            /// How long it waited, for the lock or for the other thread to have it.
            package var waitingTime = Duration.zero
        }

        /// Threads that have taken it, in the order in which they first did.
        package internal(set) var threads: [Share] = []
        /// How often another thread took it than the one that had it before.
        package internal(set) var handOvers = 0

        /// How often it was taken.
        package var takes: Int { threads.map(\.takes).reduce(0, +) }
        /// How often a thread was forced to let another one have it.
        package var forcedSwitches: Int { threads.map(\.forcedSwitches).reduce(0, +) }
        /// How long threads waited, all together.
        package var waitingTime: Duration { threads.map(\.waitingTime).reduce(.zero, +) }
    }

    private struct State {
        var isLocked = false
        /// Who has it, or had it last.
        var lastHolder: pthread_t?
        /// Counts the holders that were not the same as the one before.
        var switchNumber = 0
        var places: [pthread_t: Int] = [:]
        var statistics = Statistics()

        mutating func change(_ thread: pthread_t, _ body: (inout Statistics.Share) -> Void) {
            let count = statistics.threads.count
            let place = places[thread] ?? count
            if place == count {
                places[thread] = place
                statistics.threads.append(Statistics.Share())
            }
            body(&statistics.threads[place])
        }
    }

    /// How long a thread waits before it asks the holder to drop the lock.
    package let switchInterval: Duration
    private let monitor = Monitor(State())
    /// Signalled when it is dropped.
    private let dropped = Condition()
    /// Signalled when another thread has it.
    private let switched = Condition()
    /// Somebody asks the holder to drop it.
    ///
    /// Written with the monitor's lock held.
    private let dropRequest = Atomic(false)

    /// Makes a lock that nobody has.
    ///
    /// - Parameter switchInterval: How long a thread waits before it asks the holder to drop the lock;
    ///   CPython's default is 5 ms.
    package init(switchInterval: Duration = .milliseconds(5)) {
        precondition(switchInterval > .zero, "a switch interval is a time")
        self.switchInterval = switchInterval
    }

    /// What it has cost so far; a thread that still waits has not been counted.
    package var statistics: Statistics { monitor.withLock { $0.statistics } }

    /// Waits for the lock and takes it.
    ///
    /// A thread that has it already is stopped: it would wait for itself.
    package func take() {
        let me = pthread_self()
        var seen = 0
        var start: ContinuousClock.Instant?
        monitor.wait(on: dropped, atMost: switchInterval) { state, isLate -> Void? in
            if state.isLocked {
                precondition(state.lastHolder != me, "this thread has the interpreter lock already")
                // The holder is to be asked by those who have waited for it, not for the one before.
                if isLate && state.switchNumber == seen {
                    dropRequest.store(true, ordering: .relaxed)
                }
                seen = state.switchNumber
                start = start ?? .now
                return nil
            }
            state.isLocked = true
            // Whoever asked has it now, or will ask again.
            dropRequest.store(false, ordering: .relaxed)
            if state.lastHolder != me {
                if state.lastHolder != nil { state.statistics.handOvers += 1 }
                state.lastHolder = me
                state.switchNumber += 1
                // Not one of them: before glibc 2.41 a signal could go to a thread that it was not meant
                // for (bug 25847), and here nobody looks again by the clock.
                switched.broadcast()
            }
            state.change(me) {
                $0.takes += 1
                if let start { $0.waitingTime += .now - start }
            }
            return ()
        }
    }

    /// Gives the lock up, and when somebody has asked for that, waits until another thread has it.
    ///
    /// Only the thread that has it may do so.
    package func drop() {
        let me = pthread_self()
        let isForced = monitor.withLock { state in
            precondition(
                state.isLocked && state.lastHolder == me,
                "this thread does not have the interpreter lock")
            state.isLocked = false
            dropped.signal()
            return dropRequest.load(ordering: .relaxed)
        }
        if !isForced { return }
        // The request is still there, so who made it has not had the lock since, and will take it.
        let start = ContinuousClock.now
        monitor.wait(on: switched, atMost: nil) { state, _ -> Void? in
            if state.lastHolder == me { return nil }
            state.change(me) {
                $0.forcedSwitches += 1
                $0.waitingTime += .now - start
            }
            return ()
        }
    }

    /// Lets another thread have the lock if one has asked for it, as an interpreter does between two
    /// instructions.
    ///
    /// To be called by the thread that has it. One load when nobody asks.
    @inline(__always)
    package func checkpoint() {
        if dropRequest.load(ordering: .relaxed) {
            drop()
            take()
        }
    }

    /// Runs something with the lock.
    ///
    /// - Parameter body: What runs the program's code.
    /// - Returns: What it gives.
    /// - Throws: What it throws.
    package func withLock<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        take()
        defer { drop() }
        return try body()
    }

    /// Runs something without the lock, which the thread has before and afterwards: a kernel, or a call that
    /// blocks.
    ///
    /// - Parameter body: What does not run the program's code.
    /// - Returns: What it gives.
    /// - Throws: What it throws.
    package func withoutLock<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        drop()
        defer { take() }
        return try body()
    }
}
