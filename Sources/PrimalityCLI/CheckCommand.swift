// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import SystemPackage

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Tests numbers from arguments, a file or standard input.",
        usage: "primality check [<number> ...] [--file <file> | -] [<options>]",
        discussion: """
            Numbers are decimal, or hexadecimal after 0x. In files each stands on a line of its own; \
            empty lines and lines that begin with # are skipped. Without numbers and --file, standard \
            input is read. A bad line is reported on standard error and the rest goes on.

            Examples:
              primality check 18446744073709551557 0x1FFFFFFFFFFFFFFF
              seq 1000000 | primality check --format csv
              primality check --file candidates.txt --pool processes -j 8 --order done
              primality check -q 170141183460469231731687303715884105727 && echo prime
            """)

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("Numbers to test; - reads standard input.", valueName: "number"))
    var numbers: [String] = []

    @Option(help: "Read numbers from a file, one a line; - is standard input.")
    var file: String?

    @Option(
        help: ArgumentHelp(
            "auto, trial, u64, gmp, swift-trial or swift-u64. auto takes u64 below 2^64 and gmp above.",
            valueName: "name"))
    var engine = "auto"

    @Option(help: ArgumentHelp("input: in the order of the input; done: as completed."))
    var order = "input"

    @OptionGroup var shared: RunOptions

    @Flag(help: "Also compute RES64, the low 64 bits of 3^(n-1) mod n.")
    var res64 = false

    @Flag(
        name: .customShort("q"),
        help: "Print no results; the exit status is 0 when all are prime or probably so, else 1.")
    var quiet = false

    func run() throws {
        let engine: Engine = try choice(
            engine, of: "--engine", knownElsewhere: KnownElsewhere.engines)
        let order: ResultOrder = try choice(order, of: "--order")
        let shared = try shared.checked()
        let format = shared.format
        try Refusal.checkLevel()
        guard let input = try openInput() else { throw ExitCode(ExitStatus.badInput.rawValue) }

        let interruption = Interruption()
        var options = shared.test
        options.wantsResidue = res64 && !quiet
        let job = PoolJob(
            engine: engine, options: options, order: order,
            wantsReports: !quiet && (format.needsReports || res64), cancel: interruption.cancel,
            timeout: shared.timeout)
        let source = CandidateSource(
            input, engine: engine, maximumBits: shared.maximumBits, chunk: shared.chunk,
            cancel: interruption.cancel)

        var output = Output()
        var status = ExitStatus.done
        var tested = 0
        if !quiet, let header = format.header { _ = output.write(header) }
        do {
            try shared.pool.run(job, from: { source.next() }) { result in
                let inputs = source.takeInputs(of: result.chunk.id)
                status.raise(to: self.status(of: result, inputs, tested: &tested))
                if quiet { return true }
                var lines: [UInt8] = []
                format.append(result, inputs, withResidue: res64, to: &lines)
                return output.write(lines)
            }
        } catch {
            StandardStreams.complain(error.description)
            status.raise(to: error.exitStatus)
        }
        status.raise(to: output.status())
        let counts = source.counts
        if counts.bad > 0 || counts.isBroken { status.raise(to: .badInput) }
        interruption.exitIfSignalled {
            "\(tested) numbers were tested, \(counts.read - tested) that were read were not"
        }
        if status != .done { throw ExitCode(status.rawValue) }
    }

    /// `nil` when it cannot be opened, which was reported.
    private func openInput() throws -> CandidateInput? {
        try Refusal.unknownOptions(among: numbers, of: "check")
        let standardInput = CandidateInput.descriptor(.standardInput, name: "standard input")
        if let file {
            if !numbers.isEmpty {
                throw Refusal.usage("give numbers or --file, not both")
            }
            if file == "-" { return standardInput }
            do {
                let descriptor = try FileDescriptor.open(
                    FilePath(file), .readOnly, options: .closeOnExec)
                return .descriptor(descriptor, name: file)
            } catch {
                StandardStreams.complain("\(printable(file)): \((error as? Errno) ?? .ioError)")
                return nil
            }
        }
        if numbers.isEmpty || numbers == ["-"] { return standardInput }
        return .arguments(numbers)
    }

    /// What a result does to the exit status.
    ///
    /// Numbers that could not be tested are reported.
    private func status(
        of result: ChunkResult, _ inputs: ChunkInputs, tested: inout Int
    ) -> ExitStatus {
        var status = ExitStatus.done
        for i in 0..<result.results.count {
            if let verdict = result.results.verdict(at: i) {
                tested += 1
                if quiet && !verdict.passed { status.raise(to: .notAllPrime) }
            } else if let failure = result.failure, failure != .cancelled {
                StandardStreams.complain("\(printable(inputs[i])): \(failure)")
                status.raise(to: .internalError)
            }
        }
        return status
    }
}
