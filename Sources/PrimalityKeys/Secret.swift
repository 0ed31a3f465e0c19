// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
package import Primality

/// What keeps private values from being left behind.
package enum Secrets {
    /// Lets no core file be written of this process, lets no other process without privileges look into it, and
    /// has GMP overwrite what it gives back to the heap.
    ///
    /// To be called before there are other threads. It holds for the rest of the process.
    ///
    /// - Returns: `nil`, or the errno of what the system refused.
    package static func keep() -> Int32? {
        prk_gmp_wipe_freed()
        let error = prk_process_keep_secrets()
        return error == 0 ? nil : error
    }
}

/// Bytes that are overwritten before their memory is given back: what a file with a key holds.
///
/// Slices of ``bytes`` share the memory, so none may outlive this.
///
/// `Sendable` because only the thread that has just made it changes it.
package final class SecretBytes: @unchecked Sendable {
    /// The bytes, and behind ``count`` what is not of the content.
    private var storage: [UInt8]
    /// How many bytes there are.
    package private(set) var count = 0

    /// Makes room for some bytes.
    package init(capacity: Int) { storage = [UInt8](repeating: 0, count: max(64, capacity)) }

    /// A copy of some bytes.
    package init(_ bytes: some Collection<UInt8>) {
        storage = Array(bytes)
        count = storage.count
    }

    deinit { wipe() }

    /// The bytes, which are not copied.
    package var bytes: ArraySlice<UInt8> { storage[..<count] }

    /// Adds what a reader writes into free memory of `size` bytes at least, and says how much that was.
    ///
    /// Memory that became too small is overwritten.
    ///
    /// - Parameters:
    ///   - size: How many bytes there is to be room for.
    ///   - read: Writes into the memory and returns how many bytes it wrote.
    /// - Returns: What `read` returned.
    /// - Throws: What `read` throws.
    package func append(
        upTo size: Int, _ read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) throws -> Int {
        if storage.count - count < size {
            var larger = [UInt8](repeating: 0, count: max(2 * storage.count, count + size))
            larger.replaceSubrange(..<count, with: storage[..<count])
            wipe()
            storage = larger
        }
        let start = count
        let added = try unsafe storage.withUnsafeMutableBytes { memory in
            try unsafe read(UnsafeMutableRawBufferPointer(rebasing: memory[start...]))
        }
        count += added
        return added
    }

    /// Adds a byte, for which there is room.
    func append(_ byte: UInt8) {
        storage[count] = byte
        count += 1
    }

    /// Overwrites the bytes.
    package func wipe() {
        unsafe storage.withUnsafeMutableBytes { memory in
            unsafe prk_wipe(memory.baseAddress, memory.count)
        }
    }
}

/// A natural number of a key, or what is computed from some; overwritten before its memory is given back.
///
/// `Sendable` because it never changes once it is made.
@safe package final class KeyInteger: @unchecked Sendable {
    let handle: OpaquePointer

    private init(_ handle: OpaquePointer?) {
        // Sizes are bounded before numbers are made, and GMP itself ends the process without memory.
        guard let handle = unsafe handle else { fatalError("out of memory") }
        unsafe self.handle = unsafe handle
    }

    deinit { unsafe prk_integer_destroy_wiped(handle) }

    /// A number from its bytes, the most significant first.
    ///
    /// - Complexity: O(count).
    package convenience init(bytes: ArraySlice<UInt8>) {
        unsafe self.init(
            bytes.withUnsafeBufferPointer {
                unsafe prk_integer_from_bytes($0.baseAddress, $0.count)
            })
    }

    /// A small number.
    package convenience init(_ word: UInt64) {
        unsafe self.init(prk_integer_create([word], 1))
    }

    /// A number from limbs.
    package convenience init(publicValue number: BigNatural) {
        unsafe self.init(prk_integer_create(number.limbs, number.limbs.count))
    }

    /// A copy that was changed before anybody else saw it.
    func changed(_ change: (OpaquePointer) -> Void) -> KeyInteger {
        let copy = unsafe KeyInteger(prk_integer_copy(handle))
        unsafe change(copy.handle)
        return copy
    }

    /// The size in bits; 0 for 0.
    package var bits: Int { unsafe prk_integer_bits(handle) }

    /// Whether it is negative, which only differences are.
    var isNegative: Bool { unsafe prk_integer_sign(handle) < 0 }

    /// The number, when it is below 2⁶⁴.
    var word: UInt64? {
        unsafe withLimbs { limbs in unsafe limbs.count > 1 ? nil : limbs.first ?? 0 }
    }

    var isEven: Bool { unsafe withLimbs { unsafe ($0.first ?? 0) & 1 == 0 } }

    /// The number as a value, which nobody overwrites: for public ones.
    package var publicValue: BigNatural {
        unsafe withLimbs { limbs in unsafe BigNatural(limbs: Array(limbs)) }
    }

    /// The limbs of the absolute value.
    func withLimbs<Result>(_ body: (UnsafeBufferPointer<UInt64>) -> Result) -> Result {
        var count = 0
        let limbs = unsafe prk_integer_limbs(handle, &count)
        // Valid while the number lives, and there are count of them.
        return withExtendedLifetime(self) {
            unsafe body(UnsafeBufferPointer(start: limbs, count: count))
        }
    }

    // MARK: Arithmetic

    static func + (a: KeyInteger, b: UInt64) -> KeyInteger {
        unsafe a.changed { unsafe prk_integer_add_word($0, b) }
    }
    static func - (a: KeyInteger, b: UInt64) -> KeyInteger {
        unsafe a.changed { unsafe prk_integer_subtract_word($0, b) }
    }
    static func - (a: KeyInteger, b: KeyInteger) -> KeyInteger {
        unsafe a.changed { unsafe prk_integer_subtract($0, b.handle) }
    }
    static func + (a: KeyInteger, b: KeyInteger) -> KeyInteger {
        unsafe a.changed { unsafe prk_integer_add($0, b.handle) }
    }
    static func * (a: KeyInteger, b: KeyInteger) -> KeyInteger {
        unsafe a.changed { unsafe prk_integer_multiply($0, b.handle) }
    }
    static func << (a: KeyInteger, bits: Int) -> KeyInteger {
        unsafe a.changed { unsafe prk_integer_shift_left($0, bits) }
    }

    /// Half of it without the fraction.
    var half: KeyInteger { unsafe changed { unsafe prk_integer_shift_right($0, 1) } }

    /// The rest of a division.
    ///
    /// - Parameter m: Not 0.
    /// - Returns: The rest, of this one's sign.
    func modulo(_ m: KeyInteger) -> KeyInteger {
        unsafe changed { unsafe prk_integer_remainder($0, m.handle) }
    }

    /// The rest of a division.
    ///
    /// - Parameter m: Not 0.
    /// - Returns: The rest, from 0 on.
    func modulo(_ m: UInt64) -> UInt64 { unsafe prk_integer_modulo_word(handle, m) }

    /// The least common multiple.
    ///
    /// - Parameter other: Positive, as this is.
    /// - Returns: The multiple.
    func lcm(with other: KeyInteger) -> KeyInteger {
        unsafe changed { unsafe prk_integer_lcm($0, other.handle) }
    }

    func gcd(with other: KeyInteger) -> KeyInteger {
        unsafe changed { unsafe prk_integer_gcd($0, other.handle) }
    }

    /// Jacobi's symbol.
    ///
    /// - Parameter n: Odd and positive.
    /// - Returns: -1, 0 or 1.
    func jacobi(_ n: KeyInteger) -> Int32 { unsafe prk_integer_jacobi(handle, n.handle) }

    /// A power modulo m, of public numbers; `nil` when the flag was raised.
    func power(_ exponent: KeyInteger, modulo m: KeyInteger, cancel: CancelFlag) -> KeyInteger? {
        var isComplete = false
        let power = unsafe changed {
            isComplete = unsafe prk_integer_power_modulo(
                $0, exponent.handle, m.handle, cancel.flag)
        }
        return isComplete ? power : nil
    }
}

extension KeyInteger: Comparable {
    package static func == (a: KeyInteger, b: KeyInteger) -> Bool {
        unsafe prk_integer_compare(a.handle, b.handle) == 0
    }
    package static func < (a: KeyInteger, b: KeyInteger) -> Bool {
        unsafe prk_integer_compare(a.handle, b.handle) < 0
    }
}
