// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct StatisticsTableTests {
    @Test(arguments: ["serial", "threads", "processes", "tasks"])
    func eachWorkerHasARow(_ pool: String) throws {
        let input = Data((1...5000).map(String.init).joined(separator: "\n").utf8)
        let arguments = ["check", "--pool", pool, "-j", "3", "--chunk", "100"]
        let outcome = try Tool.run(arguments + ["--stats"], input: input)
        #expect(outcome.status == 0)
        #expect(outcome.output == (try Tool.run(arguments, input: input)).output)
        let rows = outcome.error.split(separator: "\n").map { $0.split(separator: " ") }
        let names = pool == "serial" ? ["0"] : ["0", "1", "2", "all"]
        #expect(rows.map { String($0[0]) } == ["worker"] + names + ["wall"])
        #expect(rows[0] == ["worker", "chunks", "numbers", "cpu", "idle"])
        let workers = rows.dropFirst().prefix(pool == "serial" ? 1 : 3)
        #expect(workers.compactMap { Int($0[2]) }.reduce(0, +) == 5000)
        #expect(workers.compactMap { Int($0[1]) }.reduce(0, +) >= 50)
        #expect(outcome.error.contains(", of which start-up "))
        #expect(outcome.error.contains(", shutdown "))
    }

    @Test func listHasThemToo() throws {
        let outcome = try Tool.run(["list", "--count", "--stats", "100", "200", "--pool", "serial"])
        #expect(outcome.output == "21\n")
        #expect(outcome.error.contains("worker"))
    }

    @Test func aRunThatIsEndedShowsThemBeforeItsLastLine() throws {
        let running = try Tool.start(["check", "--stats", "-j", "2", ProcessTests.longNumber])
        usleep(200_000)
        kill(running.process.processIdentifier, SIGINT)
        let outcome = running.finish()
        #expect(outcome.status == 130)
        #expect(outcome.error.hasPrefix("worker "))
        #expect(outcome.error.hasSuffix(" not\n"))
    }
}
