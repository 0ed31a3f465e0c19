// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityPool
import PrimalityQueue
import PrimalityRuns
import TestSupport
import Testing

/// Batches that are submitted, tested by workers and collected say what one run of `check` says.
@Suite(.timeLimit(.minutes(10))) struct WorkTests {
    // MARK: Inputs

    /// Numbers of many sizes, expressions, comments, and lines that are none.
    private static let mixed = Input(
        (0..<400).map { n in
            switch n % 20 {
            case 1: "x\(n)"
            case 3: "# \(n)"
            case 5: "2^\(n)-1"
            case 7: "10^\(n % 60)+\(n)"
            case 9: n % 40 == 9 ? "2^200000-1" : "gcd(\(n),10)"
            case 11: "170141183460469231731687303715884105\(700 + n)"
            case 13: "\(n)# + 1 // a comment"
            case 15: n == 15 ? "2^2203-1" : "1,000,0\(n % 100)"
            case 17: "-\(n)"
            default: "\(1_000_000_007 &* (n + 1))"
            }
        }.joined(separator: "\n"))

    /// Chains, and values that have had enough, also in chunks before.
    private static func conditional(_ rules: String, seed: UInt64 = 1) -> Input {
        var generator = SeededGenerator(seed: seed)
        var text = "ABC $a*12+$b & $a*12+$b+2 & $a+0*$b+5 // \(rules)\n"
        for i in 0..<300 {
            let a = Int.random(in: 1...12, using: &generator)
            let b = [-1, 1, 5, 7].randomElement(using: &generator) ?? 1
            text += i % 50 == 20 ? "7 0*\n" : "\(a) \(b)\n"
            if i == 150 { text += "ABC $a*6+$b | $a*6-$b // \(rules)\n" }
        }
        return Input(text)
    }

    private static let inputs: [String: Input] = [
        "mixed": mixed,
        "one rule": conditional("{number_primes,$a,2}"),
        "composites": conditional("{number_comps,$b,30}"),
        "two rules": conditional("{number_primes,$a,2} {number_primes,$b,40}"),
        "verdicts": Input(0..<5000),
    ]

    /// Nothing is wrong with a queue whose workers have left.
    private static func checkRest(
        of queue: MemoryQueue, _ outcomes: [QueueWorker.Outcome?],
        location: SourceLocation = #_sourceLocation
    ) {
        #expect(queue.faults == [], sourceLocation: location)
        #expect(queue.count(.leased) == 0, "leases are given back", sourceLocation: location)
        for outcome in outcomes {
            #expect(outcome != nil, "a worker does not end", sourceLocation: location)
            #expect(outcome?.failure == nil, sourceLocation: location)
        }
        let stored = outcomes.reduce(0) { $0 + ($1?.stored ?? 0) }
        #expect(stored == queue.count(.done), "each is stored once", sourceLocation: location)
    }

    // MARK: Whole runs

    @Test(arguments: ["mixed", "one rule", "composites", "two rules", "verdicts"], [1, 3, nil])
    func severalWorkersSayWhatCheckSays(_ name: String, _ workers: Int?) throws {
        let input = try #require(Self.inputs[name])
        let expected = try input.checked()
        #expect(expected.lines.count > 90)
        let queue = MemoryQueue()
        let store = queue.open()
        // Chunks by count, and by the time.
        try input.submit(to: store, chunk: workers == nil ? nil : 7)
        #expect(queue.count(.open) > (workers == nil ? 0 : 40))
        let pools: [any Pool] = [
            ThreadPool(workers: 2), SerialPool(), ThreadPool(workers: 3),
        ]
        let started = try (0..<(workers ?? 2)).map {
            try TestWorker(queue, id: $0 + 1, pool: pools[$0], claim: workers == 3 ? 2 : nil)
        }
        Self.checkRest(of: queue, started.map { $0.end() })
        let collected = try input.collected(from: store)
        #expect(!collected.isIncomplete)
        #expect(collected.findings.difference(from: expected) == nil)
    }

    /// A row is left out by what is not in its chunk, and what leaves it out there would be left out itself.
    @Test(arguments: 0..<12) func twoRulesInShortChunks(_ i: Int) throws {
        let rules = [
            "{number_primes,$a,1} {number_primes,$b,2}", "{number_comps,$a,1} {number_primes,$b,1}",
        ]
        let input = Self.conditional(rules[i % 2], seed: UInt64(i))
        let queue = MemoryQueue()
        try input.submit(to: queue.open(), chunk: 2 + 5 * i)
        Self.checkRest(of: queue, [try TestWorker(queue).end()])
        let collected = try input.collected(from: queue.open()).findings
        #expect(collected.difference(from: try input.checked()) == nil)
    }

    /// The second chunk's first row is left out, since a has had its prime in the first chunk.
    ///
    /// So b = 2 has had none before the last row. The small number ends a part of the chunk: the rows before it are
    /// tested when the last one is read.
    @Test func whatIsLeftOutLeavesNothingOut() throws {
        let input = Input(
            "ABC 0*$a+0*$b+2^$c-1 // {number_primes,$a,1} {number_primes,$b,1}\n"
                + "8 8 4\n9 9 4\n1 1 7\n1 2 9689\n5 5 4\n3 2 9941\n")
        let expected = try input.checked()
        #expect(expected.lines.count == 5 && expected.leftOut == 1)
        let queue = MemoryQueue()
        try input.submit(to: queue.open(), chunk: 3)
        Self.checkRest(of: queue, [try TestWorker(queue, pool: SerialPool()).end()])
        let found = try input.collected(from: queue.open()).findings
        #expect(found.difference(from: expected) == nil)
    }

    @Test func collectFollowsWorkersThatAreSlow() throws {
        let input = Input(0..<600)
        let queue = MemoryQueue()
        try input.submit(to: queue.open(), chunk: 60)
        let worker = try TestWorker(queue, claim: 1) { call, _ in
            call == .claim || call == .finish ? .slow(0.1) : nil
        }
        let collected = try input.collected(from: queue.open(), isFollowed: true)
        #expect(!collected.isIncomplete)
        #expect(collected.findings.difference(from: try input.checked()) == nil)
        Self.checkRest(of: queue, [worker.end()])
    }

    @Test func ofAnUnfinishedBatchTheBeginningIsCollected() throws {
        let input = Input(0..<100)
        let all = try input.checked()
        let queue = MemoryQueue()
        try input.submit(to: queue.open(), chunk: 10)
        let pool = GatedPool()
        let worker = try TestWorker(queue, pool: pool)
        pool.gate.open(4)
        #expect(eventually { queue.count(.done) == 4 })
        for order in [ResultOrder.input, .done] {
            let (found, isIncomplete) = try input.collected(from: queue.open(), order: order)
            #expect(isIncomplete)
            #expect(found.lines == Array(all.lines.prefix(40)))
        }
        pool.gate.open()
        Self.checkRest(of: queue, [worker.end()])
        let (found, isIncomplete) = try input.collected(from: queue.open(), order: .done)
        #expect(!isIncomplete)
        #expect(found.lines.sorted() == all.lines.sorted())
    }

    @Test func theHigherPriorityIsFirst() throws {
        let queue = MemoryQueue()
        var inputs = [Input(0..<50), Input(50..<100), Input(100..<150)]
        for i in inputs.indices {
            inputs[i].name = "batch \(i)"
            inputs[i].priority = [0, 5, 0][i]
            try inputs[i].submit(to: queue.open(), chunk: 5)
        }
        let pool = GatedPool()
        let worker = try TestWorker(queue, pool: pool)
        pool.gate.open(10)
        #expect(eventually { queue.count(.done, 2) == 10 })
        #expect(queue.count(.done, 1) + queue.count(.done, 3) == 0)
        pool.gate.open(10)
        #expect(eventually { queue.count(.done, 1) == 10 })
        #expect(queue.count(.done, 3) == 0)
        pool.gate.open()
        #expect(worker.end()?.stored == 30)
        for input in inputs {
            let found = try input.collected(from: queue.open()).findings
            #expect(found.difference(from: try input.checked()) == nil)
        }
    }

    // MARK: A store that fails

    /// Some calls fail, before or after they were carried out.
    private static func failing(_ seed: UInt64, oneIn every: UInt64) -> MemoryQueue.Faults {
        { call, number in
            var generator = SeededGenerator(
                seed: seed &+ UInt64(number) &* 31
                    &+ UInt64(MemoryQueue.Call.allCases.firstIndex(of: call) ?? 0))
            if generator.next() % every > 0 { return nil }
            return generator.next() & 1 == 0 ? .before(.unreachable) : .after(.unreachable)
        }
    }

    @Test(arguments: 0..<4) func callsThatFailLoseNothingAndDoubleNothing(_ round: Int) throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("a store that fails: seed \(seed)")
        let input = Input(0..<3000)
        let queue = MemoryQueue()
        let store = queue.open()
        try input.submit(to: store, chunk: 50)
        let workers = try (1...2).map {
            try TestWorker(queue, id: $0, claim: 4, faults: Self.failing(seed, oneIn: 4))
        }
        Self.checkRest(of: queue, workers.map { $0.end() })
        let found = try input.collected(from: store).findings
        #expect(found.difference(from: try input.checked()) == nil, "seed \(seed)")
        let notes = workers.flatMap { $0.notes.withLock { $0 } }
        #expect(notes.contains { $0.contains("trying again") })
        #expect(notes.contains { $0.contains("there again") })
    }

    @Test func resultsThatAStoreHasTakenSilentlyCountAsStored() throws {
        let input = Input(0..<100)
        let queue = MemoryQueue()
        try input.submit(to: queue.open(), chunk: 10)
        // The first two times nobody learns that they are stored.
        let outcome = try TestWorker(queue) { call, number in
            call == .finish && number < 2 ? .after(.unreachable) : nil
        }.end()
        Self.checkRest(of: queue, [outcome])
        #expect(outcome?.stored == 10 && outcome?.refused == 0)
    }

    @Test(arguments: [MemoryQueue.Call.claim, .finish, .renew]) func aSlowStoreLosesNothing(
        _ slow: MemoryQueue.Call
    ) throws {
        let input = Input(0..<1000)
        let queue = MemoryQueue()
        try input.submit(to: queue.open(), chunk: 50)
        let workers = try (1...2).map {
            try TestWorker(queue, id: $0, claim: 3) { call, _ in call == slow ? .slow(0.15) : nil }
        }
        Self.checkRest(of: queue, workers.map { $0.end() })
        let found = try input.collected(from: queue.open()).findings
        #expect(found.difference(from: try input.checked()) == nil)
    }

    @Test func aWorkerThatIsForgottenIntroducesItselfAgain() throws {
        let input = Input(0..<100)
        let queue = MemoryQueue()
        try input.submit(to: queue.open(), chunk: 10)
        let pool = GatedPool()
        let worker = try TestWorker(queue, pool: pool, claim: 4)
        #expect(eventually { pool.gate.isAwaited })
        queue.state.withLock { $0.workers = [:] }
        pool.gate.open()
        Self.checkRest(of: queue, [worker.end()])
        #expect(queue.state.withLock { $0.workers.count } == 1)
        #expect(queue.count(.done) == 10)
    }

    @Test(arguments: [MemoryQueue.Call.claim, .renew, .finish])
    func aQueueThatKnowsNobodyIsGivenUp(_ call: MemoryQueue.Call) throws {
        let queue = MemoryQueue()
        try Input(0..<100).submit(to: queue.open(), chunk: 10)
        let worker = try TestWorker(queue, giveUp: 1) { made, _ in
            made == call ? .before(.unknownWorker) : nil
        }
        let outcome = try #require(worker.end())
        #expect(outcome.failure?.status == .badInput)
        #expect(queue.calls(call) < 100)
    }

    @Test func aServerThatStaysAwayIsGivenUp() throws {
        let queue = MemoryQueue()
        try Input(0..<100).submit(to: queue.open(), chunk: 10)
        let start = ContinuousClock.now
        let worker = try TestWorker(queue, giveUp: 0.5) { call, _ in
            call == .open ? .before(.unreachable) : nil
        }
        let outcome = try #require(worker.end())
        #expect(outcome.failure?.status == .unreachable)
        #expect(ContinuousClock.now - start >= .seconds(0.5))
        #expect(queue.calls(.open) > 1)
    }

    @Test func aServerThatGoesAwayEndsTheTestAndOthersGoOn() throws {
        let input = Input(0..<100)
        let queue = MemoryQueue()
        queue.state.withLock { $0.lease = 0.3 }
        try input.submit(to: queue.open(), chunk: 10)
        let isAway = Monitor(false)
        let pool = GatedPool()
        let worker = try TestWorker(queue, pool: pool, claim: 4, giveUp: 0.5) { _, _ in
            isAway.withLock { $0 } ? .before(.unreachable) : nil
        }
        #expect(eventually { pool.gate.isAwaited })
        isAway.withLock { $0 = true }
        let outcome = try #require(worker.end())
        #expect(outcome.failure?.status == .unreachable)
        #expect(outcome.stored == 0)
        #expect(queue.count(.leased) > 0)
        queue.expireAll()
        Self.checkRest(of: queue, [try TestWorker(queue, id: 2).end()])
        let found = try input.collected(from: queue.open()).findings
        #expect(found.difference(from: try input.checked()) == nil)
    }

    @Test(arguments: [QueueError.Kind.refused, .damaged])
    func otherErrorsEndTheWorkerAtOnce(_ kind: QueueError.Kind) throws {
        let queue = MemoryQueue()
        try Input(0..<100).submit(to: queue.open(), chunk: 10)
        let worker = try TestWorker(queue) { call, number in
            call == .claim && number == 1 ? .before(kind) : nil
        }
        let outcome = try #require(worker.end())
        #expect(outcome.failure?.status == (kind == .refused ? .badInput : .internalError))
        #expect(queue.faults == [])
    }

    // MARK: Leases

    @Test func aLeaseThatIsLostWhileItIsTestedIsDropped() throws {
        let queue = MemoryQueue()
        queue.state.withLock { $0.lease = 0.3 }
        try Input(0..<40).submit(to: queue.open(), chunk: 10)
        let pool = GatedPool()
        let worker = try TestWorker(queue, pool: pool)
        #expect(eventually { pool.gate.isAwaited && queue.count(.leased) == 4 })
        let (thief, store) = (TestWorker.description(2), queue.open())
        let leases = queue.expireAll(for: thief)
        #expect(leases.count == 4)
        // The worker learns of it, and ends the test of what is not its own any more.
        #expect(eventually { !pool.gate.isAwaited })
        pool.gate.open()
        #expect(
            try store.finish(thief, leases.map { Self.composites($0) }) == [true, true, true, true])
        let outcome = worker.end()
        #expect(outcome?.stored == 0 && outcome?.failure == nil)
        #expect(queue.faults == [])
        let lines = try Input(0..<40).collected(from: store).findings.lines
        #expect(lines.count == 40 && lines.allSatisfy { $0.hasSuffix(": composite") })
    }

    /// What somebody finds for whom all is composite.
    private static func composites(_ lease: Lease) -> FinishedChunk {
        var payload = ResultPayload(count: lease.count)
        for i in 0..<lease.count { payload.entries[i] = .verdict(.composite) }
        return FinishedChunk(
            key: lease.key, cost: lease.cost, counts: payload.counts, nanoseconds: 1,
            payload: payload.encoded)
    }

    @Test func resultsUnderALostLeaseAreRefused() throws {
        let queue = MemoryQueue()
        try Input(0..<40).submit(to: queue.open(), chunk: 10)
        let pool = GatedPool()
        // Leases are long: the worker does not learn of it before it sends results.
        let worker = try TestWorker(queue, pool: pool)
        #expect(eventually { pool.gate.isAwaited && queue.count(.leased) == 4 })
        let (thief, store) = (TestWorker.description(2), queue.open())
        let leases = queue.expireAll(for: thief)
        pool.gate.open()
        #expect(eventually { queue.calls(.finish) > 0 })
        #expect(queue.count(.done) == 0)
        let stored = try store.finish(thief, leases.map { Self.composites($0) })
        #expect(stored == [true, true, true, true])
        // The same under the same lease is stored already.
        #expect(try store.finish(thief, [Self.composites(leases[1])]) == [true])
        let outcome = worker.end()
        #expect(outcome?.stored == 0 && outcome?.refused == 4 && outcome?.failure == nil)
        #expect(queue.faults == [])
    }

    @Test func whatThreeWorkersHaveLostHasFailed() throws {
        let input = Input(0..<40)
        let queue = MemoryQueue()
        let store = queue.open()
        try input.submit(to: store, chunk: 10)
        for id in 1...2 { #expect(queue.expireAll(for: TestWorker.description(id)).count == 4) }
        // What two have lost the third one has alone.
        for id in 3...6 { #expect(queue.expireAll(for: TestWorker.description(id)).count == 1) }
        queue.expireAll()
        #expect(queue.count(.failed) == 4)
        let lost = try input.collected(from: store)
        #expect(!lost.isIncomplete)
        #expect(lost.findings.lines.count == 40)
        #expect(
            lost.findings.lines.allSatisfy {
                $0.contains("lost by 3 workers, on host1, host2, host")
            }, "\(lost.findings.lines[0])")
        // Nobody tests them before they are opened again.
        #expect(try TestWorker(queue).end()?.stored == 0)
        try store.change(1, to: .retry)
        #expect(try TestWorker(queue).end()?.stored == 4)
        #expect(try input.collected(from: store).findings.difference(from: input.checked()) == nil)
    }

    @Test func whoLeavesGivesBackWhatItHas() throws {
        let queue = MemoryQueue()
        try Input(0..<100).submit(to: queue.open(), chunk: 10)
        let pool = GatedPool()
        // Also when the server is away for a moment.
        let isLeaving = Monitor(0)
        let worker = try TestWorker(queue, pool: pool, ending: .never) { call, _ in
            isLeaving.withLock { left in
                if left == 0 || call != .renew { return nil }
                left -= 1
                return .before(.unreachable)
            }
        }
        pool.gate.open(3)
        #expect(eventually { pool.gate.isAwaited && queue.count(.done) == 3 })
        #expect(queue.count(.leased) > 0)
        isLeaving.withLock { $0 = 2 }
        worker.cancel.cancel()
        let outcome = worker.end()
        Self.checkRest(of: queue, [outcome])
        #expect(queue.count(.done) == 3 && queue.count(.open) == 7)
        #expect(queue.batch()?.chunks.allSatisfy { $0.lost.isEmpty } == true)
    }

    // MARK: Owners

    @Test func aCancelledBatchIsLeft() throws {
        let queue = MemoryQueue()
        queue.state.withLock { $0.lease = 0.3 }
        try Input(0..<100).submit(to: queue.open(), chunk: 10)
        let pool = GatedPool()
        let worker = try TestWorker(queue, pool: pool)
        pool.gate.open(3)
        #expect(eventually { pool.gate.isAwaited && queue.count(.done) == 3 })
        try queue.open().change(1, to: .cancel)
        Self.checkRest(of: queue, [worker.end()])
        #expect(queue.count(.done) == 3)
    }

    @Test func aPausedBatchIsLeftForAnotherOneAndTakenUpAgain() throws {
        var inputs = [Input(0..<100), Input(100..<200)]
        let queue = MemoryQueue()
        queue.state.withLock { $0.lease = 0.3 }
        for i in inputs.indices {
            inputs[i].name = "batch \(i)"
            try inputs[i].submit(to: queue.open(), chunk: 10)
        }
        let pool = GatedPool()
        let worker = try TestWorker(queue, pool: pool, ending: .never, claim: 30)
        pool.gate.open(3)
        #expect(eventually { pool.gate.isAwaited && queue.count(.done) == 3 })
        try queue.open().change(1, to: .pause)
        #expect(eventually { queue.count(.leased) == 0 })
        pool.gate.open()
        #expect(eventually { queue.count(.done, 2) == 10 })
        #expect(queue.count(.done) <= 4)
        try queue.open().change(1, to: .resume)
        #expect(eventually { queue.count(.done) == 10 })
        worker.cancel.cancel()
        #expect(worker.end()?.stored == 20)
        for input in inputs {
            let found = try input.collected(from: queue.open()).findings
            #expect(found.difference(from: try input.checked()) == nil)
        }
    }

    @Test func aDroppedBatchIsLeft() throws {
        let queue = MemoryQueue()
        queue.state.withLock { $0.lease = 0.3 }
        try Input(0..<100).submit(to: queue.open(), chunk: 10)
        let pool = GatedPool()
        let worker = try TestWorker(queue, pool: pool)
        #expect(eventually { pool.gate.isAwaited })
        try queue.open().change(1, to: .drop)
        let outcome = worker.end()
        #expect(outcome?.stored == 0 && outcome?.failure == nil)
    }

    /// Leases end, batches rest, workers are forgotten and the server is away, all at random; in the end each
    /// candidate has one result.
    @Test(arguments: 0..<3) func whateverHappensEachHasOneResult(_ round: Int) throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("a queue in disorder: seed \(seed)")
        var inputs = [Input(0..<2000), Self.mixed]
        inputs[1].name = "mixed"
        let queue = MemoryQueue()
        queue.state.withLock {
            $0.lease = 0.05
            $0.mostLosses = .max
        }
        let store = queue.open()
        for (i, input) in inputs.enumerated() { try input.submit(to: store, chunk: 10 - i * 5) }
        let workers = try (1...3).map {
            try TestWorker(
                queue, id: $0, pool: $0 == 1 ? SerialPool() : ThreadPool(workers: 2),
                ending: .never, claim: 3 * $0
            ) { call, number in
                if let fault = Self.failing(seed, oneIn: 40)(call, number) { return fault }
                return call == .finish || call == .claim ? .slow(0.01) : nil
            }
        }
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<TestFiles.scaled(60) {
            let id = Int.random(in: 1...2, using: &generator)
            switch generator.next() % 6 {
            case 0: try store.change(id, to: .pause)
            case 1: queue.state.withLock { $0.workers = [:] }
            case 2: try store.change(id, to: .prioritise(Int.random(in: 0...3, using: &generator)))
            case 3, 4: queue.expireAll()
            default: try store.change(id, to: .resume)
            }
            rest(Double.random(in: 0...0.03, using: &generator))
            for id in 1...2 where queue.batch(id)?.state == .paused {
                try store.change(id, to: .resume)
            }
        }
        #expect(
            eventually {
                queue.count(.done, 1) + queue.count(.done, 2) == 200
                    + (queue.batch(2)?.chunks.count ?? 0)
            }, "seed \(seed)")
        for worker in workers { worker.cancel.cancel() }
        let outcomes = workers.map { $0.end() }
        #expect(outcomes.allSatisfy { $0 != nil && $0?.failure == nil }, "seed \(seed)")
        #expect(queue.faults == [], "seed \(seed)")
        for input in inputs {
            let found = try input.collected(from: store).findings
            #expect(found.difference(from: try input.checked()) == nil, "seed \(seed)")
        }
    }

    // MARK: What a stranger may have written

    @Test func damagedChunksHaveFailedAndOthersHaveResults() throws {
        let input = Input(0..<100)
        let queue = MemoryQueue()
        try input.submit(to: queue.open(), chunk: 10)
        queue.state.withLock { state in
            state.batches[1]?.chunks[1].draft.payload = [1, 2, 3]
            state.batches[1]?.chunks[2].draft.payload = []
            state.batches[1]?.chunks[3].draft.count = 11
            state.batches[1]?.chunks[4].draft.count = .max
            state.batches[1]?.chunks[5].draft.count = -1
            state.batches[1]?.chunks[6].draft.cost = .nan
            state.batches[1]?.chunks[7].draft.cost = -.infinity
            state.batches[1]?.chunks[8].draft.first = .max
        }
        let worker = try TestWorker(queue)
        Self.checkRest(of: queue, [worker.end()])
        #expect(queue.count(.done) == 10)
        #expect(worker.notes.withLock { $0.count { $0.contains("is damaged") } } == 5)
        let batch = try #require(queue.batch())
        for i in [0, 6, 7, 8, 9] { #expect(batch.chunks[i].result?.counts.tested == 10) }
        for i in 1...5 { #expect(batch.chunks[i].result?.counts.tested == 0) }
    }

    @Test(arguments: [0, -1, .nan, .infinity, 1e300]) func aLeaseOfAnyLengthIsBorne(
        _ duration: Double
    ) throws {
        let queue = MemoryQueue()
        queue.state.withLock { $0.duration = duration }
        try Input(0..<100).submit(to: queue.open(), chunk: 10)
        Self.checkRest(of: queue, [try TestWorker(queue, claim: 2).end()])
        #expect(queue.count(.done) == 10)
        #expect(queue.calls(.renew) < 1000)
    }

    private static func changed(
        _ input: Input, _ body: (inout MemoryQueue.Batch) -> Void
    ) throws -> MemoryQueue {
        let queue = MemoryQueue()
        try input.submit(to: queue.open(), chunk: 10)
        #expect(try TestWorker(queue).end()?.stored == queue.batch()?.chunks.count)
        queue.state.withLock { state in
            if var batch = state.batches[1] {
                body(&batch)
                state.batches[1] = batch
            }
        }
        return queue
    }

    @Test func aDamagedResultIsToldOfItsCandidates() throws {
        let input = Input("1000003\n" + (1..<30).map { "\($0)\n" }.joined())
        let all = try input.checked()
        // Another chunk's result has no evidence.
        var verdicts = ResultPayload(count: 10)
        for i in 0..<10 { verdicts.entries[i] = .verdict(.prime) }
        let queue = try Self.changed(input) { batch in
            batch.chunks[1].result?.payload = [0x52, 1, 9]
            batch.chunks[2].result?.payload = verdicts.encoded
        }
        let lines = try input.collected(from: queue.open()).findings.lines
        try #require(lines.count == 30)
        #expect(lines.prefix(10) == all.lines.prefix(10))
        #expect(lines[10..<20].allSatisfy { $0.contains("result is damaged") }, "\(lines)")
        #expect(lines[20..<30].allSatisfy { $0.contains("no evidence") }, "\(lines)")
    }

    @Test(arguments: ["payload", "count", "first", "negative", "number", "gap"])
    func damagedCandidatesEndTheCollecting(_ what: String) throws {
        let input = Input(0..<40)
        let queue = try Self.changed(input) { batch in
            switch what {
            case "payload": batch.chunks[2].draft.payload = [0x43, 1]
            case "count": batch.chunks[2].draft.count = 9
            case "first": batch.chunks[2].draft.first = .max
            case "negative": batch.chunks[2].draft.first = -5
            case "number": batch.chunks[2].draft = batch.chunks[3].draft
            default: batch.chunks.remove(at: 2)
            }
        }
        #expect(throws: (any Error).self) { try input.collected(from: queue.open()) }
    }

    // MARK: Submitting

    @Test func rowsAreNotDivided() throws {
        let queue = MemoryQueue()
        try Self.conditional("{number_primes,$a,2}").submit(to: queue.open(), chunk: 4)
        let chunks = try #require(queue.batch()?.chunks)
        #expect(chunks.count > 100)
        var first = 0
        for (i, chunk) in chunks.enumerated() {
            #expect(chunk.draft.number == i && chunk.draft.first == first)
            first += chunk.draft.count
            let records = try CandidatePayload.decoded(chunk.draft.payload)
            #expect(records.count == chunk.draft.count)
            if let condition = records.first?.condition { #expect(condition.member == 0) }
            if let condition = records.last?.condition {
                #expect(condition.member == condition.memberCount - 1)
            }
        }
        #expect(queue.batch()?.end.candidates == first)
        #expect(queue.batch()?.end.chunks == chunks.count)
    }

    @Test func theSameIsQueuedOnce() throws {
        let queue = MemoryQueue()
        let store = queue.open()
        var input = Input(0..<100)
        try input.submit(to: store, chunk: 10)
        input.name = "other"
        #expect(throws: Complaint.self) { try input.submit(to: store, chunk: 10) }
        input.spec.options.seed = 8
        try input.submit(to: store, chunk: 10)
        #expect(queue.state.withLock { $0.batches.count } == 2)
    }

    @Test(arguments: [MemoryQueue.Call.begin, .add, .end])
    func whatCannotBeSubmittedIsForgotten(_ call: MemoryQueue.Call) throws {
        let queue = MemoryQueue()
        for fault in [MemoryQueue.Fault.before(.unreachable), .after(.refused)] {
            let store = queue.open { $0 == call && $1 % 2 == 0 ? fault : nil }
            if case .after = fault, call == .end { continue }
            #expect(throws: Complaint.self) { try Input(0..<100).submit(to: store, chunk: 10) }
            #expect(!store.isSubmitting)
            #expect(queue.batch() == nil)
            queue.state.withLock { $0.calls = [:] }
        }
        let store = queue.open { $0 == call && $1 == 0 ? .before(.unreachable) : nil }
        #expect(throws: Complaint.self) { try Input(0..<100).submit(to: store, chunk: 10) }
        try Input(0..<100).submit(to: store, chunk: 10)
        #expect(queue.state.withLock { $0.batches.count } == 1)
    }

    @Test func nothingAndWhatWasCancelledAreNotSubmitted() throws {
        let queue = MemoryQueue()
        let store = queue.open()
        #expect(throws: Complaint.self) { try Input("# nothing\n").submit(to: store) }
        let cancel = CancelFlag()
        cancel.cancel()
        #expect(throws: Complaint.self) { try Input(0..<100).submit(to: store, cancel: cancel) }
        #expect(!store.isSubmitting && queue.state.withLock { $0.batches.isEmpty })
    }

    // MARK: A second look

    @Test func aSecondHostAgreesOrNamesTheChunk() throws {
        let input = Self.mixed
        let queue = try Self.changed(input) { _ in }
        let count = queue.count(.done)
        func look(_ id: Int) throws -> SecondLook.Outcome {
            let store = queue.open()
            let batch = try #require(try store.batches().first)
            return SecondLook(
                SecondLook.Plan(
                    worker: TestWorker.description(id), batch: batch, share: 1,
                    cancel: CancelFlag(), note: { _ in }), store
            ).run(on: ThreadPool(workers: 2), timeout: nil)
        }
        // It is no second host.
        #expect(try look(1).looked == 0)
        let agreed = try look(2)
        #expect(agreed.looked == count && agreed.disputed.isEmpty && agreed.failure == nil)
        #expect(try look(2).looked == 0, "a chunk is looked at once")
        queue.state.withLock { state in
            for i in 0..<count { state.batches[1]?.chunks[i].second = nil }
            var wrong = ResultPayload(count: 10)
            for i in 0..<10 { wrong.entries[i] = .verdict(.neither) }
            state.batches[1]?.chunks[3].result?.payload = wrong.encoded
            state.batches[1]?.chunks[5].result?.payload = [7]
        }
        let disputed = try look(2)
        #expect(disputed.looked == count && disputed.disputed.map(\.chunk).sorted() == [3, 5])
    }
}
