// SPDX-License-Identifier: Apache-2.0

internal import Charts
package import Primality
internal import PrimalityPool

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Where the figures come from, and whether they can be believed.
package struct BenchEnvironment: Sendable, Hashable, Codable {
    /// The day and time in UTC, as in `2026-11-26T14:30:00Z`.
    package var date: String
    /// The processor's name.
    package var cpu: String
    /// What this process may use.
    package var cores: Int
    /// How the frequency is governed; `nil` where the system doesn't tell.
    package var governor: String?
    /// Kernel and release.
    package var system: String
    /// The kernels' level.
    package var level: String
    /// This library's version.
    package var library: String
    /// What compiled the C kernels.
    package var compiler: String
    /// What compiled this.
    package var swift: String
    /// GMP's version.
    package var gmp: String
    /// Other programs that were measured, with their versions; `nil`: none.
    package var peers: [String]?
    /// Load averages of 1, 5 and 15 minutes before.
    package var loadBefore: [Double]
    /// And after.
    package var loadAfter: [Double] = []
    /// How much of the cores' time others used meanwhile, from 0 to 1; `nil`: not known.
    package var others: Double?

    /// The machine as it is now.
    ///
    /// - Throws: ``PrimalityError`` when the forced level cannot be used.
    package init() throws(PrimalityError) {
        level = try KernelLevel.active.rawValue
        var now = time(nil)
        var parts = unsafe tm()
        unsafe gmtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let length = unsafe strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        date = String(decoding: text[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        cpu = "unknown"
        for line in contents(of: "/proc/cpuinfo").split(separator: "\n")
        where line.hasPrefix("model name") {
            let value = line.split(separator: ":").last ?? ""
            cpu = value.split(separator: " ").joined(separator: " ")
            break
        }
        cores = PoolKind.defaultWorkers
        let governor = contents(of: "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
        self.governor = governor.split(separator: "\n").first.map { String($0) }
        var name = utsname()
        unsafe uname(&name)
        system = "\(string(&name.sysname)) \(string(&name.release))"
        library = BuildInformation.version
        compiler = BuildInformation.compiler
        swift = BuildInformation.swiftVersion
        gmp = BuildInformation.gmpVersion
        loadBefore = loadAverages()
    }

    package static let trustedLoad = 0.5
    package static let trustedShare = 0.05

    /// Records what the machine did since a run began.
    ///
    /// - Parameter start: What was used when it began; `nil`: not known.
    package mutating func end(since start: CPUTimes?) {
        loadAfter = loadAverages()
        if let start, let now = CPUTimes() { others = now.others(since: start) }
    }

    /// Why times are not to be trusted; empty when nothing speaks against them.
    package var doubts: [String] {
        var doubts: [String] = []
        if let load = loadBefore.first, load > Self.trustedLoad {
            doubts.append(
                "the machine was busy before: load \(decimal(load, places: 2)), wanted at most "
                    + decimal(Self.trustedLoad, places: 1))
        }
        if let others, others > Self.trustedShare {
            doubts.append(
                "others used \(decimal(others * 100, places: 0)) % of the cores meanwhile, wanted at "
                    + "most \(decimal(Self.trustedShare * 100, places: 0)) %")
        }
        if let governor, governor != "performance" {
            doubts.append("the frequency governor is \(governor), not performance")
        }
        return doubts
    }
}

private func string<Tuple>(_ tuple: inout Tuple) -> String {
    unsafe withUnsafeBytes(of: &tuple) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// A file's beginning, which is enough of those in /proc; empty when it cannot be read.
package func contents(of path: String) -> String {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return "" }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = unsafe read(descriptor, &buffer, buffer.count)
    return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
}

private func loadAverages() -> [Double] {
    var loads = [0.0, 0, 0]
    return unsafe getloadavg(&loads, 3) == 3 ? loads : []
}

/// CPU seconds: of this process and the children it has waited for, and of the whole machine.
package struct CPUTimes: Sendable {
    private var ours: Double
    private var all: Double
    private var idle: Double

    /// What was used by now; `nil` where the system doesn't tell.
    package init?() {
        guard let first = contents(of: "/proc/stat").split(separator: "\n").first else {
            return nil
        }
        let ticks = first.split(separator: " ").dropFirst().compactMap { Double($0) }
        // user nice system idle iowait irq softirq steal; guests are counted in the first two.
        if ticks.count < 8 { return nil }
        let hertz = Double(sysconf(Int32(_SC_CLK_TCK)))
        all = ticks[..<8].reduce(0, +) / hertz
        idle = (ticks[3] + ticks[4]) / hertz
        ours = 0
        for who in [RUSAGE_SELF, RUSAGE_CHILDREN] {
            var usage = rusage()
            unsafe getrusage(who.rawValue, &usage)
            ours += seconds(usage.ru_utime) + seconds(usage.ru_stime)
        }
    }

    /// How much of the cores' time since `start` was used by others.
    package func others(since start: CPUTimes) -> Double {
        let busy = all - idle - (start.all - start.idle)
        return max(0, busy - (ours - start.ours)) / max(all - start.all, 1e-9)
    }
}

private func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
}
