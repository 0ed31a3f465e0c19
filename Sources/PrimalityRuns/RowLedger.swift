// SPDX-License-Identifier: Apache-2.0

package import Primality
package import PrimalityExpressions
package import PrimalityPool

/// Rows of candidates of which some are tested or left out by the results of others: from when they
/// are read until it is decided.
///
/// Results come as workers have them, but rows are decided in the order of the input, so what is said is
/// what one reader would say that tests one candidate after the other. A candidate that follows `&` is
/// handed out when the one before it has passed. Whether a row is left out, since its value has had its
/// primes, may be known only after it was tested: then its results are dropped.
///
/// The feeder thread adds rows and takes what can be tested now; the thread that takes the results
/// brings outcomes. What is kept does not grow with the input, but for a count for each value that had a
/// prime, or a composite where those are counted.
package final class RowLedger: Sendable {
    /// What became of a candidate.
    package enum Outcome: Sendable {
        /// It was tested, and this is the line about it.
        case tested(Verdict, line: [UInt8])
        /// An earlier run has tested it.
        case known(Verdict)
        /// It was no number; what there is to say.
        case bad(String, CandidateComplaints.Kind)
        /// It could not be tested: the line about it, and what else there is to say.
        case undecided(ChunkFailure, line: [UInt8], String)

        package var passed: Bool { verdict?.passed ?? false }

        package var verdict: Verdict? {
            switch self {
            case .tested(let verdict, _), .known(let verdict): verdict
            case .bad, .undecided: nil
            }
        }

        /// How many bytes it takes, about.
        fileprivate var size: Int {
            switch self {
            case .tested(_, let line): 64 + line.count
            case .known: 64
            case .bad(let text, _): 64 + text.utf8.count
            case .undecided(_, let line, let text): 64 + line.count + text.utf8.count
            }
        }
    }

    /// A candidate's place in the ledger.
    package struct Place: Sendable {
        fileprivate var row: Int
        fileprivate var member: Int
    }

    /// A candidate as it was read.
    package struct Member: Sendable {
        package var candidate: ReadCandidate
        /// Where it stands in the input, and how many candidates come before it.
        package var origin: CandidateOrigin
        package var place: Int

        fileprivate var size: Int { 256 + candidate.size }
    }

    /// What the reader waits for, if nothing can be tested before.
    package enum Goal {
        /// Rows may be added.
        case room
        /// All rows are decided.
        case end
        /// Nothing more: there is something else to look at.
        case moment
    }

    /// What was decided since this was asked for last.
    package struct Decided {
        /// Lines about candidates, in the order of the input.
        package var lines: [UInt8] = []
        /// Some candidate did not pass.
        package var hasComposite = false
        /// What could not be tested gives this.
        package var status = ExitStatus.done
    }

    /// What became of the candidates that are decided.
    package struct Totals: Sendable {
        /// Those that this run has tested.
        package var results = ResultCounts()
        /// Those that an earlier run has tested.
        package var known = 0
        package var leftOut = 0
        package var bad = 0
    }

    /// What is to be done with a candidate that was added.
    package enum Decision {
        /// It is to be tested now.
        case test(Place)
        /// Later, or not at all.
        case nothing
    }

    private struct Row {
        var condition: CandidateCondition?
        var outcomes: [Int: Outcome] = [:]
        /// Candidates after `&` whose turn has not come.
        var waiting: [Int: Member] = [:]
        /// How many candidates there are by now, and how many of them are decided.
        var added = 0
        var decided = 0
        /// There will be no more.
        var isClosed = false
        /// How many of a chain have passed, one after the other.
        var passed = 0
        /// A chain has ended with a candidate that did not pass.
        var isBroken = false
        /// That candidate was no number: no condition has left out what follows it.
        var isRefused = false
        /// The whole row is; known when all rows before it are decided.
        var isLeftOut: Bool?

        var isChain: Bool { condition?.isChain ?? false }

        /// How many bytes it takes without its candidates, about.
        var size: Int {
            (condition?.stops ?? []).reduce(256) { $0 + 64 + $1.value.count }
        }
    }

    private struct Key: Hashable {
        /// Which of the header's rules.
        var rule: Int
        var value: [UInt8]
    }

    private struct State {
        /// Rows that are not decided, by their number, and the numbers of the first and of the next one.
        var rows: [Int: Row] = [:]
        var first = 0
        var next = 0
        /// Candidates that waited and can be tested now.
        var ready: [Place] = []
        /// Bytes that are kept in rows.
        var size = 0
        /// How many primes, or composites, each value has had under the present header.
        var header = 0
        var counts: [Key: Int] = [:]
        var decided = Decided()
        var totals = Totals()

        var isFull: Bool { rows.count >= RowLedger.mostRows || size >= RowLedger.mostBytes }
    }

    /// What waits for a single long test before the reading does.
    private static let mostRows = 1 << 17
    private static let mostBytes = 1 << 25

    private let state = Monitor(State())
    private let complain: @Sendable (String, CandidateComplaints.Kind) -> Void

    /// - Parameter complain: Is told what there is to say about bad candidates, row by row.
    package init(complain: @escaping @Sendable (String, CandidateComplaints.Kind) -> Void) {
        self.complain = complain
    }

    // MARK: Reading

    /// Begins a row.
    ///
    /// - Returns: Its number; `nil` when it is known already that it is left out.
    package func begin(_ condition: CandidateCondition?) -> Int? {
        state.withLock { state in
            // What is reached stays so for all rows after those that are decided.
            if let condition, condition.header == state.header, isReached(condition, state) {
                return nil
            }
            let row = Row(condition: condition)
            state.size += row.size
            state.rows[state.next] = row
            state.next += 1
            return state.next - 1
        }
    }

    /// Counts a candidate of a row that is known to be left out.
    package func leaveOut() { state.withLock { $0.totals.leftOut += 1 } }

    /// Adds the next candidate of a row.
    package func add(_ member: Member, to row: Int) -> Decision {
        state.withLock { state in
            // Taken out: what it holds is not copied when it is changed.
            guard var found = state.rows.removeValue(forKey: row) else { return .nothing }
            let number = found.added
            found.added += 1
            defer { state.rows[row] = found }
            if found.isBroken || found.isLeftOut == true { return .nothing }
            if !found.isChain || number == found.passed {
                return .test(Place(row: row, member: number))
            }
            found.waiting[number] = member
            state.size += member.size
            return .nothing
        }
    }

    /// Says that a row has no more candidates.
    package func close(_ row: Int) {
        state.withLock(wake: true) { state in
            state.rows[row]?.isClosed = true
            decide(&state)
        }
    }

    /// A candidate that waited and can be tested now.
    package func takeReady() -> (Place, Member)? {
        state.withLock { state in
            while !state.ready.isEmpty {
                let place = state.ready.removeFirst()
                // The row may have been left out meanwhile.
                if let member = state.rows[place.row]?.waiting.removeValue(forKey: place.member) {
                    state.size -= member.size
                    return (place, member)
                }
            }
            return nil
        }
    }

    package var isFull: Bool { state.withLock { $0.isFull } }

    /// Whether every candidate that was added is decided.
    package var isEmpty: Bool { state.withLock { $0.rows.isEmpty } }

    /// Waits for something that can be tested, or a goal, but a moment at most.
    package func wait(for goal: Goal, _ cancel: CancelFlag) {
        var isLate = false
        state.wait(lookingEvery: 20) { state -> Void? in
            if isLate || !state.ready.isEmpty || cancel.isCancelled { return () }
            isLate = true
            switch goal {
            case .room: return state.isFull ? nil : ()
            case .end: return state.rows.isEmpty ? () : nil
            case .moment: return nil
            }
        }
    }

    // MARK: Outcomes

    /// Takes what became of a candidate.
    package func put(_ outcome: Outcome, at place: Place) {
        state.withLock(wake: true) { state in
            guard state.rows[place.row]?.isLeftOut != true,
                var row = state.rows.removeValue(forKey: place.row)
            else { return }
            row.outcomes[place.member] = outcome
            state.size += outcome.size
            if row.isChain {
                if outcome.passed {
                    row.passed += 1
                    if row.waiting[row.passed] != nil {
                        state.ready.append(Place(row: place.row, member: row.passed))
                    }
                } else {
                    row.isBroken = true
                    if case .bad = outcome { row.isRefused = true }
                    dropWaiting(&row, &state)
                }
            }
            state.rows[place.row] = row
            decide(&state)
        }
    }

    /// What was decided since this was asked for last.
    package func takeDecided() -> Decided {
        state.withLock { state in
            defer { state.decided = Decided() }
            return state.decided
        }
    }

    package var totals: Totals { state.withLock { $0.totals } }

    private func dropWaiting(_ row: inout Row, _ state: inout State) {
        for member in row.waiting.values { state.size -= member.size }
        row.waiting = [:]
    }

    // MARK: Decisions

    private func isReached(_ condition: CandidateCondition, _ state: State) -> Bool {
        condition.stops.enumerated().contains { i, stop in
            state.counts[Key(rule: i, value: stop.value), default: 0] >= stop.count
        }
    }

    /// Decides what can be decided, row by row and in each candidate by candidate.
    private func decide(_ state: inout State) {
        while var row = state.rows.removeValue(forKey: state.first) {
            if row.isLeftOut == nil {
                if let condition = row.condition, condition.header != state.header {
                    state.header = condition.header
                    state.counts = [:]
                }
                row.isLeftOut = row.condition.map { isReached($0, state) } ?? false
                if row.isLeftOut == true {
                    for outcome in row.outcomes.values { state.size -= outcome.size }
                    row.outcomes = [:]
                    dropWaiting(&row, &state)
                }
            }
            var isOver = row.isLeftOut == true
            while let outcome = row.outcomes.removeValue(forKey: row.decided) {
                state.size -= outcome.size
                row.decided += 1
                say(outcome, row.condition?.stops ?? [], &state)
            }
            isOver = isOver || row.isBroken && row.outcomes.isEmpty || row.decided == row.added
            guard isOver && row.isClosed else {
                state.rows[state.first] = row
                return
            }
            if row.isLeftOut == true || !row.isRefused {
                state.totals.leftOut += row.added - row.decided
            }
            state.size -= row.size
            state.first += 1
        }
    }

    private func say(
        _ outcome: Outcome, _ stops: [CandidateCondition.Stop], _ state: inout State
    ) {
        switch outcome {
        case .tested(let verdict, let line):
            state.decided.lines += line
            state.totals.results.add(verdict)
            if !verdict.passed { state.decided.hasComposite = true }
        case .known: state.totals.known += 1
        case .bad(let message, let kind):
            state.totals.bad += 1
            complain(message, kind)
        case .undecided(let failure, let line, let message):
            state.decided.lines += line
            state.decided.status.raise(to: failure.exitStatus)
            complain(message, .undecided)
        }
        guard let verdict = outcome.verdict else { return }
        for (i, stop) in stops.enumerated()
        where stop.countsPrimes ? verdict.passed : verdict == .composite {
            state.counts[Key(rule: i, value: stop.value), default: 0] += 1
        }
    }
}
