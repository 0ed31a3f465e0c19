// SPDX-License-Identifier: Apache-2.0

package import PrimalityExpressions

/// A candidate, or why there is none.
///
/// Costly to hand on, so what does is inlined: a million plain lines come this way.
package enum ReadCandidate: Sendable {
    case text(CandidateParser.Candidate)
    /// Why there is none where one was to be, and the row that was to give it.
    case bad(CandidateFileError, ArraySlice<UInt8>?)

    /// How many bytes it has, about.
    package var size: Int {
        switch self {
        case .text(let candidate): candidate.text.count
        case .bad(_, let row): row?.count ?? 0
        }
    }
}

/// A candidate as a file gives it, with all that decides whether it is tested.
package struct CandidateRecord: Sendable {
    package var candidate: ReadCandidate
    /// The line that it stands on, from 1.
    package var line: Int
    /// `nil`: nothing decides that.
    package var condition: CandidateCondition?
    /// Its place in the whole input, from 0; `nil`: that after the one before it.
    package var place: Int?

    package init(
        candidate: ReadCandidate, line: Int, condition: CandidateCondition?, place: Int? = nil
    ) {
        self.candidate = candidate
        self.line = line
        self.condition = condition
        self.place = place
    }
}
