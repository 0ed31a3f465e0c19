// SPDX-License-Identifier: Apache-2.0

/// How numbers are tested, whichever engine does it.
public struct TestOptions: Sendable, Hashable, Codable {
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

    /// Options with a seed from the system's generator.
    ///
    /// - Parameters:
    ///   - rounds: Strong tests to random bases, from 0 to 2³² − 1.
    ///   - seed: Chooses the bases; by default unpredictable, since bases that are known beforehand
    ///     can be attacked.
    ///   - wantsResidue: Whether reports hold RES64.
    public init(rounds: Int = 0, seed: UInt64? = nil, wantsResidue: Bool = false) {
        self.rounds = rounds
        self.seed = seed ?? .random(in: .min ... .max)
        self.wantsResidue = wantsResidue
    }
}
