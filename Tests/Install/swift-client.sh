#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds and runs somebody else's package that depends on this one by URL and version, as clients do:
# unsafe flags, missing files and private headers show themselves only there.
set -eu
cd "$(dirname "$0")/../.."
: "${SWIFT:=swift}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
git clone -q . "$work/swift-primality"
git -C "$work/swift-primality" tag 0.2.0
mkdir -p "$work/client/Sources/client"
cat >"$work/client/Package.swift" <<EOF
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
    name: "client",
    dependencies: [.package(url: "file://$work/swift-primality", from: "0.2.0")],
    targets: [
        .executableTarget(
            name: "client",
            dependencies: [
                .product(name: "Primality", package: "swift-primality"),
                .product(name: "PrimalityPool", package: "swift-primality"),
                .product(name: "PurePrimality", package: "swift-primality"),
                .product(name: "CKernels", package: "swift-primality"),
            ])
    ])
EOF
cp Tests/Install/client.swift "$work/client/Sources/client/main.swift"
sh Tests/Install/readme.sh >"$work/client/Sources/client/Readme.swift"
$SWIFT run --package-path "$work/client" client
