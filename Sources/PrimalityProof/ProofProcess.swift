// SPDX-License-Identifier: Apache-2.0

package import CKernels
package import CKernels.Internal
internal import CPool
package import Primality
package import PrimalityPool

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A worker process that proves, for one thread at a time.
///
/// It is a ``PrimalityPool/ProcessFleet`` of one, so whatever ends it costs what it was at: another one is forked and
/// begins that again. Of a number that has a journal, the next one goes on from there. Numbers that ended two of them
/// are parted, until the one that does it is alone, and has failed. What it finds is verified in this process.
package final class ProofProcess: Sendable {
    private let options: ProofOptions
    private let prover: SharedProver
    private let fleet: ProcessFleet
    private let notify: @Sendable (PoolNotice) -> Void

    /// Forks it.
    ///
    /// - Parameters:
    ///   - options: How to prove all that it will be asked.
    ///   - notify: Is told of its deaths, on the thread that asks it.
    /// - Throws: ``PrimalityPool/PoolError``.
    package convenience init(
        options: ProofOptions, notify: @escaping @Sendable (PoolNotice) -> Void
    ) throws(PoolError) {
        try unsafe self.init(options: options, task: prk_prover_task, notify: notify)
    }

    /// One that runs another task in the kernel's place, for tests.
    package init(
        options: ProofOptions, task: @escaping prk_worker_task,
        notify: @escaping @Sendable (PoolNotice) -> Void
    ) throws(PoolError) {
        self.options = options
        self.notify = notify
        prover = try SharedProver(options)
        fleet = try ProcessFleet(
            ProcessPool(
                workers: 1, kernelTask: unsafe KernelTask(task, context: prover.context),
                faults: ProcessFaults()))
    }

    /// How many numbers may be asked for together.
    package static let most = Int(PRK_PROVER_MOST)

    /// Looks for proofs of numbers, ``most`` of them at most.
    ///
    /// - Parameters:
    ///   - requests: Which. Lines of journals come on another thread, some times a second.
    ///   - cancel: Ends all that have no outcome yet.
    /// - Returns: What was found, in the order of the requests; or why nothing was.
    package func prove(
        _ requests: [ProofRequest], cancel: CancelFlag
    ) -> [Result<ProofOutcome, ChunkFailure>] {
        let all = requests.map { AskedProof($0) }
        var results: [Result<KernelStatus, ChunkFailure>] = Array(
            repeating: .failure(.cancelled), count: all.count)
        do throws(PoolError) {
            try prover.watch(requests) { () throws(PoolError) in
                let batch = Monitor<NumberBatch?>(Self.batch(requests))
                let source: @Sendable () -> NumberBatch? = {
                    batch.withLock { batch in
                        defer { batch = nil }
                        return batch
                    }
                }
                try fleet.run(PoolJob(order: .done), cancel: cancel, notify: notify, from: source) {
                    result in
                    for (i, one) in all.enumerated() {
                        results[i] = Self.take(result, at: i, one)
                    }
                    return true
                }
            }
        } catch {
            let failure = ChunkFailure.threw(error.description)
            results = results.map { _ in .failure(failure) }
        }
        return zip(all, results).map { one, result in
            Result { () throws(ChunkFailure) in
                let status = try result.get()
                do throws(PrimalityError) {
                    return try one.outcome(status, options, cancel)
                } catch {
                    throw error == .cancelled ? .cancelled : .test(error)
                }
            }
        }
    }

    private static func batch(_ requests: [ProofRequest]) -> NumberBatch {
        var batch = NumberBatch()
        for one in requests {
            let form = one.form.flatMap { $0.isValid ? $0 : nil }
            batch.append(one.number, validForm: form)
        }
        return batch
    }

    private static func take(
        _ result: ChunkResult, at place: Int, _ one: AskedProof
    ) -> Result<KernelStatus, ChunkFailure> {
        let head = MemoryLayout<ProverAnswer>.size
        guard let bytes = result.results.evidence(at: place), bytes.count >= head else {
            return .failure(result.failure(at: place) ?? .cancelled)
        }
        var answer = ProverAnswer()
        unsafe withUnsafeMutableBytes(of: &answer) { unsafe $0.copyBytes(from: bytes[..<head]) }
        one.take(answer.proof, text: bytes[head...])
        return .success(answer.status)
    }
}

/// What the worker and its owner share; it goes with the last reference.
///
/// `Sendable` because the pointer is set once, one request at a time uses what it points to, and what both processes
/// and the watching thread look at meanwhile is atomic.
@safe private final class SharedProver: @unchecked Sendable {
    private let prover: OpaquePointer

    var context: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(prover) }

    init(_ options: ProofOptions) throws(PoolError) {
        let prover = unsafe options.withKernelOptions { raw in
            unsafe withUnsafePointer(to: raw) { unsafe prk_prover_create($0) }
        }
        guard let prover = unsafe prover else { throw .system(call: "mmap", error: errno) }
        unsafe self.prover = prover
    }

    deinit { unsafe prk_prover_destroy(prover) }

    /// Has what a worker finds on the way passed on, while `body` runs.
    func watch(
        _ requests: [ProofRequest], _ body: () throws(PoolError) -> Void
    ) throws(PoolError) {
        unsafe prk_prover_begin(prover, requests.count)
        var watched: [Watched] = []
        for (i, request) in requests.enumerated() {
            var one = Watched(request: request, place: i)
            if let journal = request.journal {
                // What is cut off is none of it.
                let kept = journal.kept.prefix((journal.kept.lastIndex(of: 0x0A) ?? -1) + 1)
                unsafe kept.withUnsafeBytes { bytes in
                    let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                    unsafe prk_prover_keep(prover, i, start, bytes.count)
                }
                one.passed = size(ofJournalAt: i)
                one.wantsLines = true
            }
            watched.append(one)
        }
        let isOver = Monitor(false)
        let thread = try WorkerThread(name: "prk-watch") { [watched] in
            var watched = watched
            isOver.wait(lookingEvery: 50) { isOver -> Void? in
                for i in watched.indices { self.pass(&watched[i]) }
                return isOver ? () : nil
            }
        }
        defer {
            isOver.withLock(wake: true) { $0 = true }
            thread.join()
        }
        try body()
    }

    private struct Watched: Sendable {
        var request: ProofRequest
        var place: Int
        var wantsLines = false
        /// How much of the journal the request has.
        var passed = 0
    }

    private func size(ofJournalAt place: Int) -> Int {
        var size = 0
        _ = unsafe prk_prover_journal(prover, place, &size)
        return size
    }

    private func pass(_ one: inout Watched) {
        one.request.progress?.set(unsafe prk_prover_progress(prover, one.place))
        if !one.wantsLines { return }
        var size = 0
        let journal = unsafe prk_prover_journal(prover, one.place, &size)
        guard size > one.passed, let journal = unsafe journal else { return }
        // So many bytes are there, and stay until the next request.
        let new = unsafe [UInt8](
            UnsafeRawBufferPointer(start: journal + one.passed, count: size - one.passed))
        one.passed = size
        for line in new.split(separator: 0x0A) where one.wantsLines {
            one.wantsLines = one.request.journal?.append(line + [0x0A]) ?? false
        }
    }
}
