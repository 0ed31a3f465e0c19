// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Primality
package import PrimalityPool

/// What a worker has found about the candidates of a chunk, as bytes in a store.
///
/// A place has a verdict, with its evidence when that was asked for; or why the number has none; or nothing, when
/// the candidate was no number or was left out. `collect` finds that out again by itself.
package struct ResultPayload: Sendable {
    /// What became of one candidate.
    package enum Entry: Sendable {
        case nothing
        case verdict(Verdict)
        case report(Report)
        case failure(ChunkFailure)
    }

    /// A report as kernels have it.
    package struct Report: Sendable {
        var raw: KernelReport
    }

    /// By the place in the chunk.
    package var entries: [Entry]
    /// Certificates of proofs, as JSON lines, where there are any.
    package var certificates: [Int: [UInt8]] = [:]

    package init(count: Int) { entries = [Entry](repeating: .nothing, count: count) }

    private static let magic: [UInt8] = [0x52, 1]

    // A tag is below `failed` a verdict's, and `withReport` more when a report follows.
    private static let none: UInt8 = 0
    private static let withReport: UInt8 = 8
    private static let failed: UInt8 = 32

    /// Takes what a pool has found about number `i` of a chunk; `false` when the run did not come to it.
    package mutating func take(_ result: ChunkResult, _ i: Int, at place: Int) -> Bool {
        if let verdict = result.results.verdict(at: i) {
            let reports = result.results.rawReports
            entries[place] =
                reports.isEmpty ? .verdict(verdict) : .report(Report(raw: reports[i]))
            if let certificate = result.results.evidence(at: i) {
                certificates[place] = certificate
            }
        } else if let failure = result.failure(at: i), failure != .cancelled {
            entries[place] = .failure(failure)
        } else {
            return false
        }
        return true
    }

    /// How many entries are what.
    package struct Counts: Sendable {
        package var tested = 0
        package var passed = 0
        package var failed = 0
    }

    package var counts: Counts {
        var counts = Counts()
        for entry in entries {
            switch entry {
            case .nothing: continue
            case .failure: counts.failed += 1
            case .verdict, .report:
                counts.tested += 1
                if entry.verdict?.passed == true { counts.passed += 1 }
            }
        }
        return counts
    }

    /// Whether a second test has found the same: verdicts, and residues where both have them.
    ///
    /// What had no verdict in one of them says nothing.
    package func agrees(with other: ResultPayload) -> Bool {
        guard entries.count == other.entries.count else { return false }
        for (one, two) in zip(entries, other.entries) {
            guard let first = one.verdict, let second = two.verdict else { continue }
            if first.passed != second.passed || (first == .neither) != (second == .neither) {
                return false
            }
            if let first = one.residue, let second = two.residue, first != second { return false }
        }
        return true
    }

    // MARK: Bytes

    package var encoded: [UInt8] {
        var writer = ByteWriter()
        for byte in Self.magic { writer.append(byte: byte) }
        writer.append(entries.count)
        for entry in entries {
            switch entry {
            case .nothing: writer.append(byte: Self.none)
            case .verdict(let verdict): writer.append(byte: 1 + verdict.rawValue)
            case .report(let report):
                writer.append(byte: Self.withReport + 1 + report.raw.verdict)
                Self.append(report.raw, to: &writer)
            case .failure(let failure): Self.append(failure, to: &writer)
            }
        }
        writer.append(certificates.count)
        for (place, certificate) in certificates.sorted(by: { $0.key < $1.key }) {
            writer.append(place)
            writer.append(certificate)
        }
        return writer.bytes
    }

    private static func append(_ raw: KernelReport, to writer: inout ByteWriter) {
        func has(_ field: Int) -> Bool { Int(raw.fields) & field != 0 }
        writer.append(byte: raw.method)
        writer.append(byte: raw.engine)
        writer.append(byte: raw.fields)
        writer.append(UInt64(raw.lucas_condition))
        writer.append(raw.cpu_ns)
        if has(PRK_REPORT_HAS_FACTOR) { writer.append(raw.factor) }
        if has(PRK_REPORT_HAS_LUCAS) {
            writer.append(signed: raw.lucas_p)
            writer.append(signed: raw.lucas_q)
        }
        if has(PRK_REPORT_HAS_RESIDUE) { writer.append(raw.residue) }
        if has(PRK_REPORT_HAS_ROUND) { writer.append(UInt64(raw.round)) }
        if has(PRK_REPORT_HAS_BASE) { writer.append(raw.base) }
        if has(PRK_REPORT_HAS_CHECKS) {
            writer.append(UInt64(raw.alarms))
            writer.append(UInt64(raw.checks))
            writer.append(UInt64(raw.repaired))
        }
    }

    private static func append(_ failure: ChunkFailure, to writer: inout ByteWriter) {
        switch failure {
        case .timedOut: writer.append(byte: failed)
        case .workerDied(let signal, let status):
            writer.append(byte: failed + 1)
            writer.append(signed: Int64(signal ?? -1))
            writer.append(signed: Int64(status ?? -1))
        case .test(.outOfMemory): writer.append(byte: failed + 2)
        case .threw, .test, .cancelled:
            writer.append(byte: failed + 3)
            writer.append(beginning(of: failure.reason).utf8)
        }
    }

    /// As much of a reason as is kept.
    private static func beginning(of reason: String) -> String {
        var size = 0
        let kept = reason.unicodeScalars.prefix { scalar in
            size += UTF8.width(scalar)
            return size <= 1000
        }
        return String(kept)
    }

    /// - Parameters:
    ///   - bytes: What a store gave.
    ///   - count: How many candidates the chunk has.
    /// - Throws: What is wrong with the bytes.
    package init(_ bytes: [UInt8], count: Int) throws(PayloadError) {
        var reader = ByteReader(bytes)
        guard try [reader.byte(), reader.byte()] == Self.magic else {
            throw PayloadError("it does not begin as results do")
        }
        let found = try reader.count()
        guard found == count else {
            throw PayloadError("it is about \(found) candidates, and the chunk has \(count)")
        }
        entries = []
        entries.reserveCapacity(count)
        for _ in 0..<count { entries.append(try Self.entry(&reader)) }
        for _ in 0..<(try reader.count()) {
            let place = try reader.integer(upTo: max(0, count - 1), "a certificate's place")
            certificates[place] = Array(try reader.text())
        }
        guard reader.isAtEnd else { throw PayloadError("bytes follow the last result") }
    }

    private static func entry(_ reader: inout ByteReader) throws(PayloadError) -> Entry {
        let tag = try reader.byte()
        switch tag {
        case none: return .nothing
        case failed: return .failure(.timedOut)
        case failed + 1:
            let (signal, status) = (try reader.signed(), try reader.signed())
            guard (-1...255).contains(signal), (-1...255).contains(status) else {
                throw PayloadError("a worker's end is no signal and no status")
            }
            return .failure(
                .workerDied(
                    signal: signal < 0 ? nil : Int32(signal),
                    exitStatus: status < 0 ? nil : Int32(status)))
        case failed + 2: return .failure(.test(.outOfMemory))
        case failed + 3:
            return .failure(
                .threw(beginning(of: String(decoding: try reader.text(), as: UTF8.self))))
        case 1..<withReport:
            return .verdict(try verdict(tag - 1))
        case (withReport + 1)..<(2 * withReport):
            return .report(try report(&reader, try verdict(tag - withReport - 1)))
        default: throw PayloadError("a result begins with \(tag)")
        }
    }

    private static func verdict(_ byte: UInt8) throws(PayloadError) -> Verdict {
        guard let verdict = Verdict(rawValue: byte) else {
            throw PayloadError("\(byte) is no verdict")
        }
        return verdict
    }

    private static func report(
        _ reader: inout ByteReader, _ verdict: Verdict
    ) throws(PayloadError) -> Report {
        var raw = KernelReport()
        raw.size = UInt32(MemoryLayout<KernelReport>.size)
        raw.verdict = verdict.rawValue
        raw.method = try reader.byte()
        raw.engine = try reader.byte()
        raw.fields = try reader.byte()
        func has(_ field: Int) -> Bool { Int(raw.fields) & field != 0 }
        func word() throws(PayloadError) -> UInt32 {
            UInt32(try reader.integer(upTo: Int(UInt32.max), "a count"))
        }
        let known =
            PRK_REPORT_HAS_FACTOR | PRK_REPORT_HAS_LUCAS | PRK_REPORT_HAS_RESIDUE
            | PRK_REPORT_HAS_ROUND | PRK_REPORT_HAS_BASE | PRK_REPORT_HAS_CHECKS
        guard Int(raw.fields) & ~known == 0 else {
            throw PayloadError("unknown fields \(raw.fields)")
        }
        // Twice the condition's index has to fit an Int32 wherever it is used.
        raw.lucas_condition = UInt32(try reader.integer(upTo: Int(Int32.max), "a condition"))
        raw.cpu_ns = try reader.integer()
        if has(PRK_REPORT_HAS_FACTOR) { raw.factor = try reader.integer() }
        if has(PRK_REPORT_HAS_LUCAS) {
            raw.lucas_p = try reader.signed()
            raw.lucas_q = try reader.signed()
        }
        if has(PRK_REPORT_HAS_RESIDUE) { raw.residue = try reader.integer() }
        if has(PRK_REPORT_HAS_ROUND) { raw.round = try word() }
        if has(PRK_REPORT_HAS_BASE) { raw.base = try reader.integer() }
        if has(PRK_REPORT_HAS_CHECKS) {
            raw.alarms = try word()
            raw.checks = try word()
            raw.repaired = try word()
        }
        // Names of methods and engines are found as for a report of a kernel.
        guard TestReport(raw, number: 3, seed: 0) != nil else {
            throw PayloadError("an unknown method or engine")
        }
        return Report(raw: raw)
    }
}

extension ResultPayload.Entry {
    var verdict: Verdict? {
        switch self {
        case .verdict(let verdict): verdict
        case .report(let report): Verdict(rawValue: report.raw.verdict)
        case .nothing, .failure: nil
        }
    }

    /// A certificate was verified: the first step's kind is the method.
    var isProved: Bool {
        guard case .report(let report) = self, verdict == .prime else { return false }
        return TestReport(report.raw, number: 3, seed: 0)?.method.isProof ?? false
    }

    fileprivate var residue: UInt64? {
        guard case .report(let report) = self,
            Int(report.raw.fields) & PRK_REPORT_HAS_RESIDUE != 0
        else { return nil }
        return report.raw.residue
    }
}

extension ChunkFailure {
    /// What ``ChunkFailure/threw(_:)`` is to say of it.
    fileprivate var reason: String {
        if case .threw(let text) = self { return text }
        return description
    }
}

extension ResultPayload {
    /// Gives every candidate the same reason for having no verdict.
    mutating func fail(_ failure: ChunkFailure) {
        for i in entries.indices { entries[i] = .failure(failure) }
    }
}
