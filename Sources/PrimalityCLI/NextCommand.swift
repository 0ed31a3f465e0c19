// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityRuns

struct NextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Prints the least prime above a number.",
        usage: "primality next <n> [--count <count>] [<options>]",
        discussion: """
            Prints the least prime greater than n, or with --count the least ones, in increasing \
            order. n is decimal, hexadecimal after 0x or an expression as check has them ('10^30', \
            '503#'), and of any size. Below 2^64 what is printed is prime. Above, it is a probable prime: it passed Baillie-PSW and strong tests to random \
            bases, which is no proof; that all numbers before it are composite is certain.

            What small primes leave is tested by all workers at once. The answer does not depend on the \
            pool, on -j or on --chunk. Ctrl-C ends a search and tells how far it came. So does \
            a number whose time is over (--timeout) or that ended two workers, with exit status 3: what \
            comes after it may not be the nearest.

            In jsonl, gap is how far a prime is from the one printed before it, or the first one from n.

            Examples:
              primality next 1000000
              primality next --count 5 0xFFFFFFFFFFFFFFFF
              primality next --format jsonl 10^30
              primality next -j 8 "$(cat 4000-digits.txt)"
            """)

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("The number to begin above.", valueName: "n"))
    var numbers: [String] = []

    @Option(parsing: .unconditional, help: "How many primes to print.")
    var count = 1

    @OptionGroup var base: NumberBase

    @OptionGroup var shared: RunOptions

    func run() throws {
        let numbers = try Refusal.operands(among: numbers, of: "next")
        try Neighbours(isAbove: true, command: "next", numbers: numbers, count: count, base: base)
            .run(shared)
    }
}

struct PrevCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prev",
        abstract: "Prints the greatest prime below a number.",
        usage: "primality prev <n> [--count <count>] [<options>]",
        discussion: """
            Prints the greatest prime less than n, or with --count the greatest ones, in decreasing \
            order. n is decimal, hexadecimal after 0x or an expression as check has them ('10^30', \
            '503#'), and of any size. Below 2^64 what is printed is prime. Above, it is a probable prime: it passed Baillie-PSW and strong tests to random \
            bases, which is no proof; that all numbers between it and n are composite is certain.

            Below 2 there is no prime: where n or --count asks for more than there are, those are printed, \
            and the exit status is 2.

            What small primes leave is tested by all workers at once. The answer does not depend on the \
            pool, on -j or on --chunk. Ctrl-C ends a search and tells how far it came. So does \
            a number whose time is over (--timeout) or that ended two workers, with exit status 3: what \
            comes after it may not be the nearest.

            In jsonl, gap is how far a prime is from the one printed before it, or the first one from n.

            Examples:
              primality prev 1000000
              primality prev 0x10000000000000000
              primality prev --count 3 --format jsonl 10^30
            """)

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("The number to begin below.", valueName: "n"))
    var numbers: [String] = []

    @Option(parsing: .unconditional, help: "How many primes to print.")
    var count = 1

    @OptionGroup var base: NumberBase

    @OptionGroup var shared: RunOptions

    func run() throws {
        let numbers = try Refusal.operands(among: numbers, of: "prev")
        try Neighbours(isAbove: false, command: "prev", numbers: numbers, count: count, base: base)
            .run(shared)
    }
}

/// The primes next to a number, on one side of it.
private struct Neighbours {
    let isAbove: Bool
    let command: String
    let numbers: [String]
    let count: Int
    let base: NumberBase

    func run(_ options: RunOptions) throws {
        if numbers.count != 1 {
            throw Refusal.usage("give one number; see primality \(command) --help")
        }
        let options = try options.checked()
        let count = try searchCount(count)
        try Refusal.checkLevel()
        guard
            let start = number(
                numbers[0], called: "n", maximumBits: options.maximumBits, in: base)
        else {
            throw ExitCode(ExitStatus.badInput.rawValue)
        }

        let search: PrimeSearch =
            isAbove ? .after(start, count: count) : .before(start, count: count)
        var run = try SearchRun(search, options, start: start, origin: ("n", start))
        let range = range(from: start)
        run.search { source, _ in RunEstimate(note: range(source.reached)) }
        let results = run.results
        if results.isWhole && results.found < count { complainOfTooFew(&run) }
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

    private func complainOfTooFew(_ run: inout SearchRun) {
        let below = "below \(printable(numbers[0]))"
        let found = run.results.found
        run.complain(
            found == 0
                ? "there is no prime \(below)"
                : "\(found == 1 ? "there is only 1 prime" : "there are only \(found) primes") \(below)",
            .badInput)
    }
}

/// Says how many primes were printed.
func printed(_ count: Int) -> String {
    count == 1 ? "1 prime was printed" : "\(count) primes were printed"
}
