// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Charts
internal import Primality
internal import PrimalityModels
internal import PrimalityPool
internal import PrimalityRuns
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

struct RaceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "race",
        abstract: "Tests the same numbers by every engine on every pool, and compares the times.",
        usage:
            "primality race [--numbers <book|file>] [--engines <names>] [--pools <names>] [<options>]",
        discussion: """
            Each number is a chunk of its own. 'wall' includes starting and ending the workers, 'cpu' \
            is what the tests took, all workers together, 'speed-up' compares with the serial pool, \
            and 'overhead' is the wall time beyond an even share of the cpu time, per number. Short \
            runs are repeated up to 9 times and medians shown. Verdicts that differ are an error.

            The pools are serial, threads, processes with each channel (processes+pipe, \
            processes+socket, processes+shm, which processes alone means), tasks, and actors, one a \
            worker; one-actor has one actor for all. threads+gil are threads under an interpreter lock \
            as CPython's, for which the engines in Swift stand for interpreted code; in \
            threads+gil-released the engines in C run without it. For these a second table shows how \
            often the lock was handed over, how often by force, and how long threads waited for it, all \
            together.
            """)

    @Option(
        help: ArgumentHelp(
            "book, the 20 numbers of the book's primes table, or a file with one number a line.",
            valueName: "book|file"))
    var numbers = "book"

    @Option(
        help: ArgumentHelp(
            "A comma-separated list; by default every engine that takes the numbers.",
            valueName: "names"))
    var engines = "trial,u64,gmp,swift-trial,swift-u64"

    @Option(
        help: ArgumentHelp(
            "A comma-separated list; by default all but processes, which is processes+shm.",
            valueName: "names"))
    var pools: String?

    @Option(
        name: .customShort("j", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp("Workers, from 1 to 1024; by default one a core.", valueName: "workers"))
    var workers: Int?

    @Flag(help: "Show the speed-ups as bars, too; with NO_COLOR or TERM=dumb in ASCII.")
    var plot = false

    @OptionGroup var progress: ProgressOption

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Result: Encodable {
        var version = BuildInformation.version
        var level: String
        var cores = PoolKind.defaultWorkers
        var numbers: Int
        var primes: Int
        var agree = true
        var rows: [Race.Row]
    }

    func run() throws {
        let engines: [Engine] = try engines.split(separator: ",").map {
            try choice(String($0), of: "--engines")
        }
        let entrants: [Race.Entrant] =
            try pools?.split(separator: ",").map {
                try choice(String($0), of: "--pools", knownElsewhere: KnownElsewhere.pools)
            } ?? Race.Entrant.all
        if engines.isEmpty || entrants.isEmpty {
            throw Refusal.usage("--engines and --pools need a name each")
        }
        if plot && json { throw Refusal.usage("--plot goes with the table, not with --json") }
        if plot && !entrants.contains(.serial) {
            throw Refusal.usage("--plot compares with the serial pool: add serial to --pools")
        }
        let workers = try workerCount(workers)
        let progress = try progress.mode()
        try Refusal.checkLevel()
        let interruption = Interruption()
        let candidates = try readNumbers(interruption.cancel)
        let bits = candidates.map(\.bitWidth).max() ?? 0
        for engine in engines where bits > engine.maximumBits {
            StandardStreams.complain(
                "engine \(engine.rawValue) is left out: the largest number has \(bits) bits")
        }

        if !engines.contains(where: { bits <= $0.maximumBits }) {
            StandardStreams.complain("no engine is left; gmp and auto take numbers of any size")
            throw ExitCode(ExitStatus.badInput.rawValue)
        }

        let race = Race(
            numbers: candidates, engines: engines, entrants: entrants, workers: workers,
            cancel: interruption.cancel)
        var output = Output()
        var status = ExitStatus.done
        if !json { _ = output.write(try heading(candidates.count, workers)) }
        let stages = Stages(progress, count: race.count)
        defer { stages.stop() }
        do {
            let rows = try race.run { row in
                if !json && !output.write(line(row)) { interruption.cancel.cancel() }
            } begin: {
                stages.begin("engine \($0.rawValue) on pool \($1.rawValue)")
            }
            stages.stop()
            let primes = rows.first?.primes ?? 0
            if json {
                let level = try KernelLevel.active.rawValue
                let result = Result(
                    level: level, numbers: candidates.count, primes: primes, rows: rows)
                _ = output.write(try jsonText(result))
            } else {
                let locks = locks(rows)
                _ = output.write(locks)
                if plot {
                    let style = SpeedupChart.Style.current
                    let chart = SpeedupChart(rows).lines(
                        width: StandardStreams.columns(of: STDOUT_FILENO), style: style)
                    _ = output.write(
                        (locks.isEmpty ? "\n" : "") + chart.joined(separator: "\n") + "\n\n")
                }
                _ = output.write(
                    "\(rows.count == 1 ? "1 row" : "All \(rows.count) rows agree"): \(primes) of \(candidates.count) are prime.\n"
                )
            }
        } catch let error as Race.Failure {
            stages.stop()
            interruption.exitIfSignalled { "the race was not finished" }
            if output.error == nil {
                StandardStreams.complain(error.description)
                status.raise(to: .internalError)
            }
        }
        status.raise(to: output.status())
        if status != .done { throw ExitCode(status.rawValue) }
    }

    private func readNumbers(_ cancel: CancelFlag) throws -> [BigNatural] {
        if numbers == "book" { return Race.book }
        var candidates: [BigNatural] = []
        do {
            let descriptor = try FileDescriptor.open(
                FilePath(numbers), .readOnly, options: .closeOnExec)
            defer { try? descriptor.close() }
            let source = CandidateSource(
                .descriptor(descriptor, name: numbers), engine: .auto, maximumBits: 1_000_000,
                chunk: nil, cancel: cancel, report: StandardStreams.complain)
            while let batch = try source.next() {
                for i in 0..<batch.count { candidates.append(batch[i]) }
            }
            if source.counts.bad > 0 {
                throw ExitCode(ExitStatus.badInput.rawValue)
            }
        } catch let error as Complaint {
            StandardStreams.complain(error.message)
            throw ExitCode(error.status.rawValue)
        } catch let error as Errno {
            StandardStreams.complain("\(printable(numbers)): \(error)")
            throw ExitCode(ExitStatus.badInput.rawValue)
        }
        if candidates.isEmpty {
            StandardStreams.complain("\(printable(numbers)): there is no number in it")
            throw ExitCode(ExitStatus.badInput.rawValue)
        }
        return candidates
    }

    private func heading(_ count: Int, _ workers: Int) throws -> String {
        let level = try KernelLevel.active.rawValue
        return "\(counted(count, "number")), \(counted(workers, "worker")), level \(level)\n\n"
            + row("engine", "pool", ["wall", "cpu", "speed-up", "overhead"])
    }

    private func row(_ engine: String, _ pool: String, _ cells: [String]) -> String {
        padded(engine, to: 12) + padded(pool, to: 21)
            + zip(cells, [11, 11, 10, 13]).map { aligned($0, to: $1) }.joined() + "\n"
    }

    /// What the interpreter lock has cost, where there was one.
    private func locks(_ rows: [Race.Row]) -> String {
        var lines: [String] = []
        for found in rows {
            guard let handOvers = found.handOvers, let forced = found.forcedSwitches,
                let waiting = found.waitingSeconds
            else { continue }
            lines.append(
                row(
                    found.engine.rawValue, found.pool.rawValue,
                    [String(handOvers), String(forced), fixed(seconds: waiting)]))
        }
        if lines.isEmpty { return "" }
        return "\n" + row("engine", "interpreter lock", ["hand-overs", "forced", "waited"])
            + lines.joined() + "\n"
    }

    private func line(_ row: Race.Row) -> String {
        let speedup = row.speedup.map { decimal($0, places: 2) + "x" } ?? "-"
        let overhead = decimal(row.overheadMicroseconds, places: 1) + " us"
        return self.row(
            row.engine.rawValue, row.pool.rawValue,
            [fixed(seconds: row.wallSeconds), fixed(seconds: row.cpuSeconds), speedup, overhead])
    }
}
