// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityRuns

struct RandomCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "random",
        abstract: "Prints random primes of a size.",
        usage:
            "primality random --bits <bits> [--safe] [--count <count>] [--seed <number>] [<options>]",
        discussion: """
            Prints random primes of exactly so many bits. Odd numbers of that size, the top bit set, are \
            drawn independently and uniformly until one is prime, so every prime of the size is as \
            likely as any other; no prime gains by a long gap before it, as it would if the search went \
            upward from a random start. (Of 2 bits, 2 and 3 are drawn.) Each prime is independent of \
            the others, so small sizes repeat.

            With --safe, (p-1)/2 is prime as well: halves are drawn in the same way until both are prime, \
            so every safe prime of the size is equally likely. The smallest have 3 bits. They are rare: \
            about one in 0.2 bits^2 draws. What small primes leave and has to be tested is some 600 \
            numbers of 512 bits, 5000 of 2048 or 20000 of 4096, at 3 and 20 ms each.

            Draws come from the system's generator, which is fit for keys as far as the choice of \
            primes goes; memory is not wiped. With --seed they come from SipHash-2-4 in counter mode, \
            and so do the tests' random bases: the same seed gives the same primes with every pool, -j \
            and --chunk, on every machine. That is reproducible, and not for cryptographic keys: who \
            knows or tries the seed has the primes.

            Below 2^64 what is printed is prime. Above, it is a probable prime: it passed Baillie-PSW and \
            strong tests to random bases. With --prove it is proved. Ctrl-C ends a search, and so does \
            a number whose time is over (--timeout) or that ended two workers, with exit status 3.

            Examples:
              primality random --bits 2048
              primality random --bits 64 --count 10 --seed 42
              primality random --bits 512 --safe --format jsonl
              primality random --bits 4096 --safe -j 8 --progress always
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The size of the primes, from 2 to --max-bits.", valueName: "bits"))
    var bits: Int

    @Flag(help: "Print primes p whose half (p-1)/2 is prime too.")
    var safe = false

    @Option(parsing: .unconditional, help: "How many primes to print.")
    var count = 1

    @OptionGroup var shared: RunOptions

    func run() throws {
        let shared = try shared.checked()
        let count = try searchCount(count)
        if bits < 0 {
            throw Refusal.usage("--bits \(bits) is out of range; give 2 to \(shared.maximumBits)")
        }
        try Refusal.checkLevel()
        if bits > shared.maximumBits {
            StandardStreams.complain(
                "--bits \(bits) is more than the limit of \(shared.maximumBits) (--max-bits)")
            throw ExitCode(ExitStatus.badInput.rawValue)
        }
        var run = try SearchRun(
            .random(bits: bits, isSafe: safe, seed: self.shared.testing.seed, count: count), shared)
        run.search { _, _ in RunEstimate() }
        let results = run.results
        run.end {
            let printed = printed(results.found)
            return results.isWhole
                ? "\(printed), all that was asked for"
                : "\(printed); of the numbers without small factors \(results.tested) were tested"
        }
        try run.throwStatus()
    }
}
