// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import Foundation

/// What `make bench-u64`, `make bench-big` and `make bench-pools` write with `--json`: other libraries and
/// Python's pools beside ours.
package enum PeerFile {
    /// What is wrong with a file.
    package struct Failure: Error, CustomStringConvertible {
        /// What is wrong, and what to do.
        package let description: String
    }

    /// The measurements of a file, of ``ReportSection/peer``.
    ///
    /// - Parameters:
    ///   - json: The file's contents.
    ///   - environment: Where the report was made: what ran on another processor does not join it.
    /// - Returns: A measurement for each contender and input.
    /// - Throws: ``Failure``.
    package static func measurements(
        in json: [UInt8], joining environment: BenchEnvironment
    ) throws(Failure) -> [Timing] {
        let decoder = JSONDecoder()
        let data = Data(json)
        if let file = try? decoder.decode(Libraries.self, from: data) {
            try check(file.environment, environment)
            return file.measurements
        }
        if let file = try? decoder.decode(Pools.self, from: data) {
            try check(file.environment, environment)
            return file.measurements
        }
        throw Failure(
            description: "is no result of make bench-u64, bench-big or bench-pools with --json FILE"
        )
    }

    // What is measured, and how our own are named.
    package static let words = "64-bit numbers"
    package static let large = "large numbers"
    package static let firstResults = "until the first result"
    package static let chunks = "handed over"
    package static let primes = "primes"
    package static let streamed = "streamed"
    package static let ours = "ours"

    private struct Machine: Decodable {
        var cpu: String
    }

    private static func check(
        _ machine: Machine, _ environment: BenchEnvironment
    ) throws(Failure) {
        if machine.cpu != environment.cpu {
            throw Failure(
                description: "was measured on '\(machine.cpu)', this is '\(environment.cpu)': "
                    + "measure both on one machine")
        }
    }

    // MARK: Libraries

    private struct Libraries: Decodable {
        struct Workload: Decodable {
            var name: String
            var bits: Int?
            var contenders: [Contender]
        }

        struct Contender: Decodable {
            /// Ours: a batch, calls for one number, or an engine; `peer` for the others.
            var kind: String?
            var name: String
            var median_ns: Double
            var min_ns: Double
            var mad_ns: Double
            var ratio: Double?
            var ratio_low: Double?
            var ratio_high: Double?

            var variant: String {
                switch kind {
                case "batch": "\(PeerFile.ours), \(name), batch"
                case "single": "\(PeerFile.ours), \(name), one a call"
                case "call": "\(PeerFile.ours), by the public function"
                case "engine": "\(PeerFile.ours), \(name)"
                default: name
                }
            }
        }

        var environment: Machine
        /// With which all are compared; the workloads say how many times its speed.
        var reference: String
        var workloads: [Workload]

        var measurements: [Timing] {
            workloads.flatMap { workload in
                let isLarge = workload.bits != nil
                let room = isLarge ? "peer.big" : "peer.u64"
                let input = slug(workload.name) + (workload.bits.map { "-\($0)" } ?? "")
                return workload.contenders.map { contender in
                    var measurement = Timing(
                        id: "\(room).\(input).\(slug(contender.variant))", section: .peer,
                        subject: isLarge ? PeerFile.large : PeerFile.words,
                        variant: contender.variant, input: workload.name, size: workload.bits,
                        per: "number", command: isLarge ? "make bench-big" : "make bench-u64")
                    measurement.cpu = Distribution(
                        median: contender.median_ns, minimum: contender.min_ns,
                        mad: contender.mad_ns)
                    if contender.variant != reference {
                        measurement.reference = "\(room).\(input).\(slug(reference))"
                    }
                    if measurement.reference != nil, let value = contender.ratio,
                        let low = contender.ratio_low,
                        let high = contender.ratio_high
                    {
                        measurement.ratio = ConfidenceInterval(value: value, low: low, high: high)
                    }
                    return measurement
                }
            }
        }
    }

    // MARK: Pools

    private struct Pools: Decodable {
        struct Times: Decodable {
            var median: Double
            var min: Double
            var mad: Double
            var rounds: [Double]

            var distribution: Distribution {
                rounds.isEmpty
                    ? Distribution(median: median, minimum: min, mad: mad)
                    : Distribution(rounds: rounds)
            }
        }

        struct Row: Decodable {
            var path: String
            var name: String
            var chunk: Int
            var measurement: Times
        }

        struct Start: Decodable {
            var name: String
            var first: Times
        }

        struct BookRow: Decodable {
            var name: String
            var measurement: Times
        }

        var environment: Machine
        var rows: [Row]
        var starts: [Start]
        var book: [BookRow]

        var measurements: [Timing] {
            func measurement(
                _ id: String, _ subject: String, _ name: String, input: String?, size: Int?,
                per: String, _ times: Times
            ) -> Timing {
                var measurement = Timing(
                    id: "peer.pools.\(id).\(slug(name))", section: .peer, subject: subject,
                    variant: name, input: input, size: size, per: per, command: "make bench-pools")
                measurement.wall = times.distribution
                return measurement
            }
            let serial = book.first { $0.name == "serial" }
            return starts.map {
                measurement(
                    "start", PeerFile.firstResults, $0.name, input: nil, size: nil, per: "start",
                    $0.first)
            }
                + rows.map {
                    measurement(
                        "\(slug($0.path)).chunk-\($0.chunk)", PeerFile.chunks, $0.name,
                        input: $0.path, size: $0.chunk, per: "chunk", $0.measurement)
                }
                + book.map { row in
                    var measurement = measurement(
                        "book", "the book's numbers", row.name, input: nil, size: nil, per: "run",
                        row.measurement)
                    if let serial, row.name != serial.name,
                        serial.measurement.rounds.count == row.measurement.rounds.count
                    {
                        measurement.reference = "peer.pools.book.serial"
                        measurement.ratio = Statistics.ratio(
                            of: serial.measurement.rounds, to: row.measurement.rounds)
                    }
                    return measurement
                }
        }
    }
}

/// A name as it stands in an id: `random odd 64-bit` is `random-odd-64-bit`.
package func slug(_ name: String) -> String {
    let parts = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return parts.joined(separator: "-")
}
