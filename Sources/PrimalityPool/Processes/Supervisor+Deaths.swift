// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal
internal import CPool
internal import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Workers that end: by themselves, since their time is over, or since the run is.
extension Supervisor {
    /// Reaps a dead worker, starts another one, and sees to what it held.
    mutating func bury(_ place: Int, _ flow: inout Flow) throws(PoolError) {
        var worker = workers.remove(at: place)
        // Its channel may be broken though it lives: make sure.
        unsafe prk_worker_kill(worker.handle)
        let end = reap(worker)
        let hadStarted = unsafe prk_worker_has_started(worker.handle)
        unsafe prk_worker_destroy(worker.handle)
        lastSignal = end.signal
        // Those that we ended took their time, which bounds them.
        if !worker.isTimedOut { deathsSinceAnswer += 1 }
        var isFirst = true
        var back: [Held] = []
        while var held = worker.held.popFirst() {
            defer { isFirst = false }
            if job.cancel.isCancelled {
                flow.giveUp(held.work, worker: worker.id, .cancelled)
            } else if isFirst && worker.isTimedOut {
                narrow(held.work, worker: worker.id, .timedOut, &flow)
            } else {
                held.deaths += isFirst && hadStarted ? 1 : 0
                if held.deaths == 2 {
                    let failure = ChunkFailure.workerDied(
                        signal: end.signal, exitStatus: end.status)
                    narrow(held.work, worker: worker.id, failure, &flow)
                } else {
                    back.append(held)
                }
            }
        }
        replays += back.reversed()
        // Finding one number among a million takes 24 deaths.
        if deathsSinceAnswer > 4 * wanted + 32 {
            throw .workersKeepDying(count: deathsSinceAnswer, signal: lastSignal)
        }
        let error = start(worker.id)
        if error != 0 && workers.isEmpty && !job.cancel.isCancelled {
            throw .noWorkers(wanted: wanted, error: error)
        }
        if worker.isTimedOut || job.cancel.isCancelled { return }
        job.notify?(
            .workerDied(
                worker: worker.id, signal: end.signal, exitStatus: end.status,
                isReplaced: error == 0))
    }

    /// Halves work that cannot be done, or gives up the number that is alone in it.
    mutating func narrow(
        _ work: Flow.Work, worker: Int, _ failure: ChunkFailure, _ flow: inout Flow
    ) {
        if flow.count(work) == 1 {
            flow.giveUp(work, worker: worker, failure)
            return
        }
        for half in flow.halve(work).reversed() {
            // One of them is known to end workers; a single number is not blamed for its chunk.
            let deaths = failure != .timedOut && flow.count(half) > 1 ? 1 : 0
            replays.append(Held(work: half, deaths: deaths, cost: flow.cost(half)))
        }
    }

    /// Ends workers whose time is over; that they have ended shows as any other death does.
    mutating func endLateWorkers() {
        if job.timeout == nil { return }
        let now = clock.read()
        for place in workers.indices {
            guard let deadline = workers[place].deadline, deadline <= now else { continue }
            workers[place].deadline = nil
            workers[place].isTimedOut = true
            unsafe prk_worker_kill(workers[place].handle)
        }
    }

    func killBusy() {
        for worker in workers where !worker.held.isEmpty { unsafe prk_worker_kill(worker.handle) }
    }

    /// Gives every worker the poison pill and waits for its exit.
    ///
    /// Workers that hold something, after an error, are killed instead, and those that do not go.
    mutating func stop() {
        for worker in workers {
            var pill = WorkerRequest()
            pill.kind = UInt64(PRK_REQUEST_STOP)
            let error =
                unsafe worker.held.isEmpty
                ? prk_worker_send(worker.handle, &pill, nil, nil) : EBUSY
            if error == 0 {
                unsafe prk_worker_wake(worker.handle)
            } else {
                unsafe prk_worker_kill(worker.handle)
            }
        }
        let grace = job.cancel.isCancelled ? Self.graceWhenCancelled : Self.grace
        let deadline = ContinuousClock.now + grace
        for worker in workers {
            let left = max(0, Int((deadline - .now) / .milliseconds(1)))
            if unsafe !prk_worker_await_end(worker.handle, Int32(left)) {
                unsafe prk_worker_kill(worker.handle)
            }
            _ = reap(worker)
            unsafe prk_worker_destroy(worker.handle)
        }
        workers = []
    }
}
