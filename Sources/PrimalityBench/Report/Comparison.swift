// SPDX-License-Identifier: Apache-2.0

internal import Charts

/// What is different between two reports: by their ratios, which were measured in the same rounds, since
/// times alone differ from run to run.
package struct Comparison: Sendable, Hashable {
    /// A measurement whose ratio's 95 % intervals have no number in common.
    package struct Change: Sendable, Hashable {
        /// As it was.
        package var old: Timing
        /// As it is.
        package var new: Timing

        /// By what factor the ratio changed, between what it lies at the least and at the most.
        fileprivate var factor: ConfidenceInterval? {
            guard let a = old.ratio, let b = new.ratio else { return nil }
            return ConfidenceInterval(
                value: b.value / a.value, low: b.low / a.high, high: b.high / a.low)
        }
    }

    /// What has changed beyond the intervals, in the new report's order.
    package var changes: [Change] = []
    /// How many ratios have not.
    package var unchanged = 0
    /// How many measurements are in both and have no ratio in one of them.
    package var unjudged = 0
    /// What is in the new report alone.
    package var added: [Timing] = []
    /// What is in the old report alone.
    package var removed: [Timing] = []
    /// Why they are not to be compared.
    package var warnings: [String] = []

    /// Compares two reports, measurement by measurement.
    package init(old: BenchReport, new: BenchReport) {
        let before = Dictionary(old.measurements.map { ($0.id, $0) }) { first, _ in first }
        let after = Set(new.measurements.map(\.id))
        for measurement in new.measurements {
            guard let earlier = before[measurement.id] else {
                added.append(measurement)
                continue
            }
            guard let a = earlier.ratio, let b = measurement.ratio, a.isNumber, b.isNumber,
                earlier.reference == measurement.reference
            else {
                unjudged += 1
                continue
            }
            if a.overlaps(b) {
                unchanged += 1
            } else {
                changes.append(Change(old: earlier, new: measurement))
            }
        }
        removed = old.measurements.filter { !after.contains($0.id) }
        let (a, b) = (old.environment, new.environment)
        for (name, before, after) in [
            ("processor", a.cpu, b.cpu), ("number of cores", String(a.cores), String(b.cores)),
            ("level", a.level, b.level), ("C compiler", a.compiler, b.compiler),
            ("Swift", a.swift, b.swift), ("GMP", a.gmp, b.gmp),
            (
                "amount of work", old.settings.isQuick ? "quick" : "full",
                new.settings.isQuick ? "quick" : "full"
            ),
        ] where before != after {
            warnings.append("the \(name) differs: \(before) then, \(after) now")
        }
    }

    /// What has changed, what is new and what is gone.
    package var table: ReportTable {
        func row(_ id: String, _ what: String, _ old: Timing?, _ new: Timing?) -> [String] {
            [
                id, what, old?.ratioText ?? "", new?.ratioText ?? "", old?.timeText ?? "",
                new?.timeText ?? "",
            ]
        }
        let changes = changes.map { change in
            let factor = change.factor
            return row(
                change.new.id,
                ((factor?.value ?? 1) < 1 ? "slower, ×" : "faster, ×") + (factor?.text ?? ""),
                change.old, change.new)
        }
        return ReportTable(
            title: "compared with the earlier report", note: summary,
            columns: [
                .init(title: "measurement", isNumber: false), .init(title: "change"),
                .init(title: "ratio then"), .init(title: "ratio now"), .init(title: "time then"),
                .init(title: "time now"),
            ],
            rows: changes + added.map { row($0.id, "new", nil, $0) }
                + removed.map { row($0.id, "gone", $0, nil) },
            command: "primality bench --compare OLD.json")
    }

    /// The numbers of all that.
    package var summary: String {
        let judged = changes.count + unchanged
        return (changes.isEmpty && judged > 0 ? "No change was detected: " : "")
            + "\(changes.count) of \(judged) ratios changed beyond their 95 % intervals; "
            + "\(added.count) measurements are new, \(removed.count) are gone, \(unjudged) have no "
            + "ratio and are not judged."
    }

    /// The comparison for a terminal.
    package var text: String { table.text }
}

extension ConfidenceInterval {
    fileprivate var isNumber: Bool { !value.isNaN && !low.isNaN && !high.isNaN }
}
