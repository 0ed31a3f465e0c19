// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityRuns

/// The options of what spreads tests over workers.
struct PoolOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How tests are spread: serial (one after the other), threads, processes, or Swift's tasks or actors.",
            valueName: "name"),
        completion: .names(of: PoolKind.self))
    var pool = "threads"

    @Option(
        help: ArgumentHelp(
            "How chunks travel to --pool processes: pipe, socket or shm; by default shm.",
            valueName: "name"),
        completion: .names(of: ProcessChannel.self))
    var channel: String?

    @Option(
        help: ArgumentHelp(
            "What the processes of --pool processes are: kernel, forked for the run, runs C alone; swift, "
                + "forked early, runs Swift; exec, this program started anew. By default kernel.",
            valueName: "kind"),
        completion: .names(of: WorkerKind.self))
    var worker: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --pool processes: seconds that one number may take. A chunk that takes longer is "
                + "halved until the number is alone. While the job is stopped, as by Ctrl-Z, they do not count; a proof "
                + "by --prove does.",
            valueName: "seconds"))
    var timeout: Double?

    @Option(
        name: .customShort("j", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp(
            "Workers, from 1 to 1024; by default one a core.", valueName: "workers"))
    var workers: Int?

    /// Refuses unknown names and values out of range as usage errors.
    ///
    /// - Returns: The pool, and how long one number may take.
    /// - Throws: The status, when what is wrong was reported.
    func checked() throws -> (pool: any Pool, timeout: Duration?) {
        let kind: PoolKind = try choice(pool, of: "--pool", knownElsewhere: KnownElsewhere.pools)
        let workers = try workerCount(workers)
        return (try pool(kind, workers: workers), try timeLimit(kind))
    }

    private func pool(_ kind: PoolKind, workers: Int) throws -> any Pool {
        let channel: ProcessChannel = try choice(channel ?? "shm", of: "--channel")
        let worker: WorkerKind = try choice(worker ?? "kernel", of: "--worker")
        if kind == .processes {
            return ProcessPool(workers: workers, channel: channel, workerKind: worker)
        }
        for (option, value) in [("--channel", self.channel), ("--worker", self.worker)]
        where value != nil {
            throw Refusal.usage("\(option) is for --pool processes, not for \(kind.rawValue)")
        }
        return kind.pool(workers: workers)
    }

    private func timeLimit(_ kind: PoolKind) throws -> Duration? {
        guard let timeout else { return nil }
        if kind != .processes {
            throw Refusal.usage(
                "--timeout needs --pool processes: only a process can be ended from outside")
        }
        if !(0.001...1e9).contains(timeout) {
            throw Refusal.usage("--timeout \(timeout) is out of range; give 0.001 to 1e9 seconds")
        }
        return .seconds(timeout)
    }
}

/// The options of how numbers are tested, which change results.
struct TestingOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Strong tests to random bases after Baillie-PSW, for numbers above 2^64. A composite "
                + "passes r of them with probability at most 4^-r.", valueName: "count"))
    var rounds = TestOptions.defaultRounds

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Chooses what is random: the bases, and the primes of random. Below 2^64. By default it comes from "
                + "the system; jsonl and csv report that of the bases.",
            valueName: "number"),
        transform: parsedSeed)
    var seed: UInt64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Refuse larger numbers. A test takes up to 50 bytes of memory a bit from a million bits on, 5 GB for "
                + "100 million; one that would take more than there is is not begun.",
            valueName: "bits"))
    var maxBits = 100_000_000

    @Flag(
        help: ArgumentHelp(
            "Prove probable primes of up to --max-prove-bits bits: they are prime then, with the first step's kind "
                + "as the method in jsonl. Larger ones are tried for as long as 1000 strong tests of them take. "
                + "primality prove writes certificates."))
    var prove = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --prove: the size up to which numbers are proved whatever that takes, by default 1024, "
                + "at which a prime takes 0.1 to 0.5 seconds.", valueName: "bits"))
    var maxProveBits: Int?

    private static let proofBits = 1024
    /// Of larger ones, in strong tests: what most proofs that factors give at all take.
    private static let proofCost: UInt64 = 1000

    /// Refuses values out of range as usage errors.
    ///
    /// - Returns: How numbers are tested, and the size of the largest.
    /// - Throws: The status, when what is wrong was reported.
    func checked() throws -> (test: TestOptions, maximumBits: Int) {
        if !(0...1_000_000).contains(rounds) {
            throw Refusal.usage("--rounds \(rounds) is out of range; give 0 to 1000000")
        }
        if !(1...1_000_000_000).contains(maxBits) {
            throw Refusal.usage("--max-bits \(maxBits) is out of range; give 1 to 1000000000")
        }
        if let maxProveBits, !(0...1_000_000_000).contains(maxProveBits) || !prove {
            throw Refusal.usage(
                prove
                    ? "--max-prove-bits \(maxProveBits) is out of range; give 0 to 1000000000"
                    : "--max-prove-bits goes with --prove")
        }
        return (
            TestOptions(
                rounds: rounds, seed: seed, proofCost: prove ? Self.proofCost : 0,
                proofBits: prove ? maxProveBits ?? Self.proofBits : 0), maxBits
        )
    }
}

/// The options of every command that tests numbers on a pool and prints results.
struct RunOptions: ParsableArguments {
    @OptionGroup var pools: PoolOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Numbers handed to a worker at once; by default what takes some milliseconds.",
            valueName: "count"))
    var chunk: Int?

    @Option(
        help: ArgumentHelp(
            "text, jsonl or csv, for check pfgw and gimps, and for list bfile; by default text.",
            valueName: "format"),
        completion: .names(of: ResultFormat.self))
    var format: String?

    @OptionGroup var testing: TestingOptions

    @OptionGroup var progress: ProgressOption

    @Flag(
        help: ArgumentHelp(
            "Afterwards show on standard error what each worker did, and what the pool cost: start-up is "
                + "the time until all workers were there, idle is wall time without tests."))
    var stats = false

    /// The chunk of a list with proofs, which take longer than tests: as many as fill the lanes.
    static let chunkOfProofs = 32

    /// What the options stand for.
    struct Checked {
        var pool: any Pool
        var chunk: Int?
        var format: ResultFormat
        var test: TestOptions
        var maximumBits: Int
        var progress: ProgressMode
        var showsStatistics: Bool
        /// How long one number may take.
        var timeout: Duration?
    }

    /// Refuses unknown names and values out of range as usage errors.
    ///
    /// - Parameter special: The format that the command has beside those of all.
    /// - Returns: What the options stand for.
    /// - Throws: The status, when what is wrong was reported.
    func checked(special: ResultFormat? = nil) throws -> Checked {
        let format: ResultFormat = try choice(format ?? "text", of: "--format")
        for (other, command) in [(ResultFormat.pfgw, "check"), (.bfile, "list")]
        where format == other && format != special {
            throw Refusal.usage(
                "--format \(format) is for \(command); use one of text, jsonl, csv"
                    + (special.map { ", \($0)" } ?? ""))
        }
        let progress = try progress.mode()
        let (pool, timeout) = try pools.checked()
        if let chunk, !(1...1_000_000).contains(chunk) {
            throw Refusal.usage("--chunk \(chunk) is out of range; give 1 to 1000000")
        }
        let (test, maximumBits) = try testing.checked()
        return Checked(
            pool: pool, chunk: chunk, format: format, test: test, maximumBits: maximumBits,
            progress: progress, showsStatistics: stats, timeout: timeout)
    }

    /// Whether a command line may ask for ``WorkerKind/swift``.
    ///
    /// Their nursery has to be there before anything is parsed.
    static func mayWantNursery(_ arguments: [String]) -> Bool {
        zip(arguments, arguments.dropFirst()).contains { $0 == ("--worker", "swift") }
            || arguments.contains("--worker=swift")
    }
}

/// A seed in decimal or hexadecimal.
private func parsedSeed(_ text: String) throws -> UInt64 {
    do {
        let number = try BigNatural(parsing: text, maximumBits: 64)
        return number.limbs.first ?? 0
    } catch {
        throw ValidationError(
            "a seed is a number from 0 to \(UInt64.max), decimal or hexadecimal after 0x")
    }
}
