// SPDX-License-Identifier: Apache-2.0

/// What went wrong in a run that goes on.
public enum PoolNotice: Sendable, Equatable {
    /// The system gave fewer workers than asked for.
    case fewerWorkers(started: Int, wanted: Int, error: Int32)
    /// A worker died, by a signal or else with an exit status; what it held is tested again.
    case workerDied(worker: Int, signal: Int32?, exitStatus: Int32?, isReplaced: Bool)
}

extension PoolNotice: CustomStringConvertible {
    /// What happened.
    public var description: String {
        switch self {
        case .fewerWorkers(let started, let wanted, let error):
            "\(started) of \(wanted) workers were started, and go on without the others: "
                + errorText(error)
        case .workerDied(let worker, let signal, let status, let isReplaced):
            "worker \(worker) "
                + (signal.map { "was ended by \(signalName($0))" }
                    ?? "exited" + (status.map { " with status \($0)" } ?? ""))
                + (isReplaced
                    ? " and replaced; what it held is tested again"
                    : "; what it held goes to the others, if there are any")
        }
    }
}
