// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What threads wait on while they have given a monitor's lock up: pthread's condition variable, on the
/// monotonic clock, so that setting the time of day makes nobody early or late.
@safe package final class Condition: @unchecked Sendable {
    // Sendable: pthread's functions may be called by any thread.
    private let variable: UnsafeMutablePointer<pthread_cond_t>

    package init() {
        unsafe variable = .allocate(capacity: 1)
        // None of this can fail on Linux.
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(variable, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(variable)
        unsafe variable.deallocate()
    }

    /// Wakes one of those who wait.
    package func signal() { unsafe pthread_cond_signal(variable) }

    /// Wakes all who wait.
    package func broadcast() { unsafe pthread_cond_broadcast(variable) }

    /// Waits once; whether the time passed before anybody woke the caller, which holds the mutex.
    fileprivate func wait(
        _ mutex: UnsafeMutablePointer<pthread_mutex_t>, atMost time: Duration?
    ) -> Bool {
        guard let time else {
            unsafe pthread_cond_wait(variable, mutex)
            return false
        }
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
        let (seconds, attoseconds) = time.components
        deadline.tv_sec += Int(min(seconds, 1 << 32))
        deadline.tv_nsec += Int(attoseconds / 1_000_000_000)
        if deadline.tv_nsec >= 1_000_000_000 {
            deadline.tv_nsec -= 1_000_000_000
            deadline.tv_sec += 1
        }
        return unsafe pthread_cond_timedwait(variable, mutex, &deadline) == ETIMEDOUT
    }
}

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

    /// Waits until `body` gives something, on a condition of the caller's own, whom nothing else wakes.
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

/// A first-in first-out queue, for one thread at a time.
struct Fifo<Element> {
    private var items: [Element] = []
    private var head = 0

    var count: Int { items.count - head }

    var isEmpty: Bool { head == items.count }

    var first: Element? { isEmpty ? nil : items[head] }

    mutating func append(_ element: Element) { items.append(element) }

    mutating func popLast() -> Element? { isEmpty ? nil : items.popLast() }

    mutating func popFirst() -> Element? {
        if isEmpty { return nil }
        let element = items[head]
        head += 1
        // Seldom enough that moving what is left costs nothing.
        if head == items.count || head >= 64 {
            items.removeFirst(head)
            head = 0
        }
        return element
    }
}

/// A first-in first-out queue between threads.
///
/// It ends when each of its producers has.
package final class BlockingQueue<Element: Sendable>: Sendable {
    private struct State {
        var items = Fifo<Element>()
        var producers: Int
    }

    package enum Taken: Sendable {
        case element(Element)
        case nothingYet
        case ended
    }

    private let monitor: Monitor<State>

    package init(producers: Int = 1) { monitor = Monitor(State(producers: producers)) }

    package func push(_ element: Element) {
        monitor.withLock(wake: true) { $0.items.append(element) }
    }

    /// One producer will push no more.
    package func end() { monitor.withLock(wake: true) { $0.producers -= 1 } }

    /// The next element, waited for, or `nil` at the end.
    package func pop() -> Element? {
        monitor.wait { state -> Element?? in
            if let element = state.items.popFirst() { return .some(element) }
            return state.producers == 0 ? .some(nil) : nil
        }
    }

    /// The next element if there is one.
    package func tryPop() -> Taken {
        monitor.withLock { state in
            if let element = state.items.popFirst() { return .element(element) }
            return state.producers == 0 ? .ended : .nothingYet
        }
    }
}

/// Permits that bound how many chunks are in flight, and so the memory of a run.
///
/// Who waits for one is woken when half of them are free: a wake-up costs as much as a short chunk, and the
/// other half keeps the workers busy meanwhile.
package final class Window: Sendable {
    private let size: Int
    private let permits: Monitor<Int>

    package init(_ size: Int) {
        self.size = size
        permits = Monitor(size)
    }

    /// Takes permits, half of the window at most.
    package func acquire(_ count: Int = 1) {
        if count == 0 { return }
        permits.wait { free -> Void? in
            if free < count { return nil }
            free -= count
            return ()
        }
    }

    package func release(_ count: Int = 1) {
        permits.withLock(wakeIf: { $0 >= self.size / 2 }) { $0 += count }
    }
}
