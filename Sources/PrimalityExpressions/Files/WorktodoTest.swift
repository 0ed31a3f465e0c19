// SPDX-License-Identifier: Apache-2.0

/// A line of GIMPS's file of work that asks for a test, with what its result has to name.
package struct WorktodoTest: Sendable {
    /// Which test.
    package enum Kind: Sendable {
        /// Fermat's, to base 3, with its residue of type 1: `PRP=` and `PRPDC=`.
        case fermat
        /// Of Lucas and Lehmer: `Test=` and `DoubleCheck=`.
        case lucasLehmer
    }

    /// Which test.
    package var kind: Kind
    /// k, b, n and c in decimal, c with its sign.
    package var parts: [String]
    /// In decimal.
    package var knownFactors: [String]
    /// 32 hexadecimal digits, if the work was assigned to somebody.
    package var assignment: String?
    /// The number.
    package var expression: String

    private static let kinds: [String: Kind] = [
        "prp": .fermat, "prpdc": .fermat, "test": .lucasLehmer, "doublecheck": .lucasLehmer,
    ]

    /// Reads a line; `nil` for one that is empty, a comment, or names a worker.
    ///
    /// - Throws: What is wrong with it, or that it asks for no test that there are result lines for.
    package init?(_ line: ArraySlice<UInt8>) throws(CandidateFileError) {
        var line = line
        while let last = line.last, last == 0x20 || last == 0x0D || last == 0x09 {
            line.removeLast()
        }
        while let first = line.first, first == 0x20 || first == 0x09 { line.removeFirst() }
        if line.isEmpty || line.first == UInt8(ascii: "#") { return nil }
        // All that is wrong with the line as such is found here.
        guard let expression = try WorktodoLine.expression(of: line) else { return nil }
        self.expression = String(decoding: expression, as: UTF8.self)
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else {
            throw CandidateFileError("names no test: PRP=k,b,n,c or Test=p")
        }
        let name = String(decoding: line[..<equals].prefix(16), as: UTF8.self)
        guard let kind = Self.kinds[name.lowercased()] else {
            throw CandidateFileError(
                "is no test that --format gimps has results for: PRP=, PRPDC=, Test= and DoubleCheck= are"
            )
        }
        self.kind = kind
        let halves = line[(equals + 1)...].split(
            separator: UInt8(ascii: "\""), maxSplits: 1, omittingEmptySubsequences: false)
        var fields = halves[0].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { WorktodoLine.trimming($0) }
        if let first = fields.first, WorktodoLine.isAssignment(first) {
            let text = String(decoding: fields.removeFirst(), as: UTF8.self)
            if text.utf8.count == 32 { assignment = text.uppercased() }
        }
        // What stands before the quotes ends with a comma.
        if halves.count == 2, fields.last?.isEmpty == true { fields.removeLast() }
        let texts = fields.map { String(decoding: $0, as: UTF8.self) }
        knownFactors =
            halves.count < 2
            ? []
            : halves[1].prefix { $0 != UInt8(ascii: "\"") }.split(separator: UInt8(ascii: ","))
                .map { String(decoding: WorktodoLine.trimming($0), as: UTF8.self) }
        if kind == .lucasLehmer {
            parts = ["1", "2", texts[0], "-1"]
            return
        }
        parts = Array(texts.prefix(4))
        // PRP=k,b,n,c[,how_far_factored,tests_saved[,base,residue_type]]
        if texts.count > 6, texts[6] != "3" {
            throw CandidateFileError("asks for a PRP test to another base than 3")
        }
        if texts.count > 7, texts[7] != "1" {
            throw CandidateFileError("asks for a residue of another type than 1, 3^(N-1) mod N")
        }
    }
}
