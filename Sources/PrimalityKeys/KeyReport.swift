// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// What a check found.
package struct Finding: Sendable, Equatable {
    /// What it means.
    package enum Weight: Sendable {
        /// The key is not to be used.
        case wrong
        /// Something that is not as it should be today.
        case note
        /// How it is.
        case fact
    }

    package var weight: Weight
    /// What was checked, for programs.
    package var check: String
    /// What was found, without any private value.
    package var says: String
}

/// What is known about a key.
package struct KeyReport: Sendable {
    /// What it is, in words.
    package let kind: String
    /// What it is, for programs.
    package let identifier: String
    /// How it was written.
    package let format: KeyFormat
    /// The size of its modulus.
    package let bits: Int
    /// RSA's public exponent `e` or DH's generator `g`.
    package let parameter: Parameter
    /// What was found.
    package internal(set) var findings: [Finding] = []

    init(_ key: Key) {
        kind = key.kind
        identifier = key.identifier
        format = key.format
        bits = key.bits
        switch key.material {
        case .rsa(let key): parameter = Parameter(name: "e", value: key.e.word, bits: key.e.bits)
        case .dh(let key): parameter = Parameter(name: "g", value: key.g.word, bits: key.g.bits)
        }
    }

    /// A small public number.
    package struct Parameter: Sendable, CustomStringConvertible {
        /// Its letter.
        package let name: String
        /// The number; `nil` from 2⁶⁴ on.
        package let value: UInt64?
        /// Its size.
        package let bits: Int

        /// Such as `e = 65537`.
        package var description: String {
            value.map { "\(name) = \($0)" } ?? "\(name) of \(bits) bits"
        }
    }

    /// Whether something is wrong.
    package var isWrong: Bool { findings.contains { $0.weight == .wrong } }

    /// What was found of one weight.
    package func findings(_ weight: Finding.Weight) -> [Finding] {
        findings.filter { $0.weight == weight }
    }

    mutating func add(_ weight: Finding.Weight, _ check: String, _ says: String) {
        findings.append(Finding(weight: weight, check: check, says: says))
    }
}
