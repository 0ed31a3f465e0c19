// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// State behind a lock on which threads can wait: pthread's mutex and condition variable, wrapped
/// once.
///
/// `Synchronization` has no condition variable.
///
/// `Sendable` because the state is only reached with the lock held.
@safe package final class Monitor<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed = Condition()
    private var state: State

    package init(_ state: State) {
        self.state = state
        unsafe mutex = .allocate(capacity: 1)
        // Cannot fail with default attributes on Linux.
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Runs `body` with the lock held and wakes those who wait when it asks for that.
    package func withLock<Result>(
        wake: Bool = false, _ body: (inout State) -> Result
    ) -> Result {
        withLock(wakeIf: { _ in wake }, body)
    }

    /// Runs `body` with the lock held, and wakes those who wait when what it leaves is worth it.
    package func withLock<Result>(
        wakeIf isWorthIt: (State) -> Bool, _ body: (inout State) -> Result
    ) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer {
            if isWorthIt(state) { changed.broadcast() }
            unsafe pthread_mutex_unlock(mutex)
        }
        return body(&state)
    }

    /// Runs `body` with the lock held, unless somebody else has it; whether it ran.
    package func tryWithLock(_ body: (inout State) -> Void) -> Bool {
        if unsafe pthread_mutex_trylock(mutex) != 0 { return false }
        defer { unsafe pthread_mutex_unlock(mutex) }
        body(&state)
        return true
    }

    /// Waits until `body` gives something, and returns that.
    package func wait<Result>(for body: (inout State) -> Result?) -> Result {
        wait(on: changed, atMost: nil) { state, _ in body(&state) }
    }

    /// As ``wait(for:)``, and looks again from time to time though nobody woke it: for what changes
    /// outside of the lock, as a `CancelFlag` does.
    ///
    /// - Parameters:
    ///   - milliseconds: How long to wait before looking again.
    ///   - body: Looks.
    /// - Returns: What `body` gives.
    package func wait<Result>(
        lookingEvery milliseconds: Int, for body: (inout State) -> Result?
    ) -> Result {
        wait(on: changed, atMost: .milliseconds(milliseconds)) { state, _ in body(&state) }
    }

    /// Waits until `body` gives something, on the caller's own condition; nobody else signals it.
    ///
    /// - Parameters:
    ///   - condition: What others signal when it is time to look again.
    ///   - time: How long to wait for that before looking anyway; `nil` for as long as it takes.
    ///   - body: Looks. It is told whether the time has passed since it looked last.
    /// - Returns: What `body` gives.
    package func wait<Result>(
        on condition: Condition, atMost time: Duration?,
        for body: (inout State, _ isLate: Bool) -> Result?
    ) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        var isLate = false
        while true {
            if let result = body(&state, isLate) { return result }
            isLate = unsafe condition.wait(mutex, atMost: time)
        }
    }
}
