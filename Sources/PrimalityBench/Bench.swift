// SPDX-License-Identifier: Apache-2.0

public import Primality

/// A run of `primality bench`: measures what crossing into C, threads and processes cost and give here.
///
/// ```swift
/// let report = try Bench(settings: .quick).run()
/// print(report.findings.map(\.text))
/// ```
public struct Bench {
    /// How it measures.
    public var settings: BenchSettings
    /// Ends it early.
    public var cancel: CancelFlag
    /// Is told what is measured now.
    public var progress: (String) -> Void

    /// A run with those settings.
    public init(
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
    public func run() throws -> BenchReport {
        var report = BenchReport(environment: try BenchEnvironment(), settings: settings)
        let before = CPUTimes()
        let contest = Contest(settings, cancel, progress: progress)
        do {
            for section in Section.allCases where settings.sections.contains(section) {
                switch section {
                case .call: report.measurements += try CallRoom(settings).measure(contest)
                case .kernel: report.measurements += try KernelRoom(settings).measure(contest)
                case .handOver:
                    var room = HandOverRoom(settings)
                    report.measurements += try room.measure(contest)
                    report.warnings += room.warnings
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
        report.environment.loadAfter = loadAverages()
        if let before, let after = CPUTimes() {
            report.environment.others = after.others(since: before)
        }
        report.warnings += report.environment.doubts(about: report.measurements)
        report.findings = Findings(report).all
        return report
    }
}

/// A number with so many decimals.
func decimal(_ value: Double, _ decimals: Int) -> String {
    if !value.isFinite { return "\(value)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = (abs(value) * scale).rounded()
    if rounded >= 1e15 { return "\(value)" }
    let digits = String(Int(rounded))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = value < 0 && rounded > 0 ? "-" : ""
    return decimals == 0
        ? sign + padded : sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
}

/// A number with three significant digits, but whole from 100 on.
func significant(_ value: Double) -> String {
    switch abs(value) {
    case 99.95...: decimal(value, 0)
    case 9.995...: decimal(value, 1)
    case 0.9995...: decimal(value, 2)
    default: decimal(value, 3)
    }
}

/// A time in the unit that suits it.
func duration(nanoseconds: Double) -> String {
    switch abs(nanoseconds) {
    case 999.5e6...: significant(nanoseconds / 1e9) + " s"
    case 999.5e3...: significant(nanoseconds / 1e6) + " ms"
    case 999.5...: significant(nanoseconds / 1e3) + " µs"
    default: significant(nanoseconds) + " ns"
    }
}
