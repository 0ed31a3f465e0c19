// SPDX-License-Identifier: Apache-2.0

package import Primality
package import PrimalityPool
internal import PurePrimality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What takes long while a spinner turns.
package enum SlowJob: Sendable, Equatable {
    /// Waits. In a task it is a suspension, which gives the thread up.
    case sleep(Duration)
    /// Waits by a call that blocks its thread, in a task as well: the chapter's `time.sleep`.
    case block(Duration)
    /// Tests a number again and again, which computes all the time.
    case test(BigNatural, engine: Engine, times: Int)
}

extension SlowJob {
    /// How many divisions a nap comes after, unless told otherwise: as in the chapter.
    package static let napDivisions = 50_000

    /// The largest prime below 2⁶³, whose trial division makes 800 million divisions.
    package static let number: BigNatural = 9_223_372_036_854_775_783

    /// Does it on the calling thread.
    ///
    /// - Parameter cancel: Ends it early.
    /// - Returns: The answer.
    /// - Throws: ``PoolError/cancelled``, or why there is no answer.
    package func run(_ cancel: CancelFlag = CancelFlag()) throws(PoolError) -> String {
        switch self {
        case .sleep(let time), .block(let time):
            let deadline = ContinuousClock.now + time
            while !cancel.isCancelled {
                let rest = deadline - .now
                if rest <= .zero { return Self.slept(time) }
                let microseconds = min(rest, Self.look) / .microseconds(1)
                usleep(UInt32(max(1, microseconds.rounded(.up))))
            }
            throw .cancelled
        case .test(let number, let engine, let times):
            do throws(PrimalityError) {
                var tester = try Tester(engine: engine, cancel: cancel)
                var found: Verdict?
                for _ in 0..<times {
                    found = try tester.test(NumberBatch([number])).verdict(at: 0)
                    if found == nil { break }
                }
                guard let found else { throw PrimalityError.cancelled }
                return Self.said(found, of: number)
            } catch {
                throw error == .cancelled ? .cancelled : .test(error)
            }
        }
    }

    /// How often a sleeper looks whether it is to go on.
    private static let look: Duration = .milliseconds(20)

    /// Does it in the calling task, which is to be kept from blocking its thread by `mend`.
    func runInTask(
        _ cancel: CancelFlag, _ mend: TaskSpinner.Mend
    ) async throws(PoolError) -> String {
        if case .sleep(let time) = self { return try await Self.sleep(time, cancel) }
        switch mend {
        case .none: return try run(cancel)
        case .nap(let divisions): return try await nap(after: divisions, cancel)
        case .executor:
            return try await onOwnThread { () throws(PoolError) in try run(cancel) }
        case .process: return try await runInProcess(cancel)
        }
    }

    private static func sleep(
        _ time: Duration, _ cancel: CancelFlag
    ) async throws(PoolError) -> String {
        let deadline = ContinuousClock.now + time
        while !cancel.isCancelled {
            let rest = deadline - .now
            if rest <= .zero { return slept(time) }
            try? await Task.sleep(for: min(rest, look))
        }
        throw .cancelled
    }

    /// Trial division that gives its thread up after so many divisions: of 30 candidates the wheel
    /// divides by 8.
    ///
    /// There is no test for the nap between two divisions: they are made in blocks.
    private func nap(
        after divisions: Int, _ cancel: CancelFlag
    ) async throws(PoolError) -> String {
        guard case .test(let number, .swiftTrial, let times) = self, let n = UInt64(exactly: number)
        else { return try run(cancel) }
        let block = max(30, UInt64(divisions) * 30 / 8)
        var isPrime = n >= 2
        for _ in 0..<times where n >= 2 {
            var from: UInt64 = 0
            isPrime = true
            while isPrime && from <= UInt64(UInt32.max) && from * from <= n {
                if cancel.isCancelled { throw .cancelled }
                let found = Pure64.smallestDivisor(of: n, from: from, through: from + block - 1)
                isPrime = found == 0
                from += block
                await Task.yield()
            }
        }
        return Self.said(n < 2 ? .neither : isPrime ? .prime : .composite, of: number)
    }

    private func runInProcess(_ cancel: CancelFlag) async throws(PoolError) -> String {
        guard case .test(let number, let engine, let times) = self else { return try run(cancel) }
        let batch = NumberBatch([BigNatural](repeating: number, count: times))
        do throws(PoolError) {
            let verdicts = try await ProcessPool(workers: 1).verdicts(
                of: batch, using: PoolJob(engine: engine), cancel: cancel)
            return Self.said(verdicts[0], of: number)
        } catch {
            // The same error as without a process.
            if case .failed(.test(let reason)) = error { throw .test(reason) }
            throw error
        }
    }

    private static func slept(_ time: Duration) -> String {
        let seconds = time / .seconds(1)
        let whole = seconds.rounded()
        return "slept \(seconds == whole ? String(Int(whole)) : String(seconds)) s"
    }

    private static func said(_ verdict: Verdict, of number: BigNatural) -> String {
        switch verdict {
        case .prime: "\(number) is prime"
        case .probablePrime: "\(number) is a probable prime"
        case .composite: "\(number) is composite"
        case .neither: "\(number) is neither prime nor composite"
        }
    }
}
