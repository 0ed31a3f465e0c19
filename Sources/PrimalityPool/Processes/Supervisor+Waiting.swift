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

/// Waiting for answers, deaths and new work.
extension Supervisor {
    /// Waits some 2 µs for an answer in memory that is soon to come: a wake-up costs ten times that.
    ///
    /// While tests take longer the core is of more use to a worker.
    func awaitMail() -> Bool {
        let isSoon = workers.indices.contains {
            (workers[$0].held.first?.cost ?? .infinity) * pace < 20_000
        }
        if !isSoon || crew.channel != .shm { return false }
        for _ in 0..<100 {
            for place in workers.indices
            where unsafe prk_worker_has_mail(workers[place].handle) {
                return true
            }
            prk_relax()
        }
        return false
    }

    /// How long to wait: answers, chunks and the flag ring, so it is for workers that do not answer.
    mutating func patience() -> Int {
        let most = cancelBell < 0 ? 20 : 1000
        guard let next = workers.compactMap(\.deadline).min() else { return most }
        let left = min(next - clock.read(), clock.step) / .milliseconds(1)
        return max(0, min(most, Int(left.rounded(.up))))
    }

    mutating func wait(milliseconds: Int, _ flow: inout Flow) throws(PoolError) {
        var mayWait = milliseconds > 0
        if mayWait {
            for worker in workers where unsafe !prk_worker_announce_sleep(worker.handle) {
                mayWait = false
            }
        }
        let most = Int(PRK_WORKER_DESCRIPTORS)
        if descriptors.count < 2 + most * workers.count {
            descriptors = [pollfd](repeating: pollfd(), count: 2 + most * workers.count)
        }
        var used = 0
        for bell in [doorbell?.descriptor ?? -1, cancelBell] where bell >= 0 {
            descriptors[used] = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
            used += 1
        }
        let bells = used
        for place in workers.indices {
            let first = used
            unsafe descriptors.withUnsafeMutableBufferPointer { all in
                guard let start = all.baseAddress else { return }
                // There is room for the most that each can fill.
                used += unsafe Int(prk_worker_watch(workers[place].handle, start + first))
            }
            workers[place].watched = first..<used
        }
        if mayWait && !hasLeftTheCore { leaveTheCore() }
        let ready = unsafe poll(&descriptors, nfds_t(used), mayWait ? Int32(milliseconds) : 0)
        let error = errno
        if milliseconds > 0 {
            for worker in workers { unsafe prk_worker_announce_return(worker.handle) }
        }
        if ready < 0 {
            if error == EINTR { return }
            throw .system(call: "poll", error: error)
        }
        if ready == 0 { return }
        for bell in descriptors[..<bells] where bell.revents != 0 {
            if bell.fd == cancelBell { cancelBell = -1 } else { doorbell?.clear() }
        }
        for place in workers.indices.reversed() {
            let process = unsafe prk_worker_process(workers[place].handle)
            var isReady = false
            var hasEnded = false
            for entry in workers[place].watched where descriptors[entry].revents != 0 {
                isReady = true
                hasEnded = hasEnded || descriptors[entry].fd == process
            }
            if isReady { try look(at: place, hasEnded: hasEnded, &flow) }
        }
    }

    /// Gives this core to the worker that was made last.
    ///
    /// It was not free while they were made, so they may all be on others, and the system may take
    /// milliseconds to see that it is. Only when all have work for a while: else this thread is soon back.
    mutating func leaveTheCore() {
        guard workers.allSatisfy({ ($0.held.first?.cost ?? 0) * pace >= 20_000 }),
            let last = workers.last, workers.count >= Int(prk_core_count())
        else { return }
        hasLeftTheCore = true
        unsafe prk_worker_bring(last.handle)
    }

    /// Takes the answers of the worker at `place` that are there, and buries the worker if it is dead.
    mutating func look(
        at place: Int, hasEnded: Bool, _ flow: inout Flow
    ) throws(PoolError) {
        while true {
            switch unsafe prk_worker_poll(workers[place].handle) {
            case 0: takeAnswer(place, &flow)
            case EAGAIN:
                if hasEnded { try bury(place, &flow) }
                return
            case let error:
                try bury(place, after: error, &flow)
                return
            }
        }
    }
}
