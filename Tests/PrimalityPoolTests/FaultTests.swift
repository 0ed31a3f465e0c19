// SPDX-License-Identifier: Apache-2.0

import CKernels
import CPool
import Foundation
import Primality
import PrimalityPool
import TestSupport
import Testing

/// Each test runs in a process of its own, so that the children of one are no other test's, and with
/// it the harm that is done.
@Suite(.timeLimit(.minutes(10)), .serialized) struct FaultTests {
    /// Runs with at least so many harmed workers, for every channel.
    private static func endure(_ life: Life, _ harm: @escaping @Sendable (Int32) -> Void) throws {
        let numbers = someNumbers(60_000)
        for channel in ProcessChannel.allCases {
            let count = Monitor(0)
            var runs = 0
            while count.withLock({ $0 }) < faultTimes && runs < 10_000 {
                runs += 1
                try life.serve(ProcessPool(workers: 3, channel: channel)) { pool in
                    try storm {
                        let found = try find(
                            pool, PoolJob(engine: .u64, order: .done), numbers, by: 500)
                        try check(found, numbers)
                    } _: { child in
                        harm(child)
                        count.withLock { $0 += 1 }
                    }
                }
            }
            precondition(count.withLock { $0 } >= faultTimes)
        }
    }

    @Test(arguments: Life.allCases)
    func killedWorkersCostNothing(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking { try Self.endure(life) { kill($0, SIGKILL) } }
        }
    }

    @Test(arguments: Life.allCases)
    func crashedWorkersCostNothing(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking { try Self.endure(life) { kill($0, SIGSEGV) } }
        }
    }

    @Test(arguments: Life.allCases)
    func stoppedWorkersGoOn(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                try Self.endure(life) {
                    kill($0, SIGSTOP)
                    usleep(2000)
                    kill($0, SIGCONT)
                }
            }
        }
    }

    @Test(arguments: Life.allCases)
    func aStoppedWorkerIsEndedWhenItsTimeIsOver(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                // Chunks that are larger than what a channel holds, and answers too.
                let numbers = someNumbers(120_000)
                for channel in ProcessChannel.allCases {
                    let job = PoolJob(
                        engine: .u64, wantsReports: true, timeout: .milliseconds(500))
                    let stopped = Monitor(0)
                    try life.serve(ProcessPool(workers: 2, channel: channel)) { pool in
                        try storm {
                            let found = try find(pool, job, numbers, by: 30_000)
                            try check(found, numbers)
                        } _: { child in
                            if stopped.withLock({
                                $0 += 1
                                return $0 <= 2
                            }) {
                                kill(child, SIGSTOP)
                            }
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: Life.allCases)
    func aPoisonNumberAloneIsNamed(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                var numbers: [UInt64] = (0..<20_000).map { 990_001 + 2 * $0 }
                let bad: [UInt64: ChunkFailure] = [
                    Bad.segfault: .workerDied(signal: SIGSEGV, exitStatus: nil),
                    Bad.kill: .workerDied(signal: SIGKILL, exitStatus: nil),
                    Bad.exit: .workerDied(signal: nil, exitStatus: 3),
                ]
                numbers.removeAll { $0 == Bad.hang }
                for channel in ProcessChannel.allCases {
                    // Chunks with one of them or with none; with all of them one reason stands for all.
                    for (workers, size) in [(1, 4), (2, 4), (3, 1)] {
                        try life.serve(.poisonable(workers, channel)) { pool in
                            let found = try find(
                                pool, PoolJob(engine: .u64), numbers, by: size)
                            precondition(found.failures == bad, "\(channel): \(found.failures)")
                            precondition(found.twice == 0 && found.delivered == numbers.count)
                            for (i, n) in numbers.enumerated() where bad[n] == nil {
                                precondition(
                                    found.verdicts[i] == (isPrime(n) ? .prime : .composite))
                            }
                        }
                    }
                    try life.serve(.poisonable(1, channel)) { pool in
                        let found = try find(
                            pool, PoolJob(engine: .u64), numbers, by: 20_000)
                        precondition(
                            Set(found.failures.keys) == Set(bad.keys), "\(found.failures)")
                    }
                }
            }
        }
    }

    @Test(arguments: Life.allCases)
    func aNumberThatHangsIsNamed(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                let numbers: [UInt64] = (0..<16).map { Bad.hang - 12 + 2 * $0 }
                    .filter { $0 == Bad.hang || ![Bad.segfault, Bad.kill, Bad.exit].contains($0) }
                for channel in ProcessChannel.allCases {
                    let job = PoolJob(engine: .u64, timeout: .milliseconds(40))
                    try life.serve(.poisonable(2, channel)) { pool in
                        let found = try find(pool, job, numbers, by: 8)
                        precondition(
                            found.failures == [Bad.hang: .timedOut], "\(found.failures)")
                        precondition(found.twice == 0 && found.delivered == numbers.count)
                    }
                }
            }
        }
    }

    @Test(arguments: Life.allCases)
    func anIdleWorkerThatIsKilledIsReplaced(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                for channel in ProcessChannel.allCases {
                    for signal in [SIGKILL, SIGSEGV, SIGUSR1] {
                        let given = Monitor(0)
                        var found: [Verdict?] = []
                        try life.serve(ProcessPool(workers: 2, channel: channel)) { pool in
                            try pool.run(
                                PoolJob(engine: .u64),
                                from: {
                                    let turn = given.withLock { turn in
                                        turn += 1
                                        return turn
                                    }
                                    if turn == 4 { return nil }
                                    if turn > 1 {
                                        // Who sleeps has answered: what both had was delivered, or
                                        // will be. A chunk that ended two workers would be given up.
                                        let idle = children()
                                        _ = eventually { idle.allSatisfy(isAsleep) }
                                        for child in idle { kill(child, signal) }
                                        _ = eventually { Set(children()).isDisjoint(with: idle) }
                                    }
                                    return NumberBatch([UInt64(7 + turn)])
                                }
                            ) { result in
                                found.append(result.results.verdict(at: 0))
                                return true
                            }
                        }
                        precondition(found == [.composite, .composite, .composite])
                    }
                }
            }
        }
    }

    @Test(arguments: Life.allCases)
    func cancellingAtAnyMomentLeavesNothing(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                let numbers = someNumbers(60_000)
                let expected = try Tester.verdicts(of: numbers)
                for channel in ProcessChannel.allCases {
                    for _ in 0..<faultTimes {
                        try life.serve(ProcessPool(workers: 3, channel: channel)) { pool in
                            let cancel = CancelFlag()
                            let canceller = try WorkerThread(name: "canceller") {
                                usleep(UInt32.random(in: 0...20_000))
                                cancel.cancel()
                            }
                            let found = try find(
                                pool, PoolJob(engine: .u64), numbers, by: 300, cancel: cancel)
                            canceller.join()
                            precondition(found.twice == 0)
                            precondition(found.failures.values.allSatisfy { $0 == .cancelled })
                            for (i, verdict) in found.verdicts.enumerated() where verdict != nil {
                                precondition(verdict == expected[i])
                            }
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: Life.allCases)
    func cancellingEndsStoppedWorkers(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                for channel in ProcessChannel.allCases {
                    try life.serve(ProcessPool(workers: 2, channel: channel)) { pool in
                        let cancel = CancelFlag()
                        let canceller = try WorkerThread(name: "canceller") {
                            _ = eventually { children().count == 2 }
                            for child in children() { kill(child, SIGSTOP) }
                            cancel.cancel()
                        }
                        let found = try find(
                            pool, PoolJob(engine: .u64), someNumbers(4_000_000), by: 20_000,
                            cancel: cancel)
                        canceller.join()
                        precondition(found.twice == 0)
                    }
                }
            }
        }
    }

    @Test(arguments: Life.allCases)
    func workersThatCannotBeReplacedAreDoneWithout(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                let numbers = someNumbers(30_000)
                for channel in ProcessChannel.allCases {
                    let forks = Monitor(0)
                    var faults = ProcessFaults()
                    // Four are born, and no other one.
                    faults.forkError = { _ in
                        forks.withLock {
                            $0 += 1
                            return $0 <= 4 ? 0 : EAGAIN
                        }
                    }
                    let kills = Monitor(0)
                    let eight = ProcessPool(workers: 8, channel: channel, faults: faults)
                    try life.serve(eight) { pool in
                        try storm {
                            let found = try find(pool, PoolJob(engine: .u64), numbers, by: 10)
                            try check(found, numbers)
                        } _: { child in
                            if kills.withLock({
                                $0 += 1
                                return $0 <= 3
                            }) {
                                kill(child, SIGKILL)
                            }
                        }
                    }
                    faults.forkError = { _ in EAGAIN }
                    do {
                        let none = ProcessPool(workers: 3, channel: channel, faults: faults)
                        try life.serve(none) { pool in
                            _ = try find(pool, PoolJob(engine: .u64), numbers, by: 10)
                        }
                        preconditionFailure("no worker, and no error")
                    } catch let error as PoolError {
                        precondition(error == .noWorkers(wanted: 3, error: EAGAIN))
                    }
                }
            }
        }
    }

    @Test(arguments: Life.allCases)
    func fewDescriptorsAreEnough(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                let numbers = someNumbers(5000)
                let expected: [Verdict?] = try Tester.verdicts(of: numbers)
                var limit = rlimit()
                let which = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
                precondition(getrlimit(which, &limit) == 0)
                // What looks for leaks at the exit needs some.
                let before = limit.rlim_cur
                defer {
                    limit.rlim_cur = before
                    setrlimit(which, &limit)
                }
                for (most, channel) in stride(from: UInt(64), through: 18, by: -2).flatMap({ most in
                    ProcessChannel.allCases.map { (most, $0) }
                }) {
                    limit.rlim_cur = most
                    precondition(setrlimit(which, &limit) == 0)
                    let pool = ProcessPool(workers: 64, channel: channel)
                    do {
                        try life.serve(pool) { pool in
                            let found = try find(pool, PoolJob(engine: .u64), numbers, by: 500)
                            precondition(found.twice == 0 && found.failures.isEmpty)
                            precondition(found.verdicts == expected)
                        }
                    } catch let error as PoolError {
                        // Where there is not even one worker, nothing was taken from the source.
                        precondition(most < 32, "\(error) of \(most) descriptors")
                        let known: [PoolError] = [
                            .noWorkers(wanted: 64, error: EMFILE),
                            .system(call: "eventfd", error: EMFILE),
                        ]
                        precondition(known.contains(error), "\(error)")
                    }
                }
            }
        }
    }

    @Test(arguments: Life.allCases)
    func aHundredThousandChunksOfOneNumber(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                let numbers = someNumbers(100_000)
                for channel in ProcessChannel.allCases {
                    try life.serve(ProcessPool(workers: 2, channel: channel)) { pool in
                        let found = try find(pool, PoolJob(engine: .u64), numbers, by: 1)
                        try check(found, numbers)
                    }
                }
            }
        }
    }

    @Test(arguments: Life.allCases)
    func signalsDuringEverySystemCallDoNotMatter(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                var action = sigaction()
                action.__sigaction_handler.sa_handler = { _ in }  // without SA_RESTART
                sigaction(SIGALRM, &action, nil)
                let often = timeval(tv_sec: 0, tv_usec: 200)
                // Our threads have signals blocked: let this one take them.
                var alarms = sigset_t()
                sigemptyset(&alarms)
                sigaddset(&alarms, SIGALRM)
                pthread_sigmask(SIG_UNBLOCK, &alarms, nil)
                let numbers = someNumbers(60_000)
                for channel in ProcessChannel.allCases {
                    var timer = itimerval(it_interval: often, it_value: often)
                    setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
                    let job = PoolJob(engine: .u64, wantsReports: true)
                    try life.serve(ProcessPool(workers: 2, channel: channel)) { pool in
                        let found = try find(pool, job, numbers, by: 20_000)
                        let single = try find(pool, job, numbers, by: 20)
                        try check(found, numbers)
                        try check(single, numbers)
                    }
                    timer = itimerval()
                    setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
                }
            }
        }
    }

    @Test(arguments: Life.allCases)
    func poolsThatComeAndGoLeakNothing(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                func resources() throws -> (descriptors: Int, mappings: Int) {
                    let maps = try #require(TestFiles.text("/proc/self/maps"))
                    return (
                        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count,
                        // Of the mailboxes, which are the only anonymous memory that is shared,
                        // beside cancel flags.
                        maps.split(separator: "\n").count { $0.contains("/dev/zero") }
                    )
                }
                func run(_ times: Int) throws {
                    for _ in 0..<times {
                        for channel in ProcessChannel.allCases {
                            try life.serve(ProcessPool(workers: 2, channel: channel)) { pool in
                                let found = try find(
                                    pool, PoolJob(engine: .u64), [2, 3, 4, 5], by: 1)
                                precondition(
                                    found.verdicts == [.prime, .prime, .composite, .prime])
                            }
                        }
                    }
                }
                try run(1)
                let before = try resources()
                try run(faultTimes)
                let after = try resources()
                precondition(after == before, "\(after), not \(before)")
                var status: Int32 = 0
                precondition(waitpid(-1, &status, WNOHANG) == -1 && errno == ECHILD)
            }
        }
    }

    @Test(arguments: Life.allCases)
    func noBrokenPipeReachesTheProgram(_ life: Life) async {
        await #expect(processExitsWith: .success) { [life] in
            try await blocking {
                var broken = sigset_t()
                sigemptyset(&broken)
                sigaddset(&broken, SIGPIPE)
                let numbers = someNumbers(30_000)
                // With its default disposition, and not blocked, it would end this process.
                signal(SIGPIPE, SIG_DFL)
                pthread_sigmask(SIG_UNBLOCK, &broken, nil)
                try life.serve(ProcessPool(workers: 2, channel: .pipe)) { pool in
                    try storm {
                        let found = try find(pool, PoolJob(engine: .u64), numbers, by: 20)
                        try check(found, numbers)
                    } _: {
                        // Not faster than a sanitizer's process is forked and answers.
                        kill($0, SIGKILL)
                        usleep(20_000)
                    }
                }
                var pending = sigset_t()
                sigpending(&pending)
                precondition(sigismember(&pending, SIGPIPE) == 0)
                var action = sigaction()
                sigaction(SIGPIPE, nil, &action)
                precondition(action.__sigaction_handler.sa_handler == nil)
                var mask = sigset_t()
                pthread_sigmask(SIG_BLOCK, nil, &mask)
                precondition(sigismember(&mask, SIGPIPE) == 0)
            }
        }
    }
}
