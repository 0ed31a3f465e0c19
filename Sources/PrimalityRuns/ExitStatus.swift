// SPDX-License-Identifier: Apache-2.0

package import PrimalityPool

/// Exit statuses, as sysexits.h and grep have them.
///
/// When several apply the worst wins.
package enum ExitStatus: Int32, Comparable {
    case done = 0
    case notAllPrime = 1
    case badInput = 2
    /// A number timed out or ended its workers, so that nobody knows what it is.
    case undecided = 3
    case writeError = 74
    /// The queue's server cannot be reached.
    case unreachable = 75
    case internalError = 70

    private var rank: Int {
        switch self {
        case .done: 0
        case .notAllPrime: 1
        case .undecided: 2
        case .badInput: 3
        case .unreachable: 4
        case .writeError: 5
        case .internalError: 6
        }
    }

    package static func < (first: ExitStatus, second: ExitStatus) -> Bool {
        first.rank < second.rank
    }

    package mutating func raise(to other: ExitStatus) { self = max(self, other) }
}

extension PoolError {
    /// The status with which a command ends after this error.
    package var exitStatus: ExitStatus {
        if case .source(let error) = self, let complaint = error.underlying as? Complaint {
            return complaint.status
        }
        return .internalError
    }
}

extension ChunkFailure {
    /// What the output calls a number without a verdict; `nil` when the run just did not come to it.
    package var word: String? {
        switch self {
        case .cancelled: nil
        case .timedOut: "timed-out"
        case .workerDied, .threw, .test: "failed"
        }
    }

    /// The status that a number without a verdict gives a command.
    package var exitStatus: ExitStatus {
        switch self {
        case .cancelled: .done
        case .timedOut, .workerDied, .threw: .undecided
        case .test: .internalError
        }
    }
}
