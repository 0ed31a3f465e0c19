// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A Python process that measures its own pools when it is told to.
final class Peers {
    /// What an item of Python's `map` is.
    enum Items: String, Encodable {
        /// A chunk, as bytes; the pool's own chunks are of one item.
        case arrays
        /// A number; the pool cuts chunks.
        case numbers
        /// A number, to be divided completely.
        case trial
    }

    struct Answer: Decodable {
        var start, run, end: Double
        var primes: Int
    }

    private struct Request: Encodable {
        var pool: String
        var items: Items
        var chunk: Int
        var chunks: Int
        var workers: Int
        var single: Bool
        var numbers: [UInt64]
    }

    private struct Greeting: Decodable {
        var version: String
        var compiler: String
    }

    private let process = Process()
    private let requests = Pipe()
    private let answers = Pipe()
    private var unread = Data()
    private(set) var version = ""
    /// What built its library.
    private(set) var compiler = ""

    /// Starts it; `nil` when there is no such Python, or the library does not load.
    init?(python: String, script: String, library: String) {
        // The shell's way of looking for the program.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [python, script, library]
        process.standardInput = requests
        process.standardOutput = answers
        guard (try? process.run()) != nil, let line = readLine(),
            let greeting = try? JSONDecoder().decode(Greeting.self, from: line)
        else { return nil }
        version = greeting.version
        compiler = greeting.compiler
    }

    /// Has a pool started, warmed up, used and ended.
    func measure(
        _ pool: String, _ items: Items, chunk: Int, chunks: Int, workers: Int, single: Bool,
        numbers: [UInt64] = []
    ) throws -> Answer {
        let request = Request(
            pool: pool, items: items, chunk: chunk, chunks: chunks, workers: workers,
            single: single, numbers: numbers)
        try requests.fileHandleForWriting.write(
            contentsOf: JSONEncoder().encode(request) + Data([0x0A]))
        guard let line = readLine() else { throw Wrong(description: "Python has ended") }
        return try JSONDecoder().decode(Answer.self, from: line)
    }

    /// Waits for its end, after which its processes count as ours in the CPU time.
    func end() {
        try? requests.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private func readLine() -> Data? {
        while true {
            if let end = unread.firstIndex(of: 0x0A) {
                let line = Data(unread[..<end])
                unread = Data(unread[unread.index(after: end)...])
                return line
            }
            let more = answers.fileHandleForReading.availableData
            if more.isEmpty { return nil }
            unread += more
        }
    }
}
