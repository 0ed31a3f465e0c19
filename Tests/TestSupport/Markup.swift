// SPDX-License-Identifier: Apache-2.0

/// What is wrong with the markup of a text; `nil` when each tag is closed, and nothing stands for itself
/// that begins a tag or an entity.
package func flaw(in text: String, void: Set<String> = []) -> String? {
    var open: [String] = []
    var rest = text.unicodeScalars[...]
    while let next = rest.firstIndex(where: { $0 == "<" || $0 == "&" }) {
        let isEntity = rest[next] == "&"
        rest = rest[next...].dropFirst()
        if isEntity {
            let name = String(rest.prefix { $0 != ";" }.prefix(8))
            if !["amp", "lt", "gt", "quot", "#39"].contains(name) { return "entity &\(name)" }
            continue
        }
        guard let end = rest.firstIndex(of: ">") else { return "a tag without end" }
        let tag = String(rest[..<end])
        rest = rest[end...].dropFirst()
        if tag.hasPrefix("!") { continue }
        if tag.contains("<") { return "a bracket in <\(tag)>" }
        let name = String(tag.prefix { $0 != " " && $0 != "\n" })
        if tag.hasPrefix("/") {
            guard let last = open.popLast(), "/" + last == name else {
                return "<\(tag)> closes \(open.last ?? "nothing")"
            }
        } else if tag.count(where: { $0 == "\"" }) % 2 == 1 {
            return "an open attribute in <\(tag)>"
        } else if !tag.hasSuffix("/") && !void.contains(name) {
            open.append(name)
        }
    }
    return open.isEmpty ? nil : "not closed: \(open)"
}

/// The texts between two marks.
package func texts(in text: String, from start: String, to end: String) -> [String] {
    var found: [String] = []
    var rest = text[...]
    while let first = rest.firstRange(of: start) {
        rest = rest[first.upperBound...]
        guard let last = rest.firstRange(of: end) else { break }
        found.append(String(rest[..<last.lowerBound]))
        rest = rest[last.upperBound...]
    }
    return found
}
