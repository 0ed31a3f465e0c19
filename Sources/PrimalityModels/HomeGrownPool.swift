// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal
internal import CModels
internal import CPool
package import Primality
package import PrimalityPool

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The chapter's pool, about as small as it can be: one queue of numbers for all workers, one of results,
/// and a poison pill for each worker.
///
/// It has the chapter's weaknesses, one of them mended. A worker that is killed takes its number with it; but
/// when the last worker is gone the queue of results ends, so the report ends too, where the chapter's waits
/// for ever. The pools of `PrimalityPool` lose nothing.
package struct HomeGrownPool: Sendable {
    /// What the workers are.
    package enum Workers: String, Sendable, CaseIterable, Codable {
        /// Threads of this process.
        case threads
        /// Forked processes.
        case processes
    }

    /// The number that ends a worker instead of being tested.
    package static let poisonPill: UInt64 = 0

    /// A number that was tested.
    package struct Check: Sendable, Equatable, Codable {
        /// The number.
        package var number: UInt64
        /// Whether it is prime.
        package var isPrime: Bool
        /// How long its test took by the clock, in seconds.
        package var seconds: Double
    }

    /// What is known at the end.
    package struct Summary: Sendable, Equatable, Codable {
        /// How many numbers have a result.
        package var checks = 0
        /// How many were handed out and have none: their workers died.
        package var lost = 0
        /// From the first fork to the last result, in seconds.
        package var seconds = 0.0
    }

    private let workers: Workers
    private let count: Int
    private let job: PoolRun

    /// Makes a pool.
    ///
    /// - Parameters:
    ///   - workers: What the workers are.
    ///   - count: How many, at least 1.
    ///   - engine: How they test 64-bit numbers.
    ///   - cancel: Ends the tests.
    package init(
        _ workers: Workers, count: Int, engine: Engine = .trial, cancel: CancelFlag = CancelFlag()
    ) {
        precondition(count >= 1, "a pool needs a worker")
        self.workers = workers
        self.count = count
        job = PoolRun(PoolJob(engine: engine), cancel: cancel)
    }

    /// Tests numbers.
    ///
    /// - Parameters:
    ///   - numbers: What is tested; no ``poisonPill`` among them.
    ///   - report: Takes each result as it comes.
    /// - Returns: What became of them.
    /// - Throws: ``PoolError`` when there is no worker, or the forced level is none of this machine.
    package func check(
        _ numbers: [UInt64], report: (Check) -> Void
    ) throws(PoolError) -> Summary {
        precondition(!numbers.contains(Self.poisonPill), "0 is the poison pill")
        do { try KernelLevel.checkForcedLevel() } catch { throw .test(error) }
        let start = prk_clock_ns()
        var summary =
            switch workers {
            case .threads: try checkOnThreads(numbers, report)
            case .processes: try checkInProcesses(numbers, report)
            }
        summary.lost = job.cancel.isCancelled ? 0 : numbers.count - summary.checks
        summary.seconds = Double(prk_clock_ns() - start) / 1e9
        return summary
    }

    // MARK: - The chapter's functions

    /// Tests what it takes out of one queue and puts what it finds into the other, until it takes a pill.
    ///
    /// `prk_chapter_worker_create` has the same for a process, in C: a forked child must not run Swift.
    private static func work(
        _ jobs: BlockingQueue<UInt64>, _ results: BlockingQueue<CheckedNumber>, _ job: PoolRun
    ) {
        defer { results.end() }
        // Without memory for it the numbers are the others' to test.
        guard var tester = try? Tester(engine: job.engine, cancel: job.cancel) else { return }
        while let n = jobs.pop(), n != poisonPill {
            let start = prk_clock_ns()
            let verdict = try? tester.test(NumberBatch([n])).verdict(at: 0)
            results.push(
                CheckedNumber(
                    n: n, ns: prk_clock_ns() - start,
                    verdict: verdict?.rawValue ?? UInt8(KernelVerdict.untested.rawValue)))
        }
        results.push(CheckedNumber())
    }

    /// Puts all numbers into a queue, and a pill for each worker behind them.
    private func startJobs(
        _ numbers: [UInt64], _ put: @escaping @Sendable (UInt64) -> Void
    ) throws(PoolError) -> WorkerThread {
        let pills = [UInt64](repeating: Self.poisonPill, count: count)
        // By a thread, since a queue between processes is full at some time, and so may that of results be.
        return try WorkerThread(name: "prk-feeder") { for n in numbers + pills { put(n) } }
    }

    /// Takes results until each worker has had its pill, or none is left.
    private func report(
        from next: () -> CheckedNumber?, to report: (Check) -> Void
    ) -> Summary {
        var summary = Summary()
        var done = 0
        while done < count, let result = next() {
            if result.n == Self.poisonPill {
                done += 1
            } else if let verdict = Verdict(rawValue: result.verdict) {
                summary.checks += 1
                report(
                    Check(
                        number: result.n, isPrime: verdict == .prime,
                        seconds: Double(result.ns) / 1e9))
            }
        }
        return summary
    }

    // MARK: - Its main function, twice

    private func checkOnThreads(
        _ numbers: [UInt64], _ take: (Check) -> Void
    ) throws(PoolError) -> Summary {
        let jobs = BlockingQueue<UInt64>()
        let results = BlockingQueue<CheckedNumber>(producers: count)
        var threads: [WorkerThread] = []
        defer { for thread in threads { thread.join() } }
        let job = job
        do throws(PoolError) {
            for _ in 0..<count {
                threads.append(
                    try WorkerThread(name: "prk-worker") { Self.work(jobs, results, job) })
            }
        } catch {
            for _ in threads { jobs.push(Self.poisonPill) }
            throw error
        }
        let feeder = try startJobs(numbers) { jobs.push($0) }
        defer { feeder.join() }
        return report(from: { results.pop() }, to: take)
    }

    /// Takes the next result, and ends workers that do not give one though the run was cancelled, as those that
    /// are stopped: the queue ends with the last of them.
    private func take(
        from results: PacketQueue<CheckedNumber>, of processes: [pid_t]
    ) -> CheckedNumber? {
        var grace: Int32 = 60
        while !results.hasMessage(milliseconds: job.cancel.isCancelled ? grace : 20) {
            if !job.cancel.isCancelled { continue }
            for process in processes { kill(process, SIGKILL) }
            grace = 1000
        }
        return results.get()
    }

    private func checkInProcesses(
        _ numbers: [UInt64], _ take: (Check) -> Void
    ) throws(PoolError) -> Summary {
        let jobs = try PacketQueue<UInt64>()
        let results = try PacketQueue<CheckedNumber>()
        var kernelJob = unsafe job.engine.job(
            options: job.options, cancel: job.cancel, wantsReports: false)
        var processes: [pid_t] = []
        var signal: Int32 = 0
        defer { for process in processes { _ = unsafe prk_end(process, &signal) } }
        for _ in 0..<count {
            let process = unsafe prk_chapter_worker_create(jobs.exit, results.entry, &kernelJob)
            if process < 0 {
                let error = errno
                if processes.isEmpty { throw .noWorkers(wanted: count, error: error) }
                // Nobody will take its pill, but all others have theirs.
                break
            }
            processes.append(process)
        }
        // The workers have these ends alone now, so that each queue ends with them.
        jobs.closeExit()
        results.closeEntry()
        let feeder = try startJobs(numbers) { jobs.put($0) }
        defer { feeder.join() }
        return report(from: { self.take(from: results, of: processes) }, to: take)
    }
}

/// A queue between processes, of messages that are plain bytes.
///
/// `Sendable` because its descriptors change only before other threads see it.
private final class PacketQueue<Message: BitwiseCopyable>: @unchecked Sendable {
    /// Where messages come out.
    private(set) var exit: Int32 = -1
    /// Where they are put in.
    private(set) var entry: Int32 = -1

    init() throws(PoolError) {
        var ends: [Int32] = [-1, -1]
        if unsafe prk_packets_create(&ends) != 0 {
            throw .system(call: "socketpair", error: errno)
        }
        (exit, entry) = (ends[0], ends[1])
    }

    deinit {
        closeExit()
        closeEntry()
    }

    func closeExit() {
        if exit >= 0 { close(exit) }
        exit = -1
    }

    func closeEntry() {
        if entry >= 0 { close(entry) }
        entry = -1
    }

    /// What nobody can take is dropped.
    func put(_ message: Message) {
        unsafe withUnsafeBytes(of: message) {
            _ = unsafe prk_packets_put(entry, $0.baseAddress, $0.count)
        }
    }

    /// Waits for a message, or for the end of the queue, so long at most; whether one of them is there.
    func hasMessage(milliseconds: Int32) -> Bool {
        var set = pollfd(fd: exit, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&set, 1, milliseconds) > 0
    }

    func get() -> Message? {
        unsafe withUnsafeTemporaryAllocation(of: Message.self, capacity: 1) { room in
            let size = MemoryLayout<Message>.size
            guard let message = room.baseAddress,
                unsafe prk_packets_get(exit, message, size)
            else { return nil }
            return unsafe message.pointee
        }
    }
}
