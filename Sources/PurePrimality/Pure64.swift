// SPDX-License-Identifier: Apache-2.0

/// Exact primality below 2⁶⁴ in Swift alone: the twin of the C kernels, algorithm by algorithm.
///
/// Everything here is integer code on values: it allocates nothing, takes no lock and touches no
/// global, so that it may also run in a forked child.
///
/// Use it to compare languages, or where C cannot go. Anywhere else `Primality` is faster.
public enum Pure64 {
    /// What decided.
    public enum Method: UInt8, Sendable {
        /// 0 and 1 are neither prime nor composite.
        case definition
        /// A factor was found, or every prime up to the square root was tried.
        case trialDivision
        /// Failed the strong test to base 2.
        case strongBase2
        /// The square of an integer.
        case square
        /// Failed the almost extra strong Lucas test.
        case almostExtraStrongLucas
        /// Passed both tests of Baillie–PSW, which is a proof below 2⁶⁴ [FeGa13].
        case bailliePSW
    }

    /// A verdict and what shows it.
    public struct Finding: Sendable {
        /// Whether the number is prime.
        public var isPrime: Bool
        /// What decided.
        public var method: Method
        /// The smallest prime factor, when dividing found one; otherwise 0.
        public var factor: UInt64 = 0
        /// P of the Lucas test, when one was run; otherwise 0.
        public var lucasP: UInt64 = 0

        /// Makes a finding.
        @inline(__always)
        public init(isPrime: Bool, method: Method, factor: UInt64 = 0, lucasP: UInt64 = 0) {
            self.isPrime = isPrime
            self.method = method
            self.factor = factor
            self.lucasP = lucasP
        }
    }

    /// Whether a number is prime; exact.
    ///
    /// - Complexity: About three modular exponentiations for a prime, one or none for a composite.
    public static func isPrime(_ n: UInt64) -> Bool {
        explain(n).isPrime
    }

    /// Writes whether each number is prime.
    ///
    /// - Parameters:
    ///   - numbers: Any numbers.
    ///   - results: At least as many places.
    public static func test(_ numbers: Span<UInt64>, into results: inout MutableSpan<Bool>) {
        for i in numbers.indices { results[i] = explain(numbers[i]).isPrime }
    }

    /// The verdict on a number, with its evidence.
    @inline(__always)
    public static func explain(_ n: UInt64) -> Finding {
        if n < 2 { return Finding(isPrime: false, method: .definition) }
        let factor = n & 1 == 0 ? 2 : smallFactor(of: n)
        if factor != 0 {
            return Finding(
                isPrime: factor == n, method: .trialDivision, factor: factor == n ? 0 : factor)
        }
        if n < 59 * 59 { return Finding(isPrime: true, method: .trialDivision) }
        let m = Montgomery64(modulus: n)
        if !isStrongProbablePrimeToBase2(m) {
            return Finding(isPrime: false, method: .strongBase2)
        }
        if isSquare(n) { return Finding(isPrime: false, method: .square) }
        let p = lucasP(for: n)
        let passed = p != 0 && isAlmostExtraStrongLucasProbablePrime(m, p: p)
        return Finding(
            isPrime: passed, method: passed ? .bailliePSW : .almostExtraStrongLucas, lucasP: p)
    }

    /// Whether an odd number above 2 is a strong probable prime to base 2.
    @inline(__always)
    public static func isStrongProbablePrimeToBase2(_ m: Montgomery64) -> Bool {
        let n = m.modulus
        var s = (n &- 1).trailingZeroBitCount
        let d = (n &- 1) &>> UInt64(truncatingIfNeeded: s)
        let minusOne = n &- m.one
        var x = m.add(m.one, m.one)
        var bit = 62 &- d.leadingZeroBitCount
        while bit >= 0 {
            x = m.multiply(x, x)
            if (d &>> UInt64(truncatingIfNeeded: bit)) & 1 != 0 { x = m.add(x, x) }
            bit &-= 1
        }
        if x == m.one || x == minusOne { return true }
        s &-= 1
        while s > 0 {
            x = m.multiply(x, x)
            if x == minusOne { return true }
            s &-= 1
        }
        return false
    }

    /// The least *P* ≥ 3 with Jacobi symbol (P² − 4|n) = −1.
    ///
    /// 0 when a symbol of 0 shows that *n* is composite.
    ///
    /// - Parameter n: Odd, no square, no prime factor below 59.
    /// - Returns: *P*, or 0.
    @inline(__always)
    static func lucasP(for n: UInt64) -> UInt64 {
        var p: UInt64 = 3
        while true {
            let symbol = jacobi(p &* p &- 4, n)
            if symbol < 0 { return p }
            if symbol == 0 { return 0 }
            p &+= 1
        }
    }

    /// Whether an odd number passes the almost extra strong Lucas test, Q = 1 [Grant01].
    ///
    /// n + 1 = d·2ˢ, and V_d = ±2 or V_{d·2ʳ} = 0 for some 0 ≤ r < s − 1.
    ///
    /// - Parameters:
    ///   - m: The number, other than 2⁶⁴ − 1.
    ///   - p: *P* with (P² − 4|n) = −1.
    /// - Returns: Whether it passes: every prime does.
    @inline(__always)
    public static func isAlmostExtraStrongLucasProbablePrime(_ m: Montgomery64, p: UInt64) -> Bool {
        let n = m.modulus
        let s = (n &+ 1).trailingZeroBitCount
        let d = (n &+ 1) &>> UInt64(truncatingIfNeeded: s)
        let two = m.add(m.one, m.one)
        let minusTwo = n &- two
        var pForm: UInt64 = 0
        var rest = p
        var term = m.one
        while rest != 0 {  // P in Montgomery form
            if rest & 1 != 0 { pForm = m.add(pForm, term) }
            term = m.add(term, term)
            rest &>>= 1
        }
        // (V_k, V_{k+1}), k running through the leading bits of d.
        var v = pForm
        var w = m.subtract(m.multiply(pForm, pForm), two)
        var bit = 62 &- d.leadingZeroBitCount
        while bit >= 0 {
            let product = m.subtract(m.multiply(v, w), pForm)
            if (d &>> UInt64(truncatingIfNeeded: bit)) & 1 != 0 {
                v = product
                w = m.subtract(m.multiply(w, w), two)
            } else {
                w = product
                v = m.subtract(m.multiply(v, v), two)
            }
            bit &-= 1
        }
        if v == two || v == minusTwo { return true }
        var r = 0
        while r < s &- 1 {
            if v == 0 { return true }
            v = m.subtract(m.multiply(v, v), two)
            r &+= 1
        }
        return false
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

    @inline(__always)
    static func isSquare(_ n: UInt64) -> Bool {
        if n & 7 != 1 { return false }  // of an odd number
        let root = squareRoot(of: n)
        return root &* root == n
    }

    /// ⌊√n⌋ by Newton's method from above.
    @inline(__always)
    static func squareRoot(of n: UInt64) -> UInt64 {
        if n < 2 { return n }
        let bits = 64 &- n.leadingZeroBitCount
        var x: UInt64 = bits > 62 ? 1 << 32 : 1 &<< UInt64(truncatingIfNeeded: (bits &+ 1) / 2)
        while true {  // x ≥ ⌊√n⌋, and decreases until it is
            let y = (x &+ n / x) / 2
            if y >= x { return x }
            x = y
        }
    }

    /// The least prime from 3 to 53 that divides an odd number, or 0.
    ///
    /// n·p⁻¹ mod 2⁶⁴ is n / p when *p* divides *n*, and larger than any quotient when not [GrMo94].
    /// Spelt out, because a table would be a lazily initialised global.
    @inline(__always)
    static func smallFactor(of n: UInt64) -> UInt64 {
        if n &* 0xAAAA_AAAA_AAAA_AAAB <= UInt64.max / 3 { return 3 }
        if n &* 0xCCCC_CCCC_CCCC_CCCD <= UInt64.max / 5 { return 5 }
        if n &* 0x6DB6_DB6D_B6DB_6DB7 <= UInt64.max / 7 { return 7 }
        if n &* 0x2E8B_A2E8_BA2E_8BA3 <= UInt64.max / 11 { return 11 }
        if n &* 0x4EC4_EC4E_C4EC_4EC5 <= UInt64.max / 13 { return 13 }
        if n &* 0xF0F0_F0F0_F0F0_F0F1 <= UInt64.max / 17 { return 17 }
        if n &* 0x86BC_A1AF_286B_CA1B <= UInt64.max / 19 { return 19 }
        if n &* 0xD37A_6F4D_E9BD_37A7 <= UInt64.max / 23 { return 23 }
        if n &* 0x34F7_2C23_4F72_C235 <= UInt64.max / 29 { return 29 }
        if n &* 0xEF7B_DEF7_BDEF_7BDF <= UInt64.max / 31 { return 31 }
        if n &* 0x14C1_BACF_914C_1BAD <= UInt64.max / 37 { return 37 }
        if n &* 0x8F9C_18F9_C18F_9C19 <= UInt64.max / 41 { return 41 }
        if n &* 0x82FA_0BE8_2FA0_BE83 <= UInt64.max / 43 { return 43 }
        if n &* 0x51B3_BEA3_677D_46CF <= UInt64.max / 47 { return 47 }
        if n &* 0x21CF_B2B7_8C13_521D <= UInt64.max / 53 { return 53 }
        return 0
    }
}
