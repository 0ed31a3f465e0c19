// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityExpressions
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct ExpressionTests {
    private static func value(_ text: String, bits: Int = 1_000_000) throws -> String {
        try BigNatural(expression: text, maximumBits: bits).description
    }

    private static func error(_ text: String, bits: Int = 1_000_000) -> ExpressionError? {
        do throws(ExpressionError) {
            _ = try BigNatural(expression: text, maximumBits: bits)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            // Numbers.
            ("0", "0"), ("007", "7"), ("0x1F", "31"), ("0x1f*2", "62"), ("1+0xAbC", "2749"),
            (" 5 ", "5"), ("\t2 +\t3", "5"),
            // Precedence, and from left to right.
            ("2+3*4", "14"), ("(2+3)*4", "20"), ("10-2-3", "5"), ("100/5/2", "10"),
            ("100/5*2", "40"),
            ("7-2+1", "6"), ("2*3%4", "2"), ("2+7%4", "5"), ("2 . 3 . 4", "24"), ("3 . 2^4", "48"),
            ("2^10", "1024"), ("2*3^2", "18"), ("(2*3)^2", "36"), ("2^(3^2)", "512"),
            ("(2^3)^2", "64"), ("0^0", "1"), ("1^(2^70)", "1"), ("0^(2^70)", "0"),
            ("(-1)^(2^70)+5", "6"), ("(0-1)^(2^70+1)+5", "4"),
            // Signs: looser than powers, tighter than products.
            ("2-5+7", "4"), ("-2^2+9", "5"), ("(-2)^2+9", "13"), ("5--3", "8"), ("5+-3", "2"),
            ("- -5", "5"), ("2*-3+10", "4"), ("-7+9", "2"), ("-(3-5)", "2"), ("6/-3+4", "2"),
            // What follows its operand.
            ("5!", "120"), ("0!", "1"), ("1!", "1"), ("2^3!", "64"), ("(2^3)!", "40320"),
            ("-3!+10", "4"), ("7!2", "105"), ("8!2", "384"), ("20!3", "4188800"), ("5!10", "5"),
            ("0!3", "1"), ("10!(1+2)", "280"), ("3!*2", "12"), ("(3!)!", "720"), ("3!+1", "7"),
            ("10#", "210"), ("7#", "210"), ("1#", "1"), ("0#", "1"), ("2#", "2"), ("7# + 1", "211"),
            ("11#3", "1155"), ("11#2", "2310"), ("11#0", "2310"), ("11#11", "11"), ("12#12", "1"),
            ("3!#", "30"), ("23#-641+641", "223092870"),
            // Functions.
            ("M(7)", "127"), ("M(0)", "0"), ("R(1)", "1"), ("R(7)", "1111111"), ("R(0)", "0"),
            ("F(0)", "0"), ("F(1)", "1"), ("F(10)", "55"), ("L(0)", "2"), ("L(10)", "123"),
            ("gcd(12,18)", "6"), ("gcd(0, 5)", "5"),
            ("gcd(-4,6)", "2"), ("C(10,3)", "120"), ("C(5,6)", "0"), ("C(0,0)", "1"),
            ("len(999)", "3"),
            ("len(1000)", "4"), ("len(0)", "1"), ("len(2^100)", "31"), ("len(1024)", "4"),
            ("lucasU(6,1,14)", "9228778026"), ("lucasV(6,1,14)", "52205852194"),
            ("lucasU(1,-1,10)", "55"), ("lucasV(1,-1,10)", "123"), ("lucasU(1,1,4)+1", "0"),
            ("lucasU(5,2,0)", "0"), ("lucasV(5,2,0)", "2"), ("lucasU(5,2,1)", "1"),
            ("lucasV(5,2,1)", "5"), ("-lucasU(-1,-1,10)", "55"), ("lucasU(3,2,20)", "1048575"),
            ("Phi(1,10)", "9"), ("Phi(2,10)", "11"), ("Phi(3,10)", "111"), ("Phi(4,10)", "101"),
            ("Phi(6,10)", "91"), ("Phi(12,10)", "9901"), ("Phi(9,2)", "73"), ("Phi(10,-2)", "31"),
            ("Phi(5,-2)", "11"), ("Phi(8,-3)", "82"), ("Phi(210,2)", "219397309247971"),
            ("Phi(15,0)", "1"), ("-Phi(1,0)", "1"), ("Phi(1,1)", "0"), ("Phi(2,-1)", "0"),
            ("-Phi(1,-1)", "2"), ("Phi(7,1)", "7"), ("Phi(8,1)", "2"), ("Phi(12,1)", "1"),
            ("Phi(8,-1)", "2"), ("Phi(14,-1)", "7"), ("Phi(7,-1)", "1"), ("Phi(2,1)", "2"),
            ("Phi( 3 , Phi (3, 2) )", "57"), ("gcd(2*(3+4),21)", "7"), ("(10^9-1)/9", "111111111"),
            ("(2^61+1)/3", "768614336404564651"),
            ("R(5,17)", "1717171717"), ("R(1,17)", "17"), ("R(0,17)", "0"), ("R(3,0)", "0"),
            ("R(7,1)", "1111111"), ("R(2,100)", "100100"), ("R(3,99)+1", "1000000"),
            // Primes, and digits in a row: most of them PFGW's own examples.
            ("p(1)", "2"), ("p(2)", "3"), ("p(6)", "13"), ("p(6542)", "65521"),
            ("p(6543)", "65537"),
            ("p(100000)", "1299709"), ("p(3)#", "30"), ("2^p(4)-1", "127"),
            ("nextprime(0)", "2"), ("nextprime(2)", "3"), ("nextprime(7)", "11"),
            ("nextprime(2^64)", "18446744073709551629"), ("prevprime(3)", "2"),
            ("prevprime(7)", "5"),
            ("prevprime(2^64)", "18446744073709551557"), ("nextprime(10^50)-10^50", "151"),
            ("10^50-prevprime(10^50)", "57"), ("nextprime(nextprime(100))", "103"),
            ("Sm(0)", "0"), ("Sm(1)", "1"), ("Sm(13)", "12345678910111213"),
            ("len(Sm(1000))", "2893"),
            ("SmW(0)", "0"), ("SmW(1)", "0"), ("SmW(2)", "2"), ("SmW(13)", "23571113"),
            ("SmW(16)", "23571113"), ("SmWp(0)", "0"), ("SmWp(1)", "2"),
            ("SmWp(13)", "2357111317192329313741"), ("SmWp(168)-SmW(1000)", "0"),
            // Comparisons and what joins them, from tight to loose and from left to right.
            ("3<4", "1"), ("4<3", "0"), ("3<3", "0"), ("3<=3", "1"), ("4<=3", "0"), ("4>3", "1"),
            ("3>3", "0"), ("3>=3", "1"), ("3>=4", "0"), ("3==3", "1"), ("3==4", "0"), ("3!=3", "0"),
            ("3!=4", "1"), ("3-5<0", "1"), ("-2^100>-3^100", "1"), ("2^100 == 4^50", "1"),
            ("0||0", "0"), ("5||0", "1"), ("0 OR -7", "1"), ("5&&0", "0"), ("5 AND 7", "1"),
            ("1||1&&0", "1"), ("(1||1)&&0", "0"), ("0&&1==1", "0"), ("1==2<3", "1"),
            ("(1==2)<3", "1"),
            ("2==2>1", "0"), ("3>2>1", "0"), ("1+1==2", "1"), ("5!=120", "1"), ("5!==120", "1"),
            ("5! != 120", "0"), ("5! == 120", "1"), ("3!=3!", "1"), ("7#==210", "1"),
            ("(7>5)*2^5+(7<5)", "32"), ("R(2 == 2,7>=8||9)", "1"), ("2OR0", "1"),
            ("(1)AND(1)", "1"),
            ("gcd(6,4)==2 AND p(2)==3", "1"), ("0 or 3 And 4", "1"),
            // As people write numbers.
            ("+7", "7"), (" + 7", "7"), ("+M(3)-1", "6"), ("1e0", "1"), ("12E3+1", "12001"),
            ("1e+3", "1000"), ("1e2^2", "10000"), ("1e1!", "3628800"), ("2**10", "1024"),
            ("-2**2+9", "5"), ("2 ** -(0-3)", "8"), ("1_000_003", "1000003"),
            ("0xFF_FF", "65535"), ("2^1_0+1_0", "1034"), ("1_0e1", "100"),
            ("1,000,003", "1000003"), (" +12,345,678 ", "12345678"), ("10,007", "10007"),
            ("123,456,789", "123456789"), ("gcd(1,000)", "1"), ("gcd(100,200)", "100"),
            ("M127-M(127)", "0"), ("m13", "8191"), ("M7^2", "16129"),
            // The case of names does not count.
            ("phi(3,2)", "7"), ("m(3)", "7"), ("r(3)", "111"), ("f(10)", "55"), ("Len(99)", "2"),
            ("NEXTPRIME(7)", "11"), ("PrevPrime(7)", "5"), ("lucasu(1,-1,10)", "55"),
            ("GCD(12,18)", "6"), ("P(3)", "5"), ("c(5,2)", "10"), ("smwp(3)", "235"),
        ] as [(String, String)])
    func valuesAreThoseOfTheGrammar(_ text: String, _ expected: String) throws {
        #expect(try Self.value(text) == expected)
    }

    /// The same by addition and multiplication of small numbers.
    @Test func smallOperandsGiveWhatTheDefinitionsSay() throws {
        func isPrime(_ n: UInt64) -> Bool { Verdict(of: n) == .prime }
        for n in UInt64(0)...40 {
            var (factorial, primorial) = (UInt128(1), UInt128(1))
            for k in 1...max(n, 1) where k <= n {
                if k <= 33 { factorial *= UInt128(k) }
                if isPrime(k) { primorial *= UInt128(k) }
            }
            if n <= 33 { #expect(try Self.value("\(n)!") == "\(factorial)") }
            #expect(try Self.value("\(n)#") == "\(primorial)")
            for m in UInt64(0)...n {
                let part = (m...n).filter(isPrime).reduce(UInt128(1)) { $0 * UInt128($1) }
                #expect(try Self.value("\(n)#\(m)") == "\(part)")
                if m > 0 && n <= 33 {
                    let product = stride(from: n, to: 0, by: -Int(m))
                        .reduce(UInt128(1)) { $0 * UInt128($1) }
                    #expect(try Self.value("\(n)!\(m)") == "\(product)")
                }
            }
        }
        // x^n − 1 is the product of Φ_d(x) over n's divisors.
        for n in 1...60 {
            for x in [-3, -1, 0, 1, 2, 7] {
                let product = (1...n).filter { n % $0 == 0 }.map { "Phi(\($0),\(x))" }
                let text = product.joined(separator: "*") + "-((\(x))^\(n)-1)"
                #expect(try Self.value(text) == "0", "\(text)")
            }
        }
        // Lucas sequences by their recurrence.
        for (p, q) in [(1, -1), (3, 2), (-4, 5), (0, 3), (2, 1), (5, -7), (1, 1)] {
            var (u, v) = ([0, 1], [2, p])
            for n in 2...20 {
                u.append(p * u[n - 1] - q * u[n - 2])
                v.append(p * v[n - 1] - q * v[n - 2])
            }
            for n in 0...20 {
                #expect(try Self.value("lucasU(\(p),\(q),\(n))-(\(u[n]))") == "0", "\(p) \(q) \(n)")
                #expect(try Self.value("lucasV(\(p),\(q),\(n))-(\(v[n]))") == "0", "\(p) \(q) \(n)")
            }
        }
        for n in 0...20 {
            for k in 0...n {
                #expect(try Self.value("C(\(n),\(k))*\(k)!*(\(n)-\(k))!-\(n)!") == "0")
            }
        }
    }

    @Test(
        arguments: [
            ("", nil, "there is no number"), ("   ", nil, "there is no number"),
            ("1 2", 3, "'2' at position 3 follows a number: an operator is missing"),
            ("12x", 3, "'x' at position 3 follows a number: an operator is missing"),
            ("2(3)", 2, "'(' at position 2 follows a number: an operator is missing"),
            ("(2)(3)", 4, "'(' at position 4 follows a number: an operator is missing"),
            (
                "1e", 1,
                "'1e' at position 1 is no number and no function: hexadecimal begins with 0x"
            ),
            ("1e-3", 1, "'1e' at position 1 is no number"),
            ("1e9x", 2, "'e' at position 2 follows"),
            ("1.5e3", 2, "'.' at position 2 multiplies"),
            ("1e99999999", 2, "'e' at position 2 gives a number of at least"),
            (
                "FFFFFFFB", 1,
                "'FFFFFFFB' at position 1 is no number and no function: hexadecimal begins"
            ),
            ("C7", 1, "'C7' at position 1 is no number and no function: hexadecimal"),
            ("2+1FFE", 3, "'1FFE' at position 3 is no number and no function: hexadecimal"),
            ("1E6F", 1, "'1E6F' at position 1 is no number and no function: hexadecimal"),
            ("dead*2", 1, "'dead' at position 1 is no number and no function: hexadecimal"),
            ("ABE(2)", 1, "'ABE' at position 1 is no function"),
            ("1_", 2, "'_' at position 2 does not belong"),
            ("1__0", 2, "'_' at position 2 does not"),
            ("_1", 1, "'_' at position 1 does not belong"),
            ("1000003L", 8, "'L' at position 8 follows a number"),
            ("3,5", 2, "',' at position 2 may group digits or separate numbers"),
            ("3,517", 2, "',' at position 2 may group"), ("1,2", 2, "',' at position 2 may group"),
            ("1,000,03", 2, "',' at position 2 may group"),
            ("1,000,", 2, "',' at position 2 may group"),
            ("1000,003", 5, "',' at position 5 may group"),
            ("0,001", 2, "',' at position 2 may group"),
            ("1,000,003+2", 2, "',' at position 2 does not belong"),
            ("gcd(1,000,003)", 1, "'gcd' at position 1 takes 2 arguments and has 3"),
            ("M", 1, "'M' at position 1 takes 1 argument and has 0"),
            ("M127x", 5, "'x' at position 5"),
            ("0x12g", 5, "'g' at position 5 follows a number"),
            ("2* *3", 4, "'*' at position 4 stands where a number is missing"),
            ("2***3", 4, "'*' at position 4 stands where a number is missing"),
            ("2**3**2", 5, "'**' at position 5 follows another '^': write (a^b)^c or a^(b^c)"),
            ("2**3^2", 5, "'^' at position 5 follows another '^'"),
            ("2^3**2", 4, "'**' at position 4 follows another '^'"),
            ("++5", 1, "'+' at position 1 stands where a number is missing"),
            ("+", 1, "'+' at position 1 stands"), ("2+", 2, "'+' at position 2 is the end"),
            ("2*2^5++1", 7, "'+' at position 7 stands where a number is missing"),
            ("()", 2, "')' at position 2 stands where a number is missing"),
            ("gcd(4,)", 7, "')' at position 7 stands where a number is missing"),
            ("2^", 2, "'^' at position 2 is the end: a number is missing after it"),
            ("2 + ", 3, "'+' at position 3 is the end"), ("-", 1, "'-' at position 1 is the end"),
            ("(2", 1, "'(' at position 1 is not closed"),
            ("gcd(4,6", 4, "'(' at position 4 is not closed"),
            ("2)", 2, "')' at position 2 closes nothing"),
            ("2^3^2", 4, "'^' at position 4 follows another '^': write (a^b)^c or a^(b^c)"),
            ("2^-3^2", 5, "'^' at position 5 follows another '^'"),
            ("5!!", 2, "'!!' at position 2 can mean two things: write n!2"),
            ("1.5", 2, "'.' at position 2 multiplies"),
            ("2*1.5*2", 4, "'.' at position 4 multiplies"),
            ("x", 1, "'x' at position 1 is no function; there are M, R, F"),
            ("ANDx(3)", 1, "'ANDx' at position 1 is no function"),
            ("3 ORx 4", 3, "'O' at position 3 follows"),
            ("3 OR", 4, "'R' at position 4 is the end"),
            ("OR(3)", 1, "'OR' at position 1 is known"),
            ("fib(3)", 1, "'fib' at position 1 is no function"),
            ("u(10)", 1, "'u' at position 1 is known from other programs"),
            ("PRIMU(1,-1,11)", 1, "'PRIMU' at position 1 is known from other programs"),
            ("U(10)", 1, "'U' at position 1 is known from other programs, but not supported"),
            ("1+V(10)", 3, "'V' at position 3 is known from other programs"),
            ("Smr(3)", 1, "'Smr' at position 1 is known"),
            ("IF(1)", 1, "'IF' at position 1 is known"),
            ("3=>3", 2, "'=>' at position 2 is known"),
            ("3 =< 3", 3, "'=<' at position 3 is known"),
            ("3=3", 2, "'=' at position 2 does not belong"),
            ("3|4", 2, "'|' at position 2 does not"),
            ("3 & 4", 3, "'&' at position 3 does not belong"),
            ("3==", 3, "'=' at position 3 is the end: a number is missing after it"),
            ("==3", 1, "'=' at position 1 stands where a number is missing"),
            ("3<>4", 3, "'>' at position 3 stands where a number is missing"),
            ("3&&&&4", 4, "'&' at position 4 stands where a number is missing"),
            ("!3", 1, "'!' at position 1 stands where a number is missing"),
            ("p(0)", 1, "'p' at position 1 has an operand that is 0"),
            ("p(-1)", 1, "'p' at position 1 has a negative operand"),
            ("p(50000001)", 1, "'p' at position 1 has an operand above 50000000, the largest"),
            ("p(2^70)", 1, "'p' at position 1 has an operand of 2^62 or more"),
            ("prevprime(2)", 1, "'prevprime' at position 1 has no prime below its operand"),
            ("prevprime(0)", 1, "'prevprime' at position 1 has no prime below"),
            ("nextprime(-5)", 1, "'nextprime' at position 1 has a negative operand"),
            ("nextprime(2^2048)", 1, "'nextprime' at position 1 has an operand of 2049 bits"),
            ("prevprime(2^99999)", 1, "'prevprime' at position 1 has an operand of 100000 bits"),
            ("Sm(-1)", 1, "'Sm' at position 1 has a negative operand"),
            ("SmW(2^32)", 1, "'SmW' at position 1 has an operand above 4294967295"),
            ("SmWp(203280222)", 1, "'SmWp' at position 1 has an operand above 203280221"),
            ("R(2,-5)", 1, "'R' at position 1 has a negative operand"),
            ("F", 1, "'F' at position 1 takes 1 argument and has 0"),
            ("F(1,2)", 1, "'F' at position 1 takes 1 argument and has 2"),
            ("R(7,1,2)", 1, "'R' at position 1 takes 2 arguments and has 3"),
            ("p(1,2)", 1, "'p' at position 1 takes 1 argument and has 2"),
            ("Phi(3)", 1, "'Phi' at position 1 takes 2 arguments and has 1"),
            (
                "$a*2", 1,
                "'$a' at position 1 is a variable, but the input does not begin with an ABC"
            ),
            ("2*$", 3, "'$' at position 3 is a variable"),
            ("2;3", 2, "';' at position 2 does not belong"),
            ("2\0", 2, "a NUL byte at position 2 does not belong"),
            ("2\u{7F}", 2, "a control character (0x7F) at position 2"),
            ("٣", 1, "a byte that is not ASCII (0xD9) at position 1"),
            ("2+−3", 3, "a byte that is not ASCII (0xE2) at position 3"),
            ("2\n3", 2, "a control character (0xA) at position 2"),
            // Values.
            ("1/0", 2, "'/' at position 2 divides by zero"),
            ("5%(3-3)", 2, "'%' at position 2 divides"),
            ("7/2", 2, "'/' at position 2 leaves a remainder"),
            ("7/2*2", 2, "'/' at position 2 leaves"),
            ("(2-9)%3", 6, "'%' at position 6 has a negative operand"),
            ("2^-3", 2, "'^' at position 2 has a negative operand, and needs a natural one"),
            ("2^(3-5)", 2, "'^' at position 2 has a negative operand"),
            ("(2-3)!", 6, "'!' at position 6 has a negative operand"),
            ("(-5)#", 5, "'#' at position 5 has a negative operand"),
            ("5!0", 2, "'!' at position 2 has an operand that is 0"),
            ("3#5", 2, "'#' at position 2 has a second operand above the first"),
            ("Phi(0,5)", 1, "'Phi' at position 1 has an operand that is 0"),
            ("M(2^70)", 1, "'M' at position 1 has an operand of 2^62 or more"),
            ("C(2^70,1)", 1, "'C' at position 1 has an operand of 2^62 or more"),
            ("3-5", nil, "the result is negative, and negative numbers cannot be tested"),
            ("-5", nil, "the result is negative, and negative numbers cannot be tested"),
            ("0x", nil, "digits are missing after 0x"),
        ] as [(String, Int?, String)])
    func whatIsWrongIsSaidWithItsPlace(_ text: String, _ position: Int?, _ beginning: String) {
        let error = Self.error(text)
        #expect(error?.position == position)
        #expect(error?.description.hasPrefix(beginning) == true, "\(error?.description ?? "none")")
    }

    /// Each of them would take all memory, or years.
    @Test(arguments: [
        "9^(9^9)", "10^(10^10)", "2^(2^70)", "2^(2^(2^70))", "(9^9)^(9^9)", "(10^9)!", "(10^18)!",
        "(10^12)!7", "(10^9)#", "(10^18)#", "(10^12)#5", "(10^18)#(10^18)", "F(10^12)", "L(10^12)",
        "F(10^18)", "M(10^12)", "R(10^12)", "C(10^12,10^11)", "C(2^61,2^60)", "Phi(10^12,2)",
        "Phi(10^9+7,1)", "lucasU(3,-1,10^12)", "lucasV(10^1000,1,10^6)", "lucasU(1,10^1000,10^6)",
        "10^(10^8)-10^(10^8)+7", "2^(9^(9^9))", "0*9^(9^9)+7", "9^(9^9)/9^(9^9)", "((10^6)!)!",
        "9999999!", "999999999#", "gcd(2^(10^10),3)", "len(10^(10^10))", "F(F(F(40)))",
        "(2^1000000)*(2^1000000)*(2^1000000)*(2^1000000)*(2^1000000)", "Sm(10^12)", "Sm(2^61)",
        "SmW(10^9)", "SmW(4294967295)", "SmWp(10^8)", "R(10^12,7)", "R(2^61,2^1000)",
        "2^(10^10)==2^(10^10)", "1||2^(10^10)",
    ])
    func monstersAreRefusedBeforeTheyAreComputed(_ text: String) throws {
        let error = try #require(Self.error(text))
        guard case .tooLarge(let bits, let bound, let limit) = error.problem else {
            Issue.record("\(error)")
            return
        }
        #expect(error.isAboutSize && error.position != nil)
        #expect(bits > 4_000_000 && limit == 1_000_000 && bound != .exactly)
        #expect(error.description.contains(" bits, more than the limit of 1000000"))
    }

    @Test func sizesAreSaidAsTheyAreKnown() {
        func problem(_ text: String, _ bits: Int) -> ExpressionError.Problem? {
            Self.error(text, bits: bits)?.problem
        }
        #expect(problem("2^1000-1", 1000) == nil)
        #expect(problem("2^1000", 1000) == .tooLarge(bits: 1001, .exactly, limit: 1000))
        #expect(problem("2^100000", 1000) == .tooLarge(bits: 100_000, .atLeast, limit: 1000))
        #expect(problem("2^(2^70)", 1000) == .tooLarge(bits: .max, .atLeast, limit: 1000))
        // What is on the way may be larger.
        #expect(problem("2^3000-2^3000+7", 1000) == nil)
        #expect(problem("(2^3001+1)/3/(2^2900)", 1000) == .inexactDivision)
        #expect(problem("256", 8) == .number(.tooLarge(bits: 9, atLeast: false, limit: 8)))
        #expect(problem("2^8", 8) == .tooLarge(bits: 9, .exactly, limit: 8))
        #expect(problem("2^8-1", 8) == nil)
        // Of the whole more is known than of what is on the way.
        #expect(problem("2^2000", 1000) == .tooLarge(bits: 2000, .atLeast, limit: 1000))
        #expect(problem("2^2000-2^2000", 1000) == nil)
        #expect(problem("2000#1990", 1000) == nil)
        #expect(problem("M(1000)", 1000) == nil)
        #expect(problem("1-1", 0) == nil)
        // No lower bound may be above what is there.
        for n in stride(from: 1, through: 3000, by: 7) {
            for text in [
                "\(n)!", "\(n)!3", "\(n)#", "F(\(n))", "L(\(n))", "M(\(n))", "R(\(n))",
                "C(\(n),\(n / 3))", "3^\(n)", "Sm(\(n))", "SmW(\(n))", "SmWp(\(n))", "R(\(n),907)",
            ] {
                let value = try? BigNatural(expression: text, maximumBits: 1_000_000)
                guard case .tooLarge(let bits, _, _) = problem(text, 0) else { continue }
                let size = value?.bitWidth ?? 0
                #expect(bits <= size && bits > size / 3 - 20, "\(text)")
            }
        }
    }

    @Test func depthAndLengthOverflowNothing() throws {
        for opening in ["(", "-(", "gcd(1,", "1+(", "2^(", "F("] {
            let error = Self.error(String(repeating: opening, count: 1_000_000 / opening.count))
            #expect(error?.problem == .tooDeep(limit: 64))
        }
        #expect(try Self.value(String(repeating: "-", count: 100_000) + "5") == "5")
        let deep = String(repeating: "(", count: 64) + "7" + String(repeating: ")", count: 64)
        #expect(try Self.value(deep) == "7")
        #expect(try Self.value("1" + String(repeating: "+1", count: 50_000)) == "50001")
        #expect(try Self.value("2" + String(repeating: "*1", count: 50_000)) == "2")
        #expect(try Self.value("2" + String(repeating: "!1", count: 2_000)) == "2")
        // Many large parts at once.
        let part = "2^1000000+"
        #expect(
            Self.error(String(repeating: part + "(", count: 60) + "1")?.problem == .unclosed)
        let parts =
            String(repeating: "2^3000*(3^2000+", count: 60) + "1"
            + String(repeating: ")", count: 60)
        let error = try #require(Self.error(parts, bits: 1000))
        #expect(error.isAboutSize)
        #expect(Self.error(String(repeating: "1", count: 100_000), bits: 1000)?.isAboutSize == true)
        #expect(
            Self.error("1+" + String(repeating: "1", count: 100_000), bits: 1000)?.isAboutSize
                == true)
    }

    @Test func primesAreThoseOfTests() throws {
        var (index, digits) = (0, "")
        for n in UInt64(2)...3000 where Verdict(of: n) == .prime {
            index += 1
            digits += "\(n)"
            if index % 20 != 0 { continue }
            #expect(try Self.value("p(\(index))") == "\(n)")
            #expect(try Self.value("SmWp(\(index))") == digits)
            #expect(try Self.value("SmW(\(n + 1))") == digits)
            #expect(try Self.value("prevprime(\(n + 1))") == "\(n)")
            #expect(try Self.value("nextprime(\(n - 1))") == "\(n)")
        }
        #expect(index == 430)
        // Beyond the first window, which ends at 2¹⁹.
        #expect(try Self.value("p(43390)") == "524287")
        #expect(try Self.value("p(43391)") == "524309")
        #expect(try Self.value("p(1000000)") == "15485863")
        #expect(try Self.value("SmW(524309)%10^12", bits: 2_000_000) == "524287524309")
    }

    /// They could take hours.
    @Test func searchesOfAnExpressionAreFewTogether() throws {
        let one = "0*nextprime(2)+"
        #expect(try Self.value(String(repeating: one, count: 1000) + "7") == "7")
        #expect(
            Self.error(String(repeating: one, count: 4_001) + "7")?.problem == .tooManySearches)
    }

    @Test func aRaisedFlagEndsTheComputation() throws {
        let flag = CancelFlag()
        let expression = try NumberExpression(parsing: "2^10+1")
        #expect(try expression.value(maximumBits: 20, cancel: flag).description == "1025")
        flag.cancel()
        #expect(throws: ExpressionError.self) {
            try expression.value(maximumBits: 20, cancel: flag)
        }
    }

    @Test func aBatchIsUnchangedByWhatIsRefused() throws {
        var batch = NumberBatch()
        #expect(try batch.append(expression: "2^100+1".utf8.span, maximumBits: 200) == 101)
        for text in ["2^300", "2^", "1" + String(repeating: "0", count: 100), "3-4"] {
            #expect(throws: ExpressionError.self) {
                try batch.append(expression: text.utf8.span, maximumBits: 200)
            }
        }
        #expect(batch.count == 1 && batch[0].description == "1267650600228229401496703205377")
        #expect(try batch.append(expression: "5-5".utf8.span, maximumBits: 200) == 0)
        #expect(batch[1] == 0)
    }

    @Test func residuesOfPFGWAreOfTheNumbersThatTheirNamesSay() throws {
        for (number, _, name) in try VectorFile.residues() {
            #expect(try BigNatural(expression: name, maximumBits: 100_000) == number, "\(name)")
        }
    }

    @Test(
        .enabled(if: TestFiles.shared != nil, "vectors are not at hand"),
        arguments: ["factorial_plus", "fibonacci", "mersenne", "primorial_plus", "fermat_number"])
    func formsOfPublishedListsHaveTheirDigits(_ form: String) throws {
        let folder = try #require(TestFiles.shared)
        let rows = try VectorFile.rows(
            at: folder.appendingPathComponent("vectors/form_\(form).tsv"))
        var compared = 0
        for row in rows {
            guard let name = row[2].split(separator: " ").last else { continue }
            let index = name.split(separator: "_").last
            let text =
                form == "fermat_number" ? "2^(2^\(index ?? ""))+1" : String(name)
            guard text.count < 40, row[0].utf8.count < 3000 else { continue }
            #expect(
                try BigNatural(expression: text, maximumBits: 100_000)
                    == BigNatural(parsing: row[0]), "\(text)")
            compared += 1
        }
        #expect(compared >= 4)
    }
}
