// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal
public import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The kinds of pools.
///
/// They take the same chunks and give the same results; they differ in how the work travels.
public enum PoolKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// On the calling thread.
    case serial
    /// On threads of our own.
    case threads
    /// In forked processes.
    case processes
    /// In a Swift task group.
    case tasks
    /// By Swift actors.
    case actors

    /// One worker for each core that this process may use; at most 1024.
    public static var defaultWorkers: Int { min(Int(prk_core_count()), 1024) }

    /// Makes a pool of this kind.
    ///
    /// - Parameter workers: How many workers, from 1 to 1024; a serial pool has one.
    /// - Returns: The pool.
    public func pool(workers: Int) -> any Pool {
        switch self {
        case .serial: SerialPool()
        case .threads: ThreadPool(workers: workers)
        case .processes: ProcessPool(workers: workers)
        case .tasks: TaskPool(workers: workers)
        case .actors: ActorPool(workers: workers)
        }
    }
}

/// Whether results come in the order of the input or as they are completed.
public enum ResultOrder: String, Sendable, Hashable, Codable, CaseIterable {
    /// In the order of the input.
    case input
    /// As they are completed.
    case done
}

/// What a pool does with numbers.
public struct PoolJob: Sendable {
    /// Which engine tests.
    public var engine: Engine
    /// How.
    public var options: TestOptions
    /// The order of the results.
    public var order: ResultOrder
    /// Whether evidence and CPU time are collected number by number.
    public var wantsReports: Bool
    /// Ends the run.
    public var cancel: CancelFlag
    /// How long testing one number may take, by the clock; `nil` for as long as it takes.
    ///
    /// Time while the whole program is stopped, as by Ctrl-Z, does not count; while a worker alone is, it does.
    ///
    /// Only a ``ProcessPool`` can end a test from outside, other pools ignore it. A chunk that takes
    /// longer is halved, and its halves again, so that only a number that alone takes longer fails.
    public var timeout: Duration?
    /// Is told what went wrong without ending the run.
    ///
    /// Called on the thread that runs the pool.
    public var notify: (@Sendable (PoolNotice) -> Void)?

    /// Makes a job.
    public init(
        engine: Engine = .auto, options: TestOptions = TestOptions(), order: ResultOrder = .input,
        wantsReports: Bool = false, cancel: CancelFlag = CancelFlag(), timeout: Duration? = nil,
        notify: (@Sendable (PoolNotice) -> Void)? = nil
    ) {
        self.engine = engine
        self.options = options
        self.order = order
        self.wantsReports = wantsReports
        self.cancel = cancel
        self.timeout = timeout
        self.notify = notify
    }
}

/// What went wrong in a run that goes on.
public enum PoolNotice: Sendable, Equatable {
    /// The system gave fewer workers than asked for.
    case fewerWorkers(started: Int, wanted: Int, error: Int32)
    /// A worker died, by a signal or else with an exit status; what it held is tested again.
    case workerDied(worker: Int, signal: Int32?, exitStatus: Int32?, isReplaced: Bool)
}

extension PoolNotice: CustomStringConvertible {
    /// What happened.
    public var description: String {
        switch self {
        case .fewerWorkers(let started, let wanted, let error):
            "\(started) of \(wanted) workers were started, and go on without the others: "
                + errorText(error)
        case .workerDied(let worker, let signal, let status, let isReplaced):
            "worker \(worker) "
                + (signal.map { "was ended by \(signalName($0))" }
                    ?? "exited" + (status.map { " with status \($0)" } ?? ""))
                + (isReplaced
                    ? " and replaced; what it held is tested again"
                    : "; what it held goes to the others, if there are any")
        }
    }
}

/// Why a run ended before its input did.
public enum PoolError: Error, Sendable, Equatable {
    /// The system gave not a single worker.
    case noWorkers(wanted: Int, error: Int32)
    /// What was asked for cannot be: no workers, say.
    case outOfRange(what: String, value: Int, allowed: ClosedRange<Int>)
    /// Workers die as soon as they are started.
    case workersKeepDying(count: Int, signal: Int32?)
    /// Workers of this kind need ``ProcessPool/bootstrap(tasks:withNursery:)``, which was not called, or
    /// was not asked for a nursery.
    case notBootstrapped(WorkerKind)
    /// ``ProcessPool/bootstrap(tasks:withNursery:)`` was called when the process had other threads.
    case tooLate(threads: Int)
    /// No ``WorkerTask`` of that name was given to ``ProcessPool/bootstrap(tasks:withNursery:)``, or
    /// workers of kind ``WorkerKind/kernel`` were asked to run it.
    case unknownTask(String)
    /// A system call failed.
    case system(call: String, error: Int32)
    /// The job cannot be run at all.
    case test(PrimalityError)
    /// The run was cancelled before all numbers were tested.
    case cancelled
    /// Numbers could not be tested.
    case failed(ChunkFailure)
}

extension PoolError: CustomStringConvertible {
    /// What happened.
    public var description: String {
        switch self {
        case .noWorkers(let wanted, let error):
            "none of \(wanted) workers could be started: "
                // What a nursery that is gone answers.
                + (error == ESRCH ? "the process that forks them has ended" : errorText(error))
        case .outOfRange(let what, let value, let allowed):
            "\(what): \(value) is out of range; give \(allowed.lowerBound)"
                + (allowed.upperBound == .max ? " or more" : " to \(allowed.upperBound)")
        case .workersKeepDying(let count, let signal):
            "\(count) workers in a row died before they gave a result"
                + (signal.map { " (the last by \(signalName($0)))" } ?? "")
        case .notBootstrapped(let kind):
            "workers of kind \(kind.rawValue) need ProcessPool.bootstrap(), first thing in main"
        case .tooLate(let threads):
            "too late for ProcessPool.bootstrap(): the process has \(threads) threads; "
                + "call it first thing in main"
        case .unknownTask(let name):
            "no task \(name) that such workers could run was given to ProcessPool.bootstrap()"
        case .system(let call, let error): "\(call): \(errorText(error))"
        case .test(let error): error.description
        case .cancelled: "cancelled"
        case .failed(let failure): failure.description
        }
    }
}

extension Pool {
    /// Throws when there are to be no workers, or more than any system has.
    func checkWorkers() throws(PoolError) {
        let allowed = 1...(1 << 16)
        if !allowed.contains(workers) {
            throw .outOfRange(what: "workers", value: workers, allowed: allowed)
        }
    }
}

func errorText(_ error: Int32) -> String {
    unsafe strerror(error).map { unsafe String(cString: $0) } ?? "error \(error)"
}

func signalName(_ signal: Int32) -> String {
    unsafe prk_signal_name(signal).map { unsafe "SIG\(String(cString: $0))" } ?? "signal \(signal)"
}

/// Workers that test chunks of numbers.
///
/// A run pulls batches from a source on a thread of its own, hands them to workers, and delivers what
/// they find on the calling thread. At most a few chunks per worker are in flight, so memory does not
/// grow with the input. Each number comes back exactly once: with a verdict, or in a result that says
/// why it has none.
public protocol Pool: Sendable {
    /// The pool's kind.
    var kind: PoolKind { get }

    /// How many workers there are.
    var workers: Int { get }

    /// Tests everything that a source gives.
    ///
    /// The calling thread is blocked until the end, so do not call it from a task: cooperative threads
    /// are few, and a ``TaskPool`` or ``ActorPool`` that finds them all blocked waits for ever.
    ///
    /// - Parameters:
    ///   - job: What to do with the numbers.
    ///   - source: Gives the next batch, or `nil` at the end. Called by one thread at a time; it may
    ///     block, and has to return soon after the job's flag was raised.
    ///   - deliver: Takes a result. `false` ends the run by raising the job's flag; nothing is
    ///     delivered afterwards.
    /// - Throws: ``PoolError`` when the run could not be started or could not go on. A cancelled run
    ///   returns; what was not tested is in the results.
    func run(
        _ job: PoolJob, from source: @escaping @Sendable () -> NumberBatch?,
        deliver: (ChunkResult) -> Bool
    ) throws(PoolError)

    /// Tests a batch in memory.
    ///
    /// Blocks the calling thread; see ``Pool/run(_:from:deliver:)``.
    ///
    /// - Parameters:
    ///   - numbers: The numbers.
    ///   - job: What to do with them.
    ///   - chunk: How many numbers make a chunk; by default the pool chooses.
    /// - Returns: Verdicts in the order of the numbers.
    /// - Throws: ``PoolError``, also when a single number could not be tested.
    func verdicts(
        of numbers: NumberBatch, _ job: PoolJob, chunk: Int?
    ) throws(PoolError) -> [Verdict]

    /// Tests 64-bit numbers in memory.
    ///
    /// Otherwise as the function of the same name for a batch.
    func verdicts(
        of numbers: Span<UInt64>, _ job: PoolJob, chunk: Int?
    ) throws(PoolError) -> [Verdict]
}

extension Pool {
    /// Tests numbers in memory, on a thread of its own while the calling task waits.
    ///
    /// Otherwise as the function of the same name that blocks. Cancelling the task raises the job's flag:
    /// the run ends, and this throws ``PoolError/cancelled``.
    public func verdicts(
        of numbers: [BigNatural], _ job: PoolJob = PoolJob(), chunk: Int? = nil
    ) async throws(PoolError) -> [Verdict] {
        try await cancellable(job) { () throws(PoolError) -> [Verdict] in
            try self.verdicts(of: numbers, job, chunk: chunk)
        }
    }

    /// Tests numbers in memory.
    ///
    /// Blocks the calling thread; see ``Pool/run(_:from:deliver:)``.
    ///
    /// - Parameters:
    ///   - numbers: The numbers.
    ///   - job: What to do with them.
    ///   - chunk: How many numbers make a chunk; by default what takes some milliseconds.
    /// - Returns: Verdicts in the order of the numbers.
    /// - Throws: ``PoolError``, also when a single number could not be tested.
    public func verdicts(
        of numbers: [BigNatural], _ job: PoolJob = PoolJob(), chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        try verdicts(of: NumberBatch(numbers), job, chunk: chunk)
    }

    /// Tests a batch in memory, on a thread of its own while the calling task waits.
    ///
    /// Otherwise as the function of the same name that blocks. Cancelling the task raises the job's flag:
    /// the run ends, and this throws ``PoolError/cancelled``.
    public func verdicts(
        of numbers: NumberBatch, _ job: PoolJob = PoolJob(), chunk: Int? = nil
    ) async throws(PoolError) -> [Verdict] {
        try await cancellable(job) { () throws(PoolError) -> [Verdict] in
            try self.verdicts(of: numbers, job, chunk: chunk)
        }
    }

    /// Tests a batch in memory, chunk by chunk.
    public func verdicts(
        of numbers: NumberBatch, _ job: PoolJob = PoolJob(), chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        try verdictsByChunks(of: numbers, job, chunk: chunk)
    }

    /// Tests 64-bit numbers in memory, chunk by chunk.
    public func verdicts(
        of numbers: Span<UInt64>, _ job: PoolJob = PoolJob(), chunk: Int? = nil
    ) throws(PoolError) -> [Verdict] {
        try verdicts(of: NumberBatch(numbers), job, chunk: chunk)
    }

    func verdictsByChunks(
        of numbers: NumberBatch, _ job: PoolJob, chunk: Int?
    ) throws(PoolError) -> [Verdict] {
        var found = TestResults(seed: 0, untested: numbers.count, withReports: false)
        var failure: ChunkFailure?
        try run(job, from: chunks(of: numbers, engine: job.engine, size: chunk)) { result in
            let bytes = result.results.verdictBytes
            for i in bytes.indices { found.verdictBytes[result.chunk.first + i] = bytes[i] }
            failure = failure ?? result.failure
            return true
        }
        if let failure { throw failure == .cancelled ? .cancelled : .failed(failure) }
        do {
            return try found.verdicts()
        } catch {
            throw .cancelled  // one is missing
        }
    }
}
