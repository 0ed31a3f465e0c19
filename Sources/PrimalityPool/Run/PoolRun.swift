// SPDX-License-Identifier: Apache-2.0

package import Primality

/// A job under way: what all parts of one run share.
@dynamicMemberLookup
package struct PoolRun: Sendable {
    package var job: PoolJob
    /// Ends this run alone.
    ///
    /// It is raised with the flag of who asked for the run.
    package let cancel: CancelFlag
    /// Is told what went wrong without ending the run.
    package let notify: (@Sendable (PoolNotice) -> Void)?

    package init(
        _ job: PoolJob, cancel: CancelFlag, notify: (@Sendable (PoolNotice) -> Void)? = nil
    ) {
        self.job = job
        self.cancel = cancel.part()
        self.notify = notify
    }

    package subscript<Value>(dynamicMember member: WritableKeyPath<PoolJob, Value>) -> Value {
        get { job[keyPath: member] }
        set { job[keyPath: member] = newValue }
    }
}
