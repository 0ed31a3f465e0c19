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
    /// Rows of the input are left out when others have had their primes or composites: each share counts its
    /// own, so that shares are not the whole.
    package var isCounting: Bool

    package init(
        _ source: Source, engine: Engine, options: TestOptions, maximumBits: Int, shard: Shard,
        isCounting: Bool = false
    ) {
        self.source = source
        self.isCounting = isCounting
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
        var counting: Bool?

        enum CodingKeys: String, CodingKey {
            case version, low, high, engine, rounds, seed, res64, proofs, shard, counting
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
            + "\"shard\":\"\(shard)\"\(isCounting ? ",\"counting\":true" : "")"
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
        isCounting = fields.counting ?? false
    }

    // MARK: Comparing

    /// What differs between two origins: what it is called, and what it is in each.
    package struct Difference: Equatable {
        package var name: String
        package var here: String
        package var there: String
    }

    /// What differs in another run beside the content of the input, or `nil`.
    ///
    /// A seed that was not asked for does not.
    package func difference(from other: ResultsOrigin, seedMatters: Bool) -> String? {
        if version != other.version {
            return "they are of version \(version), this is \(other.version)"
        }
        let named =
            differenceOfOptions(from: other)
            ?? Self.difference("--shard", shard, other.shard)
            ?? (seedMatters ? Self.difference("--seed", seed, other.seed) : nil)
        switch (source, other.source) {
        case (.file, .window): return "check made them, and this is list"
        case (.window, .file): return "list made them, and this is check"
        default:
            return named.map { "\($0.name) was \($0.here) then and is \($0.there) now" }
        }
    }

    /// What differs in another part of what may be one run: all but the share and the seed are to be equal.
    package func differenceOfParts(from other: ResultsOrigin) -> Difference? {
        if let difference = Self.difference("the version", version, other.version) {
            return difference
        }
        func command(_ source: Source) -> String {
            if case .file = source { "check" } else { "list" }
        }
        return Self.difference("the command", command(source), command(other.source))
            ?? differenceOfOptions(from: other)
            ?? differenceOfInputs(from: other)
    }

    private func differenceOfInputs(from other: ResultsOrigin) -> Difference? {
        func text(_ input: (bytes: UInt64, hash: String)) -> String {
            "\(counted(Int(clamping: input.bytes), "byte")) with the hash \(printable(input.hash))"
        }
        guard let input, let there = other.input, input != there else { return nil }
        return Difference(name: "the input", here: text(input), there: text(there))
    }

    private func differenceOfOptions(from other: ResultsOrigin) -> Difference? {
        func orOff(_ proofs: String) -> String { proofs.isEmpty ? "off" : proofs }
        return differenceOfSources(from: other)
            ?? Self.difference("--engine", engine, other.engine)
            ?? Self.difference("--rounds", String(rounds), String(other.rounds))
            ?? Self.difference("--res64", res64 ? "on" : "off", other.res64 ? "on" : "off")
            ?? Self.difference("--prove", orOff(proofs), orOff(other.proofs))
            ?? Self.difference("--max-bits", String(maxBits), String(other.maxBits))
    }

    private func differenceOfSources(from other: ResultsOrigin) -> Difference? {
        switch (source, other.source) {
        case (.file(_, _, let here), .file(_, _, let there)):
            Self.difference("--input", here, there)
        case (.window(let low, let high), .window(let lowThere, let highThere)):
            Self.difference("lo", low, lowThere) ?? Self.difference("hi", high, highThere)
        default: nil
        }
    }

    private static func difference(
        _ name: String, _ here: String, _ there: String
    ) -> Difference? {
        here == there
            ? nil : Difference(name: name, here: printable(here), there: printable(there))
    }
}
