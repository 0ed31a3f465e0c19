// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// Whether a number is prime; exact.
///
/// Where `PRIMALITY_LEVEL` forces a level that cannot be used, the portable kernel answers.
///
/// - Complexity: About 1.4 modular exponentiations, none where a small prime divides. For many numbers
///   ``test(_:into:)`` is several times faster.
public func isPrime(_ n: UInt64) -> Bool { prk_is_prime_u64(n) }

/// The verdict on a number; exact.
public func verdict(of n: UInt64) -> Verdict {
    if n < 2 { return .neither }
    return isPrime(n) ? .prime : .composite
}

/// The verdict on a number of any size.
///
/// Numbers k·2ᵉ ± 1 with k < 2ᵉ are proved prime or composite by the test of their form; others above
/// 2⁶⁴ are tested by Baillie–PSW and random bases.
///
/// - Parameters:
///   - number: The number.
///   - options: How many random bases, and which.
/// - Returns: Exact below 2⁶⁴ and for such numbers; else ``Verdict/composite`` or
///   ``Verdict/probablePrime``.
/// - Throws: ``PrimalityError``.
/// - Complexity: About 3.5 modular exponentiations for a probable prime, and one for each random base.
public func verdict(
    of number: BigNatural, options: TestOptions = TestOptions()
) throws(PrimalityError) -> Verdict {
    if let small = UInt64(exactly: number) { return verdict(of: small) }
    return try verdicts(of: NumberBatch([number]), options: options)[0]
}

/// The verdict on a number of any size, with its evidence.
///
/// - Parameters:
///   - number: The number.
///   - engine: Which engine tests.
///   - options: How.
/// - Returns: The report.
/// - Throws: ``PrimalityError``.
public func report(
    of number: BigNatural, engine: Engine = .auto, options: TestOptions = TestOptions()
) throws(PrimalityError) -> Report {
    var tester = try Tester(engine: engine, options: options, wantsReports: true)
    let batch = NumberBatch([number])
    guard let report = try tester.test(batch).report(at: 0, of: batch) else { throw .cancelled }
    return report
}

/// The smallest prime factor of a number by complete trial division; the number itself when it is
/// prime.
///
/// - Parameter n: At least 2.
/// - Returns: The factor; `nil` below 2.
/// - Throws: ``PrimalityError`` when the forced level cannot be used.
/// - Complexity: At most 4/15 of √n divisions: some seconds near 2⁶⁴.
public func smallestFactor(of n: UInt64) throws(PrimalityError) -> UInt64? {
    if n < 2 { return nil }
    var factor: UInt64 = 0
    // One place, for one number.
    try PrimalityError.check(unsafe prk_smallest_factor_u64(n, &factor))
    return factor
}

/// Tests 64-bit numbers into a span of the same length; exact.
///
/// - Throws: ``PrimalityError/lengthMismatch(numbers:results:)``, and when the forced level cannot be
///   used.
public func test(
    _ numbers: Span<UInt64>, into verdicts: inout MutableSpan<Verdict>
) throws(PrimalityError) {
    guard numbers.count == verdicts.count else {
        throw .lengthMismatch(numbers: numbers.count, results: verdicts.count)
    }
    let status = unsafe numbers.withUnsafeBufferPointer { numbers in
        unsafe verdicts.withUnsafeMutableBytes { bytes in
            // A payload-free enum is one byte that counts its cases in order, so Verdict's bytes are
            // its raw values, and the kernel writes no others.
            unsafe prk_test_u64_batch(
                numbers.baseAddress, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                numbers.count)
        }
    }
    try PrimalityError.check(status)
}

/// The verdicts on 64-bit numbers; exact.
///
/// - Throws: ``PrimalityError`` when the forced level cannot be used.
public func verdicts(of numbers: [UInt64]) throws(PrimalityError) -> [Verdict] {
    var verdicts = [Verdict](repeating: .neither, count: numbers.count)
    var span = verdicts.mutableSpan
    try test(numbers.span, into: &span)
    return verdicts
}

/// The verdicts on numbers of any size.
///
/// - Parameters:
///   - numbers: The numbers.
///   - engine: Which engine tests.
///   - options: How.
/// - Returns: Verdicts in the order of the numbers.
/// - Throws: ``PrimalityError``.
public func verdicts(
    of numbers: NumberBatch, engine: Engine = .auto, options: TestOptions = TestOptions()
) throws(PrimalityError) -> [Verdict] {
    var tester = try Tester(engine: engine, options: options)
    return try tester.test(numbers).verdicts()
}

/// Versions of what this library was built from.
public enum BuildInformation {
    /// The library's version.
    public static var version: String { unsafe String(cString: prk_version()) }
    /// The version of GMP at run time.
    public static var gmpVersion: String { unsafe String(cString: prk_gmp_version()) }
    /// The C compiler that built the kernels.
    public static var compiler: String { unsafe String(cString: prk_compiler()) }
    /// The version of the Swift compiler, as far as a program can ask for it.
    public static var swiftVersion: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
