// SPDX-License-Identifier: Apache-2.0
//
// A program of a user of the library, whose workers run Swift of its own: what TaskWorkerTests runs.
//
//     task-workers <kind> <channel> <task> [fleet]
//
// prints for the numbers 1 to 12, two at a time, a verdict or why there is none, and how long the evidence is if
// it is what the task has given; with a fleet in its second run. Task "engines" has a fleet run each engine and
// compares, task "waits" has one wait between two runs.

import Foundation
import Primality
import PrimalityPool
import Synchronization

struct Refused: Error, CustomStringConvertible {
    let description: String
}

/// Verdicts by the library itself, in the worker.
@Sendable func decide(_ numbers: NumberBatch) throws -> [Verdict] {
    try (0..<numbers.count).map { try Verdict(of: numbers[$0]) }
}

/// Runs an asynchronous body, which needs Swift's threads.
func wait(for body: @escaping @Sendable () async -> Void) {
    let done = DispatchSemaphore(value: 0)
    Task {
        await body()
        done.signal()
    }
    done.wait()
}

actor Counter {
    var count = 0
    func add() { count += 1 }
}

/// How much evidence there is on a number; `nil`: none.
func evidenceLength(_ number: Int) -> Int? {
    switch number {
    case 1: 0
    case 2: 1
    case 3: 63
    case 4: 64
    case 5: 65
    case 6: 4096
    case 7: 1 << 20
    case 8: 64
    case 9: 20 << 20
    case 12: 7
    default: nil
    }
}

/// Bytes that no other number has.
func evidence(on number: Int) -> [UInt8]? {
    evidenceLength(number).map { length in
        (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8 ^ number) }
    }
}

@Sendable func prove(_ numbers: NumberBatch) throws -> [TaskFinding] {
    try (0..<numbers.count).map {
        TaskFinding(
            try Verdict(of: numbers[$0]), evidence: evidence(on: Int(numbers[$0].limbs[0])))
    }
}

/// A form that gives the number; none for every fifth.
func form(of number: Int) -> CandidateForm? {
    number % 5 == 0 ? nil : .power(k: 1, b: 2, n: 1, c: Int64(number) - 2)
}

func withForms(_ numbers: some Sequence<UInt64>) throws -> NumberBatch {
    var batch = NumberBatch()
    for n in numbers { try batch.append(BigNatural(n), form: form(of: Int(n))) }
    return batch
}

/// Gives back the forms that it sees.
@Sendable func lookAtForms(_ numbers: NumberBatch) throws -> [TaskFinding] {
    try (0..<numbers.count).map { i in
        let form = numbers.form(at: i)
        if let form, try !form.matches(numbers[i]) {
            throw Refused(description: "\(form) is not \(numbers[i])")
        }
        return TaskFinding(
            try Verdict(of: numbers[i]), evidence: form.map { Array($0.description.utf8) })
    }
}

/// Whether this is the first worker of the run that asks, with the file that remembers it.
func isFirst() -> Bool {
    guard let mark = ProcessInfo.processInfo.environment["TASK_WORKERS_MARK"] else { return false }
    let file = unsafe open(mark, O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if file >= 0 { close(file) }
    return file >= 0
}

let tasks = [
    WorkerTask("proves", withEvidence: prove),
    WorkerTask("proves but traps at 7") { numbers -> [TaskFinding] in
        for i in 0..<numbers.count where numbers[i] == BigNatural(7) { fatalError("seven") }
        return try prove(numbers)
    },
    WorkerTask("proves but is killed once at 9") { numbers -> [TaskFinding] in
        let findings = try prove(numbers)
        if numbers[0] == BigNatural(9) && isFirst() {
            // What a channel holds is less than its evidence, so most often it is killed half-way.
            Thread {
                usleep(2000); kill(getpid(), SIGKILL)
            }.start()
        }
        return findings
    },
    WorkerTask("forms", withEvidence: lookAtForms),
    WorkerTask("forms but traps at 7") { numbers -> [TaskFinding] in
        for i in 0..<numbers.count where numbers[i] == BigNatural(7) { fatalError("seven") }
        return try lookAtForms(numbers)
    },
    WorkerTask("forms but is killed once at 9") { numbers -> [TaskFinding] in
        if numbers[0] == BigNatural(9) && isFirst() { kill(getpid(), SIGKILL) }
        return try lookAtForms(numbers)
    },
    WorkerTask("proves too much at 3") { numbers -> [TaskFinding] in
        var findings = try prove(numbers)
        if numbers[0] == BigNatural(3) {
            // One array that findings share.
            let much = [UInt8](repeating: 3, count: WorkerTask.mostEvidence / 2 + 1)
            for i in findings.indices { findings[i].evidence = much }
        }
        return findings
    },
    WorkerTask("proves more than the owner has room for at 3") { numbers -> [TaskFinding] in
        var findings = try prove(numbers)
        for i in findings.indices where numbers[i] == BigNatural(3) {
            findings[i].evidence = [UInt8](repeating: 3, count: 300 << 20)
        }
        return findings
    },
    WorkerTask("decides", decide),
    // Everything that a child of a threaded process must not do.
    WorkerTask("uses tasks") { numbers in
        let counter = Counter()
        wait {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { await counter.add() } }
            }
        }
        _ = try JSONEncoder().encode(["a": [Date.now.description: numbers.count]])
        return try decide(numbers)
    },
    WorkerTask("throws at 7") { numbers in
        for i in 0..<numbers.count where numbers[i] == BigNatural(7) {
            throw Refused(description: "no sevens, please: " + String(repeating: "é", count: 200))
        }
        return try decide(numbers)
    },
    WorkerTask("is short") { _ in [.prime] },
    WorkerTask("traps at 7") { numbers in
        for i in 0..<numbers.count where numbers[i] == BigNatural(7) { fatalError("seven") }
        return try decide(numbers)
    },
    WorkerTask("exits at 7") { numbers in
        for i in 0..<numbers.count where numbers[i] == BigNatural(7) { _exit(0) }
        return try decide(numbers)
    },
    WorkerTask("hangs at 7") { numbers in
        for i in 0..<numbers.count where numbers[i] == BigNatural(7) { while true { pause() } }
        return try decide(numbers)
    },
    WorkerTask("starts a program") { numbers in
        let program = Process()
        let output = Pipe()
        program.executableURL = URL(fileURLWithPath: "/bin/grep")
        program.arguments = ["SigIgn:", "/proc/self/status"]
        program.standardOutput = output
        try program.run()
        let line = String(
            decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let digits = line.split(whereSeparator: \.isWhitespace).last ?? ""
        // What a worker leaves to its owner ends such a program as it ends any.
        let left = UInt64(1) << (SIGHUP - 1) | 1 << (SIGINT - 1) | 1 << (SIGTERM - 1)
        guard let ignored = UInt64(digits, radix: 16), ignored & left == 0 else {
            throw Refused(description: "ignored: \(line)")
        }
        return try decide(numbers)
    },
    WorkerTask("prints") { numbers in
        print("a line that must not reach the results")
        fflush(nil)
        return try decide(numbers)
    },
]

/// Leaves this process little more memory than it has.
func limitMemory() {
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))
        .flatMap { Int($0.prefix { $0 != " " }) }
    let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
    var limit = rlimit()
    unsafe getrlimit(resource, &limit)
    limit.rlim_cur = rlim_t(pages ?? 0) * rlim_t(getpagesize()) + 200 << 20
    unsafe setrlimit(resource, &limit)
}

func describe(_ result: ChunkResult, _ i: Int) -> String {
    let number = result.chunk.numbers[i].description
    if let verdict = result.results.verdict(at: i) {
        guard let found = result.results.evidence(at: i) else { return "\(number) \(verdict)" }
        if result.chunk.numbers.form(at: i) != nil {
            return "\(number) \(verdict) \(String(decoding: found, as: UTF8.self))"
        }
        let isRight = found == Int(number).flatMap(evidence(on:))
        return "\(number) \(verdict) \(found.count)\(isRight ? "" : " other") bytes"
    }
    if result.results.evidence(at: i) != nil { return "\(number) evidence without a verdict" }
    return "\(number) \(result.failure(at: i).map(String.init(describing:)) ?? "nothing")"
}

/// Each engine, with evidence and without, in a run of its own.
func compareEngines(_ fleet: ProcessFleet) throws {
    let numbers = NumberBatch((1_000_000...1_000_400).map { UInt64($0) })
    for engine in Engine.allCases {
        for wantsReports in [true, false] {
            let job = PoolJob(
                engine: engine, options: TestOptions(rounds: 1, seed: 3), wantsReports: wantsReports
            )
            func findings(_ pool: any Pool) throws -> [String] {
                let isGiven = Mutex(false)
                var found: [String] = []
                try pool.run(
                    job,
                    from: {
                        isGiven.withLock { isGiven in
                            defer { isGiven = true }
                            return isGiven ? nil : numbers
                        }
                    }
                ) { result in
                    for i in 0..<numbers.count {
                        var report = result.results.report(at: i, of: numbers)
                        report?.cpuTime = .zero
                        found.append("\(describe(result, i)) \(report as Any)")
                    }
                    return true
                }
                return found
            }
            let found = try findings(fleet)
            if try found != findings(SerialPool()) {
                throw Refused(description: "\(engine): \(found)")
            }
        }
        // A flag that is raised has no effect on the next run.
        let cancel = CancelFlag()
        cancel.cancel()
        let cancelled = try? fleet.verdicts(
            of: numbers, using: PoolJob(engine: engine), cancel: cancel)
        if cancelled != nil { throw Refused(description: "\(engine): not cancelled") }
    }
    print("all agree")
}

/// Prints a line when the fleet is idle, and goes on when one was read.
func wait(_ fleet: ProcessFleet) throws {
    let numbers: [UInt64] = [7, 8]
    print(try fleet.verdicts(of: numbers.span))
    fflush(nil)
    _ = readLine()
    print(try fleet.verdicts(of: numbers.span))
}

func main() throws {
    let arguments = CommandLine.arguments
    if arguments.dropFirst() == ["too late"] {
        let thread = Thread { sleep(10) }
        thread.start()
        try ProcessPool.bootstrap(tasks: tasks)
    }
    if arguments.count != 1 && arguments.last != "no bootstrap" {
        try ProcessPool.bootstrap(tasks: tasks, withNursery: arguments.last != "no nursery")
    } else if arguments.count == 1 {
        // A worker of kind exec is started without arguments.
        try ProcessPool.bootstrap(tasks: tasks)
        throw Refused(description: "task-workers <kind> <channel> <task>")
    }
    guard arguments.count >= 4, let kind = WorkerKind(rawValue: arguments[1]),
        let channel = ProcessChannel(rawValue: arguments[2])
    else { throw Refused(description: "task-workers <kind> <channel> <task>") }
    if ["engines", "waits"].contains(arguments[3]) {
        let fleet = try ProcessFleet(workers: 2, channel: channel, workerKind: kind)
        return arguments[3] == "engines" ? try compareEngines(fleet) : try wait(fleet)
    }
    if arguments[3].contains("more than the owner has room for") { limitMemory() }
    let isFleet = arguments.last == "fleet"
    let pool: any Pool =
        isFleet
        ? try ProcessFleet(workers: 2, channel: channel, workerKind: kind, task: arguments[3])
        : ProcessPool(workers: 2, channel: channel, workerKind: kind, task: arguments[3])
    let hasForms = arguments[3].hasPrefix("forms")
    for isPrinted in isFleet ? [false, true] : [true] {
        let next = Mutex(UInt64(1))
        try pool.run(
            PoolJob(timeout: arguments[3].hasPrefix("hangs") ? .milliseconds(200) : nil),
            from: {
                try next.withLock { first in
                    if first > 12 { return nil }
                    first += 2
                    let numbers = [first - 2, first - 1]
                    return hasForms ? try withForms(numbers) : NumberBatch(numbers)
                }
            }
        ) { result in
            for i in 0..<result.chunk.numbers.count where isPrinted { print(describe(result, i)) }
            return true
        }
    }
    // In memory, too.
    let numbers = hasForms ? try withForms(1...12) : NumberBatch((1...12).map { UInt64($0) })
    do throws(PoolError) {
        let timeout = arguments[3].hasPrefix("hangs") ? Duration.milliseconds(500) : nil
        print(try pool.verdicts(of: numbers, using: PoolJob(timeout: timeout)).count)
    } catch {
        print(error)
    }
}

do {
    try main()
} catch {
    print("error: \(error)")
    exit(1)
}
