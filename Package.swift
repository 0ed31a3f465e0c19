// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let swift: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
// Turns the bounds that C headers state into overloads that take spans.
let swiftOnC = swift + [.enableExperimentalFeature("SafeInteropWrappers")]

// Tests that start programs or wait gain nothing by -O, which takes the compiler more than half of its time on them.
// Unsafe flags keep a product with such a target from being a dependency. Tests are in no product, and make test-client
// depends on every library by version.
let unoptimised: [SwiftSetting] = [.unsafeFlags(["-Onone"])]

let package = Package(
    name: "swift-primality",
    products: [
        .library(name: "Primality", targets: ["Primality"]),
        .library(name: "PrimalityExpressions", targets: ["PrimalityExpressions"]),
        .library(name: "PrimalityPool", targets: ["PrimalityPool"]),
        .library(name: "PrimalityProof", targets: ["PrimalityProof"]),
        .library(name: "PurePrimality", targets: ["PurePrimality"]),
        .library(name: "CKernels", targets: ["CKernels"]),
        .executable(name: "primality", targets: ["PrimalityCLI"]),
    ],
    traits: [
        .trait(name: "Postgres", description: "primality queue on PostgreSQL, through libpq"),
        .trait(name: "SQLite", description: "primality queue in a file, through libsqlite3"),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.0.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.4.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
    ],
    targets: [
        .systemLibrary(name: "CGMP", pkgConfig: "gmp", providers: [.apt(["libgmp-dev"])]),
        .target(
            name: "CKernels", dependencies: ["CGMP"], path: "CKernels",
            exclude: ["primality.map", "primality.pc.in"],
            // Without pkg-config's answer only this one links GMP.
            linkerSettings: [.linkedLibrary("gmp"), .linkedLibrary("m")]),
        .target(name: "CPool", dependencies: ["CKernels"]),
        .target(name: "CModels", dependencies: ["CKernels", "CPool"]),
        .target(name: "PurePrimality", swiftSettings: swift),
        .target(
            name: "Primality", dependencies: ["CKernels", "PurePrimality"],
            swiftSettings: swiftOnC),
        .target(
            name: "PrimalityExpressions", dependencies: ["CKernels", "Primality"],
            swiftSettings: swiftOnC),
        .target(name: "Charts", dependencies: ["Primality"], swiftSettings: swift),
        .target(
            name: "PrimalityPool", dependencies: ["CKernels", "CPool", "Primality"],
            swiftSettings: swiftOnC),
        .target(
            name: "PrimalityProof",
            dependencies: ["CKernels", "CPool", "Primality", "PrimalityPool"],
            swiftSettings: swiftOnC),
        .target(
            name: "PrimalityModels",
            dependencies: [
                "CKernels", "CModels", "CPool", "Charts", "Primality", "PrimalityPool",
                "PurePrimality",
            ],
            swiftSettings: swiftOnC),
        .target(name: "CProbes", dependencies: ["CKernels"]),
        .target(
            name: "PrimalityBench",
            dependencies: [
                "CKernels", "CPool", "CProbes", "Charts", "Primality", "PrimalityModels",
                "PrimalityPool", "PurePrimality",
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            swiftSettings: swiftOnC),
        .target(
            name: "PrimalityRuns",
            dependencies: [
                "CKernels", "Primality", "PrimalityExpressions", "PrimalityPool",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftOnC),
        .target(
            name: "PrimalityKeys",
            dependencies: [
                "CKernels", "Primality", "PrimalityPool",
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ],
            swiftSettings: swiftOnC),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CSQLite3", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        // Without its traits it knows what a queue is, and reaches none.
        .target(
            name: "PrimalityQueue",
            dependencies: [
                "CKernels", "Charts", "Primality", "PrimalityExpressions", "PrimalityPool",
                "PrimalityRuns",
                .target(name: "CLibPQ", condition: .when(traits: ["Postgres"])),
                .target(name: "CSQLite3", condition: .when(traits: ["SQLite"])),
            ],
            resources: [
                .embedInCode("schema/postgres.sql"), .embedInCode("schema/sqlite.sql"),
            ],
            swiftSettings: swiftOnC),
        .executableTarget(
            name: "PrimalityCLI",
            dependencies: [
                "Charts", "Primality", "PrimalityBench", "PrimalityExpressions", "PrimalityKeys",
                "PrimalityModels", "PrimalityPool", "PrimalityProof", "PrimalityQueue",
                "PrimalityRuns",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swift),
        .executableTarget(name: "generate-tables", swiftSettings: swift),
        .target(
            name: "TestSupport",
            dependencies: ["Primality", .product(name: "SwiftASN1", package: "swift-asn1")],
            path: "Tests/TestSupport", resources: [.copy("Resources")]),
        .testTarget(
            name: "CKernelsTests", dependencies: ["CKernels", "Primality", "TestSupport"]),
        .testTarget(
            name: "PurePrimalityTests",
            dependencies: ["CKernels", "Primality", "PurePrimality", "TestSupport"]),
        .testTarget(name: "PrimalityTests", dependencies: ["Primality", "TestSupport"]),
        .testTarget(
            name: "PrimalityExpressionsTests",
            dependencies: ["Primality", "PrimalityExpressions", "TestSupport"],
            swiftSettings: unoptimised),
        .testTarget(
            name: "PrimalityPoolTests",
            dependencies: ["CKernels", "CPool", "Primality", "PrimalityPool", "TestSupport"],
            swiftSettings: unoptimised),
        .testTarget(
            name: "PrimalityModelsTests",
            dependencies: [
                "CKernels", "CModels", "CPool", "Primality", "PrimalityModels", "PrimalityPool",
                "TestSupport",
            ],
            swiftSettings: unoptimised),
        .testTarget(name: "ChartsTests", dependencies: ["Charts", "Primality", "TestSupport"]),
        .testTarget(
            name: "PrimalityRunsTests",
            dependencies: ["Primality", "PrimalityExpressions", "PrimalityRuns", "TestSupport"],
            swiftSettings: unoptimised),
        .testTarget(
            name: "PrimalityQueueTests",
            dependencies: [
                "Charts", "Primality", "PrimalityExpressions", "PrimalityPool", "PrimalityQueue",
                "PrimalityRuns", "TestSupport",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: unoptimised),
        .testTarget(
            name: "PrimalityProofTests",
            dependencies: [
                "CKernels", "CPool", "Primality", "PrimalityPool", "PrimalityProof", "TestSupport",
            ]),
        .testTarget(
            name: "PrimalityKeysTests",
            dependencies: [
                "Primality", "PrimalityExpressions", "PrimalityKeys", "TestSupport",
            ],
            swiftSettings: unoptimised),
        .testTarget(
            name: "PrimalityBenchTests",
            dependencies: [
                "CProbes", "Charts", "Primality", "PrimalityBench", "PrimalityPool", "TestSupport",
            ],
            swiftSettings: unoptimised),
        // A program with workers of its own, which the tests run.
        .executableTarget(
            name: "task-workers", dependencies: ["Primality", "PrimalityPool"],
            path: "Tests/TaskWorkers", swiftSettings: swift),
        .testTarget(
            name: "PrimalityCLITests",
            // The programs that it runs are built with every test. Were they named here, this target, which
            // takes the compiler longest, would wait for them.
            dependencies: ["Primality", "PrimalityExpressions", "PrimalityModels", "TestSupport"],
            swiftSettings: unoptimised),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c17
)
