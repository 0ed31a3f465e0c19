// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
internal import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Threads that do what a run gives them, in one run or in many.
///
/// For one run at a time.
final class ThreadCrew: Sendable {
    let wanted: Int
    private let seats: [Seat]

    /// Makes a crew without threads.
    ///
    /// - Parameters:
    ///   - pool: What the threads are.
    ///   - stays: Whether there will be more runs than one; else a thread ends with what it is given first.
    init(_ pool: ThreadPool, stays: Bool) {
        wanted = pool.workers
        seats = (0..<pool.workers).map { Seat($0, isPinned: pool.isPinned, stays: stays) }
    }

    /// Starts all threads; how many there are, and why those are not all.
    func fill() -> (started: Int, problem: PoolError?) {
        for (started, seat) in seats.enumerated() {
            do throws(PoolError) {
                try seat.start()
            } catch {
                return (started, error)
            }
        }
        return (seats.count, nil)
    }

    /// Gives thread `id` something to do, and starts it if there is no such thread.
    ///
    /// - Throws: ``PoolError/system(call:error:)`` when the system gives none.
    func give(_ id: Int, _ work: @escaping @Sendable () -> Void) throws(PoolError) {
        try seats[id].give(work)
    }

    /// Waits until every thread has done what it was given.
    func settle() { for seat in seats { seat.settle() } }

    /// Waits for the same, and for the threads' ends.
    func stop() {
        for seat in seats { seat.end() }
        for seat in seats { seat.join() }
    }
}

/// A thread's place, and what it is to do.
private final class Seat: Sendable {
    private struct State {
        var thread: WorkerThread?
        var work: (@Sendable () -> Void)?
        /// Something was given that is not done.
        var isBusy = false
        var isOver = false
    }

    private let id: Int
    private let isPinned: Bool
    private let stays: Bool
    private let state = Monitor(State())

    init(_ id: Int, isPinned: Bool, stays: Bool) {
        self.id = id
        self.isPinned = isPinned
        self.stays = stays
    }

    func start() throws(PoolError) {
        if state.withLock({ $0.thread != nil }) { return }
        let thread = try WorkerThread(name: "prk-worker-\(id)") { [self] in
            if isPinned { prk_thread_pin(Int32(id)) }
            while doNext() && stays { state.withLock(wake: true) { $0.isBusy = false } }
        }
        state.withLock { $0.thread = thread }
    }

    func give(_ work: @escaping @Sendable () -> Void) throws(PoolError) {
        state.withLock(wake: true) { state in
            state.work = work
            state.isBusy = true
        }
        do throws(PoolError) {
            try start()
        } catch {
            state.withLock { state in
                state.work = nil
                state.isBusy = false
            }
            throw error
        }
    }

    /// Does what was given, when it is; `false` at the end.
    ///
    /// A call of its own: what the work holds is let go of before anybody is told that it is done.
    @inline(never)
    private func doNext() -> Bool {
        let work = state.wait { state -> (@Sendable () -> Void)?? in
            guard let work = state.work else { return state.isOver ? .some(nil) : nil }
            state.work = nil
            return .some(work)
        }
        work?()
        return work != nil
    }

    /// Waits until it is done; of a thread that does not stay, until that has ended.
    func settle() {
        if stays { state.wait { $0.isBusy ? nil : () } } else { join() }
    }

    func end() { state.withLock(wake: true) { $0.isOver = true } }

    func join() {
        let thread = state.withLock { state in
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }
}
