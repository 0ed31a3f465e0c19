// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// A header of NewPGen, `sieve limit:mode:chain length:base:mask`: what rows `k n` stand for.
struct NewPGenForm: Sendable {
    /// What a bit of the mask asks for: one more than a multiple of a power, or one less.
    private struct Form {
        var bit: Int
        /// What is added to n.
        var offset: Int
        var sign: String
    }

    private static let forms = [
        Form(bit: 1, offset: 0, sign: "+1"), Form(bit: 2, offset: 0, sign: "-1"),
        Form(bit: 4, offset: 1, sign: "+1"), Form(bit: 8, offset: 1, sign: "-1"),
        Form(bit: 16, offset: -1, sign: "+1"), Form(bit: 32, offset: -1, sign: "-1"),
    ]
    /// The product of the primes up to n stands in the place of the power.
    private static let primorial = 64
    /// Says that k is what does not vary; of a primorial, that it is k's and multiplies 2ⁿ.
    private static let isByN = 256
    /// The second of a chain is twice the first, whatever the base.
    private static let doubles = 1024

    private let base: Int
    private let mask: Int
    private let wanted: [Form]

    /// Whether a line begins as a header.
    ///
    /// Hexadecimal with colons, such as 00:c7:5e, does not: a header's second field is a letter or digit
    /// alone, or begins with a letter that no hexadecimal has.
    static func looksLikeHeader(_ line: ArraySlice<UInt8>) -> Bool {
        let digits = line.prefix { $0.isDigit }
        guard !digits.isEmpty, line[digits.endIndex...].first == UInt8(ascii: ":") else {
            return false
        }
        let field = line[(digits.endIndex + 1)...].prefix { $0 != UInt8(ascii: ":") }
        guard let first = field.first else { return false }
        let isLetter = (UInt8(ascii: "g")...UInt8(ascii: "z")).contains(first | 0x20)
        let fields = line.reduce(1) { $1 == UInt8(ascii: ":") ? $0 + 1 : $0 }
        return isLetter || field.count == 1 && fields >= 4
    }

    init(_ line: ArraySlice<UInt8>) throws(CandidateFileError) {
        let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        let numbers = [0, 2, 3, 4].compactMap { i in
            i < fields.count && fields[i].utf8.allSatisfy { $0.isDigit }
                ? Int(fields[i]) : nil
        }
        guard fields.count == 5, fields[1].utf8.count == 1, numbers.count == 4 else {
            throw .header(
                "is no header of NewPGen, which is such as 1000000:P:0:2:1, nor an expression")
        }
        let type = fields[1]
        guard ["P", "M", "T", "S", "C"].contains(type) else {
            throw .header(
                "asks for NewPGen's type '\(type)', which is not supported; P, M, T, S and C are")
        }
        let (chain, base, mask) = (numbers[1], numbers[2], numbers[3])
        // It says nothing of a type that is no chain.
        if chain > 2 && !["P", "M"].contains(type) {
            throw .header("asks for chains of length \(chain), which are not supported")
        }
        let isPrimorial = mask & Self.primorial != 0
        if base < 2 && !isPrimorial { throw .header("has base \(base); the least is 2") }
        let forms = Self.forms.reduce(0) { $0 | $1.bit }
        let others = mask & ~(forms | Self.primorial | Self.isByN | Self.doubles)
        if others != 0 {
            throw .header(
                "has a mask with \(others) in it, which is not supported; 1 to 64, 256 and 1024 are"
            )
        }
        if mask & forms == 0 { throw .header("has a mask without a form") }
        if isPrimorial && mask & Self.isByN != 0 && mask & forms > 2 {
            throw .header("has a mask of k#*2^n with n+1 or with two forms, which is not supported")
        }
        if (isPrimorial || mask & Self.doubles != 0) && mask & forms > 15 {
            throw .header(
                "has a mask of \(isPrimorial ? "primorials" : "doubles") with n-1, which is not "
                    + "supported")
        }
        self.base = base
        self.mask = mask
        wanted = Self.forms.filter { mask & $0.bit != 0 }
    }

    /// How many candidates a row is.
    var count: Int { wanted.count }

    /// What the candidates of a row depend on: of twins and chains each on those before it, as in PFGW and
    /// LLR.
    func condition(header: Int) -> CandidateCondition? {
        count == 1
            ? nil
            : CandidateCondition(header: header, memberCount: count, isChain: true, stops: [])
    }

    /// The values of a row.
    func row(_ line: ArraySlice<UInt8>) throws(CandidateFileError) -> [[UInt8]] {
        let words = line.words
        guard words.count == 2, words.allSatisfy({ $0.allSatisfy { $0.isDigit } })
        else { throw CandidateFileError("is no row of NewPGen: k and n, two numbers") }
        guard let n = Int(String(decoding: words[1], as: UTF8.self)), (1...(1 << 62)).contains(n)
        else { throw CandidateFileError("has an n that is out of range: 1 to 2^62") }
        return words.map { Array($0) }
    }

    /// The expression of one of a row's candidates.
    func expand(_ values: [[UInt8]], _ which: Int) -> [UInt8] {
        let form = wanted[which]
        let k = String(decoding: values[0], as: UTF8.self)
        let n = Int(String(decoding: values[1], as: UTF8.self)) ?? 0
        let multiple: String
        if mask & Self.primorial != 0 && mask & Self.isByN != 0 {
            multiple = "\(k)#*2^\(n)"
        } else if mask & (Self.primorial | Self.doubles) != 0 {
            let power = mask & Self.primorial != 0 ? "\(n)#" : "\(base)^\(n)"
            multiple = (form.offset == 0 ? "" : "2*") + "\(k)*\(power)"
        } else {
            multiple = "\(k)*\(base)^\(n + form.offset)"
        }
        return Array((multiple + form.sign).utf8)
    }
}
