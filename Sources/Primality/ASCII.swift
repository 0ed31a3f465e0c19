// SPDX-License-Identifier: Apache-2.0

/// Kinds of characters of ASCII.
extension UInt8 {
    @inlinable package var isDigit: Bool { self &- UInt8(ascii: "0") <= 9 }
    @inlinable package var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") <= 25 }
    @inlinable package var isAlphanumeric: Bool { isDigit || isLetter }
    @inlinable package var isHexadecimalDigit: Bool {
        isDigit || (self | 0x20) &- UInt8(ascii: "a") <= 5
    }
    /// Space, tab and what ends lines.
    @inlinable package var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
