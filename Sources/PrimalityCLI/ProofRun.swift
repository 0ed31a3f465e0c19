// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityPool
internal import PrimalityProof
internal import PrimalityRuns

/// A run of `primality prove`: threads prove what a source gives, and results are written in its order.
struct ProofRun {
    /// What is to be done.
    struct Plan {
        var source: CandidateSource
        var options: ProofOptions
        var certificates: Certificates
        var isJSON: Bool
        var isQuiet: Bool
        var workers: Int
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

    /// A number on its way.
    private struct Work: Sendable {
        var id: Int
        var number: BigNatural
        var form: CandidateForm?
        var cancel: CancelFlag
    }

    /// What became of a number.
    private enum Finding: Sendable {
        case outcome(ProofOutcome)
        case timedOut
        case cancelled
        case failed(PrimalityError)
    }

    /// What the threads and the one that writes share.
    private struct Shared {
        var given = 0
        var taken = 0
        var isOver = false
        var failure: Complaint?
        var found: [Int: (number: BigNatural, finding: Finding)] = [:]
        /// Those that are being proved, and when their time is over.
        var active: [Int: (end: ContinuousClock.Instant?, cancel: CancelFlag)] = [:]
        var late: Set<Int> = []
    }

    /// Proves everything.
    mutating func prove() {
        let shared = Monitor(Shared())
        let (source, options, timeout) = (plan.source, plan.options, plan.timeout)
        let cancel = plan.interruption.cancel
        let window = 4 * plan.workers
        let known = plan.certificates.known
        let progress = plan.progress.map { Progress($0, estimate: { source.estimate($0) }) }

        // Apart from the results, which go on being written while a reader waits for input.
        let feeding = Monitor(())
        @Sendable func nextWork() -> Work? {
            // Who writes in order must not fall far behind.
            let goesOn = shared.wait(lookingEvery: 50) { shared -> Bool? in
                if shared.isOver || cancel.isCancelled { return false }
                return shared.given - shared.taken < window ? true : nil
            }
            if !goesOn { return nil }
            return feeding.withLock { _ -> Work? in
                var batch: NumberBatch?
                var failure: Complaint?
                do throws(Complaint) { batch = try source.next() } catch { failure = error }
                return shared.withLock(wake: true) { shared -> Work? in
                    guard let batch, !shared.isOver else {
                        shared.isOver = true
                        shared.failure = shared.failure ?? failure
                        return nil
                    }
                    let work = Work(
                        id: shared.given, number: batch[0], form: batch.form(at: 0),
                        cancel: CancelFlag())
                    shared.given += 1
                    shared.active[work.id] = (timeout.map { .now + $0 }, work.cancel)
                    return work
                }
            }
        }
        @Sendable func work() {
            while let work = nextWork() {
                let finding: Finding
                do throws(PrimalityError) {
                    if let certificate = known[work.number] {
                        finding = .outcome(.proved(certificate))
                    } else {
                        var options = options
                        options.form = work.form
                        finding = .outcome(
                            try Certificate.prove(
                                work.number, options: options, cancel: work.cancel))
                    }
                } catch {
                    finding = error == .cancelled ? .cancelled : .failed(error)
                }
                shared.withLock(wake: true) { shared in
                    shared.active[work.id] = nil
                    let isLate = shared.late.remove(work.id) != nil
                    if isLate, case .cancelled = finding {
                        shared.found[work.id] = (work.number, .timedOut)
                    } else {
                        shared.found[work.id] = (work.number, finding)
                    }
                }
            }
            shared.withLock(wake: true) { _ in }
        }
        var threads: [WorkerThread] = []
        for i in 0..<plan.workers {
            if let thread = try? WorkerThread(name: "prk-prove-\(i)", work) {
                threads.append(thread)
            }
        }
        if threads.isEmpty {
            StandardStreams.complain("the system gives no thread")
            status.raise(to: .internalError)
            return
        }
        while let (id, number, finding) = next(shared) {
            if !take(id, number, finding) { cancel.cancel() }
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

    /// The next number in order, when its result is there; `nil` at the end.
    ///
    /// Ends what takes too long.
    private func next(
        _ shared: Monitor<Shared>
    ) -> (id: Int, number: BigNatural, finding: Finding)? {
        let cancel = plan.interruption.cancel
        return shared.wait(lookingEvery: 20) {
            shared -> (id: Int, number: BigNatural, finding: Finding)?? in
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
                return (id, found.number, found.finding)
            }
            let isOver = (shared.isOver || cancel.isCancelled) && shared.taken == shared.given
            return isOver ? .some(nil) : nil
        }
    }

    /// Writes a result and its certificate; whether more can be written.
    private mutating func take(_ id: Int, _ number: BigNatural, _ finding: Finding) -> Bool {
        let inputs = plan.source.takeInputs(of: id)
        let input = inputs.places.isEmpty ? [] : Array(inputs[0])
        let place = inputs.places.first ?? id
        // The verdict as jsonl has it, what text adds to its words, and what jsonl adds.
        let verdict: String
        let text: String
        var facts: [(name: String, json: String)] = []
        var isWritten = true
        switch finding {
        case .cancelled: return true
        case .timedOut:
            (verdict, text) = ("timed-out", "timed-out")
            status.raise(to: .undecided)
        case .failed(let error):
            (verdict, text) = ("failed", "failed")
            StandardStreams.complain("\(printable(input)): \(error)")
            status.raise(to: .undecided)
        case .outcome(.neither):
            (verdict, text) = (Verdict.neither.identifier, Verdict.neither.description)
            status.raise(to: .notAllPrime)
        case .outcome(.composite(let report)):
            status.raise(to: .notAllPrime)
            verdict = Verdict.composite.identifier
            if let method = report?.method.rawValue { facts.append(("method", quoted(method))) }
            if let factor = report?.factor {
                text = "composite, factor \(factor)"
                facts.append(("factor", "\(factor)"))
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
        case .outcome(.proved(let certificate)):
            proved += 1
            let steps = certificate.stepCount
            verdict = Verdict.prime.identifier
            text = steps == 0 ? "prime, by a test" : "prime, proved in \(counted(steps, "step"))"
            facts.append(("steps", "\(steps)"))
            isWritten = plan.certificates.write(certificate, &output, &status)
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
