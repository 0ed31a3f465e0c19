// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// A row `n a(n)` of a file as OEIS has them.
struct BFileRow: Sendable {
    private let index: Int
    let value: [UInt8]

    /// `nil` when it is not two integers.
    init?(_ line: ArraySlice<UInt8>) {
        // A row begins with few digits, or is none.
        let words = line.split(
            maxSplits: 2, whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D })
        guard words.count == 2, words.allSatisfy(Self.isInteger),
            let index = Int(String(decoding: words[0], as: UTF8.self))
        else { return nil }
        self.index = index
        value = Array(words[1])
    }

    private static func isInteger(_ word: ArraySlice<UInt8>) -> Bool {
        let digits = word.first == UInt8(ascii: "-") ? word.dropFirst() : word
        return !digits.isEmpty && digits.allSatisfy { $0.isDigit }
    }

    /// `5 -3` is a difference as well.
    var isOfBFileOnly: Bool { value.first != UInt8(ascii: "-") }

    /// Whether it stands after another one.
    func follows(_ other: BFileRow) -> Bool {
        index == other.index &+ 1 || index == other.index &- 1
    }
}

/// A line of GIMPS's file of work.
enum WorktodoLine {
    /// Kinds of work on k·bⁿ + c, and on 2ᵖ − 1.
    private static let general: Set<String> = [
        "prp", "prpdc", "pfactor", "pminus1", "pplus1", "ecm2", "cert",
    ]
    private static let mersenne: Set<String> = ["test", "doublecheck", "advancedtest", "factor"]

    /// The number that a line is about; `nil` for one that names a worker.
    ///
    /// - Throws: What is wrong with it.
    static func expression(
        of line: ArraySlice<UInt8>
    ) throws(CandidateFileError) -> [UInt8]? {
        if [UInt8(ascii: "["), UInt8(ascii: ";")].contains(line.first) { return nil }
        if line.first.map({ $0 | 0x20 }) == UInt8(ascii: "m"), line.count > 1,
            isNatural(line.dropFirst())
        {
            return Array("M(".utf8) + line.dropFirst() + [UInt8(ascii: ")")]
        }
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { throw .noWork }
        let kind = String(decoding: line[..<equals].prefix(16), as: UTF8.self).lowercased()
        let (isGeneral, isMersenne) = (general.contains(kind), mersenne.contains(kind))
        if !isGeneral && !isMersenne { throw .noWork }
        // Known factors stand in quotes, with commas between them.
        let parts = line[(equals + 1)...].split(
            separator: UInt8(ascii: "\""), maxSplits: 1, omittingEmptySubsequences: false)
        var fields = parts[0].split(
            separator: UInt8(ascii: ","), omittingEmptySubsequences: false
        ).map { trimming($0) }
        if let first = fields.first, isAssignment(first) { fields.removeFirst() }
        var text: [UInt8]
        if isGeneral {
            guard fields.count >= 4, fields[..<3].allSatisfy(isNatural),
                let constant = signed(fields[3])
            else { throw CandidateFileError("lacks k,b,n,c: k*b^n+c is what it is about") }
            text = fields[0].elementsEqual("1".utf8) ? [] : Array(fields[0]) + [UInt8(ascii: "*")]
            text += Array(fields[1]) + [UInt8(ascii: "^")] + fields[2] + constant
        } else {
            guard let exponent = fields.first, isNatural(exponent) else {
                throw CandidateFileError("lacks p: 2^p-1 is what it is about")
            }
            text = Array("2^".utf8) + exponent + Array("-1".utf8)
        }
        if isGeneral, parts.count == 2 {
            guard let end = parts[1].lastIndex(of: UInt8(ascii: "\"")) else {
                throw CandidateFileError("has known factors without a quote at their end")
            }
            let factors = parts[1][..<end].split(separator: UInt8(ascii: ",")).map { trimming($0) }
            if !factors.allSatisfy(isNatural) {
                throw CandidateFileError("has known factors that are no numbers")
            }
            text = Array("(".utf8) + text + Array(")".utf8)
            for factor in factors { text += [UInt8(ascii: "/")] + factor }
        }
        return text
    }

    /// Whether a field is who the work is assigned to: 32 digits in hexadecimal, `N/A`, `0` or nothing.
    static func isAssignment(_ field: ArraySlice<UInt8>) -> Bool {
        let isIdentifier =
            field.count == 32
            && field.allSatisfy {
                $0.isHexadecimalDigit
            }
        let text = String(decoding: field.prefix(4), as: UTF8.self).lowercased()
        return isIdentifier || ["n/a", "0", ""].contains(text)
    }

    private static func isNatural(_ field: ArraySlice<UInt8>) -> Bool {
        !field.isEmpty && field.allSatisfy { $0.isDigit }
    }

    /// A number with its sign; `nil` when it is none.
    private static func signed(_ field: ArraySlice<UInt8>) -> [UInt8]? {
        let signs = "+-".utf8
        let digits = field.first.map(signs.contains) == true ? field.dropFirst() : field
        if !isNatural(digits) { return nil }
        return digits.count < field.count ? Array(field) : [UInt8(ascii: "+")] + field
    }

    static func trimming(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var field = field
        while field.first == 0x20 { field = field.dropFirst() }
        while field.last == 0x20 { field = field.dropLast() }
        return field
    }
}

extension CandidateFileError {
    fileprivate static let noWork = CandidateFileError(
        "is no line of a worktodo file, such as PRP=1,2,521,-1 or Test=607 or M127")
}
