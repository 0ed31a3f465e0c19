// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityPool
import TestSupport
import Testing

/// Workers that stay for many runs.
///
/// What faults do to them is in ``FaultTests`` and ``FaultListTests``.
@Suite(.timeLimit(.minutes(10))) struct FleetTests {
    /// What a fleet's workers are.
    enum Kind: String, Codable, CaseIterable {
        case pipe, socket, shm, threads

        func fleet(workers: Int) throws -> any Pool {
            guard let channel = ProcessChannel(rawValue: rawValue) else {
                return try ThreadFleet(workers: workers)
            }
            return try ProcessFleet(workers: workers, channel: channel)
        }
    }

    /// Jobs of which each two that follow each other differ in engine, options and reports.
    private static var jobs: [PoolJob] {
        let options = [
            TestOptions(rounds: 0), TestOptions(rounds: 3, seed: 5, wantsResidue: true),
            TestOptions(rounds: 1, seed: 6), TestOptions(rounds: 1, seed: 7, wantsResidue: true),
        ]
        return (0..<28).map { i in
            PoolJob(
                engine: Engine.allCases[i % 7], options: options[i % 4],
                order: i.isMultiple(of: 3) ? .done : .input, wantsReports: i.isMultiple(of: 2))
        }
    }

    /// Everything that a run says of numbers, but who tested them and how long that took.
    private static func findings(
        _ pool: any Pool, _ job: PoolJob, _ batches: [NumberBatch]
    ) throws -> [String] {
        let next = Monitor(0)
        var found: [Int: String] = [:]
        try pool.run(
            job,
            from: {
                next.withLock {
                    $0 += 1
                    return $0 > batches.count ? nil : batches[$0 - 1]
                }
            }
        ) { result in
            for i in 0..<result.results.count {
                var report = result.results.report(at: i, of: result.chunk.numbers)
                report?.cpuTime = .zero
                let verdict = result.results.verdict(at: i).map { "\($0)" } ?? "none"
                found[result.chunk.first + i] =
                    "\(verdict) \(report.map { "\($0)" } ?? "-") \(result.failure as Any)"
            }
            return true
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    @Test(arguments: Kind.allCases)
    func eachRunHasItsOwnJob(_ kind: Kind) async throws {
        try await blocking {
            let fleet = try kind.fleet(workers: 3)
            // Above 64 bits too, where random bases are used and some engines refuse.
            let large = (1...20).map { BigNatural(UInt128.max - UInt128(2 * $0)) }
            let small = (0..<60).map { UInt64(1_000_000_007) + 2 * $0 }
            let batches = (0..<30).map { NumberBatch(small[2 * $0...2 * $0 + 1]) }
            for job in Self.jobs {
                let isSmall = job.engine.maximumBits == 64
                let all =
                    isSmall
                    ? batches : batches + [NumberBatch(Array(large[..<7])), NumberBatch(large)]
                let expected = try Self.findings(SerialPool(), job, all)
                #expect(try Self.findings(fleet, job, all) == expected, "\(job)")
                // In memory, without evidence, in between.
                let verdicts = try Tester.verdicts(of: small)
                #expect(try fleet.verdicts(of: small.span, using: job, chunk: 7) == verdicts)
                #expect(try fleet.verdicts(of: NumberBatch(small), using: job) == verdicts)
            }
        }
    }

    /// The runs before have verdicts that this one must not have, and were cancelled at any moment.
    @Test(arguments: Kind.allCases)
    func noAnswerOfACancelledRunIsLeft(_ kind: Kind) async throws {
        try await blocking {
            let fleet = try kind.fleet(workers: 3)
            let primes = [UInt64](repeating: .max - 58, count: 50_000)
            let composites = [UInt64](repeating: .max - 60, count: 3000)
            for i in 0..<3 * faultTimes {
                let cancel = CancelFlag()
                let canceller = try WorkerThread(name: "canceller") {
                    usleep(UInt32.random(in: 0...10_000))
                    cancel.cancel()
                }
                if i.isMultiple(of: 3) {
                    _ = try? fleet.verdicts(of: primes.span, cancel: cancel, chunk: 100)
                } else {
                    let found = try find(
                        fleet, PoolJob(engine: .swiftU64), primes, by: 100, cancel: cancel)
                    #expect(found.verdicts.allSatisfy { $0 == nil || $0 == .prime })
                }
                canceller.join()
                let found = try find(
                    fleet, PoolJob(engine: .u64, order: .done), composites, by: 50)
                #expect(found.delivered == composites.count && found.twice == 0)
                #expect(found.verdicts.allSatisfy { $0 == .composite })
                #expect(
                    try fleet.verdicts(of: [4, 9, 15]) == [.composite, .composite, .composite])
            }
        }
    }

    /// A run that ends by an error while a worker is busy, which answers later.
    @Test(arguments: ProcessChannel.allCases)
    func noAnswerOfARunThatFailedIsLeft(_ channel: ProcessChannel) async throws {
        try await blocking {
            let fleet = try ProcessFleet(.poisonable(2, channel))
            // Each number that kills takes two workers; the other worker is late all the while.
            let numbers = [Bad.late] + [UInt64](repeating: Bad.kill, count: 60)
            for _ in 0..<3 {
                do {
                    _ = try find(fleet, PoolJob(engine: .u64, order: .done), numbers, by: 1)
                    Issue.record("the run did not fail")
                } catch PoolError.workersKeepDying(_, let signal) {
                    #expect(signal == SIGKILL)
                }
                try serveWell(fleet, wantsReports: false)
            }
        }
    }

    /// A limit is the run's that has it: the next one has none, though its test takes longer.
    @Test(arguments: ProcessChannel.allCases)
    func aTimeLimitEndsWithItsRun(_ channel: ProcessChannel) async throws {
        try await blocking {
            // 2²¹⁷⁰¹ − 1 is prime; a test takes some 400 ms.
            let long = BigNatural(
                limbs: [UInt64](repeating: .max, count: 339) + [(1 << (21701 - 339 * 64)) - 1])
            let fleet = try ProcessFleet(workers: 2, channel: channel)
            for isLimited in [true, false, true] {
                let job = PoolJob(engine: .gmp, timeout: isLimited ? .milliseconds(1) : nil)
                do throws(PoolError) {
                    let found = try fleet.verdicts(of: NumberBatch([long]), using: job)
                    #expect(!isLimited && found.map(\.passed) == [true])
                } catch {
                    #expect(isLimited && error == .failed(.timedOut))
                }
            }
        }
    }

    @Test(arguments: ProcessChannel.allCases)
    func whoDiesBetweenRunsIsReapedAndReplaced(_ channel: ProcessChannel) async {
        await #expect(processExitsWith: .success) { [channel = channel.rawValue as String] in
            try await blocking {
                let notices = Monitor(0)
                let fleet = try ProcessFleet(
                    workers: 3, channel: ProcessChannel(rawValue: channel) ?? .shm)
                for harmed in [1, 3, 2] {
                    let before = children()
                    precondition(before.count == 3)
                    for child in before[..<harmed] { kill(child, SIGKILL) }
                    // Without a run, no zombie is left.
                    precondition(eventually { children().count == 3 - harmed })
                    let found = try find(
                        fleet, PoolJob(engine: .u64), someNumbers(100), by: 1,
                        notify: { _ in notices.withLock { $0 += 1 } })
                    try check(found, someNumbers(100))
                    precondition(children().count == 3)
                }
                precondition(notices.withLock { $0 } == 0)
            }
        }
    }

    @Test(arguments: ProcessChannel.allCases)
    func whoCouldNotBeReplacedIsTriedAgain(_ channel: ProcessChannel) async {
        await #expect(processExitsWith: .success) { [channel = channel.rawValue as String] in
            try await blocking {
                let error = Monitor<Int32>(0)
                var faults = ProcessFaults()
                faults.forkError = { _ in error.withLock { $0 } }
                let fleet = try ProcessFleet(
                    ProcessPool(
                        workers: 3, channel: ProcessChannel(rawValue: channel) ?? .shm,
                        faults: faults))
                let notices = Monitor<[PoolNotice]>([])
                func run() throws {
                    notices.withLock { $0 = [] }
                    let found = try find(
                        fleet, PoolJob(engine: .u64), someNumbers(100), by: 1,
                        notify: { notice in notices.withLock { $0.append(notice) } })
                    try check(found, someNumbers(100))
                }
                error.withLock { $0 = EAGAIN }
                kill(children()[0], SIGKILL)
                precondition(eventually { children().count == 2 })
                try run()
                precondition(
                    notices.withLock { $0 } == [.fewerWorkers(started: 2, wanted: 3, error: EAGAIN)]
                )
                for child in children() { kill(child, SIGKILL) }
                precondition(eventually { children().isEmpty })
                do {
                    try run()
                    preconditionFailure("no worker, and no error")
                } catch let found as PoolError {
                    precondition(found == .noWorkers(wanted: 3, error: EAGAIN))
                }
                error.withLock { $0 = 0 }
                try run()
                precondition(children().count == 3 && notices.withLock { $0 }.isEmpty)
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func afterTheEndThereIsAnError(_ kind: Kind) async throws {
        try await blocking {
            for served in [false, true] {
                let fleet = try kind.fleet(workers: 2)
                if served { #expect(try fleet.verdicts(of: [7, 8]) == [.prime, .composite]) }
                // Two at once, and a third one.
                let other = try WorkerThread(name: "other") { fleet.end() }
                fleet.end()
                other.join()
                fleet.end()
                let error = PoolError.fleetIsShutDown
                let none: [UInt64] = []
                #expect(throws: error) { try fleet.run(PoolJob(), from: { nil }) { _ in true } }
                #expect(throws: error) { try fleet.verdicts(of: NumberBatch([UInt64(7)])) }
                #expect(throws: error) { try fleet.verdicts(of: none.span) }
                #expect(error.description == "the fleet of workers was shut down")
            }
        }
    }

    /// The run under way is complete, and the one that waits does not begin.
    @Test(arguments: Kind.allCases)
    func theEndWaitsForTheRunUnderWay(_ kind: Kind) async throws {
        try await blocking {
            let fleet = try kind.fleet(workers: 2)
            let began = Monitor<Void?>(nil)
            let mayGoOn = Monitor<Void?>(nil)
            let isEnded = Monitor(false)
            let outcome = Monitor<[Verdict?]>([])
            let waiting = Monitor<PoolError?>(nil)
            let first = try WorkerThread(name: "first") {
                let give = source([7, 8, 9], by: 1)
                var found: [Verdict?] = []
                try? fleet.run(
                    PoolJob(engine: .u64),
                    from: {
                        began.withLock(wake: true) { $0 = () }
                        mayGoOn.wait { $0 }
                        return give()
                    }
                ) { result in
                    found.append(isEnded.withLock { $0 } ? nil : result.results.verdict(at: 0))
                    return true
                }
                outcome.withLock { $0 = found }
            }
            began.wait { $0 }
            let second = try WorkerThread(name: "second") {
                do throws(PoolError) {
                    try fleet.run(PoolJob(), from: { nil }) { _ in true }
                } catch {
                    waiting.withLock { $0 = error }
                }
            }
            #expect(eventually { fleet.waitingRuns == 1 })
            let ender = try WorkerThread(name: "ender") {
                fleet.end()
                isEnded.withLock { $0 = true }
            }
            second.join()
            #expect(waiting.withLock { $0 } == .fleetIsShutDown)
            mayGoOn.withLock(wake: true) { $0 = () }
            ender.join()
            first.join()
            #expect(outcome.withLock { $0 } == [.prime, .composite, .composite])
        }
    }

    @Test(arguments: Kind.allCases)
    func aRunMayEndItsFleetAndNotEnterItAgain(_ kind: Kind) async throws {
        try await blocking {
            let fleet = try kind.fleet(workers: 2)
            var delivered = 0
            try fleet.run(PoolJob(engine: .u64), from: source(Array(1...40), by: 1)) { _ in
                delivered += 1
                if delivered == 3 {
                    #expect(throws: PoolError.runInsideRun) {
                        try fleet.verdicts(of: NumberBatch([UInt64(7)]))
                    }
                    fleet.end()
                }
                return true
            }
            #expect(delivered == 40)
            #expect(throws: PoolError.fleetIsShutDown) {
                try fleet.run(PoolJob(), from: { nil }) { _ in true }
            }
            #expect(!PoolError.runInsideRun.description.isEmpty)
        }
    }

    @Test(arguments: Kind.allCases)
    func manyShortRuns(_ kind: Kind) async {
        await #expect(processExitsWith: .success) { [kind = kind.rawValue as String] in
            try await blocking {
                let fleet = try (Kind(rawValue: kind) ?? .shm).fleet(workers: 2)
                func resources() throws -> [Int] {
                    [
                        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count,
                        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
                            .count,
                        children().count,
                    ]
                }
                func run(_ times: Int) throws {
                    for i in 0..<times {
                        let n = UInt64(i)
                        if i.isMultiple(of: 2) {
                            let numbers = [n, 7, 9]
                            let expected = try Tester.verdicts(of: numbers)
                            let found = try fleet.verdicts(of: numbers.span, chunk: 1)
                            precondition(found == expected)
                        } else {
                            let found = try find(fleet, PoolJob(engine: .u64), [n, 7, 9], by: 1)
                            try check(found, [n, 7, 9])
                        }
                    }
                }
                try run(10)
                let before = try resources()
                let family = children()
                try run(TestFiles.scaled(500))
                let after = try resources()
                precondition(after == before, "\(after), not \(before)")
                precondition(children() == family)
            }
        }
    }

    /// Who has the turn has it until the run's end, and who came first is served first.
    @Test(arguments: Kind.allCases)
    func callersTakeTurns(_ kind: Kind) async throws {
        try await blocking {
            let fleet = try kind.fleet(workers: 2)
            // What happens, by the caller to whom it happens.
            let events = Monitor<[Int]>([])
            let began = Monitor<Void?>(nil)
            let mayGoOn = Monitor<Void?>(nil)
            func caller(_ id: Int) throws -> WorkerThread {
                try WorkerThread(name: "caller") {
                    let give = source(someNumbers(20), by: 1)
                    try? fleet.run(
                        PoolJob(engine: .u64),
                        from: {
                            began.withLock(wake: true) { $0 = () }
                            mayGoOn.wait { $0 }
                            events.withLock { $0.append(id) }
                            return give()
                        }
                    ) { _ in
                        events.withLock { $0.append(id) }
                        return true
                    }
                }
            }
            var threads = [try caller(0)]
            began.wait { $0 }
            for id in 1..<8 {
                threads.append(try caller(id))
                #expect(eventually { fleet.waitingRuns == id })
            }
            mayGoOn.withLock(wake: true) { $0 = () }
            for thread in threads { thread.join() }
            // 20 batches and the end, and 20 results.
            #expect(events.withLock { $0 } == (0..<8).flatMap { [Int](repeating: $0, count: 41) })
        }
    }

    @Test(arguments: Kind.allCases)
    func whoIsCancelledNeedNoTurn(_ kind: Kind) async throws {
        try await blocking {
            let fleet = try kind.fleet(workers: 2)
            let began = Monitor<Void?>(nil)
            let mayGoOn = Monitor<Void?>(nil)
            let first = try WorkerThread(name: "first") {
                try? fleet.run(
                    PoolJob(),
                    from: {
                        began.withLock(wake: true) { $0 = () }
                        mayGoOn.wait { $0 }
                        return nil
                    }
                ) { _ in true }
            }
            began.wait { $0 }
            let cancel = CancelFlag()
            let canceller = try WorkerThread(name: "canceller") {
                _ = eventually { fleet.waitingRuns == 1 }
                cancel.cancel()
            }
            try fleet.run(PoolJob(), cancel: cancel, from: source([7], by: 1)) { _ in
                Issue.record("a run that was cancelled before it began")
                return true
            }
            #expect(throws: PoolError.cancelled) {
                try fleet.verdicts(of: NumberBatch([UInt64(7)]), cancel: cancel)
            }
            canceller.join()
            mayGoOn.withLock(wake: true) { $0 = () }
            first.join()
            #expect(try fleet.verdicts(of: [7, 8]) == [.prime, .composite])
        }
    }

    /// Also when the last reference is in a run's source, which is let go of on another thread.
    @Test(arguments: Kind.allCases)
    func aDroppedFleetLeavesNothing(_ kind: Kind) async {
        await #expect(processExitsWith: .success) { [kind = kind.rawValue as String] in
            try await blocking {
                func threads() -> Int {
                    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task"))?
                        .count ?? 0
                }
                let before = threads()
                for i in 0..<50 {
                    let fleet = try (Kind(rawValue: kind) ?? .shm).fleet(workers: 3)
                    if i.isMultiple(of: 5) { continue }
                    let give = source([7, 8, 9], by: 1)
                    var count = 0
                    try fleet.run(
                        PoolJob(engine: .u64),
                        from: {
                            _ = fleet.workers
                            return give()
                        }
                    ) { _ in
                        count += 1
                        return true
                    }
                    precondition(count == 3)
                }
                precondition(children().isEmpty)
                // A thread is gone a moment after it was joined.
                precondition(eventually { threads() <= before }, "\(threads()), not \(before)")
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func whatTakesAPoolTakesAFleet(_ kind: Kind) async throws {
        let fleet = try kind.fleet(workers: 2)
        let expected = try Tester.verdicts(of: Array(1...200))
        for _ in 0..<2 {
            var found: [Verdict] = []
            for try await result in fleet.results(for: (UInt64(1)...200).map { $0 }) {
                found.append(try result.verdict)
            }
            #expect(found == expected)
            // An iteration that is given up ends its run, and the next one has its turn.
            for try await result in fleet.results(for: (UInt64(1)...100_000).map { $0 }) {
                if result.index == 50 { break }
            }
            let primes = try await onOwnThread { () throws(PoolError) in
                try fleet.probablePrimes(.after(1000, count: 3)).map(\.description)
            }
            #expect(primes == ["1009", "1013", "1019"])
            #expect(try await fleet.verdicts(of: [BigNatural(7), 8]) == [.prime, .composite])
            // The division of one number is shared.
            let large: [UInt64] = [18_446_744_073_709_551_557]
            let trial = try await onOwnThread { () throws(PoolError) in
                try fleet.verdicts(of: large.span, using: PoolJob(engine: .trial))
            }
            #expect(trial == [.prime])
        }
    }

    @Test(arguments: [0, -1, .min, .max])
    func countsOfWorkersThatCannotBeAreAnError(_ workers: Int) {
        let error = PoolError.outOfRange(what: "workers", value: workers, allowed: 1...65536)
        #expect(throws: error) { try ProcessFleet(workers: workers) }
        #expect(throws: error) { try ThreadFleet(workers: workers) }
        #expect(throws: PoolError.notBootstrapped(.exec)) {
            try ProcessFleet(workers: 1, workerKind: .exec)
        }
        #expect(throws: PoolError.unknownTask("mine")) {
            try ProcessFleet(workers: 1, task: "mine")
        }
    }

    @Test func pinnedThreadsStayToo() async throws {
        try await blocking {
            let fleet = try ThreadFleet(workers: 3, isPinned: true)
            for _ in 0..<3 {
                let found = try find(fleet, PoolJob(engine: .u64), someNumbers(1000), by: 10)
                try check(found, someNumbers(1000))
            }
            #expect(fleet.isPinned && fleet.workers == 3 && fleet.kind == .threads)
        }
    }
}

extension Pool {
    fileprivate func end() {
        (self as? ProcessFleet)?.shutDown()
        (self as? ThreadFleet)?.shutDown()
    }

    fileprivate var waitingRuns: Int {
        (self as? ProcessFleet)?.waiting ?? (self as? ThreadFleet)?.waiting ?? 0
    }
}
