// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Tests that are kept: whatever ends them, they go on, and say the same.
@Suite struct CheckpointTests {
    /// Composite by its last Lucas number: 40 to 80 thousand squares, a second or two.
    static let number = "M(44501)"
    static let line =
        "\"input\":\"M(44501)\",\"bits\":44501,\"verdict\":\"composite\",\"method\":\"lucas-lehmer\",\"engine\":\"fft\",\"checks\":1,\"repaired\":0,\"alarms\":0,"

    final class Folder {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("primality-\(UUID().uuidString)").path
        var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
        var checkpoints: [String] { names.filter { $0 != "seed" } }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    @Test(arguments: ["threads", "processes"])
    func killedAndTakenUp(_ pool: String) throws {
        let folder = Folder()
        let arguments = [
            "check", Self.number, "--checkpoint", folder.path, "--checkpoint-every", "0.01",
            "--format", "jsonl", "--pool", pool,
        ]
        for turn in 0..<6 {
            let running = try Tool.start(arguments)
            let before = folder.checkpoints.count
            #expect(eventually { folder.checkpoints.count > 0 || !running.process.isRunning })
            usleep(UInt32(turn) * 20_000)
            kill(running.id, turn % 3 == 2 ? SIGINT : SIGKILL)
            let outcome = running.finish()
            #expect(
                outcome.status != 0 || outcome.output.contains(Self.line), "turn \(turn), \(before)"
            )
        }
        let outcome = try Tool.run(arguments)
        #expect(outcome.status == 0 && outcome.output.contains(Self.line), "\(outcome.error)")
        // Those who were killed while they wrote have left nothing, either.
        #expect(folder.checkpoints == [])
    }

    @Test func ctrlCKeepsAndTornFilesAreTold() throws {
        let folder = Folder()
        let arguments = ["check", Self.number, "--checkpoint", folder.path, "--format", "jsonl"]
        let running = try Tool.start(arguments + ["--report", "0.02"])
        #expect(eventually { running.outputSize > 0 })
        kill(running.id, SIGINT)
        let ended = running.finish()
        #expect(ended.status == 130 && ended.error.contains("1 that was read was not"))
        let file = try #require(folder.checkpoints.first)
        #expect(folder.checkpoints.count == 1 && file.hasSuffix(".checkpoint"))
        // It goes on, and says where it is.
        let whole = try #require(FileManager.default.contents(atPath: folder.path + "/" + file))
        let on = try Tool.run(arguments + ["--report", "0.02"])
        #expect(on.output.contains("\"event\":\"progress\",\"input\":\"M(44501)\",\"bits\":44501"))
        #expect(!on.output.contains("\"resumed\":0,") && on.output.contains(Self.line))
        // Torn, or of another number: it begins anew, and says why.
        for bytes in [whole.dropLast(), Data("x".utf8), Data()] {
            try bytes.write(to: URL(fileURLWithPath: folder.path + "/" + file))
            let torn = try Tool.run(arguments)
            #expect(torn.status == 0 && torn.output.contains(Self.line))
            #expect(
                torn.error.contains("\(file) is not used: ") && torn.error.contains("begins anew"))
        }
        try whole.write(to: URL(fileURLWithPath: folder.path + "/" + file))
        let other = try Tool.run(["check", "M(44497)", "--checkpoint", folder.path])
        #expect(other.output == "M(44497): prime\n" && other.error == "")
        #expect(folder.checkpoints == [file])
    }

    @Test func resumeKeepsItsLongTests() throws {
        let folder = Folder()
        try FileManager.default.createDirectory(
            atPath: folder.path, withIntermediateDirectories: true)
        let (input, results) = (folder.path + "/in", folder.path + "/results")
        try Data("7\n\(Self.number)\n9\n".utf8).write(to: URL(fileURLWithPath: input))
        let arguments = [
            "check", "--file", input, "--resume", results, "--checkpoint-every", "0.01", "--chunk",
            "1",
        ]
        let running = try Tool.start(arguments)
        let kept = results + ".checkpoints"
        #expect(eventually { FileManager.default.fileExists(atPath: kept) })
        kill(running.id, SIGKILL)
        _ = running.finish()
        let outcome = try Tool.run(arguments)
        #expect(outcome.status == 0, "\(outcome.error)")
        let text = try #require(TestFiles.text(results))
        #expect(text.contains(Self.line))
        #expect(!FileManager.default.fileExists(atPath: kept))
    }

    @Test(arguments: [
        (["7", "--checkpoint", ""], 64, "needs the name of a folder"),
        (["7", "--checkpoint", "/dev/null"], 2, "/dev/null: Not a directory"),
        (["7", "--checkpoint", "/proc/no/such"], 2, "/proc/no/such: No such file"),
        (["7", "--checkpoint-every", "5"], 64, "goes with --checkpoint or --resume"),
        (["7", "--checkpoint", "x", "--checkpoint-every", "0"], 64, "0.0 is out of range"),
        (["7", "--checkpoint", "x", "--checkpoint-every", "nan"], 64, "is out of range"),
        (["7", "--report", "1"], 64, "--report goes with --format jsonl"),
        (["7", "--report", "-1", "--format", "jsonl"], 64, "-1.0 is out of range"),
        (
            ["7", "--checkpoint", "x", "--pool", "processes", "--worker", "exec"], 64,
            "workers of kind exec began before"
        ),
        (
            ["--file", "/dev/null", "--resume", "x", "--checkpoint", "y"], 64,
            "leave --checkpoint out"
        ),
    ])
    func whatMakesNoSenseIsRefused(_ arguments: [String], _ status: Int32, _ words: String) throws {
        let outcome = try Tool.run(["check"] + arguments)
        #expect(outcome.status == status && outcome.output == "")
        #expect(outcome.error.contains(words), "\(outcome.error)")
    }

    /// The API: progress as a sequence, cancellation, and the report.
    @Test func aLongTest() async throws {
        let folder = Folder()
        // Of minutes: the one who watches ends it.
        let long = try LongTest(
            of: BigNatural(mersenne: 1_398_269), checkpoints: folder.path, every: .milliseconds(10))
        let cancel = CancelFlag()
        let watcher = Task {
            for await state in long.progress(every: .milliseconds(10)) where state.done > 0 {
                #expect(state.bits == 1_398_269 && state.step == 1 && state.isLucas)
                #expect(state.base == 4 && state.total == 1_398_268 && state.remaining != nil)
                break
            }
            cancel.cancel()
        }
        await #expect(throws: PrimalityError.cancelled) {
            try await onThread { try long.run(cancel: cancel) }
        }
        await watcher.value
        #expect(long.tests.notices() == [] && folder.checkpoints.count >= 1)
        long.forget()
        #expect(folder.checkpoints == [])
        let short = try LongTest(of: BigNatural(mersenne: 44501), threads: 2)
        let report = try await onThread { try short.run() }
        #expect(report.verdict == .composite && report.checks?.passed == 1)
        #expect(throws: PrimalityError.unusableFolder("")) { try LongTests(checkpoints: "") }
    }
}

extension BigNatural {
    /// 2^p - 1.
    fileprivate init(mersenne p: Int) {
        self.init(limbs: (0..<(p + 63) / 64).map { $0 < p / 64 ? .max : (1 << UInt64(p % 64)) - 1 })
    }
}

/// Runs what blocks on a thread that is nobody's.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws
    -> Value
{
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}
