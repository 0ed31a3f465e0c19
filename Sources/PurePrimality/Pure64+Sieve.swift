// SPDX-License-Identifier: Apache-2.0

/// An odd prime, prepared for finding its multiples without dividing.
///
/// n·p⁻¹ mod 2⁶⁴ is n / p when *p* divides *n*, and larger than any quotient when not [GrMo94].
struct SmallPrime {
    let inverse: UInt64
    let limit: UInt64

    /// Prepares a prime; at compile time when it is a literal.
    @inline(__always)
    init(_ prime: UInt64) {
        inverse = prime.inverseModuloWord
        limit = UInt64.max / prime
    }

    /// Whether the prime divides a number.
    @inline(__always)
    func divides(_ n: UInt64) -> Bool { n &* inverse <= limit }

    /// 1 when the prime does not divide a number, otherwise 0.
    @inline(__always)
    func leaves(_ n: UInt64) -> UInt64 { (n &* inverse > limit).word }
}

/// Places in a block of 256 numbers.
///
/// A place is a byte and the list has as many entries as there are bytes, so no access is out of
/// bounds, and none is checked.
struct Places {
    private var list = InlineArray<256, UInt8>(repeating: 0)
    private(set) var count = 0

    /// The number's place in the block.
    @inline(__always)
    subscript(i: Int) -> Int { Int(list[i & 255]) }

    /// Takes the places of the odd numbers above a limit.
    @inline(__always)
    mutating func takeOddNumbers(of block: Span<UInt64>, above limit: UInt64) {
        var kept = 0
        var i = 0
        while i < block.count {
            let n = block[i]
            list[kept & 255] = UInt8(truncatingIfNeeded: i)
            kept &+= Int(truncatingIfNeeded: n & (n > limit).word)
            i &+= 1
        }
        count = kept
    }

    /// Leaves out the multiples of the primes from 3 to 137.
    ///
    /// Spelt out, because a table would be a global that is initialised on first use. Primes to 199
    /// cost as much as they save. Four numbers at a time in SIMD4<UInt64> take 1.2 times as long:
    /// without 64-bit vector multiplication or unsigned comparison, each is made of many instructions.
    @inline(__always)
    mutating func sieve(_ block: Span<UInt64>) {
        sieve(block, 3, 5, 7, 11)
        sieve(block, 13, 17, 19, 23)
        sieve(block, 29, 31, 37, 41)
        sieve(block, 43, 47, 53, 59)
        sieve(block, 61, 67, 71, 73)
        sieve(block, 79, 83, 89, 97)
        sieve(block, 101, 103, 107, 109)
        sieve(block, 113, 127, 131, 137)
    }

    @inline(__always)
    private mutating func sieve(
        _ block: Span<UInt64>, _ p: UInt64, _ q: UInt64, _ r: UInt64, _ s: UInt64
    ) {
        sieve(block, SmallPrime(p), SmallPrime(q), SmallPrime(r), SmallPrime(s))
    }

    /// Closes up the list without a branch: whether a number stays is anybody's guess.
    @inline(never)
    private mutating func sieve(
        _ block: Span<UInt64>, _ p: SmallPrime, _ q: SmallPrime, _ r: SmallPrime, _ s: SmallPrime
    ) {
        let last = count
        var kept = 0
        var i = 0
        while i < last {
            let place = list[i & 255]
            let n = block[Int(place)]
            list[kept & 255] = place
            let stays = p.leaves(n) & q.leaves(n) & r.leaves(n) & s.leaves(n)
            kept &+= Int(truncatingIfNeeded: stays)
            i &+= 1
        }
        count = kept
    }
}

extension Pure64 {
    /// The least prime from 3 to 53 that divides an odd number, or 0.
    @inline(__always)
    static func smallFactor(of n: UInt64) -> UInt64 {
        if SmallPrime(3).divides(n) { return 3 }
        if SmallPrime(5).divides(n) { return 5 }
        if SmallPrime(7).divides(n) { return 7 }
        if SmallPrime(11).divides(n) { return 11 }
        if SmallPrime(13).divides(n) { return 13 }
        if SmallPrime(17).divides(n) { return 17 }
        if SmallPrime(19).divides(n) { return 19 }
        if SmallPrime(23).divides(n) { return 23 }
        if SmallPrime(29).divides(n) { return 29 }
        if SmallPrime(31).divides(n) { return 31 }
        if SmallPrime(37).divides(n) { return 37 }
        if SmallPrime(41).divides(n) { return 41 }
        if SmallPrime(43).divides(n) { return 43 }
        if SmallPrime(47).divides(n) { return 47 }
        if SmallPrime(53).divides(n) { return 53 }
        return 0
    }

    /// Whether no prime from 59 to 137 divides a number.
    ///
    /// Each stops few numbers, so that all are tried at once, without a branch.
    @inline(__always)
    static func hasNoFactorFrom59To137(_ n: UInt64) -> Bool {
        var stays = SmallPrime(59).leaves(n) & SmallPrime(61).leaves(n) & SmallPrime(67).leaves(n)
        stays &= SmallPrime(71).leaves(n) & SmallPrime(73).leaves(n) & SmallPrime(79).leaves(n)
        stays &= SmallPrime(83).leaves(n) & SmallPrime(89).leaves(n) & SmallPrime(97).leaves(n)
        stays &= SmallPrime(101).leaves(n) & SmallPrime(103).leaves(n) & SmallPrime(107).leaves(n)
        stays &= SmallPrime(109).leaves(n) & SmallPrime(113).leaves(n) & SmallPrime(127).leaves(n)
        stays &= SmallPrime(131).leaves(n) & SmallPrime(137).leaves(n)
        return stays != 0
    }
}
