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

    /// How much is done of what is random or repeated: PRIMALITY_TEST_MULTIPLIER.
    ///
    /// 1 by default, less under sanitizers, 10 where everything is to be done. Tests/C/support.h reads it
    /// for the C tests.
    public static let multiplier: Double = {
        let text = ProcessInfo.processInfo.environment["PRIMALITY_TEST_MULTIPLIER"]
        guard let value = text.flatMap(Double.init), value > 0 else { return 1 }
        return value
    }()

    /// A count times the multiplier, at least 1.
    public static func scaled(_ count: Int) -> Int { max(1, Int(Double(count) * multiplier)) }

    /// Which part this run does of what is too much for every run: PRIMALITY_TEST_SHARD, 0 by default.
    ///
    /// The Makefile has the commit choose it.
    public static let shard: UInt64 =
        ProcessInfo.processInfo.environment["PRIMALITY_TEST_SHARD"].flatMap(UInt64.init) ?? 0

    /// Whether this run does what stands at a place, of which one in `every` is done, more or less of them
    /// as the multiplier says, and all when it is 10.
    public static func isSampled(_ place: Int, oneIn every: Double) -> Bool {
        if multiplier >= 10 { return true }
        var generator = SeededGenerator(seed: shard &* 0xD6E8_FEB8_6659_FD93 &+ UInt64(place))
        return Double(generator.next() >> 11) * 0x1p-53 * every < multiplier
    }

    /// How often a test makes a fault happen.
    public static var faults: Int { scaled(10) }

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

/// Waits half a minute at most for something to become true.
///
/// A busy machine with sanitizers may need that long. It looks less and less often, since what is waited for needs the
/// cores.
public func eventually(_ condition: () -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(30)
    var pause: UInt32 = 500
    while .now < end {
        if condition() { return true }
        usleep(pause)
        pause = min(20_000, pause * 3 / 2)
    }
    return condition()
}
