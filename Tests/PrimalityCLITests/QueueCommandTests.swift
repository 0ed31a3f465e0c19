// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `primality queue` where no queue is reached.
@Suite(.timeLimit(.minutes(5))) struct QueueCommandTests {
    /// What opens a queue.
    private static let commands = [
        ["init"], ["submit", "-"], ["work"], ["status"], ["collect", "--batch", "1"],
        ["pause", "--batch", "1"], ["resume", "--batch", "1"], ["cancel", "--batch", "1"],
        ["retry", "--batch", "1"], ["prioritise", "--batch", "1", "--priority", "-1"],
        ["drop", "--batch", "1"], ["verify", "--batch", "1"],
    ]

    private static func run(
        _ arguments: [String], queue: String = "", input: String = "7\n"
    ) throws -> Tool.Outcome {
        try Tool.run(
            ["queue"] + arguments, input: Data(input.utf8), environment: ["PRIMALITY_QUEUE": queue])
    }

    #if !SQLite && !Postgres
        @Test(arguments: commands) func withoutTraitsEachSaysWhatToInstall(
            _ command: [String]
        ) throws {
            for (queue, library) in [
                ("sqlite:no.db", "libsqlite3-dev"), ("postgres:///no", "libpq-dev"),
            ] {
                for outcome in [
                    try Self.run(command + ["--queue", queue]), try Self.run(command, queue: queue),
                ] {
                    #expect(outcome.status == 69, "\(outcome.error)")
                    #expect(outcome.output == "")
                    #expect(outcome.error.contains(library) && outcome.error.contains("--traits"))
                }
            }
        }
    #endif

    @Test func theSQLIsPrintedWithoutAnyQueue() throws {
        let outcome = try Self.run(
            ["init", "--print-sql", "--queue", "postgres:///no", "--grant-work", "a\"b"])
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.contains("create schema primality"))
        #expect(outcome.output.contains("to \"a\"\"b\";"))
    }

    @Test(arguments: commands) func withoutAQueueItIsWrongUsage(_ command: [String]) throws {
        let outcome = try Self.run(command)
        #expect(outcome.status == 64 && outcome.output == "")
        #expect(outcome.error.contains("which queue?"), "\(outcome.error)")
    }

    @Test(arguments: commands) func noAddressIsWrongUsage(_ command: [String]) throws {
        for address in ["queue.db", "mysql://h/x", "sqlite:", "postgres://u:secret@h/x"] {
            let outcome = try Self.run(command + ["--queue", address])
            #expect(outcome.status == 64 && outcome.output == "", "\(address): \(outcome.error)")
            #expect(!outcome.error.contains("secret"))
        }
    }

    @Test(arguments: [
        ["submit", "--chunk", "0"], ["submit", "--chunk", "100001"], ["submit", "--chunk", "x"],
        ["submit", "--chunk-seconds", "0"], ["submit", "--chunk-seconds", "nan"],
        ["submit", "--priority", "1000001"], ["submit", "--name", ""],
        ["submit", "--name", String(repeating: "x", count: 201)],
        ["submit", "--res64", "--verdicts-only"], ["submit", "--engine", "x"],
        ["submit", "--input", "x"], ["submit", "--max-bits", "0"], ["submit", "a", "b"],
        ["work", "--once", "--wait"], ["work", "--claim", "0"], ["work", "--claim", "1001"],
        ["work", "--claim", "x"], ["work", "--give-up", "-1"], ["work", "--give-up", "nan"],
        ["work", "-j", "0"], ["work", "--pool", "x"], ["work", "--host", ""],
        ["init", "--lease", "0.1"], ["init", "--lease", "nan"], ["init", "--grant-work", ""],
        ["status", "--every", "0"], ["status", "--json", "--watch"],
        ["collect"], ["collect", "--batch", "1", "--format", "x"],
        ["collect", "--batch", "1", "--format", "bfile"],
        ["collect", "--batch", "1", "--order", "x"],
        ["collect", "--batch", "1", "--order", "done", "--follow"],
        ["collect", "--batch", "1", "--color", "x"],
        ["pause"], ["drop"], ["retry", "--batch"],
        ["prioritise", "--batch", "1"],
        ["prioritise", "--batch", "1", "--priority", "1000001"],
        ["verify", "--batch", "1", "--share", "0"], ["verify", "--batch", "1", "--share", "1.1"],
        ["verify", "--batch", "1", "--share", "nan"], ["nothing"],
    ])
    func wrongOptionsAreWrongUsage(_ command: [String]) throws {
        let outcome = try Self.run(command, queue: "sqlite:no.db")
        #expect(outcome.status == 64 && outcome.output == "", "\(outcome.error)")
        #expect(outcome.error != "")
    }

    @Test func aFileThatIsNotThereIsBadInput() throws {
        let outcome = try Self.run(["submit", "/nowhere/at/all"], queue: "sqlite:no.db")
        #expect(outcome.status == 2 && outcome.output == "", "\(outcome.error)")
    }
}
