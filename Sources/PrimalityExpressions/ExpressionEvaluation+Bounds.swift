// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// What may be computed: sizes are known, or bounded, before anything is.
extension ExpressionEvaluation {
    /// Refuses a result of at least so many bits when there may not be as many.
    func admit(bits: Int) throws(ExpressionError) {
        if bits > resultLimit { throw fail(.tooLarge(bits: bits, .atLeast, limit: limit)) }
        try reserve(bits: bits + 1)
    }

    /// The same of a result of which the logarithm is known, or a bound of it.
    func admit(
        log2 logarithm: Double, _ bound: ExpressionError.SizeBound = .atLeast,
        limit: Int? = nil
    ) throws(ExpressionError) {
        // Far more than what the logarithms are off.
        let bits = bound == .atLeast ? max(0, logarithm * (1 - 1e-9)) : logarithm
        // An upper bound does not refuse what may be the whole.
        let most = limit ?? (bound == .atLeast ? resultLimit : valueLimit)
        if bits >= Double(most) { throw refused(bits: bits, bound) }
        // Nothing is more than twice its lower bound, but for small numbers.
        try reserve(bits: Int(bits) * 2 + 256)
    }

    func reserve(bits: Int) throws(ExpressionError) {
        if !SignedInteger.fits(bits: bits) { throw fail(.outOfMemory) }
    }

    func refused(
        bits: Double, _ bound: ExpressionError.SizeBound = .atLeast
    ) -> ExpressionError {
        let bits = bits < 0x1p63 ? Int(bits) + 1 : Int.max
        return fail(.tooLarge(bits: bits, bound, limit: limit))
    }

    func fail(_ problem: ExpressionError.Problem) -> ExpressionError {
        ExpressionError(
            problem, at: step.place + 1,
            token: ExpressionError.token(in: text, at: step.place, length: step.length))
    }
}
