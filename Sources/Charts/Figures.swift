// SPDX-License-Identifier: Apache-2.0

/// A number with so many decimals, rounded; what has more digits than a double is written as Swift does.
package func decimal(_ value: Double, places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let rounded = (abs(value) * scale).rounded()
    if !(rounded < 1e15) { return "\(value)" }
    let digits = String(Int(rounded))
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    let sign = value < 0 && rounded > 0 ? "-" : ""
    return sign + padded.dropLast(places) + (places > 0 ? "." : "") + padded.suffix(places)
}

/// A number with three significant digits, but whole from 100 on.
package func significant(_ value: Double) -> String {
    switch abs(value) {
    case 99.95...: decimal(value, places: 0)
    case 9.995...: decimal(value, places: 1)
    case 0.9995...: decimal(value, places: 2)
    default: decimal(value, places: 3)
    }
}

/// A time in the unit that suits it.
package func duration(nanoseconds: Double) -> String {
    switch abs(nanoseconds) {
    case 999.5e6...: significant(nanoseconds / 1e9) + " s"
    case 999.5e3...: significant(nanoseconds / 1e6) + " ms"
    case 999.5...: significant(nanoseconds / 1e3) + " µs"
    default: significant(nanoseconds) + " ns"
    }
}

/// A time with the decimals of its unit, so that those below each other can be compared.
package func fixed(seconds: Double) -> String {
    if seconds >= 1 { return decimal(seconds, places: 3) + " s" }
    if seconds >= 1e-3 { return decimal(seconds * 1e3, places: 2) + " ms" }
    return decimal(seconds * 1e6, places: 1) + " us"
}

/// A share of 1 in per cent.
package func percent(_ share: Double) -> String {
    decimal(share * 100, places: abs(share) < 0.0995 ? 1 : 0) + " %"
}

/// A number without the zeros that say nothing.
package func tick(_ value: Double) -> String {
    if value == 0 { return "0" }
    if abs(value) < 0.001 || abs(value) >= 1e15 { return "\(value)" }
    var text = significant(value)
    if text.contains(".") {
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
    }
    return text
}

/// A time without the zeros that say nothing.
package func tickDuration(nanoseconds: Double) -> String {
    switch nanoseconds {
    case 0: "0"
    case 999.5e6...: tick(nanoseconds / 1e9) + " s"
    case 999.5e3...: tick(nanoseconds / 1e6) + " ms"
    case 999.5...: tick(nanoseconds / 1e3) + " µs"
    default: tick(nanoseconds) + " ns"
    }
}

/// Text on the left of a column.
package func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

/// Text on the right of a column.
package func aligned(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
}
