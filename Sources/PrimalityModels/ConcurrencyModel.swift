// SPDX-License-Identifier: Apache-2.0

public import Primality
public import PrimalityPool

/// A way to do several things at once: what it teaches, the command that shows it, and a measurement that
/// says whether it is true here.
public struct ConcurrencyModel: Sendable {
    /// One word, as on the command line.
    public let name: String
    /// What it is.
    public let title: String
    /// What it teaches, in a paragraph.
    public let lesson: String
    /// The command that runs it.
    public let command: String
    private let body: @Sendable (Setting) throws -> Outcome

    init(
        name: String, title: String, lesson: String, command: String,
        measure body: @escaping @Sendable (Setting) throws -> Outcome
    ) {
        self.name = name
        self.title = title
        self.lesson = lesson
        self.command = command
        self.body = body
    }

    /// What a measurement is told.
    public struct Setting: Sendable {
        /// How many workers pools have, at least 1.
        public var workers: Int
        /// Ends the measurement.
        public var cancel: CancelFlag

        /// Makes a setting.
        public init(
            workers: Int = PoolKind.defaultWorkers, cancel: CancelFlag = CancelFlag()
        ) {
            self.workers = workers
            self.cancel = cancel
        }
    }

    /// A figure that was measured.
    public struct Figure: Sendable, Equatable, Codable {
        /// What was measured.
        public var name: String
        /// How much.
        public var value: Double
        /// Of what: `s`, `ms`, `us`, `ns`, `x`, `1/s`, or nothing for a count.
        public var unit: String

        init(_ name: String, _ value: Double, _ unit: String = "") {
            self.name = name
            self.value = value
            self.unit = unit
        }
    }

    /// Something that the chapter says, and what the measurement says to it.
    public struct Claim: Sendable, Equatable, Codable {
        /// What is claimed.
        public var statement: String
        /// Whether the measurement bears it out.
        ///
        /// When it does not, the claim is contradicted here.
        public var holds: Bool
        /// The figures that decided.
        public var evidence: String

        init(_ statement: String, _ holds: Bool, _ evidence: String) {
            self.statement = statement
            self.holds = holds
            self.evidence = evidence
        }
    }

    /// What a measurement found.
    public struct Outcome: Sendable, Equatable, Codable {
        /// What was measured.
        public var figures: [Figure]
        /// What that says.
        public var claims: [Claim]

        init(figures: [Figure], claims: [Claim]) {
            self.figures = figures
            self.claims = claims
        }
    }

    /// Runs it: some seconds.
    ///
    /// Blocks; to be called on a thread of the program's own.
    ///
    /// - Parameter setting: With how many workers, and what ends it.
    /// - Returns: Figures and claims.
    /// - Throws: What keeps it from being measured, ``PoolError/cancelled`` when it was cancelled.
    public func measure(_ setting: Setting = Setting()) throws -> Outcome {
        let outcome = try body(setting)
        if setting.cancel.isCancelled { throw PoolError.cancelled }
        return outcome
    }

    /// All of them, in the order of the chapter.
    public static let all: [ConcurrencyModel] = [
        .spinner, .blockedLoop, .napping, .runInExecutor, .cooperativePool, .homeGrownPool,
        .processes, .interpreterLock, .releasedLock, .actors, .compiledCode, .contention,
    ]
}
