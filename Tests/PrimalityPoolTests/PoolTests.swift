// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityPool
import TestSupport
import Testing

/// Tests run on cooperative threads, which no pool may block.
///
/// Shared state lies behind `Monitor`, here and below: ThreadSanitizer does not see the locks of
/// `Synchronization.Mutex` on Linux.
func blocking(_ body: @escaping @Sendable () throws -> Void) async throws {
    let problem = Monitor<(any Error)?>(nil)
    try await onOwnThread {
        do { try body() } catch { problem.withLock { $0 = error } }
    }
    if let error = problem.withLock({ $0 }) { throw error }
}

/// Gives numbers in batches of a size.
func source(_ numbers: [UInt64], by size: Int) -> @Sendable () -> NumberBatch? {
    let position = Monitor(0)
    return {
        position.withLock { next in
            if next >= numbers.count { return nil }
            defer { next += size }
            return NumberBatch(numbers[next..<min(next + size, numbers.count)])
        }
    }
}

@Suite struct PoolTests {
    static let kinds = PoolKind.allCases

    /// All verdicts of a run, checking that each number comes back once.
    private static func run(
        _ pool: any Pool, _ job: PoolJob, _ numbers: [UInt64], by size: Int
    ) throws -> [Verdict] {
        var found = [Verdict?](repeating: nil, count: numbers.count)
        var last = -1
        try pool.run(job, from: source(numbers, by: size)) { result in
            #expect(result.failure == nil)
            #expect((0..<pool.workers).contains(result.worker))
            #expect(result.chunk.first == result.chunk.id * size)
            if job.order == .input { #expect(result.chunk.id == last + 1) }
            last = result.chunk.id
            for i in 0..<result.results.count {
                #expect(found[result.chunk.first + i] == nil)
                found[result.chunk.first + i] = result.results.verdict(at: i)
            }
            return true
        }
        return found.compactMap(\.self)
    }

    @Test(arguments: kinds, ResultOrder.allCases)
    func everyPoolGivesTheSameVerdicts(_ kind: PoolKind, _ order: ResultOrder) async throws {
        try await blocking {
            let numbers = edgeNumbers()
            let expected = try Tester.verdicts(of: numbers)
            for engine in [Engine.u64, .gmp, .fft, .swiftU64, .auto] {
                let job = PoolJob(engine: engine, order: order)
                let found = try Self.run(kind.pool(workers: 3), job, numbers, by: 97)
                #expect(found == expected, "\(engine)")
            }
            let small = numbers.map { $0 & 0xFFFFF }
            for engine in [Engine.trial, .swiftTrial] {
                let job = PoolJob(engine: engine, order: order)
                let found = try Self.run(kind.pool(workers: 2), job, small, by: 512)
                #expect(found == (try Tester.verdicts(of: small)), "\(engine)")
            }
        }
    }

    @Test(arguments: kinds)
    func chunksOfEverySizeAndWorkerCount(_ kind: PoolKind) async throws {
        try await blocking {
            let numbers = Array(UInt64(0)..<300)
            let expected = try Tester.verdicts(of: numbers)
            for workers in [1, 2, 5, 16] {
                for size in [1, 2, 7, 300, 1000] {
                    let found = try Self.run(
                        kind.pool(workers: workers), PoolJob(), numbers, by: size)
                    #expect(found == expected, "\(workers) workers, chunks of \(size)")
                }
            }
            #expect(try Self.run(kind.pool(workers: 4), PoolJob(), [], by: 1) == [])
        }
    }

    @Test(arguments: kinds)
    func largeNumbersAndReportsTravelWhole(_ kind: PoolKind) async throws {
        try await blocking {
            let cases = try VectorFile.go.cases() + VectorFile.rfcModp.cases()
            let numbers = cases.map(\.number)
            let pool = kind.pool(workers: 2)
            let options = TestOptions(rounds: 1, seed: 5, wantsResidue: true)
            var reports: [Int: TestReport] = [:]
            let next = Monitor(0)
            try pool.run(
                PoolJob(options: options, wantsReports: true),
                from: {
                    next.withLock { i in
                        if i == numbers.count { return nil }
                        i += 1
                        return NumberBatch([numbers[i - 1]])
                    }
                }
            ) { result in
                reports[result.chunk.id] = result.results.report(at: 0, of: result.chunk.numbers)
                return true
            }
            for (i, vector) in cases.enumerated() {
                let expected = try TestReport(of: vector.number, options: options)
                var found = try #require(reports[i])
                #expect(vector.accepts(found.verdict), "\(vector.note)")
                found.cpuTime = expected.cpuTime
                #expect(found == expected, "\(vector.note)")
            }
            #expect(
                try pool.verdicts(of: numbers) == numbers.map { try Verdict(of: $0) })
        }
    }

    @Test(arguments: kinds)
    func aNumberThatIsTooLargeComesBackWithItsError(_ kind: PoolKind) async throws {
        try await blocking {
            let large = BigNatural(UInt128.max)
            #expect(
                throws: PoolError.failed(
                    .test(.numberTooLarge(bits: 128, limit: 64, engine: .u64)))
            ) {
                try kind.pool(workers: 2).verdicts(
                    of: [7, large, 11], using: PoolJob(engine: .u64))
            }
        }
    }

    @Test(arguments: kinds)
    func aRefusedResultEndsTheRun(_ kind: PoolKind) async throws {
        try await blocking {
            // Without the end this source never ends.
            let delivered = Monitor(0)
            let cancel = CancelFlag()
            try kind.pool(workers: 3).run(
                PoolJob(engine: .u64), cancel: cancel, from: { NumberBatch([UInt64(7), 9]) }
            ) { _ in
                delivered.withLock { $0 += 1 }
                return delivered.withLock { $0 } < 10
            }
            #expect(delivered.withLock { $0 } == 10)
            // The caller's flag is the caller's: it may serve another run.
            #expect(!cancel.isCancelled)
        }
    }

    private struct Broken: Error, CustomStringConvertible {
        let description = "the source is broken"
    }

    @Test(arguments: kinds, ResultOrder.allCases)
    func whatASourceThrowsEndsTheRunAfterWhatItGave(
        _ kind: PoolKind, _ order: ResultOrder
    ) async throws {
        try await blocking {
            let given = Monitor(0)
            var found: [Verdict?] = []
            let source: @Sendable () throws -> NumberBatch? = {
                let place = given.withLock {
                    $0 += 1
                    return $0
                }
                if place > 20 { throw Broken() }
                return NumberBatch([UInt64(7), 9])
            }
            var error: PoolError?
            do throws(PoolError) {
                try kind.pool(workers: 3).run(PoolJob(order: order), from: source) { result in
                    found += (0..<2).map { result.results.verdict(at: $0) }
                    return true
                }
            } catch let thrown {
                error = thrown
            }
            guard case .source(let thrown)? = error, thrown.underlying is Broken else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.description == "the source is broken")
            #expect(
                found
                    == [Verdict?](repeating: nil, count: 40).indices.map {
                        $0 % 2 == 0 ? .prime : .composite
                    })
            #expect(given.withLock { $0 } == 21)
        }
    }

    @Test func aJobIsAValue() throws {
        let job = PoolJob(
            engine: .gmp, options: TestOptions(rounds: 5, seed: 7), order: .done,
            wantsReports: true, timeout: .milliseconds(1500))
        let coded = try JSONEncoder().encode(job)
        #expect(try JSONDecoder().decode(PoolJob.self, from: coded) == job)
        #expect(Set([job, job]).count == 1)
    }

    @Test(arguments: kinds)
    func cancellingEndsALongTest(_ kind: PoolKind) async throws {
        try await blocking {
            // 2⁸⁶²⁴³ − 1 is prime: a test takes seconds.
            let long = BigNatural(
                limbs: [UInt64](repeating: .max, count: 1347) + [(1 << (86243 - 1347 * 64)) - 1])
            let cancel = CancelFlag()
            let canceller = try WorkerThread(name: "canceller") {
                usleep(100_000)
                cancel.cancel()
            }
            #expect(throws: PoolError.cancelled) {
                try kind.pool(workers: 2).verdicts(
                    of: [long, long, long], using: PoolJob(engine: .gmp), cancel: cancel)
            }
            canceller.join()
        }
    }

    @Test(arguments: kinds)
    func memoryIsBoundedByTheWindow(_ kind: PoolKind) async throws {
        try await blocking {
            // Numbers that were read and not yet delivered, at most. These are quickly tested, so that
            // processes hold more.
            let bound = 2 * (kind == .processes ? 64 : 4) + 1
            let inFlight = Monitor((now: 0, most: 0))
            let given = Monitor(0)
            try kind.pool(workers: 2).run(
                PoolJob(engine: .u64),
                from: {
                    if given.withLock({
                        $0 += 1
                        return $0 > 3000
                    }) {
                        return nil
                    }
                    inFlight.withLock {
                        $0.now += 1
                        $0.most = max($0.most, $0.now)
                    }
                    return NumberBatch([UInt64.max - 58])
                }
            ) { _ in
                inFlight.withLock { $0.now -= 1 }
                return true
            }
            #expect(inFlight.withLock { $0.most } <= bound)
            #expect(given.withLock { $0 } == 3001)
        }
    }

    // In a process of its own: other tests open descriptors beside this one.
    @Test func runsLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            func openDescriptors() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            }
            func run(_ times: Int) async throws {
                for _ in 0..<times {
                    for kind in PoolKind.allCases {
                        let found = try await kind.pool(workers: 2)
                            .verdicts(of: [2, 3, 4, 5], chunk: 1)
                        #expect(found == [.prime, .prime, .composite, .prime])
                    }
                }
            }
            try await run(1)  // the cooperative threads keep a few for good
            let before = try openDescriptors()
            try await run(50)
            let after = try openDescriptors()
            // A leak would show 50 times; the cooperative threads may have taken one or two more.
            #expect(after < before + 8, "\(after) descriptors, not \(before)")
            var status: Int32 = 0
            let child = unsafe waitpid(-1, &status, WNOHANG)
            #expect(child == -1 && errno == ECHILD, "a process is left: \(child), error \(errno)")
        }
    }

    /// From every way in, instead of the end of the program.
    @Test(arguments: PoolKind.allCases.filter { $0 != .serial }, [0, -1, .min, .max])
    func countsOfWorkersThatCannotBeAreAnError(_ kind: PoolKind, _ workers: Int) async throws {
        let error = PoolError.outOfRange(what: "workers", value: workers, allowed: 1...65536)
        let pool = kind.pool(workers: workers)
        let words: [UInt64] = [2, 4]
        #expect(throws: error) { try pool.run(PoolJob(), from: { nil }) { _ in true } }
        #expect(throws: error) { try pool.verdicts(of: words.span, using: PoolJob()) }
        #expect(throws: error) { try pool.verdicts(of: [BigNatural(2), 4], using: PoolJob()) }
        #expect(throws: error) { try pool.probablePrimes(.after(7), using: PoolJob()) }
        await #expect(throws: (any Error).self) {
            for try await _ in pool.results(for: words, using: PoolJob()) {}
        }
        #expect(error.description == "workers: \(workers) is out of range; give 1 to 65536")
    }

    @Test func aSearchForNothingIsAnError() {
        let error = PoolError.outOfRange(what: "count", value: 0, allowed: 1...Int.max)
        #expect(throws: error) { try SerialPool().probablePrimes(.after(7, count: 0)) }
        #expect(RunStatistics(workers: -1).workers.isEmpty)
    }

    @Test func aLargeNumberBeginsAChunk() {
        let large = BigNatural(limbs: [UInt64](repeating: .max, count: 200))
        let numbers = [BigNatural(7), 11, large, 13, 17]
        var sizes: [Int] = []
        let next = chunks(of: numbers, engine: .gmp, size: nil)
        while let chunk = next() { sizes.append(chunk.count) }
        #expect(sizes == [2, 1, 2])

        var maker = ChunkMaker(ChunkSizer(engine: .gmp))
        var made: [NumberBatch] = []
        var batch = NumberBatch()
        for number in numbers {
            batch.append(number)
            var isComplete = maker.isComplete(&batch, afterNumberOf: number.bitWidth)
            while isComplete {
                made.append(batch)
                batch = NumberBatch()
                isComplete = maker.begin(&batch)
            }
        }
        made.append(batch)
        #expect(made.map(\.count) == [2, 1, 2])
        #expect(made.flatMap { batch in (0..<batch.count).map { batch[$0] } } == numbers)
    }

    @Test func sizersCutWhereTheyShould() {
        func cuts(_ engine: Engine, _ fixed: Int?, _ bits: [Int]) -> [Bool] {
            var sizer = ChunkSizer(engine: engine, fixed: fixed)
            return bits.map { sizer.isFull(afterNumberOf: $0) }
        }
        #expect(cuts(.auto, 3, [64, 64, 64]) == [false, false, true])
        #expect(cuts(.gmp, nil, [64, 8192]) == [false, true])
        // What is tested eight at a time comes in vectors.
        let vectors = Engine.auto.isBatched(bits: 1024) ? 63 : 2
        let cut = cuts(.auto, nil, [Int](repeating: 1024, count: 100)).firstIndex(of: true)
        #expect(cut == vectors)
        #expect(cuts(.trial, nil, [20, 64]) == [false, true])

        // What takes much longer than all before it begins a chunk of its own.
        func isDue(_ engine: Engine, _ fixed: Int?, _ bits: [Int], before last: Int) -> Bool {
            var sizer = ChunkSizer(engine: engine, fixed: fixed)
            for bits in bits { _ = sizer.isFull(afterNumberOf: bits) }
            return sizer.isDue(beforeNumberOf: last)
        }
        #expect(isDue(.auto, nil, [3, 4], before: 44497))
        #expect(isDue(.gmp, nil, [64], before: 8192))
        #expect(isDue(.trial, nil, [20], before: 64))
        #expect(isDue(.auto, nil, [Int](repeating: 64, count: 3000), before: 100_000))
        #expect(!isDue(.auto, nil, [], before: 44497))
        #expect(!isDue(.auto, 8, [3, 4], before: 44497))
        #expect(!isDue(.auto, nil, [3, 4], before: 512))
        #expect(!isDue(.auto, nil, [4096], before: 4100))
        #expect(cuts(.u64, nil, [Int](repeating: 64, count: 5000)).firstIndex(of: true) == 3333)
    }
}
