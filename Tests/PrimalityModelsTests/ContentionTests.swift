// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityModels
import PrimalityPool
import Testing

@Suite(.timeLimit(.minutes(15))) struct ContentionTests {
    /// That nothing was lost is looked at in each row: it throws.
    @Test func everyGuardLosesNothingUnderEveryNumberOfThreads() async throws {
        let rows = try await onOwnThread { () throws(PoolError) in
            do {
                return try Contention(threads: [1, 2, 5], milliseconds: 10).run()
            } catch let error as PoolError {
                throw error
            } catch {
                Issue.record(error)
                return []
            }
        }
        let (resources, guards) = (Contention.Resource.allCases, Contention.Guard.allCases)
        #expect(rows.count == resources.count * guards.count * 3)
        for row in rows {
            #expect(row.operations > 0)
            #expect(row.perSecond > 0)
            // One thread did all, or all did the same.
            #expect(row.fairness > 0.99 / Double(row.threads))
            #expect(row.fairness < 1.000001)
        }
        #expect(rows.filter { $0.threads == 1 }.allSatisfy { $0.fairness == 1 })
    }

    @Test func numbersOfThreadsGoToTwiceTheCores() {
        #expect(Contention.defaultThreads(cores: 1) == [1, 2])
        #expect(Contention.defaultThreads(cores: 2) == [1, 2, 3, 4])
        #expect(Contention.defaultThreads(cores: 12) == [1, 2, 3, 4, 8, 12, 16, 24])
    }

    @Test func aRaisedFlagEndsIt() async throws {
        let cancel = CancelFlag()
        cancel.cancel()
        await #expect(throws: PoolError.cancelled) {
            try await onOwnThread { () throws(PoolError) in
                do {
                    try Contention(cancel: cancel).run()
                } catch let error as PoolError {
                    throw error
                } catch {
                    Issue.record(error)
                }
            }
        }
    }
}
