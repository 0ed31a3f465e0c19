// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite struct ShardTests {
    /// Candidates, comments, empty lines and bad ones.
    ///
    /// Made anew each time: LeakSanitizer does not follow Foundation's tagged pointer in a static
    /// `Data`.
    static var input: Data {
        Data(
            (1...1000).map { n in
                n % 50 == 0 ? "# \(n)" : n % 70 == 0 ? "x\(n)" : n % 90 == 0 ? "" : String(n)
            }.joined(separator: "\n").utf8)
    }

    /// The place of a result in the input.
    static func place(_ line: String) -> Int {
        Int(line.dropFirst(5).prefix { $0.isNumber }) ?? -1
    }

    @Test(arguments: [1, 2, 3, 7, 2000])
    func theSharesTogetherAreTheWhole(_ count: Int) throws {
        let whole = try Tool.run(["check", "--format", "jsonl"], input: Self.input)
        var lines: [String] = []
        var errors: [Substring] = []
        for index in Set((1...min(count, 7)) + [count]) {
            let outcome = try Tool.run(
                ["check", "--format", "jsonl", "--shard", "\(index)/\(count)"], input: Self.input)
            #expect(
                outcome.lines.allSatisfy { Self.place($0) % count == index - 1 }, "\(index)")
            lines += outcome.lines
            errors += outcome.error.split(separator: "\n")
        }
        if count == 2000 {
            #expect(lines.count == 7)  // places 0 to 6; the last share is empty
            return
        }
        #expect(Set(errors) == Set(whole.error.split(separator: "\n")))
        #expect(errors.count == Set(errors).count)
        func withoutTimes(_ lines: [String]) -> [String] {
            lines.map { String($0[..<($0.range(of: ",\"cpu_ns\"")?.lowerBound ?? $0.endIndex)]) }
        }
        let sorted = lines.sorted { Self.place($0) < Self.place($1) }
        #expect(withoutTimes(sorted) == withoutTimes(whole.lines))
    }

    @Test func argumentsAreSharedToo() throws {
        let outcome = try Tool.run(["check", "--shard", "2/3", "3", "5", "7", "11", "13"])
        #expect(outcome.output == "5: prime\n13: prime\n")
    }

    @Test func aShareWithoutCandidatesIsEmpty() throws {
        let outcome = try Tool.run(["check", "--shard", "3/3", "3", "5"])
        #expect(outcome.status == 0)
        #expect(outcome.output == "")
    }

    @Test(arguments: [
        "0/4", "5/4", "1/0", "-1/4", "1", "1/2/3", "/", "a/b", "+1/2", "1/ 2", "1/-1",
    ])
    func whatIsNoShareIsAUsageError(_ text: String) throws {
        let outcome = try Tool.run(["check", "--shard=\(text)", "7"])
        #expect(outcome.status == 64)
        #expect(outcome.output == "")
        #expect(outcome.error.hasPrefix("primality: --shard "))
        if text == "0/4" { #expect(outcome.error.contains("counted from 1 to 4")) }
    }
}
