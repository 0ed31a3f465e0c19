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
        let n = modulus
        self.modulus = modulus
        // 3n xor 2 is right to 5 bits; each Newton step doubles that: 10, 20, 40, 80.
        var x = (3 &* n) ^ 2
        x = x &* (2 &- n &* x)
        x = x &* (2 &- n &* x)
        x = x &* (2 &- n &* x)
        x = x &* (2 &- n &* x)
        inverse = x
        one = (0 &- n) % n
    }

    /// The product of two residues (REDC).
    @inlinable @inline(__always)
    public func multiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        let q = product.low &* inverse
        let qn = q.multipliedFullWidth(by: modulus).high
        // The low halves are equal, so nothing is borrowed from below.
        let difference = product.high &- qn
        return product.high < qn ? difference &+ modulus : difference
    }

    /// The sum of two residues.
    @inlinable @inline(__always)
    public func add(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let room = modulus &- b  // a + b may exceed 2⁶⁴; a − room does not
        return a >= room ? a &- room : a &+ b
    }

    /// The difference of two residues.
    @inlinable @inline(__always)
    public func subtract(_ a: UInt64, _ b: UInt64) -> UInt64 {
        a < b ? a &- b &+ modulus : a &- b
    }
}
