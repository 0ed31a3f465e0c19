// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityExpressions
import PrimalityKeys
import TestSupport

/// The value of an expression of up to some 200,000 bits.
func value(_ expression: String) throws -> BigNatural {
    try BigNatural(expression: expression, maximumBits: 200_000)
}

/// An RSA key of given primes, with all that belongs to it.
struct RSANumbers {
    var n: BigNatural
    var e: BigNatural
    var d: BigNatural
    var primes: [BigNatural]
    var exponents: [BigNatural]
    var coefficients: [BigNatural]

    /// All of it as PKCS#1 has it.
    init(_ primes: [BigNatural], e: BigNatural = 65537) throws {
        n = try value(primes.map(\.description).joined(separator: "*"))
        self.e = e
        var order = try value("\(primes[0])-1")
        for prime in primes.dropFirst() {
            order = try value("\(order)*(\(prime)-1)/gcd(\(order),\(prime)-1)")
        }
        d = try inverse(of: e, modulo: order)
        self.primes = primes
        let d = d
        exponents = try primes.map { try value("\(d)%(\($0)-1)") }
        coefficients = [try inverse(of: primes[1], modulo: primes[0])]
        for i in primes.indices.dropFirst(2) {
            let before = try value(primes[..<i].map(\.description).joined(separator: "*"))
            coefficients.append(try inverse(of: before, modulo: primes[i]))
        }
    }

    /// PKCS#1.
    var bytes: [UInt8] {
        var parts: [BigNatural] = [primes.count > 2 ? 1 : 0, n, e, d]
        parts += [primes[0], primes[1], exponents[0], exponents[1], coefficients[0]]
        var encoded = parts.map(DERText.integer)
        if primes.count > 2 {
            encoded.append(
                DERText.sequence(
                    primes.indices.dropFirst(2).map { i in
                        DERText.sequence(
                            [primes[i], exponents[i], coefficients[i - 1]].map(DERText.integer))
                    }))
        }
        return DERText.sequence(encoded)
    }
}

/// The inverse of a modulo m, by Euclid's algorithm.
func inverse(of a: BigNatural, modulo m: BigNatural) throws -> BigNatural {
    var rest = (m, try value("\(a)%\(m)"))
    var factor: (BigNatural, BigNatural) = (0, 1)
    while rest.1 != 0 {
        // a·factor = rest modulo m, for both.
        let next = try value("\(rest.0)%\(rest.1)")
        let quotient = try value("(\(rest.0)-\(next))/\(rest.1)")
        let nextFactor = try value("(\(factor.0)+\(m)-\(quotient)*\(factor.1)%\(m))%\(m)")
        rest = (rest.1, next)
        factor = (factor.1, nextFactor)
    }
    return factor.0
}

extension SeededGenerator {
    /// A number of so many bits.
    mutating func number(bits: Int) -> BigNatural {
        var limbs = (0..<(bits + 63) / 64).map { _ in next() }
        let top = (bits - 1) % 64
        limbs[limbs.count - 1] &= UInt64.max >> UInt64(63 - top)
        limbs[limbs.count - 1] |= 1 << UInt64(top)
        return BigNatural(limbs: limbs)
    }

    /// A prime whose two highest bits are set, so that a product has twice its size.
    mutating func prime(bits: Int) throws -> BigNatural {
        while true {
            let start = try value("2^\(bits - 1)+\(number(bits: bits - 1))")
            let prime = try value("nextprime(\(start))")
            if prime.bitWidth == bits { return prime }
        }
    }
}

/// The keys that a text has.
func keys(_ bytes: [UInt8], maximumBits: Int = 16_384) -> [Key] {
    entries(bytes, maximumBits: maximumBits).compactMap { try? $0.result.get() }
}

func entries(_ bytes: [UInt8], maximumBits: Int = 16_384) -> [KeyEntry] {
    KeyText(maximumBits: maximumBits).entries(SecretBytes(bytes))
}

/// A SubjectPublicKeyInfo, which leaves no doubt that it is of RSA.
func info(_ n: BigNatural, _ e: BigNatural = 65537) throws -> [UInt8] {
    try DERText.sequence([
        DERText.algorithm("1.2.840.113549.1.1.1", [5, 0]), DERText.bits(DERText.rsaPublic(n, e)),
    ])
}

/// The reports on keys, in their order.
func reports(on keys: [Key], workers: Int = 2) throws -> [KeyReport] {
    var reports: [KeyReport] = []
    let options = KeyRun.Options(workers: workers, seed: 1, cancel: CancelFlag())
    try KeyRun.check(keys, shared: [:], options) { i, report in
        precondition(i == reports.count)
        reports.append(report)
        return true
    }
    return reports
}

/// The names of the checks that find something wrong in the one key of a text.
func wrong(_ bytes: [UInt8]) throws -> Set<String> {
    let found = keys(bytes)
    precondition(found.count == 1, "\(entries(bytes))")
    return Set(try reports(on: found)[0].findings(.wrong).map(\.check))
}
