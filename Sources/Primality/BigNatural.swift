// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal

/// A natural number of any size: a value, made to be tested rather than computed with.
public struct BigNatural: Sendable, Hashable {
    /// The number in base 2⁶⁴, least significant limb first, without leading zeros; empty for 0.
    public let limbs: [UInt64]

    /// A number from limbs, least significant first.
    ///
    /// Leading zeros are dropped.
    ///
    /// - Complexity: O(count).
    public init(limbs: [UInt64]) {
        var limbs = limbs
        while limbs.last == 0 { limbs.removeLast() }
        self.limbs = limbs
    }

    /// A number from an integer.
    ///
    /// - Precondition: The integer is not negative.
    public init(_ value: some BinaryInteger) {
        guard let number = BigNatural(exactly: value) else {
            preconditionFailure("a negative integer is no natural number")
        }
        self = number
    }

    /// A number from an integer; `nil` when it is negative.
    public init?(exactly value: some BinaryInteger) {
        if value < 0 { return nil }
        self.init(limbs: value.words.map { UInt64($0) })
    }

    /// The number of bits without leading zeros; 0 for 0.
    public var bitWidth: Int {
        limbs.isEmpty ? 0 : limbs.count * 64 - limbs[limbs.count - 1].leadingZeroBitCount
    }

    /// Whether the number is even.
    public var isEven: Bool { limbs.isEmpty || limbs[0] & 1 == 0 }

    /// The number plus a small one.
    ///
    /// - Complexity: O(limbs).
    public func adding(_ amount: UInt64) -> BigNatural {
        var sum = limbs
        Self.add(amount, to: &sum, from: 0)
        return BigNatural(limbs: sum)
    }

    /// The number minus a small one.
    ///
    /// - Precondition: The small one is not larger.
    /// - Complexity: O(limbs).
    public func subtracting(_ amount: UInt64) -> BigNatural {
        var difference = limbs
        var borrow = amount
        for i in difference.indices where borrow != 0 {
            let (limb, overflow) = difference[i].subtractingReportingOverflow(borrow)
            difference[i] = limb
            borrow = overflow ? 1 : 0
        }
        precondition(borrow == 0, "there are no negative naturals")
        return BigNatural(limbs: difference)
    }

    /// Adds to the number that begins at `first` and reaches to the end of the limbs.
    static func add(_ amount: UInt64, to limbs: inout [UInt64], from first: Int) {
        var carry = amount
        var i = first
        while carry != 0 {
            if i == limbs.count {
                limbs.append(carry)
                return
            }
            let (sum, overflow) = limbs[i].addingReportingOverflow(carry)
            limbs[i] = sum
            carry = overflow ? 1 : 0
            i += 1
        }
    }

    /// How far it is from this number to another one: `other` − `self`; `nil` when that is no `Int`.
    ///
    /// - Complexity: O(limbs).
    public func distance(to other: BigNatural) -> Int? {
        if other < self { return other.distance(to: self).map { -$0 } }
        var low: UInt64 = 0
        var borrow = false
        for (i, limb) in other.limbs.enumerated() {
            let (first, borrowsFirst) = limb.subtractingReportingOverflow(
                i < limbs.count ? limbs[i] : 0)
            let (second, borrowsSecond) = first.subtractingReportingOverflow(borrow ? 1 : 0)
            borrow = borrowsFirst || borrowsSecond
            if i == 0 { low = second } else if second != 0 { return nil }
        }
        return Int(exactly: low)
    }
}

extension BigNatural: Comparable {
    /// Orders by value.
    ///
    /// - Complexity: O(limbs).
    public static func < (first: BigNatural, second: BigNatural) -> Bool {
        if first.limbs.count != second.limbs.count {
            return first.limbs.count < second.limbs.count
        }
        return first.limbs.reversed().lexicographicallyPrecedes(second.limbs.reversed())
    }
}

extension BigNatural: ExpressibleByIntegerLiteral {
    /// A number from a literal.
    public init(integerLiteral value: UInt64) { self.init(limbs: [value]) }
}

extension UInt64 {
    /// The number, when it is below 2⁶⁴.
    public init?(exactly number: BigNatural) {
        guard number.limbs.count <= 1 else { return nil }
        self = number.limbs.first ?? 0
    }
}

extension BigNatural: LosslessStringConvertible {
    /// The number in decimal.
    ///
    /// - Complexity: O(M(bits) log bits), subquadratic.
    public var description: String {
        if let small = UInt64(exactly: self) { return String(small) }
        let capacity = prk_decimal_capacity(limbs.count)
        return unsafe String(unsafeUninitializedCapacity: capacity) { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { text in
                // text has the capacity that the function asks for.
                let length = unsafe prk_decimal_from_limbs(limbs, limbs.count, text.baseAddress)
                precondition(length != .max, "out of memory")
                return length
            }
        }
    }

    /// A number in decimal, or in hexadecimal after `0x`; `nil` when the text is anything else.
    public init?(_ description: String) {
        guard let number = try? BigNatural(parsing: description) else { return nil }
        self = number
    }
}

extension BigNatural: Codable {
    /// Reads a string in decimal or hexadecimal.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        do {
            try self.init(parsing: text)
        } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: error.description))
        }
    }

    /// Writes a decimal string: JSON's numbers are too small in many readers.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
