// SPDX-License-Identifier: Apache-2.0

internal import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Whose turn it is: the runs of a fleet follow each other, first come first served, until its end.
final class Turns: Sendable {
    private enum Phase { case open, closed, ending, ended }

    private struct State {
        var phase = Phase.open
        /// Who waits, by ticket, the first first.
        var waiting: [Int] = []
        var lastTicket = 0
        var holder: pthread_t?

        /// Whether the calling thread has the turn.
        var isMine: Bool { holder.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    private enum Taken { case turn, cancelled, closed }

    private let state = Monitor(State())

    /// Waits for a turn; `false` when the flag was raised before it came.
    ///
    /// - Throws: ``PoolError/fleetIsShutDown``, also when that happens meanwhile, and
    ///   ``PoolError/runInsideRun`` when the calling thread has the turn already.
    func take(_ cancel: CancelFlag) throws(PoolError) -> Bool {
        let ticket: Int? = state.withLock { state in
            if state.isMine { return nil }
            state.lastTicket += 1
            state.waiting.append(state.lastTicket)
            return state.lastTicket
        }
        guard let ticket else { throw .runInsideRun }
        // The flag has a bell for one descriptor, but a condition cannot wait for that.
        let taken = state.wait(lookingEvery: 20) { state -> Taken? in
            let isNext = state.holder == nil && state.waiting.first == ticket
            if state.phase == .open && !isNext && !cancel.isCancelled { return nil }
            state.waiting.removeAll { $0 == ticket }
            if state.phase != .open { return .closed }
            if !isNext { return .cancelled }
            state.holder = pthread_self()
            return .turn
        }
        if taken == .closed { throw .fleetIsShutDown }
        return taken == .turn
    }

    /// Gives the turn back; `end` ends the workers when the fleet was closed meanwhile.
    func leave(_ end: () -> Void) {
        state.withLock(wake: true) { $0.holder = nil }
        endIfDue(end)
    }

    /// Lets no further run begin, waits for the one under way and ends the workers by `end`.
    ///
    /// Any number of calls do that once. Called in a run's own callback, it leaves the end to that run.
    func close(_ end: () -> Void) {
        let isMine = state.withLock(wake: true) { state in
            if state.phase == .open { state.phase = .closed }
            return state.isMine
        }
        if isMine { return }
        state.wait { $0.holder == nil ? () : nil }
        endIfDue(end)
        state.wait { $0.phase == .ended ? () : nil }
    }

    /// How many runs wait.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Throws when no run can begin.
    func checkOpen() throws(PoolError) {
        if state.withLock({ $0.phase }) != .open { throw .fleetIsShutDown }
    }

    private func endIfDue(_ end: () -> Void) {
        let isDue = state.withLock { state in
            if state.phase != .closed || state.holder != nil { return false }
            state.phase = .ending
            return true
        }
        if !isDue { return }
        end()
        state.withLock(wake: true) { $0.phase = .ended }
    }
}
