// SPDX-License-Identifier: Apache-2.0

import CKernels
import CKernels.Internal
import Foundation
import Primality
import TestSupport
import Testing

/// Numbers k·2ᵉ ± 1, and the tests that prove them.
@Suite(.timeLimit(.minutes(15))) struct SpecialTests {
    private struct Found {
        var report = KernelReport()
        var residue: UInt64 = 0
        var method: KernelMethod? { KernelMethod(rawValue: UInt32(report.method)) }
        var isPrime: Bool { report.verdict == 3 }
        func has(_ field: Int) -> Bool { Int(report.fields) & field != 0 }
    }

    /// What the proof of the form says, whatever the size; `nil` for a number of no such form.
    private func proof(_ limbs: [UInt64]) -> Found? {
        var found = Found()
        let status = unsafe prk_special_test(
            limbs, limbs.count, nil, &found.report, &found.residue)
        if status == .invalidArgument { return nil }
        #expect(status == .ok && (found.report.verdict == 3 || found.report.verdict == 1))
        return found
    }

    /// The number in which the lowest `ones` bits and these are set.
    private func number(ones: Int = 0, bits: [Int] = []) -> [UInt64] {
        var limbs = [UInt64](repeating: .max, count: ones / 64)
        if ones % 64 > 0 { limbs.append(1 << UInt64(ones % 64) - 1) }
        for bit in bits {
            while limbs.count <= bit / 64 { limbs.append(0) }
            limbs[bit / 64] |= 1 << UInt64(bit % 64)
        }
        return limbs
    }

    @Test func everyNumberBelowTwoToThe20() {
        let isPrime = sievedPrimes(below: 1 << 20)
        var hasForm = [Bool](repeating: false, count: isPrime.count)
        for e in 2...20 {
            for k in stride(from: 1, to: 1 << e, by: 2) where k << e - 1 < isPrime.count {
                hasForm[k << e - 1] = true
                if k << e + 1 < isPrime.count { hasForm[k << e + 1] = true }
            }
        }
        var wrong: [Int] = []
        for n in isPrime.indices where hasForm[n] || n < 1 << 17 {
            let found = proof([UInt64(n)])
            if (found != nil) != hasForm[n] || found.map({ $0.isPrime != isPrime[n] }) == true {
                wrong.append(n)
            }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(10))")
        #expect(proof([]) == nil)
    }

    @Test func mersenneNumbers() {
        let exponents: Set = [
            2, 3, 5, 7, 13, 17, 19, 31, 61, 89, 107, 127, 521, 607, 1279, 2203, 2281, 3217,
        ]
        var wrong: [Int] = []
        for p in 2...3300 {
            let found = proof(number(ones: p))
            let wasTested = found?.has(PRK_REPORT_HAS_LUCAS)
            let isRight =
                found?.isPrime == exponents.contains(p) && found?.method == .lucasLehmer
                && wasTested == isPrime(UInt64(p))
                && (p == 2 || found?.report.lucas_p == (wasTested == true ? 4 : 0))
            if !isRight { wrong.append(p) }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(10))")
    }

    @Test func powersOfTwoAndOne() {
        var wrong: [Int] = []
        for e in 2...2100 {
            let found = proof(number(bits: [0, e]))
            let isFermat = e & (e - 1) == 0
            let isRight =
                found?.isPrime == (isFermat && e <= 16)
                && found?.method == .pepin
                && found?.report.base == (isFermat ? 3 : 0)
                && found?.has(PRK_REPORT_HAS_BASE) == isFermat
            if !isRight { wrong.append(e) }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(10))")
    }

    @Test func squaresAreNoLoop() {
        var wrong: [Int] = []
        for m in 3...400 {
            // (2ᵐ + 1)² and (2ᵐ − 1)².
            for bits in [[0, m + 1, 2 * m], [0] + Array((m + 1)..<(2 * m))] {
                let found = proof(number(bits: bits))
                if found?.isPrime != false || found?.method != .square { wrong.append(m) }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(10))")
    }

    /// Exponents e of primes k·2ᵉ ± 1, k < 2ᵉ, as OEIS has them; 3 divides both k.
    @Test(arguments: [
        // A002235, A002236, A002253, A002256.
        (
            3, -1,
            [2, 3, 4, 6, 7, 11, 18, 34, 38, 43, 55, 64, 76, 94, 103, 143, 206, 216, 306, 324]
                + [391, 458, 470, 827, 1274]
        ),
        (
            9, -1,
            [7, 13, 15, 21, 43, 63, 99, 109, 159, 211, 309, 343, 415, 469, 781, 871, 939]
        ),
        (
            3, 1,
            [2, 5, 6, 8, 12, 18, 30, 36, 41, 66, 189, 201, 209, 276, 353, 408, 438, 534]
        ),
        (
            9, 1,
            [6, 7, 11, 14, 17, 33, 42, 43, 63, 65, 67, 81, 134, 162, 206, 211, 366, 663, 782]
                + [1305]
        ),
    ])
    func multiplesOfThree(_ k: Int, _ sign: Int, _ exponents: [Int]) {
        let found = (2...1400).filter { e in
            // Of k or k − 1, above one 1 or e of them.
            let top = (0..<4).filter { (sign < 0 ? k - 1 : k) >> $0 & 1 == 1 }.map { $0 + e }
            let n = number(ones: sign < 0 ? e : 1, bits: top)
            return k < 1 << min(e, 10) && proof(n)?.isPrime == true
        }
        #expect(found == exponents)
    }

    @Test func beyondTwoToTheEThereIsNoProof() throws {
        // k = 2⁶⁴ ∓ d, e = 64: the first has a proof, the second none.
        var counts = [Verdict: Int]()
        for d in stride(from: UInt64(1), to: 600, by: 2) {
            for (limbs, hasForm) in [
                ([1, 0 &- d], true), ([1, d, 1], false),
                ([.max, 0 &- d &- 1], true), ([.max, d - 1, 1], false),
            ] as [([UInt64], Bool)] {
                let found = try TestReport(of: BigNatural(limbs: limbs))
                #expect((proof(limbs) != nil) == hasForm)
                #expect(found.verdict != (hasForm ? .probablePrime : .prime))
                if found.verdict != .composite {
                    let method: TestMethod =
                        !hasForm ? .bailliePSW : limbs[0] == 1 ? .proth : .lucasLehmerRiesel
                    #expect(found.method == method)
                }
                counts[found.verdict, default: 0] += 1
            }
        }
        #expect(counts[.prime, default: 0] > 10 && counts[.probablePrime, default: 0] > 10)
    }

    @Test func reportsHoldTheEvidence() throws {
        let mersenne = try TestReport(of: BigNatural(limbs: number(ones: 127)))
        #expect(mersenne.verdict == .prime && mersenne.method == .lucasLehmer)
        #expect(mersenne.lucas?.p == 4 && mersenne.lucas?.q == 1 && mersenne.witness == nil)
        #expect(mersenne.rounds == 0 && mersenne.seed == nil && mersenne.engine == .gmp)

        let fermat = try TestReport(of: BigNatural(limbs: number(bits: [0, 128])))
        #expect(fermat.verdict == .composite && fermat.method == .pepin && fermat.witness == 3)

        let proth = try TestReport(
            of: .candidate(k: 3, b: 2, n: 189, c: 1), options: TestOptions(wantsResidue: true))
        #expect(proth.verdict == .prime && proth.method == .proth && proth.witness == 5)
        #expect(proth.residue == 1 && proth.lucas == nil)

        let riesel = try TestReport(of: .candidate(k: 3, b: 2, n: 103, c: -1))
        #expect(riesel.verdict == .prime && riesel.method == .lucasLehmerRiesel)
        #expect(riesel.lucas?.q == 1 && riesel.witness == nil)
    }

    @Test(
        .enabled(if: TestFiles.shared != nil, "needs the shared folder of residues"))
    func residuesAreThoseOfPRST() throws {
        let url = try #require(TestFiles.shared).appendingPathComponent("residues/res64.tsv")
        var count = 0
        for (i, row) in try VectorFile.rows(at: url).enumerated()
        where row[4].hasPrefix("proth base ") {
            let e = try #require(Int(row[2]))
            // The larger ones take seconds.
            if e > 4000 && !TestFiles.isSampled(i, oneIn: 20) { continue }
            let k = try #require(UInt64(row[0]))
            let base = row[4].dropFirst("proth base ".count).prefix { $0 != ":" }
            #expect(row[1] == "2" && row[3] == "1")
            let found = try #require(
                proof(BigNatural.candidate(k: k, b: 2, n: e, c: 1).limbs), "\(k)*2^\(e)+1")
            #expect(String(found.report.base) == base, "\(k)*2^\(e)+1")
            #expect(found.residue == UInt64(row[5], radix: 16), "\(k)*2^\(e)+1")
            count += 1
        }
        #expect(count > 20)
    }

    @Test(
        .enabled(if: TestFiles.shared != nil, "needs the shared folder of vectors"),
        arguments: ["form_mersenne", "form_fermat_number", "prst", "psmersenne"])
    func published(_ file: String) throws {
        let url = try #require(TestFiles.shared)
            .appendingPathComponent("vectors/\(file).tsv")
        var wrong: [String] = []
        var proved = 0
        for (i, row) in try VectorFile.rows(at: url).enumerated() {
            let number = try BigNatural(parsing: row[0])
            if number.bitWidth > 4500 && !TestFiles.isSampled(i, oneIn: 20) { continue }
            guard let found = proof(number.limbs) else {
                if file.hasPrefix("form_") { wrong.append(row[2]) }
                continue
            }
            proved += 1
            if found.isPrime != (row[1] == "prime") { wrong.append(row[2]) }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
        // 2ⁿ ± c with c > 1 is near such a form.
        #expect(file == "psmersenne" ? proved == 0 : proved > 0)
    }

    @Test(arguments: [-1, 1])
    func aLongTestCanBeCancelled(_ sign: Int) throws {
        // 2²¹⁶⁰⁹¹ − 1, a prime, and 2²⁶²¹⁴⁴ + 1, composite: minutes each.
        let number = BigNatural(
            limbs: sign < 0 ? number(ones: 216_091) : number(bits: [0, 1 << 18]))
        let cancel = CancelFlag()
        Thread.detachNewThread {
            usleep(300_000)
            cancel.cancel()
        }
        var found = Found()
        let status = unsafe prk_special_test(
            number.limbs, number.limbs.count, cancel.flag, &found.report, &found.residue)
        #expect(status == .cancelled)
    }
}
