// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// A header of PFGW's formats: expressions with variables `$a` to `$z`, which values replace as text.
struct ABCTemplate: Sendable {
    private enum Piece: Sendable {
        case literal([UInt8])
        case variable(Int)
    }

    /// When a value of a variable has had enough: `{number_primes,$a,1}` in the comment.
    private struct Rule: Sendable {
        static let names = ["number_primes", "number_comps"]
        static let most = 26

        var variable: Int
        var count: Int
        var countsPrimes: Bool
    }

    /// What `|` or `&` separate: each gives a candidate.
    private let alternatives: [[Piece]]
    /// Whether they are joined by `&`.
    private let isChain: Bool
    private let rules: [Rule]
    /// How many variables there are up to the last that is used.
    let variableCount: Int
    /// Which of them are used.
    let variables: Set<Int>
    /// What ABCD has in square brackets.
    private let bracket: [ArraySlice<UInt8>]?

    // MARK: Headers

    /// Whether a line is a header, or a misspelt one.
    static func looksLikeHeader(_ line: ArraySlice<UInt8>) -> Bool {
        if !firstWord(line).hasPrefix("abc") { return false }
        // ABCDEF01 is a number in hexadecimal without its 0x.
        return line.count < 5 || !line.allSatisfy { $0.isHexadecimalDigit }
    }

    /// Whether a line can be nothing else than a header, wherever it stands.
    static func isHeader(_ line: ArraySlice<UInt8>) -> Bool {
        guard let first = line.first, first | 0x20 == UInt8(ascii: "a"), looksLikeHeader(line),
            line.contains(UInt8(ascii: "$"))
        else { return false }
        return (try? format(ofHeader: line)) != nil
    }

    static func format(
        ofHeader line: ArraySlice<UInt8>
    ) throws(CandidateFileError) -> CandidateFormat {
        let word = firstWord(line)
        if let format = CandidateFormat(rawValue: word),
            line.dropFirst(word.utf8.count).first == 0x20
        {
            return format
        }
        throw .header(
            "is no header: one begins with ABC, ABCD or ABC2 and a space, and a template follows")
    }

    /// Refuses what is a header elsewhere, or was meant as one.
    ///
    /// Its rows could be taken for numbers otherwise.
    static func refuseOtherHeaders(_ line: ArraySlice<UInt8>) throws(CandidateFileError) {
        let word = firstWord(line)
        if ["decimal", "cc"].contains(word), line.dropFirst(word.utf8.count).first == 0x20 {
            throw .header("is a header of format \(word.uppercased()), which is not supported")
        }
        if line.contains(UInt8(ascii: "$")) {
            throw .header(
                "has a variable, but is no header: one begins with ABC, ABCD or ABC2 and a space")
        }
    }

    /// The letters and digits at the beginning, in lower case.
    private static func firstWord(_ line: ArraySlice<UInt8>) -> String {
        String(decoding: line.prefix(16).prefix { $0.isAlphanumeric }, as: UTF8.self).lowercased()
    }

    /// - Parameters:
    ///   - line: A line that ``format(ofHeader:)`` knows, without its comment.
    ///   - comment: The comment.
    /// - Throws: What is wrong with it.
    init(
        header line: ArraySlice<UInt8>, comment: ArraySlice<UInt8>
    ) throws(CandidateFileError) {
        var text = line.drop { $0 != 0x20 }
        if Self.firstWord(line) == "abcd" {
            guard let open = text.lastIndex(of: UInt8(ascii: "[")), text.last == UInt8(ascii: "]")
            else { throw .header("lacks the first values at its end, such as [20755 35460]") }
            bracket = text[(open + 1)..<(text.endIndex - 1)].words
            text = text[..<open]
        } else {
            bracket = nil
        }
        let separators = [UInt8(ascii: "|"), UInt8(ascii: "&")]
        let parts = text.split(omittingEmptySubsequences: false) { separators.contains($0) }
        var alternatives: [[Piece]] = []
        for part in parts {
            let words = part.words
            guard let first = words.first, let last = words.last else {
                throw .header("has an empty template; the operators || and && are OR and AND here")
            }
            alternatives.append(try Self.pieces(of: part[first.startIndex..<last.endIndex]))
        }
        let variables = alternatives.joined().compactMap {
            if case .variable(let index) = $0 { index } else { nil }
        }
        guard let last = variables.max() else {
            throw .header("has no variable: $a stands for the first value of a row")
        }
        self.alternatives = alternatives
        isChain = text.contains(UInt8(ascii: "&"))
        if isChain && text.contains(UInt8(ascii: "|")) {
            throw .header("has | and &, which programs take differently together: write two files")
        }
        variableCount = last + 1
        self.variables = Set(variables)
        rules = try Self.rules(in: comment, of: self.variables)
    }

    private static func rules(
        in comment: ArraySlice<UInt8>, of variables: Set<Int>
    ) throws(CandidateFileError) -> [Rule] {
        var rules: [Rule] = []
        var rest = comment
        while let brace = rest.firstIndex(of: UInt8(ascii: "{")) {
            let text = rest[brace...].prefix { $0 != UInt8(ascii: "}") }
            rest = rest[(brace + 1)...]
            // Other comments have braces too.
            if !text.starts(with: "{number_".utf8) { continue }
            let fields = text.dropFirst().split(
                separator: UInt8(ascii: ","), omittingEmptySubsequences: false
            ).map { String(decoding: $0, as: UTF8.self).filter { $0 != " " } }
            guard text.endIndex < comment.endIndex, fields.count == 3,
                Rule.names.contains(fields[0]), let variable = variable(fields[1]),
                fields[2].utf8.allSatisfy({ $0.isDigit }),
                let count = Int(fields[2]), count > 0
            else {
                throw .header(
                    "has '\(text.shown)' in its comment, which is none of {number_primes,$a,1} and "
                        + "{number_comps,$a,1}")
            }
            if !variables.contains(variable) {
                throw .header(
                    "has a {\(fields[0]),...} for $\(name(variable)), which the template does not use"
                )
            }
            if rules.count == Rule.most {
                throw .header("has more than \(Rule.most) of {number_primes,...} and such")
            }
            rules.append(
                Rule(
                    variable: variable, count: count, countsPrimes: fields[0] == Rule.names[0]))
        }
        return rules
    }

    /// The number of the variable that is written `$a`.
    private static func variable(_ text: String) -> Int? {
        let text = Array(text.utf8)
        guard text.count == 2, text[0] == UInt8(ascii: "$"), text[1] >= 0x41,
            (0x61...0x7A).contains(text[1] | 0x20)
        else { return nil }
        return Int((text[1] | 0x20) - 0x61)
    }

    private static func pieces(
        of text: ArraySlice<UInt8>
    ) throws(CandidateFileError) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text
        while !rest.isEmpty {
            let literal = rest.prefix { $0 != UInt8(ascii: "$") }
            rest = rest[literal.endIndex...]
            if !literal.isEmpty {
                let text = try multiplying(
                    Array(literal), isAfterVariable: !pieces.isEmpty, isBefore: !rest.isEmpty)
                pieces.append(.literal(text))
            }
            if rest.isEmpty { break }
            guard let letter = rest.dropFirst().first, (0x61...0x7A).contains(letter | 0x20),
                letter >= 0x41
            else { throw .header("has a $ without a letter from a to z after it") }
            pieces.append(.variable(Int((letter | 0x20) - 0x61)))
            rest = rest.dropFirst(2)
        }
        return pieces
    }

    /// A part of a template, with `*` for each dot beside a variable.
    ///
    /// The dot of `$a.997#` multiplies, as in PFGW; pasted between digits it would look like a fraction's.
    ///
    /// - Throws: When another sign of a product is beside it: `**` is a power.
    private static func multiplying(
        _ literal: [UInt8], isAfterVariable: Bool, isBefore: Bool
    ) throws(CandidateFileError) -> [UInt8] {
        let (dot, times) = (UInt8(ascii: "."), UInt8(ascii: "*"))
        var changed = literal
        if isAfterVariable && literal.first == dot { changed[0] = times }
        if isBefore && literal.last == dot { changed[changed.count - 1] = times }
        if changed == literal { return literal }
        for (i, byte) in changed.enumerated().dropFirst()
        where byte == times && changed[i - 1] == times
            && (literal[i] == dot || literal[i - 1] == dot)
        {
            throw .header("has two signs of a product side by side, one of them a dot")
        }
        return changed
    }

    // MARK: Rows

    /// The values of a row.
    func row(_ line: ArraySlice<UInt8>) throws(CandidateFileError) -> [[UInt8]] {
        let words = line.words
        guard words.count == variableCount else {
            throw CandidateFileError(Self.wrongCount(words.count, variableCount))
        }
        return words.map { Array($0) }
    }

    /// The first values of ABCD.
    func takeValues() throws(CandidateFileError) -> [Int] {
        let words = bracket ?? []
        guard words.count == variableCount else {
            throw .header("\(Self.wrongCount(words.count, variableCount)), in its brackets")
        }
        var values: [Int] = []
        for word in words { values.append(try Self.integer(word)) }
        return values
    }

    /// Adds a row of ABCD.
    ///
    /// After a bad one the values are lost.
    func add(_ line: ArraySlice<UInt8>, to values: inout [Int]) throws(CandidateFileError) {
        let words = line.words
        guard words.count == variableCount else {
            throw .header(
                Self.wrongCount(words.count, variableCount) + "; the rows after it build on it")
        }
        for (i, word) in words.enumerated() {
            let (sum, overflow) = values[i].addingReportingOverflow(try Self.integer(word))
            if overflow || sum == .min {
                throw .header("takes $\(Self.name(i)) beyond 2^63; the rows after it build on it")
            }
            values[i] = sum
        }
    }

    private static func wrongCount(_ found: Int, _ expected: Int) -> String {
        "has \(found) value\(found == 1 ? "" : "s") where the template wants \(expected)"
    }

    static func name(_ variable: Int) -> Character {
        Character(UnicodeScalar(UInt8(0x61 + variable)))
    }

    /// An integer, |x| < 2⁶³.
    static func integer(_ word: ArraySlice<UInt8>) throws(CandidateFileError) -> Int {
        guard let value = Int(String(decoding: word, as: UTF8.self)), value != .min else {
            throw .header("'\(word.shown)' is no integer between -2^63 and 2^63")
        }
        return value
    }

    // MARK: Candidates

    /// What the candidates of a row depend on; `nil` when all are tested.
    func condition(header: Int, _ values: [[UInt8]]) -> CandidateCondition? {
        if !isChain && rules.isEmpty { return nil }
        return CandidateCondition(
            header: header, memberCount: count, isChain: isChain,
            stops: rules.map { rule in
                CandidateCondition.Stop(
                    value: values[rule.variable], count: rule.count,
                    countsPrimes: rule.countsPrimes)
            })
    }

    /// How many candidates a row is.
    var count: Int { alternatives.count }

    /// The expression that an alternative becomes.
    ///
    /// - Throws: Where digits would run together, or `5#` and `7` become `5#7`, or `*` and `*3` a power, and
    ///   another number would be tested than was meant.
    func expand(
        _ values: [[UInt8]], _ alternative: Int, longest: Int
    ) throws(CandidateFileError) -> [UInt8] {
        let pieces = alternatives[alternative]
        var text: [UInt8] = []
        var endsInValue = false
        for (i, piece) in pieces.enumerated() {
            let (next, isValue): ([UInt8], Bool) =
                switch piece {
                case .literal(let literal): (literal, false)
                case .variable(let index): (values[index], true)
                }
            let times = UInt8(ascii: "*")
            if let last = text.last, let first = next.first,
                first.isAlphanumeric
                    && ((isValue || endsInValue) && last.isAlphanumeric
                        || isValue && i == pieces.count - 1 && "#!".utf8.contains(last))
                    || first == times && last == times
            {
                throw CandidateFileError(
                    "'\(next[...].shown)' would run together with the '\(text.suffix(20).shown)' "
                        + "before it: a sign is missing in the value or in the template")
            }
            if text.count + next.count > longest {
                throw CandidateFileError(
                    "makes an expression of more than the \(longest) bytes that are read")
            }
            text += next
            endsInValue = isValue
        }
        return text
    }
}
