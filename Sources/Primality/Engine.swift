// SPDX-License-Identifier: Apache-2.0

package import CKernels
package import CKernels.Internal
internal import PurePrimality

/// A named way to test.
///
/// Engines never disagree on which numbers are composite.
public enum Engine: String, Sendable, Hashable, Codable, CaseIterable {
    /// Picks for each number what takes least time: ``u64`` below 2⁶⁴, then ``gmp``, ``ifma`` as far as it goes,
    /// and ``fft`` for numbers of thousands of bits.
    case auto
    /// Complete trial division in C; below 2⁶⁴.
    case trial
    /// Baillie–PSW with the almost extra strong Lucas test in C; exact, below 2⁶⁴.
    case u64
    /// A proof for k·2ᵉ ± 1 with k < 2ᵉ, else Baillie–PSW with the extra strong Lucas test and random bases, on
    /// GMP; any size.
    case gmp
    /// The tests of ``gmp`` for eight numbers of 65 to 8192 bits at once, on AVX-512 IFMA. Other sizes and other
    /// levels go to ``gmp``, special forms where ``auto`` sends them. A number that has no others of about its
    /// size beside it costs about what it costs there.
    case ifma
    /// The tests of ``gmp`` by transforms in double precision, for numbers of 2048 bits and more.
    ///
    /// Smaller ones go to ``gmp``. Numbers k·bⁿ ± 1 with a small k take a third of the time. A probable prime and a
    /// proof are computed once more, by integers up to 65,536 bits and by another length above.
    case fft
    /// ``trial`` in Swift alone.
    case swiftTrial = "swift-trial"
    /// ``u64`` in Swift alone.
    case swiftU64 = "swift-u64"

    /// The size of the largest number that any engine takes, in bits.
    package static let mostBits = Int(PRK_MOST_BITS)

    /// The size of the largest number that the engine takes, in bits: 64, or 2³³ where any size goes.
    public var maximumBits: Int {
        switch self {
        case .auto, .gmp, .ifma, .fft: Self.mostBits
        case .trial, .u64, .swiftTrial, .swiftU64: 64
        }
    }
}

extension Engine {
    /// The engine's number in C, whose order this is; those in Swift alone are numbered on.
    package var code: UInt8 { UInt8(truncatingIfNeeded: place) }

    package init?(code: UInt8) { self.init(place: Int(code)) }

    /// Whether numbers of a size are tested several at once, at the active level.
    package func isBatched(bits: Int) -> Bool {
        (self == .auto || self == .ifma) && prk_lanes_take(bits)
            || (self == .auto || self == .fft) && prk_fft_lanes_take(bits)
    }

    /// The job that this engine makes of a run's options.
    package func job(
        options: TestOptions, cancel: CancelFlag?, wantsReports: Bool
    ) -> KernelJob {
        var job = unsafe KernelJob()
        unsafe job.wants_reports = wantsReports
        unsafe job.proof_cost = options.proofCost
        unsafe job.proof_bits = UInt64(clamping: options.proofBits)
        unsafe job.options = unsafe options.forKernels(cancel: cancel)
        switch self {
        case .auto, .trial, .u64, .gmp, .ifma, .fft:
            unsafe job.engine = KernelEngine(rawValue: UInt32(code)) ?? .auto
        case .swiftTrial:
            unsafe job.word_engine = trialInSwift
            unsafe job.word_divider = divideInSwift
        case .swiftU64: unsafe job.word_engine = u64InSwift
        }
        #if DEBUG
            if unsafe job.word_engine != nil { meetTypes() }
        #endif
        unsafe job.word_engine_name = code
        return unsafe job
    }
}

#if DEBUG
    /// Lets the runtime make the generic types that unoptimised code asks for at their first use.
    ///
    /// A forked child must not wait for a lock that another thread held. Optimised code asks for none.
    private func meetTypes() {
        let prime: UInt64 = 18_446_744_073_709_551_557
        var verdicts: [UInt8] = [0, 0, 0, 0]
        unsafe u64InSwift([prime, prime, prime, prime], &verdicts, nil, 4, nil)
        _ = Pure64.smallestDivisor(of: prime, from: 200_000, through: 200_000)
        _ = Pure64.smallestDivisor(of: 4_294_967_291, from: 60_000, through: 60_000)
    }
#endif

// The pure-Swift engines as C functions. They run in forked children too: nothing that allocates, no
// global that is initialised on first use, no type that the runtime has yet to make.

private let u64InSwift: prk_word_engine = { numbers, verdicts, reports, count, cancel in
    guard let numbers = unsafe numbers, let verdicts = unsafe verdicts else { return }
    if let reports = unsafe reports {
        var i = 0
        while i < count {
            // The flag is looked at every 1024 numbers, which take less than a millisecond.
            if i & 1023 == 0, unsafe prk_is_cancelled(cancel) { return }
            let finding = Pure64.explain(unsafe numbers[i])
            unsafe verdicts[i] = verdict(on: numbers[i], isPrime: finding.isPrime)
            unsafe finding.write(to: &reports[i])
            i &+= 1
        }
        return
    }
    // The caller vouches for `count` numbers, which nobody changes during the call.
    let all = unsafe Span(_unsafeStart: numbers, count: count)
    var isPrime = InlineArray<1024, Bool>(repeating: false)
    var first = 0
    while first < count {
        if unsafe prk_is_cancelled(cancel) { return }
        let block = all.extracting(first..<min(first &+ 1024, count))
        var results = isPrime.mutableSpan
        Pure64.test(block, into: &results)
        var i = 0
        while i < block.count {
            unsafe verdicts[first &+ i] = verdict(on: block[i], isPrime: results[i])
            i &+= 1
        }
        first &+= block.count
    }
}

@inline(__always)
private func verdict(on n: UInt64, isPrime: Bool) -> UInt8 {
    let code: KernelVerdict = isPrime ? .prime : n < 2 ? .neither : .composite
    return UInt8(truncatingIfNeeded: code.rawValue)
}

private let trialInSwift: prk_word_engine = { numbers, verdicts, reports, count, cancel in
    guard let numbers = unsafe numbers, let verdicts = unsafe verdicts else { return }
    var i = 0
    while i < count {
        let n = unsafe numbers[i]
        var divisor: UInt64 = 0
        if n >= 2 {
            let status = unsafe divideInSwift(n, 0, UInt64(UInt32.max), cancel, &divisor)
            if status != .ok { return }
        }
        let finding = Pure64.Finding(
            isPrime: n >= 2 && divisor == 0, method: n < 2 ? .definition : .trialDivision,
            factor: divisor)
        unsafe verdicts[i] = verdict(on: n, isPrime: finding.isPrime)
        if let reports = unsafe reports { unsafe finding.write(to: &reports[i]) }
        i &+= 1
    }
}

private let divideInSwift: prk_word_divider = { n, first, last, cancel, divisor in
    let block: UInt64 = 1 << 21  // some milliseconds
    let last = last < UInt64(UInt32.max) ? last : UInt64(UInt32.max)
    var from = first
    while from <= last && from &* from <= n {
        if unsafe prk_is_cancelled(cancel) { return .cancelled }
        let through = last &- from < block ? last : from &+ block &- 1
        let found = Pure64.smallestDivisor(of: n, from: from, through: through)
        if found != 0 {
            unsafe divisor?.pointee = found
            break
        }
        from &+= block
    }
    return .ok
}

extension Pure64.Finding {
    @inline(__always)
    fileprivate func write(to report: inout KernelReport) {
        let code: KernelMethod =
            switch method {
            case .definition: .definition
            case .trialDivision: .trialDivision
            case .strongBase2: .strongBase2
            case .square: .square
            case .almostExtraStrongLucas: .almostExtraStrongLucas
            case .bailliePSW: .bailliePSW
            case .strongHashedBase: .strongHashedBase
            }
        report.method = UInt8(truncatingIfNeeded: code.rawValue)
        if factor != 0 {
            report.factor = factor
            report.fields |= UInt8(PRK_REPORT_HAS_FACTOR)
        }
        if lucasP != 0 {
            report.lucas_p = Int64(truncatingIfNeeded: lucasP)
            report.lucas_q = 1
            report.fields |= UInt8(PRK_REPORT_HAS_LUCAS)
        }
        if base != 0 {
            report.base = base
            report.fields |= UInt8(PRK_REPORT_HAS_BASE)
        }
    }
}
