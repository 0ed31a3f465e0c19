// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import Testing

@Suite struct InfoAndRaceTests {
    @Test func infoNamesLevelsAndVersions() throws {
        let text = try Tool.run(["info"])
        #expect(text.status == 0)
        #expect(text.output.contains("version           \(BuildInformation.version)\n"))
        #expect(text.output.contains("GMP               \(BuildInformation.gmpVersion)\n"))
        let json = try Tool.run(["info", "--json"])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(object["levels"] as? [String] == KernelLevel.supported.map(\.rawValue))
        #expect(object["level"] as? String == (try KernelLevel.active.rawValue))
        #expect((object["cores"] as? Int ?? 0) >= 1)
    }

    @Test func theRaceComparesEveryEngineOnEveryPool() throws {
        let numbers = FileManager.default.temporaryDirectory
            .appendingPathComponent("race-\(UUID().uuidString)")
        try Data("# four\n2\n15\n1000003\n1000004\n".utf8).write(to: numbers)
        defer { try? FileManager.default.removeItem(at: numbers) }
        let text = try Tool.run(["race", "--numbers", numbers.path, "-j", "2"])
        #expect(text.status == 0)
        #expect(text.error == "")
        #expect(text.output.hasSuffix("All 25 rows agree: 2 of 4 are prime.\n"))

        let json = try Tool.run([
            "race", "--numbers", numbers.path, "--engines", "u64,gmp", "--pools",
            "serial,processes", "--json",
        ])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let rows = try #require(object["rows"] as? [[String: Any]])
        #expect(rows.map { $0["engine"] as? String } == ["u64", "u64", "gmp", "gmp"])
        #expect(
            rows.map { $0["pool"] as? String } == ["serial", "processes", "serial", "processes"])
        #expect(object["agree"] as? Bool == true)
        #expect(object["primes"] as? Int == 2)
    }

    @Test func theRaceLeavesOutEnginesThatAreTooSmall() throws {
        let numbers = FileManager.default.temporaryDirectory
            .appendingPathComponent("race-\(UUID().uuidString)")
        try Data("170141183460469231731687303715884105727\n".utf8).write(to: numbers)
        defer { try? FileManager.default.removeItem(at: numbers) }
        let outcome = try Tool.run(["race", "--numbers", numbers.path])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("All 5 rows agree: 1 of 1 are prime."))
        #expect(outcome.error.contains("engine trial is left out: the largest number has 127 bits"))
    }
}
