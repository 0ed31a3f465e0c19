// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityExpressions
import PrimalityRuns
import Testing

@Suite struct CandidateSourceTests {
    @Test func itsBatchesHaveTheFormsOfExpressions() throws {
        let arguments = ["3*2^100+1", "17", "97#-1", "bad", "2^13-1", "100!+1", "2^9000-1", "5*7"]
        let source = CandidateSource(
            .arguments(arguments), engine: .auto, maximumBits: 10_000, chunk: nil,
            cancel: CancelFlag(), report: { _ in })
        var found: [String?] = []
        var batches = 0
        while let batch = try source.next() {
            batches += 1
            found += (0..<batch.count).map { batch.form(at: $0)?.description }
        }
        #expect(found == ["3*2^100+1", nil, "97#-1", "2^13-1", "100!+1", "2^9000-1", nil])
        // The large one was kept for a batch of its own.
        #expect(batches > 1)
    }
}
