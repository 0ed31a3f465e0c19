// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityRuns

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Prints the primes of a range, in order.",
        usage: "primality list <lo> <hi> [<options>]",
        discussion: """
            Prints each prime p with lo <= p <= hi on a line of its own. The ends are decimal, \
            hexadecimal after 0x or expressions as check has them (10^30, '2^89-1'), and of any size. Below 2^64 \
            what is printed is prime. Above, it is as a rule a probable prime: it passed Baillie-PSW and strong \
            tests to random bases. With --prove it is proved. jsonl and csv say of each number what was shown.

            A number whose time is over (--timeout) or that ended two workers stands at its place as \
            N: timed-out or N: failed; the exit status is then 3, and --count has no answer.

            Small primes are sieved out, and what is left is tested by the pool. That is made for \
            narrow windows anywhere. For long dense ranges below 2^64 a sieve that needs no tests, \
            such as primesieve, is faster.

            Examples:
              primality list 100 200
              primality list 2^64-200 2^64+200
              primality list 0xFFFFFFFFFFFFFF00 0x100000000000000FF
              primality list --shard 3/8 10^12 10^12+10^9
              primality list --resume primes.jsonl 10^300 10^300+10^6
              primality list --count 10000000000 10000065536
              primality list --format jsonl 10^30 10^30+1000
              primality list --format bfile 1 541 > b000040.txt

            --format bfile writes a b-file of OEIS: n a(n), with n from 1, or from --offset. Where a number could \
            not be tested it ends, since the places of those above are not known. OEIS takes terms of up to 1000 \
            digits; --prove shows that they are prime.
            """)

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("The lowest and the highest number of the range.", valueName: "lo> <hi"))
    var ends: [String] = []

    @Flag(help: "Print only how many primes there are; takes no number.")
    var count = false

    @Option(
        help: ArgumentHelp(
            "Print part i of n, from 1/n to n/n, of a range that is divided into n of the same length: one "
                + "after the other they are the whole. Places in jsonl and csv are those in the part.",
            valueName: "i/n"))
    var shard: String?

    @Option(
        help: ArgumentHelp(
            "Append results to a file, as jsonl after a header, instead of printing them. When the file "
                + "is there, go on where it ends, as check does.", valueName: "file"),
        completion: .file())
    var resume: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --format bfile: the place of the first prime; by default 1.", valueName: "n"))
    var offset: Int?

    @OptionGroup var base: NumberBase

    @OptionGroup var shared: RunOptions

    func run() throws {
        let ends = try Refusal.operands(among: ends, of: "list")
        if ends.count != 2 {
            throw Refusal.usage(
                "give two numbers, the lowest and the highest; see primality list --help")
        }
        var shared = try shared.checked(special: .bfile)
        try checkOffset(shared.format)
        if count && shared.format != .text {
            throw Refusal.usage("--count prints a number alone; give it or --format, not both")
        }
        let share = self.shard
        let shard = try Refusal.orUsage { () throws(UsageError) in try Shard(option: share) }
        try checkResumption()
        try Refusal.checkLevel()
        let whole = try range(between: ends, maximumBits: shared.maximumBits)
        let part = try Refusal.orUsage { () throws(UsageError) in try shard.part(of: whole) }

        let interruption = Interruption()
        let journal = try resume.flatMap { path in
            try part.map { try openJournal(path, $0, of: whole, shard, &shared, interruption) }
        }
        let rest = part.flatMap { Self.rest(of: $0, after: journal) }
        // Where nothing is left there is none to find.
        let range = rest ?? 0...1
        var run = try SearchRun(
            .within(range), shared, countsOnly: count, origin: ("lo", whole.lowerBound),
            firstPlace: offset ?? 1, journal: journal, interruption: interruption)
        run.search { source, tested in
            let (given, last) = source.given
            guard let last, let gone = range.lowerBound.distance(to: last), gone > 0,
                let rest = last.distance(to: range.upperBound)
            else { return RunEstimate() }
            // In what was not sieved there are as many as there were in what was.
            let unsieved = Double(given) * Double(rest) / Double(gone)
            return RunEstimate(remaining: unsieved + Double(max(0, given - tested)))
        }
        let results = run.results
        let found = run.found
        let verb = count ? "counted" : journal == nil ? "printed" : "written"
        let isWhole = results.isWhole && run.status == .done
        let isCounted = count && isWhole
        if isCounted { run.write("\(results.found)\n") }
        run.end {
            let made = "\(counted(found, "prime", "was", "were")) \(verb)"
            if isWhole { return "\(made), all there are" }
            guard let last = results.last else { return made }
            let missed = results.missed == 0 ? "" : " but for \(results.missed) not tested"
            let digits = last.description
            // Numbers of a range share most of their digits.
            let distance = digits.utf8.count > 40 ? whole.lowerBound.distance(to: last) : nil
            let end = distance.map { "lo + \($0)" } ?? printable(digits)
            return "\(made), all there are\(missed) up to \(end)"
        }
        if count && !isCounted {
            StandardStreams.complain(
                "there is no count: \(results.found) primes were found, and numbers were not tested"
            )
        }
        try run.throwStatus()
    }

    /// More than a list has primes, so that no place is out of range.
    private static let mostOffset = 1_000_000_000_000_000_000

    /// Refuses what does not go together with --offset, and what needs it.
    private func checkOffset(_ format: ResultFormat) throws {
        if format != .bfile {
            if offset != nil { throw Refusal.usage("--offset goes with --format bfile") }
            return
        }
        if let offset, !(-Self.mostOffset...Self.mostOffset).contains(offset) {
            throw Refusal.usage(
                "--offset \(offset) is out of range; give -\(Self.mostOffset) to \(Self.mostOffset)"
            )
        }
        if shard != nil && offset == nil {
            throw Refusal.usage(
                "the places of a part are not known before those below it are counted; give --offset with "
                    + "--format bfile --shard")
        }
    }

    /// Refuses what does not go together with --resume.
    private func checkResumption() throws {
        if resume == nil { return }
        try Refusal.checkResultsFile(resume)
        if let format = shared.format, format != "jsonl" {
            throw Refusal.usage("--resume writes jsonl; leave --format out")
        }
        if count { throw Refusal.usage("--resume writes primes and --count wants none; give one") }
    }

    /// Opens the file of results of a part of a range; the options become those of the file.
    ///
    /// What is wrong was reported when this throws.
    private func openJournal(
        _ path: String, _ part: ClosedRange<BigNatural>, of whole: ClosedRange<BigNatural>,
        _ shard: Shard, _ options: inout RunOptions.Checked, _ interruption: Interruption
    ) throws -> ResumeFile<EarlierPrimes> {
        let origin = ResultsOrigin(
            .window(low: whole.lowerBound.description, high: whole.upperBound.description),
            engine: .auto, options: options.test, maximumBits: options.maximumBits, shard: shard)
        do throws(Complaint) {
            let journal = try ResumeFile(
                path, origin: origin, seedMatters: shared.testing.seed != nil,
                earlier: EarlierPrimes(low: part.lowerBound, high: part.upperBound),
                cancel: interruption.cancel, report: StandardStreams.note
            ) { _, _ in }
            options.test.seed = journal.seed
            options.format = .jsonl
            return journal
        } catch {
            interruption.exitIfSignalled { "nothing was tested" }
            StandardStreams.complain(error.message)
            throw ExitCode(error.status.rawValue)
        }
    }

    /// What is left of a range when an earlier run has come so far; `nil` when nothing is.
    private static func rest(
        of range: ClosedRange<BigNatural>, after journal: ResumeFile<EarlierPrimes>?
    ) -> ClosedRange<BigNatural>? {
        guard let journal else { return range }
        if journal.isCounted { return nil }
        let last = journal.earlier.last.map { String(decoding: $0, as: UTF8.self) }
        guard let next = last.flatMap({ BigNatural($0) })?.adding(1) else { return range }
        return next > range.upperBound ? nil : next...range.upperBound
    }

    /// The range that the arguments stand for.
    ///
    /// What is wrong with them was reported when this throws.
    private func range(
        between ends: [String], maximumBits: Int
    ) throws -> ClosedRange<BigNatural> {
        let numbers = zip(["lo", "hi"], ends).map { name, text in
            number(text, called: name, maximumBits: maximumBits, in: base)
        }
        let badInput = ExitCode(ExitStatus.badInput.rawValue)
        guard let low = numbers[0], let high = numbers[1] else { throw badInput }
        if low > high {
            StandardStreams.complain(
                "lo '\(printable(ends[0]))' is above hi '\(printable(ends[1]))'")
            throw badInput
        }
        return low...high
    }
}
