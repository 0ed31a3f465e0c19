// SPDX-License-Identifier: Apache-2.0

extension Pure64 {
    /// The smallest prime factor of a number by complete trial division; the number itself when it
    /// is prime.
    ///
    /// - Parameter n: At least 2.
    /// - Returns: The factor.
    /// - Complexity: At most 4/15 of √n divisions.
    public static func smallestFactor(of n: UInt64) -> UInt64 {
        let divisor = smallestDivisor(of: n, from: 0, through: UInt64(UInt32.max))
        return divisor == 0 ? n : divisor
    }

    /// The least divisor in a range that is 2, 3, 5 or coprime to 30 and whose square does not exceed
    /// the number, or 0.
    ///
    /// A long division is cut into ranges, between which the caller may look at a flag, yield, or hand
    /// ranges to others: the least of their non-zero answers is the smallest prime factor.
    ///
    /// - Parameters:
    ///   - n: At least 2.
    ///   - from: The first candidate.
    ///   - through: The last candidate.
    /// - Returns: The divisor, or 0.
    /// - Complexity: O(through − from) divisions.
    public static func smallestDivisor(
        of n: UInt64, from: UInt64, through: UInt64
    ) -> UInt64 {
        let root = squareRoot(of: n)
        let last = through < root ? through : root
        if from <= 2 && 2 <= last && n & 1 == 0 { return 2 }
        if from <= 3 && 3 <= last && n % 3 == 0 { return 3 }
        if from <= 5 && 5 <= last && n % 5 == 0 { return 5 }
        let first = from < 7 ? 7 : from
        if first > last { return 0 }
        let wheel = Wheel(n)
        var base = first &- first % 30
        while base <= last {
            // Turns that `from` or `through` cuts are looked through whole; only what is found must
            // lie between them.
            let isExact = wheel.isExact(at: base)
            let turns = isExact ? min((last &- base) / 30 &+ 1, 128) : 1
            let end = base &+ 30 &* turns
            if !isExact || wheel.mayDivide(at: base, turns: turns) {
                while base < end {
                    let divisor = divisor(of: n, inTurn: base, first, last)
                    if divisor != 0 { return divisor }
                    base &+= 30
                }
            }
            base = end
        }
        return 0
    }

    /// The least divisor in one turn of the wheel and in a range, or 0; by division.
    @inline(never)
    private static func divisor(
        of n: UInt64, inTurn base: UInt64, _ first: UInt64, _ last: UInt64
    ) -> UInt64 {
        var d = base &+ 1
        while d < base &+ 30 {
            let onWheel = d % 2 != 0 && d % 3 != 0 && d % 5 != 0
            if onWheel && d >= first && d <= last && n % d == 0 { return d }
            d &+= 1
        }
        return 0
    }
}

/// A wheel of 30 that finds out, two candidates at a time and in doubles, whether none of many divides
/// a number. What it does not rule out is left to integer division, so it need only be right about
/// divisors:
///
/// *When d divides n, the double that is computed for n / d errs by less than 1/2 in any rounding mode.*
///
/// Rounded, it is then the quotient, and n is its product with d. This is seen although only the low
/// halves of the words are compared.
///
/// Proof. An operation errs by at most 2⁻⁵² of its result. ``isExact(at:)`` demands n / d < 2⁴⁷: rounding
/// n and dividing it err by 2⁴⁷·2.1·2⁻⁵² < 1/15. Adding 1.5·2⁴⁹ + 1/2 brings the integer bits to a known
/// place; the sum is below 2⁵⁰, and so rounded by 1/8 at most.
///
/// Where one division for each candidate would be too slow, a turn divides once, by its middle c. With
/// d = c + k, −14 ≤ k ≤ 14, n / d is n / c − k·n / c² but for (n / c)·(14 / c)² / (1 − 14 / c) at most. This
/// is below 1/8, since ``isSmooth(at:)`` demands (n / c)·1600 ≤ c², and so c > 1600, as no turn begins
/// beyond √n. The term k·n / c² is below 2⁴⁷·14 / 1600 and made by seven operations from two
/// roundings of n: it errs by less than 1/256. Two sums are rounded by 1/8 each. All errors together:
/// 1/15 + 1/8 + 1/256 + 1/8 + 1/8 < 1/2.
private struct Wheel {
    private let n: UInt64
    private let dividend: SIMD2<Double>
    private let inverse: SIMD2<Double>
    /// The low half of n beside what the high half of a product of two halves never is, twice; in the
    /// order of little-endian machines.
    private let low: SIMD4<UInt32>

    init(_ n: UInt64) {
        self.n = n
        dividend = SIMD2(repeating: Double(n))
        inverse = SIMD2(repeating: 1 / Double(n))
        let half = UInt32(truncatingIfNeeded: n)
        low = SIMD4(half, .max, half, .max)
    }

    /// Whether the wheel may be asked about candidates from a multiple of 30 on.
    @inline(__always)
    func isExact(at base: UInt64) -> Bool { base > 0 && n / base < 1 << 47 }

    /// Whether it may divide once a turn.
    @inline(__always)
    private func isSmooth(at base: UInt64) -> Bool {
        (n / base &+ 1) &* 1600 <= base &* base
    }

    /// Whether a candidate in some turns may divide; if not, none does.
    @inline(__always)
    func mayDivide(at base: UInt64, turns: UInt64) -> Bool {
        isSmooth(at: base)
            ? dividingOnceATurn(at: base, turns: turns) : dividingEachTime(at: base, turns: turns)
    }

    /// ``mayDivide(at:turns:)`` by one division a candidate.
    @inline(never)
    private func dividingEachTime(at base: UInt64, turns: UInt64) -> Bool {
        var hits = SIMDMask<SIMD4<Int32>>(repeating: false)
        var middle = base &+ 15
        var left = turns
        while left > 0 {
            let c = SIMD2<Double>(repeating: Double(middle))
            let i = SIMD2<UInt64>(repeating: middle)
            hits = hits .| hit(dividend / (c - SIMD2(14, 8)) + Self.shift, i &- SIMD2(14, 8))
            hits = hits .| hit(dividend / (c - SIMD2(4, 2)) + Self.shift, i &- SIMD2(4, 2))
            hits = hits .| hit(dividend / (c + SIMD2(2, 4)) + Self.shift, i &+ SIMD2(2, 4))
            hits = hits .| hit(dividend / (c + SIMD2(8, 14)) + Self.shift, i &+ SIMD2(8, 14))
            middle &+= 30
            left &-= 1
        }
        return any(hits)
    }

    /// ``mayDivide(at:turns:)`` by one division a turn, begun two turns ahead: what waits for it would
    /// fill the processor's queues.
    ///
    /// The first two rounds look at zeros. Were the first two quotients computed before the loop, the
    /// compiler would see a loop that begins with a division, and put it back there.
    @inline(never)
    private func dividingOnceATurn(at base: UInt64, turns: UInt64) -> Bool {
        var hits = SIMDMask<SIMD4<Int32>>(repeating: false)
        var c = SIMD2<Double>(repeating: Double(base &+ 15))
        var i = SIMD2<UInt64>(repeating: base &+ 15 &- 2 &* 30)
        var quotient = SIMD2<Double>(repeating: 0)
        var next = quotient
        var nextSlope = quotient
        var left = turns &+ 2
        while left > 0 {
            let value = next
            let slope = nextSlope
            next = quotient + Self.shift
            nextSlope = quotient * (quotient * inverse)
            quotient = dividend / c
            c = c + SIMD2(repeating: 30)
            hits = hits .| hit(value + slope * SIMD2(14, 8), i &- SIMD2(14, 8))
            hits = hits .| hit(value + slope * SIMD2(4, 2), i &- SIMD2(4, 2))
            hits = hits .| hit(value + slope * SIMD2(-2, -4), i &+ SIMD2(2, 4))
            hits = hits .| hit(value + slope * SIMD2(-8, -14), i &+ SIMD2(8, 14))
            i = i &+ SIMD2(repeating: 30)
            left &-= 1
        }
        return any(hits)
    }

    @inline(__always)
    private static var shift: SIMD2<Double> { SIMD2(repeating: 0x1.8p49 + 0.5) }

    /// Where n may be the product of a candidate and a quotient, to which ``shift`` was added.
    @inline(__always)
    private func hit(
        _ shifted: SIMD2<Double>, _ candidates: SIMD2<UInt64>
    ) -> SIMDMask<SIMD4<Int32>> {
        // In 2⁴⁹ ..< 2⁵⁰ a double counts eighths. The types have the same size and no padding.
        let quotients =
            unsafe unsafeBitCast(shifted, to: SIMD2<UInt64>.self) &>> SIMD2(repeating: 3)
        let half = SIMD2<UInt64>(repeating: 0xFFFF_FFFF)
        let products = (quotients & half) &* (candidates & half)
        return unsafe unsafeBitCast(products, to: SIMD4<UInt32>.self) .== low
    }
}
