// SPDX-License-Identifier: Apache-2.0

public import Foundation
public import Primality

/// A file of published test data, as Resources/README.md describes it.
public enum VectorFile: String, CaseIterable, Sendable {
    case psp2Below1e12 = "psp2_below_1e12"
    case spspPrimeBases = "spsp_prime_bases_32bit"
    case cctv2048 = "cctv_2048"
    case go
    case sympy
    case rfcModp = "rfc_modp"
    case bugReports = "bug_reports"

    /// A number and whether it is prime.
    public struct Case: Sendable {
        /// The number.
        public let number: BigNatural
        /// Whether it is prime.
        public let isPrime: Bool
        /// Where it comes from.
        public let note: String

        /// Whether a verdict is the right one.
        public func accepts(_ verdict: Verdict) -> Bool {
            switch verdict {
            case .composite: !isPrime && number >= 2
            case .neither: !isPrime && number < 2
            case .prime: isPrime
            case .probablePrime: isPrime && number.bitWidth > 64
            }
        }
    }

    /// How many cases the file has.
    public var count: Int {
        switch self {
        case .psp2Below1e12: 45759
        case .spspPrimeBases: 11494
        case .cctv2048: 708
        case .go: 74
        case .sympy: 35
        case .rfcModp, .bugReports: 13
        }
    }

    /// Its cases.
    public func cases() throws -> [Case] {
        let cases = try Self.rows(of: rawValue).map { fields in
            Case(
                number: try BigNatural(parsing: fields[0]), isPrime: fields[1] == "prime",
                note: fields[2])
        }
        precondition(cases.count == count, "\(rawValue) has \(cases.count) cases, not \(count)")
        return cases
    }

    /// RES64 of composites, printed by PFGW.
    public static func residues() throws -> [(number: BigNatural, residue: UInt64, name: String)] {
        try rows(of: "pfgw_res64").map { fields in
            (try BigNatural(parsing: fields[0]), UInt64(fields[1], radix: 16) ?? 0, fields[2])
        }
    }

    private static func rows(of name: String) throws -> [[String]] {
        guard
            let url = Bundle.module.url(
                forResource: name, withExtension: "tsv", subdirectory: "Resources")
        else { throw CocoaError(.fileNoSuchFile) }
        return try rows(at: url)
    }

    /// The fields of a table whose comments begin with #.
    public static func rows(at url: URL) throws -> [[String]] {
        try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
    }
}
