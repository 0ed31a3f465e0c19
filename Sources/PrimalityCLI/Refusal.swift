// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityRuns
internal import SystemPackage

/// Exit statuses that end a command before it has begun.
enum Refusal {
    static let usage = ExitCode(64)
    static let unavailable = ExitCode(69)

    /// Prints why and gives the status to throw.
    static func usage(_ message: String) -> ExitCode {
        StandardStreams.complain(message)
        return usage
    }

    /// The operands among a command's arguments; refuses options that do not exist.
    ///
    /// Where negative numbers have to reach the command, everything unrecognised lands among its
    /// arguments, and the first `--` too: what looks like an option before it and is no number is one
    /// mistyped.
    static func operands(among arguments: [String], of command: String) throws -> [String] {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        for text in arguments[..<end] where text.hasPrefix("-") && text != "-" {
            if text.dropFirst().first?.isNumber != true {
                throw usage("unknown option '\(printable(text))'; see primality \(command) --help")
            }
        }
        return Array(arguments[..<end]) + arguments[end...].dropFirst()
    }

    /// What something gives; what is wrong with it is a usage error.
    static func orUsage<Value>(_ body: () throws(UsageError) -> Value) throws -> Value {
        do throws(UsageError) { return try body() } catch { throw usage(error.message) }
    }

    /// Refuses names that are no file's, for results to go to.
    static func checkResultsFile(_ name: String?) throws {
        if let name, name.isEmpty || name == "-" {
            throw usage("--resume '\(name)': give the name of a file, which is read and written")
        }
    }

    /// Ends the command when the environment forces a level that cannot be used.
    static func checkLevel() throws {
        do {
            _ = try KernelLevel.active
        } catch {
            StandardStreams.complain(error.description)
            if case .levelUnavailable = error { throw unavailable }
            throw usage
        }
    }
}
