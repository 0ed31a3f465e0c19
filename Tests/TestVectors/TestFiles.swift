// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// Where things are.
public enum TestFiles {
    /// The folder of the built products, beside the bundle of this target.
    public static var products: URL { Bundle.module.bundleURL.deletingLastPathComponent() }

    /// What a file of text holds, one of /proc too; `nil` when it is not there, or is gone meanwhile.
    public static func text(_ path: String) -> String? {
        bytes(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What a file holds; `nil` when it is not there, or is gone meanwhile.
    ///
    /// By system calls, since Foundation leaks a page where there is nothing to read, which LeakSanitizer
    /// reports.
    public static func bytes(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(file, &block, block.count)
            if count == 0 { return bytes }
            if count > 0 { bytes += block[..<count] } else if errno != EINTR { return nil }
        }
    }

    /// Whether tests that take minutes run whole: PRIMALITY_THOROUGH is set.
    public static var isThorough: Bool {
        ProcessInfo.processInfo.environment["PRIMALITY_THOROUGH"] != nil
    }

    /// How often a test makes a fault happen: 20 times, 200 when it runs whole, or what
    /// PRIMALITY_THOROUGH says when that is more than 1.
    public static var faults: Int {
        guard let value = ProcessInfo.processInfo.environment["PRIMALITY_THOROUGH"] else {
            return 20
        }
        return Int(value).flatMap { $0 > 1 ? $0 : nil } ?? 200
    }

    /// The sanitizer that the suite runs under, "address" or "thread": the Makefile says so.
    public static var sanitizer: String? {
        ProcessInfo.processInfo.environment["PRIMALITY_SANITIZER"]
    }

    /// The folder of vectors that the repository may not carry, when it is at hand.
    public static var shared: URL? {
        ProcessInfo.processInfo.environment["PRIMALITY_SHARED"]
            .flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
    }
}

/// Processes of this machine that fit a description.
public func processes(
    _ fits: ((parent: Int32, name: String, isZombie: Bool)) -> Bool
) -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { id in
        // pid (name) state parent …
        guard let stat = TestFiles.text("/proc/\(id)/stat"),
            let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")")
        else { return false }
        let rest = stat[stat.index(after: close)...].split(separator: " ")
        guard rest.count > 1, let parent = Int32(rest[1]) else { return false }
        return fits((parent, String(stat[stat.index(after: open)..<close]), rest[0] == "Z"))
    }
}

/// Waits at most five seconds for something to become true.
public func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<5000 {
        if condition() { return true }
        usleep(1000)
    }
    return condition()
}
