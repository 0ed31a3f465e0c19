// SPDX-License-Identifier: Apache-2.0

package import PrimalityRuns

/// Why a queue did not do what was asked of it.
package struct QueueError: Error, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The server does not answer, or has no room; later it may.
        case unreachable
        /// It answers, and refuses.
        case refused
        /// What it gave is not ours.
        case damaged
        /// It does not know this worker, which is to introduce itself again.
        case unknownWorker
        /// This program was built without what talks to such a queue.
        case notBuiltIn
    }

    package var kind: Kind
    /// What is wrong, and what to do.
    package var message: String
    /// The server's own code for it, if there is one.
    var code = ""

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    init(_ kind: Kind, _ message: String, code: String) {
        self.init(kind, message)
        self.code = code
    }

    static func unreachable(_ message: String) -> QueueError { QueueError(.unreachable, message) }
    static func refused(_ message: String) -> QueueError { QueueError(.refused, message) }
    static func damaged(_ message: String) -> QueueError { QueueError(.damaged, message) }

    /// The status that it gives a command; `nil` for what is not available here.
    package var status: ExitStatus? {
        switch kind {
        case .unreachable: .unreachable
        case .refused, .unknownWorker: .badInput
        case .damaged: .internalError
        case .notBuiltIn: nil
        }
    }
}
