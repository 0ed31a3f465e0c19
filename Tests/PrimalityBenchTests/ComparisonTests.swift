// SPDX-License-Identifier: Apache-2.0

import PrimalityBench
import Testing

@Suite struct ComparisonTests {
    @Test func aReportIsEqualToItself() throws {
        let report = try SyntheticReport.make()
        let comparison = Comparison(old: report, new: report)
        #expect(
            comparison.changes.isEmpty && comparison.added.isEmpty && comparison.removed.isEmpty)
        #expect(comparison.warnings.isEmpty)
        #expect(comparison.unchanged == report.measurements.count { $0.ratio != nil })
        #expect(comparison.unjudged == report.measurements.count { $0.ratio == nil })
        #expect(comparison.table.rows.isEmpty)
        #expect(comparison.summary.hasPrefix("No change was detected: 0 of "))
    }

    @Test func aPlantedChangeIsFoundAlone() throws {
        let id = "kernel.exact.prime-64.c-avx2.batch-512"
        let old = try SyntheticReport.make()
        let new = try SyntheticReport.make { $0 == id ? 1.2 : 1 }
        let comparison = Comparison(old: old, new: new)
        #expect(comparison.changes.map(\.new.id) == [id])
        let row = try #require(comparison.table.rows.first)
        #expect(row[0] == id && row[1].hasPrefix("slower, ×0.833 [0.8"))
        #expect(row[2] == old[id]?.ratio?.text && row[3] == new[id]?.ratio?.text)
        #expect(comparison.summary.hasPrefix("1 of "))
    }

    @Test func noiseIsNoChange() throws {
        // The noise is other noise, the times are the same: at most a few intervals miss each other.
        let comparison = Comparison(
            old: try SyntheticReport.make(seed: 1), new: try SyntheticReport.make(seed: 2))
        #expect(comparison.changes.count <= comparison.unchanged / 20)
    }

    @Test func whatIsNewAndWhatIsGoneIsNamed() throws {
        var old = try SyntheticReport.make()
        var new = old
        old.measurements.removeAll { $0.id == "fork.resident-10" }
        new.measurements.removeAll { $0.id == "call.c.nothing" }
        let comparison = Comparison(old: old, new: new)
        #expect(comparison.added.map(\.id) == ["fork.resident-10"])
        #expect(comparison.removed.map(\.id) == ["call.c.nothing"])
        #expect(comparison.table.rows.map { $0[1] } == ["new", "gone"])
    }

    @Test func otherMachinesAndOtherReferencesAreNotComparedSilently() throws {
        let old = try SyntheticReport.make()
        var new = old
        new.environment.cpu += " II"
        new.environment.level = "avx2"
        new.environment.compiler += "x"
        new.settings.isQuick = true
        new.environment.loadBefore = [9]
        #expect(Comparison(old: old, new: new).warnings.count == 4)
        for i in new.measurements.indices { new.measurements[i].reference = "other" }
        let comparison = Comparison(old: old, new: new)
        #expect(comparison.unchanged == 0 && comparison.changes.isEmpty)
    }
}
