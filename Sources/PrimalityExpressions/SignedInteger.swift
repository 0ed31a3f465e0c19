// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
internal import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A signed number of any size, while an expression is computed.
///
/// It does not look after memory, whose lack ends the process: see ``fits(bits:)``.
@safe final class SignedInteger {
    private let handle: OpaquePointer

    /// - Throws: When there is no memory for a handle.
    init(limbs: [UInt64] = []) throws(PrimalityError) {
        // As many limbs as are said; none are read of none.
        guard let handle = unsafe prk_integer_create(limbs, limbs.count) else {
            throw .outOfMemory
        }
        unsafe self.handle = unsafe handle
    }

    deinit { unsafe prk_integer_destroy(handle) }

    /// Whether there is memory for a result of so many bits.
    static func fits(bits: Int) -> Bool {
        bits < 1 << 16 || prk_integers_fit(bits)
    }

    // MARK: What it is

    var sign: Int { Int(unsafe prk_integer_sign(handle)) }

    /// The size of the absolute value.
    var bitWidth: Int { unsafe prk_integer_bits(handle) }

    /// How many decimal digits the absolute value has.
    var digitCount: Int { unsafe prk_integer_digits(handle) }

    /// The limbs of the absolute value.
    func withLimbs<Result>(_ body: (UnsafeBufferPointer<UInt64>) -> Result) -> Result {
        var count = 0
        let limbs = unsafe prk_integer_limbs(handle, &count)
        // Valid while the handle is not changed, and there are count of them.
        return unsafe body(UnsafeBufferPointer(start: limbs, count: count))
    }

    /// The absolute value, when it is below 2⁶⁴.
    var magnitude: UInt64? {
        unsafe withLimbs { limbs in unsafe limbs.count > 1 ? nil : limbs.first ?? 0 }
    }

    /// The value, when it is not negative and below 2⁶⁴.
    var word: UInt64? { sign < 0 ? nil : magnitude }

    var isEven: Bool { unsafe withLimbs { unsafe ($0.first ?? 0) & 1 == 0 } }

    /// log₂ of the absolute value, to about 2⁻⁵⁰ of it; -∞ for 0.
    var logarithm: Double {
        unsafe withLimbs { limbs in
            let top = unsafe limbs.suffix(2)
            let value = unsafe top.reversed().reduce(0.0) { $0 * 0x1p64 + Double($1) }
            return unsafe log2(value) + 64 * Double(limbs.count - top.count)
        }
    }

    // MARK: What changes it

    func negate() { unsafe prk_integer_negate(handle) }
    func add(_ other: SignedInteger) { unsafe prk_integer_add(handle, other.handle) }
    func subtract(_ other: SignedInteger) { unsafe prk_integer_subtract(handle, other.handle) }
    func multiply(by other: SignedInteger) { unsafe prk_integer_multiply(handle, other.handle) }
    func raise(to exponent: UInt64) { unsafe prk_integer_power(handle, exponent) }
    func reduceToGCD(with other: SignedInteger) { unsafe prk_integer_gcd(handle, other.handle) }

    /// Divides.
    ///
    /// - Parameter other: Not 0.
    /// - Returns: `false` when the quotient is no integer; this is then of no use.
    func divide(by other: SignedInteger) -> Bool {
        unsafe prk_integer_divide(handle, other.handle)
    }

    /// Takes the rest of a division, which has the sign of the dividend.
    ///
    /// - Parameter other: Not 0.
    func reduce(modulo other: SignedInteger) { unsafe prk_integer_remainder(handle, other.handle) }

    func setMultifactorial(_ n: UInt64, step: UInt64) {
        unsafe prk_integer_set_multifactorial(handle, n, step)
    }
    func setPrimorial(_ n: UInt64) { unsafe prk_integer_set_primorial(handle, n) }
    func setBinomial(_ n: UInt64, _ k: UInt64) { unsafe prk_integer_set_binomial(handle, n, k) }
    func setFibonacci(_ n: UInt64) { unsafe prk_integer_set_fibonacci(handle, n) }
    func setLucasNumber(_ n: UInt64) { unsafe prk_integer_set_lucas_number(handle, n) }

    /// This is P and becomes Uₙ(P, Q), or Vₙ(P, Q).
    func setLucas(q: SignedInteger, _ n: UInt64, wantsV: Bool) {
        unsafe prk_integer_lucas(handle, q.handle, n, wantsV)
    }
}
