// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityExpressions
import Testing

private func power(_ k: UInt64, _ b: UInt64, _ n: UInt64, _ c: Int64) -> CandidateForm {
    .power(k: k, b: b, n: n, c: c)
}

/// Which forms expressions and files give.
@Suite(.timeLimit(.minutes(15))) struct FormTests {
    private static func form(_ text: String) throws -> CandidateForm? {
        var batch = NumberBatch()
        try batch.append(expression: text.utf8.span, maximumBits: 1_000_000)
        let form = batch.form(at: 0)
        // Whatever is said is true.
        if let form { #expect(try form.matches(batch[0]), "\(text): \(form)") }
        return form
    }

    static let spellings: [(String, CandidateForm)] = [
        ("3*2^123456+1", power(3, 2, 123456, 1)), ("2^127-1", power(1, 2, 127, -1)),
        ("10^999+7", power(1, 10, 999, 7)), ("2^123456*3+1", power(3, 2, 123456, 1)),
        ("1+3*2^100", power(3, 2, 100, 1)), ("-1+2^127", power(1, 2, 127, -1)),
        ("7+10^50*9", power(9, 10, 50, 7)), ("(3*2^100)+1", power(3, 2, 100, 1)),
        ("((3)*((2)^(100)))+(1)", power(3, 2, 100, 1)), ("(2^127-1)", power(1, 2, 127, -1)),
        (" 3 * 2 ^ 100 + 1 ", power(3, 2, 100, 1)), ("+3*2^100+1", power(3, 2, 100, 1)),
        ("0x3*0x2^0x64+0x1", power(3, 2, 100, 1)), ("3 . 2^100+1", power(3, 2, 100, 1)),
        ("3*2**100+1", power(3, 2, 100, 1)), ("1_000*2^1_00+1", power(1000, 2, 100, 1)),
        ("2*3*2^100+1", power(6, 2, 100, 1)), ("3*2^100*5-1", power(15, 2, 100, -1)),
        ("2^100+3+4-2", power(1, 2, 100, 5)), ("2^100+(3-5)", power(1, 2, 100, -2)),
        ("2^100--1", power(1, 2, 100, 1)), ("2^(2^5)+1", power(1, 2, 32, 1)),
        ("2^(10+7)+1", power(1, 2, 17, 1)), ("M(127)", power(1, 2, 127, -1)),
        ("M127", power(1, 2, 127, -1)), ("m(127)+2", power(1, 2, 127, 1)),
        ("1e12+39", power(1, 10, 12, 39)), ("9e50+7", power(9, 10, 50, 7)),
        // As they are written.
        ("4^50+1", power(1, 4, 50, 1)), ("6*2^10+1", power(6, 2, 10, 1)),
        // Small ones, and the edges.
        ("2^10", power(1, 2, 10, 0)), ("5*2^0+1", power(5, 2, 0, 1)), ("2^1+1", power(1, 2, 1, 1)),
        ("2^10+0", power(1, 2, 10, 0)), ("2^10+1-1", power(1, 2, 10, 0)),
        ("18446744073709551615*2^10+1", power(.max, 2, 10, 1)),
        ("18446744073709551615^3+1", power(1, .max, 3, 1)),
        ("2^100+9223372036854775807", power(1, 2, 100, .max)),
        ("2^100-9223372036854775807", power(1, 2, 100, -.max)),
        ("100!+1", .factorial(n: 100, step: 1, c: 1)),
        ("1+100!", .factorial(n: 100, step: 1, c: 1)),
        ("100!3-1", .factorial(n: 100, step: 3, c: -1)),
        ("(10^2)!", .factorial(n: 100, step: 1, c: 0)),
        ("100!(1+2)-1", .factorial(n: 100, step: 3, c: -1)),
        ("0!+1", .factorial(n: 0, step: 1, c: 1)),
        ("5!10", .factorial(n: 5, step: 10, c: 0)), ("97#-1", .primorial(n: 97, c: -1)),
        ("96#+1", .primorial(n: 96, c: 1)), ("503#-641", .primorial(n: 503, c: -641)),
        ("1#+1", .primorial(n: 1, c: 1)), ("3!#", .primorial(n: 6, c: 0)),
    ]

    @Test func everySpellingGivesTheForm() throws {
        for (text, form) in Self.spellings { #expect(try Self.form(text) == form, "\(text)") }
    }

    @Test func nearMissesGiveNone() throws {
        for text in [
            "17", "0x1F", "1,000,003", "2*3+1", "2+3", "(2^10)^5+1", "2^10+3^5", "2^10*2^5+1",
            "-2^5+100", "(-2)^6+1", "100-2^5", "0*2^5+1", "-3*2^5+100", "-(-2^5)+1", "1^5+1",
            "0^5+7", "(2^5+1)*3", "(2^101+1)/3", "6/2*2^5+1", "2^100/2", "2^100%7", "2^100>7",
            "2^100 AND 1", "3*5!+1", "2^5+5!", "5!*5!", "3*7#+1", "11#3", "11#3+1", "R(7)", "F(30)",
            "L(30)", "Phi(3,2^5)", "gcd(2^5,2^6)", "C(10,3)", "p(5)", "lucasU(6,1,14)",
            "2^5*R(3)+1",
            // Beyond the fields.
            "18446744073709551616*2^10+1", "18446744073709551616^3+1",
            "2*18446744073709551615*2^10+1", "2^100+9223372036854775808",
            "2^100-9223372036854775808", "2^100+9223372036854775807+1",
            "2^100+18446744073709551616",
        ] {
            #expect(try Self.form(text) == nil, "\(text)")
        }
        // This is no expression at all.
        #expect(throws: ExpressionError.self) { try Self.form("2^3^4+1") }
    }

    @Test func filesGiveTheirForms() throws {
        for (text, forms) in [
            ("ABC $a*$b^$c+1\n3 2 100\n5 7 20\n", [power(3, 2, 100, 1), power(5, 7, 20, 1)]),
            (
                "ABC $a#+1 | $a!-1\n97\n",
                [.primorial(n: 97, c: 1), .factorial(n: 97, step: 1, c: -1)]
            ),
            ("ABCD $a*2^100-1 [5]\n2\n", [power(5, 2, 100, -1), power(7, 2, 100, -1)]),
            (
                "ABC2 $a*2^$b+1\na: in { 3 5 }\nb: from 10 to 11\n",
                [
                    power(3, 2, 10, 1), power(3, 2, 11, 1), power(5, 2, 10, 1), power(5, 2, 11, 1),
                ]
            ),
            ("1:P:1:2:257\n3 100\n", [power(3, 2, 100, 1)]),
            ("1:M:1:10:258\n3 100\n", [power(3, 10, 100, -1)]),
            (
                "PRP=3,2,100,-1\nTest=127\nM61\n",
                [power(3, 2, 100, -1), power(1, 2, 127, -1), power(1, 2, 61, -1)]
            ),
            ("2^127-1\n17\n97#-1\n", [power(1, 2, 127, -1), nil, .primorial(n: 97, c: -1)]),
        ] as [(String, [CandidateForm?])] {
            let format: CandidateFormat = text.hasPrefix("PRP") ? .worktodo : .auto
            var parser = CandidateParser(format: format)
            var batch = NumberBatch()
            func add(_ candidate: CandidateParser.Candidate?) throws {
                guard let candidate else { return }
                try batch.append(expression: candidate.text.span, maximumBits: 10_000)
            }
            for line in Array(text.utf8).split(separator: 10) {
                try add(try parser.take(line))
                while parser.isExpanding, let more = try parser.next() { try add(more) }
            }
            try add(try parser.finish())
            while parser.isExpanding, let more = try parser.next() { try add(more) }
            #expect((0..<batch.count).map { batch.form(at: $0) } == forms, "\(text)")
        }
    }
}
