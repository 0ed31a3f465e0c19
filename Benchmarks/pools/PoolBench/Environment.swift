// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityPool

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where the figures come from, and whether they can be believed.
struct Environment {
    var cpu: String
    var cores: Int
    var system: String
    var level: String
    var library: String
    var libraryCompiler: String
    var swift: String
    /// `nil`: it is not here.
    var python: String?
    var pythonLibraryCompiler: String?
    var loadBefore: [Double]
    var loadAfter: [Double] = []
    /// How much of the cores' time others used meanwhile, from 0 to 1; `nil`: not known.
    var others: Double?

    static let trustedLoad = 0.5
    static let trustedShare = 0.05

    init(_ peers: Peers?) throws {
        cpu = "unknown"
        for line in contents(of: "/proc/cpuinfo").split(separator: "\n")
        where line.hasPrefix("model name") {
            let value = line.split(separator: ":").last ?? ""
            cpu = value.split(separator: " ").joined(separator: " ")
            break
        }
        cores = PoolKind.defaultWorkers
        var name = utsname()
        uname(&name)
        system = "\(text(&name.sysname)) \(text(&name.release))"
        level = try KernelLevel.active.rawValue
        library = BuildInformation.version
        libraryCompiler = BuildInformation.compiler
        swift = Self.swiftVersion
        python = peers?.version
        pythonLibraryCompiler = peers?.compiler
        loadBefore = loadAverages()
    }

    /// Why the figures are not to be trusted; empty when nothing speaks against them.
    var doubts: [String] {
        var doubts: [String] = []
        if let load = loadBefore.first, load > Self.trustedLoad {
            doubts.append(
                "the machine was busy before: load \(decimal(load, 2)), wanted at most "
                    + decimal(Self.trustedLoad, 1))
        }
        if let others, others > Self.trustedShare {
            doubts.append(
                "others used \(decimal(others * 100, 0)) % of the cores meanwhile, wanted at most "
                    + "\(decimal(Self.trustedShare * 100, 0)) %")
        }
        return doubts
    }

    // The language mode's conditions are all that a program can ask of its compiler.
    private static var swiftVersion: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}

private func text<Tuple>(_ tuple: inout Tuple) -> String {
    withUnsafeBytes(of: &tuple) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

/// A file's beginning, which is enough of those in /proc; empty when it cannot be read.
private func contents(of path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return "" }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = read(descriptor, &buffer, buffer.count)
    return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
}

func loadAverages() -> [Double] {
    var loads = [0.0, 0, 0]
    return getloadavg(&loads, 3) == 3 ? loads : []
}

/// CPU seconds: of this process and the children it has waited for, and of the whole machine.
struct CPUTimes {
    var ours: Double
    var all: Double
    var idle: Double

    init?() {
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
        for who in [RUSAGE_SELF.rawValue, RUSAGE_CHILDREN.rawValue] {
            var usage = rusage()
            getrusage(who, &usage)
            ours += seconds(usage.ru_utime) + seconds(usage.ru_stime)
        }
    }

    /// How much of the cores' time since `start` was used by others.
    func others(since start: CPUTimes) -> Double {
        let busy = all - idle - (start.all - start.idle)
        return max(0, busy - (ours - start.ours)) / max(all - start.all, 1e-9)
    }
}

private func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
}
