#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds and runs somebody else's package that depends on this one by URL and version, as clients do:
# unsafe flags, missing files and private headers show themselves only there. The code of README.md and of the articles
# in docs/site is compiled there, and that of the articles prints what they say.
set -eu
cd "$(dirname "$0")/../.."
: "${SWIFT:=swift}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
git clone -q . "$work/swift-primality"
git -C "$work/swift-primality" tag 0.2.0
mkdir -p "$work/client/Sources/client"
pages=$("${PYTHON:-python3}" Tests/Install/articles.py "$work/client/Sources")
product() { printf '.product(name: "%s", package: "swift-primality"),' "$1"; }
targets=
for page in $pages; do
    targets="$targets
        .executableTarget(
            name: \"$page\",
            dependencies: [
                $(product Primality) $(product PrimalityPool) $(product PrimalityProof)
                $(product PrimalityExpressions) $(product PurePrimality)
            ]),"
done
cat >"$work/client/Package.swift" <<EOF
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
    name: "client",
    dependencies: [.package(url: "file://$work/swift-primality", from: "0.2.0")],
    targets: [$targets
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
$SWIFT build --package-path "$work/client"
$SWIFT run --package-path "$work/client" --skip-build client
for page in $pages; do
    $SWIFT run --package-path "$work/client" --skip-build "$page" >"$work/printed" || {
        echo "swift-client: the code of $page ended with status $?" >&2
        exit 1
    }
    diff "$work/client/Sources/$page.expected" "$work/printed" || {
        echo "swift-client: $page prints something else than it says" >&2
        exit 1
    }
done
echo "swift-client: the code of $(echo $pages | wc -w) pages prints what they say"
