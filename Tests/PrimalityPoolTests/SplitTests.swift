// SPDX-License-Identifier: Apache-2.0

import Glibc
import Primality
import PrimalityPool
import Synchronization
import Testing

/// Numbers just above 2⁵⁰, which are divided in three ranges: up to 2²¹, to 2²¹ + 2²⁴, and to √n.
private enum Large {
    static let prime: UInt64 = 1_125_899_906_842_679
    static let endOfFirst: UInt64 = 2_097_143 * 536_873_231
    static let startOfSecond: UInt64 = 2_097_169 * 536_866_573
    static let second: UInt64 = 10_000_019 * 112_589_809
    static let endOfSecond: UInt64 = 18_874_367 * 59_652_331
    static let startOfThird: UInt64 = 18_874_379 * 59_652_301
    static let third: UInt64 = 30_000_001 * 37_530_001
    static let square: UInt64 = 33_554_467 * 33_554_467
    static let threeFactors: UInt64 = 2_097_169 * 2_097_211 * 2_097_223
    static let small: UInt64 = 7 * 160_842_843_834_691

    /// The largest prime below 2⁵⁰, which is left whole.
    static let wholePrime: UInt64 = 1_125_899_906_842_597

    static let largest: UInt64 = 18_446_744_073_709_551_557
}

@Suite(.timeLimit(.minutes(15))) struct SplitTests {
    static let sharing: [PoolKind] = [.threads, .processes, .tasks]

    /// What a run finds, number by number, checking that each comes back once and whole.
    private static func reports(
        _ pool: any Pool, _ job: PoolJob, _ numbers: [UInt64], by size: Int
    ) throws -> [TestReport] {
        var job = job
        job.wantsReports = true
        var found = [TestReport?](repeating: nil, count: numbers.count)
        var chunks: [Int] = []
        try pool.run(job, from: source(numbers, by: size)) { result in
            #expect(result.failure == nil)
            #expect((0..<pool.workers).contains(result.worker))
            #expect(result.chunk.first == result.chunk.id * size)
            chunks.append(result.chunk.id)
            var cpuTime = Duration.zero
            for i in 0..<result.results.count {
                let report = result.results.report(at: i, of: result.chunk.numbers)
                #expect(report?.verdict == result.results.verdict(at: i))
                found[result.chunk.first + i] = report
                cpuTime += report?.cpuTime ?? .zero
            }
            #expect(cpuTime <= result.cpuTime)
            return true
        }
        #expect(chunks.sorted() == Array(0..<(numbers.count + size - 1) / size))
        if job.order == .input { #expect(chunks == chunks.sorted()) }
        return found.compactMap(\.self).map {
            var report = $0
            report.cpuTime = .zero
            return report
        }
    }

    @Test(arguments: sharing, ResultOrder.allCases)
    func everyPoolGivesWhatTheSerialOneGives(_ kind: PoolKind, _ order: ResultOrder) async throws {
        try await blocking {
            let numbers: [UInt64] = [
                2, Large.third, 9, 1, Large.endOfFirst, Large.prime, Large.small, 0, 1_000_003,
                Large.startOfSecond, Large.square, Large.threeFactors, Large.wholePrime, 561,
                Large.endOfSecond, Large.startOfThird, Large.second, 7,
            ]
            let options = TestOptions(wantsResidue: true)
            let job = PoolJob(engine: .trial, options: options, order: order)
            let expected = try Self.reports(SerialPool(), job, numbers, by: 1)
            #expect(expected.map(\.factor)[1] == 30_000_001)
            #expect(expected[11].factor == 2_097_169 && expected[11].residue != nil)
            for (workers, size) in [(2, 1), (3, 4), (2, 100)] {
                let found = try Self.reports(kind.pool(workers: workers), job, numbers, by: size)
                #expect(found == expected, "\(workers) workers, chunks of \(size)")
            }
            let verdicts = try kind.pool(workers: 2).verdicts(
                of: numbers.map { BigNatural($0) }, using: PoolJob(engine: .trial, order: order))
            #expect(verdicts == expected.map(\.verdict))

            // Plain divisions, so fewer of them.
            let few = [Large.prime, 15, Large.second]
            let inSwift = PoolJob(engine: .swiftTrial, order: order)
            #expect(
                try Self.reports(kind.pool(workers: 2), inSwift, few, by: 2)
                    == Self.reports(SerialPool(), inSwift, few, by: 2))
        }
    }

    @Test(arguments: sharing)
    func theWorkersShareOneNumber(_ kind: PoolKind) async throws {
        try await blocking {
            var results: [ChunkResult] = []
            try kind.pool(workers: 2).run(
                PoolJob(engine: .trial), from: source([Large.largest], by: 1)
            ) { result in
                results.append(result)
                return true
            }
            #expect(results.map { $0.results.verdict(at: 0) } == [.prime])
            #expect(results.first?.sharedBy == [0, 1])
        }
    }

    @Test(arguments: sharing, [Engine.trial, .swiftTrial])
    func cancellingEndsASharedNumber(_ kind: PoolKind, _ engine: Engine) async throws {
        try await blocking {
            let numbers = source([UInt64](repeating: Large.largest, count: 1000), by: 1)
            let cancel = CancelFlag()
            let begun = BlockingQueue<Void>()
            let canceller = try WorkerThread(name: "canceller") {
                _ = begun.pop()
                usleep(50_000)
                cancel.cancel()
            }
            var chunks: [Int] = []
            var untested = 0
            try kind.pool(workers: 2).run(
                PoolJob(engine: engine), cancel: cancel,
                from: {
                    defer { begun.push(()) }
                    return numbers()
                }
            ) { result in
                chunks.append(result.chunk.id)
                #expect(result.failure == nil || result.failure == .cancelled)
                #expect(
                    result.results.verdict(at: 0) == (result.failure == nil ? .prime : nil))
                untested += result.failure == nil ? 0 : 1
                return true
            }
            canceller.join()
            #expect(chunks == Array(0..<chunks.count))
            #expect(untested > 0)
            #expect(chunks.count < 1000)
        }
    }
}

/// The hand-out itself, job by job.
@Suite struct JobQueueTests {
    private static let ranges: [ClosedRange<UInt64>] = [
        0...(1 << 21) - 1, (1 << 21)...(1 << 21) + (1 << 24) - 1,
        (1 << 21) + (1 << 24)...(1 << 21) + (1 << 25) - 1,
    ]

    private static func queue(
        _ numbers: [[UInt64]], engine: Engine = .trial, workers: Int = 2
    ) -> JobQueue {
        let queue = JobQueue(PoolJob(engine: engine, wantsReports: true), workers: workers)
        for (id, numbers) in numbers.enumerated() {
            queue.push(Chunk(id: id, first: 10 * id, numbers: NumberBatch(numbers)))
        }
        queue.end()
        return queue
    }

    /// What a worker finds; of another number when it is given.
    private static func run(_ job: Job, on other: UInt64? = nil) throws -> JobResult {
        var tester = try Tester(engine: .trial, wantsReports: true)
        let number = try #require(job.numbers.words.first)
        let results =
            try job.divisors.map { tester.run(other ?? number, divisors: $0) }
            ?? tester.test(job.numbers)
        return JobResult(worker: 0, cpuTime: .seconds(1), results: results, failure: nil)
    }

    private static func failed(_ failure: ChunkFailure) -> JobResult {
        let results = TestResults(seed: 0, untested: 1, withReports: false)
        return JobResult(worker: 1, cpuTime: .seconds(1), results: results, failure: failure)
    }

    private static func take(_ queue: JobQueue) throws -> Job {
        guard case .element(let job) = queue.tryPop() else {
            throw PoolError.cancelled
        }
        return job
    }

    private static func isEnded(_ queue: JobQueue) -> Bool {
        if case .ended = queue.tryPop() { true } else { false }
    }

    private static func hasNothingYet(_ queue: JobQueue) -> Bool {
        if case .nothingYet = queue.tryPop() { true } else { false }
    }

    @Test func theOtherRangesAreHandedOutWhenTheFirstHasNoDivisor() throws {
        let queue = Self.queue([[Large.prime]])
        let first = try Self.take(queue)
        #expect(first.divisors == Self.ranges[0])
        #expect(Self.hasNothingYet(queue))
        #expect(queue.finish(first, try Self.run(first)) == nil)
        let second = try Self.take(queue)
        let third = try Self.take(queue)
        #expect([second.divisors, third.divisors] == [Self.ranges[1], Self.ranges[2]])
        #expect(Set([first.id, second.id, third.id]).count == 3)
        #expect(Self.isEnded(queue))
        #expect(queue.finish(third, try Self.run(third)) == nil)
        let result = try #require(queue.finish(second, try Self.run(second)))
        #expect(result.failure == nil)
        #expect(result.cpuTime == .seconds(3))
        #expect(result.results.verdict(at: 0) == .prime)
    }

    @Test func aSmallFactorCostsOneRange() throws {
        for number in [Large.small, Large.endOfFirst] {
            let queue = Self.queue([[number]])
            let first = try Self.take(queue)
            let result = try #require(queue.finish(first, try Self.run(first)))
            #expect(result.results.verdict(at: 0) == .composite)
            #expect(Self.isEnded(queue))
        }
    }

    @Test func rangesAreHandedOutBeforeNewChunksAndChunksWhileTheFirstIsTried() throws {
        let queue = Self.queue([[Large.prime], [Large.second], [5]])
        let first = try Self.take(queue)
        let next = try Self.take(queue)
        #expect(first.chunk.id == 0 && next.chunk.id == 1)
        #expect(next.divisors == Self.ranges[0])
        let small = try Self.take(queue)
        #expect(small.chunk.id == 2 && small.isWhole && small.divisors == nil)
        #expect(queue.finish(next, try Self.run(next)) == nil)
        #expect(queue.finish(first, try Self.run(first)) == nil)
        #expect(try Self.take(queue).chunk.id == 0)
        #expect(try Self.take(queue).chunk.id == 0)
        #expect(try Self.take(queue).chunk.id == 1)
    }

    @Test func aDivisorEndsTheHandingOutAndTheLeastOneCounts() throws {
        let queue = Self.queue([[Large.largest], [5]])
        let first = try Self.take(queue)
        #expect(queue.finish(first, try Self.run(first)) == nil)
        let jobs = try (0..<3).map { _ in try Self.take(queue) }
        // Pretending that 30,000,001 and 10,000,019 divide it.
        #expect(queue.finish(jobs[1], try Self.run(jobs[1], on: Large.third)) == nil)
        #expect(try Self.take(queue).chunk.id == 1)
        #expect(Self.isEnded(queue))
        #expect(queue.finish(jobs[0], try Self.run(jobs[0], on: Large.second)) == nil)
        let result = try #require(queue.finish(jobs[2], try Self.run(jobs[2])))
        let report = try #require(result.results.report(at: 0, of: result.chunk.numbers))
        #expect(report.factor == 10_000_019)
        #expect(report.verdict == .composite && report.method == .trialDivision)
    }

    @Test func aRangeThatFailedBelowADivisorFailsTheNumber() throws {
        let death = ChunkFailure.workerDied(signal: 9, exitStatus: nil)
        for (failing, factor) in [(0, 1), (1, 0)] {
            let queue = Self.queue([[Large.largest]])
            let first = try Self.take(queue)
            #expect(queue.finish(first, try Self.run(first)) == nil)
            let jobs = try (0..<2).map { _ in try Self.take(queue) }
            #expect(queue.finish(jobs[failing], Self.failed(death)) == nil)
            #expect(Self.isEnded(queue))
            let divided = factor == 0 ? Large.second : Large.third
            let result = try #require(
                queue.finish(jobs[factor], try Self.run(jobs[factor], on: divided)))
            #expect(result.failure == (failing == 0 ? death : nil))
            #expect(result.results.verdict(at: 0) == (failing == 0 ? nil : .composite))
        }
    }

    @Test func aFirstRangeThatFailsFailsItsNumberAlone() throws {
        let queue = Self.queue([[3, Large.prime, 4]])
        let before = try Self.take(queue)
        #expect(before.place == 0 && before.numbers.words == [3] && !before.isWhole)
        let first = try Self.take(queue)
        #expect(first.place == 1 && first.divisors == Self.ranges[0])
        let after = try Self.take(queue)
        #expect(after.place == 2 && after.numbers.words == [4])
        #expect(Self.hasNothingYet(queue))
        #expect(queue.finish(first, Self.failed(.cancelled)) == nil)
        #expect(Self.isEnded(queue))
        #expect(queue.finish(after, try Self.run(after)) == nil)
        let result = try #require(queue.finish(before, try Self.run(before)))
        #expect(result.chunk.first == 0)
        #expect(result.failure == .cancelled)
        #expect((0..<3).map { result.results.verdict(at: $0) } == [.prime, nil, .composite])
    }

    @Test func whatIsNotLargeOrHasNobodyToShareWithStaysWhole() throws {
        for (engine, workers) in [(Engine.trial, 1), (.swiftTrial, 1), (.u64, 2), (.gmp, 2)] {
            let queue = Self.queue([[3, Large.prime]], engine: engine, workers: workers)
            #expect(try Self.take(queue).isWhole)
            #expect(Self.isEnded(queue))
        }
        #expect(try Self.take(Self.queue([[3, Large.wholePrime]])).isWhole)
        // Too large for the engine, which is said of the chunk.
        let queue = JobQueue(PoolJob(engine: .trial), workers: 2)
        let numbers = NumberBatch([BigNatural(Large.prime), BigNatural(UInt128.max)])
        queue.push(Chunk(id: 0, first: 0, numbers: numbers))
        #expect(try Self.take(queue).isWhole)
    }
}

extension NumberBatch {
    fileprivate var words: [UInt64] { (0..<count).map { self[$0].limbs.first ?? 0 } }
}
