// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// How the results of a part are written, as its beginning says.
enum PartForm: String {
    /// A file of `--resume`: a header, lines with checksums, and the line of counts of a run that came to its end.
    case journal = "a file of --resume"
    /// `--format jsonl`.
    case jsonl
    /// `--format csv`.
    case csv

    /// How much of a file is enough to know it by.
    static let beginning = 1 << 16

    private static let compressors: [(magic: [UInt8], program: String)] = [
        ([0x1F, 0x8B], "gzip -dc"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd -dc"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz -dc"), (Array("BZh".utf8), "bzip2 -dc"),
    ]

    /// - Throws: What else it is, as a sentence's end.
    init(_ beginning: ArraySlice<UInt8>) throws(UsageError) {
        if beginning.isEmpty {
            throw UsageError(
                "is empty: its run has not begun, or its share has no candidate; in that case leave it out"
            )
        }
        // What was cut off within its first line is known, too.
        func begins(_ text: some Collection<UInt8>) -> Bool {
            beginning.starts(with: text) || text.starts(with: beginning)
        }
        if begins(ResultsOrigin.anyBeginning.utf8) {
            self = .journal
            return
        }
        if begins(ResultLine.beginning) || begins(ResultLine.beginningOfEvent) {
            self = .jsonl
            return
        }
        if let header = ResultFormat.csv.header, begins(header.utf8) {
            self = .csv
            return
        }
        if let (_, program) = Self.compressors.first(where: { beginning.starts(with: $0.magic) }) {
            throw UsageError("is compressed; give what \(program) makes of it, by a file or a pipe")
        }
        let line = beginning.prefix { $0 != UInt8(ascii: "\n") }
        let isWhole = line.count < beginning.count
        if isWhole, let format = Self.formatWithoutPlaces(line) {
            throw UsageError(
                "is of --format \(format), whose lines do not say where in the input their number stands: "
                    + "shares are put together when they are written by --resume, or by --format jsonl or csv"
            )
        }
        throw UsageError("is no file of results: line 1 is '\(printable(line))'")
    }

    /// The format of a line of results that has no place.
    private static func formatWithoutPlaces(_ line: ArraySlice<UInt8>) -> String? {
        guard line.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        let text = String(decoding: line, as: UTF8.self)
        if let colon = text.firstRange(of: ": ") {
            let words = ResultWord.allCases.map { $0.verdict?.description ?? $0.name }
            if words.contains(where: text[colon.upperBound...].hasPrefix) { return "text" }
        }
        let words = [
            " is prime!", " is 3-PRP!", " is a probable prime", " is composite", " has factors: ",
            " is neither prime nor composite", " is not tested: ",
        ]
        return words.contains { text.firstRange(of: $0) != nil } ? "pfgw" : nil
    }
}
