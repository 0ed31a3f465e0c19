// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal

/// The kinds of pools.
///
/// They take the same chunks and give the same results; they differ in how the work travels.
public enum PoolKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// On the calling thread.
    case serial
    /// On threads of our own.
    case threads
    /// In forked processes.
    case processes
    /// In a Swift task group.
    case tasks
    /// By Swift actors.
    case actors

    /// One worker for each core that this process may use; at most 1024.
    public static var defaultWorkers: Int { min(Int(prk_core_count()), 1024) }

    /// Makes a pool of this kind.
    ///
    /// - Parameter workers: How many workers, from 1 to 1024; a serial pool has one.
    /// - Returns: The pool.
    public func pool(workers: Int) -> any Pool {
        switch self {
        case .serial: SerialPool()
        case .threads: ThreadPool(workers: workers)
        case .processes: ProcessPool(workers: workers)
        case .tasks: TaskPool(workers: workers)
        case .actors: ActorPool(workers: workers)
        }
    }
}
