// SPDX-License-Identifier: Apache-2.0

import CKernels
import CKernels.Internal
import Primality
import PurePrimality
import TestSupport
import Testing

@Suite struct TwinTests {
    @Test func isExactBelowTwoToThe22() {
        let isPrime = sievedPrimes(below: 1 << 22)
        let wrong = isPrime.indices.filter { Pure64.isPrime(UInt64($0)) != isPrime[$0] }
        #expect(wrong.isEmpty, "\(wrong.prefix(10))")
    }

    @Test func findsWhatTheKernelsFind() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var numbers = edgeNumbers()
        for _ in 0..<100_000 { numbers.append(generator.nextOfAnySize()) }
        guard let kernels = unsafe prk_kernels_at(.portable)?.pointee else {
            Issue.record("portable kernels are always there")
            return
        }
        var different: [UInt64] = []
        for n in numbers {
            var report = KernelReport()
            unsafe kernels.test_with_report(n, &report)
            let finding = Pure64.explain(n)
            let same =
                finding.isPrime == (report.verdict == 3)
                && finding.factor == report.factor && Int64(finding.lucasP) == report.lucas_p
                && finding.base == report.base
            if !same { different.append(n) }
        }
        #expect(different.isEmpty, "seed \(seed): \(different.prefix(10))")
    }

    @Test func noPublishedPseudoprimePasses() throws {
        for file in VectorFile.allCases {
            let wrong = try file.cases().filter { vector in
                UInt64(exactly: vector.number).map { Pure64.isPrime($0) != vector.isPrime } ?? false
            }
            #expect(wrong.isEmpty, "\(file.rawValue): \(wrong.prefix(5))")
        }
    }

    @Test func trialDivisionFindsTheSmallestFactorHoweverItsRangeIsCut() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let n = (generator.next() >> (30 + generator.next() % 30)) | 2
            var kernel: UInt64 = 0
            _ = unsafe prk_smallest_factor_u64(n, &kernel)
            #expect(Pure64.smallestFactor(of: n) == kernel)
            let step = 1 + generator.next() % 5000
            var least: UInt64 = 0
            var from: UInt64 = 0
            while least == 0 && from * from <= n {
                least = Pure64.smallestDivisor(of: n, from: from, through: from + step - 1)
                from += step
            }
            #expect((least == 0 ? n : least) == kernel, "\(n) in steps of \(step)")
        }
    }
}
