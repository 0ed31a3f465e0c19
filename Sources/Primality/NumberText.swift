// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal

/// Why a text is not a number.
public enum NumberTextError: Error, Sendable, Equatable {
    /// There is nothing to read.
    case empty
    /// A sign stands where a digit should.
    case signed(Character)
    /// `0x` is not followed by a digit.
    case noDigits
    /// A byte is no digit. Positions count from 1.
    case notADigit(byte: UInt8, position: Int)
    /// The number is larger than the limit; `atLeast` when it was refused before its size was known.
    case tooLarge(bits: Int, atLeast: Bool, limit: Int)
    /// There is no memory for a number of this size.
    case outOfMemory
}

extension NumberTextError: CustomStringConvertible {
    /// What was wrong.
    public var description: String {
        switch self {
        case .empty: "there is no number"
        case .signed("-"): "negative numbers cannot be tested"
        case .signed(let sign): "a number is written without the sign '\(sign)'"
        case .noDigits: "digits are missing after 0x"
        case .notADigit(let byte, let position):
            "\(Self.name(of: byte)) at position \(position) is not a digit"
        case .tooLarge(let bits, let atLeast, let limit):
            "the number has \(atLeast ? "at least " : "")\(bits) bits, more than the limit of \(limit)"
        case .outOfMemory: "out of memory"
        }
    }

    package static func name(of byte: UInt8) -> String {
        switch byte {
        case 0: "a NUL byte"
        case 0x20: "a space"
        case 0x21...0x7E: "'\(Character(UnicodeScalar(byte)))'"
        case 0x80...0xFF: "a byte that is not ASCII (0x\(String(byte, radix: 16, uppercase: true)))"
        default: "a control character (0x\(String(byte, radix: 16, uppercase: true)))"
        }
    }
}

extension BigNatural {
    /// Reads a number in decimal, or in hexadecimal after `0x`.
    ///
    /// - Parameters:
    ///   - text: ASCII digits and nothing else.
    ///   - maximumBits: The size of the largest number to accept; decided before anything is computed.
    /// - Throws: What is wrong with the text.
    /// - Complexity: O(M(bits) log bits), subquadratic.
    public init(parsing text: String, maximumBits: Int = .max) throws(NumberTextError) {
        var limbs: [UInt64] = []
        try NumberText.append(text.utf8.span, maximumBits: maximumBits, to: &limbs)
        self.init(limbs: limbs)
    }
}

/// Numbers as people write them.
package enum NumberText {
    /// Appends the limbs of a number, one at least, and returns its size in bits.
    @discardableResult
    package static func append(
        _ text: Span<UInt8>, maximumBits: Int, to limbs: inout [UInt64]
    ) throws(NumberTextError) -> Int {
        if let value = small(text) {
            let size = 64 - value.leadingZeroBitCount
            if size <= maximumBits {
                limbs.append(value)
                return size
            }
        }
        let isHexadecimal =
            text.count >= 2 && text[0] == UInt8(ascii: "0") && text[1] | 0x20 == UInt8(ascii: "x")
        var first = isHexadecimal ? 2 : 0
        try check(text, from: first, isHexadecimal: isHexadecimal)
        while first < text.count - 1 && text[first] == UInt8(ascii: "0") { first += 1 }
        let digits = text.extracting(first..<text.count)
        let bits = leastBits(digits.count, isHexadecimal: isHexadecimal)
        if bits > maximumBits { throw .tooLarge(bits: bits, atLeast: true, limit: maximumBits) }

        let radix: Int32 = isHexadecimal ? 16 : 10
        let start = limbs.count
        limbs.append(contentsOf: repeatElement(0, count: prk_limbs_for_digits(radix, digits.count)))
        let used = unsafe limbs.withUnsafeMutableBufferPointer { limbs in
            unsafe digits.withUnsafeBytes { digits in
                // There is room for what prk_limbs_for_digits says from `start` on.
                let text = unsafe digits.bindMemory(to: CChar.self).baseAddress
                let place = unsafe limbs.baseAddress.map { unsafe $0 + start }
                return unsafe prk_limbs_from_digits(text, digits.count, radix, place)
            }
        }
        if used == .max {
            limbs.removeSubrange(start...)
            throw .outOfMemory
        }
        limbs.removeSubrange((start + max(used, 1))...)  // 0 is one limb here
        let size = used == 0 ? 0 : used * 64 - limbs[limbs.count - 1].leadingZeroBitCount
        if size > maximumBits {
            limbs.removeSubrange(start...)
            throw .tooLarge(bits: size, atLeast: false, limit: maximumBits)
        }
        return size
    }

    /// The value of at most 19 decimal digits; `nil` when it is anything else.
    private static func small(_ text: Span<UInt8>) -> UInt64? {
        if text.isEmpty || text.count > 19 { return nil }
        var value: UInt64 = 0
        for i in text.indices {
            let digit = text[i] &- UInt8(ascii: "0")
            if digit > 9 { return nil }
            value = value &* 10 &+ UInt64(digit)
        }
        return value
    }

    /// A lower bound of the size of a number with so many digits, the first of which is not 0.
    package static func leastBits(_ digits: Int, isHexadecimal: Bool) -> Int {
        // log₂ 10 > 3.3219
        isHexadecimal ? (digits - 1) * 4 + 1 : (digits - 1) * 33219 / 10000 + 1
    }

    private static func check(
        _ text: Span<UInt8>, from first: Int, isHexadecimal: Bool
    ) throws(NumberTextError) {
        if text.isEmpty { throw .empty }
        for i in first..<text.count {
            let byte = text[i]
            if byte &- UInt8(ascii: "0") <= 9 { continue }
            if isHexadecimal && (byte | 0x20) &- UInt8(ascii: "a") <= 5 { continue }
            if i == 0 && byte == UInt8(ascii: "-") { throw .signed("-") }
            if i == 0 && byte == UInt8(ascii: "+") { throw .signed("+") }
            throw .notADigit(byte: byte, position: i + 1)
        }
        if first == text.count { throw .noDigits }
    }
}
