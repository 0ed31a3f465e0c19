// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// An arithmetic expression, such as `3*2^5000+1`, `503#-641` or `Phi(3,10^20)`.
///
/// From loose to tight: `||` or `OR`, then `&&` or `AND`, then `!= ==`, then `>= <= > <`, then `+ -`,
/// then `* . / %`, then unary `-`, then `^`, then what follows its operand: `x#`, the product of the
/// primes up to x; `n#m`, of those from m to n; `n!`; and `n!m`, n (n − m) (n − 2m) …. Numbers are
/// decimal, or hexadecimal after `0x`. The case of names does not count.
///
/// As people write numbers, `+7` is 7, `2**7` is 2^7, `1e12` is 10^12, `M127` is M(127), and `1_000_003` and
/// `1,000,003` are 1000003. Commas group the digits only of a number that is the whole text, by threes; where
/// there is one comma alone it may separate two numbers, and is refused, unless a group begins with 0.
///
/// Comparisons are 1 where they hold and 0 where not. What is not 0 is true for `||` and `&&`, which are
/// 1 or 0 too; both of their sides are computed.
///
/// As in PFGW, `p(n)` is the nth prime, `nextprime(x)` and `prevprime(x)` are the next (probable) prime
/// above and below x, `R(n, x)` is n times the digits of x in a row, `Sm(n)` the numbers from 1 to n in a
/// row, `SmW(x)` the primes up to x, and `SmWp(n)` the first n primes: `R(3, 17)` is 171717, `Sm(12)` is
/// 123456789101112, and `SmW(13)` is 23571113, as is `SmWp(6)`. `p` goes to 50,000,000, and `nextprime` and
/// `prevprime` to 2048 bits; of the longest of these searches an expression may have four, of the shortest
/// 4000.
///
/// Where programs differ it is refused rather than guessed: `a^b^c` and `n!!` without brackets,
/// and quotients that are no integers.
public struct NumberExpression: Sendable {
    enum Operation: Sendable, Equatable {
        /// Digits from the position on, with what groups them.
        case number
        /// 10.
        case ten
        case add, subtract, multiply, divide, remainder, negate, power
        /// Which signs a difference may have for its operands to compare so.
        case compare(negative: Bool, zero: Bool, positive: Bool)
        case or, and
        /// `x#` and `n#m`.
        case primorial, primorialFrom
        /// `n!` and `n!m`.
        case factorial, multifactorial
        case function(Function, argumentCount: Int)
    }

    struct Step: Sendable, Equatable {
        var operation: Operation
        /// Its place in the text, from 0, and how much of it is its name.
        var place: Int
        var length: Int
    }

    let text: [UInt8]
    /// In the order of evaluation: operands before what is done to them.
    ///
    /// A list has no depth that could overflow a stack.
    let steps: [Step]

    /// Reads an expression.
    ///
    /// - Throws: Where it is none, and why.
    /// - Complexity: O(length).
    public init(parsing text: String) throws(ExpressionError) { try self.init(Array(text.utf8)) }

    package init(_ text: [UInt8]) throws(ExpressionError) {
        var parser = ExpressionParser(text)
        try parser.parse()
        self.text = text
        steps = parser.steps
    }
}

/// What can be called.
enum Function: String, Sendable, CaseIterable {
    /// 2ⁿ − 1.
    case mersenne = "M"
    /// (10ⁿ − 1) / 9; with a second argument its digits, n times in a row.
    case repunit = "R"
    case fibonacci = "F"
    case lucas = "L"
    /// Cyclotomic polynomials: n, x.
    case cyclotomic = "Phi"
    case gcd = "gcd"
    /// Binomial coefficients: n, k.
    case binomial = "C"
    /// The number of decimal digits.
    case length = "len"
    /// Uₙ(p, q) and Vₙ(p, q): p, q, n.
    case lucasSequenceU = "lucasU"
    case lucasSequenceV = "lucasV"
    /// The nth prime.
    case prime = "p"
    case nextPrime = "nextprime"
    case previousPrime = "prevprime"
    /// Smarandache: 1 to n in a row.
    case smarandache = "Sm"
    /// Smarandache–Wellin: the primes up to x in a row, and the first n.
    case smarandacheWellin = "SmW"
    case smarandacheWellinByIndex = "SmWp"

    var argumentCounts: ClosedRange<Int> {
        switch self {
        case .repunit: 1...2
        case .mersenne, .fibonacci, .lucas, .length, .prime, .nextPrime, .previousPrime,
            .smarandache, .smarandacheWellin, .smarandacheWellinByIndex:
            1...1
        case .cyclotomic, .gcd, .binomial: 2...2
        case .lucasSequenceU, .lucasSequenceV: 3...3
        }
    }

    /// By their names in lower case.
    private static let named = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.rawValue.lowercased(), $0) })

    /// The function of a name; the case does not count.
    init?(named name: String) {
        guard let function = Self.named[name.lowercased()] else { return nil }
        self = function
    }

    /// What else PFGW has, in lower case.
    ///
    /// U and V are the primitive parts of F and L.
    static let unsupported: Set<String> = [
        "u", "v", "smr", "ce", "s", "w", "primu", "primv", "linear", "if", "and", "or", "not",
    ]
}

/// Recursive descent, one function for each level of precedence.
struct ExpressionParser {
    /// Far more than people write; the parser's stack grows with it.
    private static let depthLimit = 64

    private typealias Choices = [(Unicode.Scalar, NumberExpression.Operation)]
    private static let sums: Choices = [("+", .add), ("-", .subtract)]
    private static let products: Choices = [
        ("*", .multiply), ("/", .divide), ("%", .remainder), (".", .multiply),
    ]
    private static let powers: Choices = [("^", .power)]
    private static let doubledStars: Choices = [("*", .power)]

    private typealias Signs = [(String, NumberExpression.Operation)]
    private static let disjunctions: Signs = [("||", .or), ("OR", .or)]
    private static let conjunctions: Signs = [("&&", .and), ("AND", .and)]
    private static let equalities: Signs = [
        ("!=", .compare(negative: true, zero: false, positive: true)),
        ("==", .compare(negative: false, zero: true, positive: false)),
    ]
    private static let orders: Signs = [
        // Before what they begin with.
        (">=", .compare(negative: false, zero: true, positive: true)),
        ("<=", .compare(negative: true, zero: true, positive: false)),
        (">", .compare(negative: false, zero: false, positive: true)),
        ("<", .compare(negative: true, zero: false, positive: false)),
    ]

    private let text: [UInt8]
    private var next = 0
    private var depth = 0
    private(set) var steps: [NumberExpression.Step] = []

    init(_ text: [UInt8]) { self.text = text }

    mutating func parse() throws(ExpressionError) {
        skipBlanks()
        if next == text.count { throw ExpressionError(.number(.empty)) }
        if at("+") && next + 1 < text.count && text[next + 1] != UInt8(ascii: "+") { _ = take("+") }
        if try groupedByCommas() { return }
        try disjunction()
        guard next < text.count else { return }
        switch text[next] {
        case UInt8(ascii: ")"): throw error(.unopened)
        case UInt8(ascii: ","): throw error(.invalidCharacter)
        default: throw stray()
        }
    }

    /// Takes a number whose digits commas group, when that is all there is.
    ///
    /// - Throws: Where the commas may be something else.
    private mutating func groupedByCommas() throws(ExpressionError) -> Bool {
        // Most often there is none.
        guard isDigit(next), text[next...].contains(UInt8(ascii: ",")) else { return false }
        var rest = text[next...]
        while let byte = rest.last, byte == 0x20 || byte == 0x09 { rest = rest.dropLast() }
        let comma = UInt8(ascii: ",")
        guard rest.indices.allSatisfy({ rest[$0] == comma || isDigit($0) }),
            let first = rest.firstIndex(of: comma)
        else { return false }
        let groups = rest.split(separator: comma, omittingEmptySubsequences: false)
        // Nobody writes 007 for a number of its own.
        let isNumber =
            groups[0].count <= 3 && groups[0].first != UInt8(ascii: "0")
            && groups.dropFirst().allSatisfy { $0.count == 3 }
            && (groups.count > 2 || groups[1].first == UInt8(ascii: "0"))
        if !isNumber { throw error(.ambiguousComma, at: first) }
        append(.number, at: next, length: rest.count)
        next = text.count
        return true
    }

    private mutating func disjunction() throws(ExpressionError) {
        try conjunction()
        while let operation = operation(Self.disjunctions) {
            try conjunction()
            steps.append(operation)
        }
    }

    private mutating func conjunction() throws(ExpressionError) {
        try equality()
        while let operation = operation(Self.conjunctions) {
            try equality()
            steps.append(operation)
        }
    }

    private mutating func equality() throws(ExpressionError) {
        try order()
        while let operation = operation(Self.equalities) {
            try order()
            steps.append(operation)
        }
    }

    private mutating func order() throws(ExpressionError) {
        try sum()
        while let operation = operation(Self.orders) {
            try sum()
            steps.append(operation)
        }
    }

    private mutating func sum() throws(ExpressionError) {
        try product()
        while let operation = operation(Self.sums) {
            try product()
            steps.append(operation)
        }
    }

    private mutating func product() throws(ExpressionError) {
        try negated()
        while let operation = operation(Self.products) {
            let place = operation.place
            if text[place] == UInt8(ascii: "."), place > 0, isDigit(place - 1), isDigit(place + 1) {
                throw error(.fraction, at: place)
            }
            try negated()
            steps.append(operation)
        }
    }

    private mutating func negated() throws(ExpressionError) {
        var isNegative = false
        let place = next
        while take("-") { isNegative.toggle() }
        try power()
        if isNegative { append(.negate, at: place) }
    }

    private mutating func power() throws(ExpressionError) {
        try postfix()
        // 2**7 as some languages have it.
        let isDoubled = atDoubledStar
        if isDoubled { next += 1 }
        guard var operation = operation(isDoubled ? Self.doubledStars : Self.powers) else { return }
        if isDoubled { (operation.place, operation.length) = (operation.place - 1, 2) }
        // A negative exponent is refused by its value.
        var isNegative = false
        let place = next
        while take("-") { isNegative.toggle() }
        try postfix()
        if isNegative { append(.negate, at: place) }
        steps.append(operation)
        if at("^") || atDoubledStar {
            throw error(.chainedPowers, length: at("^") ? 1 : 2)
        }
    }

    private var atDoubledStar: Bool { text[next...].starts(with: "**".utf8) }

    private mutating func postfix() throws(ExpressionError) {
        try primary()
        while at("#") || at("!") && !atInequality {
            let place = next
            let isFactorial = text[next] == UInt8(ascii: "!")
            next += 1
            if isFactorial && next < text.count && text[next] == UInt8(ascii: "!") {
                throw error(.doubleFactorial, at: place, length: 2)
            }
            if next < text.count, isDigit(next) || text[next] == UInt8(ascii: "(") {
                try primary()
                append(isFactorial ? .multifactorial : .primorialFrom, at: place)
            } else {
                skipBlanks()
                append(isFactorial ? .factorial : .primorial, at: place)
            }
        }
    }

    /// Whether `!=` is next, and not the `!` and `==` of `5!==120`.
    private var atInequality: Bool {
        let rest = text[next...]
        return rest.starts(with: "!=".utf8) && !rest.starts(with: "!==".utf8)
    }

    private mutating func primary() throws(ExpressionError) {
        guard next < text.count else { throw endError() }
        if isDigit(next) { return number() }
        let place = next
        if take("(") {
            try enter(place)
            try disjunction()
            try leave(place)
        } else if isLetter(next) {
            try call()
        } else {
            throw isStray(next) ? stray() : error(.missingOperand)
        }
    }

    private mutating func number() {
        let place = next
        let isHexadecimal =
            text[next] == UInt8(ascii: "0") && next + 2 < text.count
            && text[next + 1] | 0x20 == UInt8(ascii: "x") && isHexadecimalDigit(next + 2)
        if isHexadecimal { next += 2 }
        while isHexadecimal ? isHexadecimalDigit(next) : isDigit(next) {
            next += 1
            // 1_000_003
            let isGrouped =
                next < text.count && text[next] == UInt8(ascii: "_")
                && (isHexadecimal ? isHexadecimalDigit(next + 1) : isDigit(next + 1))
            if isGrouped { next += 1 }
        }
        append(.number, at: place, length: next - place)
        if !isHexadecimal { powerOfTen() }
        skipBlanks()
    }

    /// The `e12` of `1e12`.
    private mutating func powerOfTen() {
        let place = next
        guard place < text.count, text[place] | 0x20 == UInt8(ascii: "e") else { return }
        var end = place + 1
        if end < text.count && text[end] == UInt8(ascii: "+") { end += 1 }
        let first = end
        while isDigit(end) { end += 1 }
        // 1E6F is hexadecimal without its 0x.
        if end == first || end < text.count && isLetter(end) { return }
        next = end
        append(.ten, at: place)
        append(.number, at: first, length: end - first)
        append(.power, at: place)
        append(.multiply, at: place)
    }

    private mutating func call() throws(ExpressionError) {
        let place = next
        while next < text.count, isLetter(next) { next += 1 }
        let name = String(decoding: text[place..<next], as: UTF8.self)
        if let wrong = hexadecimal(at: place) { throw wrong }
        guard let function = Function(named: name) else {
            throw error(
                Function.unsupported.contains(name.lowercased()) ? .unsupported : .unknownName,
                at: place, length: name.utf8.count)
        }
        if case .mersenne = function, isDigit(next) {
            // M127
            let first = next
            while isDigit(next) { next += 1 }
            append(.number, at: first, length: next - first)
            append(.function(function, argumentCount: 1), at: place)
            return skipBlanks()
        }
        skipBlanks()
        let bracket = next
        let counts = function.argumentCounts
        guard take("(") else {
            throw error(
                .argumentCount(expected: counts.lowerBound, found: 0), at: place,
                length: name.utf8.count)
        }
        try enter(bracket)
        var count = 1
        try disjunction()
        while take(",") {
            try disjunction()
            count += 1
        }
        try leave(bracket)
        if !counts.contains(count) {
            let nearest = count < counts.lowerBound ? counts.lowerBound : counts.upperBound
            throw error(
                .argumentCount(expected: nearest, found: count), at: place,
                length: name.utf8.count)
        }
        append(.function(function, argumentCount: count), at: place, length: name.utf8.count)
    }

    // MARK: Brackets

    private mutating func enter(_ place: Int) throws(ExpressionError) {
        depth += 1
        if depth > Self.depthLimit { throw error(.tooDeep(limit: Self.depthLimit), at: place) }
    }

    private mutating func leave(_ place: Int) throws(ExpressionError) {
        depth -= 1
        if take(")") { return }
        throw next == text.count ? error(.unclosed, at: place) : stray()
    }

    // MARK: Characters

    private func at(_ character: Unicode.Scalar) -> Bool {
        next < text.count && text[next] == UInt8(ascii: character)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard at(character) else { return false }
        next += 1
        skipBlanks()
        return true
    }

    private mutating func operation(_ choices: Choices) -> NumberExpression.Step? {
        let place = next
        for (character, operation) in choices where take(character) {
            return NumberExpression.Step(operation: operation, place: place, length: 1)
        }
        return nil
    }

    private mutating func operation(_ signs: Signs) -> NumberExpression.Step? {
        let place = next
        // Most often there is nothing more, or a bracket.
        if place == text.count || text[place] == UInt8(ascii: ")") { return nil }
        for (sign, operation) in signs where isNext(sign) {
            let end = place + sign.utf8.count
            // ORx is a name.
            if isLetter(place) && end < text.count && isLetter(end) { continue }
            next = end
            skipBlanks()
            return NumberExpression.Step(operation: operation, place: place, length: end - place)
        }
        return nil
    }

    /// Whether a sign or a word is next, in any case.
    private func isNext(_ sign: String) -> Bool {
        if !isLetter(next) { return text[next...].starts(with: sign.utf8) }
        let word = text[next...].prefix(sign.utf8.count).map { $0 & ~0x20 }
        return word.elementsEqual(sign.utf8)
    }

    private mutating func append(
        _ operation: NumberExpression.Operation, at place: Int, length: Int = 1
    ) {
        steps.append(NumberExpression.Step(operation: operation, place: place, length: length))
    }

    private mutating func skipBlanks() {
        while next < text.count, text[next] == 0x20 || text[next] == 0x09 { next += 1 }
    }

    private func isDigit(_ place: Int) -> Bool {
        place < text.count && text[place].isDigit
    }

    private func isHexadecimalDigit(_ place: Int) -> Bool {
        place < text.count && text[place].isHexadecimalDigit
    }

    private func isLetter(_ place: Int) -> Bool {
        text[place].isLetter
    }

    // MARK: Errors

    /// Whether a character is none of those that expressions are made of.
    private func isStray(_ place: Int) -> Bool {
        !"+-*./%^#!(),=<>|&".utf8.contains(text[place]) && !isDigit(place) && !isLetter(place)
    }

    /// What is wrong where letters and digits are those of hexadecimal without `0x`, and no name is called.
    private func hexadecimal(at place: Int) -> ExpressionError? {
        func isPart(_ place: Int) -> Bool { isDigit(place) || isLetter(place) }
        var (first, end) = (place, place)
        while first > 0 && isPart(first - 1) { first -= 1 }
        while end < text.count && isPart(end) { end += 1 }
        guard end - first > 1, (first..<end).allSatisfy(isHexadecimalDigit),
            end == text.count || text[end] != UInt8(ascii: "(")
        else { return nil }
        return error(.hexadecimal, at: first, length: end - first)
    }

    /// What is wrong with the next character, which does not go on.
    private func stray() -> ExpressionError {
        if isLetter(next), let error = hexadecimal(at: next) { return error }
        let rest = text[next...]
        // PFGW's other names of >= and <=.
        for name in ["=>", "=<"] where rest.starts(with: name.utf8) {
            return error(.unsupported, at: next, length: name.utf8.count)
        }
        if text[next] == UInt8(ascii: "$") {
            return error(.variable, at: next, length: min(2, rest.count))
        }
        let isAlone = "=|&".utf8.contains(text[next])
        return error(isStray(next) || isAlone ? .invalidCharacter : .missingOperator)
    }

    private func endError() -> ExpressionError {
        var last = text.count - 1
        while last > 0, text[last] == 0x20 || text[last] == 0x09 { last -= 1 }
        return error(.endsEarly, at: last)
    }

    private func error(
        _ problem: ExpressionError.Problem, at place: Int? = nil, length: Int = 1
    ) -> ExpressionError {
        let place = place ?? next
        let token =
            problem == .invalidCharacter
            ? NumberTextError.name(of: text[place])
            : ExpressionError.token(in: text, at: place, length: length)
        return ExpressionError(problem, at: place + 1, token: token)
    }
}

extension ExpressionError {
    /// A part of a text as it can be shown.
    static func token(in text: [UInt8], at place: Int, length: Int) -> String {
        let shown = text[place...].prefix(min(length, 24))
        let token = String(
            decoding: shown.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self)
        return length > 24 ? token + "..." : token
    }
}
