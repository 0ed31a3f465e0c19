// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityPool
internal import PrimalityProof
internal import PrimalityRuns

/// Who proves.
enum ProofPool: String, CaseIterable {
    /// Threads of this process.
    case threads
    /// Processes of their own, each asked by a thread.
    case processes
}

/// A run of `primality prove`: threads prove what a source gives, or have it proved by processes, and results are
/// written in its order.
struct ProofRun {
    /// What is to be done.
    struct Plan {
        var source: CandidateSource
        var options: ProofOptions
        var certificates: Certificates
        var isJSON: Bool
        var isQuiet: Bool
        var pool: ProofPool
        var workers: Int
        /// So many numbers at most are proved together.
        var together: Int
        var timeout: Duration?
        /// `nil`: none is shown.
        var progress: ProgressMode?
        var interruption: Interruption
    }

    private var plan: Plan
    private var output = Output()
    private var status = ExitStatus.done
    private var done = 0
    private var proved = 0

    init(_ plan: Plan) { self.plan = plan }

    /// A number on its way, and what the input calls it.
    private struct Candidate: Sendable {
        var number: BigNatural
        var form: CandidateForm?
        var input: [UInt8]
        var place: Int
    }

    /// Numbers that are proved together, the first of which has the number `id` in order.
    private struct Work: Sendable {
        var id: Int
        var candidates: [Candidate]
        var cancel = CancelFlag()
        var progress: [ProofProgress]
    }

    /// What became of a number.
    private enum Finding: Sendable {
        case outcome(ProofOutcome)
        /// The certificate is there already.
        case known(Certificate)
        case refused(Complaint)
        case timedOut
        case cancelled
        case failed(ChunkFailure)
    }

    /// A number that is done.
    private struct Found: Sendable {
        var candidate: Candidate
        var finding: Finding
        var journal: JournalFile?
    }

    /// A number that is being proved.
    private struct Active {
        /// When its time is over.
        var end: ContinuousClock.Instant?
        var cancel: CancelFlag
        var progress: ProofProgress
        var bits: Int
        /// When it was first looked at, and how far it was: a proof that goes on has its beginning for nothing.
        var first: (time: ContinuousClock.Instant, share: Double)?

        /// How far it is and what is left; `nil`: nothing can be told.
        mutating func note(at now: ContinuousClock.Instant) -> String? {
            let share = progress.share
            if share == 0 { return nil }
            let first = first ?? (now, share)
            self.first = first
            let note = "\(Int(100 * share)) % of one of \(bits) bits"
            let gained = share - first.share
            if gained < 0.02 { return note }
            let left = (now - first.time) * ((1 - share) / gained)
            return left < .seconds(5) ? note : "\(note), \(Progress.clock(left)) left"
        }
    }

    /// What the threads and the one that writes share.
    private struct Shared {
        var given = 0
        var taken = 0
        var isOver = false
        var failure: Complaint?
        var found: [Int: Found] = [:]
        var active: [Int: Active] = [:]
        var late: Set<Int> = []
    }

    /// Proves everything.
    mutating func prove() {
        let shared = Monitor(Shared())
        let (source, options, timeout) = (plan.source, plan.options, plan.timeout)
        let cancel = plan.interruption.cancel
        let window = 4 * plan.workers * plan.together
        let (known, journals) = (plan.certificates.known, plan.certificates.journals)
        let progress = plan.progress.map {
            Progress($0) { done, time in
                var estimate = source.estimate(done)
                // Of the largest one at work, which is waited for longest.
                estimate.note = shared.withLock { shared in
                    let largest = shared.active.max { $0.value.bits < $1.value.bits }
                    return largest.flatMap { shared.active[$0.key]?.note(at: .now) }
                }
                return Progress.line(done, after: time, estimate)
            }
        }

        // Apart from the results, which go on being written while a reader waits for input.
        let feeding = Monitor(Feed())
        @Sendable func nextWork() -> Work? {
            // Who writes in order must not fall far behind.
            let goesOn = shared.wait(lookingEvery: 50) { shared -> Bool? in
                if shared.isOver || cancel.isCancelled { return false }
                return shared.given - shared.taken < window ? true : nil
            }
            if !goesOn { return nil }
            return feeding.withLock { feed -> Work? in
                var failure: Complaint?
                var candidates: [Candidate] = []
                do throws(Complaint) { candidates = try feed.next(from: source) } catch {
                    failure = error
                }
                return shared.withLock(wake: true) { shared -> Work? in
                    if candidates.isEmpty || shared.isOver {
                        shared.isOver = true
                        shared.failure = shared.failure ?? failure
                        return nil
                    }
                    let work = Work(
                        id: shared.given, candidates: candidates,
                        progress: candidates.map { _ in ProofProgress() })
                    shared.given += candidates.count
                    for (i, candidate) in candidates.enumerated() {
                        shared.active[work.id + i] = Active(
                            end: timeout.map { .now + $0 }, cancel: work.cancel,
                            progress: work.progress[i], bits: candidate.number.bitWidth)
                    }
                    return work
                }
            }
        }
        @Sendable func work(_ process: ProofProcess?) {
            while let work = nextWork() {
                let findings = Self.findings(work, known, journals) { requests in
                    if let process { return process.prove(requests, cancel: work.cancel) }
                    return Certificate.prove(requests, options: options, cancel: work.cancel)
                        .map { $0.mapError { $0 == .cancelled ? .cancelled : .test($0) } }
                }
                shared.withLock(wake: true) { shared in
                    for (i, one) in findings.enumerated() {
                        let id = work.id + i
                        shared.active[id] = nil
                        let isLate = shared.late.remove(id) != nil
                        var finding = one.finding
                        if isLate, case .cancelled = finding { finding = .timedOut }
                        shared.found[id] = Found(
                            candidate: work.candidates[i], finding: finding, journal: one.journal)
                    }
                }
            }
            shared.withLock(wake: true) { _ in }
        }
        var threads: [WorkerThread] = []
        var problem: PoolError?
        for i in 0..<plan.workers {
            do throws(PoolError) {
                let process = plan.pool == .processes ? try process(i) : nil
                threads.append(try WorkerThread(name: "prk-prove-\(i)") { work(process) })
            } catch {
                problem = error
                break
            }
        }
        if let problem {
            let count = "\(threads.count) of \(plan.workers) workers were started: "
            StandardStreams.complain(count + problem.description)
        }
        if threads.isEmpty {
            progress?.stop()
            status.raise(to: .internalError)
            return
        }
        while let found = next(shared) {
            // Who waits until the window has room.
            shared.withLock(wake: true) { _ in }
            if !take(found) { cancel.cancel() }
            progress?.add(1)
        }
        for thread in threads { thread.join() }
        progress?.stop()
        if let failure = shared.withLock({ $0.failure }) {
            StandardStreams.complain(failure.message)
            status.raise(to: failure.status)
        }
        source.complainOfRest()
    }

    /// A process that proves, as worker `number`.
    private func process(_ number: Int) throws(PoolError) -> ProofProcess {
        try ProofProcess(options: plan.options) { notice in
            var notice = notice
            if case .workerDied(_, let signal, let status, let isReplaced) = notice {
                notice = .workerDied(
                    worker: number, signal: signal, exitStatus: status, isReplaced: isReplaced)
            }
            StandardStreams.complain(notice.description)
        }
    }

    /// What was read and is not given out yet.
    private struct Feed {
        private var candidates: ArraySlice<Candidate> = []
        private var chunk = 0

        /// The next numbers that are proved together; none: there are no more.
        ///
        /// What takes longer than about a second in all is cut, so that threads end together and Ctrl-C loses
        /// little.
        mutating func next(from source: CandidateSource) throws(Complaint) -> [Candidate] {
            if candidates.isEmpty, let batch = try source.next() {
                let inputs = source.takeInputs(of: chunk)
                chunk += 1
                candidates =
                    (0..<batch.count).map { i in
                        Candidate(
                            number: batch[i], form: batch.form(at: i), input: Array(inputs[i]),
                            place: inputs.places[i])
                    }[...]
            }
            var some: [Candidate] = []
            var milliseconds = 0.0
            while let candidate = candidates.first {
                let size = Double(candidate.number.bitWidth) / 332
                milliseconds += 3 * size * size * size * size
                if !some.isEmpty && milliseconds > 1000 { break }
                some.append(candidate)
                candidates.removeFirst()
            }
            return some
        }
    }

    /// Proves numbers, each with its journal if it has one; all go to who writes the results.
    private static func findings(
        _ work: Work, _ known: KnownProofs, _ journals: JournalFiles?,
        _ prove: ([ProofRequest]) -> [Result<ProofOutcome, ChunkFailure>]
    ) -> [(finding: Finding, journal: JournalFile?)] {
        var findings: [(finding: Finding, journal: JournalFile?)] = []
        var requests: [ProofRequest] = []
        var places: [Int] = []
        for (i, candidate) in work.candidates.enumerated() {
            findings.append((.cancelled, nil))
            let number = candidate.number
            if let certificate = known.certificate(of: number, cancel: work.cancel) {
                journals?.remove(of: number)
                findings[i].finding = .known(certificate)
                continue
            }
            do throws(Complaint) {
                findings[i].journal = try journals?.journal(of: number)
            } catch {
                findings[i].finding = .refused(error)
                continue
            }
            requests.append(
                ProofRequest(
                    number, form: candidate.form, progress: work.progress[i],
                    journal: findings[i].journal.map {
                        ProofJournal(kept: $0.kept, append: $0.append)
                    }))
            places.append(i)
        }
        for (i, result) in zip(places, requests.isEmpty ? [] : prove(requests)) {
            findings[i].finding = finding(result, findings[i].journal)
        }
        return findings
    }

    private static func finding(
        _ result: Result<ProofOutcome, ChunkFailure>, _ journal: JournalFile?
    ) -> Finding {
        switch result {
        case .success(let outcome): return .outcome(outcome)
        case .failure(let error):
            if case .test(.unusableJournal(let why)) = error, let journal {
                return .refused(
                    Complaint(
                        message: "\(journal.name): \(why); remove it, or mend it from a copy"))
            }
            return error == .cancelled ? .cancelled : .failed(error)
        }
    }

    /// The next number in order, when its result is there; `nil` at the end.
    ///
    /// Ends what takes too long.
    private func next(
        _ shared: Monitor<Shared>
    ) -> Found? {
        let cancel = plan.interruption.cancel
        return shared.wait(lookingEvery: 20) {
            shared -> Found?? in
            let now = ContinuousClock.now
            for (id, one) in shared.active {
                let isLate = one.end.map { $0 <= now } ?? false
                if isLate || cancel.isCancelled {
                    if isLate { shared.late.insert(id) }
                    shared.active[id] = nil
                    one.cancel.cancel()
                }
            }
            let id = shared.taken
            if let found = shared.found.removeValue(forKey: id) {
                shared.taken += 1
                return found
            }
            let isOver = (shared.isOver || cancel.isCancelled) && shared.taken == shared.given
            return isOver ? .some(nil) : nil
        }
    }

    /// Writes a result and its certificate; whether more can be written.
    private mutating func take(_ found: Found) -> Bool {
        // What has no result is gone on with by the next run.
        var isNeeded = true
        defer {
            if let journal = found.journal {
                plan.certificates.journals?.end(journal, isNeeded: isNeeded)
            }
        }
        let (number, input, place) = (
            found.candidate.number, found.candidate.input, found.candidate.place
        )
        // The verdict as jsonl has it, what text adds to its words, and what jsonl adds.
        let verdict: String
        let text: String
        var facts: [(name: String, json: String)] = []
        var isWritten = true
        switch found.finding {
        case .cancelled: return true
        case .refused(let complaint):
            (verdict, text) = ("failed", "failed")
            StandardStreams.complain(complaint.message)
            status.raise(to: complaint.status)
        case .timedOut:
            (verdict, text) = ("timed-out", "timed-out")
            status.raise(to: .undecided)
        case .failed(let error):
            (verdict, text) = ("failed", "failed")
            StandardStreams.complain("\(printable(input)): \(error)")
            status.raise(to: error.exitStatus)
        case .outcome(.neither):
            isNeeded = false
            (verdict, text) = (Verdict.neither.identifier, Verdict.neither.description)
            status.raise(to: .notAllPrime)
        case .outcome(.composite(let report)):
            isNeeded = false
            status.raise(to: .notAllPrime)
            verdict = Verdict.composite.identifier
            if let method = report?.method.rawValue { facts.append(("method", quoted(method))) }
            if let factor = report?.factor {
                text = "composite, factor \(factor)"
                facts.append(("factor", quoted("\(factor)")))
            } else if let witness = report?.witness {
                text = "composite, witness \(witness)"
                facts.append(("witness", quoted("\(witness)")))
            } else {
                text = "composite, by \(report?.method.rawValue ?? "a test")"
            }
        case .outcome(.gaveUp(let tried)):
            status.raise(to: .undecided)
            verdict = Verdict.probablePrime.identifier
            text = "probable prime, no proof was found: \(tried)"
            facts.append(("tried", quoted(tried)))
        case .outcome(.proved(let certificate, let report)):
            (verdict, text) = Self.words(certificate)
            if let method = report?.method.rawValue { facts.append(("method", quoted(method))) }
            facts.append(("steps", "\(certificate.stepCount)"))
            proved += 1
            var written = ExitStatus.done
            isWritten = plan.certificates.write(
                certificate, isDurable: found.journal?.isDurable ?? false, &output, &written)
            status.raise(to: written)
            isNeeded = !isWritten || written != .done
            if !isNeeded, let file = plan.certificates.file(of: number) {
                facts.append(("certificate", quoted(file)))
            }
        case .known(let certificate):
            (verdict, text) = Self.words(certificate)
            facts.append(("steps", "\(certificate.stepCount)"))
            proved += 1
            if let file = plan.certificates.file(of: number) {
                facts.append(("certificate", quoted(file)))
            }
        }
        done += 1
        if plan.isQuiet { return isWritten }
        var line: [UInt8] = []
        if plan.isJSON {
            line += "{\"i\":\(place),\"input\":\"".utf8
            appendEscaped(input[...], to: &line)
            line += "\",\"bits\":\(number.bitWidth),\"verdict\":\"\(verdict)\"".utf8
            for (name, json) in facts { line += ",\"\(name)\":\(json)".utf8 }
            line += "}".utf8
        } else {
            line += input
            line += ": \(text)".utf8
        }
        if plan.certificates.goToStandardOutput {
            StandardStreams.writeError(String(decoding: line, as: UTF8.self))
            return isWritten
        }
        return output.write(line + [0x0A]) && isWritten
    }

    private static func words(_ certificate: Certificate) -> (verdict: String, text: String) {
        let steps = certificate.stepCount
        return (
            Verdict.prime.identifier,
            steps == 0 ? "prime, by a test" : "prime, proved in \(counted(steps, "step"))"
        )
    }

    /// Says how the run ended; its status.
    mutating func end() -> ExitStatus {
        status.raise(to: plan.certificates.finish())
        status.raise(to: output.status())
        let counts = plan.source.counts
        if counts.bad > 0 { status.raise(to: .badInput) }
        plan.interruption.exitIfSignalled {
            "\(counted(done, "number", "has", "have")) a result, \(proved) of them a proof"
        }
        if counts.read == 0 && status == .done {
            StandardStreams.complain("there is nothing to prove")
            return .badInput
        }
        return status
    }
}
