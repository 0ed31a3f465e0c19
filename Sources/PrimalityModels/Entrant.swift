// SPDX-License-Identifier: Apache-2.0

package import PrimalityPool

extension Race {
    /// What takes part in a race beside an engine: a pool of some kind, or one that shows what a lock or a
    /// single actor does to it.
    package enum Entrant: String, Sendable, Hashable, Codable, CaseIterable {
        /// The calling thread.
        case serial
        /// Threads of our own.
        case threads
        /// The same under an interpreter lock, which nobody gives up before he is asked to.
        case lockedThreads = "threads+gil"
        /// The same, where the engines in C run without it.
        case releasingThreads = "threads+gil-released"
        /// Forked processes that are sent chunks through pipes.
        case pipes = "processes+pipe"
        /// Through sockets.
        case sockets = "processes+socket"
        /// In shared memory.
        case sharedMemory = "processes+shm"
        /// A Swift task group.
        case tasks
        /// One Swift actor for all.
        case oneActor = "one-actor"
        /// One actor a worker.
        case actors
        /// ``sharedMemory``, as pools are called elsewhere.
        case processes

        /// Those that race by default: each once.
        package static let all = allCases.filter { $0 != .processes }

        /// Makes the pool.
        ///
        /// - Parameter workers: How many workers, from 1 to 1024; a serial pool has one.
        /// - Returns: The pool, which has done nothing yet.
        package func pool(workers: Int) -> any Pool {
            switch self {
            case .serial: SerialPool()
            case .threads: ThreadPool(workers: workers)
            case .lockedThreads: LockedThreadPool(workers: workers)
            case .releasingThreads: LockedThreadPool(workers: workers, releasesLock: true)
            case .pipes: ProcessPool(workers: workers, channel: .pipe)
            case .sockets: ProcessPool(workers: workers, channel: .socket)
            case .sharedMemory, .processes: ProcessPool(workers: workers, channel: .shm)
            case .tasks: TaskPool(workers: workers)
            case .oneActor: ActorPool(workers: workers, isShared: true)
            case .actors: ActorPool(workers: workers)
            }
        }
    }
}
