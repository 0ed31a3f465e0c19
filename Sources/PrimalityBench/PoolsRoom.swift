// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
internal import Charts
internal import Dispatch
internal import Primality
internal import PrimalityModels
internal import PrimalityPool
internal import Synchronization

/// Each pool as Python's pools are used: a source gives chunks, and results come as they are done.
///
/// Numbers in memory are the work of ``HandOverRoom``. `Benchmarks/pools/peers.py` gives Python's pools the same
/// work as this room, under the same names.
package struct PoolsRoom {
    private let settings: BenchSettings
    private let workers: Int
    private let sizes: [Int]
    private let large: Int
    private let book: [UInt64]
    private let bookTime: Double

    package static let command = "primality bench --rooms pools"
    /// How many numbers a chunk has.
    package static let sizes = [1, 16, 256, 4096]

    package init(_ settings: BenchSettings) {
        self.init(
            settings, workers: PoolKind.defaultWorkers, sizes: Self.sizes, large: 1 << 20,
            book: Race.book.compactMap { UInt64(exactly: $0) },
            bookTime: settings.isQuick ? 0 : 500e6)
    }

    /// With chunks of those sizes, a large one, and a book's numbers: they are repeated until one thread needs
    /// about `bookTime` nanoseconds for them.
    package init(
        _ settings: BenchSettings, workers: Int, sizes: [Int], large: Int, book: [UInt64],
        bookTime: Double
    ) {
        self.settings = settings
        self.workers = workers
        self.sizes = sizes
        self.large = large
        self.book = book
        self.bookTime = bookTime
    }

    /// A part of starting and ending a pool: `asks`, `first` or `end`.
    package static func start(_ part: String, _ pool: String) -> String { "pools.\(part).\(pool)" }

    package static func streamed(_ size: Int, _ pool: String) -> String {
        "pools.streamed.chunk-\(size).\(pool)"
    }

    package static func book(_ pool: String) -> String { "pools.book.\(pool)" }

    package func measure(_ contest: Contest) throws -> [Timing] {
        // First, while there is little memory that a fork would copy page tables of.
        let starts = try contest.run("first results", starts(contest.cancel))
        return try contest.run("streams", streams(contest.cancel)) + starts
            + contest.run(PeerFile.book, books(contest.cancel))
    }

    private var serial: PoolVariant {
        PoolVariant(name: "serial", text: "serial", pool: SerialPool())
    }

    private func timing(
        _ id: (String) -> String, _ subject: String, _ variant: PoolVariant, input: String? = nil,
        size: Int? = nil, per: String, over reference: String = "serial"
    ) -> Timing {
        Timing(
            id: id(variant.name), section: .pools, subject: subject, variant: variant.text,
            input: input, size: size, per: per, command: Self.command,
            reference: variant.name == reference ? nil : id(reference))
    }

    // MARK: Starting and ending

    private func starts(_ cancel: CancelFlag) -> [Contestant] {
        let stream = Stream(smallEven: 1, cancel)
        let parts: [(name: String, subject: String, time: (Stream.Times) -> Double)] = [
            ("asks", "until it asks", \.asked),
            ("first", PeerFile.firstResults, \.last), ("end", "to the end", \.end),
        ]
        return PoolVariant.all(workers: workers).flatMap { variant in
            parts.map { part in
                stream.contestant(
                    timing(
                        { Self.start(part.name, $0) }, part.subject, variant, per: "start",
                        over: "threads"),
                    variant.pool, chunks: workers, units: 1, part.time)
            }
        }
    }

    // MARK: Streams

    private func streams(_ cancel: CancelFlag) throws -> [Contestant] {
        let pools = [serial] + PoolVariant.all(workers: workers)
        func contestants(
            _ id: (String) -> String, _ subject: String, input: String?, _ size: Int,
            oneAtATime: Bool = false
        ) throws -> [Contestant] {
            let stream = Stream(smallEven: size, oneAtATime: oneAtATime, cancel)
            return try pools.map { variant in
                let count = try stream.length(variant.pool, taking: 20 * settings.leastTime)
                return stream.contestant(
                    timing(id, subject, variant, input: input, size: size, per: "chunk"),
                    variant.pool, chunks: count, units: 1, \.later)
            }
        }
        var all: [Contestant] = []
        for size in sizes {
            let id = { Self.streamed(size, $0) }
            all.append(
                alone(
                    timing(
                        id, PeerFile.chunks,
                        PoolVariant(name: "alone", text: "no pool", pool: SerialPool()),
                        input: PeerFile.streamed, size: size, per: "chunk"), cancel))
            all += try contestants(id, PeerFile.chunks, input: PeerFile.streamed, size)
        }
        all += try contestants(
            { "pools.one-at-a-time.\($0)" }, "one number at a time", input: nil, 1,
            oneAtATime: true)
        all += try contestants({ "pools.large.\($0)" }, "results of 1 MB", input: nil, large)
        return all
    }

    /// The kernel, called chunk by chunk: what all others do too.
    private func alone(_ timing: Timing, _ cancel: CancelFlag) -> Contestant {
        let size = timing.size ?? 1
        let work = PoolWork(.light, count: size, cancel)
        let batch = work.batch(count: size)
        // So many that making the tester does not count.
        let many = 256
        return Contestant(
            measurement: timing, units: many, expected: UInt64(size), isByClock: true,
            pass: { passes in
                try work.run(batch, passes: passes * many)
                return 0
            },
            verify: { work.verified() })
    }

    // MARK: The book

    private func books(_ cancel: CancelFlag) throws -> [Contestant] {
        let book = book
        let all = NumberBatch(book)
        var tester = try Tester(engine: .trial, cancel: cancel)
        var once: UInt64 = 0
        // The second time counts, since the first finds the caches cold.
        for _ in 0..<2 {
            let start = prk_clock_ns()
            _ = try tester.test(all)
            once = prk_clock_ns() - start
        }
        let repeats = max(1, Int((bookTime / Double(max(1, once))).rounded()))
        let stream = Stream(book: book, cancel)
        let pools = [serial] + PoolVariant.all(workers: workers)
        let streamed = pools.map { variant in
            stream.contestant(
                timing(Self.book, PeerFile.book, variant, per: "run"), variant.pool,
                chunks: book.count * repeats, units: repeats, \.whole)
        }
        let even = PoolVariant(
            name: "even-shares", text: "threads, an even share each", pool: SerialPool())
        let workers = workers
        let shares = (0..<workers).map { worker in
            NumberBatch(
                stride(from: worker, to: book.count * repeats, by: workers).map {
                    book[$0 % book.count]
                })
        }
        let primes = Atomic(0)
        // Cut beforehand and without a pool: what the machine can give.
        let evenly = Contestant(
            measurement: timing(Self.book, PeerFile.book, even, per: "run"), units: repeats,
            expected: UInt64(repeats * book.count { isPrime($0) }), isByClock: true,
            pass: { passes in
                for _ in 0..<passes {
                    primes.store(0, ordering: .relaxed)
                    DispatchQueue.concurrentPerform(iterations: workers) { worker in
                        guard var tester = try? Tester(engine: .trial, cancel: cancel),
                            let results = try? tester.test(shares[worker])
                        else { return }
                        let found = (0..<results.count).count { results.verdict(at: $0) == .prime }
                        primes.wrappingAdd(found, ordering: .relaxed)
                    }
                    if cancel.isCancelled { throw BenchFailure.cancelled }
                }
                return UInt64(primes.load(ordering: .relaxed))
            })
        return streamed + [evenly]
    }
}

/// Chunks that are handed out again and again: that they are made is no part of the work.
private final class Stream {
    /// When what happened, in nanoseconds from the start of a run.
    struct Times {
        /// Numbers were asked for.
        var asked = 0.0
        /// The last result was there.
        var last = 0.0
        /// From then until the run returned.
        var end = 0.0
        var whole: Double { last + end }
        /// From the result of an eighth of the chunks to the last one, a chunk: neither the pool's start and
        /// first steps nor its end are in between.
        var later = 0.0
    }

    private let engine: Engine
    private let batches: [NumberBatch]
    /// What the first numbers of the batches are.
    private let primes: [Bool]
    private let oneAtATime: Bool
    private let cancel: CancelFlag

    private init(
        _ engine: Engine, _ batches: [NumberBatch], primes: [Bool], oneAtATime: Bool,
        _ cancel: CancelFlag
    ) {
        self.engine = engine
        self.batches = batches
        self.primes = primes
        self.oneAtATime = oneAtATime
        self.cancel = cancel
    }

    /// Chunks of small even numbers, which Python passes on in fewer bytes than others; the next one given
    /// only when the result of the one before is there, where that is wanted.
    convenience init(smallEven count: Int, oneAtATime: Bool = false, _ cancel: CancelFlag) {
        let batch = NumberBatch((0..<count).map { 4 + 2 * UInt64($0 % 29) })
        self.init(.u64, [batch], primes: [false], oneAtATime: oneAtATime, cancel)
    }

    /// Those numbers in turn, one a chunk, for trial division.
    convenience init(book: [UInt64], _ cancel: CancelFlag) {
        self.init(
            .trial, book.map { NumberBatch([$0]) }, primes: book.map { isPrime($0) },
            oneAtATime: false, cancel)
    }

    /// A contestant that has so many chunks tested, of whose times one counts.
    func contestant(
        _ measurement: Timing, _ pool: any Pool, chunks: Int, units: Int,
        _ part: @escaping (Times) -> Double
    ) -> Contestant {
        var took = 0.0
        return Contestant(
            measurement: measurement, units: units, expected: UInt64(chunks), isByClock: true,
            pass: { passes in
                for _ in 0..<passes { took += part(try self.run(pool, chunks: chunks)) }
                return UInt64(chunks)
            },
            own: {
                defer { took = 0 }
                return took
            })
    }

    /// As many chunks as take about `target` nanoseconds, a multiple of 8.
    func length(_ pool: any Pool, taking target: Double) throws -> Int {
        let most = 1 << 22
        var chunks = 16
        while chunks < most {
            // The better one of two, lest a disturbance make runs short for good.
            let first = try run(pool, chunks: chunks).later
            let later = try min(first, run(pool, chunks: chunks).later)
            let took = max(1, later * Double(chunks))
            if took > target / 4 {
                return min(most, max(16, Int(Double(chunks) * target / took) & ~7))
            }
            chunks *= 4
        }
        return most
    }

    /// Has chunks tested, and looks at the results.
    private func run(_ pool: any Pool, chunks: Int) throws -> Times {
        let (batches, cancel) = (batches, cancel)
        // From 0, since a semaphore may not end below what it began with.
        let turn = oneAtATime ? DispatchSemaphore(value: 0) : nil
        turn?.signal()
        let next = Atomic(0)
        let asked = Atomic<UInt64>(0)
        let few = chunks / 8
        var done = 0
        var numbers = 0
        var found = 0
        var early: UInt64 = 0
        var last: UInt64 = 0
        var sample: TestResults?
        let start = prk_clock_ns()
        try orCancelled {
            try pool.run(
                PoolJob(engine: engine, order: .done), cancel: cancel,
                from: {
                    let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    if i == 0 { asked.store(prk_clock_ns(), ordering: .relaxed) }
                    while let turn, turn.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
                        if cancel.isCancelled { return nil }
                    }
                    return i < chunks ? batches[i % batches.count] : nil
                },
                deliver: { result in
                    done += 1
                    numbers += result.results.count
                    if result.results.verdict(at: 0) == .prime { found += 1 }
                    if done == few { early = prk_clock_ns() }
                    if done == chunks {
                        last = prk_clock_ns()
                        sample = result.results
                    }
                    turn?.signal()
                    return result.failure == nil
                })
        }
        let end = prk_clock_ns()
        if cancel.isCancelled { throw BenchFailure.cancelled }
        let expected = (0..<chunks).count { primes[$0 % primes.count] }
        let verdicts = try sample?.verdicts() ?? []
        // The numbers of a batch are alike.
        guard done == chunks, numbers == chunks * batches[0].count, found == expected,
            verdicts.allSatisfy({ $0 == verdicts[0] })
        else {
            throw BenchFailure.wrong(
                "\(pool.kind), streamed", UInt64(found), expected: UInt64(expected))
        }
        return Times(
            asked: Double(asked.load(ordering: .relaxed) - start), last: Double(last - start),
            end: Double(end - last), later: Double(last - early) / Double(chunks - few))
    }
}

/// A function of its own: with the `catch` around the closures of a run Swift 6.3 ends with an error of its own.
private func orCancelled(_ body: () throws -> Void) throws {
    do { try body() } catch PoolError.cancelled { throw BenchFailure.cancelled }
}
