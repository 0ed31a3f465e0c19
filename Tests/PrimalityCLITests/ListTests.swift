// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct ListTests {
    static let pools = ["serial", "threads", "processes", "tasks", "actors"]

    @Test func primesAreListedInOrder() throws {
        let outcome = try Tool.run(["list", "0", "0x20"])
        #expect(outcome.status == 0)
        #expect(outcome.output == "2\n3\n5\n7\n11\n13\n17\n19\n23\n29\n31\n")
        #expect(outcome.error == "")
        #expect(try Tool.run(["list", "24", "28"]).output == "")
        #expect(try Tool.run(["list", "2", "2"]).output == "2\n")
        #expect(try Tool.run(["list", "--count", "24", "28"]).output == "0\n")
        #expect(try Tool.run(["list", "0", "1"]).status == 0)
        let crossing = try Tool.run(["list", "18446744073709551557", "0x1000000000000000D"])
        #expect(crossing.output == "18446744073709551557\n18446744073709551629\n")
    }

    @Test(arguments: [
        (["list", "5", "3"], 2), (["list", "x", "3"], 2), (["list", "3", "x"], 2),
        (["list", "-3", "3"], 2), (["list", "3", "-3"], 2), (["list", "", "3"], 2),
        (["list", "3", "0x"], 2), (["list", "--max-bits", "8", "3", "256"], 2),
        (["list", "--max-bits", "8", "3", "255"], 0),
        (["list"], 64), (["list", "3"], 64), (["list", "3", "4", "5"], 64),
        (["list", "--wat", "3", "5"], 64), (["list", "3", "5", "--order", "done"], 64),
        (["list", "-j", "0", "3", "5"], 64), (["list", "--pool", "puddle", "3", "5"], 64),
        (["list", "--format", "xml", "3", "5"], 64), (["list", "--chunk", "0", "3", "5"], 64),
        (["list", "--rounds", "-1", "3", "5"], 64), (["list", "--seed", "x", "3", "5"], 64),
        (["list", "--max-bits", "0", "3", "5"], 64),
        (["list", "--count", "--format", "csv", "3", "5"], 64),
        (["list", "--pool", "queue", "3", "5"], 69), (["list", "--help"], 0),
    ])
    func exitStatusesAreThoseOfTheTable(_ arguments: [String], _ status: Int) throws {
        let outcome = try Tool.run(arguments)
        #expect(Int(outcome.status) == status)
        if status == 0 {
            #expect(outcome.error == "")
        } else {
            #expect(outcome.output == "")
            #expect(!outcome.error.isEmpty)
            #expect(!outcome.error.contains("Fatal error"))
        }
    }

    @Test func whatIsWrongIsNamed() throws {
        let both = try Tool.run(["list", "12x", "-7"])
        #expect(
            both.error == """
                primality: lo '12x': 'x' at position 3 follows a number: an operator is missing
                primality: hi '-7': the result is negative, and negative numbers cannot be tested

                """)
        let order = try Tool.run(["list", "0x10", "9"])
        #expect(order.error == "primality: lo '0x10' is above hi '9'\n")
        let size = try Tool.run(["list", "--max-bits", "8", "1", "256"])
        #expect(size.error.contains("hi '256': the number has 9 bits, more than the limit of 8"))
        #expect(size.error.contains("(--max-bits)"))
        let level = try Tool.run(["list", "1", "9"], environment: ["PRIMALITY_LEVEL": "sse9"])
        #expect(level.status == 64)
    }

    @Test func everyPoolListsTheSame() throws {
        let windows = [
            ["0", "300000"], ["18446744073709500000", "18446744073709600000"],
            ["1000000000000000000000000000000", "1000000000000000000000000020000"],
        ]
        for window in windows {
            let expected = try Tool.run(["list", "--pool", "serial"] + window)
            #expect(expected.status == 0)
            let numbers = try expected.lines.map { try BigNatural(parsing: $0) }
            let low = try BigNatural(parsing: window[0])
            let high = try BigNatural(parsing: window[1])
            #expect(try BigNatural.probablePrimes(in: low...high) == numbers)
            for pool in Self.pools {
                for chunk in [[], ["--chunk", "7"]] {
                    let arguments = ["list", "--pool", pool, "-j", "3"] + chunk + window
                    #expect(try Tool.run(arguments).output == expected.output, "\(arguments)")
                }
                let count = try Tool.run(["list", "--count", "--pool", pool] + window)
                #expect(count.output == "\(expected.lines.count)\n")
            }
        }
    }

    @Test func jsonLinesAndCSVHaveTheKeysOfCheck() throws {
        let window = ["18446744073709551557", "18446744073709551629"]
        let arguments = ["list", "--seed", "9", "--rounds", "4", "--format"]
        let json = try Tool.run(arguments + ["jsonl"] + window)
        let objects = try json.lines.map {
            try #require(
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(objects.map { $0["i"] as? Int } == [0, 1])
        #expect(objects.map { $0["input"] as? String } == window)
        #expect(objects.map { $0["bits"] as? Int } == [64, 65])
        #expect(objects.map { $0["verdict"] as? String } == ["prime", "probable-prime"])
        #expect(objects.map { $0["engine"] as? String } == ["u64", Tool.engineAbove64Bits])
        #expect(objects.map { $0["rounds"] as? Int } == [nil, 4])
        #expect(objects[1]["seed"] as? String == "9")
        let csv = try Tool.run(arguments + ["csv"] + window)
        let checked = try Tool.run(
            ["check", "--seed", "9", "--rounds", "4", "--format", "csv"] + window)
        func withoutTimes(_ outcome: Tool.Outcome) -> [String] {
            outcome.lines.map { $0.split(separator: ",").dropLast().joined(separator: ",") }
        }
        #expect(csv.lines.count == 3)
        #expect(withoutTimes(csv) == withoutTimes(checked))
    }

    /// The only number of the window that small primes leave is a Mersenne prime.
    @Test func aNumberThatIsUndecidedStandsAtItsPlace() throws {
        let window = [
            "M(216091)-4", "M(216091)+4", "--pool", "processes", "-j", "1", "--timeout", "0.2",
        ]
        for (format, end) in [
            ("text", "528447: timed-out"),
            ("jsonl", #"528447","bits":216091,"verdict":"timed-out"}"#),
            ("csv", "528447,216091,timed-out,,,,,,,,"),
        ] {
            let outcome = try Tool.run(["list", "--format", format] + window)
            #expect(outcome.status == 3)
            #expect(outcome.lines.last?.hasSuffix(end) == true)
            #expect(outcome.lines.count == (format == "csv" ? 2 : 1))
        }
        let count = try Tool.run(["list", "--count"] + window)
        #expect(count.status == 3)
        #expect(count.output == "")
        #expect(count.error.contains("there is no count"))
    }

    @Test(arguments: pools)
    func aReaderThatGoesAwayEndsItQuietly(_ pool: String) throws {
        let outcome = try Tool.shell(
            "{ \"$P\" list --pool \(pool) 0 1000000000000; echo \"$?\" >&2; } | head -n 1")
        #expect(outcome.output == "2\n")
        #expect(outcome.error == "141\n")
    }

    @Test func aWriteErrorIsReported() throws {
        for command in [
            "exec \"$P\" list 0 100 > /dev/full", "exec \"$P\" list --count 0 100 > /dev/full",
            "exec \"$P\" list 0 10000000000 >&-", "exec \"$P\" list --format csv 0 1 > /dev/full",
            "exec \"$P\" list --help > /dev/full",
        ] {
            let outcome = try Tool.shell(command)
            #expect(outcome.status == 74, "\(command)")
            #expect(outcome.error.hasPrefix("primality: standard output: "), "\(command)")
            #expect(outcome.error.split(separator: "\n").count == 1, "\(command)")
        }
    }

    @Test(arguments: pools, [SIGINT, SIGTERM])
    func aSignalEndsTheListWithoutAGap(_ pool: String, _ signal: Int32) throws {
        let running = try Tool.start(["list", "--pool", pool, "-j", "2", "0", "10000000000000"])
        #expect(eventually { running.output.count > 100_000 })
        kill(running.process.processIdentifier, signal)
        let outcome = running.finish()
        #expect(!outcome.wasSignalled)
        #expect(outcome.status == 128 + signal)
        // "primality: ended by SIGINT: 123 primes were printed, all there are up to 456"
        #expect(outcome.error.contains("ended by \(signal == SIGINT ? "SIGINT" : "SIGTERM"): "))
        let words = outcome.error.split { $0 == " " || $0 == "\n" }
        let end = try #require(words.last.flatMap { UInt64($0) })
        #expect(outcome.lines.compactMap { UInt64($0) } == (try UInt64.primes(in: 0...end)))
        #expect(words.contains("\(outcome.lines.count)"))
    }

    @Test func aSignalEndsALongTestAndTheCount() throws {
        let long = String(repeating: "9", count: 25_000)  // a test takes minutes
        let alone = try Tool.start(["list", long, "1" + String(repeating: "0", count: 26_000)])
        let counting = try Tool.start([
            "list", "--count", "--progress", "always", "0", "100000000000000",
        ])
        // The long one is at its test by then, too, or ends before it: both are right.
        #expect(eventually { counting.error.contains(#/[1-9]\d* tested in /#) })
        for running in [alone, counting] {
            kill(running.process.processIdentifier, SIGINT)
            #expect(running.endsSoon)
            let outcome = running.finish()
            #expect(outcome.status == 130)
            #expect(outcome.output == "")
        }
        #expect(alone.error == "primality: ended by SIGINT: 0 primes were printed\n")
        #expect(counting.error.contains("primes were counted, all there are up to "))
    }

    @Test func aLongListTakesLittleMemory() throws {
        let outcome = try Tool.shell("\"$P\" list 0 100000000000 | head -n 3000000 | tail -n 1")
        #expect(outcome.output == "49979687\n")
        // AddressSanitizer would keep what was freed.
        let running = try Tool.start(
            ["list", "--count", "0", "100000000000000"],
            environment: ["ASAN_OPTIONS": "quarantine_size_mb=1"])
        var pages = 0
        for _ in 0..<10 {
            usleep(100_000)
            let path = "/proc/\(running.process.processIdentifier)/statm"
            let fields = try #require(TestFiles.text(path)).split(separator: " ")
            pages = max(pages, Int(fields[1]) ?? 0)
        }
        running.process.interrupt()
        _ = running.finish()
        // Of a sanitizer's own, its shadow of the whole, there are some more.
        let most = TestFiles.sanitizer == nil ? 16384 : 32768
        #expect((1...most).contains(pages), "\(pages) pages of memory, more than \(most)")
    }
}
