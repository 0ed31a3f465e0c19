// SPDX-License-Identifier: Apache-2.0

package import Primality

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

    /// Lets time pass, unless a flag is raised before: to be looked at every 20 ms.
    package static func pause(_ time: Duration, cancel: CancelFlag? = nil) {
        let end = ContinuousClock.now + time
        let nobody = Monitor(())
        while .now < end && cancel?.isCancelled != true {
            nobody.wait(on: Condition(), atMost: min(.milliseconds(20), end - .now)) {
                _, isLate -> Void? in isLate ? () : nil
            }
        }
    }

    /// Waits once; whether the time passed before anybody woke the caller, which holds the mutex.
    func wait(
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
