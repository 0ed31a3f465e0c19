// SPDX-License-Identifier: Apache-2.0

package import CKernels

/// Numbers of any size, packed for the kernels: what pools cut into chunks.
///
/// Number *i* is `limbs[offsets[i] ..< offsets[i + 1]]`, of one limb at least. It may have a form,
/// ``form(at:)``, which parts of the batch keep. Batches are equal when numbers and forms are.
public struct NumberBatch: Sendable, Hashable {
    package private(set) var limbs: [UInt64] = []
    package private(set) var offsets: [UInt64] = [0]
    /// Of those numbers that have one, in the order of their positions.
    package private(set) var forms: [PlacedForm] = []
    /// The size of the largest number, in bits.
    public private(set) var maximumBits = 0

    /// An empty batch.
    public init() {}

    /// A batch of 64-bit numbers.
    public init(_ numbers: some Sequence<UInt64>) {
        for number in numbers { append(number) }
    }

    /// A batch of 64-bit numbers.
    public init(_ numbers: Span<UInt64>) {
        limbs.reserveCapacity(numbers.count)
        offsets.reserveCapacity(numbers.count + 1)
        for i in numbers.indices { append(numbers[i]) }
    }

    /// A batch of numbers of any size.
    public init(_ numbers: some Sequence<BigNatural>) {
        for number in numbers { append(number) }
    }

    /// A copy of a part of a batch.
    package init(_ all: NumberBatch, _ range: Range<Int>) {
        let first = all.offsets[range.lowerBound]
        let end = all.offsets[range.upperBound]
        limbs = Array(all.limbs[Int(first)..<Int(end)])
        offsets = all.offsets[range.lowerBound...range.upperBound].map { $0 - first }
        maximumBits = range.reduce(0) { max($0, all.bitWidth(at: $1)) }
        forms = all.forms.slice(range)
    }

    /// A copy of `count` numbers as kernels have them; there are `count` + 1 offsets, from 0 on, and as many
    /// forms as numbers, or none.
    package init(
        copying limbs: UnsafePointer<UInt64>, offsets: UnsafePointer<UInt64>,
        forms: UnsafePointer<KernelForm>? = nil, count: Int
    ) {
        self.offsets = unsafe Array(UnsafeBufferPointer(start: offsets, count: count + 1))
        // The last offset is the number of limbs.
        self.limbs = unsafe Array(
            UnsafeBufferPointer(start: limbs, count: Int(self.offsets[count])))
        for i in 0..<count { maximumBits = max(maximumBits, bitWidth(at: i)) }
        guard let forms = unsafe forms else { return }
        for i in 0..<count {
            guard let form = unsafe CandidateForm(forms[i]) else { continue }
            self.forms.append(PlacedForm(position: i, form: form))
        }
    }

    /// How many numbers there are.
    public var count: Int { offsets.count - 1 }

    /// Whether there are none.
    public var isEmpty: Bool { offsets.count == 1 }

    /// How many limbs all numbers have together.
    public var limbCount: Int { limbs.count }

    /// Adds a number.
    public mutating func append(_ number: UInt64) {
        limbs.append(number)
        close(bits: 64 - number.leadingZeroBitCount)
    }

    /// Adds a number.
    public mutating func append(_ number: BigNatural) {
        if number.limbs.isEmpty { limbs.append(0) } else { limbs.append(contentsOf: number.limbs) }
        close(bits: number.bitWidth)
    }

    /// Adds a number with the form that it is written in.
    ///
    /// The form is not compared with the number, which may take long: whoever builds on it does that
    /// (``CandidateForm/matches(_:)``).
    ///
    /// - Parameters:
    ///   - number: The number.
    ///   - form: Its form; `nil`: none is known.
    /// - Throws: ``PrimalityError/invalidForm(_:)``; the batch is then unchanged.
    /// - Complexity: O(limbs), amortised. A form takes 48 bytes, and no form nothing.
    public mutating func append(
        _ number: BigNatural, form: CandidateForm?
    ) throws(PrimalityError) {
        if let form, !form.isValid { throw .invalidForm(form) }
        append(number, validForm: form)
    }

    /// Adds a number with a form whose parts are within their ranges.
    package mutating func append(_ number: BigNatural, validForm form: CandidateForm?) {
        if let form { forms.append(PlacedForm(position: count, form: form)) }
        append(number)
    }

    /// Adds a number of one limb at least, none of which leads with 0, and returns its size in bits.
    package mutating func append(_ number: UnsafeBufferPointer<UInt64>) -> Int {
        unsafe limbs.append(contentsOf: number)
        let bits = number.count * 64 - limbs[limbs.count - 1].leadingZeroBitCount
        close(bits: bits)
        return bits
    }

    /// Reads a number in decimal, or in hexadecimal after `0x`, and adds it.
    ///
    /// - Parameters:
    ///   - text: ASCII digits and nothing else.
    ///   - maximumBits: The size of the largest number to accept.
    /// - Returns: The number's size in bits.
    /// - Throws: What is wrong with the text; the batch is then unchanged.
    @discardableResult
    public mutating func append(
        parsing text: Span<UInt8>, maximumBits: Int = .max
    ) throws(NumberTextError) -> Int {
        let bits = try NumberText.append(text, maximumBits: maximumBits, to: &limbs)
        close(bits: bits)
        return bits
    }

    private mutating func close(bits: Int) {
        offsets.append(UInt64(limbs.count))
        maximumBits = max(maximumBits, bits)
    }

    /// The form that the number at a position is written in, as its giver said; `nil` when none is known.
    ///
    /// - Parameter position: A position in the batch.
    /// - Returns: The form.
    /// - Complexity: O(log forms).
    public func form(at position: Int) -> CandidateForm? { forms.form(at: position) }

    /// The number at a position.
    public subscript(position: Int) -> BigNatural {
        BigNatural(limbs: Array(limbs[Int(offsets[position])..<Int(offsets[position + 1])]))
    }

    /// The size of the number at a position, in bits.
    public func bitWidth(at position: Int) -> Int {
        let first = Int(offsets[position])
        let last = Int(offsets[position + 1]) - 1
        return limbs[last] == 0 ? 0 : (last - first + 1) * 64 - limbs[last].leadingZeroBitCount
    }
}
