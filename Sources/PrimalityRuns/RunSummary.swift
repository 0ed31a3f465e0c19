// SPDX-License-Identifier: Apache-2.0

/// What became of the candidates of a run: all that were read and belong to its share.
///
/// Each is counted once.
package struct RunSummary: CustomStringConvertible {
    private let results: ResultCounts
    private let source: CandidateSource.Counts

    /// - Parameters:
    ///   - source: What was read.
    ///   - results: The results of this run, but for those of candidates that were left out.
    package init(_ source: CandidateSource.Counts, _ results: ResultCounts) {
        self.source = source
        self.results = results
    }

    /// Those that have no result, as they timed out or failed, or the run was ended before.
    package var notTested: Int {
        source.selected - results.results - source.bad - source.leftOut - source.done
    }

    /// `summary: 12 prime, 3 probable prime, 1004 composite, 2 neither, 1 bad, 0 not tested`, and then what
    /// few runs have.
    package var description: String {
        var parts = [
            "\(results[.prime]) prime", "\(results[.probablePrime]) probable prime",
            "\(results[.composite]) composite", "\(results[.neither]) neither",
            "\(source.bad) bad", "\(notTested) not tested",
        ]
        if source.leftOut > 0 { parts.append("\(source.leftOut) left out") }
        if source.done > 0 { parts.append("\(source.done) tested by an earlier run") }
        return "summary: " + parts.joined(separator: ", ")
    }
}
