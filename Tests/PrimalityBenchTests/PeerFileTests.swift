// SPDX-License-Identifier: Apache-2.0

import Charts
import PrimalityBench
import Testing

@Suite struct PeerFileTests {
    /// What `make bench-u64` and `make bench-big` write, shortened.
    private let libraries = """
        {"environment": {"cpu": "X", "level": "avx2"}, "reference": "FLINT", "ratio": "in words",
         "workloads": [
           {"name": "primes just under 2^64", "contenders": [
             {"kind": "batch", "name": "avx2", "median_ns": 400.25, "min_ns": 399, "mad_ns": 1,
              "ratio": 4.0, "ratio_low": 3.9, "ratio_high": 4.1},
             {"kind": "call", "name": "API", "median_ns": 500, "min_ns": 399, "mad_ns": 1, "ratio": null},
             {"kind": "peer", "name": "FLINT", "median_ns": 1600, "min_ns": 1590, "mad_ns": 2,
              "ratio": 1, "ratio_low": 1, "ratio_high": 1}]},
           {"name": "unit: one test to base 2", "bits": 1024, "contenders": [
             {"kind": "engine", "name": "ifma, alone", "median_ns": 130, "min_ns": 129, "mad_ns": 1,
              "ratio": 2.5, "ratio_low": 2.4, "ratio_high": 2.6}]}],
         "targets": []}
        """

    /// What `make bench-pools` writes, shortened.
    private let pools = """
        {"environment": {"cpu": "X"}, "rounds": 3,
         "starts": [{"name": "threads", "asks": null,
           "first": {"median": 5, "min": 4, "mad": 1, "rounds": [4, 5, 6]}}],
         "rows": [{"path": "stream", "name": "Pool, arrays", "chunk": 64, "speed": null,
           "measurement": {"median": 9, "min": 9, "mad": 0, "rounds": []}}],
         "book": [
           {"name": "serial", "speedup": 1,
            "measurement": {"median": 20, "min": 20, "mad": 0, "rounds": [20, 20, 20]}},
           {"name": "threads", "speedup": 2,
            "measurement": {"median": 10, "min": 10, "mad": 0, "rounds": [10, 10, 10]}}]}
        """

    private var environment: BenchEnvironment {
        get throws {
            var environment = try BenchEnvironment()
            environment.cpu = "X"
            return environment
        }
    }

    private func measurements(_ json: String) throws -> [Timing] {
        try PeerFile.measurements(in: Array(json.utf8), joining: environment)
    }

    @Test func librariesJoin() throws {
        let all = try measurements(libraries)
        #expect(
            all.map(\.id) == [
                "peer.u64.primes-just-under-2-64.ours-avx2-batch",
                "peer.u64.primes-just-under-2-64.ours-by-the-public-function",
                "peer.u64.primes-just-under-2-64.flint",
                "peer.big.unit-one-test-to-base-2-1024.ours-ifma-alone",
            ])
        #expect(all.allSatisfy { $0.section == .peer && $0.wall == nil })
        #expect(all.map(\.cpu?.median) == [400.25, 500, 1600, 130])
        #expect(all[0].ratio == ConfidenceInterval(value: 4, low: 3.9, high: 4.1))
        #expect(all[0].reference == all[2].id)
        #expect(all[1].ratio == nil)
        #expect(all[2].ratio == nil && all[2].reference == nil)
        #expect(all[3].size == 1024 && all[3].command == "make bench-big")
    }

    @Test func poolsJoin() throws {
        let all = try measurements(pools)
        #expect(
            all.map(\.id) == [
                "peer.pools.start.threads", "peer.pools.stream.chunk-64.pool-arrays",
                "peer.pools.book.serial", "peer.pools.book.threads",
            ])
        #expect(all.map(\.wall?.median) == [5, 9, 20, 10])
        #expect(all[0].wall?.rounds == [4, 5, 6])
        #expect(all[3].ratio == ConfidenceInterval(value: 2, low: 2, high: 2))
    }

    @Test func theReportHasThem() throws {
        var report = BenchReport(environment: try environment, settings: .quick)
        report.join(try measurements(libraries))
        report.join(try measurements(libraries))
        #expect(report.measurements.count == 4)
        let tables = report.tables(of: .peer)
        #expect(tables.map(\.title) == ["64-bit numbers", "large numbers"])
        #expect(
            tables[0].columns.map(\.title) == [
                "input", "ours, avx2, batch", "ours, by the public function", "FLINT",
            ])
        #expect(tables[0].note == "In brackets how many times faster than FLINT it is.")
        #expect(tables[1].note == "")
        let row = ["primes just under 2^64", "400 ns (4.00)", "500 ns", "1.60 µs"]
        #expect(tables[0].rows == [row])
        #expect(tables[1].rows == [["unit: one test to base 2", "1024", "130 ns (2.50)"]])
        let again = try BenchReport(json: Array(report.json().utf8))
        #expect(again == report)
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{\"workloads\": 1}", "\u{0}",
        "{\"environment\": {\"cpu\": \"X\"}, \"workloads\": []}",
    ])
    func whatIsNoSuchFileIsRefused(_ json: String) throws {
        let environment = try environment
        #expect(throws: PeerFile.Failure.self) {
            try PeerFile.measurements(in: Array(json.utf8), joining: environment)
        }
    }

    @Test func anotherMachineIsRefused() throws {
        let environment = try BenchEnvironment()
        let error = #expect(throws: PeerFile.Failure.self) {
            try PeerFile.measurements(
                in: Array(libraries.replacing("\"X\"", with: "\"Y\"").utf8), joining: environment)
        }
        #expect(error?.description.contains("'Y'") == true)
    }

    @Test func namesBecomePartsOfIds() {
        #expect(slug("random odd 64-bit") == "random-odd-64-bit")
        #expect(slug("Größe #1") == "gr-e-1")
        #expect(slug("") == "")
    }
}
