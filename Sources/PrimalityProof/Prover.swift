// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
public import Primality

/// What a search for a proof found.
public enum ProofOutcome: Sendable {
    /// The number is prime, by a certificate that our own verifier has accepted, with what its first step is, or
    /// with the test that decided below 2⁶⁴.
    case proved(Certificate, TestReport?)
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
    /// The certificate depends on the number and the options alone.
    public var seed: UInt64 = 0
    /// How much may be spent, in strong tests of the number, as far as that can be foretold; `nil` for as much as
    /// curves take.
    public var cost: UInt64?
    /// The form of the number: factors that it shows need not be looked for.
    ///
    /// One that does not give the
    /// number is ignored.
    public var form: CandidateForm?
    /// The form that the certificate is to be written in: only proofs that it has words for are looked for.
    ///
    /// `nil` and ``CertificateFormat/json``: any proof. ``CertificateFormat/primo3`` is not written, and throws.
    public var format: CertificateFormat?
    /// How many threads work at a number that is proved alone, from 1 to 1024.
    ///
    /// They pay from about 1000 bits on. The certificate does not depend on them.
    public var threads = 1
    /// Numbers that may be factors of n − 1 or n + 1.
    ///
    /// What divides neither, or is composite, is ignored.
    public var factors: [BigNatural] = []

    /// The default: nothing is known, and curves may take as long as they do.
    public init() {}
}

/// How far a search for a proof is.
///
/// The pointer is set once and freed with the last reference, and every access through it is atomic, which makes
/// the class `Sendable`.
@safe public final class ProofProgress: @unchecked Sendable {
    let millionths: UnsafeMutablePointer<UInt32>

    /// Says what is done elsewhere.
    func set(_ millionths: UInt32) { unsafe prk_store(self.millionths, millionths) }

    /// Nothing is done.
    public init() {
        unsafe millionths = .allocate(capacity: 1)
        unsafe millionths.initialize(to: 0)
    }

    deinit { unsafe millionths.deallocate() }

    /// What is done, from 0 to 1, as far as can be told.
    ///
    /// It stays 0 while factors are looked for, and never falls.
    public var share: Double { unsafe Double(prk_load(millionths)) / 1e6 }
}

/// A number that is to be proved, alone or among others.
public struct ProofRequest: Sendable {
    /// Which.
    public var number: BigNatural
    /// Its form, if it is known; as ``ProofOptions/form``, in whose place it stands.
    public var form: CandidateForm?
    /// Is told how far the search is.
    public var progress: ProofProgress?
    /// Keeps what is found on the way, and has what earlier proofs found.
    public var journal: ProofJournal?

    /// - Parameters:
    ///   - number: Which.
    ///   - form: Its form.
    ///   - progress: Is told how far the search is.
    ///   - journal: Keeps what is found.
    public init(
        _ number: BigNatural, form: CandidateForm? = nil, progress: ProofProgress? = nil,
        journal: ProofJournal? = nil
    ) {
        self.number = number
        self.form = form
        self.progress = progress
        self.journal = journal
    }
}

extension Certificate {
    /// Looks for a proof that a number is prime, by factors of n − 1 and n + 1 and by elliptic curves, and verifies
    /// it.
    ///
    /// Numbers below 2⁶⁴ are proved by a test, any larger prime by curves, in a time that grows with about the fourth
    /// power of its digits: milliseconds at 100 digits, some seconds or minutes at 1000. Those whose form shows factors
    /// of n − 1 or n + 1 are proved by one long test or two, at any size.
    ///
    /// - Parameters:
    ///   - number: Which.
    ///   - options: How.
    ///   - cancel: Ends the search.
    ///   - progress: Is told how far the search is.
    ///   - journal: Keeps what is found on the way, and has what earlier proofs found.
    /// - Returns: What was found. ``ProofOutcome/proved(_:_:)`` only when ``verify(threads:cancel:progress:)``
    ///   has accepted the certificate.
    /// - Throws: ``/Primality/PrimalityError``: cancelled, no memory, a form out of range or not written, or the journal
    ///   of another number.
    public static func prove(
        _ number: BigNatural, options: ProofOptions = ProofOptions(), cancel: CancelFlag? = nil,
        progress: ProofProgress? = nil, journal: ProofJournal? = nil
    ) throws(PrimalityError) -> ProofOutcome {
        let request = ProofRequest(
            number, form: options.form, progress: progress, journal: journal)
        return try prove([request], options: options, cancel: cancel)[0].get()
    }

    /// Looks for proofs of several numbers, in this thread.
    ///
    /// Each has the outcome and the certificate that ``prove(_:options:cancel:progress:journal:)`` gives. Where there
    /// are vectors of large numbers (AVX-512 IFMA) the numbers share them: of 100 digits many take some three quarters
    /// of the time of one after the other.
    ///
    /// - Parameters:
    ///   - requests: Which.
    ///   - options: How, but for the form.
    ///   - cancel: Ends all that have no outcome yet.
    /// - Returns: What was found, in the order of the requests.
    public static func prove(
        _ requests: [ProofRequest], options: ProofOptions = ProofOptions(),
        cancel: CancelFlag? = nil
    ) -> [Result<ProofOutcome, PrimalityError>] {
        let all = requests.map { AskedProof($0) }
        let statuses = unsafe options.withKernelOptions { raw in
            var asked: [KernelProofAsked] = unsafe []
            for one in all { unsafe asked.append(one.ask(raw, cancel)) }
            // What the call sees is in `all`, the options and `cancel`, which outlive it.
            return withExtendedLifetime((all, cancel)) {
                _ = unsafe prk_prove_many(&asked, asked.count)
                return unsafe asked.map { unsafe $0.status }
            }
        }
        return zip(all, statuses).map { one, status in
            Result { () throws(PrimalityError) in
                try one.outcome(status, options, cancel)
            }
        }
    }

    /// How many numbers of a size are worth proving at once by one thread; 1: they share nothing.
    public static func sharingCount(bits: Int) -> Int {
        Engine.auto.isBatched(bits: bits) ? 32 : 1
    }
}

extension ProofOptions {
    /// What is said of every number, in the kernel's words, for as long as `body` runs.
    func withKernelOptions<Result>(_ body: (KernelProveOptions) -> Result) -> Result {
        let batch = NumberBatch(factors)
        var raw = unsafe KernelProveOptions()
        unsafe raw.seed = seed
        unsafe raw.max_cost = cost ?? 0
        unsafe raw.threads = UInt32(clamping: threads)
        if let format { unsafe raw.certificate_format = UInt8(format.kernel.rawValue) }
        unsafe raw.factor_count = batch.count
        return unsafe batch.limbs.withUnsafeBufferPointer { limbs in
            unsafe batch.offsets.withUnsafeBufferPointer { offsets in
                unsafe raw.factors = limbs.baseAddress
                unsafe raw.factor_offsets = offsets.baseAddress
                return unsafe body(raw)
            }
        }
    }
}

/// A request in the kernel's memory, which goes with the last reference.
@safe final class AskedProof {
    let request: ProofRequest
    private let text = KernelText()
    private let sink: JournalSink?
    private let limbs: UnsafeMutableBufferPointer<UInt64>
    private let kept: UnsafeMutableBufferPointer<CChar>
    private let form: UnsafeMutablePointer<KernelForm>
    private let options: UnsafeMutablePointer<KernelProveOptions>
    private let proof: UnsafeMutablePointer<KernelProof>

    init(_ request: ProofRequest) {
        self.request = request
        sink = request.journal.map { JournalSink($0) }
        unsafe limbs = .allocate(capacity: request.number.limbs.count)
        _ = unsafe limbs.initialize(from: request.number.limbs)
        let kept = request.journal?.kept ?? []
        unsafe self.kept = .allocate(capacity: kept.count)
        _ = unsafe self.kept.initialize(from: kept.lazy.map { CChar(bitPattern: $0) })
        unsafe form = .allocate(capacity: 1)
        unsafe form.initialize(to: request.form?.kernelForm ?? KernelForm())
        unsafe options = .allocate(capacity: 1)
        unsafe options.initialize(to: KernelProveOptions())
        unsafe proof = .allocate(capacity: 1)
        unsafe proof.initialize(to: KernelProof())
    }

    deinit {
        unsafe limbs.deallocate()
        unsafe kept.deallocate()
        unsafe form.deallocate()
        unsafe options.deallocate()
        unsafe proof.deallocate()
    }

    /// What the kernel is asked; the options and the flag have to live until it has answered.
    func ask(_ options: KernelProveOptions, _ cancel: CancelFlag?) -> KernelProofAsked {
        var raw = unsafe options
        if let cancel { unsafe raw.cancel = UnsafePointer(cancel.flag) }
        if let progress = request.progress { unsafe raw.progress = progress.millionths }
        if request.form?.isValid ?? false { unsafe raw.form = UnsafePointer(form) }
        if let sink {
            unsafe raw.journal = JournalSink.sink
            unsafe raw.journal_context = sink.context
        }
        unsafe raw.kept = UnsafePointer(kept.baseAddress)
        unsafe raw.kept_size = kept.count
        unsafe self.options.pointee = raw
        var asked = unsafe KernelProofAsked()
        unsafe asked.limbs = UnsafePointer(limbs.baseAddress)
        unsafe asked.limb_count = limbs.count
        unsafe asked.options = UnsafePointer(self.options)
        unsafe asked.sink = KernelText.sink
        unsafe asked.context = text.context
        unsafe asked.proof = proof
        return unsafe asked
    }

    /// Takes what a worker process found, certificate and all.
    func take(_ found: KernelProof, text bytes: ArraySlice<UInt8>) {
        unsafe proof.pointee = found
        text.set(bytes)
    }

    /// What came of it.
    func outcome(
        _ status: KernelStatus, _ options: ProofOptions, _ cancel: CancelFlag?
    ) throws(PrimalityError) -> ProofOutcome {
        let proof = unsafe proof.pointee
        if unsafe status == .invalidArgument && !kept.isEmpty {
            let why = tried(proof)
            if !why.isEmpty { throw .unusableJournal(why) }
        }
        try PrimalityError.check(status)
        let report = TestReport(proof.report, number: request.number, seed: options.seed)
        switch proof.verdict {
        case .neither: return .neither
        case .composite: return .composite(report)
        case .proved: return .proved(try verified(text.bytes, options.threads, cancel), report)
        default: return .gaveUp(tried: tried(proof))
        }
    }

    private func tried(_ proof: KernelProof) -> String {
        unsafe withUnsafeBytes(of: proof.tried) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// The certificate of a text that the prover wrote, which is not believed either.
    private func verified(
        _ text: [UInt8], _ threads: Int, _ cancel: CancelFlag?
    ) throws(PrimalityError) -> Certificate {
        do throws(CertificateError) {
            let certificate = try Certificate(parsing: text)
            try certificate.verify(threads: threads, cancel: cancel)
            if certificate.number == request.number { return certificate }
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
