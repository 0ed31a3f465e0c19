// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `primality prove` and `primality verify`.
@Suite struct ProofTests {
    private static let prime = "170141183460469231731687303715884105727"

    /// A folder of its own for a test.
    private func inFolder(_ body: (URL) throws -> Void) throws {
        try inNewFolder { try body(URL(fileURLWithPath: $0)) }
    }

    @Test func eachNumberHasALine() throws {
        let run = try Tool.run(
            ["prove", "7", "91", "1", "2^127-1", "10^50+151", "18446744073709551629", "3*2^189+1"])
        #expect(
            run.lines == [
                "7: prime, by a test", "91: composite, factor 7", "1: neither",
                "2^127-1: prime, proved in 1 step", "10^50+151: prime, proved in 4 steps",
                "18446744073709551629: prime, proved in 1 step",
                "3*2^189+1: prime, proved in 1 step",
            ])
        #expect(run.status == 1)
        #expect(run.error.isEmpty)
        #expect(try Tool.run(["prove", "-q", "2^127-1"]).status == 0)
        let json = try Tool.run(["prove", "--format", "jsonl", "2^127-1", "15"])
        #expect(
            json.lines == [
                #"{"i":0,"input":"2^127-1","bits":127,"verdict":"prime","method":"morrison","steps":1}"#,
                #"{"i":1,"input":"15","bits":4,"verdict":"composite","#
                    + #""method":"trial-division","factor":"3"}"#,
            ])
    }

    @Test func manyAtOnceAreEachAsAlone() throws {
        try inFolder { folder in
            // Some are prime, some are not, two are no numbers; each prime has its certificate.
            var lines = (0..<70).map { "10^\(20 + $0 / 2)+\(2 * $0 + 1)" }
            lines[9] = "ten"
            lines[40] = "10^^3"
            lines += ["10^50+151", "18446744073709551629", "2^127-1", "10^99+289"]
            let input = Data(lines.joined(separator: "\n").utf8)
            var runs: [Tool.Outcome] = []
            for workers in ["1", "2", "7"] {
                let out = folder.appendingPathComponent(workers).path
                runs.append(
                    try Tool.run(
                        ["prove", "-j", workers, "--out", out, "--seed", "5"], input: input))
            }
            let slow = try Tool.run(["prove", "-j", "1", "--timeout", "600"], input: input)
            #expect(slow.lines.count == lines.count - 2)
            for run in runs {
                #expect(run.status == 2)
                #expect(run.lines == slow.lines)
            }
            let certificates = ["1", "2", "7"].map {
                TestFiles.text(folder.appendingPathComponent($0).path)
            }
            #expect(certificates[0]?.isEmpty == false)
            #expect(certificates[0] == certificates[1] && certificates[0] == certificates[2])
        }
    }

    @Test func jsonTellsWhereACertificateIs() throws {
        try inFolder { folder in
            let file = folder.appendingPathComponent("c.jsonl").path
            for resume in [[], ["--resume"]] {
                let run = try Tool.run(
                    ["prove", "--format", "jsonl", "--out", file] + resume
                        + ["2^127-1", "10^50+151", "91"])
                let places = run.lines.filter { $0.contains("\"certificate\":\"\(file)\"") }
                #expect(places.count == 2)
                #expect(run.lines.count == 3)
            }
        }
    }

    @Test func whatIsNotProvedIsNoPrime() throws {
        // The largest primes below 2^512 and 2^1024.
        let run = try Tool.run(["prove", "--cost", "1", "2^512-569", "2^1024-105"])
        #expect(run.status == 3)
        #expect(run.lines.count == 2)
        for line in run.lines { #expect(line.contains(": probable prime, no proof was found: ")) }
    }

    @Test func anyPrimeIsProved() throws {
        // 512 bits, without a form; each form has words for curves.
        for form in ["json", "primo", "mpu", "pari"] {
            let run = try Tool.shell(
                "$P prove --certificate \(form) 2^512-569 2>/dev/null | $P verify --number 2^512-569 -"
            )
            #expect(run.status == 0)
        }
        let line = try Tool.run(["prove", "--format", "jsonl", "10^99+289"]).lines.first
        #expect(line?.contains(#""verdict":"prime","method":"ecpp","steps":"#) == true)
        let two = try Tool.shell(
            "$P prove --certificate pari 10^50+151 10^99+289 2>/dev/null | $P verify -")
        #expect(two.lines.count == 2 && two.status == 0)
    }

    // Each took 8 ms when nobody woke who waited for room.
    @Test(.timeLimit(.minutes(4))) func manyNumbersAreNotWaitedFor() throws {
        let run = try Tool.run(
            ["prove", "-q"], input: Data((1...100_000).map { "\($0)\n" }.joined().utf8))
        #expect(run.status == 1)
        #expect(run.error.isEmpty)
    }

    @Test func aFolderKeepsAllNumbersAndWhatIsNotOurs() throws {
        try inFolder { folder in
            let out = folder.appendingPathComponent("c").path + "/"
            // Of 68 digits, that are the same at both ends.
            let numbers = ["203", "282", "311"].map { "1000000000000000000000000\($0)*10^40+1" }
            #expect(try Tool.run(["prove", "--out", out] + numbers).status == 0)
            let names = try FileManager.default.contentsOfDirectory(atPath: out)
            #expect(names.count == 3)
            #expect(try Tool.run(["prove", "--out", out] + numbers).status == 0)
            try Data("mine\n".utf8).write(to: URL(fileURLWithPath: out + names[0]))
            let again = try Tool.run(["prove", "--out", out] + numbers)
            #expect(again.status == 74)
            #expect(again.error.contains("was left alone"))
            #expect(TestFiles.bytes(out + names[0]).map { $0.count } == 5)
        }
    }

    @Test func resumeRefusesAnotherForm() throws {
        try inFolder { folder in
            let path = folder.appendingPathComponent("c").path
            for form in ["pari", "mpu", "primo"] {
                let text = try Tool.run(["prove", "--certificate", form, "10^50+151"]).output
                try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                let run = try Tool.run(["prove", "--resume", "--out", path, "10^99+289"])
                #expect(run.status == 2)
                #expect(run.error.contains("--resume goes on with json"))
                #expect(TestFiles.bytes(path).map { $0.count } == text.utf8.count)
            }
        }
    }

    @Test func badInputIsReportedAndTheRestGoesOn() throws {
        let run = try Tool.run(["prove"], input: Data("xyz\n2^127-1\n\n99#\n".utf8))
        #expect(run.status == 2)
        #expect(run.lines == ["2^127-1: prime, proved in 1 step", "99#: composite, factor 2"])
        #expect(run.error.contains("xyz"))
        #expect(try Tool.run(["prove", "--resume", "7"]).status == 64)
        #expect(try Tool.run(["prove", "--certificate", "xml", "7"]).status == 64)
        #expect(try Tool.run(["prove", "--timeout", "0", "7"]).status == 64)
        #expect(try Tool.run(["prove", "--factors", "/nowhere", "7"]).status == 2)
        #expect(try Tool.run(["prove"]).status == 2)
    }

    @Test func certificatesGoThroughAPipe() throws {
        for form in ["json", "primo", "mpu", "pari"] {
            let run = try Tool.shell(
                "$P prove --certificate \(form) 18446744073709551629 2>/dev/null | $P verify -")
            #expect(
                run.lines == ["18446744073709551629: prime, proved by standard input (1 step)"])
            #expect(run.status == 0)
        }
    }

    @Test func proofsAreLookedForInTheFormThatIsAskedFor() throws {
        // json's proof of the first is by n + 1, of the second by several primes of n - 1.
        for (form, numbers) in [
            ("mpu", ["2^127-1", "3*2^189+1", "10^50+151"]),
            ("pari", ["2^127-1", "3*2^189+1", "10^50+151"]), ("primo", ["10^50+151"]),
        ] {
            for number in numbers {
                let run = try Tool.shell(
                    "$P prove --certificate \(form) '\(number)' 2>/dev/null | $P verify --number '\(number)' -"
                )
                #expect(run.status == 0, "\(form) \(number): \(run.output)")
                #expect(run.lines.count == 1)
            }
        }
        // n - 1 of a prime k*3^n-1 shows nothing, and json alone has words for its n + 1.
        for form in ["pari", "mpu", "primo"] {
            let run = try Tool.run(["prove", "--certificate", form, "--cost", "1", "500*3^400-1"])
            #expect(run.status == 3)
            #expect(run.output.isEmpty)
            #expect(
                run.error.contains(
                    "probable prime, no proof was found: \(form) has no words for proofs by n + 1 with "
                        + "several primes, json has; "), "\(run.error)")
        }
        #expect(try Tool.run(["prove", "--cost", "1", "500*3^400-1"]).status == 0)
    }

    @Test func aFileGoesOnWhereItEnds() throws {
        try inFolder { folder in
            let path = folder.appendingPathComponent("proofs.jsonl").path
            let first = try Tool.run(["prove", "--out", path, "2^127-1", "2^89-1"])
            #expect(first.status == 0)
            let whole = try #require(TestFiles.text(path))
            #expect(whole.split(separator: "\n").count == 6)
            // It is there, and is not written over.
            #expect(try Tool.run(["prove", "--out", path, "2^127-1"]).status == 2)
            // The second is cut off in any place.
            for cut in [1, 2, 20, 90, 150] {
                try String(whole.dropLast(cut)).write(
                    toFile: path, atomically: true, encoding: .utf8)
                let again = try Tool.run(
                    ["prove", "--out", path, "--resume", "2^127-1", "2^89-1", "2^107-1"])
                #expect(again.status == 0, "\(cut): \(again.error)")
                #expect(again.lines.count == 3)
                let verified = try Tool.run(["verify", path])
                #expect(verified.status == 0, "\(cut): \(verified.output)")
                #expect(verified.lines.count == 3)
            }
            // What is no proof is not gone on with, and nothing of it is lost: another number, a checksum
            // that is wrong, somebody's notes.
            for other in [
                whole.replacingOccurrences(of: "0x7", with: "0x6"),
                whole.replacingOccurrences(of: "sha256\":\"", with: "sha256\":\"0"),
                "my notes\n", "{\"a\":1}\n",
            ] {
                try other.write(toFile: path, atomically: true, encoding: .utf8)
                let refused = try Tool.run(["prove", "--out", path, "--resume", "2^127-1"])
                #expect(refused.status == 2, "\(other)")
                #expect(TestFiles.text(path) == other)
            }
        }
    }

    @Test func aFolderHasAFileForEach() throws {
        try inFolder { folder in
            let path = folder.appendingPathComponent("new").path + "/"
            let run = try Tool.run(
                ["prove", "--out", path, "2^127-1", "15", "3*2^189+1", "1477!+1"])
            #expect(run.status == 1)
            let files = try FileManager.default.contentsOfDirectory(atPath: path)
            #expect(files.count == 3)
            #expect(files.contains(Self.prime + ".jsonl"))
            let verified = try Tool.shell("$P verify \(path)*")
            #expect(verified.status == 0)
            #expect(verified.lines.count == 3)
        }
    }

    @Test func verdictsOnCertificates() throws {
        let text = try Tool.run(["prove", "--certificate", "json", "2^127-1"]).output
        func verify(_ text: String, _ arguments: [String] = []) throws -> Tool.Outcome {
            try Tool.run(["verify", "-"] + arguments, input: Data(text.utf8))
        }
        #expect(
            try verify(text).output == "\(Self.prime): prime, proved by standard input (1 step)\n")
        #expect(try verify(text, ["-q"]).output.isEmpty)
        #expect(try verify(text, ["--number", "2^127-1"]).status == 0)
        let other = try verify(text, ["--number", "2^127+1"])
        #expect(other.status == 1)
        #expect(other.output.contains("and not about --number"))
        // Another file of the same kind after it, and one that is cut.
        let two = try verify(text + text)
        #expect(two.lines.count == 2 && two.status == 0)
        #expect(two.lines[1].contains("certificate 2"))
        let cut = try verify(text + String(text.dropLast(10)))
        #expect(cut.status == 2)
        #expect(cut.lines.count == 2)
        #expect(cut.lines[1].hasPrefix("standard input, certificate 2: unreadable: "))
        for garbage in ["", "\0", "hello", "{", "[[", "[PRIMO - Primality Certificate]", "\n\n"] {
            let run = try verify(garbage)
            #expect(run.status == 2, "\(garbage)")
            #expect(run.lines.count == 1)
        }
        let json = try verify(text, ["--format", "jsonl"])
        #expect(
            json.output
                == #"{"file":"standard input","certificate":1,"verdict":"valid","number":"\#(Self.prime)","#
                + #""bits":127,"form":"json","steps":1}"# + "\n")
        #expect(try Tool.run(["verify"]).status == 64)
        #expect(try Tool.run(["verify", "/nowhere"]).status == 2)
    }

    @Test func formsAreConverted() throws {
        let run = try Tool.shell(
            "$P prove --certificate json 18446744073709551629 2>/dev/null | $P verify --convert mpu -"
        )
        #expect(run.output.hasPrefix("[MPU - Primality Certificate]\n"))
        #expect(run.status == 0)
        // Primo has no words for a step with many primes.
        let no = try Tool.shell(
            "$P prove --certificate json '2^127-1' 2>/dev/null | $P verify --convert primo -")
        #expect(no.status == 3)
        #expect(no.output.isEmpty)
    }

    @Test func bracketsWithoutEndEndSoon() throws {
        for text in ["[", "{", "[[1,", "(", "\0"] {
            let run = try Tool.shell(
                "head -c 70000000 /dev/zero | tr '\\0' '\(text.first == "\0" ? "[" : String(text.first!))' "
                    + "| timeout 60 $P verify -")
            #expect(run.status == 2)
        }
    }

    @Test func timeAndInterruptionsEndIt() throws {
        // k b^n + 1 of 200,000 bits takes minutes.
        let slow = try Tool.run(["prove", "--timeout", "0.3", "5*3^126000+2"])
        #expect(slow.lines.count == 1)
        let running = try Tool.start(["prove", "2^44497-1+2^44000*0", "(2^148091-1)"])
        usleep(300_000)
        kill(running.id, SIGINT)
        let ended = running.finish()
        #expect(ended.status == 130 || ended.status == 0)
    }
}
