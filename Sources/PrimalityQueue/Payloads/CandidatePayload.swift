// SPDX-License-Identifier: Apache-2.0

internal import PrimalityExpressions
package import PrimalityRuns

/// The candidates of a chunk, as bytes in a store: what `submit` has read, for workers and for `collect`.
///
/// Expressions stay text. Who reads a payload believes nothing of it: an expression is evaluated as one of a
/// stranger's file is.
package enum CandidatePayload {
    /// What a store takes as one payload: PostgreSQL has values of up to 1 GB.
    package static let mostBytes = 1 << 28
    /// The first byte, and the version of the form.
    private static let magic: [UInt8] = [0x43, 1]

    private enum Flag {
        static let bad: UInt8 = 1
        /// A line of which only the beginning was read; or, of a bad one, that there is a line.
        static let extra: UInt8 = 2
        static let condition: UInt8 = 4
        /// The condition is that of the candidate before, but for the next place in the row.
        static let sameRow: UInt8 = 8
        static let all: UInt8 = 15
    }

    package static func encoded(_ records: [CandidateRecord]) -> [UInt8] {
        var writer = ByteWriter()
        for byte in magic { writer.append(byte: byte) }
        writer.append(records.count)
        var line = 0
        var last: CandidateCondition?
        for record in records {
            var next = last
            next?.member += 1
            let isSameRow = record.condition != nil && record.condition == next
            var flags: UInt8 = 0
            if record.condition != nil {
                flags |= isSameRow ? Flag.condition | Flag.sameRow : Flag.condition
            }
            switch record.candidate {
            case .text(let candidate): if candidate.lengthOfCut != nil { flags |= Flag.extra }
            case .bad(_, let row): flags |= row == nil ? Flag.bad : Flag.bad | Flag.extra
            }
            writer.append(byte: flags)
            writer.append(signed: Int64(record.line - line))
            line = record.line
            switch record.candidate {
            case .text(let candidate):
                writer.append(candidate.text)
                if let length = candidate.lengthOfCut { writer.append(length) }
            case .bad(let error, let row):
                writer.append(error.description.utf8)
                if let row { writer.append(row) }
            }
            if let condition = record.condition, !isSameRow { append(condition, to: &writer) }
            last = record.condition
        }
        return writer.bytes
    }

    private static func append(_ condition: CandidateCondition, to writer: inout ByteWriter) {
        writer.append(condition.header)
        writer.append(condition.member)
        writer.append(condition.memberCount)
        writer.append(byte: condition.isChain ? 1 : 0)
        writer.append(condition.stops.count)
        for stop in condition.stops {
            writer.append(stop.value)
            writer.append(stop.count)
            writer.append(byte: stop.countsPrimes ? 1 : 0)
        }
    }

    /// - Throws: What is wrong with the bytes.
    package static func decoded(_ bytes: [UInt8]) throws(PayloadError) -> [CandidateRecord] {
        var reader = ByteReader(bytes)
        guard try [reader.byte(), reader.byte()] == magic else {
            throw PayloadError("it does not begin as candidates do")
        }
        let count = try reader.count()
        var records: [CandidateRecord] = []
        // A record takes much more than the byte that it has at least.
        records.reserveCapacity(min(count, 1 << 16))
        var line = 0
        var last: CandidateCondition?
        for _ in 0..<count {
            let flags = try reader.byte()
            let hasCondition = flags & Flag.condition != 0
            guard flags & ~Flag.all == 0, hasCondition || flags & Flag.sameRow == 0 else {
                throw PayloadError("unknown flags \(flags)")
            }
            let (next, overflow) = line.addingReportingOverflow(Int(try reader.signed()))
            guard !overflow, next >= 0 else { throw PayloadError("a line number is negative") }
            line = next
            let candidate = try candidate(&reader, flags)
            if hasCondition {
                if flags & Flag.sameRow != 0 {
                    guard last != nil else { throw PayloadError("a row has no beginning") }
                    last?.member += 1
                } else {
                    // Who reads a row waits for its end.
                    try checkEnd(of: last)
                    last = try condition(&reader)
                    guard last?.member == 0 else { throw PayloadError("a row has no beginning") }
                }
                guard let last, last.member < last.memberCount else {
                    throw PayloadError("a row has more candidates than it says")
                }
            } else {
                try checkEnd(of: last)
                last = nil
            }
            records.append(CandidateRecord(candidate: candidate, line: line, condition: last))
        }
        try checkEnd(of: last)
        guard reader.isAtEnd else { throw PayloadError("bytes follow the last candidate") }
        return records
    }

    private static func checkEnd(of row: CandidateCondition?) throws(PayloadError) {
        if let row, row.member != row.memberCount - 1 {
            throw PayloadError("a row has fewer candidates than it says")
        }
    }

    private static func candidate(
        _ reader: inout ByteReader, _ flags: UInt8
    ) throws(PayloadError) -> ReadCandidate {
        let text = try reader.text()
        let hasExtra = flags & Flag.extra != 0
        if flags & Flag.bad != 0 {
            let error = CandidateFileError(String(decoding: text, as: UTF8.self))
            return .bad(error, hasExtra ? try reader.text() : nil)
        }
        let length = hasExtra ? try reader.integer(upTo: 1 << 60, "a length") : nil
        return .text(CandidateParser.Candidate(text: text, lengthOfCut: length))
    }

    private static func condition(
        _ reader: inout ByteReader
    ) throws(PayloadError) -> CandidateCondition {
        let header = try reader.integer(upTo: 1 << 60, "a header's number")
        let member = try reader.integer(upTo: 1 << 30, "a place in a row")
        let memberCount = try reader.integer(upTo: 1 << 30, "the length of a row")
        let isChain = try reader.byte() == 1
        var stops: [CandidateCondition.Stop] = []
        for _ in 0..<(try reader.count()) {
            let value = Array(try reader.text())
            let count = try reader.integer(upTo: 1 << 60, "how many are enough")
            guard count > 0 else { throw PayloadError("none are enough") }
            stops.append(
                CandidateCondition.Stop(
                    value: value, count: count, countsPrimes: try reader.byte() == 1))
        }
        return CandidateCondition(
            header: header, member: member, memberCount: memberCount, isChain: isChain, stops: stops
        )
    }
}
