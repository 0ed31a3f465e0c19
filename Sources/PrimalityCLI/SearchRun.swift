// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityExpressions
internal import PrimalityPool
internal import PrimalityRuns

/// A search for primes on a pool that prints what it finds: what commands that look for primes share.
struct SearchRun {
    private let options: RunOptions.Checked
    private let format: ResultFormat?
    /// Every number of a range is reported on that is prime, or could not be tested.
    private let isOfRange: Bool
    /// Where the search begins, and what that is called: numbers next to it share most of their digits.
    private let origin: (name: String, number: BigNatural)?
    private let complaints = CandidateComplaints(report: StandardStreams.complain)
    private let interruption: Interruption
    private let job: PoolJob
    /// Raised by the first signal, and when the search is over: a sieve may be at work.
    private let cancel: CancelFlag
    private let source: SearchSource
    private var output = Output()
    /// Where results go instead, and the numbers of it that have none yet.
    private var journal: ResumeFile<EarlierPrimes>?
    private var again: [(place: Int, number: BigNatural)] = []
    /// How many of them turned out prime.
    private var foundAgain = 0
    /// The last number that the journal says something about.
    private var lastWritten: BigNatural?
    /// The place of the first prime in a b-file, and whether it ends there, as the places of others are unknown.
    private let firstPlace: Int
    private var isCutOff = false
    /// The number before the one that is printed next.
    private var previous: BigNatural?
    private(set) var results: SearchResults
    private(set) var status = ExitStatus.done

    /// Makes a search.
    ///
    /// - Parameters:
    ///   - search: What to look for.
    ///   - options: How.
    ///   - countsOnly: Print no numbers.
    ///   - start: Where the first one's gap begins; without it there are none.
    ///   - origin: What numbers that could not be tested are counted from.
    ///   - firstPlace: The place of the first prime in a b-file.
    ///   - journal: Where to write results, on which the search goes on.
    ///   - interruption: Watches signals.
    /// - Throws: A status when there is no such prime, which was reported.
    init(
        _ search: PrimeSearch, _ options: RunOptions.Checked, countsOnly: Bool = false,
        start: BigNatural? = nil, origin: (name: String, number: BigNatural)? = nil,
        firstPlace: Int = 1, journal: ResumeFile<EarlierPrimes>? = nil,
        interruption: Interruption = Interruption()
    ) throws {
        self.interruption = interruption
        self.firstPlace = firstPlace
        self.journal = journal
        self.options = options
        format = countsOnly ? nil : options.format
        isOfRange = search.isOfRange
        self.origin = origin
        job = PoolJob(
            options: options.test, wantsReports: format?.needsReports ?? false,
            timeout: options.timeout)
        cancel = interruption.cancel.part()
        do {
            source = try SearchSource(
                search, job, cancel: cancel, workers: options.pool.workers, chunk: options.chunk)
        } catch {
            StandardStreams.complain(error.description)
            throw ExitCode(ExitStatus.badInput.rawValue)
        }
        previous = start
        results = SearchResults(of: source)
        for (place, line) in (journal?.earlier.undecided ?? [:]).sorted(by: { $0.key < $1.key }) {
            let number = BigNatural(String(decoding: line.number, as: UTF8.self))
            if let number { again.append((place, number)) }
        }
    }

    /// How many primes were found, those included that an earlier run could not test.
    var found: Int { results.found + foundAgain }

    /// Searches and prints.
    ///
    /// - Parameter estimate: Is told how many numbers were tested. Called by another thread.
    mutating func search(
        estimate: @escaping @Sendable (SearchSource, Int) -> RunEstimate
    ) {
        if let header = format?.header { write(header) }
        let source = source
        let again = chunks(of: again.map(\.number), engine: job.engine, size: options.chunk)
        var statistics = RunStatistics(workers: options.pool.workers)
        let progress =
            options.progress.isOn()
            ? Progress(options.progress, estimate: { estimate(source, $0) }) : nil
        do {
            try options.pool.run(
                job, cancel: cancel, notify: { StandardStreams.complain($0.description) },
                statistics: &statistics, from: { try again() ?? source.next() }
            ) { result in
                progress?.add(result.results.count)
                if self.again.isEmpty ? add(result) : addAgain(result) { return true }
                cancel.cancel()
                return false
            }
        } catch {
            StandardStreams.complain(error.description)
            status.raise(to: error.exitStatus)
        }
        progress?.stop()
        complaints.finish(nil)
        if options.showsStatistics { StandardStreams.writeError(statistics.table) }
    }

    /// Takes the result of numbers that an earlier run could not test; whether more can be written.
    private mutating func addAgain(_ result: ChunkResult) -> Bool {
        var lines: [UInt8] = []
        for i in 0..<min(result.results.count, again.count) {
            let (place, number) = again.removeFirst()
            let digits = Array(number.description.utf8)[...]
            if let report = result.results.report(at: i, of: result.chunk.numbers) {
                if report.verdict.passed { foundAgain += 1 }
                format?.append(
                    report, place: place, input: digits, bits: number.bitWidth, to: &lines)
            } else if let failure = result.failure(at: i), failure != .cancelled {
                take(failure, number, digits, place, to: &lines)
            }
        }
        return writeResults(lines)
    }

    private mutating func take(
        _ failure: ChunkFailure, _ number: BigNatural, _ digits: ArraySlice<UInt8>, _ place: Int,
        to lines: inout [UInt8]
    ) {
        let distance = origin.flatMap { origin in
            origin.number.distance(to: number).map {
                "\(origin.name) \($0 < 0 ? "-" : "+") \(abs($0)): "
            }
        }
        complaints.add("\(distance ?? "")\(printable(digits)): \(failure)", .undecided)
        status.raise(to: failure.exitStatus)
        // Elsewhere it ends the search: what is looked for is beyond it, or it itself.
        guard isOfRange else { return }
        if format == .bfile && !isCutOff {
            isCutOff = true
            complain("the b-file ends before \(printable(digits))", .undecided)
        }
        format?.append(
            failure, place: place, input: digits, bits: number.bitWidth, to: &lines)
    }

    private mutating func writeResults(_ lines: [UInt8]) -> Bool {
        lines.isEmpty || journal?.append(lines) ?? output.write(lines)
    }

    /// Takes a result; whether more are wanted, and can be written.
    private mutating func add(_ result: ChunkResult) -> Bool {
        var lines: [UInt8] = []
        var place = nextPlace
        for event in results.add(result) {
            switch event {
            case .found(let i):
                if format != nil, !isCutOff, let prime = result.foundPrime(at: i) {
                    append(prime, place, to: &lines)
                    if journal != nil { lastWritten = prime.number }
                }
                place += 1
            case .failed(let i, let failure):
                let number = result.chunk.numbers[i]
                take(failure, number, Array(number.description.utf8)[...], place, to: &lines)
                lastWritten = number
                place += 1
            }
        }
        let isLate = journal.map { .now - $0.lastLine > Self.longestSilence } ?? false
        let isWritten = writeResults(lines) && (!lines.isEmpty || !isLate || writeReached())
        return isWritten && results.goesOn && !isCutOff
    }

    /// How much testing may be lost where no prime comes.
    private static let longestSilence: Duration = .seconds(5)

    /// Says in the journal how far the search has come, unless a line has said that.
    private mutating func writeReached() -> Bool {
        guard let last = results.last, last != lastWritten else { return true }
        lastWritten = last
        let place = nextPlace
        return journal?.append(reached: last, after: place) ?? true
    }

    /// The place of the next number of a range that is reported on.
    private var nextPlace: Int {
        results.found + (isOfRange ? results.missed : 0) + (journal?.earlier.count ?? 0)
    }

    /// Ends the journal, if there is one.
    private mutating func finishJournal() {
        guard journal != nil else { return }
        let isWhole = results.isWhole && again.isEmpty && !interruption.cancel.isCancelled
        if !isWhole { _ = writeReached() }
        status.raise(to: journal?.finish(isWhole: isWhole) ?? .done)
    }

    private mutating func append(_ prime: FoundPrime, _ place: Int, to lines: inout [UInt8]) {
        guard let format else { return }
        let gap = previous?.distance(to: prime.number).map { abs($0) }
        if previous != nil { previous = prime.number }
        let digits = Array(prime.number.description.utf8)[...]
        if let report = prime.report {
            format.append(
                report, place: place, input: digits, bits: prime.number.bitWidth, gap: gap,
                to: &lines)
        } else {
            if format == .bfile { lines += "\(firstPlace + place) ".utf8 }
            lines += digits
            lines.append(UInt8(ascii: "\n"))
        }
    }

    /// Writes to standard output.
    mutating func write(_ text: String) { _ = output.write(text) }

    /// Reports a result that is not what was asked for.
    mutating func complain(_ message: String, _ status: ExitStatus) {
        StandardStreams.complain(message)
        self.status.raise(to: status)
    }

    /// Ends the program when it was interrupted, and says what was done when it could not go on.
    ///
    /// - Parameter summary: Says what was done.
    mutating func end(_ summary: () -> String) {
        status.raise(to: output.status())
        finishJournal()
        interruption.exitIfSignalled(summary)
        // A number was not tested on which the answer depends.
        if !results.goesOn && !results.isOver {
            StandardStreams.complain("the search ended there: \(summary())")
        }
    }

    /// Ends the command with its status.
    func throwStatus() throws {
        if status != .done { throw ExitCode(status.rawValue) }
    }
}
