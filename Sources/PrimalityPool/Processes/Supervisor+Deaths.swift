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
    /// Buries a worker of which `prk_worker_poll` has given an error.
    mutating func bury(_ place: Int, after error: Int32, _ flow: inout Flow) throws(PoolError) {
        workers[place].hasOverflowed = error == ENOMEM
        try bury(place, &flow)
    }

    /// Reaps a dead worker, starts another one, and sees to what it held.
    mutating func bury(_ place: Int, _ flow: inout Flow) throws(PoolError) {
        var worker = workers.remove(at: place)
        // Its channel may be broken though it lives: make sure.
        let end = crew.bury(worker.member)
        lastSignal = end.signal
        // Those that we ended took their time, or gave much, which bounds them.
        let isOurs = worker.isTimedOut || worker.hasOverflowed
        if !isOurs { deathsSinceAnswer += 1 }
        var isFirst = true
        var back: [Held] = []
        while var held = worker.held.popFirst() {
            defer { isFirst = false }
            if job.cancel.isCancelled {
                flow.giveUp(held.work, worker: worker.id, .cancelled)
            } else if isFirst && worker.isTimedOut {
                narrow(held.work, worker: worker.id, .timedOut, &flow)
            } else if isFirst && worker.hasOverflowed {
                narrow(held.work, worker: worker.id, .test(.outOfMemory), &flow)
            } else {
                held.deaths += isFirst && end.hadStarted ? 1 : 0
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
        if deathsSinceAnswer > 4 * crew.wanted + 32 {
            throw .workersKeepDying(count: deathsSinceAnswer, signal: lastSignal)
        }
        let error = start(worker.id)
        if error != 0 && workers.isEmpty && !job.cancel.isCancelled {
            throw .noWorkers(wanted: crew.wanted, error: error)
        }
        if isOurs || job.cancel.isCancelled { return }
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
            let isKnown = failure != .timedOut && failure != .test(.outOfMemory)
            let deaths = isKnown && flow.count(half) > 1 ? 1 : 0
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

    /// Gives the workers back.
    ///
    /// Those that hold something, after an error, are ended instead: their answers are no other run's.
    mutating func finish() {
        killBusy()
        for worker in workers where !worker.held.isEmpty { _ = crew.bury(worker.member) }
        crew.takeBack(workers.filter(\.held.isEmpty).map(\.member))
        workers = []
    }
}
