// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityExpressions
import PrimalityPool
import PrimalityQueue
import PrimalityRuns
import TestSupport
import Testing

/// The bytes of candidates and of results.
@Suite(.timeLimit(.minutes(5))) struct PayloadTests {
    // MARK: Candidates

    private static func condition(
        _ member: Int, of count: Int, header: Int = 1, isChain: Bool = true,
        stops: [CandidateCondition.Stop] = []
    ) -> CandidateCondition {
        CandidateCondition(
            header: header, member: member, memberCount: count, isChain: isChain, stops: stops)
    }

    private static func record(
        _ text: String, line: Int = 1, cut: Int? = nil, _ condition: CandidateCondition? = nil
    ) -> CandidateRecord {
        CandidateRecord(
            candidate: .text(
                CandidateParser.Candidate(text: Array(text.utf8)[...], lengthOfCut: cut)),
            line: line, condition: condition)
    }

    private static func bad(_ text: String, _ row: String?, line: Int = 1) -> CandidateRecord {
        CandidateRecord(
            candidate: .bad(CandidateFileError(text), row.map { Array($0.utf8)[...] }), line: line,
            condition: nil)
    }

    /// Each kind alone, and then all of them.
    private static let kinds: [[CandidateRecord]] = {
        let stops = [
            CandidateCondition.Stop(value: Array("17".utf8), count: 1, countsPrimes: true),
            CandidateCondition.Stop(value: [], count: 1 << 40, countsPrimes: false),
        ]
        let kinds: [[CandidateRecord]] = [
            [], [record("2^127-1")], [record("")], [record("é\u{0}\n", line: 1 << 40)],
            [record("999", cut: 1 << 33)], [bad("it is none", nil)],
            [bad("it is none", "a row"), bad("", "")],
            [record("5", condition(0, of: 1, header: 0, isChain: false))],
            // Rows of several members; the second begins anew.
            [
                record("3", condition(0, of: 3)), record("5", condition(1, of: 3)),
                record("7", condition(2, of: 3)), record("9", condition(0, of: 2)),
                record("11", condition(1, of: 2)),
            ],
            [
                record("3", condition(0, of: 2, stops: stops)),
                record("5", condition(1, of: 2, stops: stops)),
                record("7", condition(0, of: 1, stops: [stops[0]])),
            ],
            // One that depends on nothing between rows.
            [record("3", condition(0, of: 1)), record("4"), record("5", condition(0, of: 1))],
            [record("1", line: 900), record("2", line: 7), record("3", line: 7)],
            [record("1", line: .max), record("2", line: 0), record("3", line: .max)],
        ]
        return kinds + [kinds.flatMap(\.self)]
    }()

    private static func areEqual(_ one: [CandidateRecord], _ two: [CandidateRecord]) -> Bool {
        one.count == two.count
            && zip(one, two).allSatisfy { a, b in
                guard a.line == b.line, a.condition == b.condition, a.place == b.place else {
                    return false
                }
                switch (a.candidate, b.candidate) {
                case (.text(let a), .text(let b)): return a == b
                case (.bad(let a, let row), .bad(let b, let other)): return a == b && row == other
                default: return false
                }
            }
    }

    @Test(arguments: kinds.indices) func candidatesSurvive(_ i: Int) throws {
        let records = Self.kinds[i]
        let bytes = CandidatePayload.encoded(records)
        #expect(Self.areEqual(try CandidatePayload.decoded(bytes), records))
        for count in bytes.indices {
            #expect(throws: PayloadError.self, "\(count) of \(bytes.count) bytes") {
                try CandidatePayload.decoded(Array(bytes.prefix(count)))
            }
        }
        #expect(throws: PayloadError.self) { try CandidatePayload.decoded(bytes + [0]) }
    }

    /// Who reads a row waits for its end, and would for ever.
    @Test(arguments: [
        [record("3", condition(0, of: 3)), record("5", condition(1, of: 3))],
        [record("3", condition(0, of: 3)), record("5", condition(2, of: 3))],
        [record("3", condition(1, of: 2))],
        [record("3", condition(0, of: 2)), record("4"), record("5", condition(1, of: 2))],
        [record("3", condition(0, of: 2)), record("5", condition(0, of: 1))],
    ])
    func aRowThatIsNotWholeIsRefused(_ records: [CandidateRecord]) {
        #expect(throws: PayloadError.self) {
            try CandidatePayload.decoded(CandidatePayload.encoded(records))
        }
    }

    @Test func membersOfARowTakeNoRoom() {
        let stop = CandidateCondition.Stop(
            value: [UInt8](repeating: 0x37, count: 1000), count: 1, countsPrimes: true)
        let row = (0..<100).map {
            Self.record("\($0)", Self.condition($0, of: 100, stops: [stop]))
        }
        #expect(CandidatePayload.encoded(row).count < 2000)
    }

    /// What other versions of this form have written is read for ever.
    @Test func theFormOfCandidatesStays() throws {
        let bytes: [UInt8] = [
            0x43, 1, 4,
            // 7 on line 2
            0, 4, 1, 0x37,
            // A line of 300 bytes that was cut, on line 1
            2, 1, 2, 0x39, 0x39, 0xAC, 2,
            // Bad, with its row
            3, 2, 1, 0x65, 1, 0x72,
            // Under header 2, member 0 of 1, of a chain, with a stop at the third prime of 5
            4, 0, 1, 0x35, 2, 0, 1, 1, 1, 1, 0x35, 3, 1,
        ]
        let stop = CandidateCondition.Stop(value: [0x35], count: 3, countsPrimes: true)
        let records = [
            Self.record("7", line: 2), Self.record("99", line: 1, cut: 300),
            Self.bad("e", "r", line: 2),
            Self.record("5", line: 2, Self.condition(0, of: 1, header: 2, stops: [stop])),
        ]
        #expect(Self.areEqual(try CandidatePayload.decoded(bytes), records))
        #expect(CandidatePayload.encoded(records) == bytes)
    }

    @Test(
        arguments: [
            ([0x43, 2, 0], "another version"), ([0x42, 1, 0], "another kind"), ([], "nothing"),
            ([0x43, 1, 1, 16, 0, 0], "an unknown flag"),
            ([0x43, 1, 1, 8, 0, 0], "a row of nothing"),
            ([0x43, 1, 1, 12, 0, 0], "a row without a beginning"),
            ([0x43, 1, 1, 0, 1, 0], "a negative line"),
            ([0x43, 1, 1, 4, 0, 0, 0, 1, 1, 0, 0], "a member beyond the row"),
            ([0x43, 1, 2, 4, 0, 0, 0, 0, 1, 0, 0, 12, 0, 0], "one member too many"),
            ([0x43, 1, 1, 4, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1], "none are enough"),
            ([0x43, 1] + [UInt8](repeating: 0xFF, count: 9) + [1], "a count of 2^64 - 1"),
            ([0x43, 1] + [UInt8](repeating: 0xFF, count: 9) + [2], "a count of more"),
            ([0x43, 1] + [UInt8](repeating: 0x80, count: 20), "a count without end"),
            ([0x43, 1, 1, 0, 0] + [UInt8](repeating: 0xFF, count: 9) + [1], "a long text"),
        ] as [([UInt8], String)])
    func whatIsNoPayloadOfCandidatesIsRefused(_ bytes: [UInt8], _ name: String) {
        #expect(throws: PayloadError.self, "\(name)") { try CandidatePayload.decoded(bytes) }
    }

    /// A count that the bytes could hold is not believed before they do.
    @Test func aCountTakesNoMemory() throws {
        let size = 1 << 26
        // 2^26 - 16 candidates, and the first of them is none.
        let bytes = [0x43, 1, 0xF0, 0xFF, 0xFF, 0x1F] + [UInt8](repeating: 0xFF, count: size)
        let before = Self.mostMemory
        #expect(throws: PayloadError.self) { try CandidatePayload.decoded(bytes) }
        #expect(Self.mostMemory - before < 2 << 30)
    }

    /// How much address space the process has had at most.
    private static var mostMemory: Int {
        let line = TestFiles.text("/proc/self/status")?.split(separator: "\n").first {
            $0.hasPrefix("VmPeak:")
        }
        return 1024
            * (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
                ?? 0)
    }

    // MARK: Results

    private static func integer(_ value: UInt64) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + integer(value >> 7)
    }

    /// A report with such fields, as bytes.
    private static func report(_ verdict: Verdict, fields: UInt8) -> [UInt8] {
        // Method and engine are those of any test.
        var bytes: [UInt8] = [9 + verdict.rawValue, 4, 1, fields] + integer(1) + integer(1 << 50)
        if fields & 1 != 0 { bytes += integer(.max) }
        // P and Q have signs: 2^63 - 1 and -2^63.
        if fields & 2 != 0 { bytes += integer(.max - 1) + integer(.max) }
        if fields & 4 != 0 { bytes += integer(0x0123_4567_89AB_CDEF) }
        if fields & 8 != 0 { bytes += integer(1 << 32 - 1) }
        if fields & 16 != 0 { bytes += integer(.max - 3) }
        if fields & 32 != 0 { bytes += integer(1) + integer(1 << 32 - 1) + integer(0) }
        return bytes
    }

    @Test(arguments: [Verdict.neither, .composite, .probablePrime, .prime])
    func reportsSurviveWithEachField(_ verdict: Verdict) throws {
        for fields in UInt8(0)..<64 {
            // No certificate follows.
            let bytes = [0x52, 1, 2, 0] + Self.report(verdict, fields: fields) + [0]
            let payload = try ResultPayload(bytes, count: 2)
            #expect(payload.encoded == bytes, "\(fields)")
            #expect(payload.counts.tested == 1)
            #expect(payload.counts.passed == (verdict.passed ? 1 : 0))
            for count in bytes.indices {
                #expect(throws: PayloadError.self) {
                    try ResultPayload(Array(bytes.prefix(count)), count: 2)
                }
            }
        }
    }

    private static let failures: [ChunkFailure] = [
        .timedOut, .workerDied(signal: 11, exitStatus: nil),
        .workerDied(signal: nil, exitStatus: 255), .workerDied(signal: nil, exitStatus: nil),
        .test(.outOfMemory), .threw("é: an error"), .threw(""),
    ]

    /// A pool's result: each verdict, and then each failure.
    private static func result() throws -> ChunkResult {
        let verdicts: [Verdict] = [.neither, .composite, .probablePrime, .prime]
        let count = verdicts.count + failures.count
        var results = TestResults(seed: 1, untested: count, withReports: false)
        for (i, verdict) in verdicts.enumerated() { results.verdictBytes[i] = verdict.rawValue }
        return ChunkResult(
            chunk: Chunk(id: 0, first: 0, numbers: NumberBatch((0..<count).map { BigNatural($0) })),
            results: results,
            failures: Dictionary(
                uniqueKeysWithValues: failures.enumerated().map { ($0 + verdicts.count, $1) }))
    }

    @Test func verdictsAndFailuresSurvive() throws {
        let result = try Self.result()
        let count = result.results.count
        var payload = ResultPayload(count: count + 1)
        // What has no entry has nothing.
        for i in 0..<count {
            let isTaken = payload.take(result, i, at: count - i)
            #expect(isTaken)
        }
        let bytes = payload.encoded
        let again = try ResultPayload(bytes, count: count + 1)
        #expect(again.encoded == bytes)
        guard case .nothing = again.entries[0] else {
            Issue.record("\(again.entries[0])")
            return
        }
        for i in 0..<count {
            switch again.entries[count - i] {
            case .verdict(let verdict): #expect(verdict == result.results.verdict(at: i))
            case .failure(let failure): #expect(failure == Self.failures[i - 4])
            default: Issue.record("\(i): \(again.entries[count - i])")
            }
        }
        #expect(again.counts.tested == 4 && again.counts.passed == 2 && again.counts.failed == 7)
        for length in bytes.indices {
            #expect(throws: PayloadError.self) {
                try ResultPayload(Array(bytes.prefix(length)), count: count + 1)
            }
        }
        #expect(throws: PayloadError.self) { try ResultPayload(bytes, count: count) }
        #expect(throws: PayloadError.self) { try ResultPayload(bytes + [0], count: count + 1) }
    }

    @Test func whatWasCancelledHasNoEntry() throws {
        let results = TestResults(seed: 1, untested: 1, withReports: false)
        let result = ChunkResult(
            chunk: Chunk(id: 0, first: 0, numbers: NumberBatch([7 as BigNatural])),
            results: results, failures: [0: .cancelled])
        var payload = ResultPayload(count: 1)
        let isTaken = payload.take(result, 0, at: 0)
        #expect(!isTaken)
        guard case .nothing = payload.entries[0] else {
            Issue.record("\(payload.entries[0])")
            return
        }
    }

    /// The reason is cut, and what is left of it survives.
    @Test(arguments: ["x", "é", "€", "👩‍👩‍👧‍👦"]) func aLongReasonIsCut(_ letter: String) throws {
        for shift in 0..<4 {
            let text = String(repeating: "-", count: shift) + String(repeating: letter, count: 5000)
            let result = ChunkResult(
                chunk: Chunk(id: 0, first: 0, numbers: NumberBatch([7 as BigNatural])),
                results: TestResults(seed: 1, untested: 1, withReports: false),
                failures: [0: .threw(text)])
            var payload = ResultPayload(count: 1)
            let isTaken = payload.take(result, 0, at: 0)
            #expect(isTaken)
            let bytes = payload.encoded
            #expect(bytes.count <= 1100)
            let again = try ResultPayload(bytes, count: 1)
            guard case .failure(.threw(let kept)) = again.entries[0] else {
                Issue.record("\(again.entries[0])")
                return
            }
            #expect(kept.utf8.count > 990)
            #expect(text.unicodeScalars.starts(with: kept.unicodeScalars))
            #expect(again.encoded == bytes)
        }
    }

    @Test(
        arguments: [
            ([0x52, 2, 1, 0], "another version"), ([0x43, 1, 1, 0], "another kind"),
            ([], "nothing"),
            ([0x52, 1, 1, 5], "no verdict"), ([0x52, 1, 1, 8], "no tag"),
            ([0x52, 1, 1, 200], "no tag"),
            ([0x52, 1, 1, 10, 200, 1, 0, 0, 0], "an unknown method"),
            ([0x52, 1, 1, 10, 4, 200, 0, 0, 0], "an unknown engine"),
            ([0x52, 1, 1, 10, 4, 1, 64, 0, 0], "an unknown field"),
            ([0x52, 1, 1, 10, 4, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0], "a large condition"),
            ([0x52, 1, 1, 33, 0x80, 8, 1], "a signal of 512"),
        ] as [([UInt8], String)])
    func whatIsNoPayloadOfResultsIsRefused(_ bytes: [UInt8], _ name: String) {
        for end in [[], [0]] as [[UInt8]] {
            #expect(throws: PayloadError.self, "\(name)") {
                try ResultPayload(bytes + end, count: 1)
            }
        }
    }

    @Test func certificatesSurvive() throws {
        var payload = ResultPayload(count: 3)
        payload.entries[1] = .verdict(.prime)
        payload.certificates = [1: Array("{}\n".utf8), 2: []]
        let bytes = payload.encoded
        #expect(try ResultPayload(bytes, count: 3).certificates == payload.certificates)
        for count in bytes.indices {
            #expect(throws: PayloadError.self) {
                try ResultPayload(Array(bytes.prefix(count)), count: 3)
            }
        }
        // A place that no candidate has.
        var other = bytes
        other[other.count - 2] = 3
        #expect(throws: PayloadError.self) { try ResultPayload(other, count: 3) }
    }

    @Test func aSecondTestAgreesOrDoesNot() throws {
        func payload(_ entries: [UInt8]...) throws -> ResultPayload {
            try ResultPayload(
                [0x52, 1, UInt8(entries.count)] + entries.flatMap(\.self) + [0],
                count: entries.count)
        }
        let (neither, composite, probable, prime): ([UInt8], [UInt8], [UInt8], [UInt8]) =
            ([1], [2], [3], [4])
        let first = try payload(neither, composite, probable, prime)
        #expect(first.agrees(with: first))
        #expect(first.agrees(with: try payload(neither, composite, prime, probable)))
        #expect(!first.agrees(with: try payload(neither, composite, composite, prime)))
        #expect(!first.agrees(with: try payload(composite, composite, prime, prime)))
        #expect(!first.agrees(with: try payload(neither, neither, prime, prime)))
        // What has no verdict says nothing; another count says that something is wrong.
        #expect(first.agrees(with: try payload([0], [32], prime, prime)))
        #expect(!first.agrees(with: try payload(neither, composite, probable)))
        // Residues count where both have one.
        func residue(_ last: UInt8) -> [UInt8] { [10, 4, 1, 4, 0, 0, last] }
        #expect(try payload(residue(3)).agrees(with: try payload(residue(3))))
        #expect(!(try payload(residue(3)).agrees(with: try payload(residue(4)))))
        #expect(try payload(residue(3)).agrees(with: try payload(composite)))
    }

    // MARK: What a stranger may have written

    /// Changes bytes at random: bits, pieces of others, random bytes, counts beyond all bounds.
    private static func mutated(
        _ bytes: [UInt8], _ others: [[UInt8]], _ generator: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            let end = min(bytes.count, place + Int.random(in: 0...8, using: &generator))
            switch generator.next() % 6 {
            case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(generator.next() & 7)
            case 1 where place < bytes.count:
                bytes[place] = UInt8(truncatingIfNeeded: generator.next())
            case 2:
                let other = others.randomElement(using: &generator) ?? []
                let from = Int.random(in: 0...other.count, using: &generator)
                bytes.replaceSubrange(place..<end, with: other[from...].prefix(end - place + 3))
            case 3: bytes.removeSubrange(place..<end)
            case 4:
                bytes.replaceSubrange(place..<end, with: integer(.max >> (generator.next() & 63)))
            default:
                let count = Int.random(in: 0...8, using: &generator)
                let random = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                bytes.insert(contentsOf: random, at: place)
            }
        }
        return bytes
    }

    /// What can be read is written and read again, and is the same.
    @Test func mutatedPayloadsAreRefusedOrReadAsTheyAre() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("payloads: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let candidates = Self.kinds.map { CandidatePayload.encoded($0) }
        var whole = ResultPayload(count: 11)
        let result = try Self.result()
        for i in 0..<11 { _ = whole.take(result, i, at: i) }
        let results =
            [whole.encoded]
            + (UInt8(0)..<64).map {
                [0x52, 1, 2, 0] + Self.report(.composite, fields: $0)
            }
        let before = Self.mostMemory
        var read = 0
        for _ in 0..<TestFiles.scaled(10_000) {
            var bytes = candidates.randomElement(using: &generator) ?? []
            bytes = Self.mutated(bytes, candidates, &generator)
            if let records = try? CandidatePayload.decoded(bytes) {
                read += 1
                let again = try CandidatePayload.decoded(CandidatePayload.encoded(records))
                #expect(Self.areEqual(records, again), "seed \(seed): \(bytes)")
            }
            bytes = results.randomElement(using: &generator) ?? []
            bytes = Self.mutated(bytes, results, &generator)
            // Often the count is right.
            let count = bytes.count > 2 && generator.next() % 4 > 0 ? Int(bytes[2] & 127) : 2
            if let payload = try? ResultPayload(bytes, count: count) {
                read += 1
                let again = try ResultPayload(payload.encoded, count: count)
                #expect(again.encoded == payload.encoded, "seed \(seed): \(bytes)")
                #expect(again.counts.tested == payload.counts.tested, "seed \(seed): \(bytes)")
            }
        }
        #expect(read > 100)
        #expect(Self.mostMemory - before < 2 << 30)
    }
}
