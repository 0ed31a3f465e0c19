// SPDX-License-Identifier: Apache-2.0

import CKernels
import CKernels.Internal
import CPool
import Primality
import PrimalityPool
import PrimalityProof
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// 10^n + d.
private func power(_ n: Int, plus d: Int) throws -> BigNatural {
    let digits = "\(d)"
    return try BigNatural(
        parsing: "1" + String(repeating: "0", count: n - digits.count) + digits, maximumBits: 4096)
}

/// Of 40 bits, a prime, which ends who is to prove it.
private let poison: UInt64 = 1_099_511_627_689

/// Proves, but for the number above; it runs in forked workers.
private let poisonable: prk_worker_task = {
    context, limbs, offsets, forms, count, first, cancel, verdicts, evidence, text in
    guard let limbs, let offsets else { return UInt32(PRK_TASK_FAILED) }
    for i in 0..<count where limbs[Int(offsets[i])] == poison { raise(SIGSEGV) }
    return prk_prover_task(
        context, limbs, offsets, forms, count, first, cancel, verdicts, evidence, text)
}

/// How long that one lives, in microseconds of processor time: a fast machine has proved a number before a slow one has
/// begun.
private let life = Atomic<Int>(60_000)

/// Proves, and ends in the middle when nobody has found anything yet.
private let mortal: prk_worker_task = {
    context, limbs, offsets, forms, count, first, cancel, verdicts, evidence, text in
    var size = 0
    _ = prk_prover_journal(OpaquePointer(context), first, &size)
    if size == 0 {
        // Of its processor time, which ends it.
        var time = itimerval()
        let microseconds = life.load(ordering: .relaxed)
        time.it_value.tv_sec = microseconds / 1_000_000
        time.it_value.tv_usec = microseconds % 1_000_000
        setitimer(__itimer_which_t(1), &time, nil)
    }
    return prk_prover_task(
        context, limbs, offsets, forms, count, first, cancel, verdicts, evidence, text)
}

/// Proofs by a process that is killed, or kills itself.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ProofProcessTests {
    private func text(_ result: Result<ProofOutcome, ChunkFailure>) throws -> String {
        guard case .proved(let certificate, _) = try result.get() else { return "not proved" }
        return try certificate.text(as: .json)
    }

    @Test func theNumberThatEndsItsWorkersFailsAlone() throws {
        let deaths = Mutex(0)
        let process = try ProofProcess(options: ProofOptions(), task: poisonable) { _ in
            deaths.withLock { $0 += 1 }
        }
        var numbers = (0..<13).map { BigNatural(UInt64(1) << 40 + 15 + 2 * $0) }
        numbers += [try power(100, plus: 267), BigNatural(poison), 0, 91, try power(50, plus: 151)]
        let results = process.prove(numbers.map { ProofRequest($0) }, cancel: CancelFlag())
        let direct = Certificate.prove(numbers.map { ProofRequest($0) })
        for (number, (found, expected)) in zip(numbers, zip(results, direct)) {
            switch (found, try expected.get()) {
            case (.failure(let failure), _):
                #expect(number == BigNatural(poison))
                #expect(failure == .workerDied(signal: SIGSEGV, exitStatus: nil))
            case (.success(.proved(let found, _)), .proved(let expected, _)):
                #expect(try found.text(as: .json) == expected.text(as: .json))
            case (.success(.composite(let found)), .composite(let expected)):
                #expect(found?.method == expected?.method && found?.factor == expected?.factor)
            case (.success(.neither), .neither): #expect(number == 0)
            default: Issue.record("\(number) has another outcome")
            }
            #expect(number != BigNatural(poison) || (try? found.get()) == nil)
        }
        #expect(deaths.withLock { $0 } >= 2)
        // The process that is there now proves on.
        let again = process.prove([ProofRequest(7)], cancel: CancelFlag())
        guard case .proved = try again[0].get() else {
            Issue.record("7 is prime")
            return
        }
    }

    @Test func theNextOneGoesOnFromTheJournal() throws {
        let number = try power(300, plus: 331)
        // The second proof has what the process keeps, as those of its forks have.
        _ = try Certificate.prove(number)
        let begun = prk_thread_cpu_ns()
        _ = try Certificate.prove(number)
        life.store(max(1000, Int(prk_thread_cpu_ns() - begun) / 3000), ordering: .relaxed)
        let lines = Mutex<[[UInt8]]>([])
        let journal = ProofJournal { line in
            lines.withLock { $0.append(line) }
            return true
        }
        let deaths = Mutex(0)
        let process = try ProofProcess(options: ProofOptions(), task: mortal) { _ in
            deaths.withLock { $0 += 1 }
        }
        let progress = ProofProgress()
        let request = ProofRequest(number, progress: progress, journal: journal)
        let found = try text(process.prove([request], cancel: CancelFlag())[0])
        guard case .proved(let certificate, _) = try Certificate.prove(number) else {
            Issue.record("it was not proved")
            return
        }
        #expect(try found == certificate.text(as: .json))
        #expect(progress.share > 0)
        let all = lines.withLock { $0 }
        #expect(all.count > 20 && Set(all).count == all.count)
        #expect(all.allSatisfy { $0.last == 0x0A })
        #expect(deaths.withLock { $0 } == 1)
        // A proof that goes on from there computes nothing again, and has nothing to add.
        let added = Mutex(0)
        let kept = ProofJournal(kept: Array(all.joined()) + Array(#"{"down":"0x12"#.utf8)) { _ in
            added.withLock { $0 += 1 }
            return true
        }
        let again = process.prove([ProofRequest(number, journal: kept)], cancel: CancelFlag())
        #expect(try text(again[0]) == found)
        #expect(added.withLock { $0 } == 0)
        let other = ProofJournal(kept: Array(#"{"journal":1,"n":"0x5"}"#.utf8) + [0x0A])
        let refused = process.prove([ProofRequest(number, journal: other)], cancel: CancelFlag())
        guard case .failure(.test(.unusableJournal)) = refused[0] else {
            Issue.record("a journal of another number was taken")
            return
        }
    }

    @Test func aFlagEndsIt() throws {
        let process = try ProofProcess(options: ProofOptions()) { _ in }
        let cancel = CancelFlag()
        let thread = try WorkerThread(name: "canceller") {
            usleep(100_000)
            cancel.cancel()
        }
        let long = ProofRequest(try power(999, plus: 7))
        #expect(throws: ChunkFailure.cancelled) {
            try process.prove([long, long], cancel: cancel)[1].get()
        }
        thread.join()
        // It serves on.
        let again = process.prove([ProofRequest(91)], cancel: CancelFlag())
        guard case .composite = try again[0].get() else {
            Issue.record("91 is composite")
            return
        }
    }
}
