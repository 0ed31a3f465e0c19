// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
internal import CModels
package import Primality
package import PrimalityPool

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A spinner in a process, while the calling thread does the slow job.
package enum ProcessSpinner {
    /// The child that draws, or 0.
    ///
    /// It is made, forgotten and killed under the lock, so that none is missed and no process is killed that
    /// got its number later.
    private static let child = Monitor<pid_t>(0)

    /// Ends the child that draws, if there is one, and returns when it draws no more.
    ///
    /// For who gives the terminal back and ends the program: the child would draw until it is told.
    package static func endDrawing() {
        child.withLock { child in
            if child == 0 { return }
            kill(child, SIGKILL)
            // It is left to be reaped by who made it.
            var end = unsafe siginfo_t()
            _ = unsafe waitid(P_PID, id_t(child), &end, WEXITED | WNOWAIT)
        }
    }

    /// Starts the spinner, does the job, and stops the spinner.
    ///
    /// The child is told by an event in memory that both share. It runs C only (`prk_spinner_create`):
    /// of a program with threads nothing else is safe in a forked child.
    ///
    /// - Parameters:
    ///   - job: What takes long. It blocks the calling thread.
    ///   - canvas: Where the spinner draws.
    ///   - cancel: Ends the job early.
    /// - Returns: The answer, and what was drawn meanwhile.
    /// - Throws: ``PoolError/cancelled``, and why there is no process or no answer.
    package static func supervisor(
        _ job: SlowJob, on canvas: Spinner.Canvas, cancel: CancelFlag = CancelFlag()
    ) throws(PoolError) -> Spinner.Report {
        let start = ContinuousClock.now
        let pictures = Spinner.pictures
        let frames = pictures.flatMap(\.self)
        let (made, problem) = unsafe child.withLock { child in
            let made = unsafe prk_spinner_create(
                canvas.descriptor ?? -1, frames, pictures[0].count, pictures.count,
                UInt32(Spinner.periodMilliseconds) * 1_000_000)
            let problem = errno
            if let made = unsafe made { child = unsafe prk_spinner_process(made) }
            return unsafe (made, problem)
        }
        guard let spinner = unsafe made else { throw .system(call: "fork", error: problem) }
        let answer = Result { () throws(PoolError) in try job.run(cancel) }
        child.withLock { $0 = 0 }
        var drawn = SpinnerTally()
        unsafe prk_spinner_stop(spinner, &drawn)
        let sinceLast = Int64(prk_clock_ns()) - Int64(drawn.last_ns)
        return Spinner.Report(
            frames: Int(drawn.frames), start: start, gap: .nanoseconds(drawn.longest_gap_ns),
            sinceLast: .nanoseconds(sinceLast), try answer.get())
    }
}
