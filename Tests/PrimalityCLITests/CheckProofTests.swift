// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `primality check --prove`.
@Suite struct CheckProofTests {
    /// 133 bits, by curves; a large prime of n - 1; n!-1, by n + 1; a power of 7; a form that check proves itself; a strong
    /// pseudoprime to the first 12 prime bases; 665 bits; a word.
    private static let candidates = [
        "10^40+121", "10^50+151", "379!-1", "4*7^150+1", "2^127-1", "318665857834031151167461",
        "10^200+357", "18446744073709551557",
    ]

    @Test func theMethodIsTheKindOfProof() throws {
        let run = try Tool.run(["check", "--prove", "--format", "jsonl"] + Self.candidates)
        let found = run.lines.map { line in
            ["verdict", "method"].map { key in
                String(
                    line.components(separatedBy: "\"\(key)\":\"").last?.prefix { $0 != "\"" } ?? "")
            }.joined(separator: " ")
        }
        #expect(
            found == [
                "prime ecpp", "prime bls3", "prime morrison", "prime pocklington",
                "prime lucas-lehmer", "composite extra-strong-lucas", "prime ecpp",
                "prime baillie-psw",
            ])
        #expect(run.status == 0)
    }

    @Test func sizesHaveABound() throws {
        let small = try Tool.run(["check", "--prove", "--max-prove-bits", "133", "10^40+121"])
        #expect(small.lines == ["10^40+121: prime"])
        #expect(try Tool.run(["check", "--max-prove-bits", "100", "7"]).status == 64)
        #expect(try Tool.run(["check", "--prove", "--max-prove-bits", "-1", "7"]).status == 64)
    }

    @Test func searchesProve() throws {
        for command in [
            ["next", "10^40"], ["prev", "10^40"], ["random", "--bits", "128"],
            ["list", "10^40", "10^40+200"],
        ] {
            let run = try Tool.run(command + ["--prove", "--format", "jsonl"])
            #expect(run.status == 0)
            #expect(!run.lines.isEmpty)
            for line in run.lines { #expect(line.contains(#""verdict":"prime""#), "\(line)") }
        }
    }

    @Test(arguments: [
        "serial", "threads", "tasks", "actors", "processes --worker kernel",
        "processes --worker swift",
        "processes --worker exec",
    ])
    func everyPoolProves(pool: String) throws {
        let options =
            ["check", "--prove", "--chunk", "3", "--pool"] + pool.components(separatedBy: " ")
        let run = try Tool.run(options + Self.candidates)
        let verdicts = [
            "prime", "prime", "prime", "prime", "prime", "composite", "prime", "prime",
        ]
        #expect(run.lines == zip(Self.candidates, verdicts).map { "\($0): \($1)" })
        #expect(run.error.isEmpty)
    }

    @Test func resultsWithProofsAreOthers() throws {
        let place = try Workplace(["10^40+121", "91"])
        #expect(try place.run(["--prove"]).status == 0)
        #expect(
            place.resultLines().first?.contains(#""verdict":"prime","method":"ecpp""#) == true)
        let again = try place.run(["--prove"])
        #expect(again.status == 0)
        #expect(place.resultLines().count == 2)
        let without = try place.run()
        #expect(without.status == 2)
        #expect(
            without.error.contains("--prove was to 1024 bits, 1000 tests above then and is off now")
        )
    }
}
