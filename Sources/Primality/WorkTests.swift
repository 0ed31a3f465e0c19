// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal

/// The tests that lines of GIMPS's work ask for by name, each with its residue.
package enum WorkTest {
    /// Fermat's test to base 3 alone: whether 3ⁿ⁻¹ is 1 modulo n, and its low 64 bits.
    ///
    /// - Parameters:
    ///   - number: n, above 3.
    ///   - form: Its form, if that is known.
    ///   - cancel: Ends it.
    /// - Returns: Whether it passed, and the residue.
    /// - Throws: Why there is no residue.
    package static func fermat(
        _ number: BigNatural, form: CandidateForm?, cancel: CancelFlag
    ) throws(PrimalityError) -> (passed: Bool, residue: UInt64) {
        var raw = form?.kernelForm ?? KernelForm()
        let isValid = form?.isValid ?? false
        var (passed, residue) = (false, UInt64(0))
        // The count is the array's.
        let status = unsafe withUnsafePointer(to: &raw) { form in
            unsafe prk_fermat_test(
                number.limbs, number.limbs.count, isValid ? form : nil, cancel.flag, &passed,
                &residue)
        }
        try PrimalityError.check(status)
        return (passed, residue)
    }

    /// The test of Lucas and Lehmer of 2ᵖ − 1 from 4 on, and the low 64 bits of its last residue, p an odd prime.
    package static func lucasLehmer(
        exponent: Int, cancel: CancelFlag
    ) throws(PrimalityError) -> (passed: Bool, residue: UInt64) {
        var limbs = [UInt64](repeating: .max, count: (exponent + 63) / 64)
        if exponent % 64 != 0 { limbs[limbs.count - 1] >>= UInt64(64 - exponent % 64) }
        var report = KernelReport()
        var residue: UInt64 = 0
        try PrimalityError.check(
            unsafe prk_special_test(limbs, limbs.count, cancel.flag, &report, &residue))
        return (report.verdict == Verdict.prime.rawValue, residue)
    }
}
