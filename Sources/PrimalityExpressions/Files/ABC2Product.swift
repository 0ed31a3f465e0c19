// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// What the ranges of an ABC2 file make together: every combination, the last variable's values fastest.
///
/// One combination is there at a time.
struct ABC2Product: Sendable {
    private enum Values: Sendable {
        /// From, to and step.
        case range(Int, Int, Int)
        case primes(Int, Int)
        case list([[UInt8]])

        static let longestList = 1000

        /// The first value, or what stands for it.
        var first: Int? {
            switch self {
            case .range(let from, _, _): from
            case .primes(let from, let to): Self.prime(from: from, to: to)
            case .list: 0
            }
        }

        func next(after value: Int) -> Int? {
            switch self {
            case .range(_, let to, let step):
                let (next, overflow) = value.addingReportingOverflow(step)
                return overflow || (step > 0 ? next > to : next < to) ? nil : next
            case .primes(_, let to): return value == to ? nil : Self.prime(from: value + 1, to: to)
            case .list(let texts): return value + 1 < texts.count ? value + 1 : nil
            }
        }

        func text(of value: Int) -> [UInt8] {
            if case .list(let texts) = self { texts[value] } else { Array(String(value).utf8) }
        }

        private static func prime(from: Int, to: Int) -> Int? {
            var n = from
            while n <= to {
                if isPrime(UInt64(n)) { return n }
                if n == to { break }
                n += 1
            }
            return nil
        }
    }

    private let template: ABCTemplate
    /// The variables in the order of their lines.
    private var order: [Int] = []
    private var values: [Int: Values] = [:]
    /// The present value of each, and its text by the number of the variable.
    private var present: [Int] = []
    private var texts: [[UInt8]] = []
    /// Which of the template's alternatives is next; `nil` before the start and after the end.
    private var alternative: Int?
    /// What the last candidate depends on.
    private(set) var condition: CandidateCondition?

    init(_ template: ABCTemplate) { self.template = template }

    // MARK: Definitions

    /// Takes a line such as `a: from 1 to 1000 step 2`.
    mutating func define(_ line: ArraySlice<UInt8>) throws(CandidateFileError) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let name = line[..<colon].words.first, line[..<colon].words.count == 1,
            let variable = Self.variable(name)
        else { throw .header("defines no variable: write a line such as a: from 1 to 1000 step 2") }
        if !template.variables.contains(variable) {
            throw .header("defines $\(ABCTemplate.name(variable)), which the template does not use")
        }
        if values[variable] != nil {
            throw .header("defines $\(ABCTemplate.name(variable)) a second time")
        }
        let defined = try Self.values(line[(colon + 1)...])
        if defined.first == nil { throw .header("has no prime between its ends") }
        values[variable] = defined
        order.append(variable)
    }

    private static func variable(_ name: ArraySlice<UInt8>) -> Int? {
        let name = name.first == UInt8(ascii: "$") ? name.dropFirst() : name
        guard name.count == 1, let letter = name.first, letter >= 0x41,
            (0x61...0x7A).contains(letter | 0x20)
        else { return nil }
        return Int((letter | 0x20) - 0x61)
    }

    private static func values(_ text: ArraySlice<UInt8>) throws(CandidateFileError) -> Values {
        let spaced = text.flatMap { byte in
            [UInt8(ascii: "{"), UInt8(ascii: "}")].contains(byte) ? [0x20, byte, 0x20] : [byte]
        }
        let words = spaced[...].words
        let names = words.map { String(decoding: $0, as: UTF8.self).lowercased() }
        if names.count >= 3, names[0] == "in", names[1] == "{", names.last == "}" {
            let list = words[2..<(words.count - 1)].map { Array($0) }
            if list.isEmpty { throw .header("has an empty list") }
            if list.count > Values.longestList {
                throw .header("has a list of more than \(Values.longestList) values")
            }
            return .list(list)
        }
        if names.count == 5, names[0] == "primes", names[1] == "from", names[3] == "to" {
            let (from, to) = (try ABCTemplate.integer(words[2]), try ABCTemplate.integer(words[4]))
            if from < 0 || from > to { throw .header("has no prime between its ends") }
            return .primes(from, to)
        }
        guard names.count == 4 || names.count == 6 && names[4] == "step", names[0] == "from",
            names[2] == "to" || names[2] == "downto"
        else {
            throw .header(
                "is none of: from 1 to 9 step 2, from 9 downto 1 step -1, primes from 5 to 99, "
                    + "in { 4 6 10 }")
        }
        let isDown = names[2] == "downto"
        let (from, to) = (try ABCTemplate.integer(words[1]), try ABCTemplate.integer(words[3]))
        let step = names.count == 6 ? try ABCTemplate.integer(words[5]) : isDown ? -1 : 1
        if isDown ? step >= 0 || from < to : step <= 0 || from > to {
            throw .header(
                isDown
                    ? "counts down: its step has to be below 0, and its beginning not below its end"
                    : "counts up: its step has to be above 0, and its beginning not above its end")
        }
        return .range(from, to, step)
    }

    // MARK: Candidates

    /// Begins with the first combination.
    ///
    /// - Throws: Which variable was not defined.
    mutating func start() throws(CandidateFileError) {
        texts = Array(repeating: [], count: template.variableCount)
        for variable in template.variables.sorted() {
            guard values[variable] != nil else {
                throw .header("is the end, and $\(ABCTemplate.name(variable)) was not defined")
            }
        }
        present = Array(repeating: 0, count: order.count)
        for i in order.indices { reset(i) }
        alternative = 0
    }

    private mutating func reset(_ i: Int) {
        if let values = values[order[i]], let first = values.first { set(i, first, values) }
    }

    private mutating func set(_ i: Int, _ value: Int, _ values: Values) {
        present[i] = value
        texts[order[i]] = values.text(of: value)
    }

    /// The next candidate; `nil` at the end.
    mutating func next(longest: Int) throws(CandidateFileError) -> [UInt8]? {
        guard let now = alternative else { return nil }
        if now == 0 { condition = template.condition(header: 0, texts) }
        condition?.member = now
        let result: Result<[UInt8], CandidateFileError>
        do throws(CandidateFileError) {
            result = .success(try template.expand(texts, now, longest: longest))
        } catch {
            result = .failure(error)
        }
        alternative = now + 1 < template.count ? now + 1 : advance() ? 0 : nil
        return try result.get()
    }

    /// Goes to the next combination; `false` after the last.
    private mutating func advance() -> Bool {
        for i in order.indices.reversed() {
            guard let values = values[order[i]] else { continue }
            if let next = values.next(after: present[i]) {
                set(i, next, values)
                return true
            }
            reset(i)
        }
        return false
    }
}
