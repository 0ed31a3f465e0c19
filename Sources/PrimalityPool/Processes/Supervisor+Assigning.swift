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

/// What each worker is given, and what is taken back from it.
extension Supervisor {
    /// Whether another piece of work would only wait behind what a worker has.
    ///
    /// It gets so much that it does not sleep between two answers of the supervisor, and no more. What it
    /// has not begun can be taken back from shared memory alone, so on a stream the estimate has to be an
    /// upper bound. In shared memory it always gets three: it rings when it has answered two, and has the
    /// third while the supervisor, for whom some worker has to leave its core, wakes up.
    func isFull(_ place: Int) -> Bool {
        let count = workers[place].held.count
        if workers[place].isStuffed || count == Int(PRK_WORKER_DEPTH) { return true }
        if crew.channel != .shm { return workers[place].load >= 100_000 }
        return count >= 3 && workers[place].load * pace >= 100_000
    }

    /// Learns from the answers that were taken in a round.
    mutating func learn() {
        let now = prk_clock_ns()
        for place in workers.indices where workers[place].answered > 0 {
            let sample = Double(now - workers[place].busySince) / workers[place].answered
            // Harder numbers show at once, easier ones by and by: a worker that was held up is no measure.
            pace = min(1, max(sample, 0.75 * pace + 0.25 * sample))
            workers[place].busySince = now
            workers[place].answered = 0
        }
    }

    /// Something that another worker has not begun, for one that has nothing to do.
    mutating func takeBack() -> Held? {
        var most = 1
        var richest: Int?
        for place in workers.indices where workers[place].held.count > most {
            most = workers[place].held.count
            richest = place
        }
        guard let richest, unsafe prk_worker_take_back(workers[richest].handle),
            let held = workers[richest].held.popLast()
        else { return nil }
        workers[richest].load -= held.cost
        return held
    }

    /// Gives workers what there is, each in turn.
    mutating func assign(_ flow: inout Flow) {
        var mayTake = true
        while mayTake {
            mayTake = false
            var isDry = false
            for place in workers.indices.reversed() where !isFull(place) {
                var work = isDry ? nil : next(&flow)
                isDry = work == nil
                if work == nil && workers[place].held.isEmpty { work = takeBack() }
                guard let next = work else { continue }
                let error = unsafe flow.send(next.work, to: workers[place].handle)
                if error == EAGAIN || error == EPIPE {
                    // No room, or it is dead, which the next look shows. Others may take it.
                    workers[place].isStuffed = true
                    replays.append(next)
                    mayTake = true
                    continue
                }
                if error == ENOMEM {
                    // It may have got a part of it: of no use any more.
                    unsafe prk_worker_kill(workers[place].handle)
                    workers[place].isStuffed = true
                    flow.giveUp(next.work, worker: workers[place].id, .test(.outOfMemory))
                    continue
                }
                if workers[place].held.isEmpty {
                    workers[place].busySince = prk_clock_ns()
                    workers[place].deadline = deadline()
                }
                workers[place].held.append(next)
                workers[place].load += next.cost
                workers[place].isToWake = true
                mayTake = true
            }
        }
        for place in workers.indices where workers[place].isToWake {
            workers[place].isToWake = false
            unsafe prk_worker_wake(workers[place].handle)
        }
    }

    mutating func next(_ flow: inout Flow) -> Held? {
        if let replay = replays.popLast() { return replay }
        if inputEnded { return nil }
        switch flow.next() {
        case .nothingYet: return nil
        case .element(let work): return Held(work: work, cost: flow.cost(work))
        case .ended:
            inputEnded = true
            return nil
        }
    }

    /// What nobody is there to do: the run was cancelled, and its workers could not be replaced.
    mutating func giveUpTheRest(_ flow: inout Flow) {
        while let held = next(&flow) { flow.giveUp(held.work, worker: 0, .cancelled) }
    }
}
