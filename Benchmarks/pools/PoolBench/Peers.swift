// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A Python process that measures its own pools when it is told to.
final class Peers {
    /// What an item of Python's `map` is.
    enum Items: String {
        /// A chunk, as bytes; the pool's own chunks are of one item.
        case arrays
        /// A number; the pool cuts chunks.
        case numbers
        /// A number, to be divided completely.
        case trial
    }

    /// What it measured, in nanoseconds.
    struct Answer {
        var start, run, end: Double
        var primes: Int
    }

    /// Python's.
    let version: String
    /// What built its library.
    let compiler: String

    private let process: pid_t
    private let requests: Int32
    private var answers: LineReader

    /// Starts it; `nil` when there is no such Python, or the library does not load.
    init?(python: String, script: String, library: String) {
        guard let child = Self.spawn([python, script, library]) else { return nil }
        process = child.process
        requests = child.input
        var reader = LineReader(descriptor: child.output)
        let greeting = reader.next()?.split(separator: "\t") ?? []
        version = greeting.first.map { String($0) } ?? ""
        compiler = greeting.last.map { String($0) } ?? ""
        answers = reader
        if greeting.count != 2 {
            end()
            return nil
        }
    }

    private static func spawn(
        _ arguments: [String]
    ) -> (process: pid_t, input: Int32, output: Int32)? {
        var input: [Int32] = [-1, -1]
        var output: [Int32] = [-1, -1]
        if pipe(&input) != 0 || pipe(&output) != 0 { return nil }
        // Our ends must not live on in the child, which ends when its input does.
        for descriptor in [input[1], output[0]] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        defer {
            close(input[0])
            close(output[1])
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        var words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let error = posix_spawnp(&process, arguments[0], &actions, nil, &words, environ)
        if error != 0 {
            complain("\(arguments[0]): \(String(cString: strerror(error)))")
            return nil
        }
        return (process, input[1], output[0])
    }

    /// Has a pool started, warmed up, used and ended.
    func measure(
        _ pool: String, _ items: Items, chunk: Int, chunks: Int, workers: Int, single: Bool,
        numbers: [UInt64] = []
    ) throws -> Answer {
        let words = ["\(pool)", items.rawValue, "\(chunk)", "\(chunks)", "\(workers)"]
        let rest = [single ? "single" : "all"] + numbers.map { "\($0)" }
        let line = (words + rest).joined(separator: " ") + "\n"
        // Shorter than what a pipe takes at once.
        let written = write(requests, line, line.utf8.count)
        let answer = answers.next()?.split(separator: " ").compactMap { Double($0) } ?? []
        if written < line.utf8.count || answer.count != 4 {
            throw Wrong(description: "Python has ended")
        }
        return Answer(start: answer[0], run: answer[1], end: answer[2], primes: Int(answer[3]))
    }

    /// Waits for its end, after which its processes count as ours in the CPU time.
    func end() {
        close(requests)
        waitpid(process, nil, 0)
    }
}

/// Lines of a descriptor.
private struct LineReader {
    let descriptor: Int32
    private var unread: [UInt8] = []

    init(descriptor: Int32) { self.descriptor = descriptor }

    mutating func next() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            if let end = unread.firstIndex(of: 0x0A) {
                let line = String(decoding: unread[..<end], as: UTF8.self)
                unread.removeSubrange(...end)
                return line
            }
            let count = read(descriptor, &buffer, buffer.count)
            if count <= 0 { return nil }
            unread += buffer[..<count]
        }
    }
}
