// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import TestSupport
import Testing

/// The built command line tool, run as a process.
struct Tool {
    struct Outcome {
        var status: Int32
        var wasSignalled: Bool
        var output: String
        var error: String
        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    static var path: String { TestFiles.products.appendingPathComponent("primality").path }

    /// The engine that `auto` takes from 65 to 8192 bits, for numbers without a special form.
    static var engineAbove64Bits: String {
        (try? KernelLevel.active) == .avx512ifma ? "ifma" : "gmp"
    }

    /// Runs `primality` with arguments.
    static func run(
        _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]
    ) throws -> Outcome {
        try start(arguments, input: input, environment: environment).finish()
    }

    /// Runs a shell command in which $P is the tool.
    static func shell(_ command: String, input: Data = Data()) throws -> Outcome {
        try start(["-c", command], of: "/bin/sh", input: input, environment: ["P": path]).finish()
    }

    /// A process under way.
    ///
    /// Its streams are files, so that none of them can fill up, unless a test brings pipes.
    final class Running {
        let process = Process()
        private let folder: URL
        /// In the environment of the process, and so of all that it forks.
        private let mark = "PRIMALITY_RUN=\(UUID().uuidString)"

        init(
            _ executable: String, _ arguments: [String], input: Data,
            environment: [String: String], from source: Pipe?, to sink: Pipe?
        ) throws {
            folder = FileManager.default.temporaryDirectory
                .appendingPathComponent("primality-\(UUID().uuidString)")
            try FileManager.default.createDirectory(
                at: temporary, withIntermediateDirectories: true)
            for name in ["in", "out", "err"] {
                try (name == "in" ? input : Data()).write(to: folder.appendingPathComponent(name))
            }
            process.executableURL = URL(fileURLWithPath: executable)
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment
                .merging(environment) { $1 }
                .merging([
                    "TMPDIR": temporary.path,
                    "PRIMALITY_RUN": String(mark.dropFirst("PRIMALITY_RUN=".count)),
                ]) { $1 }
            process.standardInput =
                try source ?? FileHandle(forReadingFrom: folder.appendingPathComponent("in"))
            process.standardOutput =
                try sink ?? FileHandle(forWritingTo: folder.appendingPathComponent("out"))
            process.standardError = try FileHandle(
                forWritingTo: folder.appendingPathComponent("err"))
            try process.run()
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        var id: Int32 { process.processIdentifier }
        var output: String { text("out") }
        var error: String { text("err") }

        /// How many bytes of output there are by now.
        var outputSize: Int {
            let file = folder.appendingPathComponent("out").path
            return (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
        }

        /// How many bytes of standard input have been read by now.
        var inputPosition: Int { number(after: "pos:", in: "fdinfo/0") ?? 0 }

        /// The number that follows a name in a file of /proc about the process.
        func number(after name: String, in file: String) -> Int? {
            guard let text = TestFiles.text("/proc/\(id)/\(file)")
            else { return nil }
            return text.split(separator: "\n").first { $0.hasPrefix(name) }
                .flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first }
                .flatMap { Int($0) }
        }

        private var temporary: URL { folder.appendingPathComponent("tmp") }

        private func text(_ name: String) -> String {
            TestFiles.text(folder.appendingPathComponent(name).path) ?? ""
        }

        func finish() -> Outcome {
            process.waitUntilExit()
            return Outcome(
                status: process.terminationStatus,
                wasSignalled: process.terminationReason == .uncaughtSignal, output: output,
                error: error)
        }

        /// The processes that this one has forked.
        var children: [Int32] { processes { $0.parent == id } }

        /// Those that have ended and were not waited for.
        var zombies: [Int32] { processes(thatAreZombies: true) { $0.parent == id } }

        /// Whether the process ends within half a minute; if not it is killed.
        var endsSoon: Bool {
            if eventually({ !process.isRunning }) { return true }
            kill(id, SIGKILL)
            return false
        }

        /// What is left of the process: others that it has forked, and files.
        ///
        /// Empty within half a minute when all is well.
        var remains: [String] {
            var found: [String] = []
            _ = eventually {
                found = processes { _ in true }.filter(isOurs).map { "process \($0)" }
                return found.isEmpty
            }
            let files = try? FileManager.default.contentsOfDirectory(atPath: temporary.path)
            let shared = try? FileManager.default.contentsOfDirectory(atPath: "/dev/shm")
            // Nothing of ours has a name there; others may come and go.
            let ours = shared?.filter { $0.contains("prk") || $0.contains("primality") }
            return found + (files ?? []) + (ours ?? [])
        }

        private func isOurs(_ process: Int32) -> Bool {
            guard let data = TestFiles.bytes("/proc/\(process)/environ") else { return false }
            return data.split(separator: 0).contains { $0.elementsEqual(mark.utf8) }
        }
    }

    static func start(
        _ arguments: [String], of executable: String = path, input: Data = Data(),
        environment: [String: String] = [:], from source: Pipe? = nil, to sink: Pipe? = nil
    ) throws -> Running {
        try Running(
            executable, arguments, input: input, environment: environment, from: source, to: sink)
    }
}

/// How to run a shell command, which is in $C, on a terminal of its own.
private let onTerminal: String? = {
    for (tool, command) in [
        ("script", "script -qec \"$C\" /dev/null"),
        (
            "python3",
            "python3 -c 'import os, pty; pty.spawn([\"/bin/sh\", \"-c\", os.environ[\"C\"]])'"
        ),
    ] {
        if let found = try? Tool.shell("command -v \(tool)"), found.status == 0 { return command }
    }
    return nil
}()

extension Tool {
    /// Whether there can be a terminal.
    static var hasTerminal: Bool { onTerminal != nil }

    /// Starts a shell command on a terminal of its own, which is its standard streams; what it writes there
    /// is the output, without colours unless the environment is another.
    static func startOnTerminal(
        _ command: String, environment: [String: String] = [:]
    ) throws -> Running {
        try start(
            ["-c", try #require(onTerminal)], of: "/bin/sh",
            environment: ["C": command, "SHELL": "/bin/sh", "TERM": "dumb", "NO_COLOR": ""]
                .merging(environment) { $1 })
    }
}

/// A pool, and how its chunks travel.
struct PoolChoice: Sendable, CustomTestStringConvertible {
    let pool: String
    let channel: String?

    static let processes = ["pipe", "socket", "shm"].map { Self(pool: "processes", channel: $0) }
    static let all =
        ["serial", "threads", "tasks", "actors"].map { Self(pool: $0, channel: nil) } + processes

    /// `check` with two workers.
    var check: [String] { check(2) }

    func check(_ workers: Int) -> [String] {
        ["check", "--pool", pool, "-j", "\(workers)"] + (channel.map { ["--channel", $0] } ?? [])
    }

    /// The same for a shell.
    var command: String { "\"$P\" " + check.joined(separator: " ") }

    var isProcesses: Bool { channel != nil }

    var testDescription: String { ([pool] + (channel.map { [$0] } ?? [])).joined(separator: "/") }
}

/// Processes that are alive, or zombies, and fit a description.
func processes(
    thatAreZombies: Bool = false, _ fits: ((parent: Int32, name: String)) -> Bool
) -> [Int32] {
    TestSupport.processes {
        $0.isZombie == thatAreZombies && fits((parent: $0.parent, name: $0.name))
    }
}

/// Whether a process has a handler for a signal.
func handles(_ process: Int32, _ signal: Int32) -> Bool {
    let status = TestFiles.text("/proc/\(process)/status")
    guard let line = status?.split(separator: "\n").first(where: { $0.hasPrefix("SigCgt:") }),
        let caught = UInt64(line.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16)
    else { return false }
    return caught >> UInt64(signal - 1) & 1 == 1
}

/// Runs a body in a new folder, which goes after it; the body gets its path with a slash at the end.
func inNewFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("primality-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path + "/")
}
