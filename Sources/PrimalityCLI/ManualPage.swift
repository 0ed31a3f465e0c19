// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import Primality
internal import PrimalityRuns

/// The manual page of a command, from what its help says: text for man.
struct ManualPage {
    /// What `--experimental-dump-help` says of an argument.
    private struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }
        var kind: String
        var names: [Name]?
        var valueName: String?
        var abstract: String?
        var defaultValue: String?
        var shouldDisplay: Bool
        var isRepeating: Bool
    }

    private struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var arguments: [Argument]?
        var subcommands: [Command]?
    }

    private struct Dump: Decodable { var command: Command }

    private let command: Command
    /// Those whose commands are between the program's and this.
    private let path: [String]
    private let usage: String
    private let version: String

    /// - Parameters:
    ///   - dump: What `--experimental-dump-help` gives of the whole program.
    ///   - path: The names of the command, without the program's.
    ///   - usage: How it is called, a line for each way.
    ///   - version: The program's.
    init?(dump: String, of path: [String], usage: String, version: String) {
        guard let whole = try? JSONDecoder().decode(Dump.self, from: Data(dump.utf8)) else {
            return nil
        }
        var command = whole.command
        for name in path {
            let next = command.subcommands?.first { $0.commandName == name }
            guard let next else { return nil }
            command = next
        }
        self.command = command
        self.path = [whole.command.commandName] + path
        self.usage = usage
        self.version = version
    }

    /// The page.
    var text: String {
        let name = path.joined(separator: "-")
        var lines = [
            ".\\\" SPDX-License-Identifier: Apache-2.0",
            ".TH \(name.uppercased()) 1 \"\" \"\(path[0]) \(version)\" \"User Commands\"",
            ".SH NAME",
            "\(Self.escaped(name)) \\- \(Self.escaped(Self.asPhrase(command.abstract ?? "")))",
            ".SH SYNOPSIS",
        ]
        for (i, way) in usage.split(separator: "\n").enumerated() {
            if i > 0 { lines.append(".br") }
            lines.append(Self.line(String(way)))
        }
        lines.append(".SH DESCRIPTION")
        lines += Self.paragraphs(command.discussion ?? command.abstract ?? "")
        let shown = (command.arguments ?? []).filter(\.shouldDisplay)
        lines += Self.section("ARGUMENTS", shown.filter { $0.kind == "positional" })
        lines += Self.section("OPTIONS", shown.filter { $0.kind != "positional" })
        if let subcommands = command.subcommands, !subcommands.isEmpty {
            lines.append(".SH COMMANDS")
            for other in subcommands {
                lines += [".TP", ".B \(Self.escaped(other.commandName))"]
                lines.append(Self.filled(other.abstract ?? ""))
            }
        }
        lines += [".SH SEE ALSO", ".BR \(Self.escaped(path[0])) (1)"]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func section(_ title: String, _ arguments: [Argument]) -> [String] {
        if arguments.isEmpty { return [] }
        return [".SH \(title)"] + arguments.flatMap(item)
    }

    private static func item(_ argument: Argument) -> [String] {
        // Where there are two they are written "lo> <hi" for the help.
        let value = (argument.valueName ?? "").split(separator: "> <")
            .map { "\\fI\(escaped(String($0)))\\fR" }.joined(separator: " ")
        // Short names first, as everywhere.
        let names = (argument.names ?? [])
            .map { $0.kind == "long" ? "--\($0.name)" : "-\($0.name)" }
            .sorted { $0.utf8.count < $1.utf8.count }
            .map { "\\fB\(escaped($0))\\fR" }.joined(separator: ", ")
        let title =
            names.isEmpty
            ? value + (argument.isRepeating && !value.contains(" ") ? " ..." : "")
            : argument.kind == "option" ? "\(names) \(value)" : names
        var text = argument.abstract ?? ""
        if let value = argument.defaultValue { text += " (default: \(value))" }
        return [".TP", title, filled(text)]
    }

    /// A discussion: what is indented in it is an example, and stays as it is.
    private static func paragraphs(_ text: String) -> [String] {
        var lines: [String] = []
        var isExample = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isIndented = line.hasPrefix("  ")
            if isIndented != isExample && !(line.isEmpty && isExample) {
                lines += isIndented ? [".nf"] : [".fi"]
                isExample = isIndented
            }
            if line.isEmpty {
                if isExample {
                    lines.append(".fi")
                    isExample = false
                }
                lines.append(".PP")
            } else {
                lines.append(isIndented ? Self.line(String(line)) : Self.filled(String(line)))
            }
        }
        if isExample { lines.append(".fi") }
        while lines.last == ".PP" { lines.removeLast() }
        return lines
    }

    /// Without the full stop and the capital of a sentence.
    private static func asPhrase(_ text: String) -> String {
        let text = text.hasSuffix(".") ? String(text.dropLast()) : text
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// Text in lines of 80 columns, which man fills anew.
    private static func filled(_ text: String) -> String {
        var lines: [String] = []
        var current = ""
        for word in text.split(separator: " ") {
            if !current.isEmpty && current.count + word.count > 70 {
                lines.append(line(current))
                current = ""
            }
            current += (current.isEmpty ? "" : " ") + word
        }
        return (lines + [line(current)]).joined(separator: "\n")
    }

    /// A line of text, of which nothing is a request.
    private static func line(_ text: String) -> String {
        let text = escaped(text)
        return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
    }

    /// Hyphens are those of options, carets and quotes those of a keyboard.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\e"
            case "-": escaped += "\\-"
            case "'": escaped += "\\(aq"
            case "`": escaped += "\\(ga"
            case "^": escaped += "\\(ha"
            case "~": escaped += "\\(ti"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}

extension PrimalityCommand {
    /// What the manual pages are asked for by, beside ArgumentParser's --generate-completion-script.
    static let manualOption = "--generate-manual"

    /// The commands below one, and those below them.
    private static func pages(
        below command: any ParsableCommand.Type, _ path: [String]
    ) -> [(path: [String], configuration: CommandConfiguration)] {
        command.configuration.subcommands.flatMap { subcommand in
            let path = path + [subcommand.configuration.commandName ?? ""]
            return [(path, subcommand.configuration)] + pages(below: subcommand, path)
        }
    }

    /// Prints the manual page of a subcommand; without one, the names of all that have a page.
    ///
    /// - Parameter arguments: What stands behind ``manualOption``.
    /// - Returns: The status.
    static func printManual(_ arguments: [String]) -> ExitStatus {
        var output = Output()
        let commands = Self.pages(below: self, [])
        guard let name = arguments.first else {
            for command in commands {
                _ = output.write(command.path.joined(separator: "-") + "\n")
            }
            return output.status()
        }
        guard let command = commands.first(where: { $0.path.joined(separator: "-") == name }),
            let page = ManualPage(
                dump: dump, of: command.path,
                usage: command.configuration.usage
                    ?? "primality \(command.path.joined(separator: " ")) "
                    + (command.configuration.subcommands.isEmpty ? "[<options>]" : "<command>"),
                version: BuildInformation.version)
        else {
            StandardStreams.complain("there is no command '\(printable(name))'")
            return .badInput
        }
        _ = output.write(page.text)
        return output.status()
    }

    private static var dump: String {
        do {
            _ = try parseAsRoot(["--experimental-dump-help"])
            return ""
        } catch {
            return fullMessage(for: error)
        }
    }
}
