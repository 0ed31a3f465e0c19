// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityRuns
import TestSupport
import Testing

/// Lines of jsonl and csv, beside the same lines put together from strings.
@Suite struct ResultFormatTests {
    /// Evidence of each kind, and what it is about.
    private static func reports() throws -> [(report: TestReport, bits: Int)] {
        let numbers: [BigNatural] = [
            0, 1, 2, 9, 2047, 5459, 12_996_005, 18_446_744_073_709_551_557,
            (try #require(BigNatural("170141183460469231731687303715884105757"))),
            (try #require(BigNatural("340282366920938463463374607431768211457"))),
            (try #require(BigNatural("170141183460469231731687303715884105729"))),
        ]
        var reports: [(TestReport, Int)] = []
        for number in numbers {
            for wantsResidue in [false, true] {
                var options = TestOptions(rounds: 3, seed: .max)
                options.wantsResidue = wantsResidue
                var report = try TestReport(of: number, options: options)
                for time: Int64 in [0, 9, 999_999_999, 1_000_000_000, .max] {
                    report.cpuTime = .nanoseconds(time)
                    reports.append((report, number.bitWidth))
                }
                report.factor = .max
                report.residue = 0x0ABC
                reports.append((report, number.bitWidth))
                report.factor = 10_000_000_000_000_000_000
                report.witness = numbers[8]
                reports.append((report, number.bitWidth))
                report.witness = BigNatural(0)
                report.seed = 0
                reports.append((report, number.bitWidth))
            }
        }
        return reports
    }

    /// What candidates are called: each byte, and many of them in a row.
    private static func inputs(_ generator: inout SeededGenerator) -> [[UInt8]] {
        (UInt8.min...UInt8.max).map { [0x31, $0, 0x32] }
            + [
                [], Array("2^127-1".utf8), Array("1,000,003".utf8), Array("\"\"".utf8),
                Array("\\\u{1F}\u{7F}é\"".utf8), [0xFF, 0xC3, 0x28],
                [UInt8](repeating: 0x39, count: 1_000_000),
                [UInt8](repeating: 0x22, count: 10_000),
            ]
            + (0..<200).map { length in
                (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            }
    }

    private static func text(_ value: (some CustomStringConvertible)?) -> String {
        value.map { $0.description } ?? ""
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func nanoseconds(_ report: TestReport) -> Int64 {
        let (seconds, attoseconds) = report.cpuTime.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    private static func json(
        _ report: TestReport, _ place: Int, _ input: [UInt8], _ bits: Int, _ gap: Int?
    ) -> [UInt8] {
        var line = Array("{\"i\":\(place),\"input\":\"".utf8)
        for byte in input {
            if byte < 0x20 {
                line += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            } else {
                if byte == 0x22 || byte == 0x5C { line.append(0x5C) }
                line.append(byte)
            }
        }
        var rest = "\",\"bits\":\(bits)"
        if let gap { rest += ",\"gap\":\(gap)" }
        rest += ",\"verdict\":\"\(report.verdict.identifier)\""
        rest += ",\"method\":\"\(report.method.rawValue)\",\"engine\":\"\(report.engine.rawValue)\""
        if let factor = report.factor { rest += ",\"factor\":\"\(factor)\"" }
        if let witness = report.witness { rest += ",\"witness\":\"\(witness)\"" }
        if let residue = report.residue { rest += ",\"res64\":\"\(hexadecimal(residue))\"" }
        if let seed = report.seed { rest += ",\"rounds\":\(report.rounds),\"seed\":\"\(seed)\"" }
        return line + "\(rest),\"cpu_ns\":\(nanoseconds(report))}\n".utf8
    }

    private static func csv(
        _ report: TestReport, _ place: Int, _ input: [UInt8], _ bits: Int
    ) -> [UInt8] {
        var quoted = input
        if input.contains(0x22) || input.contains(0x2C) {
            quoted = [0x22] + input.flatMap { $0 == 0x22 ? [$0, $0] : [$0] } + [0x22]
        }
        let fields = [
            "\(bits)", report.verdict.identifier, report.method.rawValue, report.engine.rawValue,
            text(report.factor), text(report.witness), text(report.residue.map(hexadecimal)),
            report.seed == nil ? "" : "\(report.rounds)", text(report.seed),
            "\(nanoseconds(report))",
        ]
        return Array("\(place),".utf8) + quoted + ",\(fields.joined(separator: ","))\n".utf8
    }

    @Test func linesAreThoseThatStringsWouldGive() throws {
        var generator = SeededGenerator(seed: 20)
        let inputs = Self.inputs(&generator)
        let reports = try Self.reports()
        var different: [String] = []
        func compare(_ i: Int, _ input: [UInt8]) {
            let (report, bits) = reports[i % reports.count]
            let place = i < 64 ? 1 << i & .max : i * 7919
            let gap: Int? = [nil, 0, 2, .max][i % 4]
            for format in [ResultFormat.jsonl, .csv] {
                // A slice, as of the text of a chunk.
                let text = [0x22] + input + [0x2C]
                var line: [UInt8] = [0x41]
                format.append(
                    report, place: place, input: text[1..<input.count + 1], bits: bits, gap: gap,
                    to: &line)
                let expected =
                    format == .jsonl
                    ? Self.json(report, place, input, bits, gap)
                    : Self.csv(report, place, input, bits)
                if line != [0x41] + expected { different.append("\(format) \(i)") }
            }
        }
        for i in reports.indices { compare(i, inputs[i % inputs.count]) }
        for (i, input) in inputs.enumerated() { compare(i, input) }
        #expect(different.isEmpty)
    }

    /// As a reader of JSON that is not ours understands it.
    @Test func whatIsEscapedIsReadBack() throws {
        var generator = SeededGenerator(seed: 21)
        for input in Self.inputs(&generator) {
            // JSON is made of Unicode; other bytes stay as they are.
            guard let text = String(validating: input, as: UTF8.self) else { continue }
            var escaped: [UInt8] = [0x22]
            appendEscaped(input[...], to: &escaped)
            let read = try JSONSerialization.jsonObject(
                with: Data(escaped + [0x22]), options: .fragmentsAllowed)
            #expect(read as? String == text)
        }
    }

    @Test func countsAreOfEachVerdict() {
        var counts = ResultCounts()
        for (count, verdict) in Verdict.allCases.enumerated() {
            for _ in 0...count { counts.add(verdict) }
        }
        var sum = counts
        sum.add(counts)
        for (count, verdict) in Verdict.allCases.enumerated() {
            #expect(ResultWord(verdict).verdict == verdict)
            #expect(counts[ResultWord(verdict)] == count + 1)
            #expect(sum[ResultWord(verdict)] == 2 * (count + 1))
        }
        #expect(counts.undecided == 0)
    }
}
