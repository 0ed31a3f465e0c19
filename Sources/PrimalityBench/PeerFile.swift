// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import FoundationEssentials

/// What `make bench-u64`, `make bench-big`, `make bench-proof`, `make bench-mailbox` and
/// `Benchmarks/pools/peers.py` write: other libraries and Python's pools beside ours.
///
/// The measurements have the form that they have in a report: that of ``Timing``.
package struct PeerFile: Decodable {
    /// The form of the file.
    package static let format = "primality-peers/1"

    /// What is wrong with a file.
    package struct Failure: Error, CustomStringConvertible {
        /// What is wrong, and what to do.
        package let description: String
    }

    private struct Machine: Decodable {
        var cpu: String
        var peers: [String]
    }

    private let format: String
    private let environment: Machine
    /// Of ``ReportSection/peer``, each with a name of its own.
    package let measurements: [Timing]

    /// The other programs, with their versions.
    package var versions: [String] { environment.peers }

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - json: The file's bytes; they need not be well-formed.
    ///   - environment: Where the report was made: what ran on another processor does not join it.
    /// - Throws: ``Failure``.
    package init(json: [UInt8], joining environment: BenchEnvironment) throws(Failure) {
        guard let file = try? JSONDecoder().decode(PeerFile.self, from: Data(json)),
            file.format == Self.format
        else {
            throw Failure(
                description:
                    "is not of the form '\(Self.format)', which make bench-u64, bench-big, "
                    + "bench-proof, bench-mailbox and bench-pools write")
        }
        // Blanks in a row are one: who reads /proc/cpuinfo need not keep them.
        func words(_ name: String) -> [Substring] { name.split(separator: " ") }
        if words(file.environment.cpu) != words(environment.cpu) {
            throw Failure(
                description: "was measured on '\(file.environment.cpu)', this is "
                    + "'\(environment.cpu)': measure both on one machine")
        }
        var seen: Set<String> = []
        for m in file.measurements {
            // Else it would take the place of one of ours.
            if m.section != .peer || !m.id.hasPrefix("peer.") || !seen.insert(m.id).inserted {
                throw Failure(
                    description: "'\(m.id.prefix(80))' is in it twice, or is not of the room 'peer'"
                )
            }
        }
        self = file
    }

    // What is measured, and how our own are named.
    package static let words = "64-bit numbers"
    package static let large = "large numbers"
    package static let firstResults = "until the first result"
    package static let chunks = "handed over"
    package static let book = "the book's numbers"
    package static let primes = "primes"
    package static let streamed = "streamed"
    package static let ours = "ours"
    /// How the names of other languages' pools begin.
    package static let pools = "peer.pools."
    /// Python's pool with a chunk as an item, which does the same as ours.
    package static let python = "multiprocessing.Pool, arrays"
}
