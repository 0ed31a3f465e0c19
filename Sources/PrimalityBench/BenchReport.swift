// SPDX-License-Identifier: Apache-2.0

package import Charts

/// All of a run of `primality bench`: what was measured where, and what follows from it.
///
/// This is what `--json` writes. Tables, charts and sentences are made of nothing else.
package struct BenchReport: Sendable, Hashable, Codable {
    /// The form of the file.
    package static let format = "primality-bench/1"

    /// ``format``.
    package var format = BenchReport.format
    /// The machine and the programs.
    package var environment: BenchEnvironment
    /// How it was measured.
    package var settings: BenchSettings
    /// Each with an ``Timing/id`` of its own.
    package var measurements: [Timing] = []
    /// What follows, in sentences.
    package var findings: [Finding] = []
    /// Why the run is not to be trusted.
    package var warnings: [String] = []

    package init(
        environment: BenchEnvironment, settings: BenchSettings, measurements: [Timing] = [],
        findings: [Finding] = [], warnings: [String] = []
    ) {
        self.environment = environment
        self.settings = settings
        self.measurements = measurements
        self.findings = findings
        self.warnings = warnings
    }

    /// The measurement of that name.
    package subscript(id: String) -> Timing? { measurements.first { $0.id == id } }

    /// Adds measurements of other programs, in the place of those of the same name, and makes the sentences anew.
    package mutating func join(_ file: PeerFile) {
        let names = Set(file.measurements.map(\.id))
        measurements.removeAll { names.contains($0.id) }
        measurements += file.measurements
        for i in measurements.indices where names.contains(measurements[i].id) {
            let own = measurements[i].time?.rounds ?? []
            let reference = measurements[i].reference.flatMap { self[$0]?.time?.rounds } ?? []
            if measurements[i].ratio != nil || own.isEmpty || reference.count != own.count {
                continue
            }
            measurements[i].ratio = Statistics.ratio(of: reference, to: own)
        }
        environment.peers = distinct((environment.peers ?? []) + file.versions)
        findings = Findings(self).all
    }

    /// A measurement and its typical time, in nanoseconds.
    package typealias Timed = (measurement: Timing, median: Double)

    /// The measurement of that name, if it has a time.
    package func timed(_ id: String) -> Timed? {
        self[id].flatMap { measurement in measurement.time.map { (measurement, $0.median) } }
    }

    /// An algorithm's best level of C: of all levels, which are measured in their order, the last one.
    ///
    /// It is the report's, since this machine may have other levels than the one that was measured.
    package func bestLevel(
        _ algorithm: String, _ input: String
    ) -> (name: String, text: String)? {
        let prefix = KernelRoom.id(algorithm, input, "c-", "").dropLast()
        let last = measurements.last { $0.id.hasPrefix(prefix) }
        return last.flatMap { m in
            m.id.split(separator: ".").dropFirst(3).first.map { (String($0), m.variant) }
        }
    }

    /// The largest batch of the exact test on an input.
    package func largestBatch(_ input: String) -> Int? {
        KernelRoom.batches.last {
            timed(KernelRoom.id("exact", input, "c-portable", "batch-\($0)")) != nil
        }
    }

    /// A room's measurements; other languages' pools stand in the room of ours, where that was measured.
    package func measurements(of section: ReportSection) -> [Timing] {
        let hasPools = measurements.contains { $0.section == .pools }
        return measurements.filter { m in
            let isPool = hasPools && m.id.hasPrefix(PeerFile.pools)
            return (isPool ? .pools : m.section) == section
        }
    }
}

/// The rooms of a report.
package enum ReportSection: String, Sendable, Hashable, Codable, CaseIterable {
    /// What one call costs.
    case call
    /// Each algorithm in C at each level and in Swift.
    case kernel
    /// What it costs to give work away.
    case handOver = "hand-over"
    /// Pools on streams, beside Python's.
    case pools
    /// Processes against resident memory.
    case fork
    /// More and more workers.
    case scaling
    /// Other libraries and Python.
    case peer
}

/// One thing measured.
package struct Timing: Sendable, Hashable, Codable {
    /// Dotted, from the room on: `kernel.exact.prime-64.c-avx2.batch-512`.
    package var id: String
    /// Its room.
    package var section: ReportSection
    /// What was done: an algorithm, a kind of call.
    package var subject: String
    /// By whom: `C, avx2`, `Swift`, a pool.
    package var variant: String
    /// On what, when there are several.
    package var input: String?
    /// Numbers a call or a chunk, workers, megabytes.
    package var size: Int?
    /// What a time is for: `call`, `number`, `chunk`, `start`.
    package var per: String
    /// The command that measures it.
    package var command: String
    /// Nanoseconds of the measuring thread's CPU.
    package var cpu: Distribution?
    /// Nanoseconds by the clock.
    package var wall: Distribution?
    /// What it is compared with, measured in the same rounds.
    package var reference: String?
    /// The reference's time divided by this one's: above 1 this is faster.
    ///
    /// By CPU time where all of it is the measuring thread's, else by the clock.
    package var ratio: ConfidenceInterval?

    package init(
        id: String, section: ReportSection, subject: String, variant: String, input: String? = nil,
        size: Int? = nil, per: String, command: String, cpu: Distribution? = nil,
        wall: Distribution? = nil, reference: String? = nil, ratio: ConfidenceInterval? = nil
    ) {
        self.id = id
        self.section = section
        self.subject = subject
        self.variant = variant
        self.input = input
        self.size = size
        self.per = per
        self.command = command
        self.cpu = cpu
        self.wall = wall
        self.reference = reference
        self.ratio = ratio
    }

    /// The typical time: CPU time where there is one.
    package var time: Distribution? { cpu ?? wall }
}

/// How a run measures.
package struct BenchSettings: Sendable, Hashable, Codable {
    /// How often each thing is measured; at least 9 for a report.
    package var rounds = 9
    /// Whether there is less of everything.
    package var isQuick = false
    /// How long each thing is repeated in a round, in nanoseconds.
    package var leastTime = 1_000_000.0
    /// The rooms that are measured.
    package var sections: [ReportSection] = [.call, .kernel, .handOver, .pools, .fork, .scaling]

    /// The settings of a full run.
    package init() {}

    /// About half a minute.
    package static var quick: BenchSettings {
        var settings = BenchSettings()
        settings.isQuick = true
        settings.leastTime = 200_000
        return settings
    }
}

/// A sentence with figures.
package struct Finding: Sendable, Hashable, Codable {
    /// A figure as it stands in the sentence.
    package struct Figure: Sendable, Hashable, Codable {
        /// The number itself.
        package var value: Double
        /// How it is written, with its unit.
        package var text: String

        package init(
            value: Double, text: String
        ) {
            self.value = value
            self.text = text
        }
    }

    /// Dotted, from the room on.
    package var id: String
    /// The sentence; `{0}`, `{1}` … stand for the figures.
    package var template: String
    /// Its figures.
    package var figures: [Figure]
    /// The measurements that it is made of.
    package var sources: [String]
    /// The command that prints it.
    package var command: String

    package init(
        id: String, template: String, figures: [Figure], sources: [String], command: String
    ) {
        self.id = id
        self.template = template
        self.figures = figures
        self.sources = sources
        self.command = command
    }

    /// The sentence.
    package var text: String {
        parts.map { part in
            switch part {
            case .words(let words): words
            case .figure(let figure): figure.text
            }
        }.joined()
    }
}
