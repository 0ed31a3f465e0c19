// SPDX-License-Identifier: Apache-2.0

internal import Primality

extension ResultLine {
    /// Reads a row of csv; `nil` when it is none.
    init?(csv line: ArraySlice<UInt8>) {
        let comma = UInt8(ascii: ",")
        let quote = UInt8(ascii: "\"")
        guard let place = Self.place(inCSV: line) else { return nil }
        var rest = line.drop { $0 != comma }.dropFirst()
        let text = rest
        if rest.first == quote {
            // A quote inside is doubled, so each pair of them opens a piece and ends it.
            repeat {
                rest = rest.dropFirst().drop { $0 != quote }
                if rest.isEmpty { return nil }
                rest = rest.dropFirst()
            } while rest.first == quote
        } else {
            rest = rest.drop { $0 != comma }
        }
        let input = text[..<rest.startIndex]
        let fields = rest.split(separator: comma, omittingEmptySubsequences: false)
        // Nothing before the first comma, and then bits, verdict, method, engine, factor, witness, res64, rounds,
        // seed and cpu_ns.
        guard fields.count == 11, fields[0].isEmpty, !fields[1].isEmpty,
            fields[1].allSatisfy(\.isDigit),
            let word = ResultWord.allCases.first(where: {
                fields[2].elementsEqual($0.name.utf8)
            })
        else { return nil }
        self.init(place: place, input: input, word: word)
    }

    /// The place that a row of csv begins with.
    static func place(inCSV line: ArraySlice<UInt8>) -> Int? {
        let digits = line.prefix { $0.isDigit }
        guard (1...18).contains(digits.count), digits.endIndex < line.endIndex,
            line[digits.endIndex] == UInt8(ascii: ",")
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
