// SPDX-License-Identifier: Apache-2.0

package import Primality
internal import PrimalityPool

/// A way to do several things at once: what it teaches, the command that shows it, and a measurement that
/// says whether it is true here.
package struct ConcurrencyModel: Sendable {
    /// One word, as on the command line.
    package let name: String
    /// What it is.
    package let title: String
    /// What it teaches, in a paragraph.
    package let lesson: String
    /// The command that runs it.
    package let command: String
    private let body: @Sendable (Setting) throws -> [Figure]
    private let judge: @Sendable (Figures) -> [Claim]

    /// Makes a model.
    ///
    /// - Parameters:
    ///   - name: One word.
    ///   - title: What it is.
    ///   - lesson: What it teaches.
    ///   - command: The command that runs it.
    ///   - body: Measures.
    ///   - judge: What the figures say; it looks at nothing else.
    init(
        name: String, title: String, lesson: String, command: String,
        measure body: @escaping @Sendable (Setting) throws -> [Figure],
        judge: @escaping @Sendable (Figures) -> [Claim]
    ) {
        self.name = name
        self.title = title
        self.lesson = lesson
        self.command = command
        self.body = body
        self.judge = judge
    }

    /// What a measurement is told.
    package struct Setting: Sendable {
        /// How many workers pools have, at least 1.
        package var workers: Int
        /// Ends the measurement.
        package var cancel: CancelFlag
        /// Measures for as short as it takes to see that everything works; the figures say little.
        package var isQuick: Bool

        /// Makes a setting.
        package init(
            workers: Int = PoolKind.defaultWorkers, cancel: CancelFlag = CancelFlag(),
            isQuick: Bool = false
        ) {
            self.workers = workers
            self.cancel = cancel
            self.isQuick = isQuick
        }
    }

    /// A figure that was measured.
    package struct Figure: Sendable, Equatable, Codable {
        /// What was measured.
        package var name: String
        /// How much.
        package var value: Double
        /// Of what: `s`, `ms`, `us`, `ns`, `x`, `1/s`, or nothing for a count.
        package var unit: String

        package init(_ name: String, _ value: Double, _ unit: String = "") {
            self.name = name
            self.value = value
            self.unit = unit
        }
    }

    /// Something that the chapter says, and what the measurement says to it.
    package struct Claim: Sendable, Equatable, Codable {
        /// What is claimed.
        package var statement: String
        /// Whether the measurement bears it out, or contradicts it; `nil` when that is not decided, as others
        /// used the machine meanwhile.
        package var holds: Bool?
        /// The figures that decided.
        package var evidence: String

        package init(_ statement: String, _ holds: Bool?, _ evidence: String) {
            self.statement = statement
            self.holds = holds
            self.evidence = evidence
        }

        /// `holds` is null when that is not decided, and always there.
        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(statement, forKey: .statement)
            try container.encode(holds, forKey: .holds)
            try container.encode(evidence, forKey: .evidence)
        }
    }

    /// What a measurement found.
    package struct Outcome: Sendable, Equatable, Codable {
        /// What was measured.
        package var figures: [Figure]
        /// What that says.
        package var claims: [Claim]

        package init(figures: [Figure], claims: [Claim]) {
            self.figures = figures
            self.claims = claims
        }
    }

    /// Figures by their names, for who judges them.
    struct Figures {
        let all: [Figure]

        /// The value, of a time in seconds.
        ///
        /// Not a number, which bears no claim out, when there is none.
        subscript(name: String) -> Double {
            guard let figure = all.first(where: { $0.name == name }) else { return .nan }
            return switch figure.unit {
            case "ms": figure.value / 1e3
            case "us": figure.value / 1e6
            case "ns": figure.value / 1e9
            default: figure.value
            }
        }

        func count(_ name: String) -> Int {
            Int(exactly: self[name].rounded()) ?? 0
        }
    }

    /// Runs it: some seconds.
    ///
    /// Blocks; to be called on a thread of the program's own.
    ///
    /// - Parameter setting: With how many workers, and what ends it.
    /// - Returns: Figures and claims.
    /// - Throws: What keeps it from being measured, ``PoolError/cancelled`` when it was cancelled.
    package func measure(_ setting: Setting = Setting()) throws -> Outcome {
        let figures = try body(setting)
        if setting.cancel.isCancelled { throw PoolError.cancelled }
        return Outcome(figures: figures, claims: claims(on: figures))
    }

    /// What figures of this model say.
    package func claims(on figures: [Figure]) -> [Claim] { judge(Figures(all: figures)) }

    /// Measures again while a claim is contradicted and others use the machine: they make times longer, and
    /// what takes turns stand still.
    ///
    /// - Parameters:
    ///   - attempts: How often at most.
    ///   - measure: Measures, and says whether others used the machine meanwhile.
    /// - Returns: The outcome of the last attempt; what it contradicts is not decided when it was disturbed.
    package static func settled(
        attempts: Int = 3, _ measure: () throws -> (outcome: Outcome, isDisturbed: Bool)
    ) rethrows -> Outcome {
        var (outcome, isDisturbed) = try measure()
        for _ in 1..<max(1, attempts) {
            if !isDisturbed || !outcome.claims.contains(where: { $0.holds == false }) { break }
            (outcome, isDisturbed) = try measure()
        }
        if isDisturbed {
            for i in outcome.claims.indices where outcome.claims[i].holds == false {
                outcome.claims[i].holds = nil
            }
        }
        return outcome
    }

    /// All of them, in the order of the chapter.
    package static let all: [ConcurrencyModel] = [
        .spinner, .blockedLoop, .napping, .runInExecutor, .cooperativePool, .homeGrownPool,
        .processes, .interpreterLock, .releasedLock, .actors, .compiledCode, .contention,
    ]
}
