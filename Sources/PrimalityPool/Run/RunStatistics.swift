// SPDX-License-Identifier: Apache-2.0

public import Primality

/// What a run cost: who tested how much, and how long the pool took to start and to end.
public struct RunStatistics: Sendable, Hashable {
    /// What one worker did.
    public struct Worker: Sendable, Hashable {
        /// Chunks that it completed.
        public var chunks = 0
        /// The numbers in them.
        public var numbers = 0
        /// CPU time that its tests took, those of numbers it shared with others included.
        public var cpuTime: Duration = .zero
    }

    /// The workers, by their number.
    ///
    /// A worker that was replaced after its death counts with its successor.
    public var workers: [Worker]
    /// Wall time of the run.
    public var wallTime: Duration = .zero
    /// From the call until the pool asked for the first numbers: by then its workers are there.
    public var startupTime: Duration = .zero
    /// From the last result, or the start-up when there is none, until the call returned.
    public var shutdownTime: Duration = .zero

    /// Nothing was done yet.
    ///
    /// - Parameter workers: How many workers there are; less than none is none.
    public init(workers: Int) {
        self.workers = Array(repeating: Worker(), count: max(0, workers))
    }

    /// Wall time in which a worker did not test.
    ///
    /// It waited for numbers or for a core, handed over, or was not started yet.
    public func idleTime(of worker: Int) -> Duration {
        max(.zero, wallTime - workers[worker].cpuTime)
    }

    mutating func add(_ result: ChunkResult) {
        guard workers.indices.contains(result.worker) else { return }
        workers[result.worker].chunks += 1
        workers[result.worker].numbers += result.results.count
        if result.cpuShares.isEmpty {
            workers[result.worker].cpuTime += result.cpuTime
        }
        for (worker, time) in result.cpuShares where workers.indices.contains(worker) {
            workers[worker].cpuTime += time
        }
    }
}

extension Pool {
    /// Tests everything that a source gives, and says what that cost.
    ///
    /// It is ``Pool/run(_:cancel:notify:from:deliver:)``, watched from outside, at the price of some
    /// additions a chunk.
    ///
    /// - Parameters:
    ///   - job: What to do with the numbers.
    ///   - cancel: Ends the run.
    ///   - notify: Is told what went wrong without ending the run.
    ///   - statistics: Is filled, also when the run throws.
    ///   - source: Gives the next batch, or `nil` at the end.
    ///   - deliver: Takes a result; `false` ends the run.
    /// - Throws: ``PoolError``.
    public func run(
        _ job: PoolJob, cancel: CancelFlag = CancelFlag(),
        notify: (@Sendable (PoolNotice) -> Void)? = nil, statistics: inout RunStatistics,
        from source: @escaping @Sendable () throws -> NumberBatch?,
        deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        var found = RunStatistics(workers: workers)
        let start = ContinuousClock.now
        let firstAsked = Monitor<ContinuousClock.Instant?>(nil)
        var lastResult: ContinuousClock.Instant?
        defer {
            let end = ContinuousClock.now
            let asked = firstAsked.withLock { $0 } ?? end
            found.wallTime = end - start
            found.startupTime = asked - start
            found.shutdownTime = end - (lastResult ?? asked)
            statistics = found
        }
        try run(
            job, cancel: cancel, notify: notify,
            from: {
                firstAsked.withLock { $0 = $0 ?? .now }
                return try source()
            },
            deliver: { result in
                found.add(result)
                // Taking the results may take long, and that is no part of the end.
                defer { lastResult = .now }
                return deliver(result)
            })
    }
}
