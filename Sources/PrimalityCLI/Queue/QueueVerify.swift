// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityQueue
internal import PrimalityRuns

struct QueueVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Tests a share of a batch again that another host has tested.",
        discussion: """
            Hardware errs, too, and a worker's result is believed as far as its role is. This host tests chunks again that \
            others have finished, and compares verdicts, and residues where the batch has them (--res64). The results of \
            both are kept. A chunk is looked at once; another --share, or another host, takes more.

            Exit status: 0 all agree, 70 some do not, and standard error names them.

            Examples:
              primality queue verify --batch run1 --share 0.01
              primality queue verify --batch run1 --share 1 --host second
            """)

    @OptionGroup var queue: QueueOption
    @OptionGroup var batch: BatchOption

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Which share of the chunks, above 0 and up to 1.", valueName: "share"))
    var share = 0.01

    @OptionGroup var pools: PoolOptions
    @OptionGroup var hostOption: HostOption
    @OptionGroup var progress: ProgressOption

    func run() throws {
        let (pool, timeout) = try pools.checked()
        let mode = try progress.mode()
        try Refusal.checkLevel()
        if !(share > 0 && share <= 1) {
            throw Refusal.usage("--share \(share) is out of range; give more than 0 and at most 1")
        }
        let interruption = Interruption()
        let store = try queue.open(cancel: interruption.cancel)
        let found = try batch.find(in: store)
        let line = Progress(whenOn: mode) { tested, time in
            Progress.line(tested, after: time, RunEstimate())
        }
        let outcome = SecondLook(
            SecondLook.Plan(
                worker: .here(host: hostOption.host, pool: pool), batch: found, share: share,
                cancel: interruption.cancel, note: StandardStreams.note, tested: { line?.add($0) }),
            store
        ).run(on: pool, timeout: timeout)
        line?.stop()
        let summary =
            "\(counted(outcome.looked, "chunk", "was", "were")) tested again, "
            + "\(outcome.disputed.count) of them with another result"
        if let failure = outcome.failure { StandardStreams.complain(failure.message) }
        for (chunk, host) in outcome.disputed.sorted(by: { $0.chunk < $1.chunk }) {
            StandardStreams.complain(
                "batch \(found.id), chunk \(chunk): this host and '\(printable(file: host))' do not agree; one of them errs"
            )
        }
        interruption.exitIfSignalled { summary }
        StandardStreams.note(summary)
        if outcome.looked == 0 && outcome.failure == nil {
            StandardStreams.note(
                "nothing of this share is finished that another host has tested and nobody has looked at; a larger --share "
                    + "may have some")
        }
        if !outcome.disputed.isEmpty { throw ExitCode(ExitStatus.internalError.rawValue) }
        if let failure = outcome.failure { throw ExitCode(failure.status.rawValue) }
    }
}
