// SPDX-License-Identifier: Apache-2.0

public import Primality

/// A seeded generator, so that what failed can be run again: SplitMix64.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// Starts at a seed.
    public init(seed: UInt64) { state = seed }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number of a random size.
    public mutating func nextOfAnySize() -> UInt64 { next() >> (next() & 63) }
}

/// Which of 0 …< count are prime, by the sieve of Eratosthenes.
public func sievedPrimes(below count: Int) -> [Bool] {
    var isPrime = [Bool](repeating: true, count: count)
    for n in 0..<min(2, count) { isPrime[n] = false }
    var n = 2
    while n * n < count {
        if isPrime[n] { for m in stride(from: n * n, to: count, by: n) { isPrime[m] = false } }
        n += 1
    }
    return isPrime
}

/// Numbers at which tests have been wrong: small ones, the neighbours of powers of two, squares,
/// products of close factors, Carmichael numbers, strong and Lucas pseudoprimes.
public func edgeNumbers() -> [UInt64] {
    var numbers = Array(0..<UInt64(5000))
    for bit in 12...64 {
        let power: UInt64 = bit == 64 ? 0 : 1 << UInt64(bit)
        for d in 0...40 { numbers += [power &+ UInt64(d), power &- UInt64(d)] }
    }
    numbers += [
        561, 1105, 1729, 2465, 2821, 6601, 8911, 1_194_649, 12_327_121, 2047, 3277, 4033, 4681,
        5459,
        5777, 10877, 16109, 1_373_653, 25_326_001, 3_215_031_751, 2_152_302_898_747,
        3_474_749_660_383, 341_550_071_728_321, 3_825_123_056_546_413_051,
        18_446_744_073_709_551_557, 18_446_744_065_119_617_029, 18_446_743_979_220_271_189,
    ]
    var root: UInt64 = 61
    while root < 1 << 32 {
        let p = root | 1
        numbers += [p &* p, p &* (p &+ 2), p &* (2 &* p &- 1), p &* (3 &* p &- 2)]
        root = root * 5 / 4
    }
    return numbers
}

extension BigNatural {
    /// k·bⁿ + c.
    public static func candidate(k: UInt64, b: UInt64, n: Int, c: Int64) -> BigNatural {
        var limbs = [k]
        for _ in 0..<n {
            var carry: UInt64 = 0
            for i in limbs.indices {
                let product = limbs[i].multipliedFullWidth(by: b)
                let (low, overflow) = product.low.addingReportingOverflow(carry)
                limbs[i] = low
                carry = product.high + (overflow ? 1 : 0)
            }
            if carry > 0 { limbs.append(carry) }
        }
        var i = 0
        var rest = c.magnitude
        while rest > 0 {
            if i == limbs.count { limbs.append(0) }
            let (sum, overflow) =
                c > 0
                ? limbs[i].addingReportingOverflow(rest)
                : limbs[i].subtractingReportingOverflow(rest)
            limbs[i] = sum
            rest = overflow ? 1 : 0
            i += 1
        }
        return BigNatural(limbs: limbs)
    }
}
