// SPDX-License-Identifier: Apache-2.0

package import Primality
internal import PrimalityPool

/// Checks keys on threads, and tells of them in their order.
package struct KeyRun {
    /// How.
    package struct Options: Sendable {
        /// How many threads.
        package var workers: Int
        /// Chooses the bases of strong tests.
        package var seed: UInt64
        /// Ends the run.
        package var cancel: CancelFlag

        /// How keys are checked.
        package init(workers: Int, seed: UInt64, cancel: CancelFlag) {
            self.workers = workers
            self.seed = seed
            self.cancel = cancel
        }
    }

    /// So many keys are checked together at most: two numbers each, twice a vector.
    private static let largestChunk = 8

    /// What became of the keys of a chunk.
    private struct Outcome: Sendable {
        var chunk: Int
        var result: Result<[KeyReport], PrimalityError>
    }

    /// Checks all keys.
    ///
    /// - Parameters:
    ///   - keys: The keys.
    ///   - shared: By position, what is to be said of a key's shared factors.
    ///   - options: How.
    ///   - deliver: Takes a report and the key's position, on the calling thread and in the order of the keys.
    ///     `false` ends the run.
    /// - Throws: ``Primality/PrimalityError`` when a key could not be checked. A run that was cancelled returns.
    package static func check(
        _ keys: [Key], shared: [Int: String], _ options: Options,
        deliver: (Int, KeyReport) -> Bool
    ) throws(PrimalityError) {
        let chunks = chunks(of: keys)
        let plan = CheckPlan(seed: options.seed, cancel: options.cancel.part())
        let next = Monitor(0)
        let workers = max(1, min(options.workers, chunks.count))
        let outcomes = BlockingQueue<Outcome>(producers: workers)
        let work: @Sendable () -> Void = {
            while !plan.cancel.isCancelled {
                let chunk = next.withLock { next in
                    next += 1
                    return next - 1
                }
                if chunk >= chunks.count { break }
                let range = chunks[chunk]
                let result = Result { () throws(PrimalityError) in
                    try KeyChecks.reports(
                        on: Array(keys[range]), shared: range.map { shared[$0] }, plan)
                }
                outcomes.push(Outcome(chunk: chunk, result: result))
            }
            outcomes.end()
        }
        var threads: [WorkerThread] = []
        for _ in 0..<workers {
            if let thread = try? WorkerThread(name: "prk-keys", work) {
                threads.append(thread)
            } else if threads.isEmpty {
                work()  // here, since nobody else can
            } else {
                outcomes.end()
            }
        }
        defer { for thread in threads { thread.join() } }
        var waiting: [Int: [KeyReport]] = [:]
        var due = 0
        var problem: PrimalityError?
        var goesOn = true
        while let outcome = outcomes.pop() {
            switch outcome.result {
            case .success(let reports): waiting[outcome.chunk] = reports
            case .failure(.cancelled): continue
            case .failure(let error):
                problem = problem ?? error
                plan.cancel.cancel()
            }
            while let reports = waiting.removeValue(forKey: due) {
                for (i, report) in zip(chunks[due], reports) where goesOn {
                    goesOn = deliver(i, report)
                }
                if !goesOn { plan.cancel.cancel() }
                due += 1
            }
        }
        if let problem { throw problem }
    }

    /// Cuts keys into what is checked together: neighbours of one kind and about one size, so that tests
    /// fill vectors; private keys alone, since their numbers are tested one after the other.
    private static func chunks(of keys: [Key]) -> [Range<Int>] {
        var chunks: [Range<Int>] = []
        var start = 0
        for i in keys.indices {
            let fits =
                i > start && i - start < largestChunk
                && keys[i].identifier == keys[start].identifier
                && keys[i].identifier != "rsa-private"
                && (keys[i].bits + 63) / 64 == (keys[start].bits + 63) / 64
            if i > start && !fits {
                chunks.append(start..<i)
                start = i
            }
        }
        if start < keys.count { chunks.append(start..<keys.count) }
        return chunks
    }
}
