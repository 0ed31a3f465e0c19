// SPDX-License-Identifier: Apache-2.0

public import Primality

/// What a ``WorkerTask`` says of a number.
public struct TaskFinding: Sendable, Hashable {
    /// The verdict.
    public var verdict: Verdict
    /// What shows it, in the task's own form, of any length from 0; `nil`: there is none.
    ///
    /// The pool carries the bytes to the run's owner and does not look at them. They are
    /// ``/Primality/TestResults/evidence(at:)`` there.
    public var evidence: [UInt8]?

    /// Makes a finding.
    ///
    /// - Parameters:
    ///   - verdict: The verdict.
    ///   - evidence: What shows it; `nil`: there is none.
    public init(_ verdict: Verdict, evidence: [UInt8]? = nil) {
        self.verdict = verdict
        self.evidence = evidence
    }
}

/// Swift code that worker processes run on chunks in the place of an engine.
///
/// Its process leaves SIGHUP, SIGINT and SIGTERM to its owner, which ends it by SIGKILL, as does its owner's end. What
/// it sets for them anew holds in its process, and programs that it starts have their default effects.
public struct WorkerTask: Sendable {
    /// Says which one, to a process that has its own copy.
    public let name: String
    /// The most evidence that one chunk may have, of all its numbers together, in bytes: 1 GiB.
    ///
    /// A chunk with more has failed, ``ChunkFailure/threw(_:)``. So an owner believes no greater length,
    /// whatever a broken worker says.
    public static let mostEvidence = 1 << 30

    let body: @Sendable (NumberBatch) throws -> Findings

    enum Findings {
        case verdicts([Verdict])
        case withEvidence([TaskFinding])
    }

    /// Makes a task.
    ///
    /// - Parameters:
    ///   - name: From 1 to 63 bytes in UTF-8, no other task's.
    ///   - body: Gives a verdict for each number. What it throws becomes the chunk's failure,
    ///     ``ChunkFailure/threw(_:)``.
    public init(_ name: String, _ body: @escaping @Sendable (NumberBatch) throws -> [Verdict]) {
        self.init(name, any: { .verdicts(try body($0)) })
    }

    /// Makes a task that gives evidence, such as certificates of primality.
    ///
    /// Evidence costs a copy in the worker, the way through the channel, and two copies in the owner, and
    /// memory for them there: plan chunks so that a chunk's evidence fits. A chunk whose evidence finds no
    /// memory in the owner is halved. A number that is alone has failed then, with
    /// ``/Primality/PrimalityError/outOfMemory``.
    ///
    /// - Parameters:
    ///   - name: From 1 to 63 bytes in UTF-8, no other task's.
    ///   - body: Gives a finding for each number, with ``mostEvidence`` bytes at most together. What it
    ///     throws becomes the chunk's failure, ``ChunkFailure/threw(_:)``.
    public init(
        _ name: String,
        withEvidence body: @escaping @Sendable (NumberBatch) throws -> [TaskFinding]
    ) {
        self.init(name, any: { .withEvidence(try body($0)) })
    }

    private init(_ name: String, any body: @escaping @Sendable (NumberBatch) throws -> Findings) {
        precondition((1...63).contains(name.utf8.count), "a task's name has 1 to 63 bytes")
        self.name = name
        self.body = body
    }
}
