// SPDX-License-Identifier: Apache-2.0

/// Text on one line that neither a terminal nor a reader takes amiss: control and format characters, which
/// a file may hold, are replaced.
package func plainText(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
            .unassigned:
            result.append("\u{FFFD}")
        default: result.append(scalar)
        }
    }
    return String(result)
}

/// Text as it stands in XML and HTML, in an attribute, too.
package func markup(_ text: String) -> String {
    var result = ""
    for scalar in plainText(text).unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
