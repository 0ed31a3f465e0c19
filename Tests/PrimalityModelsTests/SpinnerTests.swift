// SPDX-License-Identifier: Apache-2.0

import CKernels
import CModels
import CPool
import Foundation
import Primality
import PrimalityModels
import PrimalityPool
import Synchronization
import TestSupport
import Testing

/// A way to spin.
private struct Model: Sendable, CustomTestStringConvertible {
    let name: String
    let supervisor:
        @Sendable (SlowJob, Spinner.Canvas, CancelFlag) throws(PoolError) -> Spinner.Report

    static let thread = Model(name: "thread") { job, canvas, cancel throws(PoolError) in
        try ThreadSpinner.supervisor(job, on: canvas, cancel: cancel)
    }
    static let process = Model(name: "process") { job, canvas, cancel throws(PoolError) in
        try ProcessSpinner.supervisor(job, on: canvas, cancel: cancel)
    }

    static func task(
        _ place: TaskSpinner.Place = .loop, _ mend: TaskSpinner.Mend = .none
    ) -> Model {
        Model(name: "task, \(place), \(mend)") { job, canvas, cancel throws(PoolError) in
            try TaskSpinner.supervisor(job, on: canvas, cancel: cancel, in: place, mend: mend)
        }
    }

    var testDescription: String { name }
}

/// A canvas that counts.
private final class Pipe: Sendable {
    let canvas: Spinner.Canvas
    private let source: Int32
    private let sink: Int32
    private let seen = Monitor<[UInt8]>([])

    init() {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        (source, sink) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(source, F_SETFL, O_NONBLOCK)
        canvas = .terminal(sink)
    }

    deinit { close(source) }

    /// What has been drawn by now.
    var text: String {
        seen.withLock { seen in
            _ = take(&seen)
            return String(decoding: seen, as: UTF8.self)
        }
    }

    var frames: Int { text.split(separator: "\r").count }

    /// Closes our end; whether everyone else's is closed then.
    func isTheLast() -> Bool {
        close(sink)
        return eventually { seen.withLock { take(&$0) } }
    }

    /// Whether the end has come.
    private func take(_ seen: inout [UInt8]) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = read(source, &bytes, bytes.count)
            if count <= 0 { return count == 0 }
            seen += bytes[..<count]
        }
    }
}

/// A test that does not end before it is cancelled.
private let endless = SlowJob.test(1_125_899_906_842_597, engine: .swiftTrial, times: .max)
/// As ``endless``, for those that make a list of it.
private let long = SlowJob.test(1_125_899_906_842_597, engine: .swiftTrial, times: 100_000)

@Suite(.timeLimit(.minutes(15))) struct SpinnerTests {
    @Test(arguments: [
        (Model.thread, SlowJob.sleep(.seconds(600))), (.thread, .block(.seconds(600))),
        (.thread, endless), (.process, .sleep(.seconds(600))), (.process, endless),
        (.task(), .sleep(.seconds(600))), (.task(.loop, .nap(50_000)), endless),
        (.task(.loop, .executor), endless), (.task(.loop, .executor), .block(.seconds(600))),
        (.task(.loop, .process), long), (.task(.pool(jobs: 3)), .sleep(.seconds(600))),
    ])
    fileprivate func itTurnsUntilTheJobIsCancelled(_ model: Model, _ job: SlowJob) async throws {
        let pipe = Pipe()
        let cancel = CancelFlag()
        let ended = Atomic<Bool>(false)
        async let turned: Bool = onOwnThread {
            defer { cancel.cancel() }
            // Tasks are woken through the cooperative pool, which other tests keep busy: a minute.
            for _ in 0..<12 {
                if eventually({ pipe.frames >= 4 || ended.load(ordering: .relaxed) }) {
                    return pipe.frames >= 4
                }
            }
            return false
        }
        let error = try await onOwnThread { () -> PoolError? in
            defer { ended.store(true, ordering: .relaxed) }
            do throws(PoolError) {
                _ = try model.supervisor(job, pipe.canvas, cancel)
                return nil
            } catch {
                return error
            }
        }
        #expect(error == .cancelled)
        #expect(try await turned)
        #expect(pipe.text.hasPrefix("\r\\ thinking!\r| thinking!\r/ thinking!\r- thinking!"))
        // Nothing draws any more, and no process holds the pipe.
        let drawn = pipe.frames
        #expect(try await onOwnThread { pipe.isTheLast() })
        #expect(pipe.frames == drawn)
    }

    @Test(arguments: [Model.thread, .process, .task(), .task(.pool(jobs: 1))])
    fileprivate func itGivesTheAnswerAndCountsWhatItDrew(_ model: Model) async throws {
        let pipe = Pipe()
        let cancel = CancelFlag()
        let report = try await onOwnThread { () throws(PoolError) in
            try model.supervisor(.sleep(.milliseconds(350)), pipe.canvas, cancel)
        }
        #expect(report.answer == "slept 0.35 s")
        #expect(report.framesDrawn == pipe.frames)
        #expect(report.framesDrawn >= 1)
        #expect(report.framesDue >= 4)
        #expect(report.elapsed >= .milliseconds(350))
        #expect(report.longestGap <= report.elapsed + .milliseconds(1))
        #expect(report.longestGap * (report.framesDrawn + 1) >= report.elapsed / 2)
    }

    @Test func aJobThatBlocksTheLoopStopsTheSpinner() async throws {
        for job in [SlowJob.block(.milliseconds(500)), slowTest()] {
            let pipe = Pipe()
            let report = try await onOwnThread { () throws(PoolError) in
                try TaskSpinner.supervisor(job, on: pipe.canvas)
            }
            #expect(report.framesDrawn <= 1)
            #expect(pipe.frames == report.framesDrawn)
            #expect(report.longestGap * 2 >= report.elapsed)
            #expect(!report.turns || report.framesDue <= 2)
        }
    }

    /// Some tenths of a second, or more in a debug build.
    private func slowTest() -> SlowJob {
        .test(1_125_899_906_842_597, engine: .trial, times: 40)
    }

    @Test func itSaysWhyThereIsNoAnswer() async throws {
        let job = SlowJob.test(BigNatural(UInt128.max), engine: .swiftTrial, times: 1)
        for model in [Model.thread, .process, .task(), .task(.loop, .process)] {
            let error = try await onOwnThread { () -> PoolError? in
                do throws(PoolError) {
                    _ = try model.supervisor(job, .nowhere, CancelFlag())
                    return nil
                } catch {
                    return error
                }
            }
            guard case .test(.numberTooLarge) = error else {
                Issue.record("\(model.name): \(String(describing: error))")
                continue
            }
        }
    }

    @Test func napsDoNotChangeTheAnswer() async throws {
        let numbers: [UInt64] = [
            0, 1, 2, 3, 4, 5, 6, 7, 9, 25, 29, 30, 31, 49, 121, 841, 899, 900, 961, 3_599,
            1_000_003, 999_983 * 999_983, 999_979 * 999_983, 4_294_967_291, 1_099_511_627_689,
        ]
        let found = try await onOwnThread { () throws(PoolError) in
            var found: [(plain: String, napping: [String])] = []
            for number in numbers {
                let job = SlowJob.test(BigNatural(number), engine: .swiftTrial, times: 2)
                var answers: [String] = []
                for nap in [1, 7, 8, 1000, 1_000_000_000] {
                    // A nap a turn of the wheel is many naps.
                    if nap < 1000 && number > 1_000_000 { continue }
                    let report = try TaskSpinner.supervisor(job, on: .nowhere, mend: .nap(nap))
                    answers.append(report.answer)
                }
                found.append((try job.run(), answers))
            }
            return found
        }
        #expect(found.count == numbers.count)
        for (plain, napping) in found {
            #expect(napping.count >= 2)
            #expect(napping.allSatisfy { $0 == plain }, "\(plain): \(napping)")
        }
        #expect(found[1].plain == "1 is neither prime nor composite")
        #expect(found[2].plain == "2 is prime")
        #expect(found.last?.plain == "1099511627689 is prime")
    }

    @Test func everyMendGivesTheAnswer() async throws {
        let job = SlowJob.test(1_000_003, engine: .swiftTrial, times: 2)
        for mend in [TaskSpinner.Mend.none, .nap(50_000), .executor, .process] {
            let report = try await onOwnThread { () throws(PoolError) in
                try TaskSpinner.supervisor(job, on: .nowhere, mend: mend)
            }
            #expect(report.answer == "1000003 is prime")
        }
        #expect(try SlowJob.test(561, engine: .u64, times: 1).run() == "561 is composite")
        let large = SlowJob.test(BigNatural(UInt128(1) << 127 + 29), engine: .auto, times: 1)
        #expect(try large.run().hasSuffix(" is a probable prime"))
    }

    @Test func aSpinnerThatIsKilledIsReapedAndSaysSo() async throws {
        let outcome = try await onOwnThread { () -> (pid_t, Int32, UInt64, Bool)? in
            guard let spinner = prk_spinner_create(-1, [65], 1, 1, 10_000_000) else { return nil }
            let id = prk_spinner_process(spinner)
            kill(id, SIGKILL)
            var tally = SpinnerTally()
            let signal = prk_spinner_stop(spinner, &tally)
            // Reaped: there is no such child any more.
            return (id, signal, tally.frames, waitpid(id, nil, WNOHANG) < 0)
        }
        let found = try #require(outcome)
        #expect(found.0 > 0)
        #expect(found.1 == SIGKILL)
        #expect(found.3)
    }

    @Test func aSpinnerProcessHasNoDescriptorButItsOutput() async throws {
        let pipe = Pipe()
        let names = try await onOwnThread { () -> [String] in
            guard let spinner = prk_spinner_create(-1, [65], 1, 1, 10_000_000) else { return ["?"] }
            let folder = "/proc/\(prk_spinner_process(spinner))/fd"
            var names: [String]?
            _ = eventually {
                names = try? FileManager.default.contentsOfDirectory(atPath: folder)
                return names == []
            }
            var tally = SpinnerTally()
            return prk_spinner_stop(spinner, &tally) == 0 ? names ?? ["?"] : ["signal"]
        }
        #expect(names == [])
        #expect(pipe.frames == 0)
    }
}

/// One at a time: they measure.
@Suite(.serialized, .timeLimit(.minutes(15))) struct SpinnerModelTests {
    @Test func aCancelledMeasurementSaysSo() async throws {
        let cancel = CancelFlag()
        cancel.cancel()
        let error = try await onOwnThread { () -> PoolError? in
            do {
                _ = try ConcurrencyModel.napping.measure(.init(cancel: cancel))
                return nil
            } catch {
                return error as? PoolError
            }
        }
        #expect(error == .cancelled)
    }
}
