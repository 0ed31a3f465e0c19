// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal

/// Time that passes while this process runs: a stop of the whole job, as by Ctrl-Z, or a sleep of the machine,
/// counts as two steps at most.
///
/// No clock of the system is stopped with a process, and none tells how long it was. So a reading that
/// comes late is taken for one that was in time.
struct RunningTime {
    /// How long it may be left unread; what passes beyond twice of that is not counted.
    let step: Duration
    private var passed = Duration.zero
    private var last = prk_clock_ns()

    /// A clock for limits of such a length.
    init(for limit: Duration) { step = max(.milliseconds(1), min(.milliseconds(100), limit / 20)) }

    mutating func read() -> Duration {
        let now = prk_clock_ns()
        passed += min(.nanoseconds(now - last), step * 2)
        last = now
        return passed
    }
}
