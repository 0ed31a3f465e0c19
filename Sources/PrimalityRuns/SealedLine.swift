// SPDX-License-Identifier: Apache-2.0

package import Primality

/// CRC-32 as zlib, zip and PNG have it.
package enum CRC32 {
    private static let table = (0..<256).map { (byte: UInt32) in
        (0..<8).reduce(byte) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
    }

    package static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        let (table, bytes) = (table.span, bytes.span)
        var crc = UInt32.max
        for i in bytes.indices {
            crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[i])]
        }
        return ~crc
    }
}

/// A line of JSON that ends with the CRC-32 of the bytes before that: `{...,"crc32":"0a1b2c3d"}`.
///
/// It is the last key, so what was written without it is had by cutting 20 bytes and putting a brace.
package enum SealedLine {
    private static let key = Array(",\"crc32\":\"".utf8)
    private static let end = Array("\"}".utf8)

    /// Appends an object's text, but for its last brace, with the checksum and the end of the line.
    package static func append(_ content: ArraySlice<UInt8>, to output: inout [UInt8]) {
        output += content
        output += key
        output += digits(of: CRC32.checksum(content))
        output += end
        output.append(UInt8(ascii: "\n"))
    }

    /// What stands before the checksum; `nil` when it is not what the checksum is of.
    package static func content(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let length = key.count + 8 + end.count
        guard line.count > length else { return nil }
        let content = line.dropLast(length)
        let checksum = line[content.endIndex...]
        guard checksum.starts(with: key), checksum.suffix(end.count).elementsEqual(end),
            checksum.dropFirst(key.count).starts(with: digits(of: CRC32.checksum(content)))
        else { return nil }
        return content
    }

    private static func digits(of checksum: UInt32) -> [UInt8] {
        (0..<8).map { i in
            let digit = UInt8(truncatingIfNeeded: checksum >> UInt32(28 - 4 * i) & 15)
            return digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
        }
    }
}

/// What a line of results calls a number: a verdict, or why there is none.
package enum ResultWord: Int, CaseIterable {
    case composite
    case prime
    case probablePrime
    case neither
    case timedOut
    case failed

    package init(_ verdict: Verdict) {
        switch verdict {
        case .composite: self = .composite
        case .prime: self = .prime
        case .probablePrime: self = .probablePrime
        case .neither: self = .neither
        }
    }

    package var name: String {
        switch self {
        case .timedOut: "timed-out"
        case .failed: "failed"
        default: verdict?.identifier ?? ""
        }
    }

    /// What a text calls it, in its colour on a terminal.
    package var coloured: String {
        let colour: Int? =
            switch self {
            case .composite: 31
            case .prime: 32
            case .probablePrime: 33
            case .neither: nil
            case .timedOut, .failed: 35
            }
        let word = verdict?.description ?? name
        return colour.map { "\u{1B}[\($0)m\(word)\u{1B}[0m" } ?? word
    }

    /// `nil`: the number has no result, and is to be tested again.
    package var verdict: Verdict? {
        switch self {
        case .composite: .composite
        case .prime: .prime
        case .probablePrime: .probablePrime
        case .neither: .neither
        case .timedOut, .failed: nil
        }
    }
}

/// What a file of results needs to know of a line.
package struct ResultLine {
    /// The number's place among those that are reported on, from 0.
    package let place: Int
    /// What the number was written as, as it stands in JSON.
    package let input: ArraySlice<UInt8>
    package let word: ResultWord

    package static let beginning = Array("{\"i\":".utf8)
    /// How a line begins that says where a long test is.
    package static let beginningOfEvent = Array("{\"event\":".utf8)
    private static let inputKey = Array(",\"input\":\"".utf8)
    private static let bitsKey = Array("\",\"bits\":".utf8)
    private static let verdictKey = Array(",\"verdict\":\"".utf8)
    private static let words = ResultWord.allCases.map { ($0, Array("\($0.name)\"".utf8)) }

    init(place: Int, input: ArraySlice<UInt8>, word: ResultWord) {
        self.place = place
        self.input = input
        self.word = word
    }

    /// Reads a line of jsonl, with or without its last brace; `nil` when it is none.
    package init?(_ line: ArraySlice<UInt8>) {
        var rest = line
        guard Self.take(Self.beginning, from: &rest), let place = Self.takeNumber(from: &rest),
            Self.take(Self.inputKey, from: &rest)
        else { return nil }
        // No quote is without a backslash in the input, so the first one ends it.
        var end = rest.startIndex
        while end < rest.endIndex, rest[end] != UInt8(ascii: "\"") {
            end += rest[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < rest.endIndex else { return nil }
        input = rest[..<end]
        rest = rest[end...]
        guard Self.take(Self.bitsKey, from: &rest), Self.takeNumber(from: &rest) != nil,
            Self.take(Self.verdictKey, from: &rest),
            let word = Self.words.first(where: { rest.starts(with: $0.1) })?.0
        else { return nil }
        self.place = place
        self.word = word
    }

    /// Those of some whole lines that are about numbers which are prime or probably so.
    package static func passed(among lines: [UInt8]) -> [UInt8] {
        let newline = UInt8(ascii: "\n")
        var passed: [UInt8] = []
        for line in lines.split(separator: newline)
        where ResultLine(line)?.word.verdict?.passed ?? false {
            passed += line
            passed.append(newline)
        }
        return passed
    }

    /// The place that a line begins with, and what comes after it; `nil` when it is about no number.
    package static func place(in line: ArraySlice<UInt8>) -> (Int, ArraySlice<UInt8>)? {
        var rest = line
        guard take(beginning, from: &rest), let place = takeNumber(from: &rest) else { return nil }
        return (place, rest)
    }

    private static func take(_ text: [UInt8], from rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.starts(with: text) else { return false }
        rest = rest.dropFirst(text.count)
        return true
    }

    private static func takeNumber(from rest: inout ArraySlice<UInt8>) -> Int? {
        var number = 0
        let digits = rest.prefix(19).prefix { $0.isDigit }
        guard (1...18).contains(digits.count) else { return nil }
        for digit in digits { number = number * 10 + Int(digit - 0x30) }
        rest = rest.dropFirst(digits.count)
        return number
    }
}

/// How many numbers stand in a file of results, by what their last line says.
package struct ResultCounts: Equatable, Sendable {
    private var numbers = [Int](repeating: 0, count: ResultWord.allCases.count)

    /// There are none.
    package init() {}

    package subscript(word: ResultWord) -> Int { numbers[word.rawValue] }

    /// Numbers that have a verdict, and those that have none.
    package var results: Int { sum { $0.verdict != nil } }
    package var undecided: Int { sum { $0.verdict == nil } }

    private func sum(of isMeant: (ResultWord) -> Bool) -> Int {
        ResultWord.allCases.reduce(0) { $0 + (isMeant($1) ? self[$1] : 0) }
    }

    /// Counts a line about a number, which may have had one without a result.
    package mutating func add(_ word: ResultWord, replacing earlier: ResultWord?) {
        numbers[word.rawValue] += 1
        if let earlier { numbers[earlier.rawValue] -= 1 }
    }

    /// Counts a number's verdict.
    package mutating func add(_ verdict: Verdict) { numbers[ResultWord(verdict).rawValue] += 1 }

    /// Counts what others have counted.
    package mutating func add(_ other: ResultCounts) {
        for word in ResultWord.allCases { numbers[word.rawValue] += other[word] }
    }

    package static let beginning = "{\"results\":"

    /// A line's text without its last brace.
    package var content: String {
        Self.beginning + "\(results)"
            + ResultWord.allCases.map { ",\"\($0.name)\":\(self[$0])" }.joined()
    }
}
