// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import TestSupport
import Testing

/// 2¹²⁷ − 1, a prime whose form makes a proof easy.
let mersenne127 = BigNatural((UInt128(1) << 127) - 1)
/// 2¹²⁷ + 29, a prime of no such form.
let prime128 = BigNatural((UInt128(1) << 127) + 29)

@Suite struct VerdictTests {
    @Test func verdictsOfOneNumber() throws {
        #expect(Verdict(of: 0) == .neither)
        #expect(Verdict(of: 1) == .neither)
        #expect(Verdict(of: 2) == .prime)
        #expect(Verdict(of: UInt64.max) == .composite)
        #expect(isPrime(18_446_744_073_709_551_557))
        #expect(try Verdict(of: mersenne127) == .prime)
        #expect(try Verdict(of: prime128) == .probablePrime)
        #expect(try Verdict(of: BigNatural((UInt128(1) << 67) - 1)) == .composite)
        #expect(try Verdict(of: BigNatural(7)) == .prime)
        #expect(Verdict.allCases.map(\.rawValue) == [0, 1, 2, 3])
    }

    @Test func aVerdictIsTheByteThatKernelsWrite() {
        // `Tester.test(_:into:)` lets kernels write a span of Verdict.
        for verdict in Verdict.allCases {
            #expect(unsafe unsafeBitCast(verdict, to: UInt8.self) == verdict.rawValue)
        }
    }

    @Test func spansAreTestedInPlace() throws {
        let numbers: [UInt64] = [0, 1, 2, 9, 11, 25_326_001]
        var found = [Verdict](repeating: .probablePrime, count: numbers.count)
        var span = found.mutableSpan
        try Tester.test(numbers.span, into: &span)
        #expect(found == [.neither, .neither, .prime, .composite, .prime, .composite])
        #expect(try Tester.verdicts(of: [UInt64]()) == [])
        #expect(throws: PrimalityError.lengthMismatch(numbers: 2, results: 1)) {
            var short = [Verdict.neither]
            var span = short.mutableSpan
            try Tester.test([2, 3].span, into: &span)
        }
    }

    @Test func theSmallestFactorOfAPrimeIsThePrime() throws {
        #expect(try UInt64.smallestFactor(of: 91) == 7)
        #expect(try UInt64.smallestFactor(of: 1_000_003) == 1_000_003)
        #expect(try UInt64.smallestFactor(of: 1) == nil)
    }

    @Test(arguments: VectorFile.allCases)
    func published(_ file: VectorFile) throws {
        let cases = try file.cases()
        let found = try Tester.verdicts(of: NumberBatch(cases.map(\.number)))
        let wrong = zip(cases, found).filter { !$0.accepts($1) }.map(\.0.note)
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    @Test func enginesAgree() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var numbers = edgeNumbers()
        for _ in 0..<20_000 { numbers.append(generator.nextOfAnySize()) }
        let batch = NumberBatch(numbers)
        let expected = try Tester.verdicts(of: batch, engine: .u64)
        for engine in [Engine.auto, .gmp, .fft, .swiftU64] {
            let found = try Tester.verdicts(of: batch, engine: engine)
            let wrong = numbers.indices.filter { expected[$0] != found[$0] }.map { numbers[$0] }
            #expect(wrong.isEmpty, "\(engine), seed \(seed): \(wrong.prefix(5))")
        }
        // Trial division takes √n steps.
        let small = numbers.map { $0 & 0xFFFF_FFFF }
        let smallBatch = NumberBatch(small)
        let smallExpected = try Tester.verdicts(of: smallBatch, engine: .u64)
        for engine in [Engine.trial, .swiftTrial] {
            #expect(
                try Tester.verdicts(of: smallBatch, engine: engine) == smallExpected, "\(engine)")
        }
    }

    @Test func enginesRefuseWhatIsTooLarge() throws {
        for engine in Engine.allCases where engine.maximumBits == 64 {
            let expected = PrimalityError.numberTooLarge(bits: 127, limit: 64, engine: engine)
            #expect(throws: expected) {
                try Tester.verdicts(of: NumberBatch([mersenne127]), engine: engine)
            }
        }
    }

    @Test func aRaisedFlagEndsATest() throws {
        for engine in Engine.allCases {
            let cancel = CancelFlag()
            cancel.cancel()
            var tester = try Tester(engine: engine, cancel: cancel)
            let results = try tester.test(NumberBatch([UInt64(7), 8]))
            #expect(results.verdict(at: 0) == nil)
            #expect(throws: PrimalityError.cancelled) { try results.verdicts() }
        }
    }

    @Test func aFlagRaisedDuringABatchInSwiftLeavesItsBeginning() throws {
        let prime: UInt64 = 18_446_744_073_709_551_557
        let numbers = (0..<500_000).map { $0 % 3 == 0 ? 1 : $0 % 3 == 1 ? prime : prime - 2 }
        let cancel = CancelFlag()
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.01)
            cancel.cancel()
        }
        var tester = try Tester(engine: .swiftU64, cancel: cancel)
        let results = try tester.test(NumberBatch(numbers))
        let found = numbers.indices.map { results.verdict(at: $0) }
        let reached = found.firstIndex(of: nil) ?? found.count
        #expect(found[reached...].allSatisfy { $0 == nil })
        let expected: [Verdict] = [.neither, .prime, .composite]
        let wrong = (0..<reached).filter { found[$0] != expected[$0 % 3] }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }
}

@Suite struct ReportTests {
    @Test func evidenceNamesWhatDecided() throws {
        let reports = try [0, 2, 35, 1_194_649, 25_326_001, 2_152_302_898_747, 2047 * 61].map {
            try TestReport(of: BigNatural(UInt64($0)))
        }
        #expect(
            reports.map(\.method) == [
                .definition, .trialDivision, .trialDivision, .strongHashedBase, .strongHashedBase,
                .almostExtraStrongLucas, .trialDivision,
            ])
        #expect(reports[2].factor == 5)
        #expect(reports[5].lucas?.q == 1)
        // Both pass the strong test to base 2.
        #expect(reports[3...4].allSatisfy { $0.witness.map { $0 > 2 } == true })
        #expect(reports.allSatisfy { $0.engine == .u64 })

        let composite = try TestReport(of: BigNatural(1_000_003 * 1_000_033))
        #expect(composite.method == .strongBase2)
        #expect(composite.witness == 2)

        let big = try TestReport(of: prime128, options: TestOptions(rounds: 3, seed: 1))
        #expect(big.method == .bailliePSW)
        #expect(big.rounds == 3)
        #expect(big.seed == 1)
        #expect(big.engine == (try KernelLevel.active == .avx512ifma ? .ifma : .gmp))
        #expect(big.lucas?.p == 3 && big.lucas?.q == 1)
        #expect(big.lucasCondition != nil)
        #expect(big.cpuTime > .zero)
    }

    @Test func twoRandomBasesAreTheDefault() throws {
        #expect(TestOptions.defaultRounds == 2 && TestOptions().rounds == 2)
        for engine in [Engine.auto, .gmp, .fft] {
            let big = try TestReport(of: prime128, engine: engine)
            #expect(big.rounds == 2 && big.seed != nil)
            let bare = try TestReport(of: prime128, engine: engine, options: TestOptions(rounds: 0))
            #expect(bare.rounds == 0 && bare.seed == nil && bare.verdict == .probablePrime)
        }
    }

    @Test func enginesReportTheSameFactor() throws {
        let n = BigNatural(UInt64(101) * 103)
        for engine in [Engine.trial, .swiftTrial, .gmp, .fft] {
            #expect(try TestReport(of: n, engine: engine).factor == 101)
        }
    }

    @Test func residuesAreThoseThatPFGWPrints() throws {
        let options = TestOptions(wantsResidue: true)
        for (number, residue, name) in try VectorFile.residues() {
            #expect(try TestReport(of: number, options: options).residue == residue, "\(name)")
        }
        // Small ones against 3ⁿ⁻¹ mod n by repeated multiplication; each engine.
        for n in UInt64(2)..<200 {
            var power: UInt64 = 1 % n
            for _ in 0..<n - 1 { power = power * 3 % n }
            for engine in Engine.allCases where engine != .swiftTrial && engine != .swiftU64 {
                let found = try TestReport(of: BigNatural(n), engine: engine, options: options)
                    .residue
                #expect(found == power, "\(n) \(engine)")
            }
        }
    }

    @Test(.enabled(if: TestFiles.shared != nil, "needs the shared folder of residues"))
    func residuesAreThoseOfPRST() throws {
        let url = try #require(TestFiles.shared).appendingPathComponent("residues/res64.tsv")
        var count = 0
        for (i, row) in try VectorFile.rows(at: url).enumerated()
        where row[4].hasPrefix("fermat base 3") {
            let k = try #require(UInt64(row[0]))
            let b = try #require(UInt64(row[1]))
            let n = try #require(Int(row[2]))
            let c = try #require(Int64(row[3]))
            let number = BigNatural.candidate(k: k, b: b, n: n, c: c)
            // The larger ones take minutes.
            if number.bitWidth > 3000 && !TestFiles.isSampled(i, oneIn: 20) { continue }
            for engine in [Engine.auto, .fft] where engine == .auto || number.bitWidth >= 2048 {
                let found = try TestReport(
                    of: number, engine: engine, options: TestOptions(wantsResidue: true))
                #expect(
                    found.residue == UInt64(row[5], radix: 16),
                    "\(row[0])*\(row[1])^\(row[2])+\(row[3])")
                #expect(engine == .auto || found.engine == .fft)
            }
            count += 1
        }
        #expect(count > 100)
    }
}

/// Proofs by ``TestOptions/proofCost``.
@Suite struct ProofCostTests {
    /// 1, zeros, and an end.
    private static func number(zeros: Int, _ end: String) throws -> BigNatural {
        try BigNatural(parsing: "1" + String(repeating: "0", count: zeros) + end, maximumBits: 4000)
    }

    @Test func aProofThatIsCancelledIsNoVerdict() throws {
        // 3319 bits: a minute.
        let number = try Self.number(zeros: 998, "7")
        let cancel = CancelFlag()
        // A thread, since the tests' tasks may hold all that tasks run on.
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.05)
            cancel.cancel()
        }
        var tester = try Tester(options: TestOptions(rounds: 0, proofCost: 1000), cancel: cancel)
        let results = try tester.test(NumberBatch([10, number, 91]))
        #expect(results.verdict(at: 0) == .composite)
        #expect(results.verdict(at: 1) == nil)
    }

    @Test func whatCostsTooMuchStaysAProbablePrime() throws {
        let batch = NumberBatch([
            try Self.number(zeros: 197, "357"), try Self.number(zeros: 37, "121"), 1,
        ])
        for cost: UInt64 in [0, 1, 5000] {
            var tester = try Tester(options: TestOptions(proofCost: cost), wantsReports: true)
            let results = try tester.test(batch)
            for i in 0..<2 {
                #expect(results.verdict(at: i) == (cost == 5000 ? .prime : .probablePrime))
                #expect(
                    results.report(at: i, of: batch)?.method
                        == (cost == 5000 ? .ecpp : .bailliePSW))
            }
            #expect(results.verdict(at: 2) == .neither)
        }
    }
}
