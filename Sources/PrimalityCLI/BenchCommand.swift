// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityBench

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures what crossing into C, threads and processes cost and give on this machine.",
        discussion: """
            """)

    @Flag(help: "Less of everything: about 20 seconds.")
    var quick = false

    @Option(
        help: ArgumentHelp(
            "A comma-separated list of call, kernel, hand-over, fork and scaling.", valueName: "names"))
    var rooms: String?

    func run() throws {
        try Refusal.checkLevel()
        let interruption = Interruption()
        var settings = quick ? BenchSettings.quick : BenchSettings()
        if let rooms {
            settings.sections = try rooms.split(separator: ",").map {
                try choice(String($0), of: "--rooms")
            }
        }
        let report = try Bench(settings: settings, cancel: interruption.cancel).run()
        var output = Output()
        for m in report.measurements {
            _ = output.write(
                "\(m.id)\t\(m.cpu?.median ?? 0)\t\(m.ratio?.value ?? 0)\t\(m.ratio?.low ?? 0)\t\(m.ratio?.high ?? 0)\n")
        }
        for f in report.findings { _ = output.write(f.text + "\n") }
        for w in report.warnings { _ = output.write("warning: " + w + "\n") }
    }
}
