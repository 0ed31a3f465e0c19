// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct SearchTests {
    /// A search above or below it takes hours.
    static let long = "1" + String(repeating: "0", count: 20_000)

    @Test(arguments: [
        ("next 0", "2"), ("next 1", "2"), ("next 2", "3"), ("next 3", "5"), ("next 7", "11"),
        ("prev 3", "2"), ("prev 4", "3"), ("prev 5", "3"), ("prev 8", "7"),
        ("next --count 6 0", "2 3 5 7 11 13"), ("prev --count 4 10", "7 5 3 2"),
        ("next 4294967290", "4294967291"), ("next 4294967291", "4294967311"),
        ("next 0xFFFFFFFF", "4294967311"), ("prev 0x100000000", "4294967291"),
        ("prev 4294967311", "4294967291"), ("prev 4294967312", "4294967311"),
        ("next --count 2 0xFFFFFFFFFFFFFFC4", "18446744073709551557 18446744073709551629"),
        ("prev --count 2 0x1000000000000000E", "18446744073709551629 18446744073709551557"),
        ("next 0xFFFFFFFFFFFFFFFF", "18446744073709551629"),
        ("prev 0x10000000000000000", "18446744073709551557"),
        ("next 170141183460469231731687303715884105726", "170141183460469231731687303715884105727"),
        ("random --bits 64 --seed 42 --count 2", "10483208323225577339 10982318454075739711"),
        ("random --bits 64 --seed 0x2a", "10483208323225577339"),
        ("random --bits 40 --safe --seed 7 --count 2", "910338760259 1073529028799"),
    ])
    func answersAreRight(_ command: String, _ numbers: String) throws {
        let outcome = try Tool.run(command.split(separator: " ").map(String.init))
        #expect(outcome.lines == numbers.split(separator: " ").map(String.init))
        #expect(outcome.error == "")
        #expect(outcome.status == 0)
    }

    @Test(arguments: [
        ("prev 2", "there is no prime below 2\n", ""),
        ("prev 1", "there is no prime below 1\n", ""),
        ("prev 0", "there is no prime below 0\n", ""),
        ("prev --count 2 3", "there is only 1 prime below 3\n", "2\n"),
        ("prev --count 9 10", "there are only 4 primes below 10\n", "7\n5\n3\n2\n"),
        ("random --bits 1", "there is no prime of 1 bit; the smallest have 2\n", ""),
        ("random --bits 0", "there is no prime of 0 bits; the smallest have 2\n", ""),
        ("random --bits 2 --safe", "there is no safe prime of 2 bits; the smallest have 3\n", ""),
        (
            "random --bits 9 --max-bits 8", "--bits 9 is more than the limit of 8 (--max-bits)\n",
            ""
        ),
        ("next 12x", "n '12x': 'x' at position 3 follows a number: an operator is missing\n", ""),
        ("next -7", "n '-7': the result is negative, and negative numbers cannot be tested\n", ""),
        (
            "prev --max-bits 8 256",
            "n '256': the number has 9 bits, more than the limit of 8 (--max-bits)\n", ""
        ),
    ])
    func whatHasNoAnswerIsSaid(_ command: String, _ error: String, _ output: String) throws {
        let outcome = try Tool.run(command.split(separator: " ").map(String.init))
        #expect(outcome.error == "primality: " + error)
        #expect(outcome.output == output)
        #expect(outcome.status == 2)
    }

    @Test(arguments: [
        (["next"], 64), (["prev"], 64), (["next", "1", "2"], 64), (["random"], 64),
        (["random", "7"], 64), (["random", "--bits"], 64), (["random", "--bits", "x"], 64),
        (["random", "--bits", "99999999999999999999"], 64), (["random", "--bits", "-8"], 64),
        (["random", "--bits", "9223372036854775807"], 2),
        (["random", "--bits", "8", "--max-bits", "0"], 64),
        (["random", "--bits", "8", "--seed", "-1"], 64),
        (["random", "--bits", "8", "--seed", "18446744073709551616"], 64),
        (["random", "--bits", "8", "--seed", "0x"], 64),
        (["random", "--bits", "8", "--seed", "18446744073709551615"], 0),
        (["random", "--bits", "8", "--count", "0"], 64),
        (["next", "--count", "0", "7"], 64), (["prev", "--count", "-1", "7"], 64),
        (["next", "--count", "x", "7"], 64), (["next", "--wat", "7"], 64),
        (["next", "--pool", "puddle", "7"], 64), (["next", "--pool", "queue", "7"], 69),
        (["next", "-j", "1025", "7"], 64), (["prev", "--chunk", "0", "7"], 64),
        (["next", "--format", "xml", "7"], 64), (["next", "--timeout", "1", "7"], 64),
        (["next", ""], 2), (["next", "é"], 2), (["next", "0x"], 2), (["prev", "7 7"], 2),
        (["next", "--help"], 0), (["prev", "--help"], 0), (["random", "--help"], 0),
    ])
    func exitStatusesAreThoseOfTheTable(_ arguments: [String], _ status: Int) throws {
        let outcome = try Tool.run(arguments)
        #expect(Int(outcome.status) == status)
        #expect(outcome.error.isEmpty == (status == 0))
        #expect(outcome.output.isEmpty == (status != 0))
        #expect(!outcome.error.contains("Fatal error"))
    }

    @Test func everyPoolPrintsTheSame() throws {
        for command in [
            ["next", "--count", "40", "18446744073709551000"],
            ["prev", "--count", "3", "1" + String(repeating: "0", count: 90)],
            ["random", "--bits", "100", "--seed", "3", "--count", "5"],
            ["random", "--bits", "48", "--seed", "3", "--count", "3", "--safe"],
        ] {
            let expected = try Tool.run(command)
            #expect(!expected.output.isEmpty)
            for choice in PoolChoice.all {
                // After the name of the subcommand, what `check` takes.
                let pool = choice.check(3).dropFirst()
                // By default all is one chunk or two.
                let outcome = try Tool.run(command + pool + ["--chunk", "5"])
                #expect(outcome.output == expected.output, "\(command) \(choice)")
            }
        }
    }

    @Test func jsonLinesSayTheGap() throws {
        func objects(_ arguments: [String]) throws -> [[String: Any]] {
            try Tool.run(arguments + ["--format", "jsonl"]).lines.map {
                try #require(
                    try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }
        let up = try objects(["next", "--count", "3", "--seed", "9", "18446744073709551530"])
        #expect(up.map { $0["gap"] as? Int } == [3, 24, 72])
        #expect(up.map { $0["i"] as? Int } == [0, 1, 2])
        #expect(up.map { $0["verdict"] as? String } == ["prime", "prime", "probable-prime"])
        #expect(up.map { $0["seed"] as? String } == [nil, nil, "9"])
        let down = try objects(["prev", "--count", "2", "100"])
        #expect(down.map { $0["gap"] as? Int } == [3, 8])
        #expect(down.map { $0["input"] as? String } == ["97", "89"])
        let random = try objects(["random", "--bits", "30", "--count", "2"])
        #expect(random.map { $0["bits"] as? Int } == [30, 30])
        #expect(random.allSatisfy { $0["gap"] == nil })
        let csv = try Tool.run(["next", "--format", "csv", "7"])
        #expect(csv.lines.count == 2)
        #expect(csv.lines[1].hasPrefix("0,11,4,prime,"))
    }

    @Test(arguments: PoolChoice.all)
    func aSignalTellsHowFarTheSearchCame(_ choice: PoolChoice) throws {
        let pool = choice.check.dropFirst()
        // Tests take some milliseconds, and there are many before the first prime.
        let near = try Tool.start(
            ["next", "--count", "1000000", "--chunk", "1", "--progress", "always"] + pool
                + ["1" + String(repeating: "0", count: 400)])
        let far = try Tool.start(["prev"] + pool + [Self.long])
        #expect(eventually { near.output.count > 900 })
        for (running, signal) in [(near, SIGINT), (far, SIGTERM)] {
            kill(running.id, signal)
            let outcome = running.finish()
            #expect(!outcome.wasSignalled)
            #expect(outcome.status == 128 + signal)
            #expect(running.remains == [])
        }
        #expect(far.error.hasPrefix("primality: ended by SIGTERM: "))
        #expect(far.output == "")
        // "ended by SIGINT: 2 primes were printed, all there are up to n + 1234"
        let message = try #require(near.error.components(separatedBy: "ended by SIGINT: ").last)
        let printed = near.output.split(separator: "\n").map(String.init)
        let words = message.split { $0 == " " || $0 == "\n" }
        #expect(words.first == "\(printed.count)")
        let reached = try #require(words.last.flatMap { UInt64($0) })
        let start = BigNatural.candidate(k: 1, b: 10, n: 400, c: 0)
        let primes = try BigNatural.probablePrimes(in: start...start.adding(reached))
        #expect(primes.map(\.description) == printed)
    }

    @Test func aSearchWithoutAResultSaysSo() throws {
        let running = try Tool.start([
            "next", "-j", "2", "--progress", "always", "1" + String(repeating: "0", count: 3000),
        ])
        #expect(eventually { running.error.contains(", up to n + ") })
        running.process.interrupt()
        let outcome = running.finish()
        #expect(outcome.status == 130)
        let end = try #require(outcome.error.components(separatedBy: "ended by SIGINT: ").last)
        #expect(end.hasPrefix("up to n + "))
        #expect(end.hasSuffix(" there is none\n"))
    }

    @Test func aSignalEndsALargeDraw() throws {
        let draws = [
            try Tool.start(["random", "--bits", "400000"]),
            try Tool.start(["random", "--bits", "8000", "--safe", "--pool", "processes"]),
        ]
        usleep(300_000)
        for running in draws {
            running.process.interrupt()
            let outcome = running.finish()
            #expect(outcome.status == 130)
            #expect(outcome.error.contains("ended by SIGINT: 0 primes were printed"))
            #expect(outcome.output == "")
            #expect(running.remains == [])
        }
    }

    @Test func aNumberWhoseTimeIsOverEndsTheSearch() throws {
        for command in [["next", Self.long], ["random", "--bits", "70000"]] {
            let outcome = try Tool.run(
                command + ["--pool", "processes", "-j", "2", "--timeout", "0.05"])
            #expect(outcome.status == 3)
            #expect(outcome.output == "")
            #expect(outcome.error.contains("not tested: its time was over"))
            #expect(outcome.error.contains("the search ended"))
        }
    }

    @Test func aReaderThatGoesAwayEndsItQuietly() throws {
        for command in ["next --count 100000000 0", "random --bits 20 --seed 1 --count 100000000"] {
            let outcome = try Tool.shell(
                "{ \"$P\" \(command); echo \"$?\" >&2; } | head -n 1 | wc -l")
            #expect(outcome.output == "1\n")
            #expect(outcome.error == "141\n")
        }
        let full = try Tool.shell("exec \"$P\" next 7 > /dev/full")
        #expect(full.status == 74)
    }

    @Test func withoutASeedRunsDiffer() throws {
        let arguments = ["random", "--bits", "120"]
        #expect(try Tool.run(arguments).output != Tool.run(arguments).output)
    }
}
