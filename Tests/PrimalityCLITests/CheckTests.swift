// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct CheckTests {
    @Test func argumentsAreAnsweredLineByLine() throws {
        let outcome = try Tool.run([
            "check", "0", "1", "2", "9", "18446744073709551557", "0x1F",
            "170141183460469231731687303715884105727", "170141183460469231731687303715884105757",
        ])
        #expect(outcome.status == 0)
        #expect(
            outcome.output == """
                0: neither
                1: neither
                2: prime
                9: composite
                18446744073709551557: prime
                0x1F: prime
                170141183460469231731687303715884105727: prime
                170141183460469231731687303715884105757: probable prime

                """)
        #expect(outcome.error == "")
    }

    @Test func linesThatAreNoNumberAreReportedAndTheRestGoesOn() throws {
        var input = Data("7\r\n\n  # comment\n#\n 11 \n12x\n-3\n++4\n1 2\n".utf8)
        input += Data([0, 10, 0xFF, 0x31, 10])
        input += Data("0x\n13".utf8)
        let outcome = try Tool.run(["check"], input: input)
        #expect(outcome.status == 2)
        #expect(outcome.output == "7: prime\n11: prime\n13: prime\n")
        let numbers = outcome.error.split(separator: "\n").map {
            $0.split(separator: ":")[1].trimmingCharacters(in: .whitespaces)
                + $0.split(
                    separator: ":")[2]
        }
        #expect(numbers.count == 7)
        for line in [6, 7, 8, 9, 10, 11, 12] {
            #expect(outcome.error.contains("standard input: line \(line): "), "line \(line)")
        }
        #expect(outcome.error.contains("negative numbers cannot be tested"))
        #expect(outcome.error.contains("a NUL byte at position 1"))
        #expect(outcome.error.contains("not ASCII (0xFF)"))
    }

    @Test(arguments: [
        (["check", "-5"], 2), (["check", ""], 2), (["check", "x", "7"], 2),
        (["check", "--max-bits", "8", "256"], 2),
        (["check", "--engine", "u64", "0x1" + String(repeating: "0", count: 16)], 2),
        (["check", "--file", "/nonexistent"], 2), (["check", "--file", "/"], 2),
        (["check", "-q", "7", "11"], 0), (["check", "-q", "7", "9"], 1), (["check", "-q", "1"], 1),
        (["check", "-q", "9", "x"], 2), (["check", "-q"], 2),
        (["check", "-q", "--shard", "2/2", "7"], 2),
        (["check", "-q", "--file", "/dev/null"], 2), (["check", "--file", "/dev/null"], 0),
        (["check", "-j0", "7"], 64), (["check", "-jx", "7"], 64), (["list", "-j0", "5", "7"], 64),
        (["race", "-j0"], 64), (["models", "-j0"], 64), (["models", "pool", "-j0"], 64),
        (["check", "-j", "0", "7"], 64), (["check", "-j", "100000", "7"], 64),
        (["check", "-j", "x", "7"], 64), (["check", "--engine", "magic", "7"], 64),
        (["check", "--pool", "puddle", "7"], 64), (["check", "--order", "x", "7"], 64),
        (["check", "--format", "xml", "7"], 64), (["check", "--chunk", "0", "7"], 64),
        (["check", "--rounds", "-1", "7"], 64), (["check", "--seed", "x", "7"], 64),
        (["check", "--max-bits", "0", "7"], 64), (["check", "--wat", "7"], 64),
        (["check", "--file", "-", "7"], 64), (["frobnicate"], 64),
        (["check", "--pool", "queue", "7"], 69),
        (["race", "--numbers", "/nonexistent"], 2), (["race", "--engines", "magic"], 64),
        (["race", "--pools", "serial,magic"], 64), (["race", "--pools", "queue"], 69),
        (["race", "--plot", "--json"], 64), (["race", "--plot", "--pools", "threads"], 64),
        (["race", "-j", "0"], 64), (["race", "--pools", ","], 64), (["--version"], 0),
        (["check", "--help"], 0), (["race", "--help"], 0), (["info", "--help"], 0),
    ])
    func exitStatusesAreThoseOfTheTable(_ arguments: [String], _ status: Int) throws {
        let outcome = try Tool.run(arguments)
        #expect(Int(outcome.status) == status)
        if [2, 64, 69].contains(status) {
            #expect(!outcome.error.isEmpty)
            #expect(!outcome.error.contains("Fatal error"))
        } else {
            #expect(outcome.error == "")
        }
    }

    @Test func twoDashesEndTheOptions() throws {
        let operand = try Tool.run(["check", "-j", "1", "5", "--", "-(3-10)", "7"])
        #expect(operand.output == "5: prime\n-(3-10): prime\n7: prime\n")
        #expect(operand.status == 0 && operand.error == "")
        let negative = try Tool.run(["check", "--", "-7"])
        #expect(negative.error.contains("argument 1: '-7': the result is negative"))
        #expect(try Tool.run(["check", "--", "-q"]).error.contains("argument 1: '-q'"))
        #expect(try Tool.run(["check", "--"], input: Data("7\n".utf8)).output == "7: prime\n")
        #expect(try Tool.run(["check", "--", "--"]).error.contains("argument 1: '--'"))
        #expect(try Tool.run(["list", "--", "5", "7"]).output == "5\n7\n")
        #expect(try Tool.run(["list", "--", "-7", "7"]).error.contains("lo '-7': the result is"))
        #expect(try Tool.run(["next", "7", "--"]).output == "11\n")
        #expect(try Tool.run(["prev", "--", "7"]).output == "5\n")
        for command in ["next", "prev"] {
            let outcome = try Tool.run([command, "--", "-7"])
            #expect(outcome.status == 2)
            #expect(outcome.error.contains("n '-7': the result is negative"))
        }
        #expect(try Tool.run(["random", "--bits", "2", "--"]).status == 0)
        #expect(try Tool.run(["models", "--", "-x"]).error.contains("model '-x' is unknown"))
    }

    @Test func workersAreGivenWithAndWithoutASpace() throws {
        for operands in [["7", "-3"], ["--", "-3", "7"]] {
            for workers in [["-j", "1"], ["-j1"], ["-j=1"]] {
                let outcome = try Tool.run(["check"] + workers + operands)
                #expect(outcome.status == 2 && outcome.output == "7: prime\n", "\(workers)")
                #expect(outcome.error.contains("'-3'"))
            }
        }
        #expect(try Tool.run(["check", "-q", "-j2", "7"]).status == 0)
        #expect(try Tool.run(["check", "--", "-j2"]).error.contains("argument 1: '-j2'"))
        #expect(try Tool.run(["list", "-j1", "5", "7"]).output == "5\n7\n")
        #expect(try Tool.run(["next", "-j1", "7"]).output == "11\n")
        #expect(try Tool.run(["prev", "7", "-j1"]).output == "5\n")
        #expect(try Tool.run(["random", "-j1", "--bits", "2"]).status == 0)
    }

    @Test func standardInputIsReadInThePlaceOfADash() throws {
        let input = Data("11\nx\n13 // a comment\n".utf8)
        let outcome = try Tool.run(["check", "7", "y", "-", "17", "-", "z"], input: input)
        #expect(outcome.output == "7: prime\n11: prime\n13: prime\n17: prime\n")
        #expect(outcome.status == 2)
        for place in ["argument 2: 'y'", "standard input: line 2: 'x'", "argument 6: 'z'"] {
            #expect(outcome.error.contains(place), "\(place)")
        }
        // A header in the input is none of the arguments' business, before or after.
        let rows = Data("ABC $a*2^$b+1\n1 4\n3 2\n".utf8)
        let mixed = try Tool.run(
            ["check", "--format", "csv", "5", "-", "7 8", "9"], input: rows)
        #expect(
            mixed.lines.dropFirst().map { $0.split(separator: ",")[1] } == [
                "5", "1*2^4+1", "3*2^2+1", "9",
            ])
        #expect(mixed.error.contains("argument 3: '7 8'"))
        #expect(try Tool.run(["check", "--input", "lines", "-", "7"]).output == "7: prime\n")
        #expect(try Tool.run(["check", "--input", "lines", "7"]).status == 64)
    }

    @Test func whatIsNoCommandIsAUsageError() throws {
        for arguments in [["help", "nothere"], ["help", "models", "nothere"], ["nothere"]] {
            let outcome = try Tool.run(arguments)
            #expect(outcome.status == 64 && outcome.output == "", "\(arguments)")
            #expect(outcome.error.contains("nothere"))
        }
        for arguments in [
            ["help"], ["help", "check"], ["help", "models", "pool"], ["help", "-h"],
        ] {
            #expect(try Tool.run(arguments).status == 0, "\(arguments)")
        }
        for number in ["7", "2^127-1", "0x1F", "(2^61+1)/3", "M(127)", "-"] {
            let outcome = try Tool.run([number])
            #expect(outcome.status == 64, "\(number)")
            #expect(outcome.error.contains("primality check '\(number)'"), "\(outcome.error)")
        }
    }

    @Test func aNegativeNumberIsTheValueOfItsOption() throws {
        for (arguments, words) in [
            (["check", "--seed", "-1"], "a seed is a number from 0 to 18446744073709551615"),
            (["random", "--bits", "64", "--seed", "-1"], "a seed is a number from 0 to"),
            (["check", "--seed", "18446744073709551616"], "a seed is a number from 0 to"),
            (["check", "--rounds", "-1"], "--rounds -1 is out of range"),
            (["check", "-j", "-1"], "-j -1 is out of range"),
            (["check", "-j-1"], "-j -1 is out of range"),
            (["check", "--chunk", "-1"], "--chunk -1 is out of range"),
            (["check", "--max-bits", "-1"], "--max-bits -1 is out of range"),
            (["next", "--count", "-1"], "--count -1 is out of range"),
            (
                ["check", "--pool", "processes", "--timeout", "-1"],
                "--timeout -1.0 is out of range"
            ),
            (["models", "contention", "--time", "-1"], "--time -1 is out of range"),
        ] {
            let operands = ["check", "next"].contains(arguments[0]) ? ["7"] : []
            let outcome = try Tool.run(arguments + operands)
            #expect(outcome.status == 64, "\(arguments)")
            #expect(outcome.error.contains(words), "\(arguments): \(outcome.error)")
        }
    }

    @Test func helpIsNoWiderThanATerminal() throws {
        let commands = [
            [], ["check"], ["list"], ["next"], ["prev"], ["random"], ["info"], ["race"], ["spin"],
            ["models"], ["models", "all"], ["models", "list"], ["models", "pool"],
            ["models", "contention"], ["bench"],
        ]
        for command in commands {
            for columns in ["80", "100"] {
                let outcome = try Tool.run(command + ["--help"], environment: ["COLUMNS": columns])
                let wide = outcome.lines.filter { $0.count > 100 }
                #expect(outcome.status == 0 && wide.isEmpty, "\(command), \(columns): \(wide)")
            }
        }
    }

    @Test func theExamplesOfTheReadmeGiveWhatItSays() throws {
        let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../examples").path
        let lines = try Tool.run(["check", "--file", "\(examples)/candidates.txt"])
        #expect(
            lines.output == """
                18446744073709551557: prime
                0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF: prime
                503#-641: composite
                (2^61+1)/3: prime
                561: composite

                """)
        #expect(lines.status == 0 && lines.error == "")
        let rows = try Tool.run(["check", "--file", "\(examples)/sieved.abc"])
        #expect(rows.status == 0)
        let readme = try #require(TestFiles.text("\(examples)/../README.md"))
        #expect(rows.lines.count == 4 && readme.contains("\n" + rows.output + "```"))
    }

    @Test func askingWhetherNothingIsPrimeHasNoAnswer() throws {
        let nothing = try Tool.run(["check", "-q"], input: Data("# 7\n\n".utf8))
        #expect(nothing.status == 2 && nothing.error == "primality: there is nothing to test\n")
        let share = try Tool.run(["check", "-q", "--shard", "3/3", "7", "11"])
        #expect(share.status == 2)
        #expect(share.error.contains("none of the 2 candidates is in share 3/3"))
        #expect(try Tool.run(["check", "-q", "--shard", "2/3", "9", "11"]).status == 0)
        #expect(try Tool.run(["check"]).status == 0)
    }

    @Test(arguments: PoolChoice.all)
    func aSmallNumberDoesNotWaitForALargeOneBehindIt(_ pool: PoolChoice) throws {
        // The large one takes minutes.
        let input = Data("7\n2^127-1\n2^216091-1\n13\n".utf8)
        for arguments in [pool.check(1), pool.check(2), pool.check(1) + ["--order", "done"]] {
            let run = try Tool.start(arguments, input: input)
            #expect(
                eventually { run.output == "7: prime\n2^127-1: prime\n" || run.outputSize > 25 },
                "\(arguments)")
            #expect(run.output.hasPrefix("7: prime\n2^127-1: prime\n") && run.process.isRunning)
            kill(run.id, SIGINT)
            #expect(run.finish().status == 130)
        }
    }

    @Test func aNumberDoesNotWaitForOthersToBeEvaluated() throws {
        let input = Data(String(repeating: "nextprime(2^2000)\n", count: 200).utf8)
        let run = try Tool.start(["check", "-j1"], input: input)
        // Each takes a second or so in a debug build. By their cost alone 32 are tested together.
        let hasOutput = (0..<12).contains { _ in eventually { run.outputSize > 0 } }
        #expect(hasOutput && run.output.split(separator: "\n").count < 32)
        #expect(run.process.isRunning)
        kill(run.id, SIGINT)
        #expect(run.finish().status == 130)
    }

    @Test func aLevelThatCannotBeUsedIsAnError() throws {
        for command in [["check", "7"], ["info"], ["race"]] {
            let unknown = try Tool.run(command, environment: ["PRIMALITY_LEVEL": "sse9"])
            #expect(unknown.status == 64)
            #expect(unknown.error.contains("'sse9', which is no level"))
            #expect(unknown.output == "")
        }
        let forced = try Tool.run(["info"], environment: ["PRIMALITY_LEVEL": "portable"])
        #expect(forced.output.contains("level             portable\n"))
    }

    @Test func jsonLinesHoldTheEvidence() throws {
        let outcome = try Tool.run([
            "check", "--format", "jsonl", "--seed", "9", "--rounds", "4", "--res64", "35",
            "2047", "0x8000000000000000000000000000001D", "bad", "1000036000099",
        ])
        #expect(outcome.status == 2)
        let objects = try outcome.lines.map {
            try #require(
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(objects.map { $0["i"] as? Int } == [0, 1, 2, 4])
        #expect(objects.map { $0["bits"] as? Int } == [6, 11, 128, 40])
        #expect(
            objects.map { $0["verdict"] as? String } == [
                "composite", "composite", "probable-prime", "composite",
            ])
        #expect(objects[0]["factor"] as? String == "5")
        #expect(objects[0]["res64"] as? String == "0000000000000004")
        #expect(objects[2]["input"] as? String == "0x8000000000000000000000000000001D")
        #expect(objects[2]["seed"] as? String == "9")
        #expect(objects[2]["rounds"] as? Int == 4)
        #expect(objects[2]["engine"] as? String == Tool.engineAbove64Bits)
        #expect(objects[2]["method"] as? String == "baillie-psw")
        #expect(objects[3]["witness"] as? String == "2")
        #expect(objects.allSatisfy { $0["cpu_ns"] is Int })
    }

    @Test func csvHasAHeaderAndTwelveFields() throws {
        let outcome = try Tool.run(["check", "--format", "csv", "7", "8"])
        #expect(
            outcome.lines.first
                == "i,input,bits,verdict,method,engine,factor,witness,res64,rounds,seed,cpu_ns")
        #expect(outcome.lines.count == 3)
        #expect(
            outcome.lines.allSatisfy {
                $0.split(separator: ",", omittingEmptySubsequences: false).count == 12
            })
        #expect(outcome.lines[2].hasPrefix("1,8,4,composite,trial-division,u64,2,,,,,"))
    }

    @Test func textShowsTheResidueOnRequest() throws {
        let outcome = try Tool.run(["check", "--res64", "35"])
        #expect(outcome.output == "35: composite RES64: [0000000000000004]\n")
    }

    @Test func everyPoolAndOrderPrintsTheSame() throws {
        var generator = SeededGenerator(seed: 42)
        var numbers = (0..<30_000).map { _ in String(generator.nextOfAnySize()) }
        numbers += try VectorFile.go.cases().map(\.number.description)
        let input = Data((numbers.joined(separator: "\n") + "\n").utf8)
        let expected = try Tool.run(["check", "--pool", "serial", "-j", "1"], input: input)
        #expect(expected.lines.count == numbers.count)
        for pool in ["threads", "processes", "tasks", "actors"] {
            for chunk in [[], ["--chunk", "1000"], ["--chunk", "7"]] {
                let arguments = ["check", "--pool", pool, "-j", "3", "--file", "-"] + chunk
                #expect(try Tool.run(arguments, input: input).output == expected.output)
                let unordered = try Tool.run(arguments + ["--order", "done"], input: input)
                #expect(unordered.lines.sorted() == expected.lines.sorted(), "\(pool) \(chunk)")
            }
        }
    }

    @Test func theSameSeedGivesTheSameRunOnAnyNumberOfWorkers() throws {
        let numbers = try VectorFile.rfcModp.cases().prefix(4).map(\.number.description)
        func withoutTimes(_ arguments: [String]) throws -> [String] {
            try Tool.run(["check", "--format", "jsonl"] + arguments + numbers).lines
                .map { String($0[..<($0.range(of: ",\"cpu_ns\"")?.lowerBound ?? $0.endIndex)]) }
        }
        let first = try withoutTimes(["--seed", "1", "-j", "1"])
        #expect(first.count == 4)
        #expect(try withoutTimes(["--seed", "1", "-j", "2", "--pool", "processes"]) == first)
        #expect(try withoutTimes(["--seed", "2", "-j", "2"]) != first)
        #expect(try withoutTimes([]) != first)  // random by default
    }

    @Test func aLineOfTenMillionDigitsIsRefusedAndTheRestGoesOn() throws {
        var input = Data("7\n".utf8) + Data(repeating: UInt8(ascii: "1"), count: 10_000_000)
        input += Data("\n#".utf8) + Data(repeating: UInt8(ascii: "x"), count: 3_000_000)
        input += Data("\n11\n".utf8)
        let outcome = try Tool.run(["check", "--max-bits", "1000000"], input: input)
        #expect(outcome.status == 2)
        #expect(outcome.output == "7: prime\n11: prime\n")
        #expect(
            outcome.error.contains("line 2: '111111111111111111111111...111111111111': "))
        #expect(outcome.error.contains("more than the limit of 1000000 (--max-bits)"))
        #expect(outcome.error.split(separator: "\n").count == 1)
    }
}
