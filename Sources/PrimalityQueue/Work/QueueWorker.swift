// SPDX-License-Identifier: Apache-2.0

package import Primality
package import PrimalityPool
package import PrimalityRuns

/// Opens a store; a flag ends the waiting.
package typealias StoreOpener = @Sendable (CancelFlag) throws(QueueError) -> any QueueStore

/// A worker process of a queue: tests what it claims on a pool, until there is nothing left.
package struct QueueWorker {
    /// When a worker ends by itself.
    package enum Ending: Sendable {
        /// When there is nothing to claim.
        case once
        /// When nobody works on anything either, which might come back.
        case whenDone
        case never
    }

    package struct Plan: Sendable {
        package var worker: WorkerDescription
        package var open: StoreOpener
        package var pool: any Pool
        package var ending: Ending
        /// Chunks to claim at once; `nil` to choose.
        package var claim: Int?
        /// How many seconds the server may be away.
        package var giveUp: Double
        /// How long one number may take.
        package var timeout: Duration?
        /// What keeps tests of large numbers; `nil`: nothing does.
        package var longTests: LongTests?
        package var cancel: CancelFlag
        package var note: @Sendable (String) -> Void
        /// Is told how many more numbers were tested.
        package var tested: @Sendable (Int) -> Void

        package init(
            worker: WorkerDescription, open: @escaping StoreOpener, pool: any Pool, ending: Ending,
            claim: Int?, giveUp: Double, timeout: Duration?, longTests: LongTests?,
            cancel: CancelFlag,
            note: @escaping @Sendable (String) -> Void,
            tested: @escaping @Sendable (Int) -> Void = { _ in }
        ) {
            self.worker = worker
            self.open = open
            self.pool = pool
            self.ending = ending
            self.claim = claim
            self.giveUp = giveUp
            self.timeout = timeout
            self.longTests = longTests
            self.cancel = cancel
            self.note = note
            self.tested = tested
        }
    }

    /// How it ended.
    package struct Outcome {
        /// Chunks whose results were stored, and those that were somebody else's by then.
        package var stored: Int
        package var refused: Int
        package var failure: Complaint?
    }

    private let plan: Plan

    package init(_ plan: Plan) { self.plan = plan }

    /// Works until there is nothing left to do, and blocks the calling thread meanwhile.
    package func run() -> Outcome {
        let link = QueueLink(plan)
        var failure: Complaint?
        do throws(PoolError) {
            try link.start()
            while let (batch, spec) = link.nextBatch() {
                try test(batch, spec, link)
            }
        } catch {
            failure = Complaint(message: error.description, status: error.exitStatus)
        }
        let (lost, stored, refused) = link.leave()
        if failure == nil, let lost {
            failure = Complaint(message: lost.message, status: lost.status ?? .internalError)
        }
        return Outcome(stored: stored, refused: refused, failure: failure)
    }

    private func test(_ batch: Int, _ spec: BatchSpec, _ link: QueueLink) throws(PoolError) {
        let cancel = plan.cancel.part()
        var spec = spec
        spec.options.longTests = plan.longTests
        link.beginRun(of: batch, cancel: cancel)
        defer { link.endRun() }
        try BatchRun(batch: batch, spec, link, cancel: cancel).run(
            on: plan.pool, timeout: plan.timeout)
    }
}
