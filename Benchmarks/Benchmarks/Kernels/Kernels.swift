// SPDX-License-Identifier: Apache-2.0
//
// What developers compare between commits. Names are dotted, the rooms those of `primality bench`: room,
// what is measured, by what, on which numbers, how many at once.

import Benchmark
import Primality
import PrimalityPool
import PurePrimality

/// The largest prime below 2⁶⁴: every stage of the test runs.
private let prime64: UInt64 = 18_446_744_073_709_551_557

/// The largest prime below 2⁴⁰: to be divided by all below 2²⁰.
private let prime40: UInt64 = 1_099_511_627_689

/// Of no form that would have a quicker proof.
private let prime127 = BigNatural((UInt128(1) << 127) - 25)

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration.metrics = [.wallClock, .throughput]
    let once = Benchmark.Configuration(
        metrics: Benchmark.defaultConfiguration.metrics, scalingFactor: .one)
    Benchmark.defaultConfiguration.scalingFactor = .kilo
    var random = SeededRandomness(seed: 42)

    // MARK: call

    // A number that is told at once: what is left is the call.
    Benchmark("call.is-prime.even") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(isPrime(prime64 &- 1)) }
    }
    for digits in [20, 200] {
        let text = String(repeating: "7", count: digits)
        Benchmark("call.text.digits\(digits)") { benchmark in
            for _ in benchmark.scaledIterations { blackHole(BigNatural(text)?.description) }
        }
    }
    let even = NumberBatch([prime127.adding(1)])
    Benchmark("call.tester.made") { benchmark in
        for _ in benchmark.scaledIterations {
            var tester = try Tester(engine: .gmp)
            blackHole(try tester.test(even))
        }
    }
    Benchmark("call.tester.kept") { benchmark in
        var tester = try Tester(engine: .gmp)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(try tester.test(even)) }
    }

    // MARK: kernel

    Benchmark("kernel.exact.c.prime64") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(isPrime(prime64)) }
    }
    Benchmark("kernel.exact.swift.prime64") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(Pure64.isPrime(prime64)) }
    }

    let odd = (0..<4096).map { _ in random.next() | 1 }
    for (name, numbers) in [
        ("odd64", odd), ("prime64", [UInt64](repeating: prime64, count: odd.count)),
    ] {
        Benchmark("kernel.exact.c.\(name).batch4096", configuration: once) { benchmark in
            var found = [Verdict](repeating: .neither, count: numbers.count)
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                var span = found.mutableSpan
                try test(numbers.span, into: &span)
            }
            blackHole(found)
        }
        Benchmark("kernel.exact.swift.\(name).batch4096", configuration: once) { benchmark in
            var found = [Bool](repeating: false, count: numbers.count)
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                var span = found.mutableSpan
                Pure64.test(numbers.span, into: &span)
            }
            blackHole(found)
        }
    }

    Benchmark("kernel.trial.c.prime40", configuration: once) { benchmark in
        for _ in benchmark.scaledIterations { blackHole(try smallestFactor(of: prime40)) }
    }
    Benchmark("kernel.trial.swift.prime40", configuration: once) { benchmark in
        for _ in benchmark.scaledIterations { blackHole(Pure64.smallestFactor(of: prime40)) }
    }

    let prime1024: BigNatural
    do {
        prime1024 = try BigNatural.randomProbablePrime(bits: 1024, using: &random)
    } catch {
        fatalError("no prime to measure with: \(error)")
    }
    for (name, engine, numbers) in [
        ("gmp.prime127", Engine.gmp, [prime127]),
        ("auto.prime127.batch64", .auto, [BigNatural](repeating: prime127, count: 64)),
        ("gmp.prime1024", .gmp, [prime1024]),
        ("auto.prime1024", .auto, [prime1024]),
        ("auto.prime1024.batch64", .auto, [BigNatural](repeating: prime1024, count: 64)),
    ] {
        Benchmark("kernel.large.\(name)", configuration: once) { benchmark in
            var tester = try Tester(engine: engine, options: TestOptions(rounds: 0))
            let batch = NumberBatch(numbers)
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations { blackHole(try tester.test(batch)) }
        }
    }

    // MARK: hand-over

    for kind in PoolKind.allCases {
        // The cost of a run: workers started, 64 chunks of one number handed over, workers ended.
        Benchmark("hand-over.\(kind.rawValue).run64", configuration: once) { benchmark in
            let numbers = (0..<UInt64(64)).map { BigNatural($0) }
            let pool = kind.pool(workers: 2)
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                blackHole(
                    try await pool.verdicts(of: numbers, using: PoolJob(engine: .u64), chunk: 1))
            }
        }
    }
}
