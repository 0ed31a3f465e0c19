// SPDX-License-Identifier: Apache-2.0

/// What a test showed about a number.
///
/// Below 2⁶⁴ the answer is always ``prime``, ``composite`` or ``neither``. Above, ``prime`` is said
/// only with a proof.
public enum Verdict: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
    /// 0 and 1 are neither prime nor composite.
    case neither = 0
    /// Certainly composite.
    case composite = 1
    /// Passed every test that was run, which proves nothing.
    case probablePrime = 2
    /// Proved prime.
    case prime = 3

    /// Whether the number is prime or probably so.
    public var passed: Bool { self == .prime || self == .probablePrime }

    /// The name in JSON and CSV: `composite`, `prime`, `probable-prime` or `neither`.
    public var identifier: String {
        self == .probablePrime ? "probable-prime" : description
    }
}

extension Verdict: CustomStringConvertible {
    /// `composite`, `prime`, `probable prime` or `neither`.
    public var description: String {
        switch self {
        case .neither: "neither"
        case .composite: "composite"
        case .probablePrime: "probable prime"
        case .prime: "prime"
        }
    }
}

extension Verdict: Codable {
    /// Reads an ``identifier``.
    public init(from decoder: any Decoder) throws {
        let name = try decoder.singleValueContainer().decode(String.self)
        guard let verdict = Verdict.allCases.first(where: { $0.identifier == name }) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(name) is no verdict"))
        }
        self = verdict
    }

    /// Writes the ``identifier``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(identifier)
    }
}
