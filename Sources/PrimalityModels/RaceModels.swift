// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal
internal import CPool
internal import Charts
internal import Primality
internal import PrimalityPool
internal import PurePrimality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension ConcurrencyModel {
    /// Processes, by each channel, beside one thread.
    package static let processes = ConcurrencyModel(
        name: "processes", title: "Worker processes",
        lesson: """
            Work for the CPU is done sooner by several processes than by one, since each has a core and an \
            interpreter, with its lock, of its own. What they cost is their start, a millisecond here, and \
            the way of each job and each answer from one process to another. How they travel, through \
            pipes, sockets or shared memory, matters little as long as a job takes much longer than that.
            """,
        command:
            "primality race --engines trial --pools "
            + "serial,processes+pipe,processes+socket,processes+shm",
        measure: measureProcesses, judge: judgeProcesses)

    /// Threads under an interpreter lock.
    package static let interpreterLock = ConcurrencyModel(
        name: "gil", title: "The interpreter lock",
        lesson: """
            Where one lock lets a single thread at a time run the program's code, threads make work for the \
            CPU no faster: they take turns. A thread that wants the lock waits for the switch interval, 5 ms \
            in CPython, and then asks the holder to drop it. So threads still do what they are good for \
            there, to wait for several things at once; but a thread that wakes up beside a busy one comes \
            late by about an interval, each time.
            """,
        command: "primality race --engines swift-trial --pools serial,threads+gil",
        measure: measureLock, judge: judgeLock)

    /// Threads whose code in C gives the interpreter lock up.
    package static let releasedLock = ConcurrencyModel(
        name: "gil-released", title: "C code that releases the lock",
        lesson: """
            The lock protects the interpreter, not the CPU. Code in C that does not touch the program's \
            objects may give the lock up for its time, as NumPy, zlib and calls through ctypes do in \
            CPython, and the same threads then use all cores. Nothing else about the program changes.
            """,
        command: "primality race --engines trial --pools serial,threads+gil,threads+gil-released",
        measure: measureReleasedLock, judge: judgeReleasedLock)

    /// One actor for all, and one a worker.
    package static let actors = ConcurrencyModel(
        name: "actors", title: "Actors",
        lesson: """
            An actor runs one message at a time, which is what keeps its state safe. So one actor that all \
            send their work to is a queue with one worker, however many threads there are: it does to its \
            callers what an interpreter lock does to threads. Actors give parallelism by their number, one \
            a worker.
            """,
        command: "primality race --engines trial --pools serial,one-actor,actors",
        measure: measureActors, judge: judgeActors)

    /// Threads without a lock, and work that is not worth starting them for.
    package static let compiledCode = ConcurrencyModel(
        name: "compiled", title: "Compiled code",
        lesson: """
            Without an interpreter there is no such lock, and threads do for work on the CPU what takes \
            processes elsewhere. But look at the algorithm first: Baillie-PSW answers in a microsecond what \
            trial division takes milliseconds for, and then the book's 20 numbers are tested before a \
            second worker has been started.
            """,
        command: "primality race --engines trial,u64 --pools serial,threads,processes",
        measure: measureCompiledCode, judge: judgeCompiledCode)
}

// A speed-up that noise on a machine with other work does not make. Two workers come to some 1.8.
private let gain = 1.2

/// The book's numbers, as often as it takes one thread two tenths of a second: of its CPU time, since other
/// work may keep it waiting.
private func work(
    _ engine: Engine, _ setting: ConcurrencyModel.Setting
) throws -> (numbers: [BigNatural], times: Int) {
    let book = book(setting)
    let start = prk_thread_cpu_ns()
    _ = try SerialPool().verdicts(
        of: book, using: PoolJob(engine: engine), cancel: setting.cancel)
    let seconds = Double(max(1, prk_thread_cpu_ns() - start)) / 1e9
    let times = Int(max(1, min(100, ((setting.isQuick ? 0.02 : 0.2) / seconds).rounded())))
    return ([[BigNatural]](repeating: book, count: times).flatMap { $0 }, times)
}

/// The book's numbers, or such as take a thousandth of their time.
private func book(_ setting: ConcurrencyModel.Setting) -> [BigNatural] {
    if !setting.isQuick { return Race.book }
    return Race.book.compactMap { UInt64(exactly: $0) }.map { BigNatural($0 / 1_000_000 + 2) }
}

/// What races by one engine found, entrant by entrant.
///
/// There are three of them, one after the other, and the best time of each entrant counts: other work on the
/// machine makes times longer, never shorter, and it comes and goes.
private struct Found {
    private let rows: [Race.Row]
    private let engine: Engine

    init(
        _ engine: Engine, _ entrants: [Race.Entrant], _ numbers: [BigNatural],
        _ setting: ConcurrencyModel.Setting
    ) throws {
        self.engine = engine
        var race = Race(
            numbers: numbers, engines: [engine], entrants: entrants, workers: setting.workers,
            cancel: setting.cancel)
        if setting.isQuick { race.patience = .milliseconds(10) }
        var best: [Race.Row] = []
        do {
            for _ in 0..<(setting.isQuick ? 1 : 3) {
                let rows = try race.run()
                if best.isEmpty { best = rows }
                for (i, row) in rows.enumerated() where row.wallSeconds < best[i].wallSeconds {
                    best[i] = row
                }
            }
        } catch {
            if case .pool(_, _, let error) = error { throw error }
            throw error
        }
        rows = best
    }

    /// Each entrant's time, and its speed-up over the serial pool.
    var figures: [ConcurrencyModel.Figure] {
        rows.flatMap { row -> [ConcurrencyModel.Figure] in
            let name = "\(engine.rawValue) \(row.pool.rawValue)"
            let time = figure(name, row.wallSeconds)
            if row.pool == .serial { return [time] }
            return [time, ConcurrencyModel.Figure("\(name), speed-up", speedup(row.pool), "x")]
        }
    }

    private func row(_ entrant: Race.Entrant) -> Race.Row? { rows.first { $0.pool == entrant } }

    private func seconds(_ entrant: Race.Entrant) -> Double {
        row(entrant)?.wallSeconds ?? .infinity
    }

    /// Of the best times.
    private func speedup(_ entrant: Race.Entrant) -> Double { seconds(.serial) / seconds(entrant) }

    func handOvers(_ entrant: Race.Entrant) -> Int { row(entrant)?.handOvers ?? 0 }

    func forcedSwitches(_ entrant: Race.Entrant) -> Int { row(entrant)?.forcedSwitches ?? 0 }

    func waitingSeconds(_ entrant: Race.Entrant) -> Double { row(entrant)?.waitingSeconds ?? 0 }
}

/// The figures of races by one engine.
private struct Judged {
    let engine: Engine
    let figures: ConcurrencyModel.Figures

    func seconds(_ entrant: Race.Entrant) -> Double {
        figures["\(engine.rawValue) \(entrant.rawValue)"]
    }

    func speedup(_ entrant: Race.Entrant) -> Double {
        figures["\(engine.rawValue) \(entrant.rawValue), speed-up"]
    }

    /// `trial: serial 351.2 ms, threads 190.5 ms (1.84x)`.
    func evidence(_ entrants: Race.Entrant...) -> String {
        let serial = "\(engine.rawValue): serial \(fixed(seconds: seconds(.serial)))"
        return
            ([serial]
            + entrants.map {
                "\($0.rawValue) \(fixed(seconds: seconds($0))) (\(decimal(speedup($0), places: 2))x)"
            }).joined(separator: ", ")
    }
}

/// A time in the unit that suits it.
private func figure(_ name: String, _ seconds: Double) -> ConcurrencyModel.Figure {
    seconds >= 1e-3
        ? ConcurrencyModel.Figure(name, seconds * 1e3, "ms")
        : ConcurrencyModel.Figure(name, seconds * 1e6, "us")
}

private let channels: [Race.Entrant] = [.pipes, .sockets, .sharedMemory]

private func measureProcesses(
    _ setting: ConcurrencyModel.Setting
) throws -> [ConcurrencyModel.Figure] {
    let (numbers, _) = try work(.trial, setting)
    return try Found(.trial, [.serial] + channels, numbers, setting).figures
}

private func judgeProcesses(_ figures: ConcurrencyModel.Figures) -> [ConcurrencyModel.Claim] {
    let found = Judged(engine: .trial, figures: figures)
    let speedups = channels.map(found.speedup)
    let (least, most) = (speedups.min() ?? 0, speedups.max() ?? 0)
    return [
        ConcurrencyModel.Claim(
            "Processes beat one thread at work for the CPU, by every channel.", least >= gain,
            found.evidence(.pipes, .sockets, .sharedMemory)),
        ConcurrencyModel.Claim(
            "For jobs of milliseconds the channel makes no difference of more than a fifth.",
            most < gain * least,
            "speed-ups from \(decimal(least, places: 2))x to \(decimal(most, places: 2))x"),
    ]
}

private let intervals = [5, 20]

private func lagName(_ interval: Int) -> String { "lag of a tick, interval \(interval) ms" }

private func measureLock(
    _ setting: ConcurrencyModel.Setting
) throws -> [ConcurrencyModel.Figure] {
    let (numbers, _) = try work(.swiftTrial, setting)
    let found = try Found(.swiftTrial, [.serial, .lockedThreads], numbers, setting)
    return try found.figures + [
        ConcurrencyModel.Figure("hand-overs", Double(found.handOvers(.lockedThreads))),
        ConcurrencyModel.Figure("forced switches", Double(found.forcedSwitches(.lockedThreads))),
        figure("threads waited, all together", found.waitingSeconds(.lockedThreads)),
    ]
        + intervals.map { interval in
            let lag = try lagOfTicks(interval: .milliseconds(interval), setting)
            return ConcurrencyModel.Figure(lagName(interval), lag * 1e3, "ms")
        }
}

private func judgeLock(_ figures: ConcurrencyModel.Figures) -> [ConcurrencyModel.Claim] {
    let found = Judged(engine: .swiftTrial, figures: figures)
    let lags = intervals.map { (interval: Double($0), lag: figures[lagName($0)] * 1e3) }
    let forced = figures.count("forced switches")
    return [
        ConcurrencyModel.Claim(
            "Threads under the lock do not beat one thread at work for the CPU.",
            found.speedup(.lockedThreads) < gain, found.evidence(.lockedThreads)),
        ConcurrencyModel.Claim(
            "They take turns: the lock is handed over by force during the work.", forced > 0,
            "\(figures.count("hand-overs")) hand-overs, \(forced) of them forced, in "
                + "\(fixed(seconds: found.seconds(.lockedThreads))); threads waited "
                + "\(fixed(seconds: figures["threads waited, all together"])), all together"
        ),
        ConcurrencyModel.Claim(
            "A thread that wakes up beside a busy one comes late by about the switch interval.",
            lags.allSatisfy { $0.lag >= 0.8 * $0.interval && $0.lag <= 2.5 * $0.interval },
            lags.map {
                "\(decimal($0.lag, places: 1)) ms late with an interval of \(Int($0.interval)) ms"
            }.joined(separator: ", ")),
    ]
}

/// How late a thread comes that sleeps for 20 ms and then wants the lock, beside one that holds it to divide:
/// the median, in seconds.
private func lagOfTicks(
    interval: Duration, _ setting: ConcurrencyModel.Setting
) throws(PoolError) -> Double {
    let lock = InterpreterLock(switchInterval: interval)
    let isOver = CancelFlag()
    let divisor = Monitor<UInt64>(0)
    let busy = try WorkerThread(name: "prk-busy") {
        var found: UInt64 = 0
        lock.withLock {
            while !isOver.isCancelled {
                // The largest prime of 64 bits, so there is no divisor.
                found |= Pure64.smallestDivisor(
                    of: 18_446_744_073_709_551_557, from: 1 << 20, through: 1 << 20 + 1 << 18)
                lock.checkpoint()
            }
        }
        // The divisions are not for nothing.
        divisor.withLock { $0 = found }
    }
    defer {
        isOver.cancel()
        busy.join()
    }
    var lags: [Double] = []
    lock.withLock {
        for _ in 0..<(setting.isQuick ? 3 : 15) where !setting.cancel.isCancelled {
            let start = ContinuousClock.now
            lock.withoutLock { _ = usleep(20_000) }
            lags.append((ContinuousClock.now - start) / .seconds(1) - 0.02)
        }
    }
    if lags.isEmpty { throw .cancelled }
    return lags.sorted()[lags.count / 2]
}

private func measureReleasedLock(
    _ setting: ConcurrencyModel.Setting
) throws -> [ConcurrencyModel.Figure] {
    let (numbers, _) = try work(.trial, setting)
    return try Found(.trial, [.serial, .lockedThreads, .releasingThreads], numbers, setting).figures
}

private func judgeReleasedLock(_ figures: ConcurrencyModel.Figures) -> [ConcurrencyModel.Claim] {
    let found = Judged(engine: .trial, figures: figures)
    return [
        ConcurrencyModel.Claim(
            "Threads whose C code holds the lock do not beat one thread.",
            found.speedup(.lockedThreads) < gain, found.evidence(.lockedThreads)),
        ConcurrencyModel.Claim(
            "The same threads beat it when the C code gives the lock up.",
            found.speedup(.releasingThreads) >= gain, found.evidence(.releasingThreads)),
    ]
}

private func measureActors(
    _ setting: ConcurrencyModel.Setting
) throws -> [ConcurrencyModel.Figure] {
    let (numbers, _) = try work(.trial, setting)
    return try Found(.trial, [.serial, .oneActor, .actors], numbers, setting).figures
}

private func judgeActors(_ figures: ConcurrencyModel.Figures) -> [ConcurrencyModel.Claim] {
    let found = Judged(engine: .trial, figures: figures)
    return [
        ConcurrencyModel.Claim(
            "One actor for all is no faster than one thread.",
            found.speedup(.oneActor) < gain, found.evidence(.oneActor)),
        ConcurrencyModel.Claim(
            "One actor a worker is faster.", found.speedup(.actors) >= gain,
            found.evidence(.actors)),
    ]
}

private func measureCompiledCode(
    _ setting: ConcurrencyModel.Setting
) throws -> [ConcurrencyModel.Figure] {
    let (numbers, times) = try work(.trial, setting)
    let trial = try Found(.trial, [.serial, .threads], numbers, setting).figures
    let quick = try Found(
        .u64, [.serial, .threads, .sharedMemory], book(setting), setting
    ).figures
    let all = ConcurrencyModel.Figures(all: trial + quick)
    let once = all["trial serial"] / Double(times)
    return trial + quick + [
        figure("trial serial, the book once", once),
        ConcurrencyModel.Figure(
            "u64 serial, times as fast as trial", once / all["u64 serial"], "x"),
        ConcurrencyModel.Figure("workers", Double(setting.workers)),
    ]
}

private func judgeCompiledCode(_ figures: ConcurrencyModel.Figures) -> [ConcurrencyModel.Claim] {
    let trial = Judged(engine: .trial, figures: figures)
    let quick = Judged(engine: .u64, figures: figures)
    return [
        ConcurrencyModel.Claim(
            "Threads without a lock beat one thread at work for the CPU.",
            trial.speedup(.threads) >= gain, trial.evidence(.threads)),
        ConcurrencyModel.Claim(
            "For the book's 20 numbers by u64, starting workers costs more than they save.",
            quick.speedup(.threads) < 1 && quick.speedup(.sharedMemory) < 1,
            quick.evidence(.threads, .sharedMemory)),
        ConcurrencyModel.Claim(
            "A better algorithm does more than \(figures.count("workers")) workers can.",
            figures["u64 serial, times as fast as trial"] > figures["workers"],
            "the book once: trial \(fixed(seconds: figures["trial serial, the book once"])), "
                + "u64 \(fixed(seconds: quick.seconds(.serial)))"),
    ]
}
