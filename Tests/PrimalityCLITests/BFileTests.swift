// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `list --format bfile`.
@Suite(.timeLimit(.minutes(15))) struct BFileTests {
    private static func list(_ arguments: String...) throws -> Tool.Outcome {
        try Tool.run(["list", "--format", "bfile"] + arguments)
    }

    @Test func placesAreCountedFromOneOrAnOffset() throws {
        let primes = try Self.list("1", "20")
        #expect(primes.output == "1 2\n2 3\n3 5\n4 7\n5 11\n6 13\n7 17\n8 19\n")
        #expect(primes.error == "" && primes.status == 0)
        #expect(try Self.list("--offset", "0", "10", "20").output == "0 11\n1 13\n2 17\n3 19\n")
        #expect(try Self.list("--offset", "-1", "10", "14").output == "-1 11\n0 13\n")
        #expect(try Self.list("--offset", "26", "101", "101").output == "26 101\n")
        #expect(try Self.list("24", "28").output == "")
    }

    /// The places do not depend on how the range was cut up; above 2⁶⁴, too.
    @Test func everyPoolGivesTheSame() throws {
        let range = ["10^20", "10^20+20000"]
        let plain = try Tool.run(["list"] + range)
        let expected = plain.lines.enumerated().map { "\($0 + 1) \($1)\n" }.joined()
        #expect(plain.lines.count > 300)
        for pool in PoolChoice.all {
            let more =
                ["--pool", pool.pool, "-j", "2", "--chunk", "7"]
                + (pool.channel.map { ["--channel", $0] } ?? [])
            let outcome = try Tool.run(["list", "--format", "bfile"] + range + more)
            #expect(outcome.output == expected, "\(pool)")
        }
        #expect(expected.utf8.allSatisfy { $0 == 10 || (0x20...0x7E).contains($0) })
    }

    @Test func theToolReadsItAgain() throws {
        let file = try Self.list("1", "1000").output
        let read = try Tool.run(["check"], input: Data(file.utf8))
        #expect(read.lines.count == 168 && read.lines.allSatisfy { $0.hasSuffix(": prime") })
        #expect(read.lines.last == "997: prime")
    }

    /// What comes after a number that nobody knows has no place.
    @Test func itEndsWhereANumberWasNotTested() throws {
        // The first number of so many bits takes longer than its time.
        let outcome = try Self.list(
            "--pool", "processes", "-j", "1", "--chunk", "1", "--timeout", "0.05",
            "2^44497", "2^44497+100000")
        #expect(outcome.status == 3)
        #expect(outcome.output == "", "\(outcome.output.prefix(100))")
        #expect(outcome.error.contains("primality: the b-file ends before "))
        #expect(outcome.error.components(separatedBy: "the b-file ends").count == 2)
    }

    @Test func whatMakesNoSenseIsAUsageError() throws {
        for arguments in [
            ["list", "--offset", "1", "1", "9"],
            ["list", "--format", "jsonl", "--offset", "1", "1", "9"],
            ["list", "--format", "bfile", "--count", "1", "9"],
            ["list", "--format", "bfile", "--resume", "x", "1", "9"],
            ["list", "--format", "bfile", "--shard", "2/3", "1", "90"],
            ["list", "--format", "bfile", "--offset", "9223372036854775807", "1", "9"],
            ["check", "--format", "bfile", "7"], ["next", "--format", "bfile", "7"],
            ["random", "--format", "bfile", "--bits", "8"],
        ] {
            let outcome = try Tool.run(arguments)
            #expect(outcome.status == 64 && outcome.output == "", "\(arguments)")
        }
        let shard = try Self.list("--shard", "2/3", "--offset", "11", "1", "90")
        #expect(shard.output.hasPrefix("11 31\n12 37\n"))
    }
}
