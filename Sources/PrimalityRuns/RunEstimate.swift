// SPDX-License-Identifier: Apache-2.0

/// What is known about the rest.
package struct RunEstimate {
    /// Numbers that had results before the run.
    package var done = 0
    /// Numbers that have none yet; `nil` when nobody knows.
    package var remaining: Double?
    /// What else there is to say.
    package var note: String?

    package init(done: Int = 0, remaining: Double? = nil, note: String? = nil) {
        self.done = done
        self.remaining = remaining
        self.note = note
    }
}
