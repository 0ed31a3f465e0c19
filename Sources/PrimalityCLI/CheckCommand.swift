// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityExpressions
internal import PrimalityPool
internal import PrimalityRuns
internal import SystemPackage

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Tests numbers from arguments, a file or standard input.",
        usage: "primality check [<expression> ...] [--file <file> | -] [<options>]",
        discussion: """
            A candidate is a number, decimal or hexadecimal after 0x, or an expression. 1_000_003, \
            1,000,003, 1e12 and 2**64 are numbers too; with --base 16 all are hexadecimal. Operators, the \
            weakest first: || or OR, && or AND, != ==, >= <= > < (true is 1, false 0), + -, * / %, unary -, \
            ^, and the strongest: x# (the product of the primes up to x), n#m (of those from m to n), n! \
            and n!m (n(n-m)(n-2m)...). Functions: M(p) = 2^p-1, R(n) = (10^n-1)/9, R(n,x) = n times the \
            digits of x, F(n) and L(n) of Fibonacci and Lucas, Phi(n,x) the nth cyclotomic polynomial at x, \
            C(n,k) binomial, gcd(a,b), len(n) the number of digits, lucasU(p,q,n) and lucasV(p,q,n) Lucas \
            sequences, p(n) = the nth prime (n up to 50000000), nextprime(x) and \
            prevprime(x) (of up to 2048 bits), and digits in a row: Sm(n) of 1 to n, SmW(x) of the primes \
            up to x, SmWp(n) of the first n primes. Case does not count. Only M may drop its \
            brackets: M127. Quote expressions for the shell. What is larger than \
            --max-bits is refused before it is computed; so are inexact quotients, and a^b^c without \
            brackets.

            Examples:
              primality check 18446744073709551557 0x1FFFFFFFFFFFFFFF
              primality check '2^127-1' '503#-641' '(2^61+1)/3' 'Phi(3,-10^20)'
              primality check --res64 '1009#-2749'
              primality check --prove --format jsonl '10^40+121' '4*7^150+1'
              seq 1000000 | primality check --format csv
              primality check --file candidates.txt --pool processes -j 8 --order done
              primality check -q 'M(127)' && echo prime
              primality check --file candidates.txt --primes --summary > primes.txt
              primality check --prp-proof m4423.proof 'M(4423)'
              primality check --file worktodo.txt --input worktodo --format gimps >> results.json.txt

            In files each candidate stands on a line of its own, unless the first line is a header: of \
            ABC, ABCD or ABC2 as PFGW has them, or of NewPGen; or the first two are rows n a(n) of a b-file of \
            OEIS, of which the second numbers are tested. --input worktodo reads lines of GIMPS, such as \
            PRP=1,2,521,-1 and Test=607, and tests their numbers. --base 16 reads hexadecimal, also over several \
            lines that end in a colon, and passes over labels such as modulus: between them. Empty lines and lines that begin with # \
            are skipped, // begins a comment, \\ at the end of a line joins the next one to it. Without \
            expressions and --file, standard input is read. A bad line is reported on standard error and \
            the rest goes on; of more than 20 of a kind the others are counted. Four files, and what they stand for:
              ABC $a*2^$b$c                ABCD $a*2^$b+1 [5 100]
              3 5000 +1                    0 8
              5 5001 -1                    2 -8
              -> 3*2^5000+1, 5*2^5001-1    -> 5*2^100+1, 5*2^108+1, 7*2^100+1

              ABC2 $a^$b-2 | $a^$b+2       99991:T:0:2:3
              a: from 3 to 9 step 2        45 5000
              b: primes from 100 to 200    -> 45*2^5000+1, 45*2^5000-1

            Values are pasted as text, so a sign may stand in the template or in the value. A dot beside a \
            variable multiplies: $a.$b is $a*$b. What | joins is all \
            tested; what follows & is tested when all before it in the row are prime or probably so. In \
            NewPGen's files of twins and chains the second is tested only if the first passed, as in PFGW and \
            LLR; version 0.1.0 tested both. \
            // {number_primes,$a,1} after the template: once a value of $a has 1 prime, its later rows are left \
            out. {number_comps,$a,3}: once it has 3 composites. A new header starts the count again. A number \
            that timed out or crashed two workers counts as no prime and no composite, and what follows it \
            after & is left out. The output is that of testing one after the other, with any pool. Such \
            files need --order input; with --shard each share counts alone, and a row with & is in one \
            share, as the rows are divided.

            --format pfgw writes the lines of PFGW, without their times, and so computes RES64: X is prime!, \
            X has factors: 7, X is composite: RES64: [...]. A number that passed is X is 3-PRP!, since it \
            passed base 3 too, with RES64 1; PFGW tests nothing else, here it passed Baillie-PSW.

            --format gimps writes the JSON lines that GIMPS takes as results, for the lines of --input worktodo that ask for \
            a test, and runs what they name: PRP= and PRPDC= Fermat's test to base 3 with a residue of type 1, Test= and \
            DoubleCheck= that of Lucas and Lehmer. With --prp-proof such a line names the proof.

            A number whose time is over (--timeout) or that ended two workers has a line at its place \
            too: X: timed-out or X: failed in text, those words as the verdict in jsonl and csv, X is \
            not tested: timed out in pfgw. Standard error says more, and the exit status is 3.

            In a job array (sbatch --array=1-8) each job tests its share, and primality merge puts the results \
            together:
              i=$SLURM_ARRAY_TASK_ID n=$SLURM_ARRAY_TASK_COUNT
              primality check --file candidates.txt --shard $i/$n --resume part.$i
              primality merge part.* > results.jsonl         # when all are done

            A long run that may be ended at any time, and is then started again with the same command:
              primality check --file candidates.txt --resume results.jsonl
            results.jsonl begins with a line that says what its results were made from: the content of \
            candidates.txt and the options that change results. When either has changed the file is refused. \
            Lines may be appended to candidates.txt: they are tested too. A run that goes on reports bad lines \
            again, and tests again what timed out or crashed two workers. Without \
            --seed the seed of the first run is used. A finished run ends the file with a line of counts.

            One number that takes days is kept in a folder, and goes on from there; each long test checks itself \
            (Gerbicz's check, and others for Lucas sequences), and does again what went wrong:
              primality check --checkpoint m74 'M(74207281)'

            Each line ends with a checksum, and what was changed is refused: crc32 is that of the bytes \
            before ',"crc32"', as zlib has it. jsonl as elsewhere is had by
              grep '^{"i"' results.jsonl | sed 's/,"crc32":"[0-9a-f]*"}$/}/'
            Of a number that was tested again the last line counts. With --primes the file has the same \
            lines; what an earlier run has found is not printed again, so append: >> primes.jsonl.

            --summary counts each candidate once, of a share those of the share: what conditions left out and \
            what an earlier run of --resume has tested are named apart. --stats is about the workers.
            """)

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp(
            "Expressions to test; - reads candidates from standard input in its place.",
            valueName: "expression"))
    var numbers: [String] = []

    @Option(help: "Read candidates from a file; - is standard input.", completion: .file())
    var file: String?

    @Option(
        help: ArgumentHelp(
            "What the file is: auto (its first lines say it), lines, abc, abcd, abc2, newpgen, bfile, "
                + "worktodo or hex; by default auto.", valueName: "format"),
        completion: .names(of: CandidateFormat.self))
    var input: String?

    @OptionGroup var base: NumberBase

    @Option(
        help: ArgumentHelp(
            "Which code tests: trial divides completely, u64 is for numbers below 2^64, gmp for any size, ifma "
                + "for 65 to 8192 bits on AVX-512, fft for 2048 bits and more; swift-trial and swift-u64 are Swift "
                + "alone. auto takes u64 below 2^64, and above it whichever of the others takes least time.",
            valueName: "name"),
        completion: .names(of: Engine.self))
    var engine = "auto"

    @Option(
        help: ArgumentHelp("input: in the order of the input; done: as completed."),
        completion: .names(of: ResultOrder.self))
    var order = "input"

    @Option(
        help: ArgumentHelp(
            "Test share k of n, from 1/n to n/n: candidates k, k+n, k+2n, ... of the input. "
                + "In jsonl and csv, i is the place in the whole input, from 0.", valueName: "k/n"))
    var shard: String?

    @Option(
        help: ArgumentHelp(
            "Append results to a file, as jsonl after a header, instead of printing them. When the file "
                + "is there, go on where it ends: the same command after a crash, a kill or Ctrl-C "
                + "tests what has no result yet. Needs --file.", valueName: "file"),
        completion: .file())
    var resume: String?

    @OptionGroup var long: LongOptions

    @Option(
        help: ArgumentHelp(
            "Test one number k*2^n+c by Fermat's test to base 3 alone, and write a proof, as GIMPS has them, that its "
                + "residue was computed right: primality verify checks it with a 2^power-th of the work. It proves "
                + "nothing prime. Beside it stands file.residues until it is done, with 2^power residues of the "
                + "number's size on the disk; the same command goes on from there.",
            valueName: "file"),
        completion: .file())
    var prpProof: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --prp-proof: from 1 to 15. One more halves the work of who verifies and doubles the disk space of "
                + "the residues. By default 8 from 3,750,000 bits on, which is 120 MB of residues there, and one less for each "
                + "fourth of that.", valueName: "power"))
    var prpPower: Int?

    @OptionGroup var shared: RunOptions

    @Flag(help: "Also compute RES64, the low 64 bits of 3^(n-1) mod n.")
    var res64 = false

    @Flag(
        help: ArgumentHelp(
            "Print only numbers that are prime or probably so, in any --format; all else stays as it is "
                + "without. With --resume the file keeps every result, and those of this run that passed "
                + "are printed too, as jsonl."))
    var primes = false

    @Flag(
        help: ArgumentHelp(
            "Afterwards say on standard error how many candidates were prime, probable prime, composite, "
                + "neither, bad and not tested (timed out, failed, or not reached); also after Ctrl-C, and "
                + "when nobody reads the results any more."))
    var summary = false

    @Option(
        help: ArgumentHelp(
            "Whether verdicts in text have colours: auto (on a terminal, unless NO_COLOR is set or TERM is dumb), "
                + "always or never.", valueName: "when"),
        completion: .names(of: ColourMode.self))
    var color = "auto"

    @Flag(
        name: .customShort("q"),
        help: ArgumentHelp(
            "Print no results; the exit status is 0 when all are prime or probably so, 1 when not, 3 "
                + "when a number could not be tested, and 2 when there is nothing to test."))
    var quiet = false

    func run() throws {
        if prpProof != nil || prpPower != nil {
            return try PRPProofRun(try prpPlan()).run()
        }
        if shared.format == "gimps" {
            return try GIMPSRun(try gimpsPlan()).run()
        }
        var run = CheckRun(try plan())
        run.test()
        let status = run.end()
        if status != .done { throw ExitCode(status.rawValue) }
    }

    /// Refuses what a test of its own kind has no use for.
    private func refuseOthers(for option: String) throws {
        let others: [(String, Bool)] = [
            ("--engine", engine != "auto"), ("--order", order != "input"),
            ("--shard", shard != nil),
            ("--resume", resume != nil), ("--res64", res64), ("--primes", primes),
            ("--summary", summary), ("--checkpoint", long.checkpoint != nil),
            ("--checkpoint-every", long.checkpointEvery != nil), ("--report", long.report != nil),
            ("--pool", shared.pools.pool != "threads"),
            ("--channel", shared.pools.channel != nil), ("--worker", shared.pools.worker != nil),
            ("--timeout", shared.pools.timeout != nil), ("--chunk", shared.chunk != nil),
            ("--rounds", shared.testing.rounds != TestOptions.defaultRounds),
            ("--seed", shared.testing.seed != nil), ("--prove", shared.testing.prove),
            ("--max-prove-bits", shared.testing.maxProveBits != nil), ("--stats", shared.stats),
        ]
        for (name, isGiven) in others where isGiven {
            throw Refusal.usage("\(name) does not go with \(option)")
        }
        if !(1...1_000_000_000).contains(shared.testing.maxBits) {
            throw Refusal.usage(
                "--max-bits \(shared.testing.maxBits) is out of range; give 1 to 1000000000")
        }
        try Refusal.checkLevel()
    }

    private func prpPlan() throws -> PRPProofRun.Plan {
        guard let prpProof else { throw Refusal.usage("--prp-power goes with --prp-proof") }
        if prpProof.isEmpty || prpProof == "-" || prpProof.hasSuffix("/") {
            throw Refusal.usage(
                "--prp-proof '\(printable(prpProof))': give the name of a file, which is to be written"
            )
        }
        if let prpPower, !(1...15).contains(prpPower) {
            throw Refusal.usage("--prp-power \(prpPower) is out of range; give 1 to 15")
        }
        try refuseOthers(for: "--prp-proof")
        let numbers = try Refusal.operands(among: numbers, of: "check")
        if numbers.count != 1 || numbers == ["-"] || file != nil || input != nil {
            throw Refusal.usage("--prp-proof is for one number, given as an argument")
        }
        if shared.pools.workers != nil { throw Refusal.usage("-j does not go with --prp-proof") }
        let format: PRPProofRun.Format = try choice(shared.format ?? "text", of: "--format")
        return PRPProofRun.Plan(
            file: prpProof, power: prpPower,
            number: base.isHexadecimal ? try hexadecimalArgument(numbers[0]) : numbers[0],
            maximumBits: shared.testing.maxBits, format: format, isQuiet: quiet,
            progress: try shared.progress.mode())
    }

    private func hexadecimalArgument(_ text: String) throws -> String {
        do {
            return try base.expression(of: text)
        } catch {
            StandardStreams.complain("'\(printable(text))': \(error)")
            throw ExitCode(ExitStatus.badInput.rawValue)
        }
    }

    private func gimpsPlan() throws -> GIMPSRun.Plan {
        if input != "worktodo" {
            throw Refusal.usage(
                "--format gimps is for the lines of --input worktodo, which say what is to be tested"
            )
        }
        try refuseOthers(for: "--format gimps")
        if quiet { throw Refusal.usage("-q does not go with --format gimps") }
        let workers = try workerCount(shared.pools.workers)
        let progress = try shared.progress.mode()
        guard let input = try openInput() else { throw ExitCode(ExitStatus.badInput.rawValue) }
        guard case .descriptor(let descriptor, _) = input else {
            throw Refusal.usage(
                "--format gimps reads a file: give it by --file, or on standard input")
        }
        return GIMPSRun.Plan(
            descriptor: descriptor, workers: workers, maximumBits: shared.testing.maxBits,
            progress: progress.isOn(whenTyped: input.isTyped) ? progress : nil)
    }

    /// What is to be done; what makes no sense, or cannot be opened, was reported when this throws.
    private func plan() throws -> CheckRun.Plan {
        let engine: Engine = try choice(engine, of: "--engine")
        let order: ResultOrder = try choice(order, of: "--order")
        let color: ColourMode = try choice(color, of: "--color")
        let candidateFormat = try candidateFormat()
        let share = self.shard
        let shard = try Refusal.orUsage { () throws(UsageError) in try Shard(option: share) }
        let shared = try shared.checked(special: .pfgw)
        try checkResumption()
        let format = resume == nil ? shared.format : .jsonl
        try long.check(
            format, resume: resume, worker: (shared.pool as? ProcessPool)?.workerKind)
        try Refusal.checkLevel()
        guard let input = try openInput() else { throw ExitCode(ExitStatus.badInput.rawValue) }

        let interruption = Interruption()
        var options = shared.test
        let res64 = res64 || shared.format == .pfgw
        options.wantsResidue = res64 && !quiet
        let resumption = try openResumption(
            input, candidateFormat, shard: shard, interruption
        ) { source in
            ResultsOrigin(
                source, engine: engine, options: options, maximumBits: shared.maximumBits,
                shard: shard)
        }
        let showsProgress = shared.progress.isOn(whenTyped: input.isTyped)
        let longRun = try longRun(showsProgress: showsProgress, workers: shared.pool.workers)
        options.longTests = longRun?.tests
        let given = self.shared.testing.seed
        options.seed = try resumption?.file.seed ?? long.seed(given, options.seed)
        let job = PoolJob(
            engine: engine, options: options, order: order,
            wantsReports: !quiet && (format.needsReports || res64), timeout: shared.timeout)
        let source = CandidateSource(
            input, format: candidateFormat, hasHexadecimalArguments: base.isHexadecimal,
            engine: engine, maximumBits: shared.maximumBits,
            chunk: shared.chunk ?? (self.shared.testing.prove ? RunOptions.chunkOfProofs : nil),
            limit: resumption?.inputBytes ?? .max,
            selection: Selection(
                shard: shard, earlier: resumption?.file.earlier ?? EarlierPlaces()),
            conditions: order == .input ? .followed : .refused, cancel: interruption.cancel,
            report: StandardStreams.complain)
        return CheckRun.Plan(
            job: job, source: source, pool: shared.pool, shard: shard, format: format,
            withResidue: res64, isColoured: color.isOn(StandardStreams.outputIsTerminal),
            isQuiet: quiet, printsPrimesOnly: primes,
            showsStatistics: self.shared.stats, showsSummary: summary,
            progress: showsProgress ? shared.progress : nil, long: longRun,
            resumption: resumption, interruption: interruption)
    }

    /// What keeps the run's long tests, and tells of them; `nil` when nobody asks.
    ///
    /// Numbers side by side make better use of threads than one number, so arguments share what they leave idle.
    private func longRun(showsProgress: Bool, workers: Int) throws -> LongRun? {
        let isKept = long.checkpoint != nil || resume != nil
        let threads =
            file == nil && !numbers.isEmpty && !numbers.contains("-")
            ? max(1, workers / numbers.count) : 1
        if !isKept && !showsProgress && long.report == nil && threads == 1 { return nil }
        let name =
            file == nil && numbers.count == 1 && numbers != ["-"] ? Array(numbers[0].utf8) : nil
        return LongRun(
            try long.tests(resume: resume, threads: threads), name: name,
            hasOwnFolder: resume != nil, every: long.report)
    }

    /// The file of results to go on with, when there is to be one.
    private func openResumption(
        _ input: CandidateInput, _ format: CandidateFormat, shard: Shard,
        _ interruption: Interruption, origin: (ResultsOrigin.Source) -> ResultsOrigin
    ) throws -> Resumption? {
        guard let resume else { return nil }
        do throws(Complaint) {
            return try Resumption(
                resume, input, format, shard: shard, origin: origin,
                seedMatters: shared.testing.seed != nil, cancel: interruption.cancel,
                report: StandardStreams.note)
        } catch {
            interruption.exitIfSignalled { "nothing was tested" }
            StandardStreams.complain(error.message)
            throw ExitCode(error.status.rawValue)
        }
    }

    /// What files are, or what arguments are if they are in hexadecimal.
    private func candidateFormat() throws -> CandidateFormat {
        let format: CandidateFormat = try choice(self.input ?? "auto", of: "--input")
        if !base.isHexadecimal { return format }
        if ![.auto, .lines, .hex].contains(format) {
            throw Refusal.usage("--base 16 is for lines and arguments, not for --input \(format)")
        }
        return .hex
    }

    /// Refuses what does not go together with --resume.
    private func checkResumption() throws {
        if resume == nil { return }
        if file == nil || file == "-" {
            throw Refusal.usage(
                "--resume has to read the input from its beginning again: give it by --file")
        }
        try Refusal.checkResultsFile(resume)
        if let format = shared.format, format != "jsonl" {
            throw Refusal.usage("--resume writes jsonl; leave --format out")
        }
        if quiet {
            throw Refusal.usage("--resume writes results and -q wants none; give one of them")
        }
    }

    /// `nil` when it cannot be opened, which was reported.
    private func openInput() throws -> CandidateInput? {
        let opened = try candidateInput(numbers, file: file, of: "check")
        if case .arguments(let numbers) = opened, self.input != nil, !numbers.contains("-") {
            throw Refusal.usage("--input is for files; arguments are expressions")
        }
        return opened
    }
}
