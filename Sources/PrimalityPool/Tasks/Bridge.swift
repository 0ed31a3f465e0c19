// SPDX-License-Identifier: Apache-2.0

internal import Primality

// A run blocks the threads that it is on, and code that iterates must not block the cooperative ones.
// Between them are two bounded buffers:
//
//     source ─► pump task ─► Inlet ─► feeder thread ─► … run … ─► run thread ─► Outlet ─► next()
//               waits by a            waits on the                waits on the            waits by a
//               continuation          monitor                     monitor                 continuation
//
// Each buffer is one state under one lock, which is held for a few instructions and never across a wait
// of the asynchronous side. The rules, and what they rule out:
//
// 1. A continuation is stored under the lock in which its reason to wait was seen, and whoever removes
//    the reason takes the continuation out under that lock: no wake-up is lost between looking and
//    waiting, and no continuation is resumed twice or never.
// 2. It is resumed after the lock was left: what it runs may take the lock again.
// 3. After a wake-up the asynchronous side looks again, in a loop: a wake-up says that something may
//    have changed, not what.
// 4. The pump makes sure of room before it pulls the source, so a number that was pulled always has a
//    place, and the source is never ahead by more than the buffers hold.
// 5. Whoever ends the iteration marks the outlet as abandoned and the inlet as closed before it lets go
//    of them. Both marks are for good and end every wait, on either side: the feeder, and with it the
//    run, ends though the source may be suspended for ever, and the run thread is not left waiting for
//    a reader that is gone.
// 6. The run thread's last act is `end`, after the run has joined its workers. So a reader that has
//    seen the end, or an error, knows that the run has left nothing behind.
// 7. The flag is raised by anyone at any time and rings no bell. Workers poll it; the feeder,
//    which may be waiting for a source that is silent, looks at it every 20 ms.

/// Numbers on their way from a task to the feeder of a run: the next chunk.
final class Inlet: Sendable {
    private struct State {
        var pending = NumberBatch()
        var maker: ChunkMaker
        /// What has come is a chunk.
        var isFull = false
        /// The source has ended, perhaps by what it has thrown.
        var end: (any Error)??
        /// Nobody will take numbers any more.
        var isClosed = false
        var pump: CheckedContinuation<Void, Never>?
        var task: Task<Void, Never>?

        mutating func takePump() -> CheckedContinuation<Void, Never>? {
            defer { pump = nil }
            return pump
        }
    }

    private let state: Monitor<State>

    init(_ sizer: ChunkSizer) { state = Monitor(State(maker: ChunkMaker(sizer))) }

    /// Starts the task that fills it.
    func start(_ body: @escaping @Sendable () async -> Void) {
        let task = Task { await body() }
        state.withLock { $0.task = task }
    }

    /// Waits for room; `false` when no number is wanted any more.
    func hasRoom() async -> Bool {
        while true {
            let answer: Bool? = state.withLock { state in
                state.isClosed ? false : state.isFull ? nil : true
            }
            if let answer { return answer }
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    if state.isClosed || !state.isFull { return false }
                    state.pump = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        }
    }

    /// Adds a number, for which there is room.
    func put(_ number: some Candidate) {
        state.withLock(wake: true) { state in
            let bits = number.append(to: &state.pending)
            state.isFull = state.maker.isComplete(&state.pending, afterNumberOf: bits)
        }
    }

    /// The source has no more numbers, perhaps since it threw.
    func end(_ error: (any Error)?) { state.withLock(wake: true) { $0.end = .some(error) } }

    /// What has come, waited for, up to a chunk; `nil` at the end or when the flag was raised.
    ///
    /// Throws what the source has thrown, after all that it gave before.
    ///
    /// A chunk that is not full is taken as well: when the feeder asks, the run has room, and a source
    /// that pauses gets its answers. When the run is busy, the chunk fills up meanwhile.
    func take(_ cancel: CancelFlag) throws -> NumberBatch? {
        let (batch, pump, error) = state.wait(lookingEvery: 20) {
            state -> (NumberBatch?, CheckedContinuation<Void, Never>?, (any Error)?)? in
            if state.isClosed || cancel.isCancelled { return (nil, nil, nil) }
            if state.pending.isEmpty { return state.end.map { (nil, nil, $0) } }
            let batch = state.pending
            state.pending = NumberBatch()
            state.isFull = state.maker.begin(&state.pending)
            return (batch, state.isFull ? nil : state.takePump(), nil)
        }
        pump?.resume()
        if let error { throw error }
        return batch
    }

    /// No number will be taken any more: ends the task.
    func close() {
        let (pump, task) = state.withLock(wake: true) { state in
            state.isClosed = true
            state.pending = NumberBatch()
            defer { state.task = nil }
            return (state.takePump(), state.task)
        }
        task?.cancel()
        pump?.resume()
    }
}

/// Results on their way from the thread of a run to the task that iterates.
final class Outlet: Sendable {
    enum Taken: Sendable {
        case chunk(ChunkResult)
        case ended(PoolError?)
    }

    private struct State {
        var chunks: [ChunkResult] = []
        var end: Taken?
        /// Nobody will take results any more.
        var isAbandoned = false
        var reader: CheckedContinuation<Void, Never>?

        mutating func takeReader() -> CheckedContinuation<Void, Never>? {
            defer { reader = nil }
            return reader
        }
    }

    private let capacity: Int
    private let state = Monitor(State())

    /// Makes one.
    ///
    /// - Parameter capacity: How many chunks may lie in it, so that a run goes on while its reader is
    ///   busy with one.
    init(capacity: Int) { self.capacity = capacity }

    /// Adds a result, waiting for room; `false` when nobody will take it.
    func put(_ result: ChunkResult) -> Bool {
        let (isTaken, reader) = state.wait {
            state -> (Bool, CheckedContinuation<Void, Never>?)? in
            if state.isAbandoned { return (false, nil) }
            if state.chunks.count >= capacity { return nil }
            state.chunks.append(result)
            return (true, state.takeReader())
        }
        reader?.resume()
        return isTaken
    }

    /// The run has ended.
    func end(_ error: PoolError?) {
        let reader = state.withLock { state in
            state.end = .ended(error)
            return state.takeReader()
        }
        reader?.resume()
    }

    /// The next result, or the end, waited for.
    func take() async -> Taken {
        while true {
            let taken: Taken? = state.withLock(wake: true) { state in
                if state.chunks.isEmpty { return state.end }
                return .chunk(state.chunks.removeFirst())
            }
            if let taken { return taken }
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    if !state.chunks.isEmpty || state.end != nil { return false }
                    state.reader = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        }
    }

    /// Nobody will take results any more.
    func abandon() {
        state.withLock(wake: true) { state in
            state.isAbandoned = true
            state.chunks = []
        }
    }
}

/// What streams are made of.
protocol Candidate: Sendable {
    /// Adds it to a batch, and returns its size in bits.
    func append(to batch: inout NumberBatch) -> Int
}

extension UInt64: Candidate {
    func append(to batch: inout NumberBatch) -> Int {
        batch.append(self)
        return UInt64.bitWidth - leadingZeroBitCount
    }
}

extension BigNatural: Candidate {
    func append(to batch: inout NumberBatch) -> Int {
        batch.append(self)
        return bitWidth
    }
}
