// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import PrimalityPool

extension RunStatistics {
    /// A row for each worker, and the times of the pool.
    var table: String {
        let widths = [12, 12, 12, 12]
        func row(_ name: String, _ cells: [String]) -> String {
            padded(name, to: 8) + zip(cells, widths).map { aligned($0, to: $1) }.joined()
        }
        var rows = [row("worker", ["chunks", "numbers", "cpu", "idle"])]
        for (number, worker) in workers.enumerated() {
            rows.append(
                row(
                    String(number),
                    [
                        String(worker.chunks), String(worker.numbers), time(worker.cpuTime),
                        time(idleTime(of: number)),
                    ]))
        }
        if workers.count > 1 {
            let idle = workers.indices.map(idleTime).reduce(.zero, +)
            rows.append(
                row(
                    "all",
                    [
                        String(workers.map(\.chunks).reduce(0, +)),
                        String(workers.map(\.numbers).reduce(0, +)),
                        time(workers.map(\.cpuTime).reduce(.zero, +)), time(idle),
                    ]))
        }
        rows.append(
            "wall \(time(wallTime)), of which start-up \(time(startupTime)), "
                + "shutdown \(time(shutdownTime))")
        return rows.joined(separator: "\n")
    }

    private func time(_ duration: Duration) -> String {
        let parts = duration.components
        return fixed(seconds: Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
    }
}
