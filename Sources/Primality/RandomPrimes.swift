// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal

/// A random generator that a seed repeats, on any machine and in any version: SipHash-2-4 [AuBe12] in
/// counter mode.
///
/// Word *i* is the hash of the eight bytes of *i*, by the key that is the seed, least significant byte
/// first, and a constant.
///
/// It is for tests and experiments. Who wants a cryptographic key takes `SystemRandomNumberGenerator`: a
/// seed of 64 bits can be found by trying.
public struct SeededRandomness: RandomNumberGenerator, Sendable {
    private let seed: UInt64
    private var place: UInt64 = 0

    /// Begins the sequence of a seed.
    public init(seed: UInt64) { self.seed = seed }

    /// The next word.
    public mutating func next() -> UInt64 {
        var word: UInt64 = 0
        // One place, for one word.
        unsafe prk_random_words(seed, place, &word, 1)
        place &+= 1
        return word
    }
}

/// A word of the generator that ``withGenerator(_:_:)`` has made a kernel's context.
private func nextWord(_ context: UnsafeMutableRawPointer?) -> UInt64 {
    guard let context = unsafe context else {
        preconditionFailure("kernels hand on what they were given")
    }
    return unsafe context.assumingMemoryBound(to: (() -> UInt64).self).pointee()
}

/// Calls a kernel that asks ``nextWord(_:)`` for a generator's words.
private func withGenerator<Result>(
    _ generator: inout some RandomNumberGenerator, _ body: (UnsafeMutableRawPointer) -> Result
) -> Result {
    unsafe withUnsafeMutablePointer(to: &generator) { generator in
        // A function of C cannot be generic, but this closure can know the type.
        var next: () -> UInt64 = { unsafe generator.pointee.next() }
        return unsafe withUnsafeMutablePointer(to: &next) { unsafe body($0) }
    }
}

/// Candidates for random primes of a size, or for the halves (*p* − 1)/2 of safe ones.
package struct RandomCandidates: Sendable {
    package let isSafe: Bool
    /// The size of a candidate.
    package let bits: Int
    private let cancel: CancelFlag?

    /// Candidates for primes of `bits` bits.
    package init(
        bits: Int, isSafe: Bool, cancel: CancelFlag?
    ) throws(PrimalityError) {
        if bits < (isSafe ? 3 : 2) { throw .noPrimeOfSize(bits: bits, isSafe: isSafe) }
        self.isSafe = isSafe
        self.bits = isSafe ? bits - 1 : bits
        self.cancel = cancel
    }

    /// Appends the next candidate that has no small factor: drawn from all odd numbers of the size, or from
    /// 2 and 3, again and again.
    package func append(
        to batch: inout NumberBatch, using generator: inout some RandomNumberGenerator
    ) throws(PrimalityError) {
        let flag = unsafe cancel.map { unsafe UnsafePointer($0.flag) }
        var limbs = [UInt64](repeating: 0, count: (bits + 63) / 64)
        let status = unsafe withGenerator(&generator) { context in
            // There is a place for each limb.
            unsafe prk_draw_candidate(UInt64(bits), isSafe, nextWord, context, flag, &limbs)
        }
        try PrimalityError.check(status)
        batch.append(BigNatural(limbs: limbs))
    }

    /// The safe prime whose half a candidate may be.
    package static func safePrime(of half: BigNatural) -> BigNatural {
        var limbs = half.limbs
        var carry: UInt64 = 1
        for i in limbs.indices {
            let next = limbs[i] >> 63
            limbs[i] = limbs[i] << 1 | carry
            carry = next
        }
        return BigNatural(limbs: limbs + [carry])
    }
}

extension BigNatural {
    /// A random prime or probable prime of exactly so many bits, by a generator of the caller's.
    ///
    /// Odd numbers of `bits` bits, the top one set, are drawn independently and uniformly until one passes:
    /// every prime of the size comes with the same probability, as far as the generator's words are
    /// uniform. Of two bits, 2 and 3 are drawn. A *safe* prime *p* is one whose half (*p* − 1)/2 is prime
    /// too: halves of `bits` − 1 bits are drawn in the same way until both pass, so that every safe prime of
    /// the size comes with the same probability. There is no bias towards primes after long gaps, as a
    /// search upward from a random start has it.
    ///
    /// Each draw takes ⌈*b*/64⌉ words for *b* bits, least significant first, of which the last one's top bits
    /// are not used; so the same words give the same prime, here and by a pool, in this version and later
    /// ones. Below 2⁶⁴ it is prime; above, it passed Baillie–PSW and the random bases that were asked
    /// for [BaWa80].
    ///
    /// - Parameters:
    ///   - bits: The size: from 2 on, or 3 for a safe one.
    ///   - isSafe: Whether (*p* − 1)/2 is to be prime too.
    ///   - generator: Where the draws come from.
    ///   - options: How numbers above 2⁶⁴ are tested.
    ///   - cancel: Ends the search.
    /// - Returns: The number.
    /// - Throws: ``PrimalityError/noPrimeOfSize(bits:isSafe:)`` and others, also
    ///   ``PrimalityError/cancelled``.
    /// - Complexity: 0.35 · `bits` draws on average, of which small primes leave one in five to ten to be
    ///   tested; of a safe prime some 0.2 · `bits`², of which they leave one in some dozens.
    public static func randomProbablePrime(
        bits: Int, isSafe: Bool = false, using generator: inout some RandomNumberGenerator,
        options: TestOptions = TestOptions(), cancel: CancelFlag? = nil
    ) throws(PrimalityError) -> BigNatural {
        if bits < (isSafe ? 3 : 2) { throw .noPrimeOfSize(bits: bits, isSafe: isSafe) }
        try KernelLevel.checkForcedLevel()
        // No array of a size that no kernel takes.
        if bits > Engine.mostBits { throw .tooLarge(limit: Engine.mostBits) }
        var limbs = [UInt64](repeating: 0, count: (bits + 63) / 64)
        var kernelOptions = unsafe options.forKernels(cancel: cancel)
        let status = unsafe withGenerator(&generator) { context in
            // There is a place for each limb.
            withExtendedLifetime((options, cancel)) {
                unsafe prk_random_prime(
                    UInt64(bits), isSafe, nextWord, context, &kernelOptions, nil, &limbs, nil)
            }
        }
        try PrimalityError.check(status)
        return BigNatural(limbs: limbs)
    }

    /// A random prime or probable prime of exactly so many bits, by the system's generator.
    ///
    /// See ``randomProbablePrime(bits:isSafe:using:options:cancel:)``.
    public static func randomProbablePrime(
        bits: Int, isSafe: Bool = false, options: TestOptions = TestOptions(),
        cancel: CancelFlag? = nil
    ) throws(PrimalityError) -> BigNatural {
        var generator = SystemRandomNumberGenerator()
        return try randomProbablePrime(
            bits: bits, isSafe: isSafe, using: &generator, options: options, cancel: cancel)
    }
}

extension UInt64 {
    /// A random prime of exactly so many bits; exact.
    ///
    /// Drawn as ``BigNatural/randomProbablePrime(bits:isSafe:using:options:cancel:)`` draws it.
    ///
    /// - Parameters:
    ///   - bits: The size, from 2 to 64.
    ///   - generator: Where the draws come from.
    /// - Returns: The prime.
    /// - Precondition: There is a prime of that size below 2⁶⁴.
    public static func randomPrime(
        bits: Int, using generator: inout some RandomNumberGenerator
    ) -> UInt64 {
        precondition((2...64).contains(bits), "primes below 2⁶⁴ have 2 to 64 bits")
        while true {
            var candidate: UInt64 = 0
            // There is one place, and nothing to fail.
            _ = unsafe withGenerator(&generator) { context in
                unsafe prk_draw_candidate(UInt64(bits), false, nextWord, context, nil, &candidate)
            }
            if isPrime(candidate) { return candidate }
        }
    }

    /// A random prime of exactly so many bits, by the system's generator; exact.
    ///
    /// See ``randomPrime(bits:using:)``.
    public static func randomPrime(bits: Int) -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return randomPrime(bits: bits, using: &generator)
    }
}
