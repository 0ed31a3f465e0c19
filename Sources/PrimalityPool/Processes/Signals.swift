// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal

/// What the process does about signals.
package enum Signals {
    /// Whether a signal is ignored.
    package static func isIgnored(_ number: Int32) -> Bool { prk_signal_is_ignored(number) }

    /// Whether a signal has its default effect.
    package static func hasDefaultEffect(_ number: Int32) -> Bool {
        prk_signal_is_default(number)
    }

    /// Lets the signals of crashes, and SIGQUIT, end the process as they end any.
    ///
    /// Swift's runtime has handlers that print a report, and when another process has sent the signal they go
    /// on after it. What is ignored stays ignored.
    package static func restoreCrashes() { prk_signals_restore() }
}
