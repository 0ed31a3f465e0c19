// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// The fingerprint of moduli whose primes are k·M + (65537ᵃ mod M), M a product of the first primes [NSSKM17].
///
/// Such a modulus is a power of 65537 modulo M as well. M here is the product of the primes up to 167, which
/// divides that of every size of key from 512 bits on. A random modulus is such a power with a probability of
/// some 2⁻¹⁵⁴.
enum ROCA {
    /// The powers of 65537 modulo a prime.
    private struct Powers {
        let prime: UInt64
        /// The exponent of each rest that is a power.
        let exponents: [UInt64: Int]

        init(_ prime: UInt64) {
            self.prime = prime
            var exponents: [UInt64: Int] = [:]
            var power = 1 % prime
            while exponents[power] == nil {
                exponents[power] = exponents.count
                power = power * (65537 % prime) % prime
            }
            self.exponents = exponents
        }

        var order: Int { exponents.count }
    }

    private static let powers = UInt64.primes(from: 3, to: 167).map(Powers.init)

    /// Whether a modulus has the fingerprint.
    ///
    /// That it is a power modulo each prime is not enough: the exponents, each known modulo the order of 65537,
    /// have to be those of one number, which is so when each two of them are.
    ///
    /// - Complexity: 38 divisions of the modulus by a word, as a rule one or two.
    static func marks(_ n: KeyInteger) -> Bool {
        var found: [(exponent: Int, order: Int)] = []
        for powers in powers {
            guard let exponent = powers.exponents[n.modulo(powers.prime)] else { return false }
            found.append((exponent, powers.order))
        }
        for i in found.indices {
            for k in found.indices[..<i] {
                let common = Self.gcd(found[i].order, found[k].order)
                if (found[i].exponent - found[k].exponent) % common != 0 { return false }
            }
        }
        return true
    }

    private static func gcd(_ a: Int, _ b: Int) -> Int { b == 0 ? a : gcd(b, a % b) }
}

extension UInt64 {
    /// The primes of a small range, by division.
    fileprivate static func primes(from first: UInt64, to last: UInt64) -> [UInt64] {
        (first...last).filter { n in (2..<n).allSatisfy { n % $0 != 0 } }
    }
}
