// SPDX-License-Identifier: Apache-2.0

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
