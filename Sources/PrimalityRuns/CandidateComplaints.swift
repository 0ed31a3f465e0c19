// SPDX-License-Identifier: Apache-2.0

internal import Primality
package import PrimalityExpressions
internal import PrimalityPool

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What there is to say about candidates that are bad or could not be tested: of each kind the first ones, and
/// then how many more there were.
///
/// A file that is none of candidates would else fill the screen.
package final class CandidateComplaints: Sendable {
    package enum Kind: Sendable, CaseIterable {
        /// It does not fit the file's format.
        case format
        /// It is no expression.
        case expression
        /// The expression has no value that can be tested.
        case value
        /// The value is too large.
        case size
        /// It is a number, and it could not be decided what it is.
        case undecided

        package init(_ error: ExpressionError) {
            self = error.isAboutSize ? .size : error.isAboutSyntax ? .expression : .value
        }

        fileprivate var words: String {
            switch self {
            case .format: "not what the format asks for"
            case .expression: "no expressions"
            case .value: "without a value that can be tested"
            case .size: "too large"
            case .undecided: "not tested"
            }
        }
    }

    package static let most = 20

    private let counts = Monitor<[Kind: Int]>([:])
    /// Takes a line about what is wrong.
    package let report: @Sendable (String) -> Void

    package init(report: @escaping @Sendable (String) -> Void) { self.report = report }

    /// Reports a candidate, unless there were enough of its kind.
    package func add(_ message: String, _ kind: Kind) {
        let count = counts.withLock { counts in
            counts[kind, default: 0] += 1
            return counts[kind, default: 0]
        }
        if count <= Self.most { report(message) }
    }

    /// Says how many more there were.
    ///
    /// - Parameter file: What was read; `nil` where no file was.
    package func finish(_ file: String?) {
        let counts = counts.withLock { $0 }
        for kind in Kind.allCases {
            let more = counts[kind, default: 0] - Self.most
            if more <= 0 { continue }
            report(
                (file.map { "\(printable($0)): " } ?? "")
                    + "\(more) more candidate\(more == 1 ? " is" : "s are") \(kind.words)")
        }
    }
}

/// What may help who wrote what is no expression; empty where nothing comes to mind.
///
/// - Parameters:
///   - error: What is wrong.
///   - text: The text.
///   - isArgument: It is an argument, not a line.
///   - mayBeFile: The command can read candidates from a file.
/// - Returns: What to append to the message.
package func hint(
    for error: ExpressionError, in text: some Collection<UInt8>, isArgument: Bool,
    mayBeFile: Bool
) -> String {
    if case .hexadecimal = error.problem { return ", or is read with --base 16" }
    if !error.isAboutSyntax { return "" }
    let text = Array(text)
    if case .fraction = error.problem, let whole = wholeNumber(of: text) {
        return "; numbers are whole, and this one may be \(whole)"
    }
    let separators = " \t,;".utf8
    let words = text.split(whereSeparator: { separators.contains($0) })
    func isNumber(_ word: ArraySlice<UInt8>) -> Bool {
        word.allSatisfy { $0.isDigit }
    }
    if words.count > 1 && words.allSatisfy(isNumber) {
        if isArgument { return "; each number is an argument of its own" }
        return "; write one number a line"
            + (words.count == 2 ? ", or give --input bfile for rows of n and a(n)" : "")
    }
    // The last colon of a line of several.
    let digits = text[...].last == UInt8(ascii: ":") ? text.dropLast() : text[...]
    if !isNumber(digits), (try? HexadecimalLines.number(digits)) != nil {
        return "; hexadecimal begins with 0x, or is read with --base 16"
    }
    if mayBeFile {
        let name = String(decoding: text, as: UTF8.self)
        // A name as it was given, which is no pointer that outlives the call.
        if !text.contains(0), unsafe access(name, F_OK) == 0 {
            return "; to read the file, write --file \(printable(text))"
        }
        if case .unknownName = error.problem { return "; a file is read with --file" }
    }
    if !isArgument, text.contains(UInt8(ascii: "=")) {
        var parser = CandidateParser(format: .worktodo)
        if (try? parser.take(text[...])) != nil {
            return "; a file of GIMPS is read with --input worktodo"
        }
    }
    return ""
}

/// What `1.5e3` is without a fraction, `15e2`; `nil` when a text is no such number, or not whole.
private func wholeNumber(of text: [UInt8]) -> String? {
    let parts = text.split(omittingEmptySubsequences: false) { $0 | 0x20 == UInt8(ascii: "e") }
    guard parts.count == 2, let exponent = Int(String(decoding: parts[1], as: UTF8.self)) else {
        return nil
    }
    let digits = parts[0].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard digits.count == 2, digits.joined().allSatisfy(\.isDigit), exponent >= digits[1].count
    else { return nil }
    let whole = String(decoding: digits.joined(), as: UTF8.self)
    return printable("\(whole)e\(exponent - digits[1].count)")
}
