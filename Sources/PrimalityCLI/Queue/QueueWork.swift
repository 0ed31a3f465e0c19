// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityQueue
internal import PrimalityRuns

struct QueueWork: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work",
        abstract: "Tests what is in the queue.",
        discussion: """
            A worker claims chunks, tests them on a pool, and stores results. It claims ahead, so that no core waits for \
            the server. It ends when everything in the queue has a result, and waits meanwhile for chunks that other \
            workers may give back; with --once it ends when there is nothing to claim, with --wait never.

            SIGTERM and SIGINT give chunks back that are not finished. A worker that is killed loses its leases when they \
            end, and others test its chunks. A server that is away for a while is waited for; what was claimed is tested \
            meanwhile.

            With --pool processes a number that crashes its worker costs that process, and is stored as failed when it \
            crashed two. With --pool threads it costs the whole worker, and the third worker that a chunk costs makes it \
            failed.

            Examples:
              primality queue work
              primality queue work -j 64 --pool processes --wait
              srun --ntasks=4 primality queue work -j 16 --queue postgres://worker@db/primes
            """)

    @OptionGroup var queue: QueueOption
    @OptionGroup var pools: PoolOptions
    @OptionGroup var hostOption: HostOption
    @OptionGroup var progress: ProgressOption

    @Option(
        help: ArgumentHelp(
            "How many chunks to claim at once, from 1 to 1000; or auto: as many as last for some seconds.",
            valueName: "count"))
    var claim = "auto"

    @Option(
        help: ArgumentHelp(
            "Keep each test of a number of 32768 bits and more in a folder of this host: when this host has the number again, "
                + "after a kill or SIGTERM, its test goes on.", valueName: "folder"),
        completion: .directory)
    var checkpoint: String?

    @Flag(help: "End when there is nothing to claim.")
    var once = false

    @Flag(help: "Wait for more when everything is done.")
    var wait = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long a server may be away before the worker ends with status 75, from 0 to 1e9.",
            valueName: "seconds"))
    var giveUp = 3600.0

    func run() throws {
        let (pool, timeout) = try pools.checked()
        let mode = try progress.mode()
        try Refusal.checkLevel()
        if once && wait { throw Refusal.usage("--once ends and --wait does not; give one of them") }
        if !(0...1e9).contains(giveUp) {
            throw Refusal.usage("--give-up \(giveUp) is out of range; give 0 to 1e9 seconds")
        }
        var count: Int?
        if claim != "auto" {
            count = Int(claim)
            guard let count, (1...1000).contains(count) else {
                throw Refusal.usage(
                    "--claim '\(printable(claim))' is out of range; give 1 to 1000, or auto")
            }
        }
        if checkpoint != nil, let worker = (pool as? ProcessPool)?.workerKind, worker != .kernel {
            throw Refusal.usage("--checkpoint is for threads and for --worker kernel")
        }
        let address = try queue.address()
        let longTests = try checkpoint.map { try LongOptions.tests($0) }
        let interruption = Interruption()
        // What is wrong with the queue is told at once, and not after an hour of trying.
        do throws(QueueError) {
            _ = try address.open(cancel: interruption.cancel)
        } catch  where error.kind != .unreachable || giveUp == 0 {
            interruption.exitIfSignalled { "nothing was tested" }
            _ = try reported { () throws(QueueError) in throw error }
        } catch {}
        let line = Progress(whenOn: mode) { tested, time in
            Progress.line(tested, after: time, RunEstimate())
        }
        let outcome = QueueWorker(
            QueueWorker.Plan(
                worker: .here(host: hostOption.host, pool: pool),
                open: { cancel throws(QueueError) in try address.open(cancel: cancel) },
                pool: pool, ending: wait ? .never : once ? .once : .whenDone, claim: count,
                giveUp: giveUp, timeout: timeout, longTests: longTests, cancel: interruption.cancel,
                note: StandardStreams.note, tested: { line?.add($0) })
        ).run()
        line?.stop()
        var summary = "the results of \(counted(outcome.stored, "chunk", "was", "were")) stored"
        if outcome.refused > 0 {
            summary += "; those of \(outcome.refused) were not wanted any more"
        }
        if let failure = outcome.failure { StandardStreams.complain(failure.message) }
        interruption.exitIfSignalled { summary }
        StandardStreams.note(summary)
        if let failure = outcome.failure { throw ExitCode(failure.status.rawValue) }
    }
}
