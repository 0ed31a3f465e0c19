// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityRuns
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Puts the results of shares together to those of the whole.",
        usage: "primality merge <part> ... [--out <file>]",
        discussion: """
            The parts are what check --shard and list --shard have written, one for each share. Their lines are \
            written in the order of the input, as one run without --shard would have written them. The order in \
            which the parts are given does not matter.

            Files of --resume say themselves what they are, so everything is checked: that all were made from one input \
            with the same options, that each share is there once, that each is finished, and that no line was \
            damaged. The whole begins with the same header, of share 1/1, and ends with the sum of the counts, so \
            check --resume may go on with it when lines are appended to the input. A part without its line of \
            counts is unfinished: run its command again.

            Of parts in jsonl or csv without a header only the order is checked, and that no place has two lines. \
            text and pfgw do not say where in the input a number stands: such parts cannot be put together. Those of \
            list in text follow each other: cat does it.

            Shares of an input with {number_primes,...} or {number_comps,...} are refused: each share counted alone, \
            so together they have tested more than one run would.

            A part may be a pipe; what cannot be read twice, and a part of --order done, is kept in a file without a \
            name in TMPDIR meanwhile. Nothing is written before every part was read.

            Exit status: 0 done; 2 a part is unfinished, damaged, missing or of another run, and nothing was \
            written; 3 done, but numbers timed out or crashed two workers; 74 the whole could not be written.

            Examples:
              for i in 1 2 3; do primality check --file c.txt --shard $i/3 --resume part.$i; done
              primality merge part.* --out results.jsonl
              primality merge part.* | grep '"verdict":"prime"'
              sbatch --array=1-8 job.sh    # with --shard $SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT
              zcat part.1.gz | primality merge - part.2 part.3
            """)

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp(
            "Files with the results of shares; - is standard input.", valueName: "part"),
        completion: .file())
    var parts: [String] = []

    @Option(
        help: ArgumentHelp(
            "Write to a file, which is there whole or not at all, instead of standard output.",
            valueName: "file"),
        completion: .file())
    var out: String?

    func run() throws {
        let parts = try Refusal.operands(among: parts, of: "merge")
        if parts.isEmpty {
            throw Refusal.usage("merge needs parts, such as part.*; see primality merge --help")
        }
        if parts.count(where: { $0 == "-" }) > 1 {
            throw Refusal.usage("- is standard input, which can be read once")
        }
        if let out, out.isEmpty || out.hasSuffix("/") {
            throw Refusal.usage("--out '\(printable(out))': give the name of a file")
        }
        let interruption = Interruption()
        var status = ExitStatus.done
        do throws(Complaint) {
            var merge = try PartMerge(
                parts, cancel: interruption.cancel, report: StandardStreams.complain)
            if merge.counts.undecided > 0 { status = .undecided }
            status.raise(to: try write(&merge, interruption))
        } catch {
            interruption.exitIfSignalled { "nothing is whole" }
            StandardStreams.complain(error.message)
            status = error.status
        }
        interruption.exitIfSignalled { "what was written is not the whole" }
        if status != .done { throw ExitCode(status.rawValue) }
    }

    /// Writes the whole to where it is wanted; what became of that.
    private func write(
        _ merge: inout PartMerge, _ interruption: Interruption
    ) throws(Complaint) -> ExitStatus {
        guard let out, out != "-" else {
            var output = Output()
            try merge.write(note: StandardStreams.note) { output.write($0) }
            return output.status()
        }
        // A limit on the size of files is to be an error like a full disk, not a signal.
        signal(SIGXFSZ, SIG_IGN)
        func complaint(_ error: any Error) -> Complaint {
            Complaint(
                message: "\(printable(file: out)): \((error as? Errno) ?? .ioError)",
                status: .writeError)
        }
        let file: ReplacedFile
        do {
            file = try ReplacedFile(
                FilePath(out),
                permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
        } catch { throw complaint(error) }
        var fault: (any Error)?
        do throws(Complaint) {
            try merge.write(note: StandardStreams.note) { bytes in
                do { try file.write(bytes) } catch { fault = error }
                return fault == nil
            }
        } catch {
            file.abandon()
            throw error
        }
        do {
            if let fault { throw fault }
            if interruption.cancel.isCancelled {
                file.abandon()
            } else {
                try file.finish(isDurable: true)
            }
        } catch {
            file.abandon()
            throw complaint(error)
        }
        return .done
    }
}
