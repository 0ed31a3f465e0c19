// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityExpressions
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct CandidateFileTests {
    /// What a file gives: candidates, and errors after an exclamation mark.
    private static func read(
        _ text: String, _ format: CandidateFormat = .auto, longest: Int = 1 << 16, most: Int = 1000
    ) -> [String] {
        var parser = CandidateParser(format: format, longest: longest)
        var found: [String] = []
        func add(_ step: () throws(CandidateFileError) -> CandidateParser.Candidate?) -> Bool? {
            do throws(CandidateFileError) {
                guard let candidate = try step() else { return nil }
                found.append(
                    String(decoding: CandidateParser.withoutComment(candidate.text), as: UTF8.self))
                return true
            } catch {
                found.append("!" + error.description)
                return !error.endsReading
            }
        }
        for line in Array(text.utf8).split(separator: 10, omittingEmptySubsequences: false) {
            var state = add { () throws(CandidateFileError) in try parser.take(line) }
            while found.count < most, state != nil {
                if state == false { return found }
                state = add { () throws(CandidateFileError) in try parser.next() }
            }
        }
        var state = add { () throws(CandidateFileError) in try parser.finish() }
        while found.count < most, state == true {
            state = add { () throws(CandidateFileError) in try parser.next() }
        }
        return found
    }

    @Test func linesAreExpressions() {
        #expect(
            Self.read(
                """
                \u{FEFF}  7\t\r
                # comment
                  #- another
                // a third
                503#-641 // a number, not a comment

                2^5 + \\
                  3 \\
                \t* 7
                4 // no end \\
                6/3/2
                """) == ["7", "503#-641", "2^5 + 3 * 7", "4", "6/3/2"])
    }

    /// As mtsieve and NewPGen write them.
    @Test(
        arguments: [
            (
                "ABC $a*$b^$c+1\n1 2 5000\n3 10 77", ["1*2^5000+1", "3*10^77+1"]
            ),
            (
                "ABC $a*2^$b$c // Sieved to 1000000000 with srsieve\n5 100 +1\n7  101\t-1 // x",
                ["5*2^100+1", "7*2^101-1"]
            ),
            ("abc $a#$b // Sieved to 5\n503 -641\n7 +1", ["503#-641", "7#+1"]),
            ("ABC $a!$b\n27 +1", ["27!+1"]),
            ("ABC $a!2$b\n27 -1\n# c\n29 +1", ["27!2-1", "29!2+1"]),
            (
                "ABC ($a*5^$b$c)/$d // {number_primes,$a,1} Sieved to 3\n3 7 +1 4",
                ["(3*5^7+1)/4"]
            ),
            ("ABC $a^$b*$b^$a$c\n3 4 +1", ["3^4*4^3+1"]), ("Abc 2^$a$b\n\n5 +3", ["2^5+3"]),
            ("ABC $a*2^$b+$c\n3 5 -7", ["3*2^5+-7"]), ("ABC 2^$a-1\n7\n11", ["2^7-1", "2^11-1"]),
            ("ABC $A^2+$b\n2 3", ["2^2+3"]), ("ABC $b^$a\n2 3", ["3^2"]),
            ("ABC $a*2+1 | $a*2-1\n3\n4", ["3*2+1", "3*2-1", "4*2+1", "4*2-1"]),
            ("ABC $a & 2*$a+1&4*$a+3\n2", ["2", "2*2+1", "4*2+3"]),
            ("ABC $a+1\n3\nABC $a*$b\n2 3", ["3+1", "2*3"]),
            ("ABC $a*\\\n2+1\n3", ["3*2+1"]),
            (
                "ABCD $a*2^$b+1 [20755 35460]\n0 8\n2 -16",
                ["20755*2^35460+1", "20755*2^35468+1", "20757*2^35452+1"]
            ),
            (
                "ABCD 20755*2^$a+1 [35460] // Sieved to 5000000000 with srsieve\n3\nABCD 5*2^$a-1 [7]\n1",
                ["20755*2^35460+1", "20755*2^35463+1", "5*2^7-1", "5*2^8-1"]
            ),
            (
                "ABCD $a*997#+1 & $a*997#-1  [500010] // Sieved to 1\n30",
                ["500010*997#+1", "500010*997#-1", "500040*997#+1", "500040*997#-1"]
            ),
            (
                "ABCD $a^2+1 [9223372036854775806]\n1\n-9223372036854775807\n-5",
                ["9223372036854775806^2+1", "9223372036854775807^2+1", "0^2+1", "-5^2+1"]
            ),
            (
                "ABC2 $a*2^$b+1\na: from 1 to 5 step 2\nb: primes from 10 to 18",
                [
                    "1*2^11+1", "1*2^13+1", "1*2^17+1", "3*2^11+1", "3*2^13+1", "3*2^17+1",
                    "5*2^11+1",
                    "5*2^13+1", "5*2^17+1",
                ]
            ),
            (
                "ABC2 $a$b // c\n$A: FROM 3 downto 1 step -2 // d\nb:in{+1 -4}\n",
                ["3+1", "3-4", "1+1", "1-4"]
            ),
            (
                "ABC $a.997#+-1 & $a.997#+1\n3", ["3*997#+-1", "3*997#+1"]
            ),
            ("ABC 2.$a . 5.$b.7#-1\n3 4", ["2*3 . 5*4*7#-1"]), ("ABC $a.$b+1.5\n3 4", ["3*4+1.5"]),
            ("ABCD $a.23#-1 [2]\n1", ["2*23#-1", "3*23#-1"]),
            ("ABC2 $a.23#-1\na: from 2 to 3", ["2*23#-1", "3*23#-1"]),
            // A header in the middle, of whatever format.
            ("7\nABC $a+1\n3\nABCD $a+2 [4]\n1", ["7", "3+1", "4+2", "5+2"]),
            ("ABC $a+1\n3\n9:P:0:2:1\n3 4\nABC $a*$b\n5 6", ["3+1", "3*2^4+1", "5*6"]),
            (
                "ABC2 $a | $a+2\na: from 3 to 4\nABC2 $b\nb: from 5 to 6\nABC $a\n8",
                ["3", "3+2", "4", "4+2", "5", "6", "8"]
            ),
            ("1 2\n2 3\nABC $a+$b\n3 4", ["2", "3", "3+4"]),
            // Of OEIS, told by two rows.
            ("1 2\n2 3\n3 5\n", ["2", "3", "5"]), ("0 10\n# c\n1\t-4\n2 7", ["10", "-4", "7"]),
            ("-3 5\n-4 7", ["5", "7"]), ("1 2", ["1 2"]), ("1 2\n3 4\n5", ["1 2", "3 4", "5"]),
            ("1 2\n7\n8", ["1 2", "7", "8"]), ("1 2\nABC $a\n3", ["1 2", "3"]),
            ("1 -2\n2 -3", ["1 -2", "2 -3"]), ("1 2 3\n2 3 4", ["1 2 3", "2 3 4"]),
            ("1 2\n9 10 // c\n", ["1 2", "9 10"]),
            // Hexadecimal, and no headers.
            ("00:ff:ff\n7", ["00:ff:ff", "7"]), ("ab:cd:ef\n7", ["ab:cd:ef", "7"]),
            ("5:\n7", ["5:", "7"]), ("1:2\n7", ["1:2", "7"]), ("1:2:3\n7", ["1:2:3", "7"]),
            ("ABCDEF01\n7", ["ABCDEF01", "7"]), ("abc2e\n7", ["abc2e", "7"]),
            ("abc2 $a-2 | $a+2\na: from 9 downto 8", ["9-2", "9+2", "8-2", "8+2"]),
            ("ABC2 $a*$b\nb: from 1 to 2\na: from 5 to 6", ["5*1", "6*1", "5*2", "6*2"]),
            ("ABC2 $a\na: from -1 to 1", ["-1", "0", "1"]),
            ("ABC2 $a\na: primes from 0 to 2", ["2"]),
            (
                "ABC2 $a\na: from 9223372036854775806 to 9223372036854775807 step 3",
                ["9223372036854775806"]
            ),
            ("99991:P:0:2:1\n45 500\n7 8", ["45*2^500+1", "7*2^8+1"]),
            ("99991:M:0:2:2\n45 500", ["45*2^500-1"]),
            ("99991:T:0:2:3\n45 500", ["45*2^500+1", "45*2^500-1"]),
            ("99991:S:0:2:10\n45 500", ["45*2^500-1", "45*2^501-1"]),
            ("99991:C:0:2:5\n45 500", ["45*2^500+1", "45*2^501+1"]),
            ("99991:C:0:2:34\n45 500", ["45*2^500-1", "45*2^499-1"]),
            (
                "1000000000000:M:1:2:258\n5 100\n7 102\n3:P:0:10:1\n1 2",
                ["5*2^100-1", "7*2^102-1", "1*10^2+1"]
            ),
            ("5:T:0:2:67\n7 11", ["7*11#+1", "7*11#-1"]), ("5:P:5:2:65\n7 11", ["7*11#+1"]),
            ("5:M:0:0:66\n7 11", ["7*11#-1"]), ("5:S:0:2:74\n7 11", ["7*11#-1", "2*7*11#-1"]),
            ("5:C:0:2:69\n7 11", ["7*11#+1", "2*7*11#+1"]), ("5:P:0:2:321\n7 11", ["7#*2^11+1"]),
            ("5:S:2:3:1034\n7 11", ["7*3^11-1", "2*7*3^11-1"]), ("5:P:7:2:1\n7 11", ["7*2^11+1"]),
        ] as [(String, [String])])
    func filesGiveWhatTheirFormatsSay(_ text: String, _ expected: [String]) {
        #expect(Self.read(text) == expected)
        #expect(Self.read(text.replacing("\n", with: " \r\n")) == expected)
        #expect(Self.read("# first\n\n// second\n" + text + "\n\n") == expected)
    }

    @Test(arguments: [
        "ABC", "ABC\t$a", "ABC$a", "ABC3 $a", "ABCDE $a [1]", "ABC_ $a", "ABCD$a [1]", "abc2",
        "ABD $a*2^5+1", "$a*2", "A $a", "2^$a", "ABC 5*2^7+1", "ABC $", "ABC $1", "ABC 2*$ ",
        "ABC $a |",
        "ABC $a || $a+1", "ABC $a && $a", "ABC $a | $a+2 & $a+4", "ABC $a & $a+2 | $a+4",
        "ABC & $a", "DECIMAL 5", "CC 1", "ABCD $a", "ABCD $a []",
        "ABCD $a [1 2]", "ABCD $a [x]", "ABCD $a [9223372036854775808]",
        "ABCD $a [-9223372036854775808]",
        "ABCD $b [1]", "ABCD [1]", "ABC $é", "99991:P:0:2", "99991:P:0:2:1:", "99991:P:0:2:x",
        "99991:B:0:2:1", "99991:p:0:2:1", "99991:PM:0:2:1", "99991:P:0:1:1", "99991:T:3:2:3",
        "99991:P:0:2:0", "99991:P:0:2:256", "99991:P:0:2:129", "99991:P:0:2:2049", "99991:P:0:2:64",
        "99991:P:0:2:80", "99991:P:0:2:1040", "99991:T:0:2:323", "99991:P:0:2:99999999999999999999",
        "99991:P:-1:2:1",
    ])
    func aHeaderThatIsNoneEndsTheReading(_ header: String) {
        let found = Self.read(header + "\n3\n5\n7 8\n")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("!") == true, "\(found)")
    }

    @Test(arguments: [
        ("a: from 1 to", "is none of"), ("a: from 5 to 1", "counts up"),
        ("a: from 1 downto 5", "counts down"), ("a: from 1 to 5 step 0", "counts up"),
        ("a: from 1 to 5 step -1", "counts up"), ("a: from 5 downto 1 step 2", "counts down"),
        ("a: from 1 to 9223372036854775808", "no integer"), ("a: from x to 5", "no integer"),
        ("a: primes from 24 to 28", "no prime"), ("a: primes from 9 to 7", "no prime"),
        ("a: primes from -5 to 7", "no prime"), ("a: primes from 1 to 9 step 2", "is none of"),
        ("a: in { }", "an empty list"), ("a: in { 1", "is none of"), ("a: in 1 }", "is none of"),
        ("a from 1 to 2", "defines no variable"), ("ab: from 1 to 2", "defines no variable"),
        (": from 1 to 2", "defines no variable"), ("1: from 1 to 2", "defines no variable"),
        ("c: from 1 to 2", "does not use"), ("a: from 1 to 2\na: from 1 to 2", "a second time"),
        ("ABC2 $a\na: from 1 to 2", "$a was not defined"), ("a: from 1 to 2", "$b was not defined"),
        ("", "$a was not defined"), ("5", "defines no variable"),
        ("a: in {" + String(repeating: " 1", count: 1001) + "}", "more than 1000"),
    ])
    func anABC2FileWithABadRangeGivesNothing(_ lines: String, _ reason: String) {
        let found = Self.read("ABC2 $a*2^$b+1\n" + lines)
        #expect(found.count == 1)
        #expect(
            found.first?.hasPrefix("!") == true && found.first?.contains(reason) == true, "\(found)"
        )
    }

    @Test func aBadRowIsReportedAndTheRestGoesOn() {
        let found = Self.read("ABC $a*2^$b$c\n1 2\n1 2 3\n1 2 +3 4\n5 6 -1\n")
        #expect(found.count == 4 && found.last == "5*2^6-1")
        #expect(found[0] == "!has 2 values where the template wants 3")
        #expect(found[1].contains("'3' would run together with the '1*2^2' before it"))
        #expect(found[2] == "!has 4 values where the template wants 3")
        let pairs = Self.read(
            "9:P:0:2:1\n1\n1 2 3\n1 x\n-1 2\n1 0\n1 9999999999999999999\n+1 5\n3 4")
        #expect(pairs.count == 8 && pairs.last == "3*2^4+1")
        // Digits run together with what is before or after them.
        for (template, row) in [
            ("2^5$a", "1"), ("$a5", "1"), ("$a$b", "1 2"), ("2*$a$b", "x y"), ("$a#$b", "7 1"),
            ("$a!$b", "7 2"), ("F$a", "5"), ("0x$a", "5"), ("$aF", "5"),
        ] {
            let found = Self.read("ABC \(template)\n\(row)\n")
            #expect(found.count == 1 && found[0].contains("run together"), "\(template): \(found)")
        }
        #expect(Self.read("ABC $a!$b+1\n7 2\n") == ["7!2+1"])
        // The rows after a bad one of ABCD build on it.
        for row in ["x", "1 2", "9223372036854775807", "1.5"] {
            let found = Self.read("ABCD 2^$a+1 [1]\n1\n\(row)\n1\n")
            #expect(found.count == 3 && found[2].hasPrefix("!"), "\(row): \(found)")
        }
        #expect(
            Self.read("ABCD 2^$a+1 [-9223372036854775807]\n-1\n").last?.contains("2^63") == true)
    }

    @Test func aFormatThatWasSaidIsTheOnlyOne() {
        let files: [(CandidateFormat, String)] = [
            (.lines, "7"), (.abc, "ABC $a\n7"), (.abcd, "ABCD $a [7]"),
            (.abc2, "ABC2 $a\na: from 7 to 7"), (.newpgen, "9:P:0:2:1\n7 1"),
        ]
        for (said, _) in files where said != .lines {
            for (format, text) in files {
                let found = Self.read(text, said)
                if format == said {
                    #expect(found == Self.read(text))
                } else {
                    #expect(found == ["!is no header of \(said), which the input was said to be"])
                }
            }
        }
        // Lines may look like anything; what they are is seen when they are computed.
        #expect(Self.read("ABC $a\n7", .lines) == ["ABC $a", "7"])
    }

    @Test func aProductIsNeverThereAsAWhole() {
        let range = "from 1 to 9223372036854775807"
        let text = "ABC2 $a+$b*$c\na: \(range)\nb: primes \(range)\nc: \(range)"
        let found = Self.read(text, most: 3)
        #expect(found == ["1+2*1", "1+2*2", "1+2*3"])
        let names = (0..<26).map { String(UnicodeScalar(UInt8(97 + $0))) }
        let all =
            "ABC2 " + names.map { "$\($0)" }.joined(separator: "+") + "\n"
            + names.map { "\($0): in { 1 2 3 }" }.joined(separator: "\n")
        #expect(Self.read(all, most: 100).count == 100)
    }

    @Test func nothingGrowsBeyondWhatIsRead() {
        // 200 times the same value.
        let wide = "ABC " + Array(repeating: "$a", count: 200).joined(separator: "+")
        let found = Self.read(
            wide + "\n" + String(repeating: "7", count: 100) + "\n5\n", longest: 1000)
        #expect(found.count == 2 && found[0].contains("more than the 1000 bytes"))
        #expect(found[1].hasPrefix("5+5+5"))
        let joined = String(repeating: "1+\\\n", count: 600) + "1\n7\n"
        #expect(
            Self.read("3\n" + joined, longest: 1000).contains { $0.contains("bytes, more than") })
        var parser = CandidateParser(longest: 10)
        #expect(throws: CandidateFileError.self) {
            try parser.take(Array("ABC $a*2^5".utf8)[...], length: 500)
        }
        #expect(throws: Never.self) { try parser.take(Array("7".utf8)[...]) }
    }

    /// What candidates depend on, as text: the header, the member of its row, and the stops.
    private static func conditions(_ text: String) throws -> [String] {
        var parser = CandidateParser()
        var found: [String] = []
        func add(_ candidate: CandidateParser.Candidate?) -> Bool {
            if candidate == nil { return false }
            guard let condition = parser.condition else {
                found.append("-")
                return true
            }
            let stops = condition.stops.map {
                ($0.countsPrimes ? "p" : "c")
                    + "\($0.count):\(String(decoding: $0.value, as: UTF8.self))"
            }
            let member = "\(condition.member)/\(condition.memberCount)"
            found.append(
                ["\(condition.header)", (condition.isChain ? "&" : "") + member]
                    .joined(separator: " ") + stops.map { " " + $0 }.joined())
            return true
        }
        for line in Array(text.utf8).split(separator: 10) {
            var isMore = add(try parser.take(line))
            while isMore { isMore = add(try parser.next()) }
        }
        var isMore = add(try parser.finish())
        while isMore { isMore = add(try parser.next()) }
        return found
    }

    @Test(arguments: [
        ("3\n5", ["-", "-"]), ("ABC $a | $a+1\n3", ["-", "-"]), ("9:P:0:2:1\n3 5", ["-"]),
        ("9:T:0:2:3\n3 5\n9:C:0:2:5\n3 5", ["1 &0/2", "1 &1/2", "2 &0/2", "2 &1/2"]),
        (
            "ABC2 $a & 2$a\na: in { +3 }\nABC2 $a // {number_primes,$a,1}\na: from 3 to 4",
            ["1 &0/2", "1 &1/2", "2 0/1 p1:3", "2 0/1 p1:4"]
        ),
        ("ABC $a & $a+1 & $a+2\n3", ["1 &0/3", "1 &1/3", "1 &2/3"]),
        (
            "ABC $a*$b | $a // {number_primes,$b,1}\n3 +5\n3 5",
            ["1 0/2 p1:+5", "1 1/2 p1:+5", "1 0/2 p1:5", "1 1/2 p1:5"]
        ),
        (
            "ABC $a*$b // x {-f{$a}} { number_primes , $B , 2 }{number_comps,$a,03} {n}\n3 5",
            ["1 0/1 c3:3"]
        ),
        ("ABC $a // {number_primes, $A ,2}{number_comps,$a,03}\n3", ["1 0/1 p2:3 c3:3"]),
        (
            "ABC $a\n3\nABC $a // {number_primes,$a,1}\n3\nABC $a\n3",
            ["-", "2 0/1 p1:3", "-"]
        ),
        (
            "ABCD $a*2^$b [3 5] // {number_comps,$a,7}\n1 1\n-4 0\nABCD $a & $a+1 [8]",
            ["1 0/1 c7:3", "1 0/1 c7:4", "1 0/1 c7:0", "2 &0/2", "2 &1/2"]
        ),
        (
            "ABC2 $a+$b & $a-$b // {number_primes,$b,1}\na: from 1 to 2\nb: in { x y }",
            [
                "1 &0/2 p1:x", "1 &1/2 p1:x", "1 &0/2 p1:y", "1 &1/2 p1:y", "1 &0/2 p1:x",
                "1 &1/2 p1:x", "1 &0/2 p1:y", "1 &1/2 p1:y",
            ]
        ),
    ])
    func conditionsSayWhatCandidatesDependOn(_ text: String, _ expected: [String]) throws {
        #expect(try Self.conditions(text) == expected)
    }

    @Test(arguments: [
        (
            "{number_primes",
            "'{number_primes' in its comment, which is none of {number_primes,$a,1}"
        ),
        ("{number_primes,$a,1", "'{number_primes,$a,1' in its comment"),
        ("{number_primes}", "none of"),
        ("{number_primes,$a}", "none of"), ("{number_primes,$a,0}", "none of"),
        ("{number_primes,$a,-1}", "none of"), ("{number_primes,$a,+1}", "none of"),
        ("{number_primes,$a,}", "none of"), ("{number_primes,a,1}", "none of"),
        ("{number_primes,$1,1}", "none of"), ("{number_primes,$ab,1}", "none of"),
        ("{number_primes,$a,1,2}", "none of"), ("{number_prime,$a,1}", "none of"),
        ("{number_composites,$a,1}", "none of"),
        ("{number_comps,$a,99999999999999999999}", "none of"),
        ("{number_primes,$c,1}", "for $c, which the template does not use"),
        (String(repeating: "{number_primes,$a,1}", count: 27), "more than 26"),
    ])
    func aRuleThatIsNoneEndsTheReading(_ rule: String, _ reason: String) {
        for header in ["ABC $a", "ABCD $a [1]", "ABC2 $a"] {
            let found = Self.read("\(header) // \(rule)\n3\n5\n")
            #expect(found.count == 1 && found[0].hasPrefix("!"))
            #expect(found[0].contains(reason), "\(found)")
        }
    }

    @Test func aBadCandidateHasTheConditionOfItsRow() throws {
        var parser = CandidateParser()
        try parser.take(Array("ABC $a & 2$a // {number_primes,$a,1}".utf8)[...])
        #expect(try parser.take(Array("5".utf8)[...]) != nil)
        #expect(throws: CandidateFileError.self) { try parser.next() }
        #expect(parser.condition?.member == 1 && parser.condition?.memberCount == 2)
        #expect(throws: CandidateFileError.self) { try parser.take(Array("5 5".utf8)[...]) }
        #expect(parser.condition == nil)
    }

    @Test func aBracketWithTooFewValuesSaysSo() {
        #expect(
            Self.read("ABCD $a*2^$b+1 [5]")
                == ["!has 1 value where the template wants 2, in its brackets"])
    }

    /// `4**3+1` is 65, and 13 is meant.
    @Test(arguments: ["$a..$b+1", "$a.*$b+1", "$a*.$b+1", "2*.$a*$b", "$a.*2+$b"])
    func signsOfAProductDoNotBecomeAPower(_ template: String) {
        #expect(
            Self.read("ABC \(template)\n4 3")
                == ["!has two signs of a product side by side, one of them a dot"])
    }

    @Test func neitherDoesAValueThatBringsOne() {
        #expect(
            Self.read("ABC $a*$b+1\n4 *3\n4* 3\n4 3").map { $0.prefix(9) }
                == ["!'*3' wou", "!'*' woul", "4*3+1"])
        #expect(Self.read("ABC $a**$b+1\n4 3") == ["4**3+1"])
    }

    /// As OEIS and GIMPS have them.
    @Test func listsGiveTheirNumbers() {
        #expect(
            Self.read("5 11\n5 -3\n7\n1 2 3\n+1 2\n9 13", .bfile)
                == [
                    "11", "-3", "!is no row of a b-file: n and a(n), two numbers",
                    "!is no row of a b-file: n and a(n), two numbers",
                    "!is no row of a b-file: n and a(n), two numbers", "13",
                ])
        let work = """
            [Worker #1]
            ; nothing
            PRP=1,2,521,-1,75,0
            PRP=00112233445566778899AABBCCDDEEFF,3,10,77,+7
            prp=N/A,5,2,13,1,76,0,3,1,"31, 127"
            PRPDC=0,1,2,607,-1
            Test=00000000000000000000000000000000,607,75,1
            DoubleCheck=1279
            AdvancedTest=89
            PFactor=N/A,1,2,107,-1,75,2
            Pminus1=,1,2,127,-1,1000,2000
            ECM2=1,2,61,-1,1000,100000,3
            Factor=N/A,31,64,68
            M127
            m2203 // comment
            """
        #expect(
            Self.read(work, .worktodo)
                == [
                    "2^521-1", "3*10^77+7", "(5*2^13+1)/31/127", "2^607-1", "2^607-1", "2^1279-1",
                    "2^89-1", "2^107-1", "2^127-1", "2^61-1", "2^31-1", "M(127)", "M(2203)",
                ])
        for bad in [
            "7", "PRP", "PRP=", "PRP=1,2,3", "PRP=x,1,2,3", "PRP=1,2,3,x", "Test=", "Test=N/A",
            "Quit=1", "M", "Mx", "PRP=1,2,3,-1,\"5", "PRP=1,2,3,-1,\"x\"", "PRP=-1,2,3,1", "=1",
        ] {
            let found = Self.read(bad + "\nM7", .worktodo)
            #expect(found.count == 2 && found[0].hasPrefix("!") && found[1] == "M(7)", "\(bad)")
        }
    }

    /// As hexdump, key files and `openssl` have them.
    @Test func hexadecimalIsReadWithoutItsPrefix() {
        let text = """
            FFFFFFFB
            0xcafe
            7 // comment
            # comment
            00:c7
            Modulus=C7
            serial = 0F
            modulus:
                00:ff:ff:
                ff:fb
            A:
            10
            prime 1:
                01:
                02
            """
        #expect(
            Self.read(text, .hex)
                == [
                    "0xFFFFFFFB", "0xcafe", "0x7", "0x00c7", "0xC7", "0x0F", "0x00fffffffb", "0x10",
                    "0x0102",
                ])
        #expect(
            Self.read("GG\n1+1\n12 34\nab:c\nabc:\n0x\n++7\n-7\n+9", .hex).map { $0.first == "!" }
                == [true, true, true, true, true, true, true, true, false])
        // What ends in a colon has to go on.
        let cut = Self.read("00:ff:\n1234\n5\n", .hex)
        #expect(cut.count == 2 && cut[0].hasPrefix("!does not go on") && cut[1] == "0x5")
        #expect(Self.read("00:ff:", .hex) == ["!ends in a colon, and the number does not go on"])
        let long = Self.read(String(repeating: "00:\n", count: 600) + "7\n8", .hex, longest: 1000)
        #expect(long.contains { $0.contains("more than the 1000 digits") } && long.last == "0x8")
    }

    /// What is refused is said of the line that it stands in.
    @Test func aCandidateKnowsHowFarBackItsLineIs() throws {
        var parser = CandidateParser()
        #expect(try parser.take(Array("1 2".utf8)[...]) == nil)
        #expect(try parser.take(Array("# comment".utf8)[...]) == nil)
        let first = try #require(try parser.take(Array("11".utf8)[...]))
        #expect(first.text.elementsEqual("1 2".utf8) && parser.linesBack == 2)
        #expect(parser.isExpanding)
        let second = try #require(try parser.next())
        #expect(second.text.elementsEqual("11".utf8) && parser.linesBack == 0)
        #expect(!parser.isExpanding)
    }

    @Test func anyBytesAreReadOrRefused() {
        var generator = SeededGenerator(seed: 7)
        let pieces = [
            "ABC ", "ABCD ", "ABC2 ", "$a", "$b", "$", "*2^", "+1", "[", "]", "5 6", "\n", "\n",
            " ", "\\",
            "//", "#", "9:P:0:2:3", "a: from 1 to 3", "b: in { 1 2 }", "primes from 2 to 5", "|",
            "&", "\0", "{number_primes,$a,", "1}", ".", "1 2", "2 3", "ab:", "ff", "0x", "P:", "=",
            "PRP=1,2,", "Test=", "M7", "\"3,5\"", ",", "1,000,003", "_", "**", "e5", "+",
            "5:P:0:2:65",
            "\u{FF}", "-9223372036854775808", "1", "(", ")", "!",
        ]
        for _ in 0..<3000 {
            var text = ""
            for _ in 0..<(generator.next() % 25) {
                text += pieces[Int(generator.next() % UInt64(pieces.count))]
            }
            for format in [CandidateFormat.auto, .bfile, .worktodo, .hex] {
                for candidate in Self.read(text, format, longest: 200, most: 50) {
                    _ = try? BigNatural(expression: candidate, maximumBits: 2000)
                }
            }
        }
    }
}
