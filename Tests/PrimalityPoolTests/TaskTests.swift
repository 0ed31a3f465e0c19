// SPDX-License-Identifier: Apache-2.0

import Glibc
import Primality
import PrimalityPool
import Testing

/// Cancels a task from a thread of its own: every cooperative one may be busy with a number, and then no
/// task wakes up to do it.
func cancelSoon<Value, Problem>(_ task: Task<Value, Problem>) async throws {
    try await onOwnThread {
        usleep(100_000)
        task.cancel()
    }
}

/// How runs live with the tasks of the program that they are in.
@Suite(.timeLimit(.minutes(15))) struct TaskTests {
    /// 2²¹⁶⁰⁹¹ − 1 is prime: a test takes minutes, longer than anything that keeps a test waiting.
    static let long = BigNatural(
        limbs: [UInt64](repeating: .max, count: 3376) + [(1 << (216091 - 3376 * 64)) - 1])

    @Test(arguments: PoolKind.allCases)
    func cancellingTheTaskEndsTheRun(_ kind: PoolKind) async throws {
        let job = PoolJob(engine: .gmp)
        let task = Task { () async -> PoolError? in
            do throws(PoolError) {
                _ = try await kind.pool(workers: 2).verdicts(
                    of: [Self.long, Self.long, 7], using: job)
                return nil
            } catch {
                return error
            }
        }
        try await cancelSoon(task)
        #expect(await task.value == .cancelled)
    }

    @Test(arguments: PoolKind.allCases)
    func aTaskThatWasCancelledBeforeTestsNothing(_ kind: PoolKind) async throws {
        let task = Task { () async -> PoolError? in
            while !Task.isCancelled { await Task.yield() }
            do throws(PoolError) {
                _ = try await kind.pool(workers: 2).verdicts(
                    of: [Self.long], using: PoolJob(engine: .gmp))
                return nil
            } catch {
                return error
            }
        }
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    // In a process of its own, since other tests use the cooperative threads as well.
    @Test func otherTasksHaveTheirTurnBetweenChunks() async {
        await #expect(processExitsWith: .success) {
            for kind in [PoolKind.tasks, .actors] {
                let turns = Monitor((count: 0, isOver: false))
                let others = Task {
                    while !turns.withLock({
                        $0.count += 1
                        return $0.isOver
                    }) {
                        await Task.yield()
                    }
                }
                // More workers than there are threads, each with something to do all the time.
                let chunks = 100
                let numbers = [BigNatural](
                    repeating: BigNatural(UInt64.max - 58), count: chunks * 2000)
                _ = try await kind.pool(workers: PoolKind.defaultWorkers + 2)
                    .verdicts(of: numbers, using: PoolJob(engine: .u64), chunk: 2000)
                turns.withLock { $0.isOver = true }
                await others.value
                let count = turns.withLock { $0.count }
                precondition(count >= 10, "\(kind): \(count) turns in \(chunks) chunks")
            }
        }
    }

    /// Tasks may run on threads that ours have caused to start, and start processes from there.
    @Test func threadsBlockWhatComesFromOutsideAlone() async throws {
        let blocked = try await onOwnThread {
            var mask = sigset_t()
            unsafe pthread_sigmask(SIG_BLOCK, nil, &mask)
            return (1..<32).filter { unsafe sigismember(&mask, $0) == 1 }
        }
        #expect(Set(blocked).isSuperset(of: [SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGALRM]))
        #expect(Set(blocked).isDisjoint(with: [SIGPIPE, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP]))
    }
}
