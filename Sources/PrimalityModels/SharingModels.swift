// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityPool

extension ConcurrencyModel {
    /// The chapter's pool.
    package static let homeGrownPool = ConcurrencyModel(
        name: "pool",
        title: "The home-grown pool: two queues and a poison pill",
        lesson: """
            Workers take numbers from one queue and put results into another; a pill for each worker \
            behind the last number ends it. Results come as they are completed, not as they were \
            asked for, so each has to say which number it is about. It is the whole idea of a pool \
            in thirty lines, and what it leaves out is why pools have thousands: a worker that is \
            killed takes its number with it, and nobody notices until the count is wrong.
            """,
        command: "primality models pool",
        measure: measurePool, judge: judgePool)

    private static func name(_ workers: HomeGrownPool.Workers, _ count: Int) -> String {
        "\(count) \(workers.rawValue)"
    }

    private static func measurePool(_ setting: Setting) throws -> [Figure] {
        // A large prime first, so that something overtakes it wherever two workers are.
        let large: UInt64 = setting.isQuick ? 99_999_999_977 : 9_999_999_999_999_917
        let numbers =
            [large] + Race.book.compactMap(\.word).map { setting.isQuick ? $0 / 1_000_000 + 2 : $0 }
        func run(
            _ workers: HomeGrownPool.Workers, _ count: Int
        ) throws -> (summary: HomeGrownPool.Summary, order: [UInt64]) {
            var order: [UInt64] = []
            let pool = HomeGrownPool(workers, count: count, engine: .trial, cancel: setting.cancel)
            let summary = try pool.check(numbers) { order.append($0.number) }
            if setting.cancel.isCancelled { throw PoolError.cancelled }
            return (summary, order)
        }
        // The first one finds everything cold.
        _ = try run(.threads, 1)
        var figures = [
            Figure("workers", Double(setting.workers)), Figure("numbers", Double(numbers.count)),
            Figure("one thread", try run(.threads, 1).summary.seconds * 1e3, "ms"),
        ]
        for workers in HomeGrownPool.Workers.allCases {
            let (summary, order) = try run(workers, setting.workers)
            let count = name(workers, setting.workers)
            let displaced = zip(order, numbers).count { $0 != $1 }
            var open = numbers.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            let answered = order.count { number in
                open[number, default: 0] -= 1
                return open[number, default: 0] >= 0
            }
            figures += [
                Figure(count, summary.seconds * 1e3, "ms"),
                Figure("results, \(count)", Double(order.count)),
                Figure("numbers with a result, \(count)", Double(answered)),
                Figure("results out of order, \(count)", Double(displaced)),
            ]
        }
        return figures
    }

    private static func judgePool(_ figures: Figures) -> [Claim] {
        let numbers = figures.count("numbers")
        return HomeGrownPool.Workers.allCases.flatMap { workers in
            let count = name(workers, figures.count("workers"))
            let displaced = figures.count("results out of order, \(count)")
            let results = figures.count("results, \(count)")
            return [
                Claim(
                    "Results of \(count) arrive out of order.", displaced > 0,
                    "\(displaced) of \(results) came in another place than their numbers"),
                Claim(
                    "Each number has one result from \(count).",
                    numbers > 0 && results == numbers
                        && figures.count("numbers with a result, \(count)") == numbers,
                    "\(results) results to \(numbers) numbers"),
            ]
        }
    }

    /// What is shared.
    package static let contention = ConcurrencyModel(
        name: "contention",
        title: "Queue, lock, contention",
        lesson: """
            What threads share they wait for. A counter under a lock gets slower with every thread \
            that uses it, an atomic one less so, and one for each thread, put together at the end, \
            not at all: the cheapest way to share is not to. A message to the thread that owns the \
            counter needs no lock, and costs a wake-up and another one for the answer, a thousand \
            times an addition. So hand over work in chunks that are worth it, and keep counters apart.
            """,
        command: "primality models contention",
        measure: measureContention, judge: judgeContention)

    private static func name(_ guarded: Contention.Guard, _ threads: Int) -> String {
        name(Contention.Resource.counter, guarded, threads)
    }

    private static func name(
        _ resource: Contention.Resource, _ guarded: Contention.Guard, _ threads: Int
    ) -> String {
        "\(resource.rawValue), \(guarded.rawValue), threads: \(threads)"
    }

    private static func measureContention(_ setting: Setting) throws -> [Figure] {
        let crowd = setting.workers
        let rows = try Contention(
            threads: crowd == 1 ? [1] : [1, crowd], milliseconds: setting.isQuick ? 2 : 25,
            cancel: setting.cancel
        ).run()
        return [Figure("workers", Double(crowd))]
            + rows.map { Figure(name($0.resource, $0.guard, $0.threads), $0.perSecond, "1/s") }
    }

    private static func judgeContention(_ figures: Figures) -> [Claim] {
        let crowd = figures.count("workers")
        func rate(_ guarded: Contention.Guard, _ threads: Int) -> Double {
            figures[name(guarded, threads)]
        }
        func millions(_ rate: Double) -> String { "\((rate / 1e5).rounded() / 10) million/s" }
        let (mutex, atomic) = (rate(.mutex, crowd), rate(.atomic, crowd))
        let (sharded, messages) = (rate(.sharded, crowd), rate(.messages, crowd))
        return [
            Claim(
                "\(crowd) threads add less to one counter under a mutex than one thread alone.",
                mutex < rate(.mutex, 1), "\(millions(mutex)) and \(millions(rate(.mutex, 1)))"),
            Claim(
                "An atomic counter is faster than one under a mutex.", atomic > mutex,
                "\(millions(atomic)) and \(millions(mutex)) by \(crowd) threads"),
            Claim(
                "A counter for each thread is faster than a shared one.", sharded > atomic,
                "\(millions(sharded)) and \(millions(atomic)) by \(crowd) threads"),
            Claim(
                "Messages to an owner cost more than a lock.", messages < mutex,
                "\(millions(messages)) and \(millions(mutex)) by \(crowd) threads"),
        ]
    }
}

extension BigNatural {
    /// The number, when it has at most 64 bits.
    fileprivate var word: UInt64? { UInt64(description) }
}
