// SPDX-License-Identifier: Apache-2.0

internal import CKernels

extension Tester {
    /// Tests 64-bit numbers into a span of the same length; exact.
    ///
    /// - Throws: ``PrimalityError/lengthMismatch(numbers:results:)``, and when the forced level cannot be
    ///   used.
    public static func test(
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
    public static func verdicts(of numbers: [UInt64]) throws(PrimalityError) -> [Verdict] {
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
    public static func verdicts(
        of numbers: NumberBatch, engine: Engine = .auto, options: TestOptions = TestOptions()
    ) throws(PrimalityError) -> [Verdict] {
        var tester = try Tester(engine: engine, options: options)
        return try tester.test(numbers).verdicts()
    }

    /// The verdicts on numbers of any size.
    ///
    /// - Parameters:
    ///   - numbers: The numbers.
    ///   - engine: Which engine tests.
    ///   - options: How.
    /// - Returns: Verdicts in the order of the numbers.
    /// - Throws: ``PrimalityError``.
    public static func verdicts(
        of numbers: [BigNatural], engine: Engine = .auto, options: TestOptions = TestOptions()
    ) throws(PrimalityError) -> [Verdict] {
        try verdicts(of: NumberBatch(numbers), engine: engine, options: options)
    }
}
