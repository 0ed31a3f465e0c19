// SPDX-License-Identifier: Apache-2.0

package import Primality
package import PrimalityPool

/// A spinner as a task, while another task does the slow job.
///
/// Tasks share threads: each has its turn when the others wait for something. A job that computes, or
/// blocks its thread, waits for nothing, and the spinner has no turn, unless one of ``Mend`` is taken.
package enum TaskSpinner {
    /// Where the tasks run.
    package enum Place: Sendable, Equatable {
        /// On an ``EventLoop``, which has one thread: the chapter's case.
        case loop
        /// On Swift's cooperative pool, one thread a core, with so many jobs at once.
        case pool(jobs: Int)
    }

    /// How a job that would block its thread is kept from doing so.
    package enum Mend: Sendable, Equatable {
        /// Not at all.
        case none
        /// Power napping: the test gives its thread up after so many divisions.
        case nap(Int)
        /// The call is handed to a thread of its own.
        case executor
        /// The call is handed to a process of its own.
        case process
    }

    /// What the task does: draws until it is cancelled.
    private static func spin(_ animation: Animation) async {
        do {
            while true {
                try Task.checkCancellation()
                animation.draw()
                try await Task.sleep(for: Spinner.period)
            }
        } catch {
            // CancellationError: the supervisor has its answer. This is where the task would tidy up.
        }
    }

    /// Starts the spinner, does the job, and stops the spinner.
    ///
    /// A task is ended from outside: `cancel()` makes its sleep throw `CancellationError`.
    private static func supervisor(
        _ job: SlowJob, on canvas: Spinner.Canvas, cancel: CancelFlag, _ mend: Mend, jobs: Int,
        _ loop: EventLoop?
    ) async throws(PoolError) -> Spinner.Report {
        let animation = Animation(on: canvas)
        let spinner = Task(executorPreference: loop) { await spin(animation) }
        let answer = await answers(of: jobs, times: job, cancel, mend)
        spinner.cancel()
        await spinner.value
        return animation.report(try answer.get())
    }

    private static func answer(
        of job: SlowJob, _ cancel: CancelFlag, _ mend: Mend
    ) async -> Result<String, PoolError> {
        do throws(PoolError) {
            return .success(try await job.runInTask(cancel, mend))
        } catch {
            return .failure(error)
        }
    }

    /// Does the job in the calling task, or at once in several.
    private static func answers(
        of count: Int, times job: SlowJob, _ cancel: CancelFlag, _ mend: Mend
    ) async -> Result<String, PoolError> {
        if count == 1 { return await answer(of: job, cancel, mend) }
        return await withTaskGroup(of: Result<String, PoolError>.self) { group in
            // A child task runs where its parent runs.
            for _ in 0..<count {
                group.addTask { await answer(of: job, cancel, mend) }
            }
            var first: Result<String, PoolError> = .failure(.cancelled)
            for await answer in group { first = answer }
            return first
        }
    }

    /// Runs the supervisor as a task, and waits for it.
    ///
    /// Blocks; to be called on a thread of the program's own.
    ///
    /// - Parameters:
    ///   - job: What takes long.
    ///   - canvas: Where the spinner draws.
    ///   - cancel: Ends the job early.
    ///   - place: Where the tasks run.
    ///   - mend: How the job is kept from blocking the spinner.
    /// - Returns: The answer, and what was drawn meanwhile.
    /// - Throws: ``PoolError/cancelled``, and why there is no thread or no answer.
    package static func supervisor(
        _ job: SlowJob, on canvas: Spinner.Canvas, cancel: CancelFlag = CancelFlag(),
        in place: Place = .loop, mend: Mend = .none
    ) throws(PoolError) -> Spinner.Report {
        switch place {
        case .loop:
            let loop = try EventLoop()
            defer { loop.stop() }
            return try waitFor(loop) { () async throws(PoolError) in
                try await supervisor(job, on: canvas, cancel: cancel, mend, jobs: 1, loop)
            }
        case .pool(let jobs):
            return try waitFor(nil) { () async throws(PoolError) in
                try await supervisor(job, on: canvas, cancel: cancel, mend, jobs: jobs, nil)
            }
        }
    }
}

/// Runs a task on an event loop, or on the cooperative pool, and blocks the calling thread until it ends.
func waitFor<Value: Sendable>(
    _ loop: EventLoop?, _ body: @escaping @Sendable () async throws(PoolError) -> Value
) throws(PoolError) -> Value {
    let result = Monitor<Result<Value, PoolError>?>(nil)
    Task(executorPreference: loop) {
        let found: Result<Value, PoolError>
        do throws(PoolError) {
            found = .success(try await body())
        } catch {
            found = .failure(error)
        }
        result.withLock(wake: true) { $0 = found }
    }
    return try result.wait { $0 }.get()
}
