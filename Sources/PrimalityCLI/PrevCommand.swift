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
        discussion: Neighbours.discussion(
            "Prints the greatest prime less than n, or with --count the greatest ones, in decreasing order.",
            composite: "between it and n",
            more: """
                Below 2 there is no prime: where n or --count asks for more than there are, those are printed, \
                and the exit status is 2.


                """,
            examples: """
                  primality prev 1000000
                  primality prev 0x10000000000000000
                  primality prev --count 3 --format jsonl 10^30
                """))

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("The number to begin below.", valueName: "n"))
    var numbers: [String] = []

    @OptionGroup var options: Neighbours.Options

    func run() throws {
        try Neighbours(isAbove: false, command: "prev").run(numbers, options)
    }
}
