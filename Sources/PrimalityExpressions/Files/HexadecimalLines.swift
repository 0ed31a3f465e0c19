// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// Numbers in hexadecimal without `0x`, a line each, or several where `openssl` prints one on several.
public struct HexadecimalLines: Sendable {
    /// The digits of a number whose last line ended in a colon.
    private var begun: [UInt8]?

    init() {}

    /// Takes a line without blanks at its ends.
    ///
    /// - Returns: The number that ends there, with `0x`.
    /// - Throws: What is wrong; the next line may be given.
    mutating func take(
        _ line: ArraySlice<UInt8>, longest: Int
    ) throws(CandidateFileError) -> [UInt8]? {
        let isBegun = begun != nil
        guard let pairs = Self.pairs(line), isBegun || pairs.isContinued else {
            if isBegun {
                begun = nil
                throw CandidateFileError(
                    "does not go on with the number above, whose last line ends in a colon; neither "
                        + "is read")
            }
            return Self.isLabel(line) ? nil : try Self.number(line)
        }
        let digits = (begun ?? []) + pairs.digits
        begun = nil
        if digits.count > longest {
            throw CandidateFileError(
                "makes a number of more than the \(longest) digits that are read")
        }
        if pairs.isContinued {
            begun = digits
            return nil
        }
        return Array("0x".utf8) + digits
    }

    /// Takes the end of the input.
    func finish() throws(CandidateFileError) {
        if begun != nil {
            throw CandidateFileError("ends in a colon, and the number does not go on")
        }
    }

    /// Reads a number in hexadecimal: `c7`, `0xc7`, `+c7`, `00:c7:5e` or `Modulus=C7`.
    ///
    /// - Returns: The number with `0x`.
    /// - Throws: What is wrong with it.
    public static func number(
        _ text: ArraySlice<UInt8>
    ) throws(CandidateFileError) -> [UInt8] {
        var digits = text
        if let equals = text.firstIndex(of: UInt8(ascii: "=")), isName(text[..<equals]) {
            digits = text[(equals + 1)...].drop { $0 == 0x20 }
        }
        if let pairs = pairs(digits), !pairs.isContinued { return Array("0x".utf8) + pairs.digits }
        if digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        if digits.starts(with: "0x".utf8) || digits.starts(with: "0X".utf8) {
            digits = digits.dropFirst(2)
        }
        if digits.isEmpty { throw CandidateFileError("has no digits") }
        if let place = digits.firstIndex(where: { !$0.isHexadecimalDigit }) {
            let name = NumberTextError.name(of: digits[place])
            throw CandidateFileError(
                "\(name) at position \(place - text.startIndex + 1) is no hexadecimal digit")
        }
        return Array("0x".utf8) + digits
    }

    /// The digits of bytes with colons between them, and whether there is one at the end.
    private static func pairs(
        _ text: ArraySlice<UInt8>
    ) -> (digits: [UInt8], isContinued: Bool)? {
        if !text.contains(UInt8(ascii: ":")) {
            // The last byte may stand alone on the last line.
            return text.count == 2 && text.allSatisfy(\.isHexadecimalDigit)
                ? (Array(text), false) : nil
        }
        var digits: [UInt8] = []
        digits.reserveCapacity(text.count)
        for (i, byte) in text.enumerated() {
            if i % 3 == 2 ? byte != UInt8(ascii: ":") : !byte.isHexadecimalDigit { return nil }
            if i % 3 != 2 { digits.append(byte) }
        }
        return text.count % 3 == 1 ? nil : (digits, text.count % 3 == 0)
    }

    /// Whether a line says what the number after it is, such as `P:` or `modulus:`.
    private static func isLabel(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.last == UInt8(ascii: ":") else { return false }
        let name = line.dropLast()
        return isName(name) && (name.count == 1 || !name.allSatisfy(\.isHexadecimalDigit))
    }

    private static func isName(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, first.isLetter else { return false }
        return text.allSatisfy { $0.isAlphanumeric || $0 == 0x20 }
    }
}
