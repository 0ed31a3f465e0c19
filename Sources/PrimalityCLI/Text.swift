// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import PrimalityRuns

/// One JSON value with sorted keys, and a line end.
func jsonText(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
}

/// A text as JSON has it, with its quotes.
func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    appendEscaped(Array(text.utf8)[...], to: &bytes)
    return "\"\(String(decoding: bytes, as: UTF8.self))\""
}

/// Says how many primes were printed.
func printed(_ count: Int) -> String {
    count == 1 ? "1 prime was printed" : "\(count) primes were printed"
}
