// SPDX-License-Identifier: Apache-2.0

/// A number with a fixed count of decimals.
func decimal(_ value: Double, _ places: Int) -> String {
    if !(abs(value) < 1e15) { return "\(value)" }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let digits = "\(scaled % scale)"
    let fraction = String(repeating: "0", count: max(0, places - digits.count)) + digits
    let sign = value < 0 && scaled != 0 ? "-" : ""
    return "\(sign)\(scaled / scale)" + (places > 0 ? ".\(fraction)" : "")
}

extension String {
    fileprivate func left(_ width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - count))
    }

    fileprivate func right(_ width: Int) -> String {
        String(repeating: " ", count: Swift.max(0, width - count)) + self
    }
}

extension Results {
    func printTables() {
        printEnvironment()
        printStarts()
        for chunk in Self.sizes { printChunks(of: chunk) }
        printLockstep()
        printLarge()
        printBook()
        printTargets()
        if !doubts.isEmpty { print() }
        for doubt in doubts { print("DO NOT TRUST THESE FIGURES: \(doubt)") }
    }

    private func printEnvironment() {
        let e = environment
        let m = e.machine
        line("CPU", "\(m.cpu), \(m.cores) cores")
        line("system", m.system)
        line("library", "\(m.library), level \(m.level), \(m.compiler)")
        line("Swift", m.swift)
        line("Python", e.python.map { "\($0), fork" } ?? "not here, so no ratios")
        if let compiler = e.pythonLibraryCompiler {
            line("", "library by \(compiler)")
            line("", "arrays: an item is a chunk, one call of ctypes each")
            line("", "numbers: an item is a number, one call each")
        }
        let before = m.loadBefore.map { decimal($0, 2) }.joined(separator: " ")
        let after = m.loadAfter.map { decimal($0, 2) }.joined(separator: " ")
        let others = m.others.map { "; others used \(decimal($0 * 100, 1)) % of the cores" } ?? ""
        line("load", "\(before) before, \(after) after\(others)")
        line("rounds", "\(rounds), \(workers) workers")
    }

    private func line(_ title: String, _ text: String) { print(title.left(11) + text) }

    /// A row of figures; the first column is for a name.
    private func row(_ name: String, _ figures: [String]) {
        print(name.left(34) + figures.map { $0.right(12) }.joined())
    }

    private func figure(_ nanoseconds: Double) -> String {
        decimal(nanoseconds, abs(nanoseconds) < 100 ? 1 : 0)
    }

    private func printStarts() {
        print("\nstart and end of \(workers) workers, us, medians and MAD")
        row("", ["asks", "first", "MAD", "end", "MAD"])
        for start in starts {
            let asks = start.asks.map { decimal($0.median / 1e3, 0) } ?? "-"
            let figures = [start.first, start.end].flatMap {
                [decimal($0.median / 1e3, 0), decimal($0.spread / 1e3, 0)]
            }
            row(start.name, [asks] + figures)
        }
    }

    private func printChunks(of chunk: Int) {
        print("\nchunks of \(chunk), ns a chunk")
        row("", ["median", "min", "MAD", "a number", "x Pool"])
        for path in [Path.memory, .stream] {
            print(path.rawValue)
            for found in rows where found.path == path && found.chunk == chunk {
                printRow(found, last: decimal(found.measurement.median / Double(chunk), 2))
            }
        }
    }

    private func printLockstep() {
        print("\na chunk of 1 at a time, given when the one before is back, us")
        row("", ["median", "min", "MAD", "x Pool"])
        for found in rows where found.path == .lockstep {
            let m = found.measurement
            row(
                "  " + found.name,
                [m.median, m.min, m.spread].map { decimal($0 / 1e3, 2) } + [times(found)])
        }
    }

    private func printLarge() {
        print("\nchunks of \(Self.large): results of 1 MB, tested from 8 to 16 MB, ns a chunk")
        row("", ["median", "min", "MAD", "MB/s", "x Pool"])
        for found in rows where found.chunk == Self.large {
            printRow(
                found, last: decimal(Double(Self.large) / found.measurement.median * 1e3, 0))
        }
    }

    private func printRow(_ found: Row, last: String) {
        let m = found.measurement
        row(
            "  " + found.name,
            [figure(m.median), figure(m.min), figure(m.spread), last, times(found)])
    }

    private func times(_ row: Row) -> String { row.speed.map { decimal($0, 2) } ?? "-" }

    private func printBook() {
        print("\nthe book's 20 numbers \(bookRepeats) times, trial division, a number a chunk")
        row("", ["ms", "min", "MAD", "x serial"])
        for found in book {
            let m = found.measurement
            row(
                found.name,
                [m.median, m.min, m.spread].map { decimal($0 / 1e6, 1) }
                    + [decimal(found.speedup, 3)])
        }
    }

    private func printTargets() {
        print("\ntargets".left(53) + "now".right(10) + "wanted".right(12))
        for target in targets {
            let wanted = (target.isLeast ? ">= " : "<= ") + decimal(target.target, 1)
            print(
                target.what.left(52) + decimal(target.reached, 2).right(10) + wanted.right(12)
                    + (target.isReached ? "  reached" : "  missed"))
        }
    }
}
