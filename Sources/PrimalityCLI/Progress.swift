// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Charts
internal import Primality
internal import PrimalityPool
internal import PrimalityRuns
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// When progress is shown.
enum ProgressMode: String, CaseIterable {
    /// When somebody can see it, and is not typing the input.
    case auto
    case always
    case never

    /// Whether it is to be shown.
    ///
    /// - Parameter isTyped: Whether the command reads what somebody is typing.
    /// - Returns: Whether to show it.
    func isOn(whenTyped isTyped: Bool = false) -> Bool {
        switch self {
        case .auto: StandardStreams.errorIsTerminal && !isTyped
        case .always: true
        case .never: false
        }
    }
}

/// The option of commands that show progress.
struct ProgressOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Show on standard error how far it is, how fast, and when it will be done: auto (on a terminal, "
                + "unless numbers are typed there), always or never.", valueName: "when"),
        completion: .names(of: ProgressMode.self))
    var progress = "auto"

    func mode() throws -> ProgressMode { try choice(progress, of: "--progress") }
}

/// What a command is doing that does one thing after the other, as a line on standard error.
final class Stages: Sendable {
    private let current = Monitor((name: "", number: 0))
    private let progress: Progress?

    /// Begins to show it.
    ///
    /// - Parameters:
    ///   - mode: When.
    ///   - count: How many things there are.
    init(_ mode: ProgressMode, count: Int) {
        if !mode.isOn() {
            progress = nil
            return
        }
        let current = current
        progress = Progress(mode) { _, time in
            let (name, number) = current.withLock { $0 }
            return "\(name), \(number) of \(count), \(Progress.clock(time))"
        }
    }

    /// Names what is begun.
    func begin(_ name: String) { current.withLock { $0 = (name, $0.number + 1) } }

    /// Takes the line away, for good.
    func stop() { progress?.stop() }
}

/// A line on standard error that says how far a run has come.
///
/// A thread of its own writes it: a single test may take hours, and the clock is to go on meanwhile.
final class Progress: Sendable {
    /// Numbers that have results.
    private let tested = Atomic<Int>(0)
    private let isOver = Monitor(false)
    private let start = ContinuousClock.now
    private let mode: ProgressMode
    private let line: @Sendable (Int, Duration) -> String

    /// What ends quickly needs no line.
    private static let firstMicroseconds: UInt32 = 500_000
    private static let microseconds: UInt32 = 200_000

    /// Begins to show progress.
    ///
    /// - Parameters:
    ///   - mode: When it is shown; it was asked whether it is to be.
    ///   - estimate: Is told how many numbers were tested. Called by another thread.
    convenience init(_ mode: ProgressMode, estimate: @escaping @Sendable (Int) -> RunEstimate) {
        self.init(mode) { tested, time in Self.line(tested, after: time, estimate(tested)) }
    }

    /// Begins to show a line.
    ///
    /// - Parameters:
    ///   - mode: When it is shown; it was asked whether it is to be.
    ///   - line: Is told how many numbers were tested, and after which time. Called by another thread.
    init(_ mode: ProgressMode, line: @escaping @Sendable (Int, Duration) -> String) {
        self.mode = mode
        self.line = line
        // Without a thread there is no line, and nothing else is missing.
        let thread = try? WorkerThread(name: "prk-progress") { [self] in
            usleep(Self.firstMicroseconds)
            while show() { usleep(Self.microseconds) }
        }
        // Nobody waits for its sleep to end.
        thread?.detach()
    }

    func add(_ count: Int) { tested.add(count, ordering: .relaxed) }

    /// Takes the line away, for good.
    func stop() {
        isOver.withLock {
            $0 = true
            StandardStreams.clearStatus()
        }
    }

    /// Writes the line; `false` when the run is over.
    private func show() -> Bool {
        let line = line(tested.load(ordering: .relaxed), .now - start)
        return isOver.withLock { isOver in
            let isInTheWay = mode == .auto && StandardStreams.someoneEditsALine
            if !isOver && !isInTheWay { StandardStreams.showStatus(line) }
            return !isOver
        }
    }

    /// `1234567 tested in 0:12, 102880 a second, 45 %, 0:15 left`.
    static func line(_ tested: Int, after time: Duration, _ estimate: RunEstimate) -> String {
        let seconds = time / .seconds(1)
        let rate = seconds > 0 ? Double(tested) / seconds : 0
        var line = "\(tested) tested in \(clock(time)), "
        line += decimal(rate, places: rate < 10 ? 1 : 0) + " a second"
        if let remaining = estimate.remaining {
            let done = Double(estimate.done + tested)
            if done + remaining > 0 {
                // 100 % is for what is over.
                let percent = min(99, (100 * done / (done + remaining)).rounded(.down))
                line += ", \(decimal(percent, places: 0)) %"
            }
            // Beyond some years there is no use in knowing.
            if rate > 0, remaining / rate < 1e8 {
                line += ", \(clock(.seconds((remaining / rate).rounded(.up)))) left"
            }
        }
        return line + (estimate.note.map { ", \($0)" } ?? "")
    }

    /// `0:05`, `12:34`, `1:02:03`, `4 d 5 h`.
    static func clock(_ time: Duration) -> String {
        let whole = Int(time.components.seconds)
        func two(_ value: Int) -> String { (value < 10 ? "0" : "") + String(value) }
        if whole < 3600 { return "\(whole / 60):\(two(whole % 60))" }
        let hours = whole / 3600
        if hours < 24 { return "\(hours):\(two(whole / 60 % 60)):\(two(whole % 60))" }
        return "\(hours / 24) d \(hours % 24) h"
    }
}
