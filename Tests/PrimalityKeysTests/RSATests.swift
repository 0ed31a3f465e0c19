// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityKeys
import TestSupport
import Testing

@Suite struct RSATests {
    private static let good = Result { () throws -> RSANumbers in
        var generator = SeededGenerator(seed: 1)
        return try RSANumbers([generator.prime(bits: 512), generator.prime(bits: 512)])
    }

    @Test func aGoodKeyHasNothingWrong() throws {
        let key = try Self.good.get()
        let read = keys(key.bytes)
        let report = try #require(try reports(on: read).first)
        #expect(report.findings(.wrong) == [])
        #expect(report.identifier == "rsa-private" && report.bits == 1024)
        #expect(report.format == .pkcs1 && report.parameter.value == 65537)
        // 1024 bits are few today.
        #expect(report.findings(.note).map(\.check) == ["size"])
        #expect(try wrong(DERText.rsaPublic(key.n)) == [])
        let three = try RSANumbers([
            key.primes[0], key.primes[1], try value("nextprime(\(key.primes[0])*3)"),
        ])
        #expect(try wrong(three.bytes) == [])
    }

    /// Each private value is looked at: one that is changed is found.
    @Test func whatDoesNotBelongTogetherIsFound() throws {
        let good = try Self.good.get()
        let third = try value("nextprime(\(good.primes[0])*3)")
        let three = try RSANumbers(good.primes + [third])
        func changed(_ key: RSANumbers, _ change: (inout RSANumbers) throws -> Void) throws -> Set<
            String
        > {
            var key = key
            try change(&key)
            return try wrong(key.bytes)
        }
        #expect(try changed(good) { $0.d = $0.d.adding(2) } == ["private-exponent"])
        for i in 0..<2 {
            #expect(
                try changed(good) { $0.exponents[i] = $0.exponents[i].adding(1) } == [
                    "crt-exponent"
                ])
        }
        // One that is not reduced gives the right powers, and is not as PKCS#1 has it.
        #expect(
            try changed(good) {
                $0.exponents[0] = try value("\($0.exponents[0])+\($0.primes[0])-1")
            }
                == ["crt-exponent"])
        #expect(
            try changed(good) { $0.coefficients[0] = $0.coefficients[0].adding(1) }
                == ["crt-coefficient"])
        #expect(
            try changed(three) { $0.coefficients[1] = $0.coefficients[1].subtracting(1) }
                == ["crt-coefficient"])
        #expect(
            try changed(three) { $0.exponents[2] = $0.exponents[2].subtracting(1) }
                == ["crt-exponent"])
        #expect(try changed(good) { $0.n = $0.n.adding(2) }.contains("product"))
        #expect(try changed(good) { $0.e = 65539 }.contains("private-exponent"))
        // φ(n) in the place of the least common multiple is right, too.
        #expect(
            try changed(good) {
                $0.d = try inverse(
                    of: $0.e, modulo: try value("(\($0.primes[0])-1)*(\($0.primes[1])-1)"))
            } == [])
        // p and q in the other order, without a new qInv.
        #expect(try changed(good) { $0.primes.swapAt(0, 1) }.isSuperset(of: ["crt-coefficient"]))
    }

    @Test func compositesAndZerosInPlacesOfPrimesAreFound() throws {
        var generator = SeededGenerator(seed: 2)
        let p = try generator.prime(bits: 512)
        let composite = try value("\(generator.prime(bits: 256))*\(generator.prime(bits: 256))")
        #expect(try wrong(RSANumbers([p, composite]).bytes).contains("prime"))
        #expect(try wrong(RSANumbers([composite, p]).bytes).contains("prime"))
        var key = try Self.good.get()
        for small in [0, 1, 2] as [BigNatural] {
            key.primes[1] = small
            #expect(try wrong(key.bytes).isSuperset(of: ["product"]), "\(small)")
        }
        key = try Self.good.get()
        key.n = 0
        key.e = 0
        key.d = 0
        #expect(try wrong(key.bytes).isSuperset(of: ["size", "exponent", "product"]))
    }

    @Test func publicExponentsAreLookedAt() throws {
        let n = try Self.good.get().n
        for e in [0, 1, 2, 65536] as [BigNatural] {
            #expect(try wrong(info(n, e)) == ["exponent"], "\(e)")
        }
        #expect(try wrong(info(n, n)) == ["exponent"])
        let three = try reports(on: keys(DERText.rsaPublic(n, 3)))[0]
        #expect(!three.isWrong && three.findings(.note).map(\.check).contains("exponent"))
    }

    @Test func closePrimesAreFound() throws {
        var generator = SeededGenerator(seed: 3)
        let p = try generator.prime(bits: 512)
        // (q - p)^2 / 8 sqrt(n) steps: 1, some 2^6, and 2^20.
        for (distance, isFound) in [(0, true), (100, true), (257, true), (260, true), (267, false)]
        {
            let q = try value("nextprime(\(p)+2^\(distance))")
            let n = try value("\(p)*\(q)")
            #expect(
                try wrong(DERText.rsaPublic(n)).contains("close-factors") == isFound, "\(distance)")
        }
        #expect(try wrong(DERText.rsaPublic(value("\(p)^2"))).contains("close-factors"))
        // FIPS 186-5 asks for more than 2^(512 - 100).
        for (distance, isFound) in [(300, true), (411, true), (414, false)] {
            let q = try value("nextprime(\(p)+2^\(distance))")
            #expect(
                try wrong(RSANumbers([q, p]).bytes).contains("distance") == isFound, "\(distance)")
        }
        #expect(
            try wrong(RSANumbers([p, try value("nextprime(\(p))")]).bytes).contains("distance"))
    }

    @Test func smallFactorsPrimesAndShortModuliAreFound() throws {
        var generator = SeededGenerator(seed: 4)
        let p = try generator.prime(bits: 1020)
        for factor in [2, 3, 65521] as [BigNatural] {
            #expect(
                try wrong(DERText.rsaPublic(value("\(p)*\(factor)"))).contains("small-factor"))
        }
        #expect(try !wrong(DERText.rsaPublic(value("\(p)*65537"))).contains("small-factor"))
        let prime = try generator.prime(bits: 1100)
        #expect(try wrong(DERText.rsaPublic(prime, 65537)) != [])
        #expect(try wrong(info(prime)) == ["modulus"])
        let short = try RSANumbers([generator.prime(bits: 511), generator.prime(bits: 512)])
        #expect(try wrong(short.bytes) == ["size"])
        for n in [1, 2, 3, 7, 15, 65521] as [BigNatural] {
            #expect(try wrong(info(n, 3)).contains("size"), "\(n)")
        }
    }

    /// d of a fourth of n's bits is what Wiener's attack finds.
    @Test func shortPrivateExponentsAreFound() throws {
        var key = try Self.good.get()
        let order = try value(
            "(\(key.primes[0])-1)*(\(key.primes[1])-1)/gcd(\(key.primes[0])-1,\(key.primes[1])-1)")
        for (bits, isFound) in [(250, true), (300, false)] {
            key.d = try value("nextprime(2^\(bits))")
            key.e = try inverse(of: key.d, modulo: order)
            key.exponents = try key.primes.map { try value("\(key.d)%(\($0)-1)") }
            #expect(try wrong(key.bytes) == (isFound ? ["short-exponent"] : []), "\(bits)")
        }
    }

    /// Primes k·M + (65537ᵃ mod M), as the library of the smart cards made them.
    @Test func fingerprintOfROCAIsFound() throws {
        var generator = SeededGenerator(seed: 5)
        func weakPrime() throws -> BigNatural {
            while true {
                let a = generator.next() % 2000
                let k = generator.number(bits: 512 - 218)
                let candidate = try value("\(k)*167#+65537^\(a)%(167#)")
                if candidate.bitWidth >= 512, try Verdict(of: candidate).passed { return candidate }
            }
        }
        let p = try weakPrime()
        let n = try value("\(p)*\(weakPrime())")
        #expect(try wrong(DERText.rsaPublic(n)) == ["roca"])
        // One such prime alone does not make such a modulus, nor does any other key.
        for _ in 0..<TestFiles.scaled(20) {
            let other = try generator.prime(bits: 512)
            #expect(try wrong(DERText.rsaPublic(value("\(p)*\(other)"))) == [])
        }
    }

    /// A power of 65537 modulo each prime up to 167, but with exponents that no one number has.
    @Test func fingerprintIsThatOfOneExponent() throws {
        // The exponent is 5 modulo all primes but 163, and 6 there.
        let rest = try value("167#/163")
        let first = try value("65537^5%\(rest)")
        let second = try value("65537^6%163")
        var n = first
        while try value("\(n)%163") != second { n = try value("\(n)+\(rest)") }
        var generator = SeededGenerator(seed: 6)
        let large = try value("\(n)+167#*2*\(generator.number(bits: 900))")
        #expect(try !wrong(DERText.rsaPublic(large)).contains("roca"))
        let right = try value("65537^5%(167#)+167#*2*\(generator.number(bits: 900))")
        #expect(try wrong(DERText.rsaPublic(right)).contains("roca"))
    }

    @Test func sharedFactorsAreFoundOverAllKeys() throws {
        var generator = SeededGenerator(seed: 7)
        let p = try (0..<9).map { _ in try generator.prime(bits: 256) }
        let moduli = try [(0, 1), (2, 3), (1, 4), (5, 6), (2, 3), (7, 8), (4, 7)].map {
            try value("\(p[$0])*\(p[$1])")
        }
        let all = moduli.flatMap { keys(DERText.rsaPublic($0)) }
        let shares = try SharedFactors.find(
            [nil] + all.map(\.modulus), cancel: CancelFlag())
        // Places are counted with the first, which has no modulus. 2 and 5 are one modulus twice.
        #expect(shares.mapValues(\.partner) == [1: 3, 3: 1, 6: 7, 7: 3])
        #expect(throws: PrimalityError.cancelled) {
            let flag = CancelFlag()
            flag.cancel()
            _ = try SharedFactors.find(all.map(\.modulus), cancel: flag)
        }
        #expect(
            try SharedFactors.find([all[0].modulus, all[0].modulus], cancel: CancelFlag()) == [:])
        #expect(try SharedFactors.find([], cancel: CancelFlag()) == [:])
    }
}
