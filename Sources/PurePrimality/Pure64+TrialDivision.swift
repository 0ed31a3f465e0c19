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
        var base = first &- first % 30
        while base <= last {
            if base &+ 1 >= first {  // whole turns of the wheel
                while base &+ 30 <= last {
                    let found =
                        n <= UInt64(UInt32.max)
                        ? turn32(UInt32(truncatingIfNeeded: n), UInt32(truncatingIfNeeded: base))
                        : turn64(n, base)
                    if found != 0 { return found }
                    base &+= 30
                }
            }
            // A turn that `from` or `through` cuts.
            if let found = cutTurn(n, base, first, last) { return found }
            base &+= 30
        }
        return 0
    }

    @inline(__always)
    private static func turn64(_ n: UInt64, _ base: UInt64) -> UInt64 {
        if n % (base &+ 1) == 0 { return base &+ 1 }
        if n % (base &+ 7) == 0 { return base &+ 7 }
        if n % (base &+ 11) == 0 { return base &+ 11 }
        if n % (base &+ 13) == 0 { return base &+ 13 }
        if n % (base &+ 17) == 0 { return base &+ 17 }
        if n % (base &+ 19) == 0 { return base &+ 19 }
        if n % (base &+ 23) == 0 { return base &+ 23 }
        if n % (base &+ 29) == 0 { return base &+ 29 }
        return 0
    }

    @inline(__always)
    private static func turn32(_ n: UInt32, _ base: UInt32) -> UInt64 {
        if n % (base &+ 1) == 0 { return UInt64(base &+ 1) }
        if n % (base &+ 7) == 0 { return UInt64(base &+ 7) }
        if n % (base &+ 11) == 0 { return UInt64(base &+ 11) }
        if n % (base &+ 13) == 0 { return UInt64(base &+ 13) }
        if n % (base &+ 17) == 0 { return UInt64(base &+ 17) }
        if n % (base &+ 19) == 0 { return UInt64(base &+ 19) }
        if n % (base &+ 23) == 0 { return UInt64(base &+ 23) }
        if n % (base &+ 29) == 0 { return UInt64(base &+ 29) }
        return 0
    }

    private static func cutTurn(
        _ n: UInt64, _ base: UInt64, _ first: UInt64, _ last: UInt64
    ) -> UInt64? {
        var d = base &+ 1
        while d < base &+ 30 {
            let onWheel = d % 2 != 0 && d % 3 != 0 && d % 5 != 0
            if onWheel && d >= first && d <= last && n % d == 0 { return d }
            d &+= 1
        }
        return nil
    }
}
