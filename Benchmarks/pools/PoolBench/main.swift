// SPDX-License-Identifier: Apache-2.0
//
// make bench-pools: what it costs to hand work to each pool, beside Python's pools, in one run.
//
// Each round measures every contender once, in an order that rotates, so that what the machine does
// meanwhile meets all of them. Times are by the clock, since the work is in several processes; a ratio
// is the median of the rounds' ratios. Results are counted and verdicts looked at in every measurement.

import Primality
import PrimalityBench
import PrimalityPool

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

let options = Options(Array(CommandLine.arguments.dropFirst()))
// A Python that has ended shows in its answers.
signal(SIGPIPE, SIG_IGN)

// MARK: - Contenders

let pools: [any Pool] =
    [ThreadPool(workers: options.workers), TaskPool(workers: options.workers)]
    + [ActorPool(workers: options.workers)]
    + [ProcessChannel.pipe, .socket, .shm].map {
        ProcessPool(workers: options.workers, channel: $0)
    }
let ours = pools.map { Contender.pool($0) }
let serial = Contender.pool(SerialPool())
let pythonPools = ["Pool", "ProcessPoolExecutor"]

/// A contender with chunks of one size, and how many of them are measured.
struct Entry {
    var contender: Contender
    var path: Path
    var chunk: Int
    var chunks = 0
}

func entries(withPython: Bool) -> [Entry] {
    let python = withPython ? pythonPools : []
    var all: [Entry] = []
    func add(_ contenders: [Contender], _ path: Path, _ chunk: Int) {
        all += contenders.map { Entry(contender: $0, path: path, chunk: chunk) }
    }
    for chunk in Results.sizes {
        add([.kernel, serial] + ours, .memory, chunk)
        add([serial] + ours, .stream, chunk)
        for pool in withPython ? ["none"] + python : [] {
            add([.peer(pool, .arrays), .peer(pool, .numbers)], .stream, chunk)
        }
    }
    let arrays = python.map { Contender.peer($0, .arrays) }
    add([serial] + ours + arrays, .lockstep, 1)
    // As a stream of numbers a million calls of ctypes would be all that is measured.
    add([serial] + ours + arrays, .stream, Results.large)
    return all
}

// MARK: - Rounds

/// Lets each of `count` have its turn in each round.
func rounds(of what: String, _ count: Int, _ body: (Int) throws -> Void) rethrows {
    for round in 0..<options.rounds {
        showProgress("\(what), round \(round + 1) of \(options.rounds)")
        for turn in 0..<count { try body((turn + round) % count) }
    }
    showProgress("")
}

/// Progress, in the place of what was shown before, for who looks at a terminal.
func showProgress(_ progress: String) {
    if isatty(STDERR_FILENO) != 0 { show("\r\u{1B}[K\(progress)") }
}

func measureStarts(_ course: Course, into results: inout Results, withPython: Bool) throws {
    let contenders = ours + (withPython ? pythonPools.map { .peer($0, .arrays) } : [])
    for contender in contenders {
        let isOurs = if case .pool = contender { true } else { false }
        results.starts.append(
            Results.StartRow(name: contender.name, asks: isOurs ? Timing() : nil))
        _ = try course.start(contender)
    }
    try rounds(of: "starting and ending", contenders.count) { i in
        let start = try course.start(contenders[i])
        if let asks = start.asks { results.starts[i].asks?.add(asks) }
        results.starts[i].first.add(start.first)
        results.starts[i].end.add(start.end)
    }
}

func measureChunks(_ course: Course, into results: inout Results, withPython: Bool) throws {
    var entries = entries(withPython: withPython)
    for i in entries.indices {
        let entry = entries[i]
        entries[i].chunks = try course.chunks(
            entry.contender, entry.path, chunk: entry.chunk,
            taking: options.isQuick ? 4e6 : 20e6)
        results.rows.append(
            Results.Row(path: entry.path, name: entry.contender.name, chunk: entry.chunk))
    }
    var slopes = entries.map { _ in Slope() }
    try rounds(of: "handing over", entries.count) { i in
        let entry = entries[i]
        let run = try course.run(
            entry.contender, entry.path, chunk: entry.chunk, chunks: entry.chunks)
        if let perChunk = run.perChunk {
            results.rows[i].measurement.add(perChunk)
            return
        }
        slopes[i].add(long: run.whole, of: run.chunks)
        let few = entry.chunks / 8
        let short = try course.run(entry.contender, entry.path, chunk: entry.chunk, chunks: few)
        slopes[i].add(short: short.whole, of: short.chunks)
    }
    for i in entries.indices {
        for perChunk in slopes[i].perChunk { results.rows[i].measurement.add(perChunk) }
    }
}

func measureBook(_ book: Book, into results: inout Results, withPython: Bool) throws {
    let contenders =
        [serial, .kernel] + ours + (withPython ? pythonPools.map { .peer($0, .trial) } : [])
    results.bookRepeats = book.repeats
    results.book = contenders.map {
        let isBare = if case .kernel = $0 { true } else { false }
        return Results.BookRow(name: isBare ? "threads, an even share each" : $0.name)
    }
    try rounds(of: "the book's numbers", contenders.count) { i in
        results.book[i].measurement.add(try book.run(contenders[i]))
    }
}

// MARK: - The program

func run() throws {
    // Opened first: a name that cannot be written should not cost a whole run.
    let json = options.json.flatMap { fopen($0, "we") }
    if let path = options.json, json == nil {
        complain("\(path): \(String(cString: strerror(errno)))")
        exit(74)
    }
    let peers = options.library.flatMap {
        Peers(python: options.python, script: options.script, library: $0)
    }
    let withPython = peers != nil
    var results = Results(
        environment: try Environment(peers), rounds: options.rounds,
        workers: options.workers, isQuick: options.isQuick)
    let before = CPUTimes()
    let course = Course(workers: options.workers, peers: peers)
    // First, while there is little memory for a fork to copy the page tables of.
    try measureStarts(course, into: &results, withPython: withPython)
    try measureChunks(course, into: &results, withPython: withPython)
    let book = try Book(
        workers: options.workers, peers: peers, seconds: options.isQuick ? 0.2 : 1)
    try measureBook(book, into: &results, withPython: withPython)
    peers?.end()
    results.environment.machine.end(since: before)
    results.conclude()
    results.printTables()
    if let json, fputs(results.json.text() + "\n", json) < 0 || fclose(json) != 0 {
        complain("\(options.json ?? ""): \(String(cString: strerror(errno)))")
        exit(74)
    }
}

do {
    try run()
} catch {
    complain("\(error)")
    exit(70)
}
