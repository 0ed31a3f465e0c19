// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityModels
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct ModelsTests {
    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// One run of all models, which the tests share.
    private static let measured = Result {
        try Tool.run(["models", "--quick", "--json", "-j", "2"])
    }

    /// Which claims hold is the machine's matter; that they follow from the figures is not.
    @Test func allModelsAreMeasuredAndEachClaimIsDecidedByItsFigures() throws {
        let outcome = try Self.measured.get()
        #expect(outcome.status == 0)
        let report = try JSONDecoder().decode(TestReport.self, from: Data(outcome.output.utf8))
        #expect(report.models.map(\.name) == ConcurrencyModel.all.map(\.name))
        for (model, entry) in zip(ConcurrencyModel.all, report.models) {
            #expect(entry.figures.allSatisfy { $0.value.isFinite && $0.value >= 0 })
            #expect(Set(entry.figures.map(\.name)).count == entry.figures.count)
            let claims = model.claims(on: entry.figures)
            #expect(claims.count >= 2)
            #expect(entry.claims.map(\.statement) == claims.map(\.statement))
            #expect(entry.claims.map(\.evidence) == claims.map(\.evidence))
            #expect(claims.allSatisfy { !$0.evidence.contains("nan") })
            for (found, claim) in zip(entry.claims, claims) {
                // A busy machine leaves open what it contradicts.
                #expect(found.holds == claim.holds || found.holds == nil && claim.holds == false)
            }
            // What does not depend on what else the machine does.
            if model.name == "blocked-loop" { #expect(entry.claims[1].holds == true) }
            if model.name == "pool" {
                #expect(claims[1].holds == true && claims[3].holds == true)
            }
        }
        let claims = report.models.flatMap(\.claims)
        #expect(report.claims == claims.count)
        #expect(report.contradicted == claims.count { $0.holds == false })
        #expect(report.undecided == claims.count { $0.holds == nil })
        #expect(outcome.error.isEmpty == (report.undecided == 0))
        if report.undecided > 0 { #expect(outcome.error.contains("the machine is busy")) }
    }

    private struct TestReport: Decodable {
        struct Entry: Decodable {
            var name: String
            var figures: [ConcurrencyModel.Figure]
            var claims: [ConcurrencyModel.Claim]
        }
        var claims: Int
        var contradicted: Int
        var undecided: Int
        var models: [Entry]
    }

    @Test func oneModelIsMeasuredAlone() throws {
        let outcome = try Tool.run(["models", "all", "pool", "--quick", "-j", "2"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("    $ primality models pool\n"))
        #expect(outcome.output.contains("Each number has one result from 2 processes."))
        let last = try #require(outcome.lines.last)
        #expect(last.hasPrefix("4 claims, of which "))
    }

    @Test func theListMeasuresNothing() throws {
        let outcome = try Tool.run(["models", "list"])
        #expect(outcome.status == 0)
        for model in ConcurrencyModel.all {
            #expect(outcome.output.contains("\(model.name): \(model.title)\n"))
            #expect(outcome.output.contains("    $ \(model.command)\n"))
        }
        #expect(!outcome.output.contains("holds"))
        #expect(outcome.output.utf8.split(separator: 10).allSatisfy { $0.count <= 100 })
    }

    /// What a model says it is run by does run.
    @Test func commandsOfModelsExist() throws {
        for model in ConcurrencyModel.all {
            let words = model.command.split(separator: " ").map(String.init)
            #expect(words.first == "primality")
            let outcome = try Tool.run(Array(words.dropFirst()) + ["--help"])
            #expect(outcome.status == 0, "\(model.command)")
            #expect(outcome.output.hasPrefix("OVERVIEW: "), "\(model.command)")
        }
    }

    @Test(arguments: ["threads", "processes"])
    func thePoolPrintsResultsAsTheyAreCompleted(_ workers: String) throws {
        let outcome = try Tool.run(["models", "pool", "--workers", workers, "-j", "2"])
        #expect(outcome.status == 0)
        #expect(outcome.lines.count == 22)
        #expect(outcome.lines.first == "Checking 20 numbers, workers: 2 \(workers)")
        #expect(outcome.lines.count { $0.contains("  P  ") } == 9)
        #expect(outcome.lines.last?.hasPrefix("20 checks in 0.") == true)
    }

    @Test func thePoolsReportIsJSON() throws {
        let outcome = try Tool.run([
            "models", "pool", "--json", "--engine", "u64", "7", "0x10", "18446744073709551557",
        ])
        let report = try object(outcome.output)
        let checks = try #require(report["checks"] as? [[String: Any]])
        #expect(checks.count == 3)
        let prime = checks.filter { $0["isPrime"] as? Bool == true }
            .compactMap { ($0["number"] as? NSNumber)?.uint64Value }
        #expect(Set(prime) == [7, 18_446_744_073_709_551_557])
        #expect((report["summary"] as? [String: Any])?["lost"] as? Int == 0)
    }

    /// The chapter's report waits for ever here.
    ///
    /// Whoever is killed takes a number along.
    @Test(arguments: [1, 2]) func killedWorkersLoseNumbersAndHangNobody(_ killed: Int) throws {
        let prime = "18446744073709551557"
        let numbers = [String](repeating: prime, count: 16)
        let running = try Tool.start(["models", "pool", "-j", "2"] + numbers)
        var workers: [Int32] = []
        #expect(
            eventually {
                workers = processes { $0.parent == running.id && !$0.isZombie }
                // In the midst of a test, not before it.
                return workers.count == 2 && workers.allSatisfy { ticks(of: $0) >= 5 }
            })
        for worker in workers.prefix(killed) { kill(worker, SIGKILL) }
        let outcome = running.finish()
        #expect(outcome.status == 70)
        // Two that are killed leave nobody to take the others.
        let lost = numbers.count - outcome.lines.count { $0.contains(prime) }
        #expect(killed == 1 ? lost == 1 : lost >= 2)
        #expect(outcome.error.contains("numbers without a result: \(lost)"))
    }

    /// The CPU time that a process has used, in hundredths of a second.
    private func ticks(of process: Int32) -> Int {
        // … (name) state and ten more, utime
        let fields = TestFiles.text("/proc/\(process)/stat")?
            .split(separator: ")").last?.split(separator: " ")
        guard let fields, fields.count > 11 else { return 0 }
        return Int(fields[11]) ?? 0
    }

    @Test func ctrlCEndsThePoolAndTheMeasurements() throws {
        let prime = "18446744073709551557"
        for arguments in [
            ["models", "pool", "--engine", "swift-trial"] + [String](repeating: prime, count: 1000),
            ["models", "contention", "--time", "60000"],
            ["models", "all"],
        ] {
            let running = try Tool.start(arguments)
            // The signals are taken over by then.
            #expect(eventually { handlesInterrupts(running.id) })
            kill(running.id, SIGINT)
            let outcome = running.finish()
            #expect(outcome.status == 130, "\(arguments[1])")
            #expect(outcome.error.contains("primality: ended by SIGINT: "))
            #expect(processes { $0.parent == running.id }.isEmpty)
        }
    }

    /// Whether a process waits for SIGINT by a thread of its own.
    private func handlesInterrupts(_ process: Int32) -> Bool {
        let threads = TestFiles.text("/proc/\(process)/status")?
            .split(separator: "\n").first { $0.hasPrefix("SigBlk:") }
        guard let mask = threads?.dropFirst(7).trimmingCharacters(in: .whitespaces),
            let blocked = UInt64(mask, radix: 16)
        else { return false }
        return blocked >> UInt64(SIGINT - 1) & 1 == 1
    }

    @Test func contentionHasARowForEachGuardAndResource() throws {
        let text = try Tool.run(["models", "contention", "--threads", "1,2", "--time", "2"])
        #expect(text.status == 0)
        #expect(text.lines.count == 12)
        #expect(text.lines.filter { $0.hasPrefix("queue, ") }.count == 5)
        let json = try Tool.run([
            "models", "contention", "--threads", "2", "--time", "2", "--json",
        ])
        let rows = try #require(try object(json.output)["rows"] as? [[String: Any]])
        #expect(rows.count == 10)
        #expect(rows.allSatisfy { $0["threads"] as? Int == 2 })
    }

    private static let nonsense: [(arguments: [String], status: Int32)] = [
        (["all", "nonesuch"], 64), (["all", "-j", "0"], 64), (["all", "--nonesuch"], 64),
        (["pool", "0"], 2), (["pool", "18446744073709551616"], 2), (["pool", "seven"], 2),
        (["pool", ""], 2), (["pool", "--workers", "tasks"], 64), (["pool", "-j", "1025"], 64),
        (["pool", "--engine", "isma"], 64), (["contention", "--threads", "0"], 64),
        (["contention", "--threads", "1,,2"], 64), (["contention", "--threads", ""], 64),
        (["contention", "--time", "0"], 64),
    ]

    @Test func nonsenseIsRefused() throws {
        for (arguments, status) in Self.nonsense {
            let outcome = try Tool.run(["models"] + arguments)
            #expect(outcome.status == status, "\(arguments)")
            #expect(outcome.output == "", "\(arguments)")
            #expect(!outcome.error.isEmpty, "\(arguments)")
        }
    }
}
