// SPDX-License-Identifier: Apache-2.0
//
// What developers compare between commits. Names are dotted: room, algorithm, input.

import Benchmark
import Primality
import PrimalityPool
import PurePrimality

/// The largest prime below 2⁶⁴: every stage of the test runs.
private let prime64: UInt64 = 18_446_744_073_709_551_557

/// Odd numbers from a fixed seed.
private func randomOdd(_ count: Int) -> [UInt64] {
    var state: UInt64 = 42
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 32) | 1
    }
}

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration.metrics = [.wallClock, .throughput]
    Benchmark.defaultConfiguration.scalingFactor = .kilo

    Benchmark("u64.c.prime64") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(isPrime(prime64)) }
    }
    Benchmark("u64.swift.prime64") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(Pure64.isPrime(prime64)) }
    }

    let odd = randomOdd(4096)
    Benchmark("u64.c.batch4096.randomodd", configuration: .init(scalingFactor: .one)) { benchmark in
        var found = [Verdict](repeating: .neither, count: odd.count)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            var span = found.mutableSpan
            try test(odd.span, into: &span)
        }
        blackHole(found)
    }
    Benchmark("u64.swift.batch4096.randomodd", configuration: .init(scalingFactor: .one)) {
        benchmark in
        var found = [Bool](repeating: false, count: odd.count)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            var span = found.mutableSpan
            Pure64.test(odd.span, into: &span)
        }
        blackHole(found)
    }

    // Of no form that would have a quicker proof.
    let prime127 = BigNatural((UInt128(1) << 127) - 25)
    Benchmark("gmp.prime127", configuration: .init(scalingFactor: .one)) { benchmark in
        var tester = try Tester(engine: .gmp, options: TestOptions(rounds: 0))
        let batch = NumberBatch([prime127])
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(try tester.test(batch)) }
    }

    for kind in PoolKind.allCases {
        // The cost of a run: workers started, 64 chunks of one number handed over, workers ended.
        Benchmark("pool.\(kind.rawValue).run64", configuration: .init(scalingFactor: .one)) {
            benchmark in
            let numbers = (0..<UInt64(64)).map { BigNatural($0) }
            let pool = kind.pool(workers: 2)
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                blackHole(try await pool.verdicts(of: numbers, PoolJob(engine: .u64), chunk: 1))
            }
        }
    }
}
