// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityPool
import Synchronization
import Testing

/// Forms of candidates on their way through pools.
@Suite(.timeLimit(.minutes(15))) struct FormTests {
    static let pools: [any Pool] =
        PoolKind.allCases.map { $0.pool(workers: 2) }
        + ProcessChannel.allCases.map { ProcessPool(workers: 2, channel: $0) }

    /// Numbers 2^20 + i, of which every third has no form, and perhaps one form that kernels refuse.
    private static func batch(_ count: Int, bad: Int? = nil) -> NumberBatch {
        var batch = NumberBatch()
        for i in 0..<count {
            let n = UInt64(1 << 20 + i)
            let form = CandidateForm.power(k: i == bad ? 0 : 1, b: 2, n: 20, c: Int64(i))
            batch.append(BigNatural(n), validForm: i % 3 == 1 && i != bad ? nil : form)
        }
        return batch
    }

    @Test(arguments: pools.indices)
    func theyComeBackWithTheirChunks(_ which: Int) async throws {
        try await blocking {
            let pool = Self.pools[which]
            let all = Self.batch(1000)
            let next = Mutex(0)
            var seen = 0
            try pool.run(
                PoolJob(),
                from: {
                    next.withLock { first in
                        if first == all.count { return nil }
                        let end = min(first + 1 + first % 97, all.count)
                        defer { first = end }
                        return NumberBatch(all, first..<end)
                    }
                }
            ) { result in
                for i in 0..<result.chunk.numbers.count {
                    #expect(
                        result.chunk.numbers.form(at: i) == all.form(at: result.chunk.first + i))
                    #expect(result.results.verdict(at: i) != nil)
                    seen += 1
                }
                return true
            }
            #expect(seen == all.count)
        }
    }

    // A kernel that refuses a form has seen it.
    @Test(arguments: pools.indices)
    func kernelsSeeThem(_ which: Int) async throws {
        try await blocking {
            let pool = Self.pools[which]
            let refused = ChunkFailure.test(.internalError("kernel status 1"))
            let good = Self.batch(3000)
            let bad = Self.batch(3000, bad: 2500)
            let expected = try Tester.verdicts(of: good)
            #expect(try pool.verdicts(of: good) == expected)
            #expect(try pool.verdicts(of: good, chunk: 7) == expected)
            #expect(throws: PoolError.failed(refused)) { try pool.verdicts(of: bad) }
            #expect(throws: PoolError.failed(refused)) { try pool.verdicts(of: bad, chunk: 7) }
            let given = Mutex(false)
            var failures: [ChunkFailure?] = []
            try pool.run(
                PoolJob(),
                from: {
                    given.withLock { given in
                        defer { given = true }
                        return given ? nil : bad
                    }
                }
            ) { result in
                failures.append(result.failure)
                return true
            }
            #expect(failures == [refused])
        }
    }
}
