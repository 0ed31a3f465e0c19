// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
//
// Micro-benchmarks in a package of their own, so that no client resolves their dependencies.

import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v13)],
    dependencies: [
        // The name fixes the identity, whatever the folder of the clone is called.
        .package(name: "swift-primality", path: ".."),
        // Without traits it asks for jemalloc.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Kernels",
            dependencies: [
                .product(name: "Primality", package: "swift-primality"),
                .product(name: "PrimalityPool", package: "swift-primality"),
                .product(name: "PurePrimality", package: "swift-primality"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Kernels",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
    ],
    swiftLanguageModes: [.v6]
)
