// SPDX-License-Identifier: Apache-2.0

/// All that was measured.
struct Results {
    /// A contender with chunks of one size.
    struct Row {
        var path: Path
        var name: String
        var chunk: Int
        /// Of a chunk.
        var measurement = Timing()
        /// Against `reference` with the same path and chunk.
        var speed: Double?
    }

    struct StartRow {
        var name: String
        /// `nil`: not known.
        var asks: Timing?
        var first = Timing()
        var end = Timing()
    }

    struct BookRow {
        var name: String
        var measurement = Timing()
        /// Over the serial pool.
        var speedup = 0.0
    }

    struct Target {
        var what: String
        var reached: Double
        var target: Double
        /// The target is a minimum, and otherwise a maximum.
        var isLeast: Bool
        // A slope below nothing is no figure.
        var isReached: Bool { isLeast ? reached >= target : reached > 0 && reached <= target }
    }

    var environment: Environment
    var rounds: Int
    var workers: Int
    var isQuick: Bool
    var starts: [StartRow] = []
    var rows: [Row] = []
    var bookRepeats = 0
    var book: [BookRow] = []
    var targets: [Target] = []
    /// Why these figures are not to be trusted; empty when nothing speaks against them.
    var doubts: [String] = []

    /// Whose speed the others are compared with: it does the same work, one call of the kernel a chunk.
    static let reference = Contender.peer("Pool", .arrays).name

    static let sizes = [1, 16, 256, 4096]
    /// Results of 1 MB, a byte a number.
    static let large = 1 << 20

    /// Fills in what follows from the measurements.
    mutating func conclude() {
        doubts = environment.machine.doubts
        if workers > environment.machine.cores {
            doubts.append("\(workers) workers share \(environment.machine.cores) cores")
        }
        if isQuick { doubts.append("--quick is for seeing that it works") }
        for i in rows.indices {
            let row = rows[i]
            // A stream is what Python's pools have; numbers in memory are compared with that too.
            let path = row.path == .lockstep ? Path.lockstep : .stream
            let reference = rows.first {
                $0.path == path && $0.chunk == row.chunk && $0.name == Self.reference
            }
            rows[i].speed = reference.map { row.measurement.speed(over: $0.measurement) }
        }
        if let serial = book.first(where: { $0.name == "serial" }) {
            for i in book.indices {
                book[i].speedup = book[i].measurement.speed(over: serial.measurement)
            }
        }
        targets = []
        aim("threads in memory, chunk 1: ns a number", 250, "threads", 1)
        aim("threads in memory, chunk 256: ns a number", 10, "threads", 256)
        aim("processes, shm in memory, chunk 1: ns a number", 50, "processes, shm", 1)
        if let row = starts.first(where: { $0.name == "processes, shm" }) {
            add("processes, shm: us until first results", row.first.median / 1e3, atMost: 600)
        }
        for name in ["threads", "processes, pipe", "processes, socket", "processes, shm"] {
            if let row = book.first(where: { $0.name == name }) {
                targets.append(
                    Target(
                        what: "\(name): speed-up, the book's numbers", reached: row.speedup,
                        target: 1.9, isLeast: true))
            }
        }
    }

    private mutating func aim(_ what: String, _ most: Double, _ name: String, _ chunk: Int) {
        guard
            let row = rows.first(where: {
                $0.path == .memory && $0.name == name && $0.chunk == chunk
            })
        else { return }
        add(what, row.measurement.median / Double(chunk), atMost: most)
    }

    private mutating func add(_ what: String, _ reached: Double, atMost target: Double) {
        targets.append(Target(what: what, reached: reached, target: target, isLeast: false))
    }
}
