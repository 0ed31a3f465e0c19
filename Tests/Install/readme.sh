#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Prints what README.md says in Swift, as functions that a client compiles: its lines are to resolve as they stand.
set -eu
cd "$(dirname "$0")/../.."
# The Swift block in which a text stands, without imports.
block() {
    awk -v text="$1" '
        /^```swift/ { on = 1; block = ""; next }
        /^```/ { if (on && index(block, text)) { printf "%s", block; found = 1 } on = 0 }
        on && !/^import / { block = block $0 "\n" }
        END { exit !found }' README.md
}
echo 'import Primality'
echo 'import PrimalityPool'
echo 'func onesThatAreSimple() throws {'
block 'isPrime('
echo '}'
echo 'func onPools(_ numbers: [BigNatural], _ words: [UInt64]) async throws {'
echo '    func now(_ words: [UInt64]) throws {'
block 'for try await' | grep '^try '
echo '    }'
block 'for try await' | grep -v '^try '
echo '    try now(words)'
echo '}'
echo 'func inProcesses(_ numbers: [BigNatural]) throws {'
block 'ProcessPool.bootstrap'
echo '}'
