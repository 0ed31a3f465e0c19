// SPDX-License-Identifier: Apache-2.0

import CKernels
import CKernels.Internal
import Foundation
import Primality
import PrimalityPool
import TestSupport

/// How often each channel meets a fault.
let faultTimes = TestFiles.faults

/// Numbers that the engine below treats badly.
///
/// All are odd composites.
enum Bad {
    static let segfault: UInt64 = 1_000_005
    static let kill: UInt64 = 1_000_015
    static let exit: UInt64 = 1_000_025
    static let hang: UInt64 = 1_000_035
    static let late: UInt64 = 2_000_005
}

/// Tests as u64 does, but for the bad numbers; it runs in forked workers.
let poisonable: prk_word_engine = { n, verdicts, reports, count, cancel in
    guard let n, let verdicts else { return }
    for i in 0..<count {
        if prk_is_cancelled(cancel) { return }
        switch n[i] {
        case Bad.segfault: raise(SIGSEGV)
        case Bad.kill: raise(SIGKILL)
        case Bad.exit: _exit(3)
        case Bad.hang: while true { pause() }
        case Bad.late: usleep(900_000)
        default: break
        }
        prk_test_u64_batch(n + i, verdicts + i, 1)
    }
}

extension ProcessPool {
    /// A pool whose workers run the engine above.
    static func poisonable(_ workers: Int, _ channel: ProcessChannel) -> ProcessPool {
        var faults = ProcessFaults()
        faults.wordEngine = PrimalityPoolTests.poisonable
        return ProcessPool(workers: workers, channel: channel, faults: faults)
    }
}

/// How long workers live.
enum Life: String, Codable, CaseIterable {
    /// For one run.
    case oneRun
    /// In a fleet, which has served a run before and serves another one afterwards.
    case fleet

    /// Has workers of a kind do something.
    ///
    /// - Parameters:
    ///   - pool: What the workers are.
    ///   - isAlone: Whether the process has no other children; then none may be left.
    ///   - body: What they do.
    /// - Throws: What `body` throws, and what a fleet throws at its start.
    func serve(
        _ pool: ProcessPool, isAlone: Bool = true, _ body: (any Pool) throws -> Void
    ) throws {
        switch self {
        case .oneRun: try body(pool)
        case .fleet:
            let fleet = try ProcessFleet(pool)
            try serveWell(fleet, wantsReports: true)
            try body(fleet)
            // Those that were stopped, and held nothing when they should have been ended for it.
            if isAlone { for child in children() { kill(child, SIGCONT) } }
            try serveWell(fleet, wantsReports: false)
            fleet.shutDown()
        }
        if isAlone { precondition(children().isEmpty, "a process was left") }
    }
}

/// A run in which nothing goes wrong, whatever went wrong in the one before.
func serveWell(_ pool: any Pool, wantsReports: Bool) throws {
    let numbers = someNumbers(300)
    let found = try find(
        pool, PoolJob(engine: .u64, wantsReports: wantsReports), numbers, by: 7)
    try check(found, numbers)
    precondition(found.hasReports == wantsReports, "the reports of another run")
}

/// The processes that this one has forked and not reaped.
func children() -> [Int32] { processes { $0.parent == getpid() } }

/// Whether a process waits for something.
func isAsleep(_ process: Int32) -> Bool {
    TestFiles.text("/proc/\(process)/stat")?.contains(") S ") == true
}

/// Does something to random workers of this process, again and again, until the run is over.
func storm(
    during run: () throws -> Void, _ harm: @escaping @Sendable (Int32) -> Void
) throws {
    let isOver = CancelFlag()
    let thread = try WorkerThread(name: "storm") {
        while !isOver.isCancelled {
            if let child = children().randomElement() { harm(child) }
            usleep(UInt32.random(in: 500...4000))
        }
    }
    defer {
        isOver.cancel()
        thread.join()
    }
    try run()
}

/// What a run gave: verdicts by place, and numbers without one with the reason.
struct Found {
    var verdicts: [Verdict?]
    var failures: [UInt64: ChunkFailure] = [:]
    var delivered = 0
    var twice = 0
    var hasReports = true
}

func find(
    _ pool: any Pool, _ job: PoolJob, _ numbers: [UInt64], by size: Int,
    cancel: CancelFlag = CancelFlag(), notify: (@Sendable (PoolNotice) -> Void)? = nil
) throws -> Found {
    var found = Found(verdicts: [Verdict?](repeating: nil, count: numbers.count))
    var seen = [Bool](repeating: false, count: numbers.count)
    let source = source(numbers, by: size)
    try pool.run(job, cancel: cancel, notify: notify, from: source) { result in
        found.hasReports =
            found.hasReports && result.results.report(at: 0, of: result.chunk.numbers) != nil
        for i in 0..<result.results.count {
            let place = result.chunk.first + i
            if seen[place] { found.twice += 1 }
            seen[place] = true
            found.delivered += 1
            found.verdicts[place] = result.results.verdict(at: i)
            if found.verdicts[place] == nil { found.failures[numbers[place]] = result.failure }
        }
        return true
    }
    return found
}

/// Everything is there once, and as the serial pool has it.
func check(_ found: Found, _ numbers: [UInt64]) throws {
    precondition(found.twice == 0, "\(found.twice) numbers came twice")
    precondition(found.delivered == numbers.count, "\(found.delivered) of \(numbers.count)")
    precondition(found.failures.isEmpty, "\(found.failures)")
    let expected: [Verdict?] = try Tester.verdicts(of: numbers)
    precondition(found.verdicts == expected, "a verdict is another one")
}

func someNumbers(_ count: Int) -> [UInt64] {
    (0..<UInt64(count)).map { 18_446_744_073_709_551_557 - 2 * $0 }
}
