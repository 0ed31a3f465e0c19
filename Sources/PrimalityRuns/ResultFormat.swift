// SPDX-License-Identifier: Apache-2.0

package import Primality
package import PrimalityPool

/// How results are written.
package enum ResultFormat: String, CaseIterable {
    case text
    case jsonl
    case csv
    /// The lines of PFGW, for programs that read those.
    case pfgw
    /// The lines of a b-file of OEIS, of what a list finds: n a(n).
    case bfile

    /// What stands above the results.
    package var header: String? {
        self == .csv
            ? "i,input,bits,verdict,method,engine,factor,witness,res64,rounds,seed,cpu_ns\n" : nil
    }

    /// Whether verdicts alone are not enough.
    package var needsReports: Bool { self != .text && self != .bfile }

    /// Appends a line about number `i` of a chunk, which has a verdict; `isColoured`: for a terminal, in text alone.
    package func append(
        _ i: Int, of result: ChunkResult, _ verdict: Verdict, _ inputs: ChunkInputs,
        withResidue: Bool, isColoured: Bool = false, to output: inout [UInt8]
    ) {
        let needsReport = needsReports || withResidue
        let report = needsReport ? result.results.report(at: i, of: result.chunk.numbers) : nil
        if self == .pfgw {
            output += inputs[i]
            // There is one: this format needs it.
            if let report { appendAsPFGW(report, to: &output) }
            output.append(UInt8(ascii: "\n"))
        } else if self == .text {
            output += inputs[i]
            output.append(static: ": ")
            if isColoured {
                output.append(ResultWord(verdict).coloured)
            } else {
                output.append(verdict.description)
            }
            if let residue = report?.residue {
                output.append(static: " RES64: [")
                output.append(hexadecimal: residue)
                output.append(UInt8(ascii: "]"))
            }
            output.append(UInt8(ascii: "\n"))
        } else if let report {
            append(
                report, place: inputs.places[i], input: inputs[i],
                bits: result.chunk.numbers.bitWidth(at: i), to: &output)
        }
    }

    /// Appends a line about a number that could not be tested: it has no evidence, and its place in the
    /// order.
    ///
    /// - Parameters:
    ///   - failure: Why; of one that was cancelled there is no line.
    ///   - place: The number's place among those that are reported on, from 0.
    ///   - input: What the number was written as.
    ///   - bits: Its size.
    ///   - isColoured: For a terminal, in text alone.
    ///   - output: Where to append.
    package func append(
        _ failure: ChunkFailure, place: Int, input: ArraySlice<UInt8>, bits: Int,
        isColoured: Bool = false, to output: inout [UInt8]
    ) {
        guard let word = failure.word else { return }
        switch self {
        // It has a place for primes alone.
        case .bfile: return
        case .text:
            output += input
            let failed: ResultWord = failure == .timedOut ? .timedOut : .failed
            output.append(": \(isColoured ? failed.coloured : word)")
        case .pfgw:
            output += input
            output.append(" is not tested: \(Self.words(failure))")
        case .jsonl:
            appendBeginningOfJSON(place, input, bits, to: &output)
            output.append(",\"verdict\":\"\(word)\"}")
        case .csv:
            appendBeginningOfCSV(place, input, bits, to: &output)
            output.append(",\(word),,,,,,,,")
        }
        output.append(UInt8(ascii: "\n"))
    }

    private static func words(_ failure: ChunkFailure) -> String {
        switch failure {
        case .cancelled: "cancelled"
        case .timedOut: "timed out"
        case .workerDied: "its worker crashed"
        case .threw(let text): text
        case .test(let error): error.description
        }
    }

    /// Appends what PFGW says of a number, after its name.
    ///
    /// It calls a number that passed Fermat's test to base 3 a 3-PRP. So is one here that has passed and has
    /// the residue 1, which is why this format goes with RES64.
    private func appendAsPFGW(_ report: TestReport, to output: inout [UInt8]) {
        switch report.verdict {
        case .neither: output.append(static: " is neither prime nor composite")
        case .prime: output.append(static: " is prime!")
        case .probablePrime:
            output.append(static: report.residue == 1 ? " is 3-PRP!" : " is a probable prime")
        case .composite:
            if let factor = report.factor {
                output.append(static: " has factors: ")
                output.append(decimal: factor)
                return
            }
            output.append(static: " is composite")
            if let residue = report.residue {
                output.append(static: ": RES64: [")
                output.append(hexadecimal: residue)
                output.append(UInt8(ascii: "]"))
            }
        }
    }

    /// Appends a report as a line of JSON or, in any other format, of CSV.
    ///
    /// - Parameters:
    ///   - report: The report.
    ///   - place: The number's place among those that are reported on, from 0.
    ///   - input: What the number was written as.
    ///   - bits: Its size.
    ///   - gap: How far it is from the one before it; in JSON alone.
    ///   - output: Where to append.
    package func append(
        _ report: TestReport, place: Int, input: ArraySlice<UInt8>, bits: Int, gap: Int? = nil,
        to output: inout [UInt8]
    ) {
        if self == .jsonl {
            appendJSON(report, place, input, bits, gap, to: &output)
        } else {
            appendCSV(report, place, input, bits, to: &output)
        }
        output.append(UInt8(ascii: "\n"))
    }

    // Our own names need no escaping.
    private func appendJSON(
        _ report: TestReport, _ place: Int, _ input: ArraySlice<UInt8>, _ bits: Int, _ gap: Int?,
        to output: inout [UInt8]
    ) {
        appendBeginningOfJSON(place, input, bits, to: &output)
        if let gap {
            output.append(static: ",\"gap\":")
            output.append(decimal: gap)
        }
        output.append(static: ",\"verdict\":\"")
        output.append(report.verdict.identifier)
        output.append(static: "\",\"method\":\"")
        output.append(report.method.rawValue)
        output.append(static: "\",\"engine\":\"")
        output.append(report.engine.rawValue)
        output.append(UInt8(ascii: "\""))
        if let factor = report.factor {
            output.append(static: ",\"factor\":\"")
            output.append(decimal: factor)
            output.append(UInt8(ascii: "\""))
        }
        if let witness = report.witness {
            output.append(static: ",\"witness\":\"")
            output.append(decimal: witness)
            output.append(UInt8(ascii: "\""))
        }
        if let residue = report.residue {
            output.append(static: ",\"res64\":\"")
            output.append(hexadecimal: residue)
            output.append(UInt8(ascii: "\""))
        }
        if let seed = report.seed {
            output.append(static: ",\"rounds\":")
            output.append(decimal: report.rounds)
            output.append(static: ",\"seed\":\"")
            output.append(decimal: seed)
            output.append(UInt8(ascii: "\""))
        }
        if let checks = report.checks {
            output.append(static: ",\"checks\":")
            output.append(decimal: checks.passed)
            output.append(static: ",\"repaired\":")
            output.append(decimal: checks.repaired)
            output.append(static: ",\"alarms\":")
            output.append(decimal: checks.alarms)
        }
        output.append(static: ",\"cpu_ns\":")
        output.append(decimal: nanoseconds(report.cpuTime))
        output.append(UInt8(ascii: "}"))
    }

    private func appendBeginningOfJSON(
        _ place: Int, _ input: ArraySlice<UInt8>, _ bits: Int, to output: inout [UInt8]
    ) {
        output.append(static: "{\"i\":")
        output.append(decimal: place)
        output.append(static: ",\"input\":\"")
        appendEscaped(input, to: &output)
        output.append(static: "\",\"bits\":")
        output.append(decimal: bits)
    }

    private func appendBeginningOfCSV(
        _ place: Int, _ input: ArraySlice<UInt8>, _ bits: Int, to output: inout [UInt8]
    ) {
        let quote = UInt8(ascii: "\"")
        output.append(decimal: place)
        output.append(UInt8(ascii: ","))
        if input.contains(where: { $0 == UInt8(ascii: ",") || $0 == quote }) {
            output.append(quote)
            for byte in input {
                if byte == quote { output.append(quote) }
                output.append(byte)
            }
            output.append(quote)
        } else {
            output += input
        }
        output.append(UInt8(ascii: ","))
        output.append(decimal: bits)
    }

    private func appendCSV(
        _ report: TestReport, _ place: Int, _ input: ArraySlice<UInt8>, _ bits: Int,
        to output: inout [UInt8]
    ) {
        let comma = UInt8(ascii: ",")
        appendBeginningOfCSV(place, input, bits, to: &output)
        output.append(comma)
        output.append(report.verdict.identifier)
        output.append(comma)
        output.append(report.method.rawValue)
        output.append(comma)
        output.append(report.engine.rawValue)
        output.append(comma)
        if let factor = report.factor { output.append(decimal: factor) }
        output.append(comma)
        if let witness = report.witness { output.append(decimal: witness) }
        output.append(comma)
        if let residue = report.residue { output.append(hexadecimal: residue) }
        output.append(comma)
        if report.seed != nil { output.append(decimal: report.rounds) }
        output.append(comma)
        if let seed = report.seed { output.append(decimal: seed) }
        output.append(comma)
        output.append(decimal: nanoseconds(report.cpuTime))
    }

    private func nanoseconds(_ time: Duration) -> Int64 {
        // The whole of it, since a division of 128 bits costs more than the other fields.
        Int64(truncatingIfNeeded: time.attoseconds / 1_000_000_000)
    }
}

/// Appends text as it stands between the quotes of JSON.
package func appendEscaped(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
    func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
    if text.allSatisfy(isPlain) {
        output += text
        return
    }
    for byte in text {
        switch byte {
        case 0..<0x20: output += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
        default: output.append(byte)
        }
    }
}

// A string that is put together for each field of a line takes longer than to test a small number.
extension [UInt8] {
    /// Appends a text of the program's, which takes no look at what kind of string it is.
    fileprivate mutating func append(static text: StaticString) {
        // The buffer is the text, which stays where it is.
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    /// Appends a text as it is.
    fileprivate mutating func append(_ text: String) { append(contentsOf: text.utf8) }

    /// Appends an integer in decimal.
    fileprivate mutating func append(decimal value: some BinaryInteger) {
        guard value >= 0, var rest = UInt64(exactly: value) else {
            append(contentsOf: String(value).utf8)
            return
        }
        var digits = 1
        var power: UInt64 = 10
        while digits < 20 && rest >= power {
            digits += 1
            power = power.multipliedReportingOverflow(by: 10).partialValue
        }
        append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
        var place = count
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            place -= 1
            self[place] += UInt8(truncatingIfNeeded: digit)
            rest = quotient
        } while rest > 0
    }

    /// Appends a number in decimal.
    fileprivate mutating func append(decimal value: BigNatural) {
        // Most witnesses are small.
        if value.limbs.count == 1 {
            append(decimal: value.limbs[0])
        } else {
            append(contentsOf: value.description.utf8)
        }
    }

    /// Appends 16 hexadecimal digits.
    fileprivate mutating func append(hexadecimal value: UInt64) {
        for shift in stride(from: UInt64(60), through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: value >> shift & 15)
            append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "A") - 10))
        }
    }
}
