// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
public import Primality

/// What a search for a proof found.
public enum ProofOutcome: Sendable {
    /// The number is prime, by a certificate that our own verifier has accepted.
    case proved(Certificate)
    /// The number is composite, with what shows it.
    case composite(TestReport?)
    /// 0 and 1.
    case neither
    /// A probable prime of which no proof was found.
    case gaveUp(tried: String)
}

/// How to look for a proof.
public struct ProofOptions: Sendable {
    /// Chooses what is random in the search for factors.
    ///
    /// The certificate depends on the number and this alone.
    public var seed: UInt64 = 0
    /// How much may be spent on factors, in strong tests of the number; `nil` for what takes about a second, or
    /// 1000 tests if that is more.
    public var cost: UInt64?
    /// The form of the number: factors that it shows need not be looked for.
    ///
    /// One that does not give the
    /// number is ignored.
    public var form: CandidateForm?
    /// Numbers that may be factors of n − 1 or n + 1.
    ///
    /// What divides neither, or is composite, is ignored.
    public var factors: [BigNatural] = []

    /// The default: nothing is known, and about a second may be spent.
    public init() {}
}

extension Certificate {
    /// Looks for a proof that a number is prime, by the factors of n − 1 and n + 1, and verifies it.
    ///
    /// Numbers below 2⁶⁴ are proved by a test. Of larger ones those are that have enough small factors beside
    /// them: most up to 100 bits, few from 200 bits on; and those whose form shows factors, at any size.
    ///
    /// - Parameters:
    ///   - number: Which.
    ///   - options: How.
    ///   - cancel: Ends the search.
    /// - Returns: What was found. ``ProofOutcome/proved(_:)`` only when ``verify(threads:cancel:progress:)``
    ///   has accepted the certificate.
    /// - Throws: ``Primality/PrimalityError``: cancelled, no memory, or a form out of range.
    public static func prove(
        _ number: BigNatural, options: ProofOptions = ProofOptions(), cancel: CancelFlag? = nil
    ) throws(PrimalityError) -> ProofOutcome {
        let text = KernelText()
        var proof = KernelProof()
        let batch = NumberBatch(options.factors)
        let hasForm = options.form?.isValid ?? false
        var form = options.form?.kernelForm ?? KernelForm()
        let status = unsafe withUnsafePointer(to: &form) { form in
            var raw = unsafe KernelProveOptions()
            unsafe raw.seed = options.seed
            unsafe raw.max_cost = options.cost ?? 0
            if let cancel { unsafe raw.cancel = UnsafePointer(cancel.flag) }
            if hasForm { unsafe raw.form = form }
            return unsafe withPointers(to: batch) { limbs, offsets in
                unsafe raw.factors = limbs
                unsafe raw.factor_offsets = offsets
                unsafe raw.factor_count = batch.count
                // Limbs as many as it says; there are count + 1 offsets.
                return unsafe prk_prove(
                    number.limbs, number.limbs.count, &raw, KernelText.sink, text.context, &proof)
            }
        }
        try PrimalityError.check(status)
        switch proof.verdict {
        case .neither: return .neither
        case .composite:
            return .composite(
                TestReport(proof.report, number: number, seed: options.seed))
        case .proved:
            return .proved(try verified(text.bytes, of: number, cancel))
        default:
            let tried = unsafe withUnsafeBytes(of: proof.tried) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            return .gaveUp(tried: tried)
        }
    }

    private static func withPointers<Result>(
        to batch: NumberBatch,
        _ body: (UnsafePointer<UInt64>?, UnsafePointer<UInt64>?) -> Result
    ) -> Result {
        unsafe batch.limbs.withUnsafeBufferPointer { limbs in
            unsafe batch.offsets.withUnsafeBufferPointer { offsets in
                unsafe body(limbs.baseAddress, offsets.baseAddress)
            }
        }
    }

    /// The certificate of a text that the prover wrote, which is not believed either.
    private static func verified(
        _ text: [UInt8], of number: BigNatural, _ cancel: CancelFlag?
    ) throws(PrimalityError) -> Certificate {
        do throws(CertificateError) {
            let certificate = try Certificate(parsing: text)
            try certificate.verify(cancel: cancel)
            if certificate.number == number { return certificate }
        } catch {
            switch error.kind {
            case .cancelled: throw .cancelled
            case .outOfMemory: throw .outOfMemory
            default: throw .internalError("a certificate of ours is not valid: \(error)")
            }
        }
        throw .internalError("a certificate of ours is about another number")
    }
}
