// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
public import Primality

/// A number k·2ⁿ + c, above 2⁶⁴, of which Fermat's test to base 3 can have a proof.
public struct PRPNumber: Sendable, Hashable {
    /// From 1 to 2⁵³ − 1.
    public let k: UInt64
    /// n, at least 1.
    public let exponent: UInt64
    /// Odd, and below 2³¹ in size.
    public let c: Int64

    init(_ raw: KernelPRPNumber) { (k, exponent, c) = (raw.k, raw.n, raw.c) }

    var kernel: KernelPRPNumber { KernelPRPNumber(k: k, n: exponent, c: c) }

    /// The largest power that a proof of it can have.
    public var mostPower: Int {
        var raw = kernel
        return unsafe Int(prk_prp_most_power(&raw))
    }

    /// The power that a proof has when none is asked for.
    public var defaultPower: Int {
        var raw = kernel
        return unsafe Int(prk_prp_default_power(&raw))
    }

    /// A number with its form, or one whose bits show that it is k·2ⁿ ± 1; `nil` for any other, and out of range.
    ///
    /// - Parameters:
    ///   - number: The number.
    ///   - form: How it is written, if that is known; believed.
    public init?(_ number: BigNatural, form: CandidateForm?) {
        guard let found = Self.find(form) ?? Self.find(number) else { return nil }
        self = found
        if mostPower == 0 { return nil }
    }

    private static func find(_ form: CandidateForm?) -> PRPNumber? {
        guard case .power(let k, let b, let n, let c) = form, b & (b &- 1) == 0 else { return nil }
        let (exponent, isTooLarge) = n.multipliedReportingOverflow(
            by: UInt64(b.trailingZeroBitCount))
        if isTooLarge { return nil }
        // (2^p) / 2 and the like are found by their bits.
        return PRPNumber(KernelPRPNumber(k: k, n: exponent, c: c))
    }

    private static func find(_ number: BigNatural) -> PRPNumber? {
        guard let low = number.limbs.first, low & 1 == 1 else { return nil }
        let isMinus = low & 3 == 3
        // The lowest bit of k 2^n: of the number + 1, or - 1.
        var exponent = 0
        for (i, limb) in number.limbs.enumerated() {
            let bits = isMinus ? ~limb : i == 0 ? limb & ~1 : limb
            exponent = 64 * i + bits.trailingZeroBitCount
            if bits != 0 { break }
        }
        let left = number.bitWidth - exponent
        if left > 53 { return nil }
        var k: UInt64 = 0
        for bit in 0..<max(0, left) {
            let place = exponent + bit
            k |= (number.limbs[place / 64] >> UInt64(place % 64) & 1) << UInt64(bit)
        }
        return PRPNumber(
            KernelPRPNumber(k: isMinus ? k + 1 : k, n: UInt64(exponent), c: isMinus ? -1 : 1))
    }

    /// The number itself.
    ///
    /// - Complexity: O(bits).
    public var value: BigNatural {
        var limbs = [UInt64](repeating: 0, count: Int(exponent / 64) + 2)
        let shift = exponent % 64
        limbs[limbs.count - 2] = k << shift
        if shift > 0 { limbs[limbs.count - 1] = k >> (64 - shift) }
        let product = BigNatural(limbs: limbs)
        return c < 0 ? product.subtracting(c.magnitude) : product.adding(c.magnitude)
    }
}

extension PRPNumber: CustomStringConvertible {
    /// As an expression, such as `2^4423-1` or `3*2^534+1`.
    public var description: String {
        CandidateForm.power(k: k, b: 2, n: exponent, c: c).description
    }
}

/// What Fermat's test to base 3 said of a number, with a proof that its residue was computed right.
///
/// Such a proof is one of a computation. It proves no number prime, so there is no verdict that says so.
public struct PRPResult: Sendable, Hashable {
    /// What the residue shows.
    public enum Verdict: Sendable, Hashable {
        /// 3ᴺ⁻¹ is 1 modulo N.
        case probablePrime
        /// It is not.
        case composite

        /// As one of what any test may say.
        public var verdict: Primality.Verdict {
            self == .probablePrime ? .probablePrime : .composite
        }
    }

    /// What the residue shows.
    public let verdict: Verdict
    /// The low 64 bits of 3ᴺ⁻¹ mod N, as GIMPS's residues of type 1; `nil` where the proof does not tell.
    public let residue: UInt64?
    /// The proof has this many middles, and takes a 2ᵖᵒʷᵉʳth of the squarings to verify.
    public let power: Int
    /// Squarings that an earlier run had done.
    public let resumed: UInt64
    /// Of a proof that was made: the MD5 of its bytes in hexadecimal.
    public let md5: String

    init(_ raw: KernelPRP) {
        verdict =
            raw.verdict == Primality.Verdict.probablePrime.rawValue ? .probablePrime : .composite
        residue = raw.has_res64 ? raw.res64 : nil
        power = Int(raw.power)
        resumed = raw.resumed
        md5 = unsafe withUnsafeBytes(of: raw.md5) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

/// Why no PRP proof was made.
public enum PRPError: Error, Sendable, Equatable {
    /// 3 divides the number, which is composite; no residue to base 3 shows that.
    case divisibleBy3
    /// The file of residues is another number's, or something else.
    case foreignResidues
    /// The file of residues cannot be read or written: an `errno`.
    case file(Int32)
    /// The test could not be run.
    case test(PrimalityError)
}

/// Proofs after Pietrzak that the residue of Fermat's test to base 3 was computed right, in the form of GIMPS.
public enum PRPProof {
    /// About what the making of a proof takes, in bytes.
    public struct Room: Sendable, Hashable {
        /// Of memory, when the residues are in a file.
        public let memory: UInt64
        /// The file of residues, at its end.
        public let residues: UInt64
        /// The proof.
        public let proof: UInt64
    }

    /// About what the making of a proof takes.
    public static func room(
        _ number: PRPNumber, power: Int
    ) throws(PrimalityError) -> Room {
        var raw = number.kernel
        var (memory, residues, proof): (UInt64, UInt64, UInt64) = (0, 0, 0)
        try PrimalityError.check(
            unsafe prk_prp_room(&raw, UInt32(clamping: power), &memory, &residues, &proof))
        return Room(memory: memory, residues: residues, proof: proof)
    }

    /// Tests a number to base 3, and makes the proof of the residue.
    ///
    /// - Parameters:
    ///   - number: Which.
    ///   - power: From 1 to ``PRPNumber/mostPower``.
    ///   - residues: A descriptor of a file, open for reading and writing, that keeps what a run which is ended would
    ///     lose; `nil` keeps it in memory.
    ///   - cancel: Ends it.
    ///   - progress: Is told how far it is.
    /// - Returns: What the residue shows, and the proof, which ``verify(_:cancel:progress:)`` has not seen.
    /// - Throws: Why there is none.
    /// - Complexity: n squarings modulo the number, and some 100·2ᵖᵒʷᵉʳ products.
    public static func prove(
        _ number: PRPNumber, power: Int, residues: Int32? = nil, cancel: CancelFlag? = nil,
        progress: ProofProgress? = nil
    ) throws(PRPError) -> (result: PRPResult, proof: [UInt8]) {
        let text = KernelText()
        var raw = number.kernel
        var result = KernelPRP()
        var file = residues ?? -1
        let status = unsafe withUnsafePointer(to: &file) { file in
            var options = unsafe KernelPRPOptions()
            unsafe options.power = UInt32(clamping: power)
            if let cancel { unsafe options.cancel = UnsafePointer(cancel.flag) }
            if let progress { unsafe options.progress = progress.millionths }
            if residues != nil { unsafe options.residues = file }
            // What the call sees outlives it.
            return withExtendedLifetime((cancel, progress, text)) {
                unsafe prk_prp_prove(&raw, &options, KernelText.sink, text.context, &result)
            }
        }
        do throws(PrimalityError) {
            try PrimalityError.check(status)
        } catch {
            throw .test(error)
        }
        switch result.outcome {
        case .done: return (PRPResult(result), text.bytes)
        case .baseDivides: throw .divisibleBy3
        case .foreignFile: throw .foreignResidues
        default: throw .file(result.file_error)
        }
    }

    /// What the first lines of a proof say.
    public struct Head: Sendable, Hashable {
        /// The number that it is about.
        public let number: PRPNumber
        /// 1 or 2.
        public let version: Int
        /// How many middles it has.
        public let power: Int
        /// The number's size.
        public let bits: Int
        /// How many bytes the proof has.
        public let size: Int
    }

    /// As many bytes as the first lines can have.
    public static let mostHeadBytes = Int(PRK_PRP_MOST_HEAD)

    /// Whether a text begins as a proof does.
    public static func isProof(_ text: some Collection<UInt8>) -> Bool {
        let beginning = Array(text.prefix(16))
        return unsafe beginning.withUnsafeBytes { bytes in
            unsafe prk_prp_is_proof(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
    }

    /// Reads the first lines of a proof.
    ///
    /// - Parameter text: Its beginning, ``mostHeadBytes`` of it or all.
    /// - Returns: What they say.
    /// - Throws: What is wrong with them.
    public static func head(_ text: some Collection<UInt8>) throws(CertificateError) -> Head {
        let beginning = Array(text.prefix(mostHeadBytes))
        var raw = KernelPRPHead()
        var problem = KernelCertificateProblem()
        let status = unsafe beginning.withUnsafeBytes { bytes in
            unsafe prk_prp_read_head(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &raw, &problem)
        }
        try CertificateError.check(status)
        if problem.verdict != .valid { throw CertificateError(problem) }
        return Head(
            number: PRPNumber(raw.number), version: Int(raw.version), power: Int(raw.power),
            bits: Int(raw.bits), size: Int(raw.total))
    }

    /// Verifies a proof.
    ///
    /// - Parameters:
    ///   - text: All of its bytes.
    ///   - cancel: Ends it.
    ///   - progress: Is told how far it is.
    /// - Returns: What the residue shows, which is never that the number is prime.
    /// - Throws: What is wrong.
    /// - Complexity: n/2ᵖᵒʷᵉʳ squarings modulo the number, and some 200 products for each middle.
    public static func verify(
        _ text: [UInt8], cancel: CancelFlag? = nil, progress: ProofProgress? = nil
    ) throws(CertificateError) -> PRPResult {
        var result = KernelPRP()
        var problem = KernelCertificateProblem()
        var options = unsafe KernelPRPOptions()
        if let cancel { unsafe options.cancel = UnsafePointer(cancel.flag) }
        if let progress { unsafe options.progress = progress.millionths }
        let status = unsafe text.withUnsafeBytes { bytes in
            withExtendedLifetime((cancel, progress)) {
                unsafe prk_prp_verify(
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &options,
                    &result, &problem)
            }
        }
        try CertificateError.check(status)
        if problem.verdict != .valid { throw CertificateError(problem) }
        return PRPResult(result)
    }
}
