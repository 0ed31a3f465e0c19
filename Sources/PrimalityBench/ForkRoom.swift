// SPDX-License-Identifier: Apache-2.0

internal import CProbes
internal import Charts
internal import Primality
internal import PrimalityPool

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What a fork costs beside how much memory.
///
/// Memory is anonymous and written page by page, in pages of the usual size: huge ones are asked not to be
/// used, since then it depends on the day how many there are. All of it is there all the time, and only the
/// contestant's own is passed on to its children.
package struct ForkRoom {
    private let settings: BenchSettings
    private let megabytes: [Int]
    private let available: Double?
    /// What could not be measured, and why.
    package private(set) var warnings: [String] = []

    private static let forks = 5
    package static let command = "primality bench --rooms fork"

    package init(_ settings: BenchSettings) {
        self.init(
            settings, megabytes: settings.isQuick ? [10, 100] : [10, 1000],
            available: availableMemory())
    }

    /// With so many bytes `available`; `nil`: not known.
    package init(_ settings: BenchSettings, megabytes: [Int], available: Double?) {
        self.settings = settings
        self.megabytes = megabytes
        self.available = available
    }

    package static func id(_ megabytes: Int) -> String { "fork.resident-\(megabytes)" }

    package mutating func measure(_ contest: Contest) throws -> [Timing] {
        var blocks: [Resident] = []
        for megabytes in megabytes {
            // Others need memory too, and may want more of it meanwhile.
            let wanted = 2.5e6 * Double(megabytes)
            guard let available, available >= wanted else {
                let there =
                    available.map { "\(decimal($0 / 1e6, places: 0)) MB are" }
                    ?? "it is not known what is"
                warnings.append(
                    "a fork beside \(megabytes) MB is left out: \(there) available, wanted at least "
                        + "\(decimal(wanted / 1e6, places: 0)) MB")
                continue
            }
            guard let block = Resident(megabytes: megabytes) else {
                warnings.append(
                    "a fork beside \(megabytes) MB is left out: the system does not give as much")
                continue
            }
            blocks.append(block)
        }
        let contestants = blocks.map { own in
            Contestant(
                measurement: Timing(
                    id: Self.id(own.megabytes), section: .fork, subject: "fork, exit and wait",
                    variant: "fork", input: "\(own.megabytes) MB resident", size: own.megabytes,
                    per: "fork", command: Self.command,
                    reference: blocks.first { $0 !== own }.map { Self.id($0.megabytes) }),
                units: Self.forks, expected: 0, isByClock: true,
                pass: { passes in
                    for block in blocks { try block.setPassedOn(block === own) }
                    for _ in 0..<passes * Self.forks where probe_fork_ns() < 0 {
                        throw PoolError.system(call: "fork", error: errno)
                    }
                    return 0
                })
        }
        return try contest.run("forks", contestants)
    }
}

/// Memory that was written to, until the last reference ends.
@safe private final class Resident {
    let megabytes: Int
    private let start: UnsafeMutableRawPointer
    private var count: Int { megabytes * 1_000_000 }

    init?(megabytes: Int) {
        let count = megabytes * 1_000_000
        let start = unsafe mmap(
            nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start = unsafe start, Int(bitPattern: start) != -1 else { return nil }
        self.megabytes = megabytes
        unsafe self.start = unsafe start
        // A kernel without huge pages refuses, and is right.
        unsafe madvise(start, count, MADV_NOHUGEPAGE)
        for offset in stride(from: 0, to: count, by: Int(sysconf(Int32(_SC_PAGESIZE)))) {
            unsafe start.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
        }
    }

    deinit { unsafe munmap(start, count) }

    /// Says whether children get it.
    func setPassedOn(_ isPassedOn: Bool) throws {
        if unsafe madvise(start, count, isPassedOn ? MADV_DOFORK : MADV_DONTFORK) != 0 {
            throw PoolError.system(call: "madvise", error: errno)
        }
    }
}

/// How many bytes can still be had: what the system has, and what the control groups leave; `nil`: not known.
package func availableMemory() -> Double? {
    guard var available = field("MemAvailable:", of: "/proc/meminfo").map({ $0 * 1024 }) else {
        return nil
    }
    for line in contents(of: "/proc/self/cgroup").split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        if parts.count < 3 { continue }
        let isSecond = parts[1].isEmpty
        if !isSecond && !parts[1].split(separator: ",").contains("memory") { continue }
        let root = isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
        // Limits of the groups above hold too. In a container the path may be one of outside.
        var path = parts[2].split(separator: "/")
        while true {
            let folder = root + path.map { "/\($0)" }.joined()
            let limit = field(
                nil, of: folder + (isSecond ? "/memory.max" : "/memory.limit_in_bytes"))
            let used = field(
                nil, of: folder + (isSecond ? "/memory.current" : "/memory.usage_in_bytes"))
            if let limit, let used {
                // Files that were read lately make room when they must.
                let cache = field(
                    isSecond ? "inactive_file" : "total_inactive_file", of: folder + "/memory.stat")
                available = min(available, max(0, limit - used + (cache ?? 0)))
            }
            if path.popLast() == nil { break }
        }
    }
    return available
}

/// The number behind a name, or the only one.
private func field(_ name: String?, of path: String) -> Double? {
    for line in contents(of: path).split(separator: "\n") {
        var words = line.split(separator: " ")[...]
        if let name, words.popFirst().map({ String($0) }) != name { continue }
        return words.first.flatMap { Double($0) }
    }
    return nil
}
