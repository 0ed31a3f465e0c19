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
