// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityRuns

/// The primes next to a number, on one side of it.
struct Neighbours {
    let isAbove: Bool
    let command: String

    /// What `next` and `prev` take beside the number.
    struct Options: ParsableArguments {
        @Option(parsing: .unconditional, help: "How many primes to print.")
        var count = 1

        @OptionGroup var base: NumberBase

        @OptionGroup var shared: RunOptions
    }

    /// The help of `next` and `prev`.
    static func discussion(
        _ what: String, composite: String, more: String = "", examples: String
    ) -> String {
        """
        \(what) n is decimal, hexadecimal after 0x or an expression as check has them ('10^30', \
        '503#'), and of any size. Below 2^64 what is printed is prime. Above, as a rule it is a \
        probable prime: it passed Baillie-PSW and strong tests to random bases. With --prove it is proved, \
        and a number whose form has a quick proof is prime without it. That all numbers \(composite) are \
        composite is certain.

        \(more)What small primes leave is tested by all workers at once. The answer does not depend on \
        the pool, on -j or on --chunk. Ctrl-C ends a search and tells how far it came. So does a number \
        whose time is over (--timeout) or that ended two workers, with exit status 3: what comes after \
        it may not be the nearest.

        In jsonl, gap is how far a prime is from the one printed before it, or the first one from n.

        Examples:
        \(examples)
        """
    }

    func run(_ given: [String], _ parameters: Options) throws {
        let numbers = try Refusal.operands(among: given, of: command)
        if numbers.count != 1 {
            throw Refusal.usage("give one number; see primality \(command) --help")
        }
        let options = try parameters.shared.checked()
        let count = try searchCount(parameters.count)
        try Refusal.checkLevel()
        guard
            let start = number(
                numbers[0], called: "n", maximumBits: options.maximumBits, in: parameters.base)
        else {
            throw ExitCode(ExitStatus.badInput.rawValue)
        }

        let search: PrimeSearch =
            isAbove ? .after(start, count: count) : .before(start, count: count)
        var run = try SearchRun(search, options, start: start, origin: ("n", start))
        let range = range(from: start)
        run.search { source, _ in RunEstimate(note: range(source.reached)) }
        let results = run.results
        if results.isWhole && results.found < count {
            complainOfTooFew(&run, numbers[0])
        }
        run.end {
            if results.isWhole { return "\(printed(results.found)), all that was asked for" }
            guard let range = range(results.last) else { return "no test has come to its end" }
            return results.found == 0
                ? "\(range) there is none" : "\(printed(results.found)), all there are \(range)"
        }
        try run.throwStatus()
    }

    /// Says how far it is to a number: `up to n + 1234`.
    private func range(from start: BigNatural) -> @Sendable (BigNatural?) -> String? {
        let (words, sign) = isAbove ? ("up to n", "+") : ("down to n", "-")
        return { $0.flatMap { start.distance(to: $0) }.map { "\(words) \(sign) \(abs($0))" } }
    }

    private func complainOfTooFew(_ run: inout SearchRun, _ number: String) {
        let below = "below \(printable(number))"
        let found = run.results.found
        run.complain(
            found == 0
                ? "there is no prime \(below)"
                : "\(found == 1 ? "there is only 1 prime" : "there are only \(found) primes") \(below)",
            .badInput)
    }
}
