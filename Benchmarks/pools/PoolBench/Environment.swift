// SPDX-License-Identifier: Apache-2.0

import PrimalityBench

/// Where the figures come from.
struct Environment {
    var machine: BenchEnvironment
    /// `nil`: it is not here.
    var python: String?
    var pythonLibraryCompiler: String?

    init(_ peers: Peers?) throws {
        machine = try BenchEnvironment()
        python = peers?.version
        pythonLibraryCompiler = peers?.compiler
    }
}
