// SPDX-License-Identifier: Apache-2.0

public import Primality

/// Tests on the calling thread: what the other pools are compared with.
public struct SerialPool: Pool {
    /// Makes a pool.
    public init() {}

    /// ``PoolKind/serial``.
    public var kind: PoolKind { .serial }

    /// One.
    public var workers: Int { 1 }

    /// Tests everything that a source gives.
    public func run(
        _ job: PoolJob, cancel: CancelFlag, notify: (@Sendable (PoolNotice) -> Void)?,
        from source: @escaping @Sendable () throws -> NumberBatch?, deliver: (ChunkResult) -> Bool
    ) throws(PoolError) {
        let job = PoolRun(job, cancel: cancel, notify: notify)
        let worker = try LocalWorker(id: 0, job: job)
        var delivery = Delivery(job)
        var id = 0
        var first = 0
        while let numbers = try next(source, job.cancel) {
            let chunk = Chunk(id: id, first: first, numbers: numbers)
            let result = worker.run(Job(id: id, chunk))
            delivery.add(ChunkResult(chunk, result), deliver: deliver)
            id += 1
            first += numbers.count
        }
    }

    private func next(
        _ source: () throws -> NumberBatch?, _ cancel: CancelFlag
    ) throws(PoolError) -> NumberBatch? {
        if cancel.isCancelled { return nil }
        do { return try source() } catch { throw .source(SourceError(error)) }
    }
}
