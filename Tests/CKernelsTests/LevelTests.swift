// SPDX-License-Identifier: Apache-2.0

import CKernels
import CKernels.Internal
import Glibc
import Primality
import TestSupport
import Testing

/// The kernels of one level, for tests: never through the process-wide choice.
struct Kernels {
    let set: prk_kernel_set

    init?(_ level: KernelLevel) {
        guard let kernels = unsafe prk_kernels_at(level.kernel) else { return nil }
        unsafe set = unsafe kernels.pointee
    }

    func verdicts(of numbers: [UInt64]) -> [UInt8] {
        var verdicts = [UInt8](repeating: 99, count: numbers.count)
        unsafe set.test_batch(numbers, &verdicts, numbers.count)
        return verdicts
    }
}

@Suite struct LevelTests {
    static let levels = KernelLevel.supported
    /// What a processor must have for a level, from the least to the best, by Linux's names.
    static let needs: [(KernelLevel, Set<String>)] = [
        (.portable, []), (.bmi2, ["bmi2"]), (.avx2, ["bmi2", "avx2", "fma"]),
        (
            .avx512ifma,
            ["bmi2", "avx2", "avx512f", "avx512dq", "avx512vl", "avx512cd", "avx512ifma"]
        ),
    ]

    @Test func theForcedLevelIsTheActiveOne() throws {
        let active = try KernelLevel.active
        if let name = environment("PRIMALITY_LEVEL") {
            #expect(active.rawValue == name)
        } else {
            // What the processor says by another way than the one that chose.
            let lines = try #require(TestFiles.text("/proc/cpuinfo")).split(separator: "\n")
            let flags = lines.first { $0.hasPrefix("flags") }?.split(separator: " ").map(
                String.init)
            let best = Self.needs.last { $0.1.isSubset(of: flags ?? []) }?.0
            #expect(active == best && KernelLevel.supported.last == best)
        }
    }

    @Test func portableIsExactBelowTwoToThe22() throws {
        let kernels = try #require(Kernels(.portable))
        let isPrime = sievedPrimes(below: 1 << 22)
        let verdicts = kernels.verdicts(of: Array(0..<UInt64(isPrime.count)))
        let wrong = verdicts.indices.filter {
            verdicts[$0] != ($0 < 2 ? 0 : isPrime[$0] ? 3 : 1)
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(10))")
    }

    @Test(arguments: levels)
    func everyLevelAgreesWithPortable(_ level: KernelLevel) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var numbers = edgeNumbers()
        for _ in 0..<200_000 { numbers.append(generator.nextOfAnySize()) }
        let kernels = try #require(Kernels(level))
        let portable = try #require(Kernels(.portable))
        let expected = portable.verdicts(of: numbers)
        let found = kernels.verdicts(of: numbers)
        let different = numbers.indices.filter { expected[$0] != found[$0] }.map { numbers[$0] }
        #expect(different.isEmpty, "seed \(seed): \(different.prefix(10))")
        for n in numbers.prefix(20_000) where kernels.set.is_prime(n) != portable.set.is_prime(n) {
            Issue.record("\(n)")
        }
    }

    @Test(arguments: levels)
    func batchesOfEveryLengthAreTestedWhole(_ level: KernelLevel) throws {
        let kernels = try #require(Kernels(level))
        let numbers = Array(UInt64(1_000_003)..<1_000_003 + 70)
        let all = kernels.verdicts(of: numbers)
        for length in 0...70 {
            for start in [0, 1, 3] where start + length <= 70 {
                let slice = Array(numbers[start..<start + length])
                #expect(kernels.verdicts(of: slice) == Array(all[start..<start + length]))
            }
        }
    }

    @Test(arguments: levels)
    func noPublishedPseudoprimePasses(_ level: KernelLevel) throws {
        let kernels = try #require(Kernels(level))
        for file in VectorFile.allCases {
            let cases = try file.cases().filter { $0.number.bitWidth <= 64 }
            let verdicts = kernels.verdicts(of: cases.compactMap { UInt64(exactly: $0.number) })
            let wrong = zip(cases, verdicts).filter { $0.isPrime != ($1 == 3) }
            #expect(wrong.isEmpty, "\(file.rawValue): \(wrong.prefix(5))")
        }
    }

    @Test(arguments: levels)
    func trialDivisionFindsTheSmallestFactor(_ level: KernelLevel) throws {
        let kernels = try #require(Kernels(level))
        let isPrime = sievedPrimes(below: 3000)
        let primes = isPrime.indices.filter { isPrime[$0] }
        var wrong: [UInt64] = []
        for (i, p) in primes.enumerated() {
            for q in primes[i...] where (p + q) % 7 < 2 {
                let n = UInt64(p) * UInt64(q)
                if kernels.set.trial_range(n, 0, .max) != UInt64(p) { wrong.append(n) }
            }
            if kernels.set.trial_range(UInt64(p), 0, .max) != 0 { wrong.append(UInt64(p)) }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(10))")
        #expect(kernels.set.trial_range(999_999_000_001 * 1_000_003, 0, .max) == 1_000_003)
    }
}

func environment(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
}
