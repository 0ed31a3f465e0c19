// SPDX-License-Identifier: Apache-2.0

internal import PrimalityPool

/// An executor with one thread, on which one task runs at a time: what the event loop of asyncio is.
///
/// A task that waits for something gives the thread up, and is put at the end of the queue when it may go
/// on. One that does not wait keeps the thread from all others.
///
/// Only running is the loop's own: what wakes sleepers, and `Task.yield()`, are Swift's, and pass through
/// the cooperative pool before they come back here.
final class EventLoop: SerialExecutor, TaskExecutor {
    private let ready: BlockingQueue<UnownedJob>
    private let thread: WorkerThread

    /// Starts the thread.
    init() throws(PoolError) {
        let ready = BlockingQueue<UnownedJob>()
        self.ready = ready
        // The thread needs to know whose jobs it runs, and must not keep it alive.
        let owner = Monitor<Owner?>(nil)
        thread = try WorkerThread(name: "prk-loop") {
            let executors = owner.wait { $0 }
            while let job = ready.pop() {
                unsafe job.runSynchronously(
                    isolatedTo: executors.serial, taskExecutor: executors.task)
            }
        }
        let executors = unsafe Owner(
            serial: asUnownedSerialExecutor(), task: asUnownedTaskExecutor())
        owner.withLock(wake: true) { $0 = executors }
    }

    @safe private struct Owner: Sendable {
        var serial: UnownedSerialExecutor
        var task: UnownedTaskExecutor
    }

    func enqueue(_ job: consuming ExecutorJob) { ready.push(UnownedJob(job)) }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Ends the thread.
    ///
    /// To be called once, when every task on it has ended.
    func stop() {
        ready.end()
        thread.join()
    }
}
