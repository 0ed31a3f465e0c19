// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// How a file says what its candidates are.
public enum CandidateFormat: String, Sendable, CaseIterable {
    /// What the first line says; without a header, lines.
    case auto
    /// An expression a line.
    case lines
    /// A template, and rows of values.
    case abc
    /// A template with its first values, and rows of what is added to them.
    case abcd
    /// A template, and a range for each variable; what all of them together make.
    case abc2
    /// A form, and rows `k n`.
    case newpgen
    /// Rows `n a(n)`, as OEIS has them: the second numbers.
    case bfile
    /// Lines such as `PRP=k,b,n,c` and `Test=p`, as GIMPS has them: the numbers that they are about.
    case worktodo
    /// A number a line, in hexadecimal with or without `0x`, or as `openssl` prints it, with colons.
    case hex
}

/// What is wrong with a line of candidates.
public struct CandidateFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, and what to do.
    public let description: String
    /// What follows cannot be understood either.
    public let endsReading: Bool

    package init(_ description: String, endsReading: Bool = false) {
        self.description = description
        self.endsReading = endsReading
    }

    static func header(_ description: String) -> CandidateFileError {
        CandidateFileError(description, endsReading: true)
    }
}

/// What decides whether a candidate of a file is tested: others of its row, and those of rows before it.
///
/// A row is what one line gives, or in ABC2 one combination. As in PFGW, whether a value has had enough is
/// looked at when a row begins, and then holds for all candidates of the row.
public struct CandidateCondition: Sendable, Equatable {
    /// `{number_primes,$a,1}`: rows with a value are left out when so many candidates of rows before them
    /// with that value were prime, or composite.
    public struct Stop: Sendable, Equatable {
        /// The value, as it is written.
        public var value: [UInt8]
        /// How many are enough, 1 or more.
        public var count: Int
        /// Whether primes and probable primes count, or else composites; 0 and 1 are neither.
        public var countsPrimes: Bool

        package init(value: [UInt8], count: Int, countsPrimes: Bool) {
            self.value = value
            self.count = count
            self.countsPrimes = countsPrimes
        }
    }

    /// Which header of the file it stands under.
    ///
    /// What is counted is counted anew under each.
    public var header: Int
    /// Which of its row's candidates it is, from 0.
    public var member = 0
    /// How many candidates the row has.
    public var memberCount: Int
    /// They are joined by `&`: all after the first that does not pass are left out.
    public var isChain: Bool
    /// What leaves out the row, each alone; as many, and in the same order, under all of a header.
    public var stops: [Stop]

    package init(
        header: Int, member: Int = 0, memberCount: Int, isChain: Bool, stops: [Stop]
    ) {
        self.header = header
        self.member = member
        self.memberCount = memberCount
        self.isChain = isChain
        self.stops = stops
    }
}

/// Makes candidates of the lines of a file: lines in, expressions out.
///
/// Give it a line and take candidates until there is none, then the next line, and at the end say so.
///
/// It keeps no more than a line, however many candidates there are. It does not know what becomes of them:
/// ``condition`` says which are not to be tested then.
///
/// In all formats `//` begins a comment, lines that begin with `#` are comments, and `\` at the end of a
/// line joins the next one to it.
public struct CandidateParser: Sendable {
    /// A candidate.
    public struct Candidate: Sendable, Equatable {
        /// The expression.
        ///
        /// A plain line is given whole: it may end in a comment, see ``CandidateParser/withoutComment(_:)``.
        public var text: ArraySlice<UInt8>
        /// How long the line was of which the text is only the beginning; else `nil`.
        public var lengthOfCut: Int?

        /// A candidate.
        public init(text: ArraySlice<UInt8>, lengthOfCut: Int? = nil) {
            self.text = text
            self.lengthOfCut = lengthOfCut
        }
    }

    private enum State {
        case undecided
        case lines
        case abc(ABCTemplate)
        case abcd(ABCTemplate, [Int])
        case abc2(ABC2Product)
        case newpgen(NewPGenForm)
        /// The first line was two numbers: of a b-file, if the second one goes on with it.
        case pair([UInt8], BFileRow, line: Int)
        case bfile
        case worktodo
        case hex(HexadecimalLines)
        case ended
    }

    private let wanted: CandidateFormat
    /// What the lines are; ``CandidateFormat/auto`` before the first one.
    public private(set) var format = CandidateFormat.auto
    private let longest: Int
    private var state = State.undecided
    private var isFirstLine = true
    /// Lines that the next one continues.
    private var joined: [UInt8] = []
    private var isJoining = false
    /// The line's candidates, where it is one itself or says what a line before it was.
    private var lines: [(candidate: Candidate, linesBack: Int)] = []
    /// How many lines there were.
    private var lineCount = 0
    /// How far before the last line the one stood that gave the last candidate.
    public private(set) var linesBack = 0
    /// The header that the rest of an ABC2 file stands under.
    private var nextHeader: [UInt8]?
    /// The row's values, and how many of its candidates were given.
    private var row: [[UInt8]] = []
    private var given = 0
    /// How many headers there were.
    private var headers = 0
    /// Decides whether the last candidate is tested, be it one or what was wrong with it; `nil` where
    /// nothing does, or the whole line was wrong.
    public private(set) var condition: CandidateCondition?

    /// - Parameters:
    ///   - format: What the lines are to be.
    ///   - longest: The longest text that a candidate or joined lines may have.
    public init(format: CandidateFormat = .auto, longest: Int = 1 << 20) {
        wanted = format
        self.longest = longest
        switch format {
        case .lines: state = .lines
        case .bfile: state = .bfile
        case .worktodo: state = .worktodo
        case .hex: state = .hex(HexadecimalLines())
        case .auto, .abc, .abcd, .abc2, .newpgen: return
        }
        self.format = format
    }

    // MARK: Lines

    /// Whether ``next()`` may have more: not where each line is a candidate.
    public var isExpanding: Bool {
        switch format {
        case .auto, .lines, .bfile, .worktodo, .hex: !lines.isEmpty
        case .abc, .abcd, .abc2, .newpgen: true
        }
    }

    /// Takes a line, without its end, when there is no candidate left.
    ///
    /// - Parameters:
    ///   - line: The line, or its beginning.
    ///   - length: How long it is when that is only its beginning.
    /// - Returns: The first candidate that it makes. ``next()`` has the others.
    /// - Throws: What is wrong with it. Unless that ends the reading, the next line may be given.
    @discardableResult
    public mutating func take(
        _ line: ArraySlice<UInt8>, length: Int? = nil
    ) throws(CandidateFileError) -> Candidate? {
        var text = line
        lineCount += 1
        linesBack = 0
        if isFirstLine {
            // A byte order mark.
            if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
            isFirstLine = false
        }
        let length = length.flatMap { $0 > line.count ? $0 : nil }
        while let byte = text.first, byte.isBlank { text = text.dropFirst() }
        if length == nil { text = trimmingEnd(text) }
        if !isJoining {
            guard let first = text.first, first != UInt8(ascii: "#") else { return nil }
            if first == UInt8(ascii: "/") && beginsWithComment(text) { return nil }
            if case .lines = format, text.last != UInt8(ascii: "\\") || length != nil,
                first | 0x20 != UInt8(ascii: "a") || !isHeader(text)
            {
                return Candidate(text: text, lengthOfCut: length)
            }
        }
        do throws(CandidateFileError) {
            try takeLong(text, length)
        } catch {
            if error.endsReading { end() }
            throw error
        }
        return try next()
    }

    private mutating func end() {
        state = .ended
        format = .auto
        row = []
        lines = []
        nextHeader = nil
        isJoining = false
        condition = nil
    }

    /// Whether a line among others that are candidates is a header.
    private func isHeader(_ line: ArraySlice<UInt8>) -> Bool {
        wanted == .auto && ABCTemplate.isHeader(line)
    }

    /// A line that has to be looked at: a header, a row, or a part.
    private mutating func takeLong(
        _ line: ArraySlice<UInt8>, _ length: Int?
    ) throws(CandidateFileError) {
        if let length {
            isJoining = false
            if case .hex = state { state = .hex(HexadecimalLines()) }
            if case .undecided = state, wanted == .auto, !mayBeHeader(line) {
                state = .lines
                format = .lines
                lines = [(Candidate(text: line, lengthOfCut: length), 0)]
                return
            }
            throw tooLong(length)
        }
        let bare = Self.withoutComment(line)
        let isContinued = bare.last == UInt8(ascii: "\\")
        if !isContinued && !isJoining { return try takeWhole(line) }
        if !isJoining { joined = [] }
        isJoining = isContinued
        // Of a header the comment is wanted too.
        joined += isContinued ? bare.dropLast() : line
        if joined.count > longest {
            isJoining = false
            throw tooLong(joined.count)
        }
        if !isContinued { try takeWhole(joined[...]) }
    }

    private mutating func takeWhole(_ line: ArraySlice<UInt8>) throws(CandidateFileError) {
        let bare = Self.withoutComment(line)
        if bare.isEmpty { return }
        given = 0
        condition = nil
        switch state {
        case .undecided:
            if wanted == .auto, let row = BFileRow(bare), row.isOfBFileOnly {
                state = .pair(Array(bare), row, line: lineCount)
            } else {
                try begin(line)
            }
        case .pair(let first, let row, let firstLine):
            // It is no expression, so it is what the second line says.
            let linesBack = lineCount - firstLine
            if let second = BFileRow(bare), second.follows(row) {
                state = .bfile
                format = .bfile
                hold(row.value, linesBack: linesBack)
                hold(second.value)
            } else {
                state = .lines
                format = .lines
                hold(first, linesBack: linesBack)
                isHeader(bare) ? try begin(line) : hold(Array(bare))
            }
        case .lines:
            isHeader(bare) ? try begin(line) : hold(Array(bare))
        case .abc(let template):
            if isHeaderOfRows(bare) { return try begin(line) }
            row = []
            row = try template.row(bare)
            condition = template.condition(header: headers, row)
        case .abcd(let template, var values):
            if isHeaderOfRows(bare) { return try begin(line) }
            try template.add(bare, to: &values)
            state = .abcd(template, values)
            row = values.map { Array(String($0).utf8) }
            condition = template.condition(header: headers, row)
        case .abc2(var product):
            if isHeaderOfRows(bare) {
                try product.start()
                nextHeader = Array(line)
            } else {
                try product.define(bare)
            }
            state = .abc2(product)
        case .newpgen(let form):
            if isHeaderOfRows(bare) { return try begin(line) }
            row = []
            row = try form.row(bare)
            condition = form.condition(header: headers)
        case .bfile:
            if isHeader(bare) { return try begin(line) }
            guard let row = BFileRow(bare) else {
                throw CandidateFileError("is no row of a b-file: n and a(n), two numbers")
            }
            hold(row.value)
        case .worktodo:
            if let text = try WorktodoLine.expression(of: bare) { hold(text) }
        case .hex(var reader):
            defer { state = .hex(reader) }
            if let text = try reader.take(bare, longest: longest) { hold(text) }
        case .ended: break
        }
    }

    private mutating func hold(_ text: [UInt8], linesBack: Int = 0) {
        lines.append((Candidate(text: text[...]), linesBack))
    }

    /// Whether a line is a header, or a misspelt one, where rows could stand: they are taken for nothing else.
    private func isHeaderOfRows(_ line: ArraySlice<UInt8>) -> Bool {
        ABCTemplate.looksLikeHeader(line) || NewPGenForm.looksLikeHeader(line)
    }

    /// Takes the end of the input.
    ///
    /// - Returns: The first candidate that is left. ``next()`` has the others.
    /// - Throws: What is missing.
    @discardableResult
    public mutating func finish() throws(CandidateFileError) -> Candidate? {
        do throws(CandidateFileError) {
            if isJoining {
                isJoining = false
                try takeWhole(joined[...])
            }
            switch state {
            case .abc2(var product):
                try product.start()
                state = .abc2(product)
            case .pair(let first, _, let firstLine):
                state = .lines
                format = .lines
                hold(first, linesBack: lineCount - firstLine)
            case .hex(let reader): try reader.finish()
            default: break
            }
        } catch {
            if error.endsReading { end() }
            throw error
        }
        return try next()
    }

    // MARK: Headers

    /// Takes the first line, or another header.
    private mutating func begin(_ line: ArraySlice<UInt8>) throws(CandidateFileError) {
        let bare = Self.withoutComment(line)
        let found: CandidateFormat
        if ABCTemplate.looksLikeHeader(bare) {
            found = try ABCTemplate.format(ofHeader: bare)
        } else if NewPGenForm.looksLikeHeader(bare) {
            found = .newpgen
        } else {
            try ABCTemplate.refuseOtherHeaders(bare)
            found = .lines
        }
        if wanted != .auto && wanted != found {
            throw .header(
                "is no header of \(wanted.rawValue), which the input was said to be")
        }
        format = found
        switch found {
        case .abc: state = .abc(try template(line))
        case .abcd:
            let template = try template(line)
            let values = try template.takeValues()
            state = .abcd(template, values)
            row = values.map { Array(String($0).utf8) }
            condition = template.condition(header: headers, row)
        case .abc2: state = .abc2(ABC2Product(try template(line)))
        case .newpgen:
            state = .newpgen(try NewPGenForm(bare))
            row = []
            headers += 1
        default:
            state = .lines
            hold(Array(bare))
        }
    }

    private mutating func template(
        _ line: ArraySlice<UInt8>
    ) throws(CandidateFileError) -> ABCTemplate {
        let bare = Self.withoutComment(line)
        let template = try ABCTemplate(header: bare, comment: line[bare.endIndex...])
        row = []
        headers += 1
        return template
    }

    // MARK: Candidates

    /// The next candidate; `nil` when another line is wanted, or the end.
    ///
    /// - Throws: Why the next candidate is none; the one after it can be asked for.
    public mutating func next() throws(CandidateFileError) -> Candidate? {
        if !lines.isEmpty {
            let first = lines.removeFirst()
            linesBack = first.linesBack
            return first.candidate
        }
        linesBack = 0
        switch state {
        case .abc(let template), .abcd(let template, _):
            if row.isEmpty || given == template.count { return nil }
            condition?.member = given
            given += 1
            return Candidate(text: try template.expand(row, given - 1, longest: longest)[...])
        case .newpgen(let form):
            if row.isEmpty || given == form.count { return nil }
            condition?.member = given
            given += 1
            return Candidate(text: form.expand(row, given - 1)[...])
        case .abc2(var product):
            let text: Result<[UInt8]?, CandidateFileError>
            do throws(CandidateFileError) {
                text = .success(try product.next(longest: longest))
            } catch {
                text = .failure(error)
            }
            state = .abc2(product)
            condition = product.condition
            condition?.header = headers
            if let text = try text.get() { return Candidate(text: text[...]) }
            return try goOn()
        case .undecided, .lines, .pair, .bfile, .worktodo, .hex, .ended: return nil
        }
    }

    /// Goes on under the header that has ended an ABC2 file's ranges.
    private mutating func goOn() throws(CandidateFileError) -> Candidate? {
        guard let header = nextHeader else { return nil }
        nextHeader = nil
        given = 0
        condition = nil
        do throws(CandidateFileError) {
            try begin(header[...])
        } catch {
            if error.endsReading { end() }
            throw error
        }
        return try next()
    }

    private func mayBeHeader(_ line: ArraySlice<UInt8>) -> Bool {
        ABCTemplate.looksLikeHeader(line) || NewPGenForm.looksLikeHeader(line)
            || line.contains(UInt8(ascii: "$"))
    }

    private func tooLong(_ length: Int) -> CandidateFileError {
        if case .undecided = state {
            return .header("has \(length) bytes, more than the \(longest) that are read")
        }
        if case .abcd = state {
            return .header("has \(length) bytes, more than the \(longest) that are read")
        }
        return CandidateFileError("has \(length) bytes, more than the \(longest) that are read")
    }

    // MARK: Text

    /// A line without the comment after `//`, and without the blanks before that.
    public static func withoutComment(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = line
        while let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
            rest = line[(slash + 1)...]
            if rest.first == UInt8(ascii: "/") { return trimmingEnd(line[..<slash]) }
        }
        return trimmingEnd(line)
    }

    private func beginsWithComment(_ line: ArraySlice<UInt8>) -> Bool {
        line.first == UInt8(ascii: "/") && line.dropFirst().first == UInt8(ascii: "/")
    }
}

private func trimmingEnd(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var line = line
    while let byte = line.last, byte.isBlank { line = line.dropLast() }
    return line
}

extension ArraySlice<UInt8> {
    /// What blanks separate.
    var words: [ArraySlice<UInt8>] { split(whereSeparator: { $0.isBlank }) }

    /// As it can be shown: its beginning, in printable characters.
    var shown: String {
        ExpressionError.token(in: Array(self), at: 0, length: count)
    }
}
