// SPDX-License-Identifier: Apache-2.0

package import CKernels

/// What decided a verdict.
public enum TestMethod: String, Sendable, Hashable, Codable, CaseIterable {
    /// 0 and 1 are neither prime nor composite.
    case definition
    /// A prime factor was found, or none exists up to the square root.
    case trialDivision = "trial-division"
    /// Composite: failed the strong test to base 2.
    case strongBase2 = "strong-base-2"
    /// Composite: the square of an integer.
    case square
    /// Composite: failed the extra strong Lucas test [Grant01].
    case extraStrongLucas = "extra-strong-lucas"
    /// Composite: failed the almost extra strong Lucas test.
    case almostExtraStrongLucas = "almost-extra-strong-lucas"
    /// Composite: failed a strong test to a random base.
    case strongRandomBase = "strong-random-base"
    /// Passed Baillie–PSW and the random bases that were asked for; a proof below 2⁶⁴.
    case bailliePSW = "baillie-psw"
    /// 2ᵉ − 1: prime or composite by the test of Lucas and Lehmer [Lehm30]; composite without it, and
    /// without Lucas parameters, when e is.
    case lucasLehmer = "lucas-lehmer"
    /// 2ᵉ + 1: prime or composite by Pépin's test [Pepi77]; composite without it, and without a witness,
    /// when e is no power of two.
    case pepin
    /// k·2ᵉ + 1, 1 < k < 2ᵉ, k odd: prime or composite by Proth's test [Prot78].
    case proth
    /// k·2ᵉ − 1, 1 < k < 2ᵉ, k odd: prime or composite by the test of Lucas, Lehmer and Riesel [Ries69];
    /// composite without Lucas parameters when the search for them met a factor.
    case lucasLehmerRiesel = "lucas-lehmer-riesel"
    /// Below 2³²: prime or composite by the strong test to the base that a hash of n picks [FoJa15].
    case strongHashedBase = "strong-hashed-base"
    /// Prime: a certificate whose first step is Pocklington's, with a part F > √n of n − 1, was verified.
    ///
    /// As those below, it needs ``TestOptions/proofCost``.
    case pocklington
    /// Prime: a certificate that begins with Morrison's theorem, a part F > √n + 1 of n + 1.
    case morrison
    /// Prime: a certificate that begins with theorem 5 of [BLS75], a part of n − 1 above about (n/2)^(1/3).
    case bls5
    /// Prime: a certificate that begins with theorem 7 of [BLS75], which bounds the primes of the rest, too.
    case bls7
    /// Prime: a certificate that begins with the theorem of Konyagin and Pomerance, a part F ≥ n^(3/10) of n − 1.
    case konyagin
    /// Prime: a certificate that begins with parts of n − 1 and of n + 1.
    case combined
    /// Prime: a certificate that begins with theorem 3 of [BLS75], one large prime of n − 1.
    case bls3
    /// Prime: a certificate that begins with theorem 15 of [BLS75], one large prime of n + 1.
    case bls15
    /// Prime: a certificate that begins with a point on an elliptic curve [AtMo93].
    case ecpp

    /// Whether a certificate was verified, whose first step is of this kind.
    package var isProof: Bool {
        switch self {
        case .pocklington, .morrison, .bls5, .bls7, .konyagin, .combined, .bls3, .bls15, .ecpp: true
        default: false
        }
    }

    /// Of its number in C, whose order this is.
    init?(code: UInt8) { self.init(place: Int(code)) }
}

/// A verdict with its evidence.
public struct TestReport: Sendable, Hashable {
    /// Parameters of a Lucas sequence, discriminant P² − 4Q.
    public struct LucasParameters: Sendable, Hashable {
        /// P.
        public var p: Int
        /// Q.
        public var q: Int
    }

    /// How a number n passed the extra strong Lucas test, with n + 1 = d·2ˢ, d odd.
    public enum LucasCondition: Sendable, Hashable {
        /// U(d) = 0 and V(d) = ±2 modulo n.
        case uIsZero
        /// V(d·2ʳ) = 0 modulo n, for this r from 0 to s − 2.
        case vIsZero(r: Int)
    }

    /// What watched over a long test, and what was repaired in it.
    public struct Checks: Sendable, Hashable {
        /// Checks of long powers and Lucas sequences [Gerb17] that were passed.
        public var passed: Int
        /// Stretches that were computed again since a check was not.
        public var repaired: Int
        /// Products that were computed again, by integers, since rounding was too coarse.
        public var alarms: Int
    }

    /// What was shown.
    public var verdict: Verdict
    /// What showed it.
    public var method: TestMethod
    /// The engine that ran; never ``Engine/auto``.
    public var engine: Engine
    /// The smallest prime factor, when dividing found one.
    public var factor: UInt64?
    /// A base to which the number failed the strong test; with ``TestMethod/proth`` and ``TestMethod/pepin`` the
    /// base a of that test: a^((n−1)/2) is −1 modulo n for a prime n, and for no composite; with
    /// ``TestMethod/strongHashedBase`` the base of the strong test, which a prime passed and a composite failed.
    public var witness: BigNatural?
    /// The parameters of the Lucas test, when one was run.
    public var lucas: LucasParameters?
    /// How the number passed that test; `nil` when it did not, when there was none, and below 2⁶⁴, where the
    /// almost extra strong test needs no condition on U.
    public var lucasCondition: LucasCondition?
    /// RES64, when it was asked for.
    public var residue: UInt64?
    /// How many random bases were tested.
    public var rounds: Int
    /// The seed that chose them, when there were any.
    public var seed: UInt64?
    /// What watched over the test; `nil` of one that was too short for checks, and had no alarm.
    public var checks: Checks?
    /// CPU time of the thread that tested; numbers that were tested together have equal shares of it.
    public var cpuTime: Duration

    /// What a kernel found about a number, or `nil` for one that a cancelled batch did not reach.
    package init?(_ raw: KernelReport, number: @autoclosure () -> BigNatural, seed: UInt64) {
        guard let verdict = Verdict(rawValue: raw.verdict),
            let method = TestMethod(code: raw.method),
            let engine = Engine(code: raw.engine)
        else { return nil }
        func has(_ field: Int) -> Bool { Int(raw.fields) & field != 0 }
        self.verdict = verdict
        self.method = method
        self.engine = engine
        factor = has(PRK_REPORT_HAS_FACTOR) ? raw.factor : nil
        lucas =
            has(PRK_REPORT_HAS_LUCAS)
            ? LucasParameters(p: Int(raw.lucas_p), q: Int(raw.lucas_q)) : nil
        lucasCondition =
            switch Int(raw.lucas_condition) {
            case PRK_LUCAS_NONE: nil
            case PRK_LUCAS_U_IS_ZERO: .uIsZero
            case let condition: .vIsZero(r: condition - PRK_LUCAS_V_IS_ZERO)
            }
        residue = has(PRK_REPORT_HAS_RESIDUE) ? raw.residue : nil
        rounds = has(PRK_REPORT_HAS_ROUND) ? Int(raw.round) : 0
        self.seed = rounds > 0 ? seed : nil
        checks =
            has(PRK_REPORT_HAS_CHECKS)
            ? Checks(
                passed: Int(raw.checks), repaired: Int(raw.repaired), alarms: Int(raw.alarms)) : nil
        cpuTime = .nanoseconds(Int64(clamping: raw.cpu_ns))
        switch method {
        case .strongBase2: witness = Self.two
        case .strongRandomBase where !has(PRK_REPORT_HAS_BASE):
            witness = Self.randomBase(for: number(), seed: seed, round: raw.round)
        default: witness = has(PRK_REPORT_HAS_BASE) ? BigNatural(raw.base) : nil
        }
    }

    /// Made once: a literal takes memory each time.
    private static let two: BigNatural = 2

    private static func randomBase(
        for number: BigNatural, seed: UInt64, round: UInt32
    ) -> BigNatural? {
        var base = [UInt64](repeating: 0, count: number.limbs.count)
        // Both arrays have the count that is passed.
        let status = unsafe prk_random_base(
            number.limbs, number.limbs.count, seed, round, &base)
        return status == .ok ? BigNatural(limbs: base) : nil
    }
}

extension TestReport {
    /// The verdict on a number of any size, with its evidence.
    ///
    /// - Parameters:
    ///   - number: The number.
    ///   - engine: Which engine tests.
    ///   - options: How.
    /// - Throws: ``PrimalityError``.
    public init(
        of number: BigNatural, engine: Engine = .auto, options: TestOptions = TestOptions()
    ) throws(PrimalityError) {
        var tester = try Tester(engine: engine, options: options, wantsReports: true)
        let batch = NumberBatch([number])
        guard let report = try tester.test(batch).report(at: 0, of: batch) else { throw .cancelled }
        self = report
    }
}
