// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Primality
package import PrimalityPool

/// Threads of which one at a time runs the program's code, as an interpreter's: a ``ThreadPool`` whose
/// workers take an ``InterpreterLock`` for what they test.
///
/// The engines in Swift stand for code that is interpreted. Such a worker looks after each number, and in
/// trial division after each block of divisors, whether another thread asks for the lock. An engine in C is
/// one call, during which nobody looks, unless it gives the lock up for its time.
///
/// It is a model, to be compared with pools that are meant to be used.
package struct LockedThreadPool: Pool {
    /// The lock, with what it has cost in all runs so far.
    package let lock: InterpreterLock
    /// Whether engines in C run without the lock.
    ///
    /// Those in Swift never do.
    package let releasesLock: Bool
    private let threads: ThreadPool

    /// Makes a pool with a lock of its own.
    ///
    /// - Parameters:
    ///   - workers: How many threads, at least 1.
    ///   - releasesLock: Whether engines in C run without the lock.
    ///   - switchInterval: How long a thread waits before it asks for the lock.
    package init(
        workers: Int, releasesLock: Bool = false, switchInterval: Duration = .milliseconds(5)
    ) {
        threads = ThreadPool(workers: workers)
        lock = InterpreterLock(switchInterval: switchInterval)
        self.releasesLock = releasesLock
    }

    /// ``PoolKind/threads``.
    package var kind: PoolKind { .threads }

    /// How many threads.
    package var workers: Int { threads.workers }

    /// Tests everything that a source gives.
    package func run(
        _ job: PoolJob, cancel: CancelFlag, notify: (@Sendable (PoolNotice) -> Void)?,
        from source: @escaping @Sendable () throws -> NumberBatch?, deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        let job = PoolRun(job, cancel: cancel, notify: notify)
        try threads.run(job, from: source, deliver: deliver) { id throws(PoolError) in
            let worker = try LocalWorker(id: id, job: job)
            let interpreter = Interpreter(lock: lock, job: job, releasesLock: releasesLock)
            return { jobs, finish in
                lock.withLock {
                    while let piece = next(of: jobs) {
                        let result = worker.run(piece) { tester throws(PrimalityError) in
                            try interpreter.test(piece, by: &tester)
                        }
                        finish(piece, result)
                        lock.checkpoint()
                    }
                }
            }
        }
    }

    /// Waiting for a job is a call that blocks; taking one that is there is not.
    private func next(of jobs: JobQueue) -> Job? {
        switch jobs.tryPop() {
        case .element(let job): job
        case .ended: nil
        case .nothingYet: lock.withoutLock { jobs.pop() }
        }
    }
}

/// Tests number by number with the lock held, and looks between them whether to hand it over.
private struct Interpreter {
    let lock: InterpreterLock
    let job: PoolRun
    let releasesLock: Bool

    /// Some 40 µs of trial division in Swift, much less than the switch interval.
    private static let block: UInt64 = 1 << 18

    func test(_ piece: Job, by tester: inout Tester) throws(PrimalityError) -> TestResults {
        let numbers = piece.numbers
        if let divisors = piece.divisors { return divide(numbers.limbs[0], by: divisors, &tester) }
        var all = TestResults(
            seed: job.options.seed, untested: numbers.count, withReports: job.wantsReports)
        for i in 0..<numbers.count {
            if i > 0 { lock.checkpoint() }
            let one = try test(NumberBatch(numbers, i..<i + 1), &tester)
            all.verdictBytes[i] = one.verdictBytes[0]
            if job.wantsReports { all.rawReports[i] = one.rawReports[0] }
            all.status = one.status
            if one.status != .ok { break }
        }
        return all
    }

    private func test(
        _ number: NumberBatch, _ tester: inout Tester
    ) throws(PrimalityError) -> TestResults {
        switch job.engine {
        case .swiftTrial where number.maximumBits <= 64 && number.limbs[0] >= 2:
            return divide(number.limbs[0], by: 0...UInt64(UInt32.max), &tester)
        case .swiftTrial, .swiftU64:
            return try tester.run(number)
        case .auto, .trial, .u64, .gmp, .ifma, .fft:
            if !releasesLock { return try tester.run(number) }
            return try lock.withoutLock { () throws(PrimalityError) in try tester.run(number) }
        }
    }

    /// Divides by a range of divisors: in Swift block by block, in C by one call.
    private func divide(
        _ number: UInt64, by divisors: ClosedRange<UInt64>, _ tester: inout Tester
    ) -> TestResults {
        if job.engine != .swiftTrial {
            if !releasesLock { return tester.run(number, divisors: divisors) }
            return lock.withoutLock { tester.run(number, divisors: divisors) }
        }
        let last = min(divisors.upperBound, UInt64(UInt32.max))
        var first = divisors.lowerBound
        var nanoseconds: UInt64 = 0
        while true {
            // Below 2³² nothing overflows.
            let through = min(last, first + Self.block - 1)
            var found = tester.run(number, divisors: first...through)
            nanoseconds += found.rawReports.first?.cpu_ns ?? 0
            let isLast = through == last || (through + 1) * (through + 1) > number
            if isLast || found.status != .ok || found.verdict(at: 0) == .composite {
                if !found.rawReports.isEmpty { found.rawReports[0].cpu_ns = nanoseconds }
                return found
            }
            first = through + 1
            lock.checkpoint()
        }
    }
}
