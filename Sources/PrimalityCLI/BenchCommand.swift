// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Charts
internal import Primality
internal import PrimalityBench
internal import PrimalityRuns

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract:
            "Measures what crossing into C, threads and processes cost and give on this machine.",
        usage: "primality bench [--quick] [--rooms <names>] [<options>]",
        discussion: """
            The rooms of the report, which --rooms chooses from:

              call       what one call into C costs, by each way there and back
              kernel     each test in Swift and in C at each instruction set
              hand-over  what pools cost, by how much is handed over at once
              pools      pools on streams: first results, chunks, the book's numbers; Python's by --peers
              fork       what a fork costs, against resident memory
              scaling    what more and more workers give

            Whatever is compared is measured in turn, in rounds, so that what else the machine does meets \
            all of it. A time is the median of the rounds, a speed-up the median of the rounds' ratios with \
            its 95 % interval. Why figures are not to be trusted, as on a busy machine, is said on standard \
            error.

            Without --json, --html and --markdown the tables and what follows from them go to standard \
            output. Files are opened before anything is measured:

              --json now.json --html now.html      a report to keep, and one to read
              --from now.json --markdown -         another form, measuring nothing
              --compare then.json                  measures, and says what changed
              --from now.json --compare then.json  says what changed between the two
              --from now.json --peers u64.json --html now.html
                                                   other libraries beside ours

            A file for --peers is what make bench-u64 BENCH_FLAGS="--json u64.json", bench-big, bench-proof or \
            bench-mailbox measured on this machine; there may be several. make bench-pools measures Python's \
            pools, and then the rooms hand-over and pools beside them.

            What was asked of the pools when they were designed stands with what they reach, or miss.

            A ratio has changed when its two intervals have no number in common; times alone are not \
            judged, since machines differ from day to day. That something has changed is no error.

            Exit status: 0 done; 2 a file that is no report; 64 usage; 70 a wrong answer; 74 write error; \
            129, 130 or 143 ended by SIGHUP, SIGINT or SIGTERM, when the rooms that were finished are reported.
            """)

    @Flag(help: "Less of everything: about half a minute.")
    var quick = false

    @Option(
        help: ArgumentHelp(
            "A comma-separated list of call, kernel, hand-over, pools, fork and scaling.",
            valueName: "names"))
    var rooms: String?

    @Option(help: ArgumentHelp("How often each thing is measured, 9 to 1001.", valueName: "n"))
    var rounds: Int?

    @Option(
        help: ArgumentHelp(
            "Write all that was measured as JSON; '-' is standard output.", valueName: "file"))
    var json: String?

    @Option(
        help: ArgumentHelp(
            "Write one page with charts and tables, which needs no other file; '-' is standard output.",
            valueName: "file"))
    var html: String?

    @Option(
        help: ArgumentHelp(
            "Write summary and tables for a pull request; '-' is standard output.",
            valueName: "file"))
    var markdown: String?

    @Option(
        help: ArgumentHelp(
            "Compare with a report that --json has written; the comparison is in --html and --markdown, too.",
            valueName: "file"))
    var compare: String?

    @Option(
        help: ArgumentHelp(
            "Measure nothing: take the report that --json has written.", valueName: "file"))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "Show what make bench-u64, bench-big, bench-proof, bench-mailbox or bench-pools has measured, too.",
            valueName: "file"))
    var peers: [String] = []

    func run() throws {
        let outputs = [json, html, markdown].compactMap(\.self)
        if Set(outputs).count < outputs.count {
            throw Refusal.usage("--json, --html and --markdown need a file each")
        }
        if compare != nil && json == "-" {
            throw Refusal.usage("--json - leaves no room for what --compare prints; give it a file")
        }
        if from != nil && (quick || rooms != nil || rounds != nil) {
            throw Refusal.usage("--from measures nothing: leave --quick, --rooms and --rounds out")
        }
        var settings = quick ? BenchSettings.quick : BenchSettings()
        if let rounds {
            if !(9...1001).contains(rounds) {
                throw Refusal.usage("--rounds needs a number from 9 to 1001")
            }
            settings.rounds = rounds
        }
        if let rooms {
            settings.sections = try rooms.split(separator: ",").map {
                try choice(String($0), of: "--rooms")
            }
            if settings.sections.isEmpty { throw Refusal.usage("--rooms needs a name") }
            if settings.sections.contains(.peer) {
                throw Refusal.usage(
                    "--rooms peer: other programs are measured by make bench-u64, bench-big, "
                        + "bench-proof, bench-mailbox and bench-pools; give what they write as "
                        + "--peers")
            }
        }
        if from == nil { try Refusal.checkLevel() }
        // Old reports first: one of the files to write may be the same.
        let old = try compare.map(ReportFile.read)
        let earlier = try from.map(ReportFile.read)
        let jsonFile = try json.map(ReportFile.init)
        let htmlFile = try html.map(ReportFile.init)
        let markdownFile = try markdown.map(ReportFile.init)

        // So that a file that is no such one does not cost a run.
        let environment = try earlier?.environment ?? BenchEnvironment()
        let joined = try peers.map { try ReportFile.readPeers($0, joining: environment) }

        let interruption = Interruption()
        let showsProgress = StandardStreams.errorIsTerminal
        let bench = Bench(settings: settings, cancel: interruption.cancel) {
            if showsProgress { StandardStreams.showStatus($0) }
        }
        var report: BenchReport
        do {
            report = try earlier ?? bench.run()
        } catch {
            StandardStreams.complain("\(error)")
            throw ExitCode(ExitStatus.internalError.rawValue)
        }
        if showsProgress { StandardStreams.clearStatus() }
        for file in joined { report.join(file) }
        let comparison = old.map { Comparison(old: $0, new: report) }

        var output = Output()
        var status = ExitStatus.done
        if let jsonFile { status.raise(to: jsonFile.write(try report.json(), &output)) }
        if let htmlFile {
            status.raise(to: htmlFile.write(try report.html(comparison: comparison), &output))
        }
        if let markdownFile {
            status.raise(to: markdownFile.write(report.markdown(comparison: comparison), &output))
        }
        if !outputs.contains("-") {
            if outputs.isEmpty { _ = output.write(report.text) }
            if let comparison {
                _ = output.write((outputs.isEmpty ? "\n" : "") + comparison.text)
            }
        }
        for warning in report.warnings + (comparison?.warnings ?? []) {
            StandardStreams.complain("warning: \(plainText(warning))")
        }
        status.raise(to: output.status())
        interruption.exitIfSignalled { "the rooms that were finished are reported" }
        if status != .done { throw ExitCode(status.rawValue) }
    }
}
