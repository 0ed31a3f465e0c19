// SPDX-License-Identifier: Apache-2.0

package import Primality
package import PrimalityPool

/// A spinner on a thread, while the calling thread does the slow job.
package enum ThreadSpinner {
    /// What the thread does: draws until the event is set.
    private static func spin(_ animation: Animation, until done: Event) {
        repeat { animation.draw() } while !done.waitForAFrame()
    }

    /// Starts the spinner, does the job, and stops the spinner.
    ///
    /// Nothing ends a thread from outside: it is told by an event, looks at it, and returns.
    ///
    /// - Parameters:
    ///   - job: What takes long. It blocks the calling thread.
    ///   - canvas: Where the spinner draws.
    ///   - cancel: Ends the job early.
    /// - Returns: The answer, and what was drawn meanwhile.
    /// - Throws: ``PoolError/cancelled``, and why there is no thread or no answer.
    package static func supervisor(
        _ job: SlowJob, on canvas: Spinner.Canvas, cancel: CancelFlag = CancelFlag()
    ) throws(PoolError) -> Spinner.Report {
        let animation = Animation(on: canvas)
        let done = Event()
        let spinner = try WorkerThread(name: "prk-spinner") { spin(animation, until: done) }
        let answer = Result { () throws(PoolError) in try job.run(cancel) }
        done.set()
        spinner.join()
        return animation.report(try answer.get())
    }
}
