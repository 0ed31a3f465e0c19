// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `primality prove` and `primality verify`.
@Suite struct ProofTests {
    private static let prime = "170141183460469231731687303715884105727"

    /// A folder of its own for a test.
    private func inFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("primality-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test func eachNumberHasALine() throws {
        let run = try Tool.run(
            ["prove", "7", "91", "1", "2^127-1", "10^50+151", "18446744073709551629", "3*2^189+1"])
        #expect(
            run.lines == [
                "7: prime, by a test", "91: composite, factor 7", "1: neither",
                "2^127-1: prime, proved in 1 step", "10^50+151: prime, proved in 2 steps",
                "18446744073709551629: prime, proved in 1 step",
                "3*2^189+1: prime, proved in 1 step",
            ])
        #expect(run.status == 1)
        #expect(run.error.isEmpty)
        #expect(try Tool.run(["prove", "-q", "2^127-1"]).status == 0)
        let json = try Tool.run(["prove", "--format", "jsonl", "2^127-1", "15"])
        #expect(
            json.lines == [
                #"{"i":0,"input":"2^127-1","bits":127,"verdict":"prime","steps":1}"#,
                #"{"i":1,"input":"15","bits":4,"verdict":"composite","#
                    + #""method":"trial-division","factor":3}"#,
            ])
    }

    @Test func whatIsNotProvedIsNoPrime() throws {
        // The largest primes below 2^512 and 2^1024.
        let run = try Tool.run(["prove", "--cost", "1", "2^512-569", "2^1024-105"])
        #expect(run.status == 3)
        #expect(run.lines.count == 2)
        for line in run.lines { #expect(line.contains(": probable prime, no proof was found: ")) }
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
        #expect(other.output.contains("another number"))
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
