// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityRuns

struct PrevCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prev",
        abstract: "Prints the greatest prime below a number.",
        usage: "primality prev <n> [--count <count>] [<options>]",
        discussion: """
            Prints the greatest prime less than n, or with --count the greatest ones, in decreasing \
            order. n is decimal, hexadecimal after 0x or an expression as check has them ('10^30', \
            '503#'), and of any size. Below 2^64 what is printed is prime. Above, as a rule it is a probable prime: \
            it passed Baillie-PSW and strong tests to random bases, which is no proof. A number whose form has \
            a quick proof is prime above, too. That all numbers between it and n are composite is certain.

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
