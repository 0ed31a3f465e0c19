// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
package import Primality
internal import PrimalityPool

/// What results were made from: those of the same origin can stand in one file.
///
/// Everything stands in clear, so that a difference can be named.
package struct ResultsOrigin: Equatable {
    /// What was tested.
    package enum Source: Equatable {
        /// The candidates of a file.
        case file(bytes: UInt64, hash: String, format: String)
        /// The primes of a range; its ends in decimal.
        case window(low: String, high: String)
    }

    package var source: Source
    package var version = BuildInformation.version
    package var engine: String
    package var rounds: Int
    /// A string, since JSON's numbers may be doubles for others.
    package var seed: String
    package var res64: Bool
    /// What is proved; empty for nothing.
    package var proofs: String
    package var maxBits: Int
    package var shard: String

    package init(
        _ source: Source, engine: Engine, options: TestOptions, maximumBits: Int, shard: Shard
    ) {
        self.source = source
        self.engine = engine.rawValue
        rounds = options.rounds
        seed = String(options.seed)
        res64 = options.wantsResidue
        proofs =
            options.proofCost == 0 && options.proofBits == 0
            ? "" : "to \(options.proofBits) bits, \(options.proofCost) tests above"
        maxBits = maximumBits
        self.shard = shard.description
    }

    /// How many bytes of an input it is about, and their hash.
    package var input: (bytes: UInt64, hash: String)? {
        guard case .file(let bytes, let hash, _) = source else { return nil }
        return (bytes, hash)
    }

    // MARK: The line above results

    private struct Fields: Decodable {
        var version: String
        var inputBytes: UInt64?
        var inputHash: String?
        var inputFormat: String?
        var low: String?
        var high: String?
        var engine: String
        var rounds: Int
        var seed: String
        var res64: Bool
        var proofs: String?
        var maxBits: Int
        var shard: String

        enum CodingKeys: String, CodingKey {
            case version, low, high, engine, rounds, seed, res64, proofs, shard
            case inputBytes = "input_bytes"
            case inputHash = "input_siphash"
            case inputFormat = "input_format"
            case maxBits = "max_bits"
        }
    }

    /// How every such line begins, of whatever version, and how that of this version goes on.
    package static let anyBeginning = "{\"primality_results\":"
    package static let beginning = anyBeginning + "2,"

    /// The line, without its last brace.
    package var content: String {
        let source =
            switch source {
            case .file(let bytes, let hash, let format):
                "\"input_bytes\":\(bytes),\"input_siphash\":\"\(hash)\",\"input_format\":\"\(format)\""
            case .window(let low, let high): "\"low\":\"\(low)\",\"high\":\"\(high)\""
            }
        return Self.beginning
            + "\"version\":\"\(version)\",\(source),\"engine\":\"\(engine)\",\"rounds\":\(rounds),"
            + "\"seed\":\"\(seed)\",\"res64\":\(res64),\(proofs.isEmpty ? "" : "\"proofs\":\"\(proofs)\",")\"max_bits\":\(maxBits),"
            + "\"shard\":\"\(shard)\""
    }

    /// Reads what ``content`` gives.
    package init?(content: ArraySlice<UInt8>) {
        guard content.starts(with: Self.beginning.utf8),
            let fields = try? JSONDecoder().decode(
                Fields.self, from: Data(content + [UInt8(ascii: "}")]))
        else { return nil }
        if let bytes = fields.inputBytes, let hash = fields.inputHash,
            let format = fields.inputFormat
        {
            source = .file(bytes: bytes, hash: hash, format: format)
        } else if let low = fields.low, let high = fields.high {
            source = .window(low: low, high: high)
        } else {
            return nil
        }
        version = fields.version
        engine = fields.engine
        rounds = fields.rounds
        seed = fields.seed
        res64 = fields.res64
        proofs = fields.proofs ?? ""
        maxBits = fields.maxBits
        shard = fields.shard
    }

    // MARK: Comparing

    /// What differs in another run beside the content of the input, or `nil`.
    ///
    /// A seed that was not asked for does not.
    package func difference(from other: ResultsOrigin, seedMatters: Bool) -> String? {
        if version != other.version {
            return "they are of version \(version), this is \(other.version)"
        }
        func named(_ option: String, _ then: String, _ now: String) -> String? {
            then == now ? nil : "\(option) was \(printable(then)) then and is \(printable(now)) now"
        }
        return differenceOfSources(from: other, named)
            ?? named("--engine", engine, other.engine)
            ?? named("--rounds", String(rounds), String(other.rounds))
            ?? named("--res64", res64 ? "on" : "off", other.res64 ? "on" : "off")
            ?? named(
                "--prove", proofs.isEmpty ? "off" : proofs,
                other.proofs.isEmpty ? "off" : other.proofs)
            ?? named("--max-bits", String(maxBits), String(other.maxBits))
            ?? named("--shard", shard, other.shard)
            ?? (seedMatters ? named("--seed", seed, other.seed) : nil)
    }

    private func differenceOfSources(
        from other: ResultsOrigin, _ named: (String, String, String) -> String?
    ) -> String? {
        switch (source, other.source) {
        case (.file(_, _, let then), .file(_, _, let now)): named("--input", then, now)
        case (.window(let low, let high), .window(let lowNow, let highNow)):
            named("lo", low, lowNow) ?? named("hi", high, highNow)
        case (.file, .window): "check made them, and this is list"
        case (.window, .file): "list made them, and this is check"
        }
    }
}
