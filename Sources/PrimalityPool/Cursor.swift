// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import Synchronization

/// Where the next slice begins: guided self-scheduling.
///
/// A slice is an even share of half of what is left, within limits.
final class Cursor: Sendable {
    private let next = Atomic(0)
    private let count: Int
    private let workers: Int
    private let least: Int
    /// No slice is larger.
    let largest: Int

    init(count: Int, workers: Int, chunk: Int?, least: Int) {
        self.count = count
        self.workers = workers
        self.least = max(1, min(chunk ?? least, count))
        largest = chunk == nil ? max(self.least, min(ChunkSizer.largest, count)) : self.least
    }

    /// How many slices there are at most.
    var slices: Int { (count - 1) / least + 1 }

    // The threads hand over nothing to each other but places, so the orderings are relaxed; that they
    // were joined makes their verdicts visible.
    func take() -> Range<Int>? {
        if least == largest {
            let start = next.wrappingAdd(least, ordering: .relaxed).oldValue
            return start < count ? start..<min(start + least, count) : nil
        }
        var start = next.load(ordering: .relaxed)
        while start < count {
            let share = (count - start) / (2 * workers)
            let end = min(start + max(least, min(largest, share)), count)
            let (isTaken, found) = next.weakCompareExchange(
                expected: start, desired: end, ordering: .relaxed)
            if isTaken { return start..<end }
            start = found
        }
        return nil
    }

    /// Nothing more is handed out.
    func stop() { next.store(count, ordering: .relaxed) }
}

extension Pool {
    /// Whether the divisors of a single number are divided among the workers, which takes a queue.
    func sharesDivision(_ job: PoolJob, bits: Int) -> Bool {
        workers > 1 && JobQueue.shares(job.engine, bits: bits)
    }

    /// The size of the largest number where a job depends on it, else 64.
    func bitsThatMatter(of numbers: Span<UInt64>, to job: PoolJob) -> Int {
        if ![.trial, .swiftTrial].contains(job.engine) { return 64 }
        var all: UInt64 = 0
        for i in numbers.indices { all |= numbers[i] }
        return 64 - all.leadingZeroBitCount
    }
}
