// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestVectors

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
    /// Its streams are files, so that none of them can fill up.
    final class Running {
        let process = Process()
        private let folder: URL

        init(
            _ executable: String, _ arguments: [String], input: Data, environment: [String: String]
        ) throws {
            folder = FileManager.default.temporaryDirectory
                .appendingPathComponent("primality-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for name in ["in", "out", "err"] {
                try (name == "in" ? input : Data()).write(to: folder.appendingPathComponent(name))
            }
            process.executableURL = URL(fileURLWithPath: executable)
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment
                .merging(environment) { $1 }
            process.standardInput = try FileHandle(
                forReadingFrom: folder.appendingPathComponent("in"))
            process.standardOutput = try FileHandle(
                forWritingTo: folder.appendingPathComponent("out"))
            process.standardError = try FileHandle(
                forWritingTo: folder.appendingPathComponent("err"))
            try process.run()
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        var output: String { text("out") }
        var error: String { text("err") }

        private func text(_ name: String) -> String {
            // Data(contentsOf:) of an empty file leaks a page, which LeakSanitizer reports.
            let file = try? FileHandle(forReadingFrom: folder.appendingPathComponent(name))
            let data = (try? file?.readToEnd()) ?? Data()
            return String(decoding: data, as: UTF8.self)
        }

        func finish() -> Outcome {
            process.waitUntilExit()
            return Outcome(
                status: process.terminationStatus,
                wasSignalled: process.terminationReason == .uncaughtSignal, output: output,
                error: error)
        }

        /// The processes that this one has forked.
        var children: [Int32] { processes { $0.parent == process.processIdentifier } }
    }

    static func start(
        _ arguments: [String], of executable: String = path, input: Data = Data(),
        environment: [String: String] = [:]
    ) throws -> Running {
        try Running(executable, arguments, input: input, environment: environment)
    }
}

/// Processes that are alive and fit a description.
func processes(_ fits: ((parent: Int32, name: String)) -> Bool) -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { id in
        // pid (name) state ppid …
        guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
            let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")")
        else { return false }
        let rest = stat[stat.index(after: close)...].split(separator: " ")
        guard rest.count > 1, rest[0] != "Z", let parent = Int32(rest[1]) else { return false }
        return fits((parent, String(stat[stat.index(after: open)..<close])))
    }
}

/// Waits at most five seconds for something to become true.
func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<500 {
        if condition() { return true }
        usleep(10_000)
    }
    return condition()
}
