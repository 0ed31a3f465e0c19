// SPDX-License-Identifier: Apache-2.0

/// The strong test to base 2 of one number, cut into steps so that the steps of several numbers may
/// be interleaved: a multiplication takes three times as long as the wait until the next one may
/// begin, and one number has nothing to do meanwhile.
///
/// With n − 1 = d·2ˢ it computes x = 2⁻ᵈ, which is ±1, or has −1 among its repeated squares, exactly
/// when 2ᵈ is or has. The sign turns factors of the base into shifts: for 0 ≤ u < 64 the product
/// x·2⁶⁴⁻ᵘ is two words without a multiplication, and its reduction is x·2⁻ᵘ. So one reduction takes
/// in six bits of d.
struct StrongChain {
    let m: Montgomery64
    let d: UInt64
    let s: Int
    let minusOne: UInt64
    var x: UInt64

    /// Begins the test of an odd number above 1.
    @inline(__always)
    init(_ m: Montgomery64) {
        self.m = m
        s = (m.modulus &- 1).trailingZeroBitCount
        d = (m.modulus &- 1) &>> UInt64(truncatingIfNeeded: s)
        minusOne = m.modulus &- m.one
        x = m.one
    }

    /// The size of d in bits.
    @inline(__always)
    var bits: Int { 64 &- d.leadingZeroBitCount }

    /// Doubles the exponent that was taken in.
    @inline(__always)
    mutating func square() { x = m.multiply(x, x) }

    /// Takes in the bits of d that `mask` covers, at most six, above the `rest` low ones.
    @inline(__always)
    mutating func takeIn(mask: UInt64, rest: Int) {
        let u = (d &>> UInt64(truncatingIfNeeded: rest)) & mask
        x = m.reduce(high: x &>> u, low: (x &<< (63 &- u)) &<< 1)
    }

    /// Calls for the steps that exponents of up to `bits` bits need.
    ///
    /// Leading zeros leave x at 1, so that numbers of any sizes may take steps together.
    @inline(__always)
    static func climb(
        bits: Int, square: (_ rest: Int) -> Void, takeIn: (_ mask: UInt64, _ rest: Int) -> Void
    ) {
        var rest = bits > 6 ? bits &- 6 : 0
        takeIn(63, rest)
        while rest > 0 {
            let width = rest < 6 ? rest : 6
            let end = rest &- width
            while rest > end {
                rest &-= 1
                square(rest)
            }
            takeIn((1 &<< UInt64(truncatingIfNeeded: width)) &- 1, rest)
        }
    }

    /// Whether x is 1 or −1.
    @inline(__always)
    var isUnit: Bool { x == m.one || x == minusOne }

    /// Whether a chain that took in all of d passes.
    @inline(__always)
    mutating func passes() -> Bool {
        if isUnit { return true }
        var left = s &- 1
        while left > 0 {
            square()
            if x == minusOne { return true }
            left &-= 1
        }
        return false
    }
}

extension Pure64 {
    /// Whether an odd number above 2 is a strong probable prime to base 2.
    ///
    /// - Complexity: A modular multiplication for each bit, and one for every six.
    @inline(__always)
    public static func isStrongProbablePrimeToBase2(_ m: Montgomery64) -> Bool {
        var chain = StrongChain(m)
        StrongChain.climb(bits: chain.bits) { _ in
            chain.square()
        } takeIn: {
            chain.takeIn(mask: $0, rest: $1)
        }
        return chain.passes()
    }

    /// As four calls of ``isStrongProbablePrimeToBase2(_:)``.
    ///
    /// Four chains keep the multiplier busy: 0.4 times the time of one after the other. The vector types
    /// do not help: squaring in SIMD4<UInt64>, whose products are put together from halves, takes 2.5
    /// times as long.
    @inline(never)
    static func areStrongProbablePrimesToBase2(
        _ n0: UInt64, _ n1: UInt64, _ n2: UInt64, _ n3: UInt64
    ) -> (Bool, Bool, Bool, Bool) {
        var c0 = StrongChain(Montgomery64(modulus: n0))
        var c1 = StrongChain(Montgomery64(modulus: n1))
        var c2 = StrongChain(Montgomery64(modulus: n2))
        var c3 = StrongChain(Montgomery64(modulus: n3))
        StrongChain.climb(bits: max(max(c0.bits, c1.bits), max(c2.bits, c3.bits))) { _ in
            c0.square()
            c1.square()
            c2.square()
            c3.square()
        } takeIn: {
            c0.takeIn(mask: $0, rest: $1)
            c1.takeIn(mask: $0, rest: $1)
            c2.takeIn(mask: $0, rest: $1)
            c3.takeIn(mask: $0, rest: $1)
        }
        var passed = (c0.isUnit, c1.isUnit, c2.isUnit, c3.isUnit)
        // More than a number's own s − 1 squarings accept nothing more: were 2 to the power d·2ʳ,
        // r ≥ s, equal to −1 mod n, then 2ʳ⁺¹ would divide p − 1 for each prime p that divides n, and
        // so n − 1, which it does not.
        var left = max(max(c0.s, c1.s), max(c2.s, c3.s)) &- 1
        while left > 0 {
            c0.square()
            c1.square()
            c2.square()
            c3.square()
            passed.0 = passed.0 || c0.x == c0.minusOne
            passed.1 = passed.1 || c1.x == c1.minusOne
            passed.2 = passed.2 || c2.x == c2.minusOne
            passed.3 = passed.3 || c3.x == c3.minusOne
            left &-= 1
        }
        return passed
    }
}
