// SPDX-License-Identifier: Apache-2.0

package import CKernels

/// The form that a candidate is written in: what proofs and fast arithmetic go by.
///
/// A form is what somebody says of a number, and changes no verdict. Whoever builds on it asks
/// ``matches(_:)`` first. Two forms may give the same number: they stay as they are written, so 4⁵ has the
/// base 4 and is no 2¹⁰.
public enum CandidateForm: Sendable, Hashable, Codable {
    /// k·bⁿ + c, with k ≥ 1, b ≥ 2 and c > −2⁶³.
    case power(k: UInt64, b: UInt64, n: UInt64, c: Int64)
    /// n·(n − step)·(n − 2·step)… + c, down to the last positive factor, with step ≥ 1 and c > −2⁶³: n! + c
    /// for step 1. The product is 1 for n = 0.
    case factorial(n: UInt64, step: UInt64, c: Int64)
    /// n# + c, with c > −2⁶³: the product of the primes up to n, which is 1 below 2.
    case primorial(n: UInt64, c: Int64)

    /// Whether its parts are within the ranges that are stated beside each case.
    public var isValid: Bool {
        switch self {
        case .power(let k, let b, _, let c): k >= 1 && b >= 2 && c != .min
        case .factorial(_, let step, let c): step >= 1 && c != .min
        case .primorial(_, let c): c != .min
        }
    }

    /// Whether it gives a number; exact.
    ///
    /// A form that cannot have the number's size is refused before anything is computed, so hostile values cost
    /// nothing.
    ///
    /// - Parameter number: The number.
    /// - Returns: Whether the number has this form. `false` when the form is not valid.
    /// - Throws: ``PrimalityError/outOfMemory``; ``PrimalityError/tooLarge(limit:)`` above 2³³ bits.
    /// - Complexity: That of some multiplications of the number's size.
    public func matches(_ number: BigNatural) throws(PrimalityError) -> Bool {
        if !isValid { return false }
        var form = kernelForm
        var matches = false
        // The count is the array's.
        try PrimalityError.check(
            unsafe prk_form_matches(&form, number.limbs, number.limbs.count, &matches))
        return matches
    }
}

extension CandidateForm: CustomStringConvertible {
    /// As an expression, such as `3*2^10+1`, `100!3-1` or `97#+1`.
    public var description: String {
        let (product, c) =
            switch self {
            case .power(let k, let b, let n, let c): ((k == 1 ? "" : "\(k)*") + "\(b)^\(n)", c)
            case .factorial(let n, let step, let c): ("\(n)!" + (step == 1 ? "" : "\(step)"), c)
            case .primorial(let n, let c): ("\(n)#", c)
            }
        return c == 0 ? product : product + (c > 0 ? "+\(c)" : "\(c)")
    }
}

extension CandidateForm {
    /// In C.
    package var kernelForm: KernelForm {
        var form = KernelForm()
        switch self {
        case .power(let k, let b, let n, let c):
            form.kind = KernelFormKind.power.rawValue
            (form.k, form.b, form.n, form.c) = (k, b, n, c)
        case .factorial(let n, let step, let c):
            form.kind = KernelFormKind.factorial.rawValue
            (form.n, form.step, form.c) = (n, step, c)
        case .primorial(let n, let c):
            form.kind = KernelFormKind.primorial.rawValue
            (form.n, form.c) = (n, c)
        }
        return form
    }

    /// Of C's; `nil` for none.
    package init?(_ form: KernelForm) {
        switch KernelFormKind(rawValue: form.kind) {
        case .power: self = .power(k: form.k, b: form.b, n: form.n, c: form.c)
        case .factorial: self = .factorial(n: form.n, step: form.step, c: form.c)
        case .primorial: self = .primorial(n: form.n, c: form.c)
        default: return nil
        }
    }
}

/// A form and the position of its number.
package struct PlacedForm: Sendable, Hashable {
    package var position: Int
    package var form: CandidateForm
}

/// Forms in the order of their positions.
extension [PlacedForm] {
    /// Where those from a position on begin.
    private func start(_ position: Int) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].position < position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Those of a range of positions, which is counted from its beginning.
    func slice(_ range: Range<Int>) -> [PlacedForm] {
        if isEmpty { return [] }
        return self[start(range.lowerBound)..<start(range.upperBound)].map {
            PlacedForm(position: $0.position - range.lowerBound, form: $0.form)
        }
    }

    func form(at position: Int) -> CandidateForm? {
        if isEmpty { return nil }
        let place = start(position)
        return place < count && self[place].position == position ? self[place].form : nil
    }

    /// Calls `body` with a form for each position of a range, or with `nil` when there is none at all.
    package func withKernelForms<Result>(
        in range: Range<Int>, _ body: (UnsafePointer<KernelForm>?) -> Result
    ) -> Result {
        if isEmpty { return body(nil) }
        return unsafe kernelForms(in: range).withUnsafeBufferPointer { forms in
            unsafe body(forms.isEmpty ? nil : forms.baseAddress)
        }
    }

    /// A form for each position of a range, as kernels have them; empty when there is none at all.
    package func kernelForms(in range: Range<Int>) -> [KernelForm] {
        let placed = slice(range)
        if placed.isEmpty { return [] }
        var forms = [KernelForm](repeating: KernelForm(), count: range.count)
        for one in placed { forms[one.position] = one.form.kernelForm }
        return forms
    }
}
