// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
internal import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A pthread that we create and join.
package struct WorkerThread: Sendable {
    private let thread: pthread_t

    private final class Body {
        let name: String
        let run: @Sendable () -> Void
        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Enough for GMP's recursion on numbers of a million bits, ten times over.
    private static let stackSize = 4 << 20

    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - name: Shown by `top -H` and debuggers; the kernel keeps 15 bytes.
    ///   - body: What it does. Signals from outside are blocked in it: they belong to the program's own
    ///     threads.
    /// - Throws: ``PoolError/system(call:error:)`` when the system gives no thread.
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(PoolError) {
        try self.init(name: name, stackSize: Self.stackSize, body)
    }

    private init(
        name: String, stackSize: Int?, _ body: @escaping @Sendable () -> Void
    ) throws(PoolError) {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        if let stackSize { unsafe pthread_attr_setstacksize(&attributes, stackSize) }
        defer { unsafe pthread_attr_destroy(&attributes) }
        // Threads inherit the mask, so it is set before rather than by a race inside. Dispatch's threads that
        // this one causes to start inherit it too, and so does a process that a task starts from there:
        // what Dispatch never blocks in its threads is left alone.
        var outside = sigset_t()
        var saved = sigset_t()
        unsafe sigfillset(&outside)
        for own in [SIGILL, SIGTRAP, SIGFPE, SIGBUS, SIGSEGV, SIGSYS, SIGPIPE, SIGPROF] {
            unsafe sigdelset(&outside, own)
        }
        unsafe pthread_sigmask(SIG_BLOCK, &outside, &saved)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &saved, nil) }

        var thread = pthread_t()
        // Balanced by takeRetainedValue in the thread, or by release below.
        let box = unsafe Unmanaged.passRetained(Body(name: name, run: body))
        let error = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                unsafe prk_thread_set_name(body.name)
                body.run()
                return nil
            }, box.toOpaque())
        if error != 0 {
            unsafe box.release()
            throw .system(call: "pthread_create", error: error)
        }
        self.thread = thread
    }

    /// Throws when the system does not give the threads that Dispatch needs to run tasks.
    ///
    /// It asks for them again and again, for ever: one that starts others, one that works. They have
    /// stacks of the default size.
    static func checkDispatchGetsThreads() throws(PoolError) {
        let isOver = Monitor<Void?>(nil)
        var threads: [WorkerThread] = []
        defer {
            isOver.withLock(wake: true) { $0 = () }
            for thread in threads { thread.join() }
        }
        for _ in 0..<2 {
            threads.append(
                try WorkerThread(name: "prk-probe", stackSize: nil) { isOver.wait { $0 } })
        }
    }

    /// Waits for the end of the thread.
    ///
    /// To be called once.
    package func join() { pthread_join(thread, nil) }

    /// Lets the thread end by itself.
    ///
    /// To be called once, instead of joining.
    package func detach() { pthread_detach(thread) }
}

/// Runs something that blocks on a thread of its own while the calling task waits.
///
/// - Throws: What `body` throws, and ``PoolError/system(call:error:)`` when there is no thread.
package func onOwnThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws(PoolError) -> Value
) async throws(PoolError) -> Value {
    var thread: WorkerThread?
    let result: Result<Value, PoolError> = await withCheckedContinuation { continuation in
        do throws(PoolError) {
            thread = try WorkerThread(name: "prk-run") {
                do throws(PoolError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        } catch {
            continuation.resume(returning: .failure(error))
        }
    }
    // It ends with its answer, so this takes microseconds. ThreadSanitizer sees a join; it does not see how a
    // continuation hands over a result that is there before the task waits for it.
    thread?.join()
    return try result.get()
}

/// Runs something that blocks on a thread of its own, with a flag that is raised with the caller's, and when
/// the calling task is cancelled.
///
/// The task waits until the run has ended, so nothing of it is left when this returns.
func cancellable<Value: Sendable>(
    _ cancel: CancelFlag, _ body: @escaping @Sendable (CancelFlag) throws(PoolError) -> Value
) async throws(PoolError) -> Value {
    let cancel = cancel.part()
    // The handler of a task that was cancelled before runs at once. That of one which is cancelled
    // when the run has ended raises a flag that nobody looks at.
    let result: Result<Value, PoolError> = await withTaskCancellationHandler {
        do throws(PoolError) {
            return .success(try await onOwnThread { () throws(PoolError) in try body(cancel) })
        } catch {
            return .failure(error)
        }
    } onCancel: {
        cancel.cancel()
    }
    return try result.get()
}
