// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite struct ManualPageTests {
    /// The page is written by hand: it has to name what the tool has.
    @Test func eachSubcommandAndStatusIsNamed() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try #require(
            TestFiles.text(root.appendingPathComponent("docs/primality.1").path))
        let help = try Tool.run(["help"])
        let list = try #require(help.output.components(separatedBy: "SUBCOMMANDS:\n").last)
        let commands = (list.components(separatedBy: "\n\n").first ?? "").split(separator: "\n")
            // What wraps is indented more.
            .filter { $0.prefix(4).trimmingCharacters(in: .whitespaces) != "" }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(commands.count >= 10)
        for command in commands {
            #expect(page.contains("\n.B \(command)\n"), "\(command)")
        }
        let readme = try #require(TestFiles.text(root.appendingPathComponent("README.md").path))
        let statuses = readme.split(separator: "\n").compactMap { row -> [Substring]? in
            guard row.hasPrefix("| "), row.dropFirst(2).first?.isNumber == true else { return nil }
            return row.dropFirst(2).prefix { $0 != "|" }
                .split { !$0.isNumber }
        }.joined()
        #expect(statuses.count >= 8)
        let named =
            page.components(separatedBy: ".SH EXIT STATUS").last?
            .split { !$0.isNumber } ?? []
        for status in statuses { #expect(named.contains(status), "status \(status)") }
        // The options that it names are there.
        let helps = try ["check", "prove", "verify"].map { try Tool.run(["help", $0]).output }
        let options = page.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix(".BI \\-") || line.hasPrefix(".B \\-") else { return nil }
            return line.split(separator: " ")[1].replacingOccurrences(of: "\\-", with: "-")
        }
        #expect(options.count >= 10)
        for option in options { #expect(helps.contains { $0.contains(option) }, "\(option)") }
    }

    /// Runs a shell command, unless the program that it needs is not there, which is told.
    private static func with(_ program: String, _ command: String) throws -> Tool.Outcome? {
        if try Tool.shell("command -v \(program)").status != 0 {
            print("skipped: \(program) is not installed")
            return nil
        }
        return try Tool.shell(command)
    }

    /// The pages of commands are written by the tool, from what its help says.
    @Test func eachCommandHasAPage() throws {
        let names = try Tool.run(["--generate-manual"]).lines
        #expect(names.count >= 12 && names.contains("check") && names.contains("queue-submit"))
        try inNewFolder { folder in
            for name in names {
                let page = try Tool.run(["--generate-manual", name])
                #expect(page.status == 0 && page.error == "")
                try Data(page.output.utf8).write(
                    to: URL(fileURLWithPath: folder + "primality-\(name).1"))
                for title in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SEE ALSO"] {
                    #expect(page.output.contains("\n.SH \(title)\n"), "\(name)")
                }
                // Each option that the help names is there, as it is written.
                // queue-submit is the page of primality queue submit.
                let words = name.split(separator: "-").map(String.init)
                let help = try Tool.run(["help"] + words).output
                let called = words.joined(separator: " ")
                let options = help.split(separator: "\n").compactMap { line in
                    line.split(separator: " ").first { $0.hasPrefix("--") }.map {
                        String($0.prefix { $0.isLetter || $0.isNumber || $0 == "-" })
                    }
                }.filter { $0.count > 2 }
                #expect(options.count >= 2, "\(name)")
                for option in options {
                    let written = option.replacingOccurrences(of: "-", with: "\\-")
                    #expect(page.output.contains(written), "\(name): \(option)")
                }
                // An example stays on its line.
                for line in help.split(separator: "\n")
                where line.hasPrefix("  primality \(called) ") {
                    let first = line.split(separator: "'").first ?? line
                    let written = first.replacingOccurrences(of: "-", with: "\\-")
                        .replacingOccurrences(of: "^", with: "\\(ha")
                        .replacingOccurrences(of: "~", with: "\\(ti")
                    #expect(page.output.contains("\n" + written), "\(name): \(line)")
                }
            }
            if let lint = try Self.with(
                "mandoc", "mandoc -Tlint -Wwarning '\(folder)'*.1 | grep -v 'missing date'")
            {
                #expect(lint.output == "" && lint.error == "")
            }
            if let groff = try Self.with(
                "groff", "cd '\(folder)' && for f in *.1; do groff -man -ww -Tutf8 -z $f 2>&1; done"
            ) {
                #expect(groff.output == "" && groff.status == 0)
            }
        }
        #expect(try Tool.run(["--generate-manual", "nothing"]).status == 2)
    }

    @Test(arguments: [("bash", "bash -n"), ("zsh", "zsh -n"), ("fish", "fish --no-execute")])
    func completionsAreScriptsOfTheirShells(_ shell: String, _ check: String) throws {
        let script = try Tool.run(["--generate-completion-script", shell])
        #expect(script.status == 0 && script.output.contains("merge"))
        // Names that an option takes are offered.
        for name in ["swift-trial", "processes", "jsonl", "bfile"] {
            #expect(script.output.contains(name), "\(name)")
        }
        try inNewFolder { folder in
            try Data(script.output.utf8).write(to: URL(fileURLWithPath: folder + "script"))
            if let outcome = try Self.with(shell, "\(check) '\(folder)script'") {
                #expect(outcome.status == 0 && outcome.error == "", "\(outcome.error)")
            }
        }
    }

    /// What bash offers, as its own machinery would ask.
    @Test func bashCompletesCommandsAndValues() throws {
        try inNewFolder { folder in
            let script = try Tool.run(["--generate-completion-script", "bash"])
            try Data(script.output.utf8).write(to: URL(fileURLWithPath: folder + "script"))
            for (words, offered) in [
                (["me"], "merge"), (["check", "--en"], "--engine"),
                (["check", "--engine", "f"], "fft"),
                (["list", "--format", "b"], "bfile"),
            ] {
                let line = (["primality"] + words).joined(separator: " ")
                let before = (["primality"] + words).dropLast().last ?? ""
                let ask = """
                    . '\(folder)script'; COMP_WORDS=(\(line)); COMP_CWORD=\(words.count)
                    COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9
                    _primality primality '\(words.last ?? "")' '\(before)'
                    printf '%s\\n' "${COMPREPLY[@]}"
                    """
                try Data(ask.utf8).write(to: URL(fileURLWithPath: folder + "ask"))
                guard let outcome = try Self.with("bash", "bash '\(folder)ask'") else { return }
                #expect(
                    outcome.lines.contains { $0.trimmingCharacters(in: .whitespaces) == offered },
                    "\(line): \(outcome)")
            }
        }
    }
}
