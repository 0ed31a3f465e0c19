// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `check --prp-proof`, `verify` of what it writes, and `--format gimps`.
@Suite(.timeLimit(.minutes(10))) struct PRPProofTests {
    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    @Test(arguments: [
        ("M(521)", "2^521-1", "probable prime", "0000000000000001"),
        ("2^1277-1", "2^1277-1", "composite", "076D5C08E15214ED"),
        ("3*2^534+1", "3*2^534+1", "probable prime", "0000000000000001"),
        ("2^784+3", "2^784+3", "probable prime", "0000000000000001"),
        ("4^392+3", "2^784+3", "probable prime", "0000000000000001"),
    ])
    func aProofIsMadeAndVerified(
        _ text: String, _ name: String, _ verdict: String, _ residue: String
    ) throws {
        try inNewFolder { folder in
            let file = folder + "p.proof"
            let made = try Tool.run(["check", "--prp-proof", file, text])
            #expect(made.status == 0, "\(made.error)")
            #expect(
                made.output.hasPrefix(
                    "\(text): \(verdict) RES64: [\(residue)], as the PRP proof in "))
            #expect(try names(folder) == ["p.proof"])
            let seen = try Tool.run(["verify", file])
            #expect(seen.status == 0)
            #expect(
                seen.output.hasPrefix(
                    "\(name): \(verdict) RES64: [\(residue)], by the PRP proof in "))
            #expect(
                seen.output.contains("no proof that the number is prime")
                    == (verdict != "composite"))
            #expect(!seen.output.contains(": prime"))
            let bytes = try #require(TestFiles.bytes(file))
            let piped = try Tool.run(["verify", "--format", "jsonl", "-"], input: Data(bytes))
            #expect(piped.output.contains(#""verdict":"valid""#))
            #expect(piped.output.contains(#""shows":"residue""#))
            #expect(!piped.output.contains(#""result":"prime""#))
            #expect(try Tool.run(["verify", "--number", text, file]).status == 0)
            #expect(try Tool.run(["verify", "--number", "2^521-3", file]).status == 1)
            #expect(try Tool.run(["verify", "--convert", "json", file]).status == 3)
            #expect(try Tool.run(["verify", "--max-bits", "500", file]).status == 2)
            // What is there is not written over.
            let again = try Tool.run(["check", "--prp-proof", file, text])
            #expect(again.status == 2 && again.error.contains("remove it"))
            #expect(TestFiles.bytes(file) == bytes)
            // Changed, cut and longer.
            var other = bytes
            other[bytes.count - 9] ^= 1
            try write(other, to: file)
            #expect(try Tool.run(["verify", file]).status == 1)
            try write(Array(bytes.dropLast()), to: file)
            let cut = try Tool.run(["verify", file])
            #expect(cut.status == 2 && cut.output.contains("incomplete"))
            try write(bytes + [0], to: file)
            #expect(try Tool.run(["verify", file]).status == 2)
            try write(
                Array("PRP PROOF\nVERSION=2\nHASHSIZE=64\nPOWER=15\nNUMBER=M900000\n".utf8),
                to: file)
            #expect(try Tool.run(["verify", file]).status == 2)
        }
    }

    @Test func aKilledRunGoesOn() throws {
        try inNewFolder { folder in
            let (whole, file) = (folder + "whole", folder + "p.proof")
            let arguments = ["check", "--prp-power", "7", "2^30011-1", "--prp-proof"]
            #expect(try Tool.run(arguments + [whole]).status == 0)
            var kills = 0
            for turn in 0..<40 where !FileManager.default.fileExists(atPath: file) {
                let run = try Tool.start(arguments + [file])
                usleep(UInt32(100_000 + 30_000 * turn))
                kill(run.id, turn % 3 == 2 ? SIGTERM : SIGKILL)
                let outcome = run.finish()
                kills += outcome.status == 0 ? 0 : 1
            }
            if !FileManager.default.fileExists(atPath: file) {
                #expect(try Tool.run(arguments + [file]).status == 0)
            }
            #expect(kills > 0)
            #expect(TestFiles.bytes(file) == TestFiles.bytes(whole))
            #expect(try names(folder) == ["p.proof", "whole"])
        }
    }

    @Test func residuesOfOthersAreLeftAlone() throws {
        try inNewFolder { folder in
            let file = folder + "p.proof"
            try write(Array("mine\n".utf8), to: file + ".residues")
            let run = try Tool.run(["check", "--prp-proof", file, "M(521)"])
            #expect(run.status == 2 && run.error.contains("no file of residues"))
            #expect(TestFiles.text(file + ".residues") == "mine\n")
            #expect(try names(folder) == ["p.proof.residues"])
            // A limit on files, as a full disk, is said with what is needed.
            try FileManager.default.removeItem(atPath: file + ".residues")
            let full = try Tool.shell(
                "ulimit -f 1; exec \"$P\" check --prp-power 5 --prp-proof \(file) '2^1277-1'")
            #expect(full.status == 74 && full.error.contains("on the disk"), "\(full.error)")
            #expect(
                try Tool.run(["check", "--prp-power", "5", "--prp-proof", file, "2^1277-1"]).status
                    == 0)
        }
    }

    @Test(arguments: [
        ["--prp-proof", "", "M(521)"], ["--prp-proof", "-", "M(521)"],
        ["--prp-power", "3", "M(521)"],
        ["--prp-proof", "x", "--prp-power", "0", "M(521)"],
        ["--prp-proof", "x", "--prp-power", "16", "M(521)"], ["--prp-proof", "x"],
        ["--prp-proof", "x", "M(521)", "M(523)"], ["--prp-proof", "x", "--prove", "M(521)"],
        ["--prp-proof", "x", "-j", "2", "M(521)"],
        ["--prp-proof", "x", "--format", "csv", "M(521)"],
        ["--format", "gimps", "M(521)"], ["--format", "gimps", "--input", "abc"],
        ["--format", "gimps", "--input", "worktodo", "--res64"],
    ])
    func whatMakesNoSenseIsRefused(_ arguments: [String]) throws {
        let run = try Tool.run(["check"] + arguments)
        #expect(run.status == 64, "\(run.error)")
        #expect(run.output == "")
    }

    @Test(arguments: ["M(61)", "3^400+2", "2^521+2", "2^100+5", "7*", "2^900000000-1"])
    func numbersWithoutAProofAreNamed(_ number: String) throws {
        try inNewFolder { folder in
            let run = try Tool.run(["check", "--prp-proof", folder + "x", number])
            #expect(run.status == 2, "\(number): \(run.error)")
            #expect(try names(folder) == [])
        }
    }

    // MARK: GIMPS's lines

    private func gimps(_ text: String) throws -> (lines: [[String: Any]], outcome: Tool.Outcome) {
        let outcome = try Tool.run(
            ["check", "--input", "worktodo", "--format", "gimps"], input: Data(text.utf8))
        let lines = try outcome.lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        return (lines, outcome)
    }

    /// Residues that Python's integers give; that of M11 is in many books.
    @Test func linesOfWorkHaveResults() throws {
        let identifier = "0123456789ABCDEF0123456789ABCDEF"
        let (lines, outcome) = try gimps(
            """
            [Worker #1]
            # nothing
            PRP=1,2,1277,-1
            PRP=\(identifier),1,2,2207,-1,70,0
            Test=11
            DoubleCheck=\(identifier),1277,70,1
            Test=2203
            PRPDC=3,2,534,1
            PRP=7,10,99,3
            PRP=1,2,1009,-1,70,0,3,1,"3454817"
            PRP=N/A,1,2,67,-1

            """)
        #expect(outcome.status == 0 && outcome.error == "", "\(outcome.error)")
        let wanted: [(status: String, type: String, residue: String)] = [
            ("C", "PRP-3", "076D5C08E15214ED"), ("C", "PRP-3", "62A1EBB367C0069A"),
            ("C", "LL", "00000000000006C8"), ("C", "LL", "5613A480590E78BA"),
            ("P", "LL", "0000000000000000"), ("P", "PRP-3", "0000000000000001"),
            ("C", "PRP-3", "C90AE27940F93FBC"), ("C", "PRP-3", "32420B4573142401"),
            ("C", "PRP-3", "2E99406CF50FC7F1"),
        ]
        #expect(lines.count == wanted.count)
        for (line, wanted) in zip(lines, wanted) {
            #expect(line["status"] as? String == wanted.status)
            #expect(line["worktype"] as? String == wanted.type)
            #expect(line["res64"] as? String == wanted.residue)
            #expect(line["residue-type"] as? Int == (wanted.type == "LL" ? nil : 1))
            let program = line["program"] as? [String: Any]
            #expect(program?["name"] as? String == "primality")
            let time = line["timestamp"] as? String ?? ""
            #expect(time.count == 19 && time.hasPrefix("20"))
        }
        #expect(lines[0]["exponent"] as? Int == 1277 && lines[0]["aid"] == nil)
        #expect(
            lines[1]["aid"] as? String == identifier && lines[3]["aid"] as? String == identifier)
        #expect(lines[5]["exponent"] == nil)
        #expect((lines[5]["k"] as? Int, lines[5]["b"] as? Int) == (3, 2))
        #expect((lines[5]["n"] as? Int, lines[5]["c"] as? Int) == (534, 1))
        #expect(lines[7]["known-factors"] as? [String] == ["3454817"])
    }

    @Test(arguments: [
        "Pfactor=1,2,1277,-1,70,1", "M127", "Factor=1277,60,61", "PRP=1,2,1277", "Test=1275",
        "Test=2",
        "PRP=1,2,1277,-1,70,0,5,1", "PRP=1,2,1277,-1,70,0,3,5", "PRP=1,2,1009,-1,\"7\"", "hello",
        "PRP=1,2,999999999,-1", "Cert=1,2,1277,-1,5",
    ])
    func otherLinesAreErrors(_ line: String) throws {
        let (lines, outcome) = try gimps("\(line)\nTest=11\n")
        #expect(outcome.status == 2 && outcome.error.contains("line 1: "), "\(outcome.error)")
        #expect(lines.count == 1)
    }

    @Test(.enabled(if: TestFiles.shared != nil, "vectors are not at hand"))
    func residuesAreThoseOfPRST() throws {
        let folder = try #require(TestFiles.shared)
        let rows = try VectorFile.rows(at: folder.appendingPathComponent("residues/res64.tsv"))
            .filter { $0[4].hasPrefix("fermat base 3") && (Int($0[2]) ?? 0) < 1500 }.prefix(60)
        #expect(rows.count >= 30)
        let (lines, _) = try gimps(
            rows.map { "PRP=\($0[0]),\($0[1]),\($0[2]),\($0[3])\n" }.joined())
        #expect(lines.map { $0["res64"] as? String } == rows.map { String($0[5]) })
    }

    @Test func aProofIsNamed() throws {
        try inNewFolder { folder in
            let run = try Tool.run(
                ["check", "--prp-proof", folder + "p", "--format", "gimps", "2^1277-1"])
            #expect(
                run.output.contains(
                    #""exponent":1277, "worktype":"PRP-3", "res64":"076D5C08E15214ED""#))
            let line = try #require(
                try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
            let proof = line["proof"] as? [String: Any]
            #expect(proof?["power"] as? Int == 2 && proof?["hashsize"] as? Int == 64)
            #expect((proof?["md5"] as? String)?.count == 32)
        }
    }
}
