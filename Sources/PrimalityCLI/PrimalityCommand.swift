// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityRuns

/// The command line: one file a subcommand.
@main
struct PrimalityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "primality",
        abstract: "Tests whether numbers are prime, and measures what that costs.",
        discussion: """
            Below 2^64 every answer is exact. Above, 'composite' and 'prime' are certain, the latter \
            for numbers k*2^n+1 and k*2^n-1 with k < 2^n, however they are written; 'probable prime' \
            means that the number passed Baillie-PSW and strong tests to random bases.

            Results go to standard output, everything else to standard error. Exit status: 0 done; \
            1 (check -q) one is neither prime nor probably so; 2 bad input; 3 undecided: a number timed out or crashed two \
            workers; 64 usage; 69 not available on this machine; 70 internal error; 74 write error; 75 no answer from a queue's server; \
            129, 130 or 143 ended by SIGHUP, SIGINT or SIGTERM, when what was done is printed. Of several \
            the worst one wins: 70, 74, 75, 2, 3, 1.

            PRIMALITY_LEVEL=portable|bmi2|avx2|avx512ifma forces an instruction set.
            """,
        version: BuildInformation.version,
        subcommands: [
            CheckCommand.self, ListCommand.self, NextCommand.self, PrevCommand.self,
            RandomCommand.self, MergeCommand.self, ProveCommand.self, VerifyCommand.self,
            KeysCommand.self, QueueCommand.self,
            InfoCommand.self, RaceCommand.self, SpinCommand.self,
            ModelsCommand.self, BenchCommand.self,
        ])

    static func main() { exit(withError: ExitCode(runAndGiveStatus())) }

    // Nothing of the command or its error lives when this returns: ArgumentParser's own
    // exit(withError:) ends the program while they do, and leak checkers cannot see through an error's
    // tagged pointers.
    private static func runAndGiveStatus() -> Int32 {
        // First, so that what is forked has it, too.
        Signals.restoreCrashes()
        StandardStreams.reserve()
        do {
            try ProcessPool.bootstrap(
                withNursery: RunOptions.mayWantNursery(CommandLine.arguments))
        } catch {
            StandardStreams.complain(error.description)
            return error.exitStatus.rawValue
        }
        if CommandLine.arguments.dropFirst().first == manualOption {
            return printManual(Array(CommandLine.arguments.dropFirst(2))).rawValue
        }
        if let message = misdirection(Array(CommandLine.arguments.dropFirst())) {
            return Refusal.usage(message).rawValue
        }
        do {
            var command = try parseAsRoot()
            try command.run()
            return ExitStatus.done.rawValue
        } catch {
            let status = exitCode(for: error)
            let text = fullMessage(for: error)
            if text.isEmpty { return status.rawValue }
            if status == .success {  // help, or the version
                var output = Output()
                _ = output.write(text + "\n")
                return output.status().rawValue
            }
            let mark = "Error:"
            StandardStreams.writeError(
                text.hasPrefix(mark)
                    ? ColourMode.ofError(mark) + text.dropFirst(mark.count) : text)
            return status.rawValue
        }
    }

    /// What is wrong with a command that does not exist, where ArgumentParser says less or nothing.
    private static func misdirection(_ arguments: [String]) -> String? {
        func subcommand(
            _ name: String, of command: any ParsableCommand.Type
        ) -> (any ParsableCommand.Type)? {
            command.configuration.subcommands.first { $0.configuration.commandName == name }
        }
        guard let first = arguments.first else { return nil }
        if first == "help" {
            var command: any ParsableCommand.Type = Self.self
            for name in arguments.dropFirst() where !name.hasPrefix("-") && name != "help" {
                guard let next = subcommand(name, of: command) else {
                    return "there is no command '\(printable(name))'; primality help names them all"
                }
                command = next
            }
            return nil
        }
        if subcommand(first, of: Self.self) == nil, arguments.count > 1, !first.hasPrefix("-"),
            !first.contains(where: \.isNumber)
        {
            return "there is no command '\(printable(first))'; primality help names them all"
        }
        let mayBeNumber = first.contains(where: \.isNumber) && !first.hasPrefix("-")
        if subcommand(first, of: Self.self) == nil && (mayBeNumber || first == "-") {
            return
                "there is no command '\(printable(first))'; numbers are tested by primality check, as "
                + "in: primality check '\(printable(first))'"
        }
        return nil
    }
}
