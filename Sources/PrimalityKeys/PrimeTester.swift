// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal
internal import Primality

/// Tests numbers of keys: Baillie–PSW, and above 2⁶⁴ strong tests to random bases.
///
/// For one thread at a time. `Tester` would copy the numbers into arrays that nobody overwrites.
struct PrimeTester: ~Copyable {
    private let seed: UInt64
    private let rounds: Int
    private let cancel: CancelFlag

    /// Makes a tester.
    ///
    /// - Parameters:
    ///   - seed: Chooses the bases.
    ///   - rounds: How many bases, above 2⁶⁴.
    ///   - cancel: Ends a test that is under way.
    init(
        seed: UInt64 = .random(in: .min ... .max), rounds: Int = TestOptions.defaultRounds,
        cancel: CancelFlag = CancelFlag()
    ) {
        self.seed = seed
        self.rounds = rounds
        self.cancel = cancel
    }

    /// Whether a number passes Baillie–PSW.
    ///
    /// - Throws: ``Primality/PrimalityError``.
    func passesQuickly(_ number: KeyInteger) throws(PrimalityError) -> Bool {
        let quick = PrimeTester(seed: 0, rounds: 0, cancel: cancel)
        return try quick.test([number], areSecret: false)[0].passed
    }

    /// Tests numbers, as many at once as the machine does.
    ///
    /// - Parameters:
    ///   - numbers: The numbers.
    ///   - areSecret: Whether all memory that they pass through is to be overwritten. Then they are tested by
    ///     GMP, one after the other; its stack is not overwritten.
    /// - Returns: Verdicts in the order of the numbers.
    /// - Throws: ``Primality/PrimalityError``, also when the flag was raised.
    func test(_ numbers: [KeyInteger], areSecret: Bool) throws(PrimalityError) -> [Verdict] {
        if numbers.isEmpty { return [] }
        // A scratch overwrites what it has at its end, not what it outgrew: the largest first.
        let order =
            areSecret
            ? numbers.indices.sorted { numbers[$0].bits > numbers[$1].bits }
            : Array(numbers.indices)
        guard let scratch = unsafe prk_scratch_create() else { throw .outOfMemory }
        defer { unsafe prk_scratch_destroy_wiped(scratch) }
        var offsets: [UInt64] = [0]
        for i in order {
            offsets.append(offsets[offsets.count - 1] + UInt64((numbers[i].bits + 63) / 64))
        }
        let size = Int(offsets[order.count])
        let limbs = UnsafeMutablePointer<UInt64>.allocate(capacity: size + 1)
        defer {
            unsafe prk_wipe(limbs, (size + 1) * MemoryLayout<UInt64>.stride)
            unsafe limbs.deallocate()
        }
        unsafe limbs.initialize(repeating: 0, count: size + 1)
        for (place, i) in order.enumerated() {
            unsafe numbers[i].withLimbs { source in
                // There is a place for each limb of it.
                for k in source.indices {
                    unsafe limbs[Int(offsets[place]) + k] = source[k]
                }
            }
        }
        var options = unsafe KernelOptions()
        unsafe options.seed = seed
        unsafe options.rounds = UInt32(truncatingIfNeeded: rounds)
        unsafe options.cancel = UnsafePointer(cancel.flag)
        var bytes = [UInt8](
            repeating: UInt8(truncatingIfNeeded: KernelVerdict.untested.rawValue),
            count: order.count)
        // There are count + 1 offsets and count places for verdicts.
        let status = unsafe prk_test_batch(
            areSecret ? .gmp : .auto, limbs, offsets, order.count, &options, scratch, &bytes, nil)
        try PrimalityError.check(status)
        var verdicts = [Verdict](repeating: .neither, count: order.count)
        for (place, i) in order.enumerated() {
            guard let verdict = Verdict(rawValue: bytes[place]) else { throw .cancelled }
            verdicts[i] = verdict
        }
        return verdicts
    }
}
