// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import Primality

extension Findings {
    private static let closeToIdeal = 0.95

    /// As in `a, b and c`.
    package func list(_ parts: [String]) -> String {
        parts.count < 2
            ? parts.joined()
            : parts.dropLast().joined(separator: ", ") + " and " + (parts.last ?? "")
    }

    private func percent(_ share: Double) -> Finding.Figure {
        Finding.Figure(value: share, text: decimal(share * 100, places: 1) + "\u{A0}%")
    }

    private func variants(of section: ReportSection) -> [String] {
        var variants: [String] = []
        for m in report.measurements(of: section) where !variants.contains(m.variant) {
            variants.append(m.variant)
        }
        return variants
    }

    // MARK: Giving work away

    package mutating func handOver() {
        let room = report.measurements(of: .handOver)
        let starts = room.filter { $0.per == "start" && $0.wall != nil }
        let workers = report.environment.cores
        if !starts.isEmpty {
            add(
                "hand-over.start",
                "A run of \(workers == 1 ? "one worker" : "{0} workers") with next to nothing to do takes "
                    + list(starts.enumerated().map { "{\($0 + 1)} with \($1.variant)" }) + ".",
                [count(workers)] + starts.compactMap { $0.wall.map { time($0.median) } },
                from: starts)
        }
        let costs = room.filter { $0.per == "chunk" && $0.size == 1 && $0.wall != nil }
        if !costs.isEmpty {
            add(
                "hand-over.cost",
                "Handing over a chunk of one number costs "
                    + list(costs.enumerated().map { "{\($0)} (\($1.variant))" }) + ".",
                costs.compactMap { $0.wall.map { time($0.median) } }, from: costs)
        }
        for start in starts { chunk(of: start.variant, room) }
    }

    /// From what size on chunks are large enough for a pool.
    private mutating func chunk(of variant: String, _ room: [Timing]) {
        let ideal = Double(report.environment.cores)
        var best: (run: Timing, speed: Double)?
        var enough: (run: Timing, speed: Double)?
        for run in room where run.variant == variant && run.per == "number" {
            guard let speed = run.ratio?.value, !run.isNoise(among: report.environment.cores)
            else { continue }
            if speed > best?.speed ?? 0 { best = (run, speed) }
            if speed >= Self.closeToIdeal * ideal { enough = enough ?? (run, speed) }
        }
        guard let reached = enough ?? best, let size = reached.run.size, let wall = reached.run.wall
        else { return }
        let name = variant.prefix(1).uppercased() + variant.dropFirst()
        add(
            "hand-over.chunk." + (reached.run.id.split(separator: ".").last ?? ""),
            enough == nil
                ? "\(name) do not reach 95\u{A0}% of the ideal speed-up of {0}: {1} at best, by chunks of {2}, "
                    + "and {3} a number."
                : "\(name) reach 95\u{A0}% of the ideal speed-up of {0} by chunks of {2}: {1}, and {3} a number.",
            [
                count(report.environment.cores), times(reached.speed), count(size),
                time(wall.median),
            ],
            from: [reached.run])
    }

    // MARK: Forks

    package mutating func fork() {
        let room = report.measurements(of: .fork)
        guard let small = room.first, let large = room.last, let a = small.wall?.median,
            let b = large.wall?.median, let from = small.size, let to = large.size, from < to
        else { return }
        add(
            "fork.memory",
            "A fork, to the end of the child, takes {0} beside \(from) MB and {1} beside \(to) MB: {2} more "
                + "for each megabyte.",
            [time(a), time(b), time((b - a) / (Double(to) - Double(from)))], from: [small, large])
    }

    // MARK: More and more workers

    package mutating func scaling() {
        let cores = report.environment.cores
        for variant in variants(of: .scaling) {
            let runs = report.measurements(of: .scaling)
                .filter { $0.variant == variant && ($0.size ?? 0) <= cores }
            guard cores > 1, let one = runs.first(where: { $0.size == 1 })?.wall,
                let full = runs.first(where: { $0.size == cores }), let reached = full.ratio?.value
            else { continue }
            let others: [(workers: Int, relative: [Double])] = runs.compactMap { run in
                guard let workers = run.size, workers > 1, let wall = run.wall else { return nil }
                return (workers, zip(wall.rounds, one.rounds).map { $0 / $1 })
            }
            let serial = Statistics.bootstrap(rounds: one.rounds.count) { drawn in
                Statistics.serialFraction(
                    others.map { run in
                        (run.workers, Statistics.median(drawn.map { run.relative[$0] }))
                    })
            }
            let name = variant.prefix(1).uppercased() + variant.dropFirst()
            let id = "scaling." + full.id.split(separator: ".")[1]
            if runs.contains(where: { $0.isNoise(among: $0.size ?? 1) }) {
                add(
                    id,
                    "\(name): the speed-up by {0} workers is lost in noise; measure again on a quiet machine.",
                    [count(cores)], from: runs)
                continue
            }
            let efficiency = percent(reached / Double(cores))
            // A share lies between nothing and all; an interval that is much wider says nothing of it.
            guard serial.low >= -0.1, serial.high <= 1.1 else {
                add(
                    id,
                    "\(name): {0} workers are {1} as fast as one, an efficiency of {2}; Amdahl's serial share "
                        + "is lost in noise.",
                    [count(cores), times(reached), efficiency], from: runs)
                continue
            }
            func share(_ value: Double) -> Finding.Figure { percent(min(1, max(0, value))) }
            add(
                id,
                "\(name): {0} workers are {1} as fast as one, an efficiency of {2}; by Amdahl's law {3} of "
                    + "the work is serial (95\u{A0}% interval {4} to {5}).",
                [
                    count(cores), times(reached), efficiency, share(serial.value),
                    share(serial.low), share(serial.high),
                ], from: runs)
        }
    }
}
