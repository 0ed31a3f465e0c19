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

    /// What stands above the results.
    package var header: String? {
        self == .csv
            ? "i,input,bits,verdict,method,engine,factor,witness,res64,rounds,seed,cpu_ns\n" : nil
    }

    /// Whether verdicts alone are not enough.
    package var needsReports: Bool { self != .text }

    /// Appends a line about number `i` of a chunk, which has a verdict.
    package func append(
        _ i: Int, of result: ChunkResult, _ verdict: Verdict, _ inputs: ChunkInputs,
        withResidue: Bool, to output: inout [UInt8]
    ) {
        let needsReport = needsReports || withResidue
        let report = needsReport ? result.results.report(at: i, of: result.chunk.numbers) : nil
        if self == .pfgw {
            output += inputs[i]
            // There is one: this format needs it.
            output += "\(report.map(Self.words) ?? "")\n".utf8
        } else if self == .text {
            output += inputs[i]
            output += [UInt8(ascii: ":"), UInt8(ascii: " ")]
            output += verdict.description.utf8
            if let residue = report?.residue {
                output += " RES64: [\(Self.hexadecimal(residue))]".utf8
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
    ///   - output: Where to append.
    package func append(
        _ failure: ChunkFailure, place: Int, input: some Collection<UInt8>, bits: Int,
        to output: inout [UInt8]
    ) {
        guard let word = failure.word else { return }
        switch self {
        case .text:
            output += input
            output += ": \(word)".utf8
        case .pfgw:
            output += input
            output += " is not tested: \(Self.words(failure))".utf8
        case .jsonl:
            appendBeginningOfJSON(place, input, bits, to: &output)
            output += ",\"verdict\":\"\(word)\"}".utf8
        case .csv:
            appendBeginningOfCSV(place, input, bits, to: &output)
            output += ",\(word),,,,,,,,".utf8
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

    /// What PFGW says of a number, after its name.
    ///
    /// It calls a number that passed Fermat's test to base 3 a 3-PRP. So is one here that has passed and has
    /// the residue 1, which is why this format goes with RES64.
    private static func words(_ report: TestReport) -> String {
        switch report.verdict {
        case .neither: " is neither prime nor composite"
        case .prime: " is prime!"
        case .probablePrime: report.residue == 1 ? " is 3-PRP!" : " is a probable prime"
        case .composite:
            if let factor = report.factor {
                " has factors: \(factor)"
            } else {
                " is composite"
                    + (report.residue.map { ": RES64: [\(hexadecimal($0))]" } ?? "")
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
        _ report: TestReport, place: Int, input: some Collection<UInt8>, bits: Int, gap: Int? = nil,
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
        _ report: TestReport, _ place: Int, _ input: some Collection<UInt8>, _ bits: Int,
        _ gap: Int?,
        to output: inout [UInt8]
    ) {
        appendBeginningOfJSON(place, input, bits, to: &output)
        if let gap { output += ",\"gap\":\(gap)".utf8 }
        output += ",\"verdict\":\"\(report.verdict.identifier)\"".utf8
        output += ",\"method\":\"\(report.method.rawValue)\"".utf8
        output += ",\"engine\":\"\(report.engine.rawValue)\"".utf8
        if let factor = report.factor { output += ",\"factor\":\"\(factor)\"".utf8 }
        if let witness = report.witness { output += ",\"witness\":\"\(witness)\"".utf8 }
        if let residue = report.residue {
            output += ",\"res64\":\"\(Self.hexadecimal(residue))\"".utf8
        }
        if let seed = report.seed {
            output += ",\"rounds\":\(report.rounds),\"seed\":\"\(seed)\"".utf8
        }
        output += ",\"cpu_ns\":\(nanoseconds(report.cpuTime))}".utf8
    }

    private func appendBeginningOfJSON(
        _ place: Int, _ input: some Collection<UInt8>, _ bits: Int, to output: inout [UInt8]
    ) {
        output += "{\"i\":\(place),\"input\":\"".utf8
        appendEscaped(input, to: &output)
        output += "\",\"bits\":\(bits)".utf8
    }

    private func appendBeginningOfCSV(
        _ place: Int, _ input: some Collection<UInt8>, _ bits: Int, to output: inout [UInt8]
    ) {
        output += "\(place),".utf8
        if input.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }) {
            output.append(UInt8(ascii: "\""))
            output += input.flatMap { $0 == UInt8(ascii: "\"") ? [$0, $0] : [$0] }
            output.append(UInt8(ascii: "\""))
        } else {
            output += input
        }
        output += ",\(bits)".utf8
    }

    private func appendCSV(
        _ report: TestReport, _ place: Int, _ input: some Collection<UInt8>, _ bits: Int,
        to output: inout [UInt8]
    ) {
        appendBeginningOfCSV(place, input, bits, to: &output)
        var fields: [String] = []
        fields.append(report.verdict.identifier)
        fields.append(report.method.rawValue)
        fields.append(report.engine.rawValue)
        fields.append(report.factor.map(String.init) ?? "")
        fields.append(report.witness?.description ?? "")
        fields.append(report.residue.map(Self.hexadecimal) ?? "")
        fields.append(report.seed == nil ? "" : String(report.rounds))
        fields.append(report.seed.map(String.init) ?? "")
        fields.append(String(nanoseconds(report.cpuTime)))
        output += ("," + fields.joined(separator: ",")).utf8
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func nanoseconds(_ time: Duration) -> Int64 {
        time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000
    }
}

/// Appends text as it stands between the quotes of JSON.
package func appendEscaped(_ text: some Collection<UInt8>, to output: inout [UInt8]) {
    for byte in text {
        switch byte {
        case 0..<0x20: output += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
        default: output.append(byte)
        }
    }
}
