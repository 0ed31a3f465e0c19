// SPDX-License-Identifier: Apache-2.0

public import Primality

extension NumberExpression {
    /// The expression's value.
    ///
    /// Before anything is computed its size is estimated: `9^(9^9)` and `(10^9)!` are refused at once.
    /// What is computed on the way may be negative, and may have four times the limit's bits.
    ///
    /// - Parameters:
    ///   - maximumBits: The size of the largest number to accept.
    ///   - cancel: Ends the computation between two operations, and in a search for primes.
    /// - Returns: The number, of which it is known that it is not negative.
    /// - Throws: Which operation cannot be done, and why.
    /// - Complexity: That of some multiplications of numbers of the limit's size for each operation.
    public func value(
        maximumBits: Int, cancel: CancelFlag? = nil
    ) throws(ExpressionError) -> BigNatural {
        try candidate(maximumBits: maximumBits, cancel: cancel).value
    }

    /// The expression's value, and the form that it is written in when that is a ``/Primality/CandidateForm``.
    ///
    /// k·bⁿ + c has its form in any order and with any brackets, signs and digits, when k and b are whole
    /// numbers, products of such included, and c is a sum of such: `3*2^5000+1`, `1-(-2^7)` does not. n may be
    /// any expression, as may what a factorial or primorial is of: `2^(2^16)+1`, `(10^2)!3-1`. `M(127)` is
    /// 2¹²⁷ − 1, and `1e12` is 10¹². Numbers keep the base that they are written with. Beyond k < 2⁶⁴ and
    /// |c| < 2⁶³, and of everything else, there is no form.
    ///
    /// - Parameters:
    ///   - maximumBits: The size of the largest number to accept.
    ///   - cancel: Ends the computation between two operations, and in a search for primes.
    /// - Returns: The number, and its form, which gives it; `nil` when there is none.
    /// - Throws: Which operation cannot be done, and why.
    /// - Complexity: That of ``value(maximumBits:cancel:)``.
    public func candidate(
        maximumBits: Int, cancel: CancelFlag? = nil
    ) throws(ExpressionError) -> (value: BigNatural, form: CandidateForm?) {
        var evaluation = ExpressionEvaluation(text, maximumBits: maximumBits, cancel: cancel)
        var forms = FormFinder()
        for (i, step) in steps.enumerated() {
            if cancel?.isCancelled == true { throw ExpressionError(.cancelled) }
            // The operation may change them.
            let operands = evaluation.stack.suffix(2).map(\.word)
            try evaluation.take(step, isLast: i == steps.count - 1)
            forms.take(step.operation, of: operands, giving: evaluation.stack.last?.word)
        }
        return (try evaluation.result(), forms.form)
    }
}

extension BigNatural {
    /// The value of an expression, such as `3*2^5000+1` or `503#-641`; plain numbers are expressions too.
    ///
    /// - Parameters:
    ///   - expression: What ``NumberExpression`` describes.
    ///   - maximumBits: The size of the largest number to accept; decided before anything is computed.
    /// - Throws: What is wrong with the text, or with the value.
    public init(expression: String, maximumBits: Int) throws(ExpressionError) {
        var batch = NumberBatch()
        try batch.append(expression: expression.utf8.span, maximumBits: maximumBits)
        self = batch[0]
    }
}

extension NumberBatch {
    /// Computes an expression and adds its value, with the form that it is written in when that is known
    /// (``NumberExpression/candidate(maximumBits:cancel:)``).
    ///
    /// A plain number costs what ``append(parsing:maximumBits:)`` does.
    ///
    /// - Parameters:
    ///   - text: The expression.
    ///   - maximumBits: The size of the largest number to accept; decided before anything is computed.
    ///   - cancel: Ends the computation between two operations, and in a search for primes.
    /// - Returns: The number's size in bits.
    /// - Throws: What is wrong with the text, or with the value; the batch is then unchanged.
    @discardableResult
    public mutating func append(
        expression text: Span<UInt8>, maximumBits: Int, cancel: CancelFlag? = nil
    ) throws(ExpressionError) -> Int {
        do throws(NumberTextError) {
            return try append(parsing: text, maximumBits: maximumBits)
        } catch {
            switch error {
            case .notADigit, .signed: break
            default: throw ExpressionError(.number(error))
            }
        }
        let found = try NumberExpression(text.indices.map { text[$0] }).candidate(
            maximumBits: maximumBits, cancel: cancel)
        append(found.value, validForm: found.form)
        return found.value.bitWidth
    }
}
