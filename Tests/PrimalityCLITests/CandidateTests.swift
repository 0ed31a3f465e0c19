// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityExpressions
import TestSupport
import Testing

/// Expressions and candidate files, as `check` takes them.
@Suite(.timeLimit(.minutes(15))) struct CandidateTests {
    @Test func argumentsAreExpressions() throws {
        let outcome = try Tool.run([
            "check", "2^127-1", " 5*2^7 + 1 ", "(2^61+1)/3", "-5+7", "Phi(3,10)", "0x1F+0",
        ])
        #expect(outcome.status == 0 && outcome.error == "")
        #expect(
            outcome.output == """
                2^127-1: prime
                5*2^7 + 1: prime
                (2^61+1)/3: prime
                -5+7: prime
                Phi(3,10): composite
                0x1F+0: prime

                """)
    }

    @Test func whatIsRefusedSaysWhyAtOnce() throws {
        let monsters = ["9^(9^9)", "(10^9)!", "F(10^12)", "10^(10^10)", "2^(2^70)", "(10^12)#"]
        let outcome = try Tool.run(["check", "7", "2^3^2", "7/2", "3-5"] + monsters)
        #expect(outcome.status == 2)
        #expect(outcome.output == "7: prime\n")
        let errors = outcome.error.split(separator: "\n")
        #expect(errors.count == 3 + monsters.count)
        #expect(errors[0].hasPrefix("primality: argument 2: '2^3^2': '^' at position 4 follows"))
        #expect(errors[1].contains("'/' at position 2 leaves a remainder"))
        #expect(errors[2].contains("negative numbers cannot be tested"))
        for error in errors.dropFirst(3) {
            #expect(
                error.contains(" at least ") && error.hasSuffix("limit of 100000000 (--max-bits)"))
        }
        let small = try Tool.run(["check", "--max-bits", "100", "2^100-1", "2^100", "2^10000"])
        #expect(small.output == "2^100-1: composite\n")
        #expect(
            small.error.contains("'2^100': the number has 101 bits, more than the limit of 100"))
        #expect(small.error.contains("gives a number of at least 10000 bits"))
        let engine = try Tool.run(["check", "--engine", "u64", "2^64-59", "2^64+13"])
        #expect(engine.output == "2^64-59: prime\n")
        #expect(engine.error.contains("more than the limit of 64 (engine u64)"))
        for (count, reason) in [
            (100_000, "more than 64 brackets deep"), (1_000_000, "bytes, more than"),
        ] {
            let deep = try Tool.run(
                ["check", "--max-bits", "1000000"],
                input: Data(repeating: UInt8(ascii: "("), count: count) + Data("\n7\n".utf8))
            #expect(deep.status == 2 && deep.output == "7: prime\n")
            #expect(deep.error.contains(reason))
        }
    }

    /// GMP would end the program.
    @Test(.enabled(if: TestFiles.sanitizer == nil, "sanitizers need all of the address space"))
    func whatThereIsNoMemoryForIsRefused() throws {
        let outcome = try Tool.shell(
            "ulimit -v 2000000; exec \"$P\" check --pool serial --max-bits 1000000000 '2^999999999' 7"
        )
        #expect(outcome.status == 2 && outcome.output == "7: prime\n")
        #expect(outcome.error.contains("'^' at position 2 needs more memory than there is"))
    }

    /// The small ones that the repository has as digits, by their names.
    @Test func residuesAreThoseOfPFGW() throws {
        let rows = try VectorFile.residues().filter { $0.number.bitWidth < 3000 }
        #expect(rows.count >= 8)
        let outcome = try Tool.run(["check", "--res64"] + rows.map(\.name))
        let expected = rows.map { row in
            let digits = String(row.residue, radix: 16, uppercase: true)
            return "\(row.name): composite RES64: ["
                + String(repeating: "0", count: 16 - digits.count) + digits + "]"
        }
        #expect(outcome.lines == expected)
    }

    @Test func linesCanBeThoseOfPFGW() throws {
        let small = try Tool.run(["check", "--format", "pfgw", "0", "1", "2", "7", "91", "3*2^5+1"])
        #expect(
            small.lines == [
                "0 is neither prime nor composite", "1 is neither prime nor composite",
                "2 is prime!", "7 is prime!", "91 has factors: 7", "3*2^5+1 is prime!",
            ])
        // What PFGW says of them: two of its probable primes, and composites.
        let passed = ["503#-659", "503#+631"]
        let rows = try VectorFile.residues().filter { $0.number.bitWidth < 3000 }
        let outcome = try Tool.run(["check", "--format", "pfgw"] + passed + rows.map(\.name))
        #expect(outcome.status == 0)
        #expect(outcome.lines.prefix(2) == ["503#-659 is 3-PRP!", "503#+631 is 3-PRP!"])
        #expect(outcome.lines.count == rows.count + 2)
        var residues = 0
        for (line, row) in zip(outcome.lines.dropFirst(2), rows) {
            if let factor = line.wholeMatch(of: /.* has factors: ([0-9]+)/)?.1 {
                // Found by dividing, before any power was taken.
                let rest = try BigNatural(expression: "(\(row.name))%\(factor)", maximumBits: 9999)
                #expect(rest == 0)
                continue
            }
            let digits = String(row.residue, radix: 16, uppercase: true)
            let padded = String(repeating: "0", count: 16 - digits.count) + digits
            #expect(line == "\(row.name) is composite: RES64: [\(padded)]")
            residues += 1
        }
        #expect(residues > 0)
        #expect(try Tool.run(["list", "1", "9", "--format", "pfgw"]).status == 64)
        #expect(try Tool.run(["next", "9", "--format", "pfgw"]).status == 64)
    }

    @Test(.enabled(if: TestFiles.shared != nil, "vectors are not at hand"))
    func residuesAreThoseOfPRST() throws {
        let folder = try #require(TestFiles.shared)
        let rows = try VectorFile.rows(at: folder.appendingPathComponent("residues/res64.tsv"))
            .filter { $0[4].hasPrefix("fermat base 3") && (Int($0[2]) ?? 0) < 800 }.prefix(30)
        #expect(rows.count == 30)
        let file =
            "ABC $a*$b^$c$d\n"
            + rows.map { "\($0[0]) \($0[1]) \($0[2]) \($0[3].hasPrefix("-") ? "" : "+")\($0[3])\n" }
            .joined()
        let outcome = try Tool.run(["check", "--res64"], input: Data(file.utf8))
        #expect(outcome.lines.count == 30)
        for (line, row) in zip(outcome.lines, rows) {
            #expect(line.hasSuffix("composite RES64: [\(row[5])]"), "\(line)")
        }
    }

    @Test func filesAreReadByTheirHeaders() throws {
        func run(_ text: String, _ arguments: [String] = []) throws -> Tool.Outcome {
            try Tool.run(["check"] + arguments, input: Data(text.utf8))
        }
        #expect(
            try run("ABC $a*2^$b$c // Sieved to 1000\n3 5 +1\n1 13 -1\n").output
                == "3*2^5+1: prime\n1*2^13-1: prime\n")
        #expect(try run("ABCD $a*2^$b+1 [3 5]\n0 1\n").output == "3*2^5+1: prime\n3*2^6+1: prime\n")
        #expect(
            try run("ABC2 $a^2+$b\na: from 2 to 4 step 2\nb: in { 1 3 }").output
                == "2^2+1: prime\n2^2+3: prime\n4^2+1: prime\n4^2+3: prime\n")
        #expect(try run("9:T:0:2:3\n3 5\n").output == "3*2^5+1: prime\n3*2^5-1: composite\n")
        #expect(try run("7 // seven\n2*3\\\n+1\n").output == "7: prime\n2*3+1: prime\n")
        #expect(try run("7\n", ["--input", "lines"]).output == "7: prime\n")
        #expect(
            try run("ABC $a & $a+2 // {number_primes,$a,1}\n3\n").output
                == "3: prime\n3+2: prime\n")
        for (text, arguments) in [
            ("ABX $a*2+1\n3\n5\n", []), ("7\n11\n", ["--input", "abc"]), ("ABC3 2\n7\n", []),
            ("ABC2 $a+1\na: from 3 to 1\n", []), ("9:B:0:2:3\n3 5\n", []),
            ("ABC $a // {number_primes,$a}\n3\n", []), ("ABC $a & $a+2 | $a+4\n3\n", []),
        ] {
            let outcome = try run(text, arguments)
            #expect(outcome.status == 2 && outcome.output == "", "\(text)")
            #expect(outcome.error.contains("the reading ends here"))
            #expect(outcome.error.split(separator: "\n").count == 1)
        }
        let rows = try run("ABC $a*2^$b$c\n3 5 1\n3 5\n3 5 +1\n3 5 +x\n")
        #expect(rows.status == 2 && rows.output == "3*2^5+1: prime\n")
        #expect(rows.error.contains("line 2: '3 5 1': '1' would run together"))
        #expect(rows.error.contains("line 3: '3 5': has 2 values"))
        #expect(rows.error.contains("line 5: '3*2^5+x': 'x' at position 7 is no function"))
        #expect(try Tool.run(["check", "--input", "xml"]).status == 64)
        #expect(try Tool.run(["check", "--input", "lines", "7"]).status == 64)
    }

    @Test func filesOfOEISAndGIMPSAreRead() throws {
        func run(_ text: String, _ arguments: [String] = []) throws -> Tool.Outcome {
            try Tool.run(["check"] + arguments, input: Data(text.utf8))
        }
        let bFile = "# A000040\n1 2\n2 3\n3 5\n4 9\n"
        for arguments in [[], ["--input", "bfile"]] {
            let outcome = try run(bFile, arguments)
            #expect(outcome.lines == ["2: prime", "3: prime", "5: prime", "9: composite"])
            #expect(outcome.status == 0 && outcome.error == "")
        }
        // What is none is told by its own line.
        let pairs = try run("3 5\n\n7 11\n13\n")
        #expect(pairs.output == "13: prime\n" && pairs.status == 2)
        #expect(
            pairs.error.split(separator: "\n").map { $0.prefix(41) }
                == [
                    "primality: standard input: line 1: '3 5':",
                    "primality: standard input: line 3: '7 11'",
                ])
        #expect(pairs.error.contains("operator is missing; write one number a line"))
        let work = "PRP=1,2,521,-1,75,0\nTest=00000000000000000000000000000000,607,75,1\nM127\nx\n"
        let outcome = try run(work, ["--input", "worktodo"])
        #expect(outcome.lines == ["2^521-1: prime", "2^607-1: prime", "M(127): prime"])
        #expect(outcome.error.contains("line 4: 'x': is no line of a worktodo file"))
        #expect(try run(work).error.contains("a file of GIMPS is read with --input worktodo"))
        #expect(try run("2 5 7\n").error.contains("write one number a line"))
        #expect(try run("7, 11\n").error.contains("write one number a line"))
    }

    @Test func numbersAreReadAsPeopleWriteThem() throws {
        let outcome = try Tool.run([
            "check", "+7", "1e12+39", "2**61-1", "1_000_003", "1,000,003", "M127", "phi(3,2)",
        ])
        #expect(outcome.status == 0 && outcome.lines.count == 7)
        #expect(outcome.lines.allSatisfy { $0.hasSuffix(": prime") })
        let csv = try Tool.run(["check", "--format", "csv", "1,000,003"])
        #expect(csv.lines[1].hasPrefix("0,\"1,000,003\",20,prime,"))
        let two = try Tool.run(["check", "3,5", "7"])
        #expect(two.status == 2 && two.output == "7: prime\n")
        #expect(two.error.contains("',' at position 2 may group digits or separate numbers"))
        #expect(try Tool.run(["list", "1_0", "+20"]).output == "11\n13\n17\n19\n")
    }

    @Test func hexadecimalIsReadWithABase() throws {
        let text = "P:\n    00:ff:ff:\n    ff:fb\n7\nCAFE0001\nModulus=C7\n"
        for arguments in [["--base", "16"], ["--input", "hex"]] {
            let outcome = try Tool.run(["check"] + arguments, input: Data(text.utf8))
            #expect(
                outcome.lines == [
                    "0x00fffffffb: prime", "0x7: prime", "0xCAFE0001: composite", "0xC7: prime",
                ])
            #expect(outcome.status == 0 && outcome.error == "")
        }
        let without = try Tool.run(["check"], input: Data(text.utf8))
        #expect(without.output == "7: prime\n" && !without.error.contains("NewPGen"))
        let hints = without.error.components(separatedBy: "hexadecimal begins with 0x")
        #expect(hints.count == 5)
        let arguments = try Tool.run(["check", "--base", "16", "1f", "00:c7", "2^5"])
        #expect(arguments.output == "0x1f: prime\n0x00c7: prime\n" && arguments.status == 2)
        #expect(arguments.error.contains("'2^5': '^' at position 2 is no hexadecimal digit"))
        #expect(try Tool.run(["list", "--base", "16", "f", "1F"]).output == "17\n19\n23\n29\n31\n")
        #expect(try Tool.run(["next", "--base", "16", "ff"]).output == "257\n")
        #expect(try Tool.run(["prev", "--base", "16", "g"]).status == 2)
        #expect(try Tool.run(["next", "FF"]).error.contains("hexadecimal begins with 0x"))
        #expect(try Tool.run(["check", "--base", "8", "7"]).status == 64)
        #expect(try Tool.run(["check", "--base", "16", "--input", "abc"]).status == 64)
    }

    @Test func wordsGetAHintAtFiles() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("primality-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("numbers.txt").path
        try Data("7\n".utf8).write(to: URL(fileURLWithPath: file))
        #expect(try Tool.run(["check", file]).error.contains("; to read the file, write --file /"))
        let missing = try Tool.run(["check", "numbers"])
        #expect(missing.error.contains("'numbers' at position 1 is no function"))
        #expect(missing.error.contains("a file is read with --file"))
        #expect(try !Tool.run(["list", "numbers", "9"]).error.contains("--file"))
        #expect(
            try Tool.run(["check", "3 5"]).error.contains("each number is an argument of its own"))
    }

    @Test func manyComplaintsOfAKindAreCounted() throws {
        let text =
            String(repeating: "?\n", count: 494) + String(repeating: "2^9999999\n", count: 20)
            + String(repeating: "7/2\n", count: 21) + "7\n"
        let outcome = try Tool.run(["check", "--max-bits", "1000000"], input: Data(text.utf8))
        #expect(outcome.status == 2 && outcome.output == "7: prime\n")
        let errors = outcome.error.split(separator: "\n")
        #expect(errors.count == 62)
        #expect(
            errors.suffix(2) == [
                "primality: standard input: 474 more candidates are no expressions",
                "primality: standard input: 1 more candidate is without a value that can be tested",
            ])
        // Those that depend on others are counted with them.
        let rows = "ABC 7/$a & $a\n" + String(repeating: "2\n", count: 30)
        #expect(
            try Tool.run(["check"], input: Data(rows.utf8)).error.split(separator: "\n").count == 21
        )
    }

    @Test func numbersAreNamedByTheirEnds() throws {
        let digits = String(repeating: "7", count: 100)
        let outcome = try Tool.run(["check", digits + "0000000001x", digits + "0000000002x"])
        #expect(outcome.error.contains("argument 1: '777777777777777777777777...70000000001x': "))
        #expect(outcome.error.contains("argument 2: '777777777777777777777777...70000000002x': "))
        #expect(try Tool.run(["list", digits, digits + "y"]).error.contains("hi '7777"))
    }

    @Test func aHeaderInTheMiddleIsObeyed() throws {
        let text = """
            7
            ABC $a*2+1 // {number_primes,$a,1}
            3
            3
            ABC $a*2+1 // {number_primes,$a,1}
            3
            9:P:0:2:1
            3 5
            ABC2 $a
            a: from 11 to 12
            ABC $a+1
            12

            """
        let outcome = try Tool.run(["check"], input: Data(text.utf8))
        #expect(
            outcome.lines == [
                "7: prime", "3*2+1: prime", "3*2+1: prime", "3*2^5+1: prime", "11: prime",
                "12: composite", "12+1: prime",
            ])
        #expect(outcome.status == 0 && outcome.error.contains("1 candidate was left out"))
    }

    @Test func placesCountWhatFilesGive() throws {
        let text = "ABC $a*6+1 | $a*6-1\n" + (1...20).map { "\($0)\n" }.joined()
        let whole = try Tool.run(["check"], input: Data(text.utf8)).lines
        #expect(whole.count == 40)
        for index in 1...3 {
            let share = try Tool.run(
                ["check", "--shard", "\(index)/3", "--format", "csv"], input: Data(text.utf8))
            let places = share.lines.dropFirst().compactMap {
                $0.split(separator: ",").first.flatMap { Int($0) }
            }
            #expect(places == Array(stride(from: index - 1, to: 40, by: 3)))
            for (line, place) in zip(share.lines.dropFirst(), places) {
                let name = whole[place].split(separator: ":")[0]
                #expect(line.split(separator: ",")[1] == name)
            }
        }
        // A header's error is told by every share.
        let bad = try Tool.run(["check", "--shard", "2/3"], input: Data("ABC 5\n".utf8))
        #expect(bad.status == 2 && bad.error.contains("has no variable"))
    }

    @Test func inputsAreQuotedWhereTheyHaveTo() throws {
        let input = Data("gcd(6,4)\n2\t+ 3\n".utf8)
        let json = try Tool.run(["check", "--format", "jsonl"], input: input)
        let names = try json.lines.map {
            try #require(
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])["input"]
                as? String
        }
        #expect(names == ["gcd(6,4)", "2\t+ 3"])
        let csv = try Tool.run(["check", "--format", "csv"], input: input)
        #expect(csv.lines[1].hasPrefix("0,\"gcd(6,4)\",2,prime,"))
        #expect(csv.lines[2].hasPrefix("1,2\t+ 3,3,prime,"))
    }

    @Test func aRunOnAProductIsResumed() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("primality-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("product.abc2").path
        let results = folder.appendingPathComponent("results.jsonl").path
        // More candidates than the file has bytes.
        try Data("ABC2 $a^2+$b\na: from 1 to 30\nb: from 1 to 30\n".utf8)
            .write(to: URL(fileURLWithPath: file))
        let arguments = ["check", "--file", file, "--resume", results]
        #expect(try Tool.run(arguments).status == 0)
        let whole = try #require(TestFiles.bytes(results))
        let lines = whole.split(separator: 10)
        #expect(lines.count == 902)
        try Data(whole.prefix(whole.count * 2 / 3)).write(to: URL(fileURLWithPath: results))
        let again = try Tool.run(arguments)
        #expect(again.status == 0 && again.error.contains("going on after"))
        let places = try #require(TestFiles.text(results)).split(separator: "\n")
            .filter { $0.hasPrefix("{\"i\":") }
            .compactMap { $0.dropFirst(5).split(separator: ",").first.flatMap { Int($0) } }
        #expect(places.sorted() == Array(0..<900))
        let other = try Tool.run(arguments + ["--input", "abc2"])
        #expect(other.status == 2)
        #expect(other.error.contains("--input was auto then and is abc2 now"))
    }

    /// A product of 2¹⁸⁹: it is made as it is tested, and Ctrl-C ends it.
    @Test func aProductWithoutEndIsEnded() throws {
        let range = "from 1 to 9223372036854775807"
        let text = "ABC2 2*$a+4*$b*$c\na: \(range)\nb: \(range)\nc: \(range)\n"
        for arguments in [["check"], ["check", "--shard", "1/1000000000"]] {
            let running = try Tool.start(arguments, input: Data(text.utf8))
            if arguments.count == 1 { #expect(eventually { running.outputSize > 100_000 }) }
            usleep(200_000)
            kill(running.id, SIGINT)
            let ends = running.endsSoon
            #expect(ends)
            #expect(running.finish().status == 130)
        }
    }

    /// As other programs write numbers: exactly, or not at all.
    @Test func powersOfTenAreWholeOrRefusedWithWhatTheyMayBe() throws {
        let read = try Tool.run(["check", "1e12", "1E6+3", "2**61-1"])
        #expect(read.output == "1e12: composite\n1E6+3: prime\n2**61-1: prime\n")
        for (text, whole) in [("1.5e3", "15e2"), ("2.50E+10", "250e8"), ("1.25e2", "125e0")] {
            let outcome = try Tool.run(["check", text])
            #expect(outcome.status == 2 && outcome.output == "")
            #expect(outcome.error.hasSuffix("and this one may be \(whole)\n"), "\(outcome.error)")
        }
        // What has no such form, or is something else.
        for text in ["1.5e0", "1.5", "1.5.2e3", "1.5e3+1", "1.5e", "1.5e-3", "1.5e3e3"] {
            let outcome = try Tool.run(["check", text])
            #expect(outcome.status == 2 && !outcome.error.contains("may be"), "\(outcome.error)")
        }
    }
}
