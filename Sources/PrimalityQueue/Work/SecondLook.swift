// SPDX-License-Identifier: Apache-2.0

package import Primality
package import PrimalityPool
package import PrimalityRuns

/// Tests a share of a batch's chunks again, which another host has tested: hardware errs, too.
package final class SecondLook: WorkSupply {
    package struct Plan {
        package var worker: WorkerDescription
        package var batch: BatchStatus
        /// From 0 to 1.
        package var share: Double
        package var cancel: CancelFlag
        package var note: @Sendable (String) -> Void
        /// Is told how many more numbers were tested.
        package var tested: @Sendable (Int) -> Void

        package init(
            worker: WorkerDescription, batch: BatchStatus, share: Double, cancel: CancelFlag,
            note: @escaping @Sendable (String) -> Void,
            tested: @escaping @Sendable (Int) -> Void = { _ in }
        ) {
            self.worker = worker
            self.batch = batch
            self.share = share
            self.cancel = cancel
            self.note = note
            self.tested = tested
        }
    }

    /// What it has found.
    package struct Outcome {
        package var looked = 0
        /// The chunks whose results differ, and which host tested each first.
        package var disputed: [(chunk: Int, host: String)] = []
        package var failure: Complaint?
    }

    private struct State {
        let store: any QueueStore
        var stock: [StoredChunk] = []
        var isLast = false
        /// What others have found about chunks under way.
        var first: [Int: (host: String, count: Int, result: [UInt8])] = [:]
        var next = 0
        var outcome = Outcome()
    }

    private static let mostAtOnce = 16

    private let plan: Plan
    private let state: Monitor<State>

    package init(_ plan: Plan, _ store: any QueueStore) {
        self.plan = plan
        state = Monitor(State(store: store))
    }

    /// Tests the share, and blocks the calling thread meanwhile.
    package func run(on pool: any Pool, timeout: Duration?) -> Outcome {
        let spec: BatchSpec
        do throws(QueueError) {
            spec = try plan.batch.spec
            try introduce()
        } catch {
            return Outcome(
                failure: Complaint(
                    message: error.message, status: error.status ?? .internalError))
        }
        do throws(PoolError) {
            try BatchRun(batch: plan.batch.id, spec, self, cancel: plan.cancel).run(
                on: pool, timeout: timeout)
        } catch {
            state.withLock {
                $0.outcome.failure =
                    $0.outcome.failure
                    ?? Complaint(message: error.description, status: error.exitStatus)
            }
        }
        return state.withLock { $0.outcome }
    }

    /// Tells the store who looks.
    private func introduce() throws(QueueError) {
        let result = state.withLock { [plan] state -> Result<Void, QueueError> in
            do throws(QueueError) {
                _ = try state.store.renew(plan.worker, [], areAll: false)
                return .success(())
            } catch { return .failure(error) }
        }
        try result.get()
    }

    func take(of batch: Int) -> WorkTaken {
        state.withLock { state in
            if state.outcome.failure != nil { return .end }
            if state.stock.isEmpty && !state.isLast {
                do throws(QueueError) {
                    state.stock = try state.store.secondLook(
                        plan.worker, batch: batch, share: plan.share, from: state.next,
                        most: Self.mostAtOnce)
                    // A stranger's rows may have any number, and the last one nothing after it.
                    let last = state.stock.last?.number ?? .max
                    state.isLast =
                        state.stock.count < Self.mostAtOnce || last >= plan.batch.chunks
                    state.next = last &+ 1
                } catch {
                    state.outcome.failure = Complaint(
                        message: error.message, status: error.status ?? .internalError)
                    return .end
                }
            }
            if state.stock.isEmpty { return .end }
            let chunk = state.stock.removeFirst()
            state.first[chunk.number] = (chunk.host, chunk.count, chunk.result ?? [])
            return .lease(
                Lease(
                    key: LeaseKey(batch: batch, chunk: chunk.number, attempt: chunk.attempt),
                    first: chunk.first, count: chunk.count, cost: chunk.cost,
                    payload: chunk.payload
                ).bounded)
        }
    }

    func finish(_ chunk: FinishedChunk) {
        state.withLock { state in
            guard let (host, count, bytes) = state.first.removeValue(forKey: chunk.key.chunk) else {
                return
            }
            var agrees = false
            if let first = try? ResultPayload(bytes, count: count),
                let second = try? ResultPayload(chunk.payload, count: count)
            {
                agrees = first.agrees(with: second)
            }
            do throws(QueueError) {
                try state.store.noteSecond(
                    plan.worker, batch: chunk.key.batch, chunk: chunk, agrees: agrees)
                state.outcome.looked += 1
                if !agrees { state.outcome.disputed.append((chunk.key.chunk, host)) }
            } catch {
                state.outcome.failure = Complaint(
                    message: error.message, status: error.status ?? .internalError)
            }
        }
    }

    func isLost(_ key: LeaseKey) -> Bool { false }
    func wake() {}
    func note(_ message: String) { plan.note(message) }
    func tested(_ count: Int) { plan.tested(count) }

    func waitAMoment() { Condition.pause(.milliseconds(20)) }
}
