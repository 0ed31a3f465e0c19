// SPDX-License-Identifier: Apache-2.0

/// Exact primality below 2⁶⁴ in Swift alone: the twin of the C kernels, algorithm by algorithm.
///
/// Everything here works on values and fixed storage: it allocates nothing, takes no lock and touches
/// no global, so that it may also run in a forked child. Verdicts are made of integers; only complete
/// trial division uses doubles, to pass over what cannot be a divisor in any rounding mode.
///
/// Use it to compare languages, or where C cannot go. Anywhere else `Primality` is faster.
public enum Pure64 {
    /// What decided.
    public enum TestMethod: UInt8, Sendable {
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
        /// Below 2³²: prime or composite by the strong test to the base that a hash picks [FoJa15].
        case strongHashedBase
    }

    /// A verdict and what shows it.
    public struct Finding: Sendable {
        /// Whether the number is prime.
        public var isPrime: Bool
        /// What decided.
        public var method: TestMethod
        /// The smallest prime factor, when dividing found one; otherwise 0.
        public var factor: UInt64 = 0
        /// P of the Lucas test, when one was run; otherwise 0.
        public var lucasP: UInt64 = 0
        /// The base of the strong test below 2³², when it was run; otherwise 0.
        public var base: UInt64 = 0

        /// Makes a finding.
        @inline(__always)
        public init(
            isPrime: Bool, method: TestMethod, factor: UInt64 = 0, lucasP: UInt64 = 0,
            base: UInt64 = 0
        ) {
            self.isPrime = isPrime
            self.method = method
            self.factor = factor
            self.lucasP = lucasP
            self.base = base
        }
    }

    /// Whether a number is prime; exact.
    ///
    /// - Complexity: Unless a small prime divides the number, a modular multiplication for each bit below
    ///   2³², and three above, interleaved so that they take the time of little more than one.
    public static func isPrime(_ n: UInt64) -> Bool {
        if n < 2 { return false }
        let factor = n & 1 == 0 ? 2 : smallFactor(of: n)
        if factor != 0 { return factor == n }
        if n < 59 * 59 { return true }
        if n <= UInt64(UInt32.max) { return isPrimeWord(n) }
        if !hasNoFactorFrom59To137(n) { return false }
        let p = lucasP(for: n)
        return p != 0 && passesBailliePSW(n, p: p)
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
        if n <= UInt64(UInt32.max) {
            return Finding(
                isPrime: isPrimeWord(n), method: .strongHashedBase,
                base: strongBase(for: UInt32(truncatingIfNeeded: n)))
        }
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
}
