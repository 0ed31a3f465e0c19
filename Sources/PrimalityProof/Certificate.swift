// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
public import Primality
internal import PrimalityPool

/// A certificate that a number is prime: steps that anybody can check without trusting who found them.
///
/// What was read is immutable. Whether it proves anything is known only after
/// ``verify(threads:cancel:progress:)`` has returned.
@safe public final class Certificate: @unchecked Sendable {
    /// Whose form it was written in.
    public let format: CertificateFormat
    /// The number that it is about.
    public let number: BigNatural
    /// How many steps it has.
    public let stepCount: Int

    // Set once, and only read until the last reference is gone.
    private let certificate: OpaquePointer

    /// The largest text that is read, in bytes.
    public static let mostBytes = Int(PRK_CERTIFICATE_MOST_BYTES)

    /// Reads one certificate, whose form is told by its content; nothing but blank lines may follow.
    ///
    /// - Parameter text: Its bytes, at most ``mostBytes``.
    /// - Throws: What is wrong and where. The conditions of a proof are looked at by
    ///   ``verify(threads:cancel:progress:)``, as far as reading does not need them.
    /// - Complexity: O(bytes).
    public convenience init(parsing text: some Collection<UInt8>) throws(CertificateError) {
        let bytes = Array(text)
        let (certificate, used) = unsafe try Certificate.read(bytes[...])
        if used < bytes.count {
            unsafe prk_certificate_destroy(certificate)
            throw CertificateError(
                .unreadable, step: nil, line: bytes[..<used].count { $0 == 0x0A } + 1,
                "the certificate ends before this line, and more text follows")
        }
        unsafe self.init(certificate)
    }

    /// Reads one certificate from a string.
    public convenience init(parsing text: String) throws(CertificateError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// The first certificate of a text, and how many bytes it takes with the blank lines after it.
    package static func first(
        of text: ArraySlice<UInt8>
    ) throws(CertificateError) -> (certificate: Certificate, used: Int) {
        let (certificate, used) = unsafe try read(text)
        return (unsafe Certificate(certificate), used)
    }

    private static func read(
        _ text: ArraySlice<UInt8>
    ) throws(CertificateError) -> (OpaquePointer, used: Int) {
        var certificate: OpaquePointer?
        var used = 0
        var problem = KernelCertificateProblem()
        let status = unsafe text.withUnsafeBytes { bytes in
            // As many bytes as it says; nothing keeps the pointer.
            unsafe prk_certificate_read(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &certificate,
                &used, &problem)
        }
        try CertificateError.check(status)
        guard let certificate = unsafe certificate else { throw CertificateError(problem) }
        return unsafe (certificate, used)
    }

    private init(_ certificate: OpaquePointer) {
        unsafe self.certificate = certificate
        format = unsafe CertificateFormat(prk_certificate_form(certificate))
        stepCount = unsafe prk_certificate_steps(certificate)
        var count = 0
        let limbs = unsafe prk_certificate_number(certificate, &count)
        // They live as long as the certificate, and are copied here.
        number = unsafe BigNatural(limbs: Array(UnsafeBufferPointer(start: limbs, count: count)))
    }

    deinit { unsafe prk_certificate_destroy(certificate) }

    /// Checks every condition of every step, so that the number is prime when this returns.
    ///
    /// - Parameters:
    ///   - threads: How many share the steps, this one included.
    ///   - cancel: Ends it.
    ///   - progress: Is told how many steps are done. Called by this thread, some times a second.
    /// - Throws: The first condition that does not hold, and in which step; or that it was cancelled.
    /// - Complexity: About as many products modulo the number as a test of it takes, for each step.
    public func verify(
        threads: Int = 1, cancel: CancelFlag? = nil, progress: ((Int) -> Void)? = nil
    ) throws(CertificateError) {
        let count = max(1, min(threads, stepCount))
        let work = Work(parts: count)
        let stop = cancel?.part() ?? CancelFlag()
        @Sendable func verifyPart(_ part: Int) {
            var options = unsafe KernelVerifyOptions()
            unsafe options.part = UInt32(part)
            unsafe options.parts = UInt32(count)
            unsafe options.cancel = UnsafePointer(stop.flag)
            unsafe options.done = work.done
            var problem = KernelCertificateProblem()
            let status = unsafe prk_certificate_verify(certificate, &options, &problem)
            work.end(part, status, problem)
        }
        // One that the system does not give is missed by nothing but the time.
        var missing: [Int] = []
        var started: [WorkerThread] = []
        let first = progress == nil ? 1 : 0
        for part in first..<count {
            do {
                started.append(
                    try WorkerThread(name: "prk-verify-\(part)") { verifyPart(part) })
            } catch {
                missing.append(part)
            }
        }
        if progress == nil { verifyPart(0) }
        for part in missing { verifyPart(part) }
        if let progress {
            work.wait { progress($0) }
            progress(work.doneCount)
        }
        for thread in started { thread.join() }
        if let error = work.firstError { throw error }
    }

    /// The certificate in another form.
    ///
    /// - Parameter format: Any but ``CertificateFormat/primo3``, which nothing writes any more.
    /// - Returns: Its text.
    /// - Throws: Which step that form has no words for.
    public func text(as format: CertificateFormat) throws(CertificateError) -> String {
        let text = KernelText()
        var problem = KernelCertificateProblem()
        let status = unsafe prk_certificate_write(
            certificate, format.kernel, KernelText.sink, text.context, &problem)
        try CertificateError.check(status)
        if problem.verdict != .valid { throw CertificateError(problem) }
        return String(decoding: text.bytes, as: UTF8.self)
    }
}

/// What a kernel writes, some bytes after the others.
final class KernelText {
    private(set) var bytes: [UInt8] = []

    /// Takes the next bytes; the context is a text's ``context``, which has to live until it is over.
    static let sink: prk_text_sink = { context, bytes, count in
        guard let context = unsafe context, let bytes = unsafe bytes else { return false }
        let text = unsafe Unmanaged<KernelText>.fromOpaque(context).takeUnretainedValue()
        unsafe text.bytes.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return true
    }

    func set(_ bytes: ArraySlice<UInt8>) { self.bytes = Array(bytes) }

    var context: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }
}

/// What the threads of a verification share.
@safe private final class Work: @unchecked Sendable {
    /// Incremented by the kernel, atomically.
    let done: UnsafeMutablePointer<UInt64>
    private let results: Monitor<[Int: Result<Void, CertificateError>]>
    private let parts: Int

    init(parts: Int) {
        self.parts = parts
        unsafe done = .allocate(capacity: 1)
        unsafe done.initialize(to: 0)
        results = Monitor([:])
    }

    deinit { unsafe done.deallocate() }

    var doneCount: Int { Int(unsafe prk_counter_read(done)) }

    func end(_ part: Int, _ status: KernelStatus, _ problem: KernelCertificateProblem) {
        let result: Result<Void, CertificateError>
        do throws(CertificateError) {
            try CertificateError.check(status)
            if problem.verdict != .valid { throw CertificateError(problem) }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        results.withLock(wake: true) { $0[part] = result }
    }

    /// Waits for the end of all parts, and says some times a second how many steps are done.
    func wait(_ progress: (Int) -> Void) {
        results.wait(lookingEvery: 200) { [parts] results in
            if results.count == parts { return () }
            progress(doneCount)
            return nil
        }
    }

    /// Of several the one that comes first in the text.
    var firstError: CertificateError? {
        let errors = results.withLock { $0.values }.compactMap { result -> CertificateError? in
            if case .failure(let error) = result { error } else { nil }
        }
        return errors.min { first, second in first.place < second.place }
    }
}
