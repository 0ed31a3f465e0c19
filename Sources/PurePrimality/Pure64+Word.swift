// SPDX-License-Identifier: Apache-2.0

/// The strong test that decides below 2³², to the base that a hash of the number picks [FoJa15], cut into
/// steps that may be interleaved with those of others.
///
/// The square of a number of one word fits the product of two. Barrett's reduction by the inverse in
/// 64 bits leaves residues as they are, and so does the base: no form has to be made or left.
struct WordChain {
    let n: UInt64
    let base: UInt64
    /// ⌊f·2⁶⁴ / n⌋ + 1 for f = 1.
    let quotient: UInt64
    /// The same for the base.
    let baseQuotient: UInt64
    let d: UInt64
    let s: Int
    /// Modulo 2⁶⁴ what may be negative, from −n to n.
    var x: UInt64

    /// Begins the test of an odd number from 3 to 2³².
    @inline(__always)
    init(_ n: UInt64) {
        self.n = n
        base = Pure64.strongBase(for: UInt32(truncatingIfNeeded: n))
        let inverse = UInt64.max / n  // ⌊2⁶⁴ / n⌋, since n does not divide 2⁶⁴
        let rest = 0 &- inverse &* n  // 2⁶⁴ mod n
        quotient = inverse &+ 1
        baseQuotient = base &* inverse &+ base &* rest / n &+ 1
        s = (n &- 1).trailingZeroBitCount
        d = (n &- 1) &>> UInt64(truncatingIfNeeded: s)
        x = 1
    }

    /// The size of d in bits.
    @inline(__always)
    var bits: Int { 64 &- d.leadingZeroBitCount }

    /// Takes in the bits of d above the `rest` low ones, at most three, at once.
    ///
    /// Bases are below 2⁶, so that seventh powers are below 2⁴².
    @inline(__always)
    mutating func begin(rest: Int) {
        let exponent = d &>> UInt64(truncatingIfNeeded: rest)
        let square = base &* base
        var power = exponent & 1 != 0 ? base : 1
        power = power &* (exponent & 2 != 0 ? square : 1)
        power = power &* (exponent & 4 != 0 ? square &* square : 1)
        x = power &- power.multipliedFullWidth(by: quotient).high &* n
    }

    /// Takes in the bit of d above its `rest` low ones.
    ///
    /// With c = f·2⁶⁴ / n + e, 0 < e ≤ 1, and x² < 2⁶⁴ the product x²·c / 2⁶⁴ is above x²·f / n by less than
    /// 1. So its whole part is that of x²·f / n or one more, and what remains is between −n and n.
    @inline(__always)
    mutating func step(rest: Int) {
        let mask = 0 &- ((d &>> UInt64(truncatingIfNeeded: rest)) & 1)
        let square = x &* x
        let c = quotient ^ ((quotient ^ baseQuotient) & mask)
        let product = square &* (1 &+ ((base &- 1) & mask))
        x = product &- square.multipliedFullWidth(by: c).high &* n
    }

    /// Doubles the exponent.
    @inline(__always)
    mutating func square() {
        let square = x &* x
        x = square &- square.multipliedFullWidth(by: quotient).high &* n
    }

    /// Whether x is −1.
    @inline(__always)
    var isMinusOne: Bool { x == UInt64.max || x == n &- 1 }

    /// Whether x is 1 or −1.
    @inline(__always)
    var isUnit: Bool { x == 1 || x == 1 &- n || isMinusOne }

    /// Whether a chain that took in all of d passes.
    @inline(__always)
    mutating func passes() -> Bool {
        if isUnit { return true }
        var left = s &- 1
        while left > 0 {
            square()
            if isMinusOne { return true }
            left &-= 1
        }
        return false
    }
}

extension Pure64 {
    /// Whether an odd number from 3 to 2³² is prime, by the one strong test that decides.
    ///
    /// - Complexity: A modular multiplication for each bit but three.
    @inline(__always)
    static func isPrimeWord(_ n: UInt64) -> Bool {
        var chain = WordChain(n)
        var rest = chain.bits > 3 ? chain.bits &- 3 : 0
        chain.begin(rest: rest)
        while rest > 0 {
            rest &-= 1
            chain.step(rest: rest)
        }
        return chain.passes()
    }

    /// As four calls of ``isPrimeWord(_:)``.
    @inline(never)
    static func arePrimeWords(
        _ n0: UInt64, _ n1: UInt64, _ n2: UInt64, _ n3: UInt64
    ) -> (Bool, Bool, Bool, Bool) {
        var c0 = WordChain(n0)
        var c1 = WordChain(n1)
        var c2 = WordChain(n2)
        var c3 = WordChain(n3)
        let bits = max(max(c0.bits, c1.bits), max(c2.bits, c3.bits))
        var rest = bits > 3 ? bits &- 3 : 0
        c0.begin(rest: rest)
        c1.begin(rest: rest)
        c2.begin(rest: rest)
        c3.begin(rest: rest)
        while rest > 0 {
            rest &-= 1
            c0.step(rest: rest)
            c1.step(rest: rest)
            c2.step(rest: rest)
            c3.step(rest: rest)
        }
        var passed = (c0.isUnit, c1.isUnit, c2.isUnit, c3.isUnit)
        // More than a number's own s − 1 squarings accept nothing more, as with base 2.
        var left = max(max(c0.s, c1.s), max(c2.s, c3.s)) &- 1
        while left > 0 {
            c0.square()
            c1.square()
            c2.square()
            c3.square()
            passed.0 = passed.0 || c0.isMinusOne
            passed.1 = passed.1 || c1.isMinusOne
            passed.2 = passed.2 || c2.isMinusOne
            passed.3 = passed.3 || c3.isMinusOne
            left &-= 1
        }
        return passed
    }
}
