// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
//
// make bench-pools. A package apart from the micro-benchmarks, whose dependencies take minutes to build.

import PackageDescription

let package = Package(
    name: "PoolBenchmarks",
    products: [.executable(name: "pool-bench", targets: ["PoolBench"])],
    dependencies: [
        // The name fixes the identity, whatever the folder of the clone is called.
        .package(name: "swift-primality", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "PoolBench",
            dependencies: [
                .product(name: "Primality", package: "swift-primality"),
                .product(name: "PrimalityBench", package: "swift-primality"),
                .product(name: "PrimalityPool", package: "swift-primality"),
            ],
            path: "PoolBench")
    ],
    swiftLanguageModes: [.v6]
)
