// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Charts
internal import FoundationEssentials
internal import Primality
internal import PrimalityPool
internal import PrimalityRuns

struct InfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Shows versions, and what this machine supports.")

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Facts: Encodable {
        var version = BuildInformation.version
        var level: String
        var levels = KernelLevel.supported.map(\.rawValue)
        var gmp = BuildInformation.gmpVersion
        var compiler = BuildInformation.compiler
        var swift = BuildInformation.swiftVersion
        var cores = PoolKind.defaultWorkers
        var engines = Engine.allCases.map(\.rawValue)
        var pools = PoolKind.allCases.map(\.rawValue)
    }

    func run() throws {
        try Refusal.checkLevel()
        let facts = Facts(level: try KernelLevel.active.rawValue)
        var output = Output()
        if json {
            _ = output.write(try jsonText(facts))
        } else {
            let rows = [
                ("version", facts.version),
                ("level", facts.level),
                ("levels supported", facts.levels.joined(separator: " ")),
                ("GMP", facts.gmp),
                ("C compiler", facts.compiler),
                ("Swift", facts.swift),
                ("cores", String(facts.cores)),
                ("engines", facts.engines.joined(separator: " ")),
                ("pools", facts.pools.joined(separator: " ")),
            ]
            let text = rows.map { padded($0, to: 18) + $1 }.joined(separator: "\n")
            _ = output.write(text + "\n")
        }
        let status = output.status()
        if status != .done { throw ExitCode(status.rawValue) }
    }
}
