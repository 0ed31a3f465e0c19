// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal
internal import Primality
internal import PurePrimality

/// Each algorithm in C at each level and in Swift, one number a call and in batches.
package struct KernelRoom {
    private let settings: BenchSettings

    package init(_ settings: BenchSettings) { self.settings = settings }

    /// Numbers a call.
    package static let batches = [1, 8, 64, 512, 4096]

    package func measure(_ contest: Contest) throws -> [Timing] {
        var all: [Timing] = []
        for input in Input.all {
            let numbers = input.numbers(settings.isQuick ? 1024 : 4096)
            all += try contest.run("the exact test, \(input.text)", exact(input, numbers))
        }
        return try all + contest.run("trial division", trial())
    }

    package static func id(
        _ algorithm: String, _ input: String, _ variant: String, _ rest: String
    ) -> String {
        "kernel.\(algorithm).\(input).\(variant).\(rest)"
    }

    /// The variants' names in an id and in words.
    package static var variants: [(name: String, text: String)] {
        [("swift", "Swift")]
            + KernelLevel.supported.map { ("c-\($0.rawValue)", "C, \($0.rawValue)") }
    }

    private func measurement(
        _ algorithm: String, _ subject: String, _ input: (name: String, text: String),
        _ variant: (name: String, text: String), batch: Int?
    ) -> Timing {
        let rest = batch.map { "batch-\($0)" } ?? "single"
        return Timing(
            id: Self.id(algorithm, input.name, variant.name, rest), section: .kernel,
            subject: subject, variant: variant.text, input: input.text, size: batch, per: "number",
            command: "primality bench --rooms kernel",
            reference: variant.name == "swift"
                ? nil : Self.id(algorithm, input.name, "swift", rest))
    }

    // MARK: Exact tests

    private func exact(_ input: Input, _ numbers: [UInt64]) -> [Contestant] {
        let primes = UInt64(numbers.count { Pure64.isPrime($0) })
        let names = (name: input.name, text: input.text)
        func contestant(
            _ variant: (name: String, text: String), _ batch: Int?,
            _ pass: @escaping (Int) -> UInt64
        ) -> Contestant {
            Contestant(
                measurement: measurement("exact", "exact test", names, variant, batch: batch),
                units: numbers.count, expected: primes, pass: pass)
        }
        var all: [Contestant] = []
        let swift = Self.variants[0]
        all.append(
            contestant(swift, nil) { count in
                var found: UInt64 = 0
                for _ in 0..<count {
                    found = 0
                    for n in numbers where Pure64.isPrime(n) { found += 1 }
                }
                return found
            })
        for batch in Self.batches where batch <= numbers.count {
            all.append(
                contestant(swift, batch) { count in
                    var results = [Bool](repeating: false, count: numbers.count)
                    for _ in 0..<count {
                        var span = results.mutableSpan
                        for first in stride(from: 0, to: numbers.count, by: batch) {
                            var part = span._mutatingExtracting(first..<first + batch)
                            Pure64.test(numbers.span.extracting(first..<first + batch), into: &part)
                        }
                    }
                    return UInt64(results.count { $0 })
                })
        }
        for level in KernelLevel.supported {
            guard let kernels = unsafe prk_kernels_at(level.kernel)?.pointee,
                let isPrime = unsafe kernels.is_prime, let test = unsafe kernels.test_batch
            else { continue }
            let variant = (name: "c-\(level.rawValue)", text: "C, \(level.rawValue)")
            all.append(
                contestant(variant, nil) { count in
                    var found: UInt64 = 0
                    for _ in 0..<count {
                        found = 0
                        for n in numbers where isPrime(n) { found += 1 }
                    }
                    return found
                })
            for batch in Self.batches where batch <= numbers.count {
                all.append(
                    contestant(variant, batch) { count in
                        var results = [UInt8](repeating: 0, count: numbers.count)
                        unsafe numbers.withUnsafeBufferPointer { numbers in
                            unsafe results.withUnsafeMutableBufferPointer { results in
                                guard let from = numbers.baseAddress, let to = results.baseAddress
                                else { return }
                                for _ in 0..<count {
                                    for first in stride(from: 0, to: numbers.count, by: batch) {
                                        unsafe test(from + first, to + first, batch)
                                    }
                                }
                            }
                        }
                        return UInt64(results.count { $0 == Verdict.prime.rawValue })
                    })
            }
        }
        return all
    }

    // MARK: Trial division

    private func trial() -> [Contestant] {
        // Primes, so that every divisor is tried.
        let inputs = [
            (name: "prime-32", text: "prime, 32-bit", n: UInt64(4_294_967_291)),
            (name: "prime-50", text: "prime, 50-bit", n: UInt64(1_125_899_906_842_597)),
        ]
        return inputs.flatMap { input in
            func contestant(
                _ variant: (name: String, text: String), _ pass: @escaping () -> UInt64
            ) -> Contestant {
                Contestant(
                    measurement: measurement(
                        "trial", "complete trial division", (input.name, input.text), variant,
                        batch: nil),
                    units: 1, expected: 0,
                    pass: { count in
                        var divisor: UInt64 = 0
                        for _ in 0..<count { divisor = pass() }
                        return divisor
                    })
            }
            let swift = contestant(Self.variants[0]) {
                Pure64.smallestDivisor(of: input.n, from: 0, through: UInt64(UInt32.max))
            }
            return [swift]
                + KernelLevel.supported.compactMap { level in
                    guard let trial = unsafe prk_kernels_at(level.kernel)?.pointee.trial_range
                    else { return nil }
                    return contestant(("c-\(level.rawValue)", "C, \(level.rawValue)")) {
                        trial(input.n, 2, UInt64(UInt32.max))
                    }
                }
        }
    }
}

/// What the kernels are asked about.
package struct Input {
    package enum Kind: String, CaseIterable {
        /// Every stage of the test.
        case prime
        /// Mostly small factors.
        case odd
        /// Products of two primes: the strong test alone.
        case semiprime
    }

    package var kind: Kind
    package var bits: Int

    package static var all: [Input] {
        Kind.allCases.flatMap { kind in [32, 50, 64].map { Input(kind: kind, bits: $0) } }
    }

    package var name: String { "\(kind.rawValue)-\(bits)" }

    package var text: String {
        switch kind {
        case .prime: "primes, \(bits)-bit"
        case .odd: "random odd, \(bits)-bit"
        case .semiprime: "products of two primes, \(bits)-bit"
        }
    }

    /// Numbers with exactly so many bits, the same in every run.
    package func numbers(_ count: Int) -> [UInt64] {
        var random = SeededRandomness(seed: UInt64(bits))
        func odd(_ bits: Int) -> UInt64 {
            (random.next() >> UInt64(64 - bits)) | 1 << UInt64(bits - 1) | 1
        }
        func prime(_ bits: Int) -> UInt64 {
            while true {
                let n = odd(bits)
                if Pure64.isPrime(n) { return n }
            }
        }
        return (0..<count).map { _ in
            switch kind {
            case .prime: return prime(bits)
            case .odd: return odd(bits)
            case .semiprime:
                while true {
                    // No factor has more bits than 32, so nothing overflows.
                    let n = prime(bits / 2) &* prime(bits / 2)
                    if n >> UInt64(bits - 1) == 1 { return n }
                }
            }
        }
    }
}
