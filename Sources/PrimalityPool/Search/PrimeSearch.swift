// SPDX-License-Identifier: Apache-2.0

public import Primality

/// What primes and probable primes to look for.
///
/// Below 2⁶⁴ what is found is prime; above, it passed Baillie–PSW and the random bases that the job asks
/// for, which proves nothing. The same search finds the same numbers with any pool and any number of
/// workers.
///
/// ```swift
/// let next = try ThreadPool(workers: 8).probablePrimes(.after(n))[0]
/// let keys = try ThreadPool(workers: 8).probablePrimes(.random(bits: 2048, count: 2))
/// ```
public struct PrimeSearch: Sendable {
    enum Kind: Sendable {
        case within(ClosedRange<BigNatural>)
        case after(BigNatural)
        case before(BigNatural)
        case random(bits: Int, isSafe: Bool, seed: UInt64?)
    }

    let kind: Kind
    let count: Int

    private init(_ kind: Kind, count: Int) {
        self.kind = kind
        self.count = count
    }

    /// The least ones above a number, in increasing order.
    ///
    /// - Parameters:
    ///   - number: Any number.
    ///   - count: How many, at least 1; other counts are an error of each run.
    /// - Returns: The search.
    public static func after(_ number: BigNatural, count: Int = 1) -> PrimeSearch {
        PrimeSearch(.after(number), count: count)
    }

    /// The greatest ones below a number, in decreasing order; fewer where there are no more.
    ///
    /// - Parameters:
    ///   - number: Any number.
    ///   - count: How many, at least 1; other counts are an error of each run.
    /// - Returns: The search.
    public static func before(_ number: BigNatural, count: Int = 1) -> PrimeSearch {
        PrimeSearch(.before(number), count: count)
    }

    /// Random ones of exactly so many bits, independent of each other.
    ///
    /// They are distributed as `BigNatural.randomProbablePrime(bits:isSafe:using:)` says, and are the
    /// numbers that it gives, one after the other, for `SeededRandomness(seed:)`: tests run ahead, and the
    /// first that passes in the order of the draws comes first.
    ///
    /// - Parameters:
    ///   - bits: The size: from 2 on, or 3 for safe ones.
    ///   - isSafe: Whether (*p* − 1)/2 is to be prime too.
    ///   - seed: Makes it reproducible, which is not for cryptographic keys; `nil` for the system's
    ///     generator.
    ///   - count: How many, at least 1; other counts are an error of each run.
    /// - Returns: The search. It throws ``PoolError/test(_:)`` when there is no such prime.
    public static func random(
        bits: Int, isSafe: Bool = false, seed: UInt64? = nil, count: Int = 1
    ) -> PrimeSearch {
        PrimeSearch(.random(bits: bits, isSafe: isSafe, seed: seed), count: count)
    }

    /// All of a range, in increasing order.
    ///
    /// A number in it that cannot be tested does not end the search.
    package static func within(_ range: ClosedRange<BigNatural>) -> PrimeSearch {
        PrimeSearch(.within(range), count: .max)
    }

    /// Whether it is for all of a range.
    ///
    /// Others end at a number that could not be tested: the least one would not be known to be that, nor
    /// the first draw.
    package var isOfRange: Bool {
        if case .within = kind { return true }
        return false
    }

    /// Whether a number is only the half of what is looked for, which has a bit more.
    fileprivate func isHalf(bits size: Int) -> Bool {
        guard case .random(let bits, true, _) = kind else { return false }
        return size < bits
    }
}

/// A prime or probable prime that a search found.
public struct FoundPrime: Sendable {
    /// The number.
    public let number: BigNatural
    /// What was shown.
    public let verdict: Verdict
    /// The evidence, when the job asks for it.
    public let report: TestReport?
}

/// Where a search's numbers come from: sieves or draws them, and cuts what is left into chunks.
///
/// `next` runs on a pool's feeder thread, all else on the thread that takes the results.
package final class SearchSource: Sendable {
    private enum Candidates {
        case sieved(WindowSieve)
        case drawn(RandomCandidates, any RandomNumberGenerator & Sendable)
    }

    private struct State {
        /// Numbers whose halves have passed.
        var due = NumberBatch()
        var isAtEnd = false
        var given = 0
        var last: BigNatural?
        var reached: BigNatural?
    }

    package let search: PrimeSearch
    private let sizer: ChunkSizer
    private let limit: Int
    /// The feeder's alone: a sieve may take its time.
    private let candidates: Monitor<Candidates>
    private let state = Monitor(State())

    /// Begins a search.
    ///
    /// - Parameters:
    ///   - search: What to look for.
    ///   - job: How numbers are tested.
    ///   - cancel: Ends a sieve.
    ///   - workers: How many workers there are.
    ///   - chunk: How many numbers make a chunk; `nil` to estimate.
    /// - Throws: ``PoolError/test(_:)`` when there is no prime of that kind.
    package init(
        _ search: PrimeSearch, _ job: PoolJob, cancel: CancelFlag, workers: Int, chunk: Int?
    ) throws(PoolError) {
        if search.count < 1 {
            throw .outOfRange(what: "count", value: search.count, allowed: 1...Int.max)
        }
        self.search = search
        sizer = ChunkSizer(engine: job.engine, fixed: chunk)
        let bits: Int
        let candidates: Candidates
        switch search.kind {
        case .within(let range):
            bits = 0
            candidates = .sieved(WindowSieve(range, cancel: cancel))
        case .after(let number):
            bits = number.bitWidth
            candidates = .sieved(
                WindowSieve(after: number, expecting: search.count, cancel: cancel))
        case .before(let number):
            bits = number.bitWidth
            candidates = .sieved(
                WindowSieve(before: number, expecting: search.count, cancel: cancel))
        case .random(let size, let isSafe, let seed):
            bits = size
            do throws(PrimalityError) {
                candidates = .drawn(
                    try RandomCandidates(bits: size, isSafe: isSafe, cancel: cancel),
                    seed.map { SeededRandomness(seed: $0) } ?? SystemRandomNumberGenerator())
            } catch {
                throw .test(error)
            }
        }
        // About one in bits/16 of what small primes leave is prime. Half of what is expected is shared
        // evenly, so that one worker does not test all of it.
        let (expected, isLarge) = (bits / 16 + 1).multipliedReportingOverflow(by: search.count)
        let isShared = chunk == nil && !isLarge && !search.isOfRange
        limit = isShared ? max(16, expected / 2 / max(1, workers)) : .max
        self.candidates = Monitor(candidates)
    }

    /// Whether all of a range was given, or all below a number.
    package var isAtEnd: Bool { state.withLock { $0.isAtEnd } }

    /// How many numbers were given, and the last of them.
    package var given: (count: Int, last: BigNatural?) {
        state.withLock { ($0.given, $0.last) }
    }

    /// The last number up to which all that was given has been decided.
    package fileprivate(set) var reached: BigNatural? {
        get { state.withLock { $0.reached } }
        set { state.withLock { $0.reached = newValue } }
    }

    /// The next chunk, or `nil` at the end, and when the search was cancelled.
    package func next() throws(PrimalityError) -> NumberBatch? {
        let due = state.withLock { state in
            defer { state.due = NumberBatch() }
            return state.due
        }
        if !due.isEmpty { return due }
        let next = candidates.withLock { candidates in
            Result { () throws(PrimalityError) in try nextBatch(of: &candidates) }
        }
        if case .failure(.cancelled) = next { return nil }
        let batch = try next.get()
        state.withLock { state in
            if let batch {
                state.given += batch.count
                state.last = batch[batch.count - 1]
            } else {
                state.isAtEnd = true
            }
        }
        return batch
    }

    private func nextBatch(
        of source: inout Candidates
    ) throws(PrimalityError) -> NumberBatch? {
        var sizer = sizer
        var count = 0
        func isFull(_ bits: Int) -> Bool {
            count += 1
            return sizer.isFull(afterNumberOf: bits) || count >= limit
        }
        switch source {
        case .sieved(var sieve):
            // Moves the sieve out, so that it is not copied while it is changed.
            source = .sieved(WindowSieve(0..<0))
            defer { source = .sieved(sieve) }
            return try sieve.nextBatch(until: isFull)
        case .drawn(let candidates, var generator):
            defer { source = .drawn(candidates, generator) }
            var batch = NumberBatch()
            repeat {
                try candidates.append(to: &batch, using: &generator)
            } while !isFull(candidates.bits)
            return batch
        }
    }

    /// Tests a number before what comes next.
    fileprivate func test(_ number: BigNatural) { state.withLock { $0.due.append(number) } }
}

/// What a search has found, out of results that come in the order of the chunks.
package struct SearchResults {
    /// What became of a number that is not composite, by its place in the chunk: numbers themselves would
    /// cost more than their tests where many are only counted.
    package enum Event {
        case found(Int)
        case failed(Int, ChunkFailure)
    }

    private let source: SearchSource
    /// How many numbers were found.
    package private(set) var found = 0
    /// How many numbers could not be tested.
    package private(set) var missed = 0
    /// How many numbers were tested.
    package private(set) var tested = 0
    /// A number was not reached: what comes after it is left out, so that there is no gap.
    package private(set) var isCut = false
    /// Nothing more is wanted.
    package private(set) var isOver = false

    package init(of source: SearchSource) { self.source = source }

    /// The last number before the first that was not reached.
    package var last: BigNatural? { source.reached }

    /// Everything was found that was looked for, or that there is.
    package var isWhole: Bool { !isCut && (isOver || source.isAtEnd) }

    /// Whether more results are wanted.
    package var goesOn: Bool { !isOver && (!isCut || missed == 0) }

    /// Takes a result, and gives what is news in it.
    package mutating func add(_ result: ChunkResult) -> [Event] {
        var events: [Event] = []
        let numbers = result.chunk.numbers
        var i = 0
        while i < numbers.count && !isCut && !isOver {
            if let verdict = result.results.verdict(at: i) {
                tested += 1
                if verdict.passed && isFound(numbers, i) { events.append(.found(i)) }
            } else if let failure = result.failure(at: i), failure != .cancelled {
                missed += 1
                events.append(.failed(i, failure))
                isCut = !source.search.isOfRange
            } else {
                isCut = true
            }
            if !isCut { i += 1 }
        }
        if i > 0 { source.reached = numbers[i - 1] }
        return events
    }

    /// Whether a number that passed is one that is looked for.
    private mutating func isFound(_ numbers: NumberBatch, _ i: Int) -> Bool {
        if source.search.isHalf(bits: numbers.bitWidth(at: i)) {
            source.test(RandomCandidates.safePrime(of: numbers[i]))
            return false
        }
        found += 1
        isOver = found == source.search.count
        return true
    }
}

extension ChunkResult {
    /// The number at a place, which passed its test.
    package func foundPrime(at place: Int) -> FoundPrime? {
        results.verdict(at: place).map {
            FoundPrime(
                number: chunk.numbers[place], verdict: $0,
                report: results.report(at: place, of: chunk.numbers))
        }
    }
}

extension Pool {
    /// Looks for primes and probable primes, and gives them as they are found, in the order of the search.
    ///
    /// Numbers are tested ahead by all workers; when everything was found what is still being tested is
    /// cancelled. Blocks the calling thread; see ``Pool/run(_:cancel:notify:from:deliver:)``.
    ///
    /// - Parameters:
    ///   - search: What to look for.
    ///   - job: How numbers are tested. Its order does not matter.
    ///   - cancel: Ends the search.
    ///   - chunk: How many numbers a worker is handed at once; by default the pool chooses.
    ///   - deliver: Takes a number; `false` ends the search.
    /// - Throws: ``PoolError``, also ``PoolError/cancelled``, and ``PoolError/failed(_:)`` when a number
    ///   could not be tested on which the answer depends.
    public func findProbablePrimes(
        _ search: PrimeSearch, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil,
        deliver: (FoundPrime) -> Bool
    ) throws(PoolError) {
        var job = job
        job.order = .input
        // Raised when the search is over: a sieve may be at work.
        let cancel = cancel.part()
        let source = try SearchSource(
            search, job, cancel: cancel, workers: workers, chunk: chunk)
        var results = SearchResults(of: source)
        var failure: ChunkFailure?
        var isWanted = true
        do throws(PoolError) {
            try run(job, cancel: cancel, from: { try source.next() }) { result in
                for event in results.add(result) {
                    switch event {
                    case .found(let place):
                        if isWanted, let prime = result.foundPrime(at: place) {
                            isWanted = deliver(prime)
                        }
                    case .failed(_, let reason): failure = failure ?? reason
                    }
                }
                if results.goesOn && isWanted { return true }
                cancel.cancel()
                return false
            }
        } catch {
            if case .source(let error) = error, let error = error.underlying as? PrimalityError {
                throw .test(error)
            }
            throw error
        }
        if let failure { throw .failed(failure) }
        if isWanted && !results.isWhole { throw .cancelled }
    }

    /// Looks for primes and probable primes.
    ///
    /// Collects what ``findProbablePrimes(_:using:cancel:chunk:deliver:)`` gives.
    ///
    /// - Parameters:
    ///   - search: What to look for.
    ///   - job: How numbers are tested.
    ///   - cancel: Ends the search.
    ///   - chunk: How many numbers a worker is handed at once; by default the pool chooses.
    /// - Returns: The numbers in the order of the search: as many as it says, or all there are.
    /// - Throws: ``PoolError``.
    public func probablePrimes(
        _ search: PrimeSearch, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) throws(PoolError) -> [BigNatural] {
        var numbers: [BigNatural] = []
        try findProbablePrimes(search, using: job, cancel: cancel, chunk: chunk) { found in
            numbers.append(found.number)
            return true
        }
        return numbers
    }

    /// Looks for primes and probable primes, on a thread of its own while the calling task waits.
    ///
    /// Cancelling the task ends the search, and this throws ``PoolError/cancelled``. See the function that
    /// blocks.
    public func probablePrimes(
        _ search: PrimeSearch, using job: PoolJob = PoolJob(), cancel: CancelFlag = CancelFlag(),
        chunk: Int? = nil
    ) async throws(PoolError) -> [BigNatural] {
        try await cancellable(cancel) { cancel throws(PoolError) -> [BigNatural] in
            try self.probablePrimes(search, using: job, cancel: cancel, chunk: chunk)
        }
    }
}
