// SPDX-License-Identifier: Apache-2.0

internal import Charts
package import Primality

/// A run of `primality bench`: measures what crossing into C, threads and processes cost and give here.
///
/// ```swift
/// let report = try Bench(settings: .quick).run()
/// print(report.findings.map(\.text))
/// ```
package struct Bench {
    /// How it measures.
    package var settings: BenchSettings
    /// Ends it early.
    package var cancel: CancelFlag
    /// Is told what is measured now.
    package var progress: (String) -> Void

    private static let trustedSpread = 0.05

    /// A run with those settings.
    package init(
        settings: BenchSettings = BenchSettings(), cancel: CancelFlag = CancelFlag(),
        progress: @escaping (String) -> Void = { _ in }
    ) {
        self.settings = settings
        self.cancel = cancel
        self.progress = progress
    }

    /// Measures.
    ///
    /// - Returns: The report; of a run that was cancelled, the rooms that were finished.
    /// - Throws: ``PrimalityError`` when the forced level cannot be used, and what says that something
    ///   answered wrong.
    package func run() throws -> BenchReport {
        var report = BenchReport(environment: try BenchEnvironment(), settings: settings)
        let before = CPUTimes()
        let contest = Contest(settings, cancel, progress: progress)
        do {
            for section in ReportSection.allCases where settings.sections.contains(section) {
                switch section {
                case .call: report.measurements += try CallRoom(settings).measure(contest)
                case .kernel: report.measurements += try KernelRoom(settings).measure(contest)
                case .handOver:
                    var room = HandOverRoom(settings)
                    report.measurements += try room.measure(contest)
                    report.warnings += room.warnings
                case .pools: report.measurements += try PoolsRoom(settings).measure(contest)
                case .fork:
                    var room = ForkRoom(settings)
                    report.measurements += try room.measure(contest)
                    report.warnings += room.warnings
                case .scaling: report.measurements += try ScalingRoom(settings).measure(contest)
                case .peer: break
                }
            }
        } catch BenchFailure.cancelled {
            report.warnings.append("the run was ended before all was measured")
        }
        report.environment.end(since: before)
        report.warnings += report.environment.doubts
        let spread = Statistics.median(report.measurements.compactMap { $0.time?.spread })
        if spread > Self.trustedSpread {
            report.warnings.append(
                "rounds differ: half of the measurements spread by more than "
                    + "\(decimal(spread * 100, places: 1)) %, wanted at most "
                    + "\(decimal(Self.trustedSpread * 100, places: 0)) %")
        }
        report.findings = Findings(report).all
        return report
    }
}
