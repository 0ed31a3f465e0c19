// SPDX-License-Identifier: Apache-2.0

import Charts
import Primality
import PrimalityBench

/// A report with all rooms, whose figures are made up.
enum SyntheticReport {
    static let pools = [
        "serial", "threads", "tasks", "actors", "processes-pipe", "processes-socket",
        "processes-shm",
    ]
    static let variants = [
        ("swift", "Swift"), ("c-portable", "C, portable"), ("c-bmi2", "C, bmi2"),
        ("c-avx2", "C, avx2"), ("c-avx512ifma", "C, avx512ifma"),
    ]

    /// A report with noise of 1 % on each round.
    ///
    /// - Parameters:
    ///   - seed: Of the noise.
    ///   - factor: By how much longer a measurement takes than it does.
    /// - Returns: The same for the same parameters, but for the machine.
    /// - Throws: What the environment does when a level is forced that isn't there.
    static func make(seed: UInt64 = 1, factor: (String) -> Double = { _ in 1 }) throws
        -> BenchReport
    {
        var environment = try BenchEnvironment()
        environment.date = "2026-01-02T03:04:05Z"
        environment.cpu = "Example CPU with a long name, 3.70 GHz"
        environment.level = "avx512ifma"
        environment.cores = 4
        environment.compiler = "clang 1.2.3"
        var report = BenchReport(environment: environment, settings: BenchSettings())
        report.warnings = ["the machine was busy before: load 3.10, wanted at most 0.5"]
        var random = SeededRandomness(seed: seed)

        func add(
            _ id: String, _ section: ReportSection, _ subject: String, _ variant: String,
            input: String? = nil, size: Int? = nil, per: String, reference: String? = nil,
            cpu: Bool = false, _ nanoseconds: Double
        ) {
            let time = nanoseconds * factor(id)
            let rounds = (0..<9).map { _ in
                time * (1 + 0.01 * Double.random(in: -1...1, using: &random))
            }
            var m = Timing(
                id: id, section: section, subject: subject, variant: variant, input: input,
                size: size, per: per, command: "primality bench --rooms \(section.rawValue)",
                reference: reference)
            m.wall = Distribution(rounds: rounds)
            if cpu { m.cpu = m.wall }
            if let other = reference.flatMap({ report[$0]?.wall?.rounds }) {
                // Almost all of nine rounds: as good as the bootstrap's interval here, and at once.
                let ratios = zip(other, rounds).map { $0 / $1 }.sorted()
                m.ratio = ConfidenceInterval(value: ratios[4], low: ratios[1], high: ratios[7])
            }
            report.measurements.append(m)
        }

        let loop = "call.swift.loop"
        add(loop, .call, "a step", "Swift, in the loop", per: "call", cpu: true, 1.38)
        for (id, subject, variant, time) in [
            ("swift.out-of-line", "a step", "Swift, out of line", 2.1),
            ("c.inline", "a step", "C, static inline in a header", 1.39),
            ("c.pointer", "a step", "C, by a function pointer", 2.4),
            ("c.generic-unspecialised", "a step", "C, by a generic, unspecialised", 6.2),
            ("c.nothing", "nothing", "C, out of line", 1.43),
            ("c.span", "eight numbers", "a Span, with its bounds", 3.3),
            ("c.retained", "an object", "a class instance, retained and released", 11.2),
        ] {
            add(
                "call.\(id)", .call, subject, variant, per: "call", reference: loop, cpu: true, time
            )
        }
        add(
            "call.c.text-20", .call, "text to number and back", "20 digits", per: "call", cpu: true,
            310)

        for (kind, text, cost) in [
            ("prime", "primes", 800.0), ("odd", "random odd", 90),
            ("semiprime", "products of two primes", 300),
        ] {
            for bits in [32, 50, 64] {
                for (i, variant) in variants.enumerated() {
                    for size in [nil, 1, 8, 64, 512, 4096] {
                        let rest = size.map { "batch-\($0)" } ?? "single"
                        let name = "kernel.exact.\(kind)-\(bits)."
                        let gain = 1 + Double(i) * (size.map { min(Double($0), 64) / 12 } ?? 0)
                        add(
                            name + "\(variant.0).\(rest)", .kernel, "exact test", variant.1,
                            input: "\(text), \(bits)-bit", size: size, per: "number",
                            reference: i == 0 ? nil : name + "swift.\(rest)", cpu: true,
                            cost * Double(bits) / 64 / gain)
                    }
                }
            }
        }
        for (input, text, cost) in [
            ("prime-32", "prime, 32-bit", 16_000.0), ("prime-50", "prime, 50-bit", 5_300_000),
        ] {
            for (i, variant) in variants.enumerated() {
                add(
                    "kernel.trial.\(input).\(variant.0).single", .kernel, "complete trial division",
                    variant.1, input: text, per: "number",
                    reference: i == 0 ? nil : "kernel.trial.\(input).swift.single", cpu: true,
                    cost / Double(i + 1))
            }
        }

        for (i, pool) in pools.enumerated() {
            add(
                "hand-over.start.\(pool)", .handOver, "start and end", pool, per: "start",
                i == 0 ? 900 : 40_000 * Double(i))
        }
        for size in [1, 8, 64, 512, 4096] {
            for (i, pool) in pools.enumerated() {
                let cost = 250.0 * Double(i) / Double(size) + 90 / (i == 0 ? 1.0 : 1.9)
                add(
                    "hand-over.chunk-\(size).\(pool)", .handOver, "exact tests", pool, size: size,
                    per: "number", reference: i == 0 ? nil : "hand-over.chunk-\(size).serial", cost)
            }
        }
        for megabytes in [10, 1000] {
            add(
                "fork.resident-\(megabytes)", .fork, "fork and wait", "fork", size: megabytes,
                per: "fork", 90_000 + 8_000 * Double(megabytes))
        }
        for (i, pool) in pools.dropFirst().enumerated() {
            for workers in [1, 2, 3, 4] {
                let serial = 0.02 + 0.03 * Double(i)
                add(
                    "scaling.\(pool).workers-\(workers)", .scaling, "exact tests", pool,
                    size: workers, per: "run",
                    reference: workers == 1 ? nil : "scaling.\(pool).workers-1",
                    50_000_000 * (serial + (1 - serial) / Double(workers)))
            }
        }
        let inputs = ["primes just under 2^64", "random odd 64-bit", "random 64-bit"]
        for input in inputs {
            for (i, name) in [
                "ours, avx2, batch", "ours, avx512ifma, batch", "ours, by the public function",
                "FLINT",
            ].enumerated() {
                add(
                    "peer.u64.\(slug(input)).\(slug(name))", .peer, PeerFile.words, name,
                    input: input, per: "number", cpu: true, 400 / Double(4 - i))
            }
        }
        for bits in [128, 1024, 4096] {
            for (i, name) in ["ours, ifma", "GMP", "FLINT"].enumerated() {
                let input = "peer.big.primes-\(bits)"
                add(
                    "\(input).\(slug(name))", .peer, PeerFile.large, name, input: PeerFile.primes,
                    size: bits, per: "number", reference: i == 0 ? nil : "\(input).ours-ifma",
                    cpu: true, 15 * Double(bits) * Double(i + 1))
            }
        }
        for (i, name) in ["threads", "processes-shm", "multiprocessing.Pool, arrays"].enumerated() {
            let isOurs = i < 2
            let (room, section): (String, ReportSection) =
                isOurs ? ("pools", .pools) : ("peer.pools", .peer)
            add(
                "\(room).first.\(slug(name))", section, PeerFile.firstResults, name, per: "start",
                250e3 * Double(i + 1))
            add(
                "\(room).book.\(slug(name))", section, PeerFile.book, name, per: "run",
                reference: i == 1 ? "pools.book.threads" : nil, 40e6 * Double(i + 1))
            for chunk in [1, 64] {
                add(
                    "\(room).streamed.chunk-\(chunk).\(slug(name))", section, PeerFile.chunks, name,
                    input: PeerFile.streamed, size: chunk, per: "chunk",
                    5e3 * Double(i + 1) * Double(chunk))
            }
        }
        report.findings = Findings(report).all
        report.findings.append(
            Finding(
                id: "scaling.serial-fraction",
                template: "Of the work {0} is serial on threads, {1} on tasks.",
                figures: [
                    .init(value: 0.1 + 0.2, text: "30 %"), .init(value: 1.0 / 3e9, text: "<0.1 %"),
                ], sources: [], command: "primality bench --rooms scaling"))
        return report
    }
}

/// A name as it stands in an id: `random odd 64-bit` is `random-odd-64-bit`.
private func slug(_ name: String) -> String {
    let parts = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return parts.joined(separator: "-")
}
