// SPDX-License-Identifier: Apache-2.0

internal import Charts

/// What a part was to reach when it was designed.
package struct Target {
    private enum Aim {
        /// A time, in nanoseconds, of one of so many.
        case atMost(Double, of: Int)
        /// A ratio.
        case atLeast(Double)
    }

    /// The measurement that tells.
    package let id: String
    private let what: String
    private let aim: Aim
    /// Whether it is an aim for two workers on two cores alone.
    private let isForTwo: Bool

    private init(_ id: String, _ what: String, _ aim: Aim, isForTwo: Bool = false) {
        self.id = id
        self.what = what
        self.aim = aim
        self.isForTwo = isForTwo
    }

    private static let all =
        [
            Target(
                HandOverRoom.cost(1, "threads"), "threads, chunks of 1: a number",
                .atMost(250, of: 1)),
            Target(
                HandOverRoom.cost(256, "threads"), "threads, chunks of 256: a number",
                .atMost(10, of: 256)),
            Target(
                HandOverRoom.cost(1, "processes-shm"), "processes by shm, chunks of 1: a number",
                .atMost(50, of: 1)),
            Target(
                PoolsRoom.start("first", "processes-shm"), "two processes by shm: first results",
                .atMost(600e3, of: 1), isForTwo: true),
        ]
        + ["threads", "processes-pipe", "processes-socket", "processes-shm"].map {
            Target(
                PoolsRoom.book($0),
                "the book's numbers, two workers: speed-up by "
                    + $0.replacing("processes-", with: "processes by "),
                .atLeast(1.9), isForTwo: true)
        }
        + [
            Target(
                "peer.mailbox.request-1.shm", "below Swift, shm, 1 on its way: a request",
                .atMost(700, of: 1)),
            Target(
                "peer.mailbox.request-64.shm", "below Swift, shm, 64 on their way: a request",
                .atMost(50, of: 1)),
            Target(
                "peer.mailbox.megabyte.shm", "below Swift, shm: an answer of 1 MB (5 GB/s)",
                .atMost(200e3, of: 1)),
            Target(
                "peer.mailbox.start.shm", "below Swift: two processes started",
                .atMost(600e3, of: 1), isForTwo: true),
        ]

    /// What was asked, what was reached, and whether that is enough; `nil` where it was not measured.
    fileprivate func row(of measurement: Timing, cores: Int) -> [String]? {
        if isForTwo && cores != 2 { return nil }
        func row(_ asked: String, _ reached: String, _ verdict: String) -> [String] {
            [what, asked, reached, verdict]
        }
        switch aim {
        case .atMost(let most, let count):
            guard let time = measurement.time?.median else { return nil }
            let reached = time / Double(count)
            return row(
                "at most " + duration(nanoseconds: most), duration(nanoseconds: reached),
                reached <= most ? "reached" : "missed")
        case .atLeast(let least):
            guard let ratio = measurement.ratio else { return nil }
            if measurement.isNoise(among: cores) {
                return row("at least " + significant(least), Timing.noise, "")
            }
            return row(
                "at least " + significant(least), ratio.text,
                ratio.value >= least ? "reached" : "missed")
        }
    }

    /// The targets of what was measured in a room; `nil` when it has none.
    package static func table(of all: [Timing], cores: Int) -> ReportTable? {
        let rows = Self.all.compactMap { target in
            all.first { $0.id == target.id }.flatMap { target.row(of: $0, cores: cores) }
        }
        if rows.isEmpty { return nil }
        return ReportTable(
            title: "targets, \(all[0].section.rawValue)",
            note: "What was asked for when these parts were designed, and what they reach here.",
            columns: [
                .init(title: "what", isNumber: false), .init(title: "asked"),
                .init(title: "reached"), .init(title: "verdict", isNumber: false),
            ],
            rows: rows, command: all[0].command)
    }
}
