// SPDX-License-Identifier: Apache-2.0

public import Primality

/// Swift code that worker processes run on chunks in the place of an engine.
///
/// Its process leaves SIGHUP, SIGINT and SIGTERM to its owner, which ends it by SIGKILL, as does its owner's end. What
/// it sets for them anew holds in its process, and programs that it starts have their default effects.
public struct WorkerTask: Sendable {
    /// Says which one, to a process that has its own copy.
    public let name: String
    let body: @Sendable (NumberBatch) throws -> [Verdict]

    /// Makes a task.
    ///
    /// - Parameters:
    ///   - name: From 1 to 63 bytes in UTF-8, no other task's.
    ///   - body: Gives a verdict for each number. What it throws becomes the chunk's failure,
    ///     ``ChunkFailure/threw(_:)``.
    public init(_ name: String, _ body: @escaping @Sendable (NumberBatch) throws -> [Verdict]) {
        precondition((1...63).contains(name.utf8.count), "a task's name has 1 to 63 bytes")
        self.name = name
        self.body = body
    }
}
