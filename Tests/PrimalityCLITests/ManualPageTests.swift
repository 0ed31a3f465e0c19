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
}
