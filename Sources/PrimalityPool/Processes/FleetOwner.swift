// SPDX-License-Identifier: Apache-2.0

internal import CPool
internal import Primality

/// The thread to which a fleet's processes belong.
///
/// The system ends a process with the thread that forked it, so that thread has to live as long as the
/// fleet: it cannot be the one that calls `run`. It runs one errand at a time and rests in between.
final class FleetOwner: Sendable {
    /// What the owner does next.
    private struct Inbox {
        var errand: Errand?
        var isOver = false
    }

    private let inbox = Monitor(Inbox())
    private let bell: Doorbell
    private let thread: WorkerThread

    /// Starts the thread and its workers.
    ///
    /// - Parameter pool: What the workers are.
    /// - Throws: ``PoolError`` when there is no thread, or not a single worker.
    init(_ pool: ProcessPool) throws(PoolError) {
        let bell = try Doorbell()
        let inbox = inbox
        let born = Monitor<Result<Void, PoolError>?>(nil)
        self.bell = bell
        do throws(PoolError) {
            thread = try WorkerThread(name: "prk-fleet") {
                do throws(PoolError) {
                    let crew = try ProcessCrew(pool, stays: true)
                    let error = crew.fill()
                    if crew.isEmpty { throw .noWorkers(wanted: pool.workers, error: error) }
                    born.withLock(wake: true) { $0 = .success(()) }
                    Self.serve(inbox, bell, crew)
                    crew.stop(within: ProcessCrew.grace)
                } catch {
                    born.withLock(wake: true) { $0 = .failure(error) }
                }
            }
        } catch {
            guard case .system(_, let reason) = error else { throw error }
            throw .noWorkers(wanted: pool.workers, error: reason)
        }
        if case .failure(let error) = born.wait(for: { $0 }) {
            thread.join()
            throw error
        }
    }

    private static func serve(_ inbox: Monitor<Inbox>, _ bell: Doorbell, _ crew: ProcessCrew) {
        while true {
            crew.rest(until: bell)
            let (errand, isOver) = inbox.withLock { inbox in
                defer { inbox.errand = nil }
                return (inbox.errand, inbox.isOver)
            }
            errand?.run(crew)
            if isOver { return }
        }
    }

    /// Has the owner do something; for one caller at a time.
    ///
    /// - Parameters:
    ///   - body: Runs on the owner's thread, and may throw.
    ///   - finish: Called there when nothing of `body` is left.
    func post(
        _ body: @escaping @Sendable (ProcessCrew) throws(PoolError) -> Void,
        finish: @escaping @Sendable (PoolError?) -> Void
    ) {
        inbox.withLock { $0.errand = Errand(body, finish: finish) }
        bell.ring()
    }

    /// Ends the workers, then the thread, and waits for that; to be called once.
    func end() {
        inbox.withLock { $0.isOver = true }
        bell.ring()
        thread.join()
    }
}

private final class Errand: Sendable {
    private let body: Monitor<(@Sendable (ProcessCrew) throws(PoolError) -> Void)?>
    private let finish: @Sendable (PoolError?) -> Void

    init(
        _ body: @escaping @Sendable (ProcessCrew) throws(PoolError) -> Void,
        finish: @escaping @Sendable (PoolError?) -> Void
    ) {
        self.body = Monitor(body)
        self.finish = finish
    }

    func run(_ crew: ProcessCrew) {
        let error = perform(crew)
        finish(error)
    }

    // A call of its own: what the body holds, such as the caller's source, is let go of before the caller
    // is told. Else the last reference to the fleet might end here, where nobody can wait for this thread.
    @inline(never)
    private func perform(_ crew: ProcessCrew) -> PoolError? {
        let body = body.withLock { body in
            defer { body = nil }
            return body
        }
        do throws(PoolError) {
            try body?(crew)
            return nil
        } catch {
            return error
        }
    }
}
