// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Charts
internal import FoundationEssentials
internal import Primality
internal import PrimalityPool
internal import PrimalityQueue
internal import PrimalityRuns

struct QueueStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows how far batches are, and who works.",
        discussion: """
            A line a batch: its chunks that are done, how many of all that is; numbers that were tested, and those that \
            are prime or probably so; how many a second in the last five minutes, by all hosts; how much time is left, from \
            what was finished in those minutes, which is unknown before three chunks are; and what has failed.

            Examples:
              primality queue status
              primality queue status --batch run1 --hosts
              primality queue status --watch 10
              primality queue status --json | jq '.batches[].done'
              primality queue status --html status.html
            """)

    @OptionGroup var queue: QueueOption

    @Option(help: ArgumentHelp("One batch alone, by its name or number.", valueName: "batch"))
    var batch: String?

    @Flag(help: "Show each worker, too.")
    var hosts = false

    @Flag(help: "Show it again and again, until Ctrl-C or the end of all batches.")
    var watch = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How often to look with --watch, from 0.1.", valueName: "seconds"))
    var every = 5.0

    @Flag(help: "Print one JSON object.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Write a page with progress over time and the throughput of each host; with --watch again each time.",
            valueName: "file"),
        completion: .file())
    var html: String?

    /// How many points a curve has.
    private static let spans = 60

    func run() throws {
        if !(0.1...86400).contains(every) {
            throw Refusal.usage("--every \(every) is out of range; give 0.1 to 86400 seconds")
        }
        if json && watch { throw Refusal.usage("--json prints one object; leave --watch out") }
        let interruption = Interruption()
        let store = try queue.open(cancel: interruption.cancel)
        var output = Output()
        let isTerminal = StandardStreams.outputIsTerminal
        while true {
            let batches = try reported { () throws(QueueError) in try store.batches() }
            let shown = try batch.map { [try found($0, among: batches)] } ?? batches
            let workers = try reported { () throws(QueueError) in
                try store.hosts(of: shown.count == 1 ? shown[0].id : nil)
            }
            if json {
                _ = output.write(try jsonText(Facts(store.name, shown, workers)))
            } else if html == nil || watch {
                let text = table(shown, workers)
                _ = output.write(
                    (watch && isTerminal ? "\u{1B}[H\u{1B}[2J" : "") + text + (watch ? "\n" : ""))
            }
            if let html { try write(html, store, shown) }
            if !watch || shown.allSatisfy(\.isOver) || output.error != nil { break }
            Condition.pause(.seconds(every), cancel: interruption.cancel)
            if interruption.cancel.isCancelled { break }
        }
        let status = output.status()
        if interruption.cancel.isCancelled && !watch { interruption.exitIfSignalled { "" } }
        if status != .done { throw ExitCode(status.rawValue) }
    }

    private func write(_ path: String, _ store: any QueueStore, _ batches: [BatchStatus]) throws {
        let entries = try reported { () throws(QueueError) in
            var entries: [StatusPage.Entry] = []
            for batch in batches {
                entries.append(
                    StatusPage.Entry(
                        batch: batch, hosts: try store.hosts(of: batch.id),
                        history: try store.history(of: batch.id, spans: Self.spans)))
            }
            return entries
        }
        let date = Date().formatted(.iso8601)
        let page = StatusPage(name: printable(file: store.name), date: date, entries)
        var output = Output()
        let status = try ReportFile(path).write(page.html, &output)
        if status != .done { throw ExitCode(status.rawValue) }
    }

    // MARK: Text

    private func table(_ batches: [BatchStatus], _ workers: [HostStatus]) -> String {
        if batches.isEmpty { return "the queue is empty\n" }
        var rows = [
            [
                "batch", "name", "state", "chunks", "share", "numbers", "primes", "a second",
                "left", "failed",
            ]
        ]
        for batch in batches {
            let rate =
                batch.chunks > 0 && batch.late > 0
                ? Double(batch.candidates) / Double(batch.chunks) * Double(batch.doneOfLate)
                    / batch.late : 0
            var faults: [String] = []
            if batch.failed > 0 { faults.append(counted(batch.failed, "chunk")) }
            if batch.failedNumbers > 0 { faults.append(counted(batch.failedNumbers, "number")) }
            if batch.disputed > 0 { faults.append("\(batch.disputed) disputed") }
            rows.append([
                String(batch.id), printable(file: batch.name), batch.stateText,
                "\(batch.done)/\(batch.chunks)", batch.shareText, String(batch.tested),
                String(batch.passed), batch.isOver ? "-" : decimal(rate, places: rate < 10 ? 1 : 0),
                batch.timeLeftText.replacing(" left", with: ""),
                faults.isEmpty ? "-" : faults.joined(separator: ", "),
            ])
        }
        var text = Self.columns(rows, leftAligned: [1, 2, 9])
        if hosts || watch {
            var rows = [
                [
                    "host", "process", "level", "cores", "pool", "has", "chunks", "numbers",
                    "failed", "CPU time", "heard of",
                ]
            ]
            // Who is gone for long, and has done nothing here, is of no interest.
            for host in workers
            where host.done > 0 || host.leased > 0 || host.silent < 300 {
                rows.append([
                    printable(file: host.worker.host), String(host.worker.process),
                    printable(file: host.worker.level), String(host.worker.workers),
                    printable(file: host.worker.pool), String(host.leased), String(host.done),
                    String(host.tested), String(host.failedNumbers),
                    secondsText(Double(host.nanoseconds) / 1e9), secondsText(host.silent) + " ago",
                ])
            }
            text +=
                "\n"
                + (rows.count > 1 ? Self.columns(rows, leftAligned: [0, 2, 4]) : "nobody works\n")
        }
        return text
    }

    private static func columns(_ rows: [[String]], leftAligned: Set<Int>) -> String {
        let widths = rows[0].indices.map { i in rows.map { $0[i].count }.max() ?? 0 }
        return rows.map { row in
            var line = row.indices.map { i in
                leftAligned.contains(i)
                    ? padded(row[i], to: widths[i]) : aligned(row[i], to: widths[i])
            }.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    // MARK: JSON

    private struct Facts: Encodable {
        struct Batch: Encodable {
            var id: Int
            var name: String
            var owner: String
            var state: String
            var priority: Int
            var candidates: Int
            var chunks: Int
            var open: Int
            var leased: Int
            var done: Int
            var failed: Int
            var tested: Int
            var passed: Int
            var failedNumbers: Int
            var disputed: Int
            var looked: Int
            var cpuSeconds: Double
            var secondsLeft: Double?
            var seed: String?
            var created: Double
        }
        struct Worker: Encodable {
            var host: String
            var process: Int
            var version: String
            var level: String
            var gmp: String
            var cores: Int
            var workers: Int
            var pool: String
            var leased: Int
            var done: Int
            var tested: Int
            var failedNumbers: Int
            var cpuSeconds: Double
            var secondsSilent: Double
            var secondsOld: Double
        }
        var queue: String
        var batches: [Batch]
        var workers: [Worker]

        init(_ name: String, _ batches: [BatchStatus], _ workers: [HostStatus]) {
            queue = name
            self.batches = batches.map { batch in
                Batch(
                    id: batch.id, name: batch.name, owner: batch.owner, state: batch.stateText,
                    priority: batch.priority, candidates: batch.candidates, chunks: batch.chunks,
                    open: batch.open, leased: batch.leased, done: batch.done, failed: batch.failed,
                    tested: batch.tested, passed: batch.passed,
                    failedNumbers: batch.failedNumbers, disputed: batch.disputed,
                    looked: batch.looked, cpuSeconds: Double(batch.nanoseconds) / 1e9,
                    secondsLeft: batch.timeLeft,
                    seed: (try? batch.spec).map { String($0.options.seed) },
                    created: batch.created)
            }
            self.workers = workers.map { host in
                Worker(
                    host: host.worker.host, process: host.worker.process,
                    version: host.worker.version, level: host.worker.level, gmp: host.worker.gmp,
                    cores: host.worker.cores, workers: host.worker.workers, pool: host.worker.pool,
                    leased: host.leased, done: host.done, tested: host.tested,
                    failedNumbers: host.failedNumbers, cpuSeconds: Double(host.nanoseconds) / 1e9,
                    secondsSilent: host.silent, secondsOld: host.age)
            }
        }
    }
}
