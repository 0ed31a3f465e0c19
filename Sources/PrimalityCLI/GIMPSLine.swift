// SPDX-License-Identifier: Apache-2.0

internal import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A result as GIMPS takes it: one object of JSON in a line, with the fields and in the order of Prime95.
///
/// What only Prime95 can say is left out: `security-code`, `port`, `fft-length`.
struct GIMPSLine {
    /// k·bⁿ + c; 2ᵖ − 1 is named by its exponent.
    var number: CandidateForm
    /// `PRP-3` or `LL`.
    var worktype = "PRP-3"
    /// Prime by Lucas and Lehmer, or a probable prime.
    var passed = false
    /// The low 64 bits of 3ᴺ⁻¹ mod N, or of the last Lucas–Lehmer residue.
    var residue: UInt64 = 0
    /// The power and the MD5 of the proof's file.
    var proof: (power: Int, md5: String)?
    /// In decimal.
    var knownFactors: [String] = []
    /// Who the work was assigned to, as the line of work said it.
    var assignment: String?
    /// Seconds since 1970.
    var time = now()

    /// The line, with its end.
    var text: String {
        var line = #"{"status":"\#(passed ? "P" : "C")""#
        switch number {
        case .power(1, 2, let n, -1): line += #", "exponent":\#(n)"#
        case .power(let k, let b, let n, let c):
            line += #", "k":\#(k), "b":\#(b), "n":\#(n), "c":\#(c)"#
        default: break
        }
        line += #", "worktype":"\#(worktype)", "res64":"\#(hexadecimal(residue))""#
        if worktype != "LL" { line += #", "residue-type":1"# }
        line += #", "shift-count":0"#
        line += #", "program":{"name":"primality", "version":"\#(BuildInformation.version)"}"#
        line += #", "timestamp":"\#(Self.clock(time))""#
        if let proof {
            line +=
                #", "proof":{"version":2, "power":\#(proof.power), "hashsize":64, "md5":"\#(proof.md5)"}"#
        }
        if !knownFactors.isEmpty {
            let factors = knownFactors.map { #""\#($0)""# }
            line += #", "known-factors":[\#(factors.joined(separator: ", "))]"#
        }
        if let assignment { line += #", "aid":"\#(assignment)""# }
        return line + "}\n"
    }

    /// `2026-11-30 14:05:09`, in UTC.
    private static func clock(_ time: time_t) -> String {
        var time = time
        var parts = unsafe tm()
        unsafe gmtime_r(&time, &parts)
        let fields = unsafe [
            parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
        ].map { ($0 < 10 ? "0" : "") + String($0) }
        let year = unsafe parts.tm_year + 1900
        return "\(year)-\(fields[0])-\(fields[1]) \(fields[2]):\(fields[3]):\(fields[4])"
    }
}

/// Seconds since 1970.
func now() -> time_t { time(nil) }
