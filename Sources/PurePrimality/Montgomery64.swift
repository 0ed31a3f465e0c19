// SPDX-License-Identifier: Apache-2.0

/// Arithmetic modulo an odd *n* below 2⁶⁴ in Montgomery form, R = 2⁶⁴ [Mont85].
///
/// Residues are canonical, in 0 ..< *n*, so they may be compared.
public struct Montgomery64: Sendable {
    /// The modulus.
    public let modulus: UInt64
    /// n⁻¹ mod 2⁶⁴.
    @usableFromInline let inverse: UInt64
    /// 1 in Montgomery form.
    public let one: UInt64

    /// Prepares a modulus.
    ///
    /// - Parameter modulus: An odd number.
    @inlinable @inline(__always)
    public init(modulus: UInt64) {
        self.modulus = modulus
        inverse = modulus.inverseModuloWord
        one = (0 &- modulus) % modulus
    }

    /// The product of two residues.
    @inlinable @inline(__always)
    public func multiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return reduce(high: product.high, low: product.low)
    }

    /// The product of two residues, less a third one.
    ///
    /// Subtracting from the high half, which is ready long before the quotient, keeps the
    /// difference out of the chain of dependent operations.
    @inlinable @inline(__always)
    public func multiply(_ a: UInt64, _ b: UInt64, minus c: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return reduce(high: subtract(product.high, c), low: product.low)
    }

    /// (high·R + low)·R⁻¹, `high` a residue (REDC).
    @usableFromInline @inline(__always)
    func reduce(high: UInt64, low: UInt64) -> UInt64 {
        let q = low &* inverse
        // The low halves of what is subtracted are equal, so nothing is borrowed from below.
        return subtract(high, q.multipliedFullWidth(by: modulus).high)
    }

    /// The sum of two residues.
    @inlinable @inline(__always)
    public func add(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let room = modulus &- b  // a + b may exceed 2⁶⁴; a − room does not
        return a >= room ? a &- room : a &+ b
    }

    /// The difference of two residues.
    ///
    /// Whether there is a borrow cannot be foretold, and Swift makes branches of conditional
    /// expressions where a loop ends: what is added back is masked, which becomes a conditional move.
    @inlinable @inline(__always)
    public func subtract(_ a: UInt64, _ b: UInt64) -> UInt64 {
        a &- b &+ (modulus & (0 &- (a < b).word))
    }
}

extension Bool {
    /// 1 or 0, without a branch.
    @usableFromInline @inline(__always)
    var word: UInt64 {
        // A Bool is a byte that holds 1 or 0.
        UInt64(truncatingIfNeeded: unsafe unsafeBitCast(self, to: UInt8.self))
    }
}

extension UInt64 {
    /// The inverse of an odd number modulo 2⁶⁴.
    @usableFromInline @inline(__always)
    var inverseModuloWord: UInt64 {
        // 3n xor 2 is right to 5 bits; each Newton step doubles that: 10, 20, 40, 80.
        var x = (3 &* self) ^ 2
        x = x &* (2 &- self &* x)
        x = x &* (2 &- self &* x)
        x = x &* (2 &- self &* x)
        x = x &* (2 &- self &* x)
        return x
    }
}
