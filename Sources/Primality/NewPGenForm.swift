// SPDX-License-Identifier: Apache-2.0

/// A header of NewPGen, `sieve limit:mode:chain length:base:mask`: what rows `k n` stand for.
struct NewPGenForm: Sendable {
    /// Bits of the mask: what is added to n, and then the sign of 1.
    private static let forms: [(bit: Int, offset: Int, sign: String)] = [
        (1, 0, "+1"), (2, 0, "-1"), (4, 1, "+1"), (8, 1, "-1"), (16, -1, "+1"), (32, -1, "-1"),
    ]
    private static let primorial = 64
    /// Says that k is what varies.
    private static let isByK = 256

    private let base: Int
    private let mask: Int

    /// Whether a line begins as a header: rows have no colon.
    static func looksLikeHeader(_ line: ArraySlice<UInt8>) -> Bool {
        let digits = line.prefix { $0 &- UInt8(ascii: "0") <= 9 }
        return !digits.isEmpty && line[digits.endIndex...].first == UInt8(ascii: ":")
    }

    init(_ line: ArraySlice<UInt8>) throws(CandidateFileError) {
        let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        let numbers = [0, 2, 3, 4].compactMap { i in
            i < fields.count && fields[i].utf8.allSatisfy { $0 &- UInt8(ascii: "0") <= 9 }
                ? Int(fields[i]) : nil
        }
        guard fields.count == 5, fields[1].utf8.count == 1, numbers.count == 4 else {
            throw .header(
                "is no header of NewPGen, which is such as 1000000:P:0:2:1, nor an expression")
        }
        guard ["P", "M", "T", "S", "C"].contains(fields[1]) else {
            throw .header(
                "asks for NewPGen's type '\(fields[1])', which is not supported; P, M, T, S and C are"
            )
        }
        let (chain, base, mask) = (numbers[1], numbers[2], numbers[3] & ~Self.isByK)
        if chain > 2 {
            throw .header("asks for chains of length \(chain), which are not supported")
        }
        if base < 2 { throw .header("has base \(base); the least is 2") }
        let known = Self.forms.reduce(Self.primorial) { $0 | $1.bit }
        if mask & ~known != 0 {
            throw .header(
                "has a mask with \(mask & ~known) in it, which is not supported; 1 to 64 and 256 are"
            )
        }
        if mask & ~Self.primorial == 0 { throw .header("has a mask without a form") }
        if mask & Self.primorial != 0 && mask & ~Self.primorial > 3 {
            throw .header("has a mask of primorials with n+1 or n-1, which is not supported")
        }
        self.base = base
        self.mask = mask
    }

    private var wanted: [(bit: Int, offset: Int, sign: String)] {
        Self.forms.filter { mask & $0.bit != 0 }
    }

    /// How many candidates a row is.
    var count: Int { wanted.count }

    /// The values of a row.
    func row(_ line: ArraySlice<UInt8>) throws(CandidateFileError) -> [[UInt8]] {
        let words = line.words
        guard words.count == 2, words.allSatisfy({ $0.allSatisfy { $0 &- UInt8(ascii: "0") <= 9 } })
        else { throw CandidateFileError("is no row of NewPGen: k and n, two numbers") }
        guard let n = Int(String(decoding: words[1], as: UTF8.self)), (1...(1 << 62)).contains(n)
        else { throw CandidateFileError("has an n that is out of range: 1 to 2^62") }
        return words.map { Array($0) }
    }

    /// The expression of one of a row's candidates.
    func expand(_ values: [[UInt8]], _ which: Int) -> [UInt8] {
        let form = wanted[which]
        let k = String(decoding: values[0], as: UTF8.self)
        let n = (Int(String(decoding: values[1], as: UTF8.self)) ?? 0) + form.offset
        let power = mask & Self.primorial != 0 ? "\(n)#" : "\(base)^\(n)"
        return Array("\(k)*\(power)\(form.sign)".utf8)
    }
}
