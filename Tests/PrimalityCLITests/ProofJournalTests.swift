// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Proofs that are killed, and go on with `--resume`.
@Suite(.timeLimit(.minutes(15)), .serialized) struct ProofJournalTests {
    private static let number = "10^300+331"

    /// The certificate that a proof has which is left alone, and what it says of it.
    private static let whole = Result { () throws -> (text: String, line: String) in
        let run = try Tool.run(["prove", "--certificate", "json", number])
        return (run.output, run.error)
    }

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    private func journal(in folder: String) -> String? {
        (try? names(in: folder))?.first { $0.hasSuffix(".journal") }.map { folder + $0 }
    }

    private func lines(_ path: String?) -> Int {
        path.flatMap { TestFiles.bytes($0) }?.count { $0 == 0x0A } ?? 0
    }

    /// Starts a proof and ends it by a signal when its journal has so many lines; the journal.
    private func interrupted(
        _ arguments: [String], by signal: Int32 = SIGKILL, after most: Int, in folder: String
    ) throws -> String {
        for _ in 0..<20 {
            let run = try Tool.start(["prove", Self.number] + arguments)
            while run.process.isRunning && lines(journal(in: folder)) < most { usleep(500) }
            kill(run.id, signal)
            _ = run.finish()
            if let path = journal(in: folder) { return path }
            // It was quicker than this process, which others may keep from the processor.
            for name in try names(in: folder) {
                try FileManager.default.removeItem(atPath: folder + name)
            }
        }
        return try #require(nil as String?, "no proof was interrupted")
    }

    @Test(arguments: [1, 2, 5, 12])
    func aKilledProofGoesOn(_ most: Int) throws {
        let whole = try Self.whole.get()
        try inNewFolder { folder in
            let out = folder + "proof.jsonl"
            let journal = try interrupted(["--out", out], after: most, in: folder)
            #expect(journal.hasPrefix(out + "."))
            #expect(lines(journal) >= most)
            #expect(TestFiles.text(out) == "")
            // Once more, when it has gone on for a while; and a line that is cut off.
            let again = try interrupted(["--out", out, "--resume"], after: most + 1, in: folder)
            #expect(again == journal)
            let file = try #require(FileHandle(forWritingAtPath: journal))
            try file.seekToEnd()
            try file.write(contentsOf: Data(#"{"down":"0x12"#.utf8))
            try file.close()
            let run = try Tool.run(["prove", Self.number, "--out", out, "--resume"])
            #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
            #expect(run.output == whole.line)
            #expect(TestFiles.text(out) == whole.text)
            #expect(try names(in: folder) == ["proof.jsonl"])
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aFolderGoesOnToo(_ signal: Int32) throws {
        let whole = try Self.whole.get()
        try inNewFolder { folder in
            let path = try interrupted(["--out", folder], by: signal, after: 3, in: folder)
            // Without --resume it is not begun anew: hours may be in it.
            let before = TestFiles.bytes(path)
            let refused = try Tool.run(["prove", Self.number, "--out", folder])
            #expect(refused.status == 2 && refused.output == "\(Self.number): failed\n")
            #expect(refused.error.contains("a proof that was not finished; go on with --resume"))
            #expect(TestFiles.bytes(path) == before)
            let run = try Tool.run(["prove", Self.number, "2^127-1", "--out", folder, "--resume"])
            #expect(run.status == 0)
            let files = try names(in: folder)
            #expect(files.count == 2 && files.allSatisfy { $0.hasSuffix(".jsonl") })
            let long = folder + (files.first { $0.hasPrefix("1000") } ?? "")
            #expect(TestFiles.text(long) == whole.text)
            // What is there is verified, and not written again.
            try (whole.text + "\n").write(toFile: long, atomically: true, encoding: .utf8)
            let again = try Tool.run(["prove", Self.number, "--out", folder, "--resume"])
            #expect(again.output == whole.line)
            #expect(TestFiles.text(long) == whole.text + "\n")
            let wrong = whole.text.replacingOccurrences(of: #""x":"#, with: #""x":1"#)
            try wrong.write(toFile: long, atomically: true, encoding: .utf8)
            // What is no proof any more is left alone, and nothing is lost.
            let alone = try Tool.run(["prove", Self.number, "--out", folder, "--resume"])
            #expect(alone.status == 74 && alone.error.contains("was left alone"))
            #expect(TestFiles.text(long) == wrong)
            #expect(self.journal(in: folder) != nil)
            try FileManager.default.removeItem(atPath: long)
            let mended = try Tool.run(["prove", Self.number, "--out", folder, "--resume"])
            #expect(mended.output == whole.line)
            #expect(TestFiles.text(long) == whole.text)
            #expect(try names(in: folder) == files)
        }
    }

    @Test func whatIsNoJournalOfTheNumberIsRefused() throws {
        try inNewFolder { folder in
            let out = folder + "proof.jsonl"
            let path = try interrupted(["--out", out], after: 3, in: folder)
            func refused() throws -> String {
                let run = try Tool.run(["prove", Self.number, "--out", out, "--resume"])
                #expect(run.status == 2 && run.output == "\(Self.number): failed\n")
                #expect(TestFiles.text(out) == "")
                return run.error
            }
            for (text, reason) in [
                (#"{"journal":1,"n":"0x5"}"# + "\n", "is that of another number"),
                ("my notes", "is no journal of a proof"), ("my\nnotes\n", "is no journal"),
            ] {
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                #expect(try refused().contains(reason))
                #expect(TestFiles.text(path) == text)
            }
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            #expect(flock(file.fileDescriptor, LOCK_EX) == 0)
            #expect(try refused().contains("another process is writing it"))
            try file.close()
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: "/dev/full")
            #expect(try refused().contains("needs a regular file"))
        }
    }

    @Test(.enabled(if: TestFiles.sanitizer != "thread", "it does not start under ulimit -f"))
    func aFullDiskEndsTheJournalAlone() throws {
        let whole = try Self.whole.get()
        try inNewFolder { folder in
            let out = folder + "proof.jsonl"
            // The journal is longer than that, and so is the certificate.
            let full = try Tool.shell("ulimit -f 2; $P prove '\(Self.number)' --out \(out)")
            #expect(full.status == 74)
            #expect(full.output == whole.line)
            #expect(full.error.contains(".journal: File too large; the proof goes on"))
            #expect(full.error.contains("proof.jsonl: File too large"))
            let path = try #require(journal(in: folder))
            #expect(TestFiles.bytes(path)?.last == 0x0A && lines(path) > 0)
            let run = try Tool.run(["prove", Self.number, "--out", out, "--resume"])
            #expect(run.status == 0 && run.error.isEmpty)
            #expect(TestFiles.text(out) == whole.text)
            #expect(try names(in: folder) == ["proof.jsonl"])
        }
    }

    @Test func aNumberThatStandsTwiceHasOneJournal() throws {
        let whole = try Self.whole.get()
        try inNewFolder { folder in
            let run = try Tool.run(
                ["prove", Self.number, Self.number, "15", "-j", "2", "--out", folder])
            #expect(run.status == 1)
            #expect(run.output == whole.line + whole.line + "15: composite, factor 3\n")
            #expect(run.error.isEmpty)
            #expect(try names(in: folder).count == 1)
        }
    }
}
