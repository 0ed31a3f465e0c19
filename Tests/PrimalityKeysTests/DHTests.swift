// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityKeys
import TestSupport
import Testing

@Suite struct DHTests {
    /// A group as PKCS#3 has it, or with q as X9.42 does.
    private static func group(_ numbers: [BigNatural]) -> [UInt8] {
        DERText.sequence(numbers.map(DERText.integer))
    }

    /// Moduli of RFC 2409 and RFC 3526 from elsewhere, and the halves of them.
    private static func published() throws -> [(number: BigNatural, isHalf: Bool)] {
        try VectorFile.rfcModp.cases().map { ($0.number, $0.note.contains("(p-1)/2")) }
    }

    private static func modulus(bits: Int) throws -> BigNatural {
        try #require(try published().first { !$0.isHalf && $0.number.bitWidth == bits }).number
    }

    @Test func groupsOfRFCsAreNamed() throws {
        var named = 0
        for (number, isHalf) in try Self.published() {
            let name = KnownGroups.name(of: KeyInteger(publicValue: number))
            #expect((name != nil) == !isHalf, "\(number.bitWidth) bits")
            named += name == nil ? 0 : 1
            #expect(KnownGroups.name(of: KeyInteger(publicValue: number.subtracting(2))) == nil)
        }
        #expect(named == 6)
    }

    /// A wrong digit of a constant or an offset would leave no safe prime.
    @Test func groupsOfRFCsAreSafePrimes() throws {
        let groups = KnownGroups.all
        #expect(groups.count == 13 && Set(groups.map(\.name)).count == 13)
        for group in groups {
            let report = try reports(on: keys(Self.group([group.p.publicValue, 2])))[0]
            let facts = report.findings(.fact).map(\.says)
            #expect(facts.contains("p is that of \(group.name)"))
            #expect(facts.contains("p is a safe prime"), "\(group.name)")
        }
    }

    @Test func aKnownGroupIsFine() throws {
        let p = try Self.modulus(bits: 2048)
        let report = try reports(on: keys(Self.group([p, 2])))[0]
        #expect(report.identifier == "dh-group" && report.format == .pkcs3 && report.bits == 2048)
        #expect(report.findings(.wrong) == [] && report.findings(.note) == [])
        #expect(
            report.findings(.fact).map(\.says)
                == [
                    "p is that of group 14 of RFC 3526", "p is a safe prime",
                    "g has order (p-1)/2",
                ])
        // The length of private values may follow, or q.
        #expect(try wrong(Self.group([p, 2, 225])) == [])
        let q = try value("(\(p)-1)/2")
        #expect(try wrong(Self.group([p, 2, q])) == [])
        #expect(keys(Self.group([p, 2, q])).first?.format == .x942)
        // 11 is no square modulo p.
        let generator = try (2...50).first { g in
            try reports(on: keys(Self.group([p, BigNatural(g)])))[0]
                .findings(.fact).contains { $0.says == "g has order p-1" }
        }
        #expect(try #require(generator) > 2)
    }

    @Test func weakGroupsAreFound() throws {
        let p = try Self.modulus(bits: 1536)
        for g in [0, 1, p.subtracting(1), p, p.adding(1)] {
            #expect(try wrong(Self.group([p, g, 225])) == ["generator"], "\(g)")
        }
        #expect(try wrong(Self.group([p.adding(2), 2])).isSuperset(of: ["prime"]))
        #expect(try wrong(Self.group([p.adding(1), 2])) == ["prime"])
        var random = SeededGenerator(seed: 11)
        let unsafe = try random.prime(bits: 1100)
        #expect(try wrong(Self.group([unsafe, 2])) == ["safe"])
        #expect(try wrong(Self.group([0, 2])).contains("prime"))
        #expect(try wrong(Self.group([3, 2])).contains("prime"))
        // Such a small one is no use, however safe.
        #expect(try wrong(Self.group([23, 2])) == ["size"])
    }

    /// p = q k + 1, as X9.42 has it.
    @Test func subgroupsAreLookedAt() throws {
        var random = SeededGenerator(seed: 12)
        let q = try random.prime(bits: 224)
        var k = try value("2*\(random.number(bits: 800))")
        while try !Verdict(of: value("\(q)*\(k)+1")).passed { k = k.adding(2) }
        let p = try value("\(q)*\(k)+1")
        func power(_ base: BigNatural, _ exponent: BigNatural) throws -> BigNatural {
            var result: BigNatural = 1
            for bit in (0..<exponent.bitWidth).reversed() {
                result = try value("\(result)^2%\(p)")
                if exponent.limbs[bit / 64] >> UInt64(bit % 64) & 1 == 1 {
                    result = try value("\(result)*\(base)%\(p)")
                }
            }
            return result
        }
        let g = try power(2, k)
        let good = try reports(on: keys(Self.group([p, g, q])))[0]
        #expect(good.findings(.wrong) == [] && good.format == .x942)
        #expect(good.findings(.fact).map(\.check) == ["generator"])
        #expect(try wrong(Self.group([p, g.adding(1), q])) == ["generator"])
        #expect(try wrong(Self.group([p, g, q.adding(2)])) == ["order"])
        // A composite order that divides p - 1.
        #expect(try wrong(Self.group([p, g, value("\(q)*2")])) == ["order"])
        // A group of DSA has its numbers in another order, and is none of DH.
        #expect(
            entries(Self.group([p, q, g])).first?.result.failure
                == .otherKind("DSA parameters"))
        let algorithm = try DERText.algorithm("1.2.840.10046.2.1", Self.group([p, g, q]))
        func publicKey(_ y: BigNatural) -> [UInt8] {
            DERText.sequence([algorithm, DERText.bits(DERText.integer(y))])
        }
        #expect(try wrong(publicKey(power(g, 12345))) == [])
        #expect(try wrong(publicKey(power(g, 12345).adding(1))) == ["public-value"])
        for y in [0, 1, p.subtracting(1), p] {
            #expect(try wrong(publicKey(y)) == ["public-value"], "\(y)")
        }
        for (x, isRight) in [(0, false), (1, true), (q.subtracting(1), true), (q, false)] {
            let bytes = DERText.sequence([
                DERText.integer(0), algorithm, DERText.octets(DERText.integer(x)),
            ])
            #expect(try wrong(bytes) == (isRight ? [] : ["private-value"]), "\(x)")
            #expect(keys(bytes).first?.identifier == "dh-private")
        }
    }

    /// Lines are tested together, and each answer goes to its own line.
    @Test(arguments: [1, 3]) func manyGroupsHaveTheirOwnAnswers(_ workers: Int) throws {
        let safe = try Self.modulus(bits: 1536)
        var random = SeededGenerator(seed: 13)
        let other = try value("2^1535+nextprime(\(random.number(bits: 600)))")
        var lines = ""
        var expected: [Bool] = []
        for i in 0..<40 {
            let isSafe = random.next() % 3 > 0
            expected.append(isSafe)
            let p = isSafe ? safe : other.adding(UInt64(2 * i))
            let digits = p.limbs.reversed()
                .map {
                    String(repeating: "0", count: $0.leadingZeroBitCount / 4)
                        + ($0 == 0 ? "" : String($0, radix: 16))
                }
                .joined()
            lines += "20230615000000 2 6 100 1535 2 \(digits)\n"
        }
        let found = try reports(on: keys(Array(lines.utf8)), workers: workers)
        #expect(found.map { !$0.isWrong } == expected)
        #expect(found.allSatisfy { $0.format == .moduli })
    }
}

extension Result {
    /// The error, if it is one.
    var failure: Failure? {
        if case .failure(let error) = self { return error }
        return nil
    }
}
