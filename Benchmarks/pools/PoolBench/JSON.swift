// SPDX-License-Identifier: Apache-2.0

/// Enough of JSON to write figures.
///
/// Foundation makes a small process twice as large, and with it starting and ending two processes slower
/// by a fifth to a third: that would be in the figures.
enum JSON {
    case object([(String, JSON)])
    case array([JSON])
    case string(String)
    case number(Double)
    case bool(Bool)
    case null

    init(_ text: String?) { self = text.map { .string($0) } ?? .null }

    init(_ number: Double?) { self = number.map { .number($0) } ?? .null }

    init(_ numbers: [Double]) { self = .array(numbers.map { .number($0) }) }

    /// With a member or an element a line, but short ones in one line.
    func text(indent: String = "") -> String {
        switch self {
        case .object(let members):
            return block(
                "{", members.map { "\(Self.quoted($0)): \($1.text(indent: indent + "  "))" }, "}",
                indent)
        case .array(let elements):
            return block("[", elements.map { $0.text(indent: indent + "  ") }, "]", indent)
        case .string(let text): return Self.quoted(text)
        case .number(let number):
            if let whole = Int(exactly: number) { return "\(whole)" }
            return number.isFinite ? "\(number)" : "null"
        case .bool(let value): return "\(value)"
        case .null: return "null"
        }
    }

    private func block(_ open: String, _ parts: [String], _ end: String, _ indent: String) -> String
    {
        let line = open + parts.joined(separator: ", ") + end
        if line.utf8.count <= 100 && !line.contains("\n") { return line }
        return "\(open)\n\(indent)  \(parts.joined(separator: ",\n\(indent)  "))\n\(indent)\(end)"
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension Timing {
    var json: JSON {
        .object([
            ("median", .number(median)), ("min", .number(min)), ("mad", .number(spread)),
            ("rounds", JSON(rounds)),
        ])
    }
}

extension Environment {
    var json: JSON {
        .object([
            ("cpu", .string(machine.cpu)), ("cores", .number(Double(machine.cores))),
            ("system", .string(machine.system)), ("level", .string(machine.level)),
            ("library", .string(machine.library)), ("libraryCompiler", .string(machine.compiler)),
            ("swift", .string(machine.swift)),
            ("python", JSON(python)), ("pythonLibraryCompiler", JSON(pythonLibraryCompiler)),
            ("loadBefore", JSON(machine.loadBefore)), ("loadAfter", JSON(machine.loadAfter)),
            ("others", JSON(machine.others)),
        ])
    }
}

extension Results {
    /// All figures; times are nanoseconds.
    var json: JSON {
        .object([
            ("environment", environment.json), ("rounds", .number(Double(rounds))),
            ("workers", .number(Double(workers))), ("isQuick", .bool(isQuick)),
            ("doubts", .array(doubts.map { .string($0) })),
            (
                "starts",
                .array(
                    starts.map {
                        .object([
                            ("name", .string($0.name)), ("asks", $0.asks?.json ?? .null),
                            ("first", $0.first.json), ("end", $0.end.json),
                        ])
                    })
            ),
            (
                "rows",
                .array(
                    rows.map {
                        .object([
                            ("path", .string($0.path.rawValue)), ("name", .string($0.name)),
                            ("chunk", .number(Double($0.chunk))), ("speed", JSON($0.speed)),
                            ("measurement", $0.measurement.json),
                        ])
                    })
            ),
            ("bookRepeats", .number(Double(bookRepeats))),
            (
                "book",
                .array(
                    book.map {
                        .object([
                            ("name", .string($0.name)), ("speedup", .number($0.speedup)),
                            ("measurement", $0.measurement.json),
                        ])
                    })
            ),
            (
                "targets",
                .array(
                    targets.map {
                        .object([
                            ("what", .string($0.what)), ("reached", .number($0.reached)),
                            ("target", .number($0.target)), ("isLeast", .bool($0.isLeast)),
                            ("isReached", .bool($0.isReached)),
                        ])
                    })
            ),
        ])
    }
}
