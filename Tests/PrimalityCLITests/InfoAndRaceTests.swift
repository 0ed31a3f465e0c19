// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct InfoAndRaceTests {
    private static let entrants = [
        "serial", "threads", "threads+gil", "threads+gil-released", "processes+pipe",
        "processes+socket", "processes+shm", "tasks", "one-actor", "actors",
    ]

    /// Runs a body with a file of numbers.
    private func withFile<Result>(
        of numbers: [String], _ body: (String) throws -> Result
    ) throws -> Result {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("race-\(UUID().uuidString)")
        try Data((numbers.joined(separator: "\n") + "\n").utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try body(file.path)
    }

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
        #expect(text.output.hasSuffix("All 50 rows agree: 2 of 4 are prime.\n"))

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
        #expect(outcome.output.contains("All 10 rows agree: 1 of 1 are prime."))
        #expect(outcome.error.contains("engine trial is left out: the largest number has 127 bits"))
    }

    @Test func aRaceWithoutAnEngineIsNone() throws {
        try withFile(of: ["7", "1180591620717411303424"]) { file in
            let outcome = try Tool.run(["race", "--numbers", file, "--engines", "u64,trial"])
            #expect(outcome.status == 2 && outcome.output == "")
            #expect(outcome.error.contains("no engine is left; gmp and auto take numbers of any"))
        }
    }

    @Test func theRaceHasARowForEachEntrant() throws {
        let (text, json) = try withFile(of: ["2", "15", "1000003"]) { file in
            (
                try Tool.run(["race", "--numbers", file, "--engines", "u64", "-j", "2"]),
                try Tool.run(["race", "--numbers", file, "--engines", "u64", "-j", "2", "--json"])
            )
        }
        let rows = text.lines.filter { $0.hasPrefix("u64 ") }.map { $0.split(separator: " ") }
        // Below them the lock's, which have no speed-up.
        #expect(
            rows.map { String($0[1]) }
                == Self.entrants + ["threads+gil", "threads+gil-released"])
        #expect(rows.prefix(10).allSatisfy { $0.contains { $0.hasSuffix("x") } })
        let heading = text.lines.filter { $0.hasPrefix("engine ") }
        #expect(heading.count == 2)
        #expect(heading.last?.contains("hand-overs") == true)

        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let found = try #require(object["rows"] as? [[String: Any]])
        #expect(found.map { $0["pool"] as? String } == Self.entrants)
        for row in found {
            let isLocked = (row["pool"] as? String)?.hasPrefix("threads+gil") == true
            for key in ["handOvers", "forcedSwitches", "waitingSeconds"] {
                #expect((row[key] as? Double != nil) == isLocked)
            }
        }
    }

    @Test func withoutALockThereIsNoTableOfIt() throws {
        let outcome = try withFile(of: ["7"]) {
            try Tool.run(["race", "--numbers", $0, "--engines", "u64", "--pools", "serial,threads"])
        }
        #expect(outcome.status == 0)
        #expect(!outcome.output.contains("hand-overs"))
        #expect(outcome.output.hasSuffix("All 2 rows agree: 1 of 1 are prime.\n"))
    }

    @Test func anUnknownEntrantIsToldWhichThereAre() throws {
        let outcome = try Tool.run(["race", "--pools", "serial,thread"])
        #expect(outcome.status == 64)
        #expect(outcome.output == "")
        #expect(outcome.error.contains("'thread' is unknown"))
        for name in Self.entrants + ["processes"] { #expect(outcome.error.contains(name)) }
    }

    /// The lines of the chart, from its heading to the empty line.
    private func chart(_ output: String) throws -> [String] {
        // A terminal ends lines in two characters.
        let lines = output.replacing("\r\n", with: "\n").components(separatedBy: "\n")
        let first = try #require(lines.firstIndex { $0.hasPrefix("speed-up over ") })
        return Array(lines[first...].prefix { !$0.isEmpty })
    }

    private func plot(
        _ environment: [String: String], _ more: [String] = []
    ) throws -> [String] {
        let outcome = try withFile(of: ["2", "15", "1000003"]) {
            try Tool.run(
                ["race", "--numbers", $0, "--engines", "u64,gmp", "--plot", "-j", "2"] + more,
                environment: ["NO_COLOR": "", "TERM": "xterm"].merging(environment) { $1 })
        }
        #expect(outcome.status == 0)
        #expect(outcome.output.hasSuffix("rows agree: 2 of 3 are prime.\n"))
        return try chart(outcome.output)
    }

    @Test func theChartHasABarForEachEntrant() throws {
        let lines = try plot([:])
        let names = ["u64"] + Self.entrants + ["gmp"] + Self.entrants
        #expect(
            lines.dropFirst().map { String($0.split(separator: " ").first ?? "") } == names)
        let bars = lines.dropFirst().filter { $0.hasPrefix("  ") }
        #expect(bars.count == 20)
        #expect(bars.allSatisfy { $0.hasSuffix("x") && $0.count <= 80 })
        // All marks stand in one column.
        let columns = Set(bars.map { Array($0).firstIndex(of: "│") })
        #expect(columns.count == 1 && !columns.contains(nil))
        let serial = try #require(bars.first { $0.contains(" serial ") })
        #expect(serial.contains("█"))
        #expect(serial.hasSuffix("1.00x"))
        #expect(!lines.contains { $0.contains("\u{1B}") })
    }

    @Test(arguments: [["NO_COLOR": "1"], ["TERM": "dumb"]])
    func aPlainChartIsASCII(_ environment: [String: String]) throws {
        let lines = try plot(environment)
        #expect(lines.count == 23)
        #expect(lines.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } })
        let bars = lines.dropFirst().filter { $0.hasPrefix("  ") }
        let columns = Set(bars.map { Array($0).firstIndex(of: "|") })
        #expect(columns.count == 1 && !columns.contains(nil))
        #expect(bars.first?.contains("serial") == true)
        #expect(bars.first?.contains("==") == true)
    }

    @Test(.enabled(if: Tool.hasTerminal, "neither script nor python3 gives a terminal"))
    func aTerminalHasColoursAndAWidth() throws {
        func shown(_ columns: Int, noColour: String) throws -> [String] {
            try withFile(of: ["2", "15", "1000003"]) { file in
                let outcome = try Tool.startOnTerminal(
                    "stty cols \(columns); NO_COLOR=\(noColour) TERM=xterm '\(Tool.path)' "
                        + "race --numbers '\(file)' --engines u64 --plot -j 2"
                ).finish()
                return try chart(outcome.output)
            }
        }
        for columns in [60, 110] {
            let lines = try shown(columns, noColour: "")
            #expect(lines.count == 12)
            let bars = lines.dropFirst(2)
            #expect(bars.allSatisfy { $0.contains("\u{1B}[3") && $0.contains("m") })
            let visible = bars.map {
                $0.replacing("\u{1B}[32m", with: "").replacing("\u{1B}[33m", with: "")
                    .replacing("\u{1B}[0m", with: "").count
            }
            #expect(visible.allSatisfy { $0 > columns - 3 && $0 <= columns })
            let plain = try shown(columns, noColour: "1")
            #expect(plain.count == 12)
            #expect(plain.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } })
        }
    }

    @Test(arguments: entrants, ["swift-trial", "gmp"])
    func aSignalEndsTheRace(_ entrant: String, _ engine: String) throws {
        // Minutes of work.
        let numbers =
            engine == "gmp"
            ? [String](repeating: ProcessTests.longNumber, count: 4)
            : [String](repeating: "18446744073709551557", count: 1000)
        try withFile(of: numbers) { file in
            let running = try Tool.start([
                "race", "--numbers", file, "--engines", engine, "--pools", entrant, "-j", "2",
            ])
            // The heading is written when signals are taken care of.
            #expect(eventually { running.outputSize > 0 })
            usleep(30_000)
            kill(running.id, SIGINT)
            #expect(running.endsSoon)
            let outcome = running.finish()
            #expect(outcome.status == 130)
            #expect(
                outcome.error == "primality: ended by SIGINT: the race was not finished\n")
            #expect(running.remains == [])
        }
    }
}
