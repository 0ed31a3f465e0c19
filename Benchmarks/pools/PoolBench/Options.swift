// SPDX-License-Identifier: Apache-2.0

import PrimalityPool

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the command line asks for.
struct Options {
    var rounds = 9
    var workers = PoolKind.defaultWorkers
    var json: String?
    var isQuick = false
    // make bench-pools says where these are.
    var python = "python3"
    var script = "Benchmarks/pools/peers.py"
    var library: String?

    static let usage = """
        usage: pool-bench [--rounds N] [--workers N] [--json FILE] [--quick]
                          [--python PROGRAM] [--peers FILE] [--library FILE]

        What it costs to hand numbers to each pool, beside Python's pools, in one run.

          --rounds N        rounds, from 9 to 1001; each measures every contender once (9)
          --workers N       workers of each pool, from 1 to 64 (one a core)
          --json FILE       write all figures to FILE too
          --quick           3 short rounds, to see that it works; no figures to publish
          --python PROGRAM  the Python whose pools are measured (python3)
          --peers FILE      peers.py
          --library FILE    libprimality.so for Python; without it Python is left out

        """

    init(_ arguments: [String]) {
        var rest = arguments[...]
        var asked: Int?
        while let option = rest.popFirst() {
            switch option {
            case "--rounds": asked = Self.number(option, rest.popFirst(), 9...1001)
            case "--workers": workers = Self.number(option, rest.popFirst(), 1...64)
            case "--json": json = Self.text(option, rest.popFirst())
            case "--quick": isQuick = true
            case "--python": python = Self.text(option, rest.popFirst())
            case "--peers": script = Self.text(option, rest.popFirst())
            case "--library": library = Self.text(option, rest.popFirst())
            case "--help", "-h":
                print(Self.usage, terminator: "")
                exit(0)
            default: Self.refuse("\(option) is not known")
            }
        }
        rounds = asked ?? (isQuick ? 3 : rounds)
    }

    private static func text(_ option: String, _ value: String?) -> String {
        guard let value else { refuse("\(option) needs a value") }
        return value
    }

    private static func number(
        _ option: String, _ value: String?, _ range: ClosedRange<Int>
    ) -> Int {
        guard let number = value.flatMap({ Int($0) }), range.contains(number) else {
            refuse("\(option) needs a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func refuse(_ why: String) -> Never {
        complain("\(why)\n\(usage)")
        exit(64)
    }
}

func complain(_ text: String) { show("pool-bench: \(text)\n") }

/// Writes to standard error.
func show(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
