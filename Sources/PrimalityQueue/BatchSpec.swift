// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import Primality
internal import PrimalityPool
internal import PrimalityRuns

/// How the candidates of a batch are tested: what changes results, so that every worker has the same.
package struct BatchSpec: Codable, Sendable, Equatable {
    package var schema: Int
    package var version: String
    package var engine: Engine
    package var options: TestOptions
    package var maximumBits: Int
    /// Whether evidence is kept, without which results are text.
    package var evidence: Bool
    /// What the input is called in messages.
    package var input: String

    package init(
        engine: Engine, options: TestOptions, maximumBits: Int, evidence: Bool, input: String
    ) {
        schema = queueSchema
        version = BuildInformation.version
        self.engine = engine
        self.options = options
        self.maximumBits = maximumBits
        self.evidence = evidence
        self.input = input
    }

    package var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // It has nothing that cannot be encoded.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Reads what ``text`` gives; a stranger may have written it.
    ///
    /// - Throws: ``QueueError``.
    package init(text: String) throws(QueueError) {
        do {
            self = try JSONDecoder().decode(BatchSpec.self, from: Data(text.utf8))
        } catch {
            throw .damaged(
                "the options of a batch in the queue cannot be read: another program wrote them")
        }
        if schema != queueSchema {
            throw .refused(
                "a batch was submitted by primality \(printable(file: version)), whose queue has the form \(schema); this is "
                    + "\(BuildInformation.version), with \(queueSchema): use the same version on all hosts"
            )
        }
        guard (1...1_000_000_000).contains(maximumBits), (0...1_000_000).contains(options.rounds),
            (0...1_000_000_000).contains(options.proofBits)
        else { throw .damaged("a batch in the queue has options out of range") }
    }
}

extension Claim {
    /// Takes what the batch is to be tested with, which a stranger may have written.
    mutating func describe(_ text: String) {
        do throws(QueueError) { spec = try BatchSpec(text: text) } catch { damage = error.message }
    }
}
