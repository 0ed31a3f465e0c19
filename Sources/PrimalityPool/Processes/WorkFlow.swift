// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// Where a supervisor's work comes from, and where its results go.
protocol WorkFlow {
    /// What a worker is handed at once: some numbers, or a part of one.
    associatedtype Work: Sendable

    /// What comes next.
    mutating func next() -> BlockingQueue<Work>.Taken

    /// Sends to the owner's side of a worker in C; 0 or an errno, as `prk_worker_send`.
    func send(_ work: Work, to worker: OpaquePointer) -> Int32

    /// Takes the complete answer to the oldest work of a worker.
    mutating func take(_ work: Work, from handle: OpaquePointer, worker: Int)

    /// Takes work that will not be done.
    mutating func giveUp(_ work: Work, worker: Int, _ failure: ChunkFailure)

    /// How many numbers there are.
    func count(_ work: Work) -> Int

    /// A rough upper bound on the time that it takes, in nanoseconds.
    func cost(_ work: Work) -> Double

    /// Replaces work of several numbers by its halves.
    mutating func halve(_ work: Work) -> [Work]
}
