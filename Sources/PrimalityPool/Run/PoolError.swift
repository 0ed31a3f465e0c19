// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
public import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

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
    /// The source threw. All that it gave before was tested and delivered.
    case source(SourceError)
    /// The fleet was shut down before the run began.
    case fleetIsShutDown
    /// The run was begun in a callback of another run of the same fleet, for whose end it would wait.
    case runInsideRun
}

/// What a source of numbers threw.
public struct SourceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The source's own error.
    public let underlying: any Error

    package init(_ underlying: any Error) { self.underlying = underlying }

    /// What happened, in the words of the source.
    public var description: String { "\(underlying)" }

    /// Whether two are described alike.
    public static func == (first: SourceError, second: SourceError) -> Bool {
        first.description == second.description
    }
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
        case .source(let error): error.description
        case .fleetIsShutDown: "the fleet of workers was shut down"
        case .runInsideRun: "a run of a fleet of workers cannot begin inside another run of it"
        }
    }
}

func errorText(_ error: Int32) -> String {
    unsafe strerror(error).map { unsafe String(cString: $0) } ?? "error \(error)"
}

func signalName(_ signal: Int32) -> String {
    unsafe prk_signal_name(signal).map { unsafe "SIG\(String(cString: $0))" } ?? "signal \(signal)"
}
