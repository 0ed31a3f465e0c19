// SPDX-License-Identifier: Apache-2.0

package import CKernels
package import CKernels.Internal

/// An engine with its options and the memory that it reuses from number to number.
///
/// One tester serves one thread at a time; it can be sent to another. For a single number the free
/// functions are simpler, and as fast below 2⁶⁴.
@safe public struct Tester: ~Copyable, @unchecked Sendable {
    // Sendable: the scratch is reached through `mutating` functions of this one owner only.
    private let scratch: OpaquePointer
    private let job: KernelJob
    private let cancel: CancelFlag?  // keeps the job's pointer alive
    /// The engine.
    public let engine: Engine
    /// The options.
    public let options: TestOptions

    /// Makes a tester.
    ///
    /// - Parameters:
    ///   - engine: Which engine tests.
    ///   - options: How.
    ///   - cancel: Ends a test that is under way.
    ///   - wantsReports: Whether evidence is collected; it costs up to a microsecond a number.
    /// - Throws: ``PrimalityError`` when the forced level cannot be used or there is no memory.
    public init(
        engine: Engine = .auto, options: TestOptions = TestOptions(), cancel: CancelFlag? = nil,
        wantsReports: Bool = false
    ) throws(PrimalityError) {
        try KernelLevel.checkForcedLevel()
        guard let scratch = unsafe prk_scratch_create() else { throw .outOfMemory }
        unsafe self.scratch = unsafe scratch
        self.engine = engine
        self.options = options
        self.cancel = cancel
        unsafe job = unsafe engine.job(
            options: options, cancel: cancel, wantsReports: wantsReports)
    }

    deinit { unsafe prk_scratch_destroy(scratch) }

    /// Tests a batch.
    ///
    /// - Returns: Verdicts and, if they were asked for, reports; `nil` for numbers that were not
    ///   reached because the flag was raised.
    /// - Throws: ``PrimalityError/numberTooLarge(bits:limit:engine:)`` before anything is tested,
    ///   ``PrimalityError/outOfMemory``.
    public mutating func test(_ numbers: NumberBatch) throws(PrimalityError) -> TestResults {
        let results = try run(numbers)
        switch results.status {
        case .ok, .cancelled: return results
        default:
            try PrimalityError.check(results.status)
            return results
        }
    }

    /// As ``test(_:)``, with the status in the results.
    package mutating func run(_ numbers: NumberBatch) throws(PrimalityError) -> TestResults {
        let limit = engine.maximumBits
        if numbers.maximumBits > limit {
            throw .numberTooLarge(bits: numbers.maximumBits, limit: limit, engine: engine)
        }
        let count = numbers.count
        var results = unsafe TestResults(
            seed: options.seed, untested: count, withReports: job.wants_reports)
        let certificates = options.wantsCertificates ? KeptCertificates() : nil
        results.status = unsafe numbers.forms.withKernelForms(in: 0..<count) { forms in
            var job = unsafe job
            unsafe job.options.forms = unsafe forms
            if let certificates {
                // It outlives the call.
                unsafe job.certificate_context = unsafe Unmanaged.passUnretained(certificates)
                    .toOpaque()
                unsafe job.certificate_sink = KeptCertificates.sink
            }
            // Offsets have count + 1 entries, the last one is the number of limbs; verdicts and reports
            // have count places, and there are count forms or none.
            return unsafe prk_job_run(
                &job, numbers.limbs, numbers.offsets, count, scratch, &results.verdictBytes,
                &results.rawReports)
        }
        if let certificates { results.evidence = certificates.texts }
        return results
    }

    /// As ``test(_:)`` without evidence, in memory of the caller's: allocates nothing.
    ///
    /// - Parameters:
    ///   - limbs: Number *i* is `limbs[offsets[i] ..< offsets[i + 1]]`, and none is too large for the
    ///     engine.
    ///   - offsets: `count` + 1 places in `limbs`.
    ///   - forms: `count` forms, or none.
    ///   - count: How many numbers there are.
    ///   - verdicts: `count` places for verdict bytes.
    /// - Returns: What the kernels say; every place is written when that is `ok`.
    package mutating func run(
        limbs: UnsafePointer<UInt64>, offsets: UnsafePointer<UInt64>,
        forms: UnsafePointer<KernelForm>? = nil, count: Int,
        verdicts: UnsafeMutablePointer<UInt8>
    ) -> KernelStatus {
        var plain = unsafe job
        unsafe plain.wants_reports = false
        unsafe plain.options.forms = unsafe forms
        return unsafe prk_job_run(&plain, limbs, offsets, count, scratch, verdicts, nil)
    }

    /// Divides one number by a range of divisors, when the engine is complete trial division: a
    /// verdict "prime" says that none of them divides it.
    package mutating func run(_ number: UInt64, divisors: ClosedRange<UInt64>) -> TestResults {
        let wantsReports = unsafe job.wants_reports
        var results = TestResults(seed: options.seed, untested: 1, withReports: true)
        results.status = unsafe withUnsafePointer(to: job) { job in
            // Verdicts and reports have one place.
            unsafe prk_job_run_part(
                job, number, divisors.lowerBound, divisors.upperBound, scratch,
                &results.verdictBytes, &results.rawReports)
        }
        if !wantsReports { results.rawReports = [] }
        return results
    }
}

/// The certificates of a batch, by the place of the number.
private final class KeptCertificates {
    private(set) var texts: [Int: [UInt8]] = [:]

    /// Takes what the kernel gives, which has the object as its context.
    static let sink: prk_certificate_sink = { context, i, text, size in
        guard let context = unsafe context, let text = unsafe text else { return }
        let kept = unsafe Unmanaged<KeptCertificates>.fromOpaque(context).takeUnretainedValue()
        unsafe kept.texts[i] = Array(UnsafeRawBufferPointer(start: text, count: size))
    }
}

/// What became of a batch.
public struct TestResults: Sendable {
    /// Verdict bytes in the batch's order, `KernelVerdict.untested` where none was reached.
    package var verdictBytes: [UInt8] = []
    package var rawReports: [KernelReport] = []
    package var status: KernelStatus = .ok
    /// By position, where there is any.
    package var evidence: [Int: [UInt8]] = [:]
    private let seed: UInt64

    package init(seed: UInt64) { self.seed = seed }

    /// Results before the test.
    package init(seed: UInt64, untested count: Int, withReports: Bool) {
        self.seed = seed
        verdictBytes = [UInt8](
            repeating: UInt8(truncatingIfNeeded: KernelVerdict.untested.rawValue), count: count)
        if withReports {
            rawReports = [KernelReport](repeating: TestResults.untested, count: count)
        }
    }

    package static var untested: KernelReport {
        var report = KernelReport()
        report.verdict = UInt8(truncatingIfNeeded: KernelVerdict.untested.rawValue)
        return report
    }

    /// How many numbers the batch had.
    public var count: Int { verdictBytes.count }

    /// The verdict on number `position`, or `nil` when it was not reached.
    public func verdict(at position: Int) -> Verdict? { Verdict(rawValue: verdictBytes[position]) }

    /// The evidence on number `position`, or `nil` when it was not reached or not asked for.
    ///
    /// - Parameters:
    ///   - position: A position in the batch.
    ///   - numbers: The batch that was tested.
    /// - Returns: The report.
    public func report(at position: Int, of numbers: NumberBatch) -> TestReport? {
        if rawReports.isEmpty { return nil }
        return TestReport(rawReports[position], number: numbers[position], seed: seed)
    }

    /// What there is beside the verdict on number `position`.
    ///
    /// It is what a `WorkerTask` of PrimalityPool gave, bytes in the task's own form, of any length from 0; or, with
    /// ``TestOptions/wantsCertificates``, the certificate of a proof as JSON lines. What engines find else is in
    /// ``report(at:of:)``.
    ///
    /// - Parameter position: A position in the batch.
    /// - Returns: The bytes; `nil` when there are none.
    /// - Complexity: O(1).
    public func evidence(at position: Int) -> [UInt8]? { evidence[position] }

    /// All verdicts.
    ///
    /// - Throws: ``PrimalityError/cancelled`` when one is missing.
    public func verdicts() throws(PrimalityError) -> [Verdict] {
        var verdicts: [Verdict] = []
        verdicts.reserveCapacity(count)
        for byte in verdictBytes {
            guard let verdict = Verdict(rawValue: byte) else { throw .cancelled }
            verdicts.append(verdict)
        }
        return verdicts
    }
}
