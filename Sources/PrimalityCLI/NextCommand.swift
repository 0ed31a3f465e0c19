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
        discussion: Neighbours.discussion(
            "Prints the least prime greater than n, or with --count the least ones, in increasing order.",
            composite: "before it",
            examples: """
                  primality next 1000000
                  primality next --count 5 0xFFFFFFFFFFFFFFFF
                  primality next --format jsonl 10^30
                  primality next -j 8 "$(cat 4000-digits.txt)"
                """))

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("The number to begin above.", valueName: "n"))
    var numbers: [String] = []

    @OptionGroup var options: Neighbours.Options

    func run() throws {
        try Neighbours(isAbove: true, command: "next").run(numbers, options)
    }
}
