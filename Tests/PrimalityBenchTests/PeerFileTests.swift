// SPDX-License-Identifier: Apache-2.0

import Charts
import PrimalityBench
import Testing

@Suite struct PeerFileTests {
    /// What `make bench-u64` and `make bench-big` write, shortened.
    private let libraries = """
        {"format": "primality-peers/1",
         "environment": {"cpu": "X", "level": "avx2", "load_before": [0, 0, 0], "peers": ["FLINT 2.9.0"]},
         "measurements": [
           {"id": "peer.u64.primes.ours-avx2-batch", "section": "peer", "subject": "64-bit numbers",
            "variant": "ours, avx2, batch", "input": "primes", "per": "number",
            "command": "make bench-u64", "reference": "peer.u64.primes.flint",
            "cpu": {"median": 400.25, "minimum": 399, "mad": 1, "rounds": [400, 400.25, 401]}},
           {"id": "peer.u64.primes.flint", "section": "peer", "subject": "64-bit numbers",
            "variant": "FLINT", "input": "primes", "per": "number", "command": "make bench-u64",
            "cpu": {"median": 1601, "minimum": 1600, "mad": 2, "rounds": [1600, 1601, 1604]}},
           {"id": "peer.big.unit-1024.ours-ifma-alone", "section": "peer", "subject": "large numbers",
            "variant": "ours, ifma, alone", "input": "unit", "size": 1024, "per": "number",
            "command": "make bench-big", "reference": "peer.big.unit-1024.gmp",
            "cpu": {"median": 130, "minimum": 129, "mad": 1, "rounds": []}}]}
        """

    /// What `Benchmarks/pools/peers.py` writes, shortened.
    private let pools = """
        {"format": "primality-peers/1", "environment": {"cpu": "X", "peers": ["Python 3.11.7"]},
         "measurements": [
           {"id": "peer.pools.streamed.chunk-16.multiprocessing-pool-arrays", "section": "peer",
            "subject": "handed over", "variant": "multiprocessing.Pool, arrays", "per": "chunk",
            "command": "make bench-pools", "input": "streamed", "size": 16,
            "wall": {"median": 90000, "minimum": 90000, "mad": 0, "rounds": [90000, 90000]}}]}
        """

    private var environment: BenchEnvironment {
        get throws {
            var environment = try BenchEnvironment()
            environment.cpu = "X"
            return environment
        }
    }

    private func file(_ json: String) throws -> PeerFile {
        try PeerFile(json: Array(json.utf8), joining: environment)
    }

    private func failure(_ json: String) throws -> String? {
        let environment = try environment
        return #expect(throws: PeerFile.Failure.self) {
            try PeerFile(json: Array(json.utf8), joining: environment)
        }?.description
    }

    @Test func theReportHasThem() throws {
        var report = BenchReport(environment: try environment, settings: .quick)
        report.join(try file(libraries))
        report.join(try file(libraries))
        #expect(report.measurements.count == 3)
        #expect(report.environment.peers == ["FLINT 2.9.0"])
        // Ratios of rounds that both have.
        let ratio = Statistics.ratio(of: [1600, 1601, 1604], to: [400, 400.25, 401])
        #expect(report.measurements.map(\.ratio) == [ratio, nil, nil])
        let tables = report.tables(of: .peer)
        #expect(tables.map(\.title) == ["64-bit numbers", "large numbers"])
        #expect(tables[0].columns.map(\.title) == ["input", "ours, avx2, batch", "FLINT"])
        #expect(tables[0].note == "In brackets how many times faster than FLINT it is.")
        #expect(tables[1].note == "")
        #expect(tables[0].rows == [["primes", "400 ns (4.00)", "1.60 µs"]])
        #expect(tables[1].rows == [["unit", "1024", "130 ns"]])
        let again = try BenchReport(json: Array(report.json().utf8))
        #expect(again == report)
    }

    @Test func pythonsPoolsStandBesideOurs() throws {
        var report = BenchReport(environment: try environment, settings: .quick)
        report.join(try file(pools))
        #expect(report.tables(of: .pools).isEmpty && report.tables(of: .peer).count == 1)
        var ours = Timing(
            id: PoolsRoom.streamed(16, "threads"), section: .pools, subject: PeerFile.chunks,
            variant: "threads", input: PeerFile.streamed, size: 16, per: "chunk",
            command: PoolsRoom.command)
        ours.wall = Distribution(rounds: [10_000, 10_000, 10_000])
        report.measurements.insert(ours, at: 0)
        let tables = report.tables(of: .pools)
        #expect(
            tables.map(\.rows) == [
                [["threads", "10.0 µs"], ["multiprocessing.Pool, arrays", "90.0 µs"]],
                [["threads", "9.00 [9.00, 9.00]"]],
            ])
        #expect(report.tables(of: .peer).isEmpty)
        // Of rounds that a file does not tell there is no interval.
        report.measurements[0].wall = Distribution(median: 1, minimum: 1, mad: 0)
        #expect(report.tables(of: .pools)[1].rows == [["threads", ""]])
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{\"workloads\": 1}", "\u{0}",
        "{\"environment\": {\"cpu\": \"X\"}, \"workloads\": []}",
        "{\"format\": \"primality-peers/1\", \"environment\": {\"cpu\": \"X\", \"peers\": []}}",
        String(repeating: "[", count: 100_000),
    ])
    func whatIsNoSuchFileIsRefused(_ json: String) throws {
        #expect(try failure(json)?.contains("is not of the form 'primality-peers/1'") == true)
    }

    @Test(arguments: [
        ("\"format\": \"primality-peers/1\"", "\"format\": \"primality-peers/2\""),
        ("peer.u64.primes.flint", "call.c.nothing"),
        ("\"section\": \"peer\"", "\"section\": \"call\""),
        ("peer.big.unit-1024.ours-ifma-alone", "peer.u64.primes.flint"),
        ("\"mad\": 1,", ""), ("400.25", "\"NaN\""), ("\"size\": 1024", "\"size\": 1e300"),
    ])
    func whatIsNotAllRightIsRefused(_ part: String, _ other: String) throws {
        #expect(libraries.contains(part))
        #expect(try failure(libraries.replacing(part, with: other)) != nil)
    }

    @Test func anotherMachineIsRefused() throws {
        #expect(try failure(libraries.replacing("\"X\"", with: "\"Y\""))?.contains("'Y'") == true)
        // A reader that keeps blanks is no other machine.
        #expect(throws: Never.self) { try file(libraries.replacing("\"X\"", with: "\"X  \"")) }
    }
}
