// SPDX-License-Identifier: Apache-2.0

public import Primality

/// What became of one number of a stream.
public struct NumberResult: Sendable {
    /// Its place in the input, from 0.
    public let index: Int
    /// The number.
    public let number: BigNatural
    /// The verdict, or why there is none.
    public let outcome: Result<Verdict, ChunkFailure>
    /// The worker that tested it, from 0.
    public let worker: Int
    /// The evidence, when the job asks for it.
    public let report: TestReport?
    /// What a ``WorkerTask`` gave beside its verdict: ``/Primality/TestResults/evidence(at:)``.
    public let evidence: [UInt8]?

    /// The verdict.
    ///
    /// - Throws: ``ChunkFailure`` when the number could not be tested.
    public var verdict: Verdict { get throws(ChunkFailure) { try outcome.get() } }
}

/// Why a stream of results ended before its input did.
public enum StreamError<SourceFailure: Error>: Error {
    /// The run could not be started, could not go on, or was cancelled.
    case pool(PoolError)
    /// The source threw. All that it gave before was delivered.
    case source(SourceFailure)
}

extension StreamError: CustomStringConvertible {
    /// What happened.
    public var description: String {
        switch self {
        case .pool(let error): error.description
        case .source(let error): String(describing: error)
        }
    }
}

extension StreamError: Equatable where SourceFailure: Equatable {}

/// Results of a run, number by number, tested while they are iterated.
///
/// A run begins with the first `next()`, on threads of its own, and no cooperative thread is blocked but
/// by a pool that works on them. The source is pulled only as results are consumed: what was pulled and
/// not yet given out is never more than 5 × workers + 2 chunks.
///
/// Ending the iteration early, by `break` or by dropping the iterator, ends the run, without having been waited
/// for. Cancelling the task, or raising the flag, ends it too; `next()` still gives what was tested, in input
/// order up to the first number that was not, and throws `.pool(.cancelled)` when the run has ended.
///
/// An asynchronous source is pulled by a task of its own, which is cancelled when the iteration ends. If
/// the source does not heed that, its task stays until it gives something.
public struct NumberResults<SourceFailure: Error>: AsyncSequence, Sendable {
    /// What became of one number.
    public typealias Element = NumberResult
    /// Why it ended early.
    public typealias Failure = StreamError<SourceFailure>

    enum Source: Sendable {
        /// Makes a source that blocks.
        case batches(@Sendable (CancelFlag) -> @Sendable () -> NumberBatch?)
        /// Fills an inlet, and returns what the source has thrown.
        case pump(@Sendable (Inlet) async -> SourceFailure?)
    }

    private let pool: any Pool
    private let job: PoolJob
    private let cancel: CancelFlag
    private let chunk: Int?
    private let source: Source

    init(
        _ pool: any Pool, _ job: PoolJob, _ cancel: CancelFlag, chunk: Int?, _ source: Source
    ) {
        self.pool = pool
        self.job = job
        self.cancel = cancel
        self.chunk = chunk
        self.source = source
    }

    /// Makes an iterator.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(Session(pool: pool, job: job, cancel: cancel, chunk: chunk, source: source))
    }

    /// Gives results; for one task at a time.
    public struct AsyncIterator: AsyncIteratorProtocol {
        /// What became of one number.
        public typealias Element = NumberResult
        /// Why it ended early.
        public typealias Failure = StreamError<SourceFailure>

        private let session: Session
        /// The chunk that is being given out, and the place of its next number.
        private var current: (result: ChunkResult, place: Int)?
        /// A number was not tested.
        private var hasGap = false

        fileprivate init(_ session: Session) { self.session = session }

        /// The next result.
        ///
        /// - Returns: The result, or `nil` at the end.
        /// - Throws: ``StreamError``.
        public mutating func next() async throws(Failure) -> NumberResult? {
            try await next(isolation: nil)
        }

        /// The next result.
        ///
        /// - Parameter actor: Where the caller runs.
        /// - Returns: The result, or `nil` at the end.
        /// - Throws: ``StreamError``.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(Failure) -> NumberResult? {
            while true {
                if let result = nextOfChunk() { return result }
                switch try await session.take(isolation: actor) {
                case .chunk(let result): current = (result, 0)
                case .ended: return nil
                }
            }
        }

        private mutating func nextOfChunk() -> NumberResult? {
            while let (result, place) = current, place < result.results.count {
                current = (result, place + 1)
                let verdict = result.results.verdict(at: place)
                let failure = result.failure(at: place) ?? .cancelled
                if verdict == nil && failure == .cancelled { hasGap = true }
                if hasGap && (session.order == .input || verdict == nil) { continue }
                let numbers = result.chunk.numbers
                return NumberResult(
                    index: result.chunk.first + place, number: numbers[place],
                    outcome: verdict.map { .success($0) } ?? .failure(failure),
                    worker: result.worker,
                    report: result.results.report(at: place, of: numbers),
                    evidence: result.results.evidence(at: place))
            }
            current = nil
            return nil
        }
    }

    /// One run, from the first result that is asked for to the last one, or to the end of the iterator.
    fileprivate final class Session {
        private let pool: any Pool
        private let job: PoolJob
        /// Of this iteration.
        private let cancel: CancelFlag
        private let source: Source
        private let inlet: Inlet
        private let outlet: Outlet
        private var isStarted = false
        private var end: Result<Void, StreamError<SourceFailure>>?

        init(pool: any Pool, job: PoolJob, cancel: CancelFlag, chunk: Int?, source: Source) {
            self.pool = pool
            self.job = job
            self.cancel = cancel.part()
            self.source = source
            inlet = Inlet(ChunkSizer(engine: job.engine, fixed: chunk))
            outlet = Outlet(capacity: Swift.max(1, pool.workers))
        }

        deinit {
            if !isStarted || end != nil { return }
            outlet.abandon()
            cancel.cancel()
            inlet.close()
        }

        var order: ResultOrder { job.order }

        func take(
            isolation actor: isolated (any Actor)?
        ) async throws(StreamError<SourceFailure>) -> Outlet.Taken {
            if end == nil && !isStarted { start() }
            if let end {
                // The error is thrown once, and then there is nothing, as iterators do.
                self.end = .success(())
                try end.get()
                return .ended(nil)
            }
            let taken = await withTaskCancellationHandler { [outlet] in
                await outlet.take()
            } onCancel: { [cancel, inlet] in
                cancel.cancel()
                inlet.close()
            }
            guard case .ended(let error) = taken else { return taken }
            end = .success(())
            if case .source(let thrown)? = error, let error = thrown.underlying as? SourceFailure {
                throw .source(error)
            }
            if let error { throw .pool(error) }
            if cancel.isCancelled { throw .pool(.cancelled) }
            return taken
        }

        private func start() {
            isStarted = true
            let batches: @Sendable () throws -> NumberBatch?
            switch source {
            case .batches(let open): batches = open(cancel)
            case .pump(let pump):
                inlet.start { [inlet] in inlet.end(await pump(inlet)) }
                batches = { [inlet, cancel] in try inlet.take(cancel) }
            }
            do throws(PoolError) {
                // Without the session, whose end has to end the run.
                let thread = try WorkerThread(name: "prk-stream") {
                    [pool, job, cancel, inlet, outlet] in
                    var problem: PoolError?
                    do throws(PoolError) {
                        try pool.run(job, cancel: cancel, from: batches) { outlet.put($0) }
                    } catch {
                        problem = error
                    }
                    inlet.close()
                    outlet.end(problem)
                }
                thread.detach()
            } catch {
                inlet.close()
                end = .failure(.pool(error))
            }
        }
    }
}

extension Pool {
    /// Tests a stream of numbers of any length.
    ///
    /// - Parameters:
    ///   - numbers: The numbers. What it throws ends the results, after all that it gave before.
    ///   - job: What to do with them, and in which order results come.
    ///   - cancel: Ends the run.
    ///   - chunk: How many numbers a worker is handed at once, at most; by default what takes some
    ///     milliseconds. A source that pauses makes smaller chunks.
    /// - Returns: Results, tested as they are iterated; see ``NumberResults``.
    /// - Complexity: Memory for at most 5 × workers + 2 chunks.
    public func results<Numbers: AsyncSequence & Sendable>(
        for numbers: Numbers, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) -> NumberResults<Numbers.Failure> where Numbers.Element == UInt64 {
        NumberResults(self, job, cancel, chunk: chunk, .pump { await pump(numbers, into: $0) })
    }

    /// Tests a stream of numbers of any size and length.
    ///
    /// See ``results(for:using:cancel:chunk:)`` for 64-bit numbers.
    public func results<Numbers: AsyncSequence & Sendable>(
        for numbers: Numbers, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) -> NumberResults<Numbers.Failure> where Numbers.Element == BigNatural {
        NumberResults(self, job, cancel, chunk: chunk, .pump { await pump(numbers, into: $0) })
    }

    /// Tests a sequence of numbers of any length.
    ///
    /// - Parameters:
    ///   - numbers: The numbers. It is iterated on a thread of its own, which it may block; the end of a
    ///     run waits until it has given the number that it was asked for.
    ///   - job: What to do with them, and in which order results come.
    ///   - cancel: Ends the run.
    ///   - chunk: How many numbers a worker is handed at once; by default what takes some milliseconds.
    /// - Returns: Results, tested as they are iterated; see ``NumberResults``.
    /// - Complexity: Memory for at most 5 × workers + 2 chunks.
    public func results<Numbers: Sequence & Sendable>(
        for numbers: Numbers, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) -> NumberResults<Never> where Numbers.Element == UInt64 {
        NumberResults(
            self, job, cancel, chunk: chunk, .batches { batches(numbers, job, $0, chunk) })
    }

    /// Tests a sequence of numbers of any size and length.
    ///
    /// See ``results(for:using:cancel:chunk:)`` for 64-bit numbers.
    public func results<Numbers: Sequence & Sendable>(
        for numbers: Numbers, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) -> NumberResults<Never> where Numbers.Element == BigNatural {
        NumberResults(
            self, job, cancel, chunk: chunk, .batches { batches(numbers, job, $0, chunk) })
    }
}

/// Fills an inlet from an asynchronous sequence, and returns what that has thrown.
private func pump<Numbers: AsyncSequence>(
    _ numbers: Numbers, into inlet: Inlet
) async -> Numbers.Failure? where Numbers.Element: Candidate {
    var iterator = numbers.makeAsyncIterator()
    do throws(Numbers.Failure) {
        while await inlet.hasRoom(), let number = try await iterator.next(isolation: nil) {
            inlet.put(number)
        }
        return nil
    } catch {
        return error
    }
}

/// Cuts a sequence into chunks, pulling it when a chunk is asked for.
private func batches<Numbers: Sequence>(
    _ numbers: Numbers, _ job: PoolJob, _ cancel: CancelFlag, _ chunk: Int?
) -> @Sendable () -> NumberBatch? where Numbers.Element: Candidate {
    // Behind a protocol, since a closure that knows the sequence's type would need that to be usable on
    // any thread.
    let cutter: any BatchSource = Cutter(numbers, job, cancel, chunk)
    return { cutter.next() }
}

private protocol BatchSource: Sendable {
    func next() -> NumberBatch?
}

/// `Sendable` because the iterator is only reached with the monitor's lock held.
private final class Cutter<Numbers: Sequence>: BatchSource, @unchecked Sendable
where Numbers.Element: Candidate {
    private let state: Monitor<(iterator: Numbers.Iterator, maker: ChunkMaker)>
    private let cancel: CancelFlag

    init(_ numbers: Numbers, _ job: PoolJob, _ cancel: CancelFlag, _ chunk: Int?) {
        let maker = ChunkMaker(ChunkSizer(engine: job.engine, fixed: chunk))
        state = Monitor((numbers.makeIterator(), maker))
        self.cancel = cancel
    }

    func next() -> NumberBatch? {
        state.withLock { state in
            var batch = NumberBatch()
            if state.maker.begin(&batch) { return batch }
            while !cancel.isCancelled, let number = state.iterator.next() {
                let bits = number.append(to: &batch)
                if state.maker.isComplete(&batch, afterNumberOf: bits) { break }
            }
            return batch.isEmpty ? nil : batch
        }
    }
}
