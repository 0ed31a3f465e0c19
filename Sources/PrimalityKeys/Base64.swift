// SPDX-License-Identifier: Apache-2.0

/// Base64 as PEM and OpenSSH have it [RFC4648].
///
/// swift-asn1 and Foundation read it from strings, which nobody can overwrite; here what is decoded is a
/// ``SecretBytes``.
enum Base64 {
    /// Decodes a text in which spaces and line ends do not count.
    ///
    /// - Parameter text: Digits, with `=` at the end where their number asks for it, or without.
    /// - Returns: The bytes; `nil` when the text is not base64.
    /// - Complexity: O(count).
    static func decode(_ text: ArraySlice<UInt8>) -> SecretBytes? {
        let bytes = SecretBytes(capacity: text.count / 4 * 3 + 3)
        var bits: UInt32 = 0
        var digits = 0
        var padding = 0
        for character in text {
            if isSpace(character) { continue }
            if character == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            digits += 1
            if digits % 4 == 0 {
                for shift in [16, 8, 0] as [UInt32] {
                    bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
                }
                bits = 0
            }
        }
        let left = digits % 4
        // One digit alone is no byte; OpenSSH's lines and some PEM files leave the padding out.
        if left == 1 || padding > 2 || (padding > 0 && left + padding != 4) { return nil }
        if left == 2 { bytes.append(UInt8(truncatingIfNeeded: bits >> 4)) }
        if left == 3 {
            bytes.append(UInt8(truncatingIfNeeded: bits >> 10))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 2))
        }
        return bytes
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
