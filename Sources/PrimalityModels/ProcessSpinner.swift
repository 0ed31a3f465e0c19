// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import Primality
public import PrimalityPool

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A spinner in a process, while the calling thread does the slow job.
public enum ProcessSpinner {
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
    public static func supervisor(
        _ job: SlowJob, on canvas: Spinner.Canvas, cancel: CancelFlag = CancelFlag()
    ) throws(PoolError) -> Spinner.Report {
        let start = ContinuousClock.now
        let pictures = Spinner.pictures
        guard
            let spinner = unsafe prk_spinner_create(
                canvas.descriptor ?? -1, pictures.flatMap(\.self), pictures[0].count,
                pictures.count, UInt32(Spinner.periodMilliseconds) * 1_000_000)
        else { throw .system(call: "fork", error: errno) }
        let answer = Result { () throws(PoolError) in try job.run(cancel) }
        var drawn = SpinnerTally()
        unsafe prk_spinner_stop(spinner, &drawn)
        let sinceLast = Int64(prk_clock_ns()) - Int64(drawn.last_ns)
        return Spinner.Report(
            frames: Int(drawn.frames), start: start, gap: .nanoseconds(drawn.longest_gap_ns),
            sinceLast: .nanoseconds(sinceLast), try answer.get())
    }
}
