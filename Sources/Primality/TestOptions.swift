// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// How numbers are tested, whichever engine does it.
public struct TestOptions: Sendable, Hashable, Codable {
    /// The number of rounds where none is given, here and in the tool: 2.
    ///
    /// A number may come from somebody who made it to pass Baillie–PSW. Nobody is known to have done so, but
    /// nothing shows that it cannot be done; bases that are drawn afterwards cannot be prepared for.
    public static let defaultRounds = Int(PRK_DEFAULT_ROUNDS)

    /// Strong tests to random bases after Baillie–PSW, for numbers above 2⁶⁴.
    ///
    /// A composite passes *r* of them with probability at most 4⁻ʳ over the choice of the seed
    /// [Rabi80]. No composite is known that passes Baillie–PSW at all.
    public var rounds: Int

    /// Chooses the random bases: base *r* of *n* depends on (seed, *n*, *r*) only, so the same seed
    /// gives the same run on any number of workers.
    public var seed: UInt64

    /// Whether reports hold RES64, the low 64 bits of 3ⁿ⁻¹ mod *n*.
    ///
    /// It costs one exponentiation.
    public var wantsResidue: Bool

    /// How much a proof of each probable prime may cost, in strong tests of the number; 0, and none is looked for.
    ///
    /// Proofs are those of `Certificate.prove`, by factors of n − 1 and n + 1 or by elliptic curves. A number is
    /// called prime when our verifier has accepted its certificate, which is dropped then: the report names its
    /// first step. What is found does not depend on ``seed``.
    public var proofCost: UInt64

    /// Up to how many bits probable primes are proved whatever that costs: any of them can be.
    public var proofBits: Int

    /// Whether the certificates of those proofs are kept, as JSON lines: ``TestResults/evidence(at:)`` of what this
    /// process has tested.
    ///
    /// Worker processes of a pool drop them.
    public var wantsCertificates = false

    /// Keeps tests of large numbers and tells where they are; `nil`: nothing does.
    ///
    /// It is this process's, and not coded. A ``LongTests`` changes no result.
    public var longTests: LongTests?

    private enum CodingKeys: String, CodingKey {
        case rounds, seed, wantsResidue, proofCost, proofBits, wantsCertificates
    }

    /// Options with a seed from the system's generator.
    ///
    /// - Parameters:
    ///   - rounds: Strong tests to random bases, from 0 to 2³² − 1; by default ``defaultRounds``. For numbers
    ///     that nobody chose, such as random ones, 0 is enough, and for each that passes saves as many
    ///     exponentiations as there would be rounds.
    ///   - seed: Chooses the bases; by default unpredictable, since bases that are known beforehand
    ///     can be attacked.
    ///   - wantsResidue: Whether reports hold RES64.
    ///   - proofCost: How much a proof of each probable prime may cost, in strong tests; by default none is
    ///     looked for.
    ///   - proofBits: Up to how many bits probable primes are proved whatever that costs, by default none.
    public init(
        rounds: Int = Self.defaultRounds, seed: UInt64? = nil, wantsResidue: Bool = false,
        proofCost: UInt64 = 0, proofBits: Int = 0
    ) {
        self.rounds = rounds
        self.seed = seed ?? .random(in: .min ... .max)
        self.wantsResidue = wantsResidue
        self.proofCost = proofCost
        self.proofBits = proofBits
    }
    /// The options as kernels have them, which point to what the flag and ``longTests`` own.
    func forKernels(cancel: CancelFlag?) -> KernelOptions {
        var options = unsafe KernelOptions()
        unsafe options.seed = seed
        unsafe options.rounds = UInt32(clamping: rounds)
        unsafe options.want_residue = wantsResidue
        unsafe options.long_tests = unsafe longTests?.pointer
        unsafe options.cancel = unsafe cancel.map { unsafe UnsafePointer($0.flag) }
        return unsafe options
    }
}
