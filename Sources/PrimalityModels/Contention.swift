// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal
package import Primality
internal import PrimalityPool
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What it costs to share something among threads: a counter and a queue, guarded in five ways, under
/// growing numbers of threads.
package struct Contention: Sendable {
    /// What is shared.
    package enum Resource: String, Sendable, CaseIterable, Codable {
        /// A number to which each operation adds 1.
        case counter
        /// A queue into which each operation puts an item, and takes one out.
        case queue
    }

    /// How threads are kept from each other's way.
    package enum Guard: String, Sendable, CaseIterable, Codable {
        /// A lock at which threads sleep (pthread).
        case mutex
        /// A lock at which they spin.
        case spinLock = "spin lock"
        /// No lock: an addition in memory, or a ring of slots that say whose turn it is [Vyukov].
        case atomic
        /// One for each thread, put together at the end.
        case sharded
        /// It belongs to one thread, to which the others send messages; each waits for its answer.
        case messages
    }

    /// One of them, measured.
    package struct Row: Sendable, Equatable, Codable {
        /// What was shared.
        package var resource: Resource
        /// How it was guarded.
        package var `guard`: Guard
        /// How many threads there were, beside the owner that messages go to.
        package var threads: Int
        /// Operations in all.
        package var operations: Int
        /// Operations a second, all threads together.
        package var perSecond: Double
        /// Jain's index (∑x)² / (n·∑x²) of the threads' operations: 1 when all did the same number, 1/n when
        /// one did all [JCH84].
        package var fairness: Double
    }

    /// Something was lost or doubled, so that nothing was measured.
    package struct Wrong: Error, Sendable, CustomStringConvertible {
        /// What happened.
        package var description: String
    }

    private let threads: [Int]
    private let milliseconds: UInt32
    private let cancel: CancelFlag

    /// Makes a measurement.
    ///
    /// - Parameters:
    ///   - threads: The numbers of threads, each from 1 to 1024.
    ///   - milliseconds: How long each is measured, at least 1.
    ///   - cancel: Ends it before the next one.
    package init(
        threads: [Int] = defaultThreads(), milliseconds: Int = 30, cancel: CancelFlag = CancelFlag()
    ) {
        precondition(threads.allSatisfy { (1...1024).contains($0) }, "1 to 1024 threads")
        precondition(milliseconds >= 1, "nothing is measured in no time")
        self.threads = threads
        self.milliseconds = UInt32(clamping: milliseconds)
        self.cancel = cancel
    }

    /// From one thread to twice as many as there are cores; of many only the powers of two, and these two.
    package static func defaultThreads(cores: Int = PoolKind.defaultWorkers) -> [Int] {
        (1...2 * cores).filter {
            $0 <= 4 || $0 & ($0 - 1) == 0 || $0 == cores || $0 == 2 * cores
        }
    }

    /// Measures all, one after the other.
    ///
    /// Blocks.
    ///
    /// - Parameter report: Takes each row when it is ready.
    /// - Returns: All rows.
    /// - Throws: ``Wrong``, or ``PoolError`` when there are not enough threads or it was cancelled.
    @discardableResult
    package func run(report: (Row) -> Void = { _ in }) throws -> [Row] {
        var rows: [Row] = []
        for resource in Resource.allCases {
            for `guard` in Guard.allCases {
                for count in threads {
                    if cancel.isCancelled { throw PoolError.cancelled }
                    rows.append(try measure(resource, `guard`, count))
                    report(rows[rows.count - 1])
                }
            }
        }
        return rows
    }

    private func measure(_ resource: Resource, _ guard: Guard, _ count: Int) throws -> Row {
        // Generic, so that no call of a protocol's is measured along.
        let operations =
            switch (resource, `guard`) {
            case (.counter, .mutex): try measure(LockedCounter(count))
            case (.counter, .spinLock): try measure(SpinCounter(count))
            case (.counter, .atomic): try measure(AtomicCounter(count))
            case (.counter, .sharded): try measure(ShardedCounter(count))
            case (.counter, .messages): try measure(CounterOwner(count))
            case (.queue, .mutex): try measure(LockedQueue(count))
            case (.queue, .spinLock): try measure(SpinQueue(count))
            case (.queue, .atomic): try measure(RingQueue(count))
            case (.queue, .sharded): try measure(ShardedQueue(count))
            case (.queue, .messages): try measure(QueueOwner(count))
            }
        let total = operations.counts.reduce(0, +)
        let squares = operations.counts.reduce(0.0) { $0 + Double($1) * Double($1) }
        return Row(
            resource: resource, guard: `guard`, threads: count, operations: total,
            perSecond: Double(total) / operations.seconds,
            fairness: total == 0 ? 1 : Double(total) * Double(total) / (Double(count) * squares))
    }

    /// Lets threads work on something for some time, and looks whether all that they did is there.
    private func measure<Thing: SharedThing>(
        _ thing: Thing
    ) throws -> (counts: [Int], seconds: Double) {
        // 0 before the start, 1 while they work, 2 at the end.
        let phase = Atomic(0)
        let ready = Atomic(0)
        let counts = Monitor([Int](repeating: 0, count: thing.threads))
        let taken = Monitor(0)
        var threads: [WorkerThread] = []
        var begin: UInt64 = 0
        var end: UInt64 = 0
        defer { thing.end() }
        do {
            defer {
                phase.store(2, ordering: .relaxed)
                end = prk_clock_ns()
                for thread in threads { thread.join() }
            }
            for thread in 0..<thing.threads {
                threads.append(
                    try WorkerThread(name: "prk-contender") {
                        ready.wrappingAdd(1, ordering: .relaxed)
                        while phase.load(ordering: .relaxed) == 0 { sched_yield() }
                        var count = 0
                        var out = 0
                        repeat {
                            // To look costs as much as some operations.
                            for _ in 0..<Thing.burst {
                                out &+= thing.operate(thread, count)
                                count += 1
                            }
                        } while phase.load(ordering: .relaxed) == 1
                        counts.withLock { $0[thread] = count }
                        taken.withLock { $0 &+= out }
                    })
            }
            while ready.load(ordering: .relaxed) < thing.threads { usleep(100) }
            begin = prk_clock_ns()
            phase.store(1, ordering: .relaxed)
            while prk_clock_ns() - begin < UInt64(milliseconds) * 1_000_000, !cancel.isCancelled {
                usleep(min(milliseconds, 10) * 1000)
            }
        }
        if cancel.isCancelled { throw PoolError.cancelled }
        let done = counts.withLock { $0 }
        let put = done.reduce(0) { $0 &+ Thing.put(by: $1) }
        let isComplete = put == taken.withLock { $0 } &+ thing.rest()
        if !isComplete {
            throw Wrong(
                description: "\(Thing.self), threads: \(done.count): something was lost or doubled")
        }
        return (done, Double(end - begin) / 1e9)
    }
}
