// SPDX-License-Identifier: Apache-2.0

/// What a store gave is no payload of ours.
package struct PayloadError: Error, Equatable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// Writes the bytes of a payload.
///
/// Integers have as many bytes as they need, seven bits in each, the lowest first; the highest bit says that more
/// follow.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(byte: UInt8) { bytes.append(byte) }

    mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func append(_ value: Int) { append(UInt64(value)) }

    /// An integer with a sign: 0, -1, 1, -2, ...
    mutating func append(signed value: Int64) {
        append(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// Bytes after their number.
    mutating func append(_ text: some Collection<UInt8>) {
        append(text.count)
        bytes += text
    }
}

/// Reads the bytes of a payload, which anybody may have written: nothing is taken beyond their end, and no count is
/// believed before there are as many bytes.
struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() throws(PayloadError) -> UInt8 {
        guard let byte = rest.popFirst() else { throw Self.short }
        return byte
    }

    mutating func integer() throws(PayloadError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let byte = try byte()
            let bits = UInt64(byte & 0x7F)
            if shift == 63 && bits > 1 { break }
            value |= bits << shift
            if byte < 0x80 { return value }
        }
        throw PayloadError("an integer of more than 64 bits")
    }

    /// An integer up to `most`.
    mutating func integer(upTo most: Int, _ name: String) throws(PayloadError) -> Int {
        let value = try integer()
        guard value <= UInt64(most) else {
            throw PayloadError("\(name) is \(value), more than \(most)")
        }
        return Int(value)
    }

    mutating func signed() throws(PayloadError) -> Int64 {
        let value = try integer()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// Bytes after their number.
    mutating func text() throws(PayloadError) -> ArraySlice<UInt8> {
        let count = try integer()
        guard count <= UInt64(rest.count) else { throw Self.short }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }

    /// How many things follow, each of a byte at least.
    mutating func count() throws(PayloadError) -> Int {
        let count = try integer()
        guard count <= UInt64(rest.count) else { throw Self.short }
        return Int(count)
    }

    private static var short: PayloadError { PayloadError("it ends too early") }
}
