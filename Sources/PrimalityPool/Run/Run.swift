// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal
package import Primality

/// What runs jobs in this process: an engine with its scratch, for one thread at a time.
package final class LocalWorker {
    private let id: Int
    private var tester: Tester

    package init(id: Int, job: PoolRun) throws(PoolError) {
        self.id = id
        do {
            tester = try Tester(
                engine: job.engine, options: job.options, cancel: job.cancel,
                wantsReports: job.wantsReports)
        } catch {
            throw .test(error)
        }
    }

    package func run(_ job: Job) -> JobResult {
        run(job) { tester throws(PrimalityError) in
            guard let divisors = job.divisors else { return try tester.run(job.numbers) }
            return tester.run(job.numbers.limbs[0], divisors: divisors)
        }
    }

    /// Runs a job in the caller's way.
    package func run(
        _ job: Job, by body: (inout Tester) throws(PrimalityError) -> TestResults
    ) -> JobResult {
        let start = prk_thread_cpu_ns()
        var results: TestResults
        var failure: ChunkFailure?
        do {
            results = try body(&tester)
            failure = ChunkFailure(status: results.status)
        } catch {
            results = .untested(job.numbers.count)
            failure = .test(error)
        }
        return JobResult(
            worker: id, cpuTime: .nanoseconds(Int64(clamping: prk_thread_cpu_ns() - start)),
            results: results, failure: failure)
    }
}

extension TestResults {
    /// Results without a verdict.
    static func untested(_ count: Int) -> TestResults {
        TestResults(seed: 0, untested: count, withReports: false)
    }
}

extension ChunkFailure {
    init?(status: KernelStatus) {
        switch status {
        case .ok: return nil
        case .cancelled: self = .cancelled
        default:
            do {
                try PrimalityError.check(status)
                return nil
            } catch {
                self = .test(error)
            }
        }
    }
}

/// The way of chunks through a run: a feeder pulls the source and queues chunks; the window bounds how
/// many are on their way until the caller has taken their results.
final class Feed: Sendable {
    let jobs: JobQueue
    private let window: Window
    private let size: Int
    private let heaviest: Int
    private let workers: Int
    private let engine: Engine
    private let cancel: CancelFlag
    private let failure = Monitor<SourceError?>(nil)

    /// Makes a feed.
    ///
    /// - Parameters:
    ///   - job: What is done with the numbers.
    ///   - workers: How many workers there are.
    ///   - depth: Of chunks that are quickly tested, how many times ``chunksPerWorker`` are in flight: for
    ///     workers whose wake-up costs more than such a chunk.
    init(_ job: PoolRun, workers: Int, depth: Int = 1) {
        jobs = JobQueue(job.job, workers: workers)
        heaviest = depth
        self.workers = workers
        size = workers * chunksPerWorker * heaviest
        window = Window(size)
        engine = job.engine
        cancel = job.cancel
    }

    /// What a chunk takes of the window: more the longer it takes, and all that it ever does from 100 µs
    /// on.
    private func weight(of numbers: NumberBatch) -> Int {
        let cost = ChunkSizer.cost(of: numbers, engine: engine)
        return max(1, min(heaviest, Int(min(cost, 1e9) * Double(heaviest) / 100_000)))
    }

    /// Starts the feeder.
    ///
    /// Before the workers, who might leave it no thread where the system gives few. It takes nothing
    /// from the source until they are there.
    ///
    /// - Parameters:
    ///   - source: What is to be tested.
    ///   - announce: Called when there is something new in a queue that was found empty, or its end.
    ///   - startWorkers: Throws when there is no worker; then nothing was taken.
    /// - Returns: The feeder.
    /// - Throws: What `startWorkers` throws; ``PoolError/noWorkers(wanted:error:)`` when the system refuses
    ///   a thread, to the feeder or to a worker.
    func start(
        from source: @escaping @Sendable () throws -> NumberBatch?,
        announce: @escaping @Sendable () -> Void = {},
        startWorkers: () throws(PoolError) -> Void
    ) throws(PoolError) -> WorkerThread {
        let hasWorkers = Monitor<Bool?>(nil)
        do throws(PoolError) {
            let feeder = try WorkerThread(name: "prk-feeder") { [self] in
                if hasWorkers.wait(for: { $0 }) { feed(from: source, announce) }
                jobs.end()
                announce()
            }
            do throws(PoolError) {
                try startWorkers()
            } catch {
                hasWorkers.withLock(wake: true) { $0 = false }
                feeder.join()
                throw error
            }
            hasWorkers.withLock(wake: true) { $0 = true }
            return feeder
        } catch {
            guard case .system(_, let reason) = error else { throw error }
            throw .noWorkers(wanted: workers, error: reason)
        }
    }

    /// Starts the feeder of a pool whose workers are run by Swift's threads.
    ///
    /// - Parameter source: What is to be tested.
    /// - Returns: The feeder, and a stream that says when to look at the queue again, with its other end:
    ///   one announcement that is pending says as much as many.
    /// - Throws: ``PoolError`` when there is no thread for the feeder or for Swift.
    func startForTasks(
        from source: @escaping @Sendable () throws -> NumberBatch?
    ) throws(PoolError) -> (
        feeder: WorkerThread, announcements: AsyncStream<Void>,
        announcer: AsyncStream<Void>.Continuation
    ) {
        let (announcements, announcer) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let feeder = try start(
            from: source, announce: { announcer.yield() },
            startWorkers: WorkerThread.checkDispatchGetsThreads)
        return (feeder, announcements, announcer)
    }

    private func feed(
        from source: () throws -> NumberBatch?, _ announce: () -> Void
    ) {
        var id = 0
        var first = 0
        while true {
            window.acquire()
            if cancel.isCancelled { return }
            let next = Result { try source() }
            guard case .success(let numbers?) = next else {
                if case .failure(let error) = next { failure.withLock { $0 = SourceError(error) } }
                return
            }
            window.acquire(weight(of: numbers) - 1)
            if jobs.push(Chunk(id: id, first: first, numbers: numbers)) { announce() }
            id += 1
            first += numbers.count
        }
    }

    /// Throws what the source has thrown: to be called when all results were delivered.
    func checkSource() throws(PoolError) {
        if let failure = failure.withLock({ $0 }) { throw .source(failure) }
    }

    /// A chunk's result has left the run.
    func left(_ chunk: Chunk) { window.release(weight(of: chunk.numbers)) }

    /// Releases the feeder when no chunk will be taken any more.
    func open() { window.release(2 * size) }
}

/// Passes results on, in the order that was asked for.
///
/// Holds back no more than the window.
struct Delivery {
    private let order: ResultOrder
    private let cancel: CancelFlag
    private var next = 0
    private var early: [Int: ChunkResult] = [:]
    private var isRefused = false

    init(_ job: PoolRun) {
        order = job.order
        cancel = job.cancel
    }

    /// Takes a result and delivers those whose turn it is; `left` is called for each.
    mutating func add(
        _ result: ChunkResult, deliver: (ChunkResult) -> Bool, left: (Chunk) -> Void = { _ in }
    ) {
        if order == .done {
            pass(result, deliver)
            left(result.chunk)
            return
        }
        early[result.chunk.id] = result
        while let result = early.removeValue(forKey: next) {
            next += 1
            pass(result, deliver)
            left(result.chunk)
        }
    }

    private mutating func pass(_ result: ChunkResult, _ deliver: (ChunkResult) -> Bool) {
        if isRefused || deliver(result) { return }
        isRefused = true
        cancel.cancel()
    }
}

/// Chunks in flight per worker, of the size that a ``ChunkSizer`` makes: enough that results which wait
/// for an earlier one stop nobody.
let chunksPerWorker = 4
