// SPDX-License-Identifier: Apache-2.0

/// The almost extra strong Lucas test of one number, Q = 1, cut into steps that may be interleaved
/// with others [Grant01], [Jaco15].
///
/// (v, w) is (V_k, V_{k+1}), k running through the leading bits of d, n + 1 = d·2ˢ. A step's two
/// multiplications do not depend on each other.
struct LucasChain {
    let m: Montgomery64
    let d: UInt64
    let s: Int
    let two: UInt64
    let p: UInt64
    var v: UInt64
    var w: UInt64

    /// Begins the test of a number other than 2⁶⁴ − 1.
    @inline(__always)
    init(_ m: Montgomery64, p: UInt64) {
        self.m = m
        s = (m.modulus &+ 1).trailingZeroBitCount
        d = (m.modulus &+ 1) &>> UInt64(truncatingIfNeeded: s)
        two = m.add(m.one, m.one)
        var form: UInt64 = 0
        var rest = p
        var term = m.one
        while rest != 0 {  // P in Montgomery form
            if rest & 1 != 0 { form = m.add(form, term) }
            term = m.add(term, term)
            rest &>>= 1
        }
        self.p = form
        v = two
        w = form
    }

    /// The size of d in bits.
    @inline(__always)
    var bits: Int { 64 &- d.leadingZeroBitCount }

    /// Takes in the bit of d above its `rest` low ones.
    ///
    /// Leading zeros leave (V₀, V₁), so that numbers of any sizes may take steps together.
    @inline(__always)
    mutating func step(rest: Int) {
        let isSet = (d &>> UInt64(truncatingIfNeeded: rest)) & 1 != 0
        let kept = isSet ? w : v
        let product = m.multiply(v, w, minus: p)
        let square = m.multiply(kept, kept, minus: two)
        v = isSet ? product : square
        w = isSet ? square : product
    }

    /// Whether a chain that took in all of d passes: V_d = ±2 or V_{d·2ʳ} = 0 for some
    /// 0 ≤ r < s − 1.
    @inline(__always)
    mutating func passes() -> Bool {
        if v == two || v == m.modulus &- two { return true }
        var r = 0
        while r < s &- 1 {
            if v == 0 { return true }
            v = m.multiply(v, v, minus: two)
            r &+= 1
        }
        return false
    }
}

extension Pure64 {
    /// Whether an odd number passes the almost extra strong Lucas test, Q = 1 [Grant01].
    ///
    /// n + 1 = d·2ˢ, and V_d = ±2 or V_{d·2ʳ} = 0 for some 0 ≤ r < s − 1.
    ///
    /// - Parameters:
    ///   - m: The number, other than 2⁶⁴ − 1.
    ///   - p: *P* with (P² − 4|n) = −1.
    /// - Returns: Whether it passes: every prime does.
    /// - Complexity: Two modular multiplications for each bit.
    @inline(__always)
    public static func isAlmostExtraStrongLucasProbablePrime(_ m: Montgomery64, p: UInt64) -> Bool {
        var chain = LucasChain(m, p: p)
        var rest = chain.bits
        while rest > 0 {
            rest &-= 1
            chain.step(rest: rest)
        }
        return chain.passes()
    }

    /// As two calls of ``isAlmostExtraStrongLucasProbablePrime(_:p:)``.
    ///
    /// Two chains of two multiplications each keep the multiplier busy.
    @inline(never)
    static func areAlmostExtraStrongLucasProbablePrimes(
        _ n0: UInt64, p p0: UInt64, _ n1: UInt64, p p1: UInt64
    ) -> (Bool, Bool) {
        var c0 = LucasChain(Montgomery64(modulus: n0), p: p0)
        var c1 = LucasChain(Montgomery64(modulus: n1), p: p1)
        var rest = max(c0.bits, c1.bits)
        while rest > 0 {
            rest &-= 1
            c0.step(rest: rest)
            c1.step(rest: rest)
        }
        return (c0.passes(), c1.passes())
    }

    /// The strong test to base 2 and the Lucas test of one number, interleaved: the three
    /// multiplications of a step take little longer than one.
    @inline(never)
    static func passesBailliePSW(_ n: UInt64, p: UInt64) -> Bool {
        let m = Montgomery64(modulus: n)
        var strong = StrongChain(m)
        var lucas = LucasChain(m, p: p)
        let bits = max(strong.bits, lucas.bits)
        var rest = bits
        while rest > 0 && rest > bits &- 6 {  // the strong test begins with six bits at once
            rest &-= 1
            lucas.step(rest: rest)
        }
        StrongChain.climb(bits: bits) {
            strong.square()
            lucas.step(rest: $0)
        } takeIn: {
            strong.takeIn(mask: $0, rest: $1)
        }
        return strong.passes() && lucas.passes()
    }

    /// The least *P* ≥ 3 with Jacobi symbol (P² − 4|n) = −1.
    ///
    /// P² − 4 = (P − 2)(P + 2), and symbols multiply: while all earlier ones are 1, only one prime
    /// factor's symbol is new at each *P* of a short list, and none between them. So the first of
    /// 5, 3, 7, 2, 11, 13, 17, 19, 23 with symbol −1 decides on 3, 4, 5, 6, 9, 11, 15, 17 or 21.
    ///
    /// - Parameter n: Odd, no prime factor below 59.
    /// - Returns: *P*; 0 when *n* is a square, or a symbol of 0 shows a proper factor.
    /// - Complexity: Four remainders by constants for 15 of 16 numbers.
    @inline(__always)
    package static func lucasP(for n: UInt64) -> UInt64 {
        // Half of the numbers end at each symbol. Four at once cost less than a wrong guess where.
        let r = n % (3 * 5 * 7)
        var minus =
            negative(n, r, 5, nonResidues: 0b1100)
            | negative(n, r, 3, nonResidues: 0b100) &<< 1
            | negative(n, r, 7, nonResidues: 0b110_1000) &<< 2
            | ((n &>> 1 ^ n &>> 2) & 1) &<< 3  // (2|n) = −1 for n = 3, 5 mod 8
        if minus == 0 {
            let r = n % (11 * 13 * 17 * 19 * 23)
            minus =
                negative(n, r, 11, nonResidues: 0b101_1100_0100) &<< 4
                | negative(n, r, 13, nonResidues: 0b1001_1110_0100) &<< 5
                | negative(n, r, 17, nonResidues: 0b101_1100_1110_1000) &<< 6
                | negative(n, r, 19, nonResidues: 0b100_1111_0101_0000_1100) &<< 7
                | negative(n, r, 23, nonResidues: 0b111_1010_1100_1100_1010_0000) &<< 8
            if minus == 0 { return isSquare(n) ? 0 : searchedLucasP(for: n, from: 22) }
        }
        // 21, 17, 15, 11, 9, 6, 5, 4, 3, of five bits each.
        let list: UInt64 = 0b10101_10001_01111_01011_01001_00110_00101_00100_00011
        return list &>> UInt64(truncatingIfNeeded: 5 &* minus.trailingZeroBitCount) & 31
    }

    /// 1 when (q|n) = −1, otherwise 0, by the law of quadratic reciprocity.
    ///
    /// - Parameters:
    ///   - n: Odd, not divisible by *q*.
    ///   - r: *n* modulo a multiple of *q*.
    ///   - q: An odd prime.
    ///   - nonResidues: Bit *i* is set when (i|q) = −1.
    /// - Returns: The bit.
    @inline(__always)
    private static func negative(
        _ n: UInt64, _ r: UInt64, _ q: UInt64, nonResidues: UInt64
    ) -> UInt64 {
        let bothAre3Modulo4 = (n & q) &>> 1
        return (nonResidues &>> (r % q) ^ bothAre3Modulo4) & 1
    }

    /// As ``lucasP(for:)``, by trying one *P* after the other.
    ///
    /// - Parameters:
    ///   - n: Odd, no square, no prime factor below 59.
    ///   - first: The first *P*.
    /// - Returns: *P*, or 0 when a symbol of 0 shows a proper factor.
    @inline(never)
    package static func searchedLucasP(for n: UInt64, from first: UInt64) -> UInt64 {
        var p = first
        while true {
            let symbol = jacobi(p &* p &- 4, n)
            if symbol < 0 { return p }
            if symbol == 0 { return 0 }
            p &+= 1
        }
    }

    /// The Jacobi symbol (a|n), *n* odd.
    @inline(__always)
    static func jacobi(_ first: UInt64, _ second: UInt64) -> Int {
        var n = second
        var a = first % n
        var sign = 1
        while a != 0 {
            let zeros = a.trailingZeroBitCount
            a &>>= UInt64(truncatingIfNeeded: zeros)
            if zeros & 1 != 0 && (n & 7 == 3 || n & 7 == 5) { sign = 0 &- sign }
            if a & n & 3 == 3 { sign = 0 &- sign }
            (a, n) = (n % a, a)
        }
        return n == 1 ? sign : 0
    }
}
