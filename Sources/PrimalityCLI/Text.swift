// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import FoundationEssentials
internal import PrimalityRuns

/// One JSON value with sorted keys, and a line end.
func jsonText(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
}

/// A time with a unit that suits it.
func time(_ seconds: Double) -> String {
    if seconds >= 1 { return decimal(seconds, places: 3) + " s" }
    if seconds >= 1e-3 { return decimal(seconds * 1e3, places: 2) + " ms" }
    return decimal(seconds * 1e6, places: 1) + " us"
}

/// Says how many primes were printed.
func printed(_ count: Int) -> String {
    count == 1 ? "1 prime was printed" : "\(count) primes were printed"
}
