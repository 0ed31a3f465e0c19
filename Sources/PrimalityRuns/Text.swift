// SPDX-License-Identifier: Apache-2.0

/// "1 line", "2 lines"; with a verb for one and one for others, "1 line was".
package func counted(_ count: Int, _ thing: String, _ one: String = "", _ others: String = "")
    -> String
{
    let verb = count == 1 ? one : others
    return "\(count) \(thing)\(count == 1 ? "" : "s")\(verb.isEmpty ? "" : " " + verb)"
}

/// Text that a terminal cannot take amiss: printable ASCII, of more than 40 characters the first 24 and the
/// last 12.
///
/// Numbers that are searched side by side differ in their last digits.
package func printable(_ bytes: some BidirectionalCollection<UInt8>) -> String {
    bytes.dropFirst(40).isEmpty
        ? shown(bytes) : shown(bytes.prefix(24)) + "..." + shown(bytes.suffix(12))
}

/// Printable ASCII, and codes in place of the rest.
private func shown(_ bytes: some Collection<UInt8>) -> String {
    var text = ""
    for byte in bytes {
        if (0x20...0x7E).contains(byte) {
            text.unicodeScalars.append(UnicodeScalar(byte))
        } else {
            text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return text
}

package func printable(_ text: String) -> String { printable(text.utf8) }

/// The name of a file, whole, as a terminal can take it.
package func printable(file name: String) -> String { name.isEmpty ? "''" : shown(name.utf8) }
