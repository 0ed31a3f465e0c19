// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
package import Primality

/// Factors that moduli of several keys have in common, as keys have whose makers had too little randomness
/// [HDWH12].
package enum SharedFactors {
    /// A modulus that shares a factor with another one.
    package struct Share: Sendable, Equatable {
        /// The first key that it shares one with, by its position; `nil` when that was not looked for.
        package var partner: Int?
    }

    /// So many single greatest common divisors find out who shares with whom.
    private static let mostComparisons = 1 << 20

    /// Looks for shared factors.
    ///
    /// Keys with one and the same modulus, such as a private key and its certificate, share nothing by that.
    ///
    /// - Parameters:
    ///   - moduli: The moduli; `nil` for what has none.
    ///   - cancel: Ends the search.
    /// - Returns: By position, those that share a factor.
    /// - Throws: ``Primality/PrimalityError``: no memory for the trees, all moduli together above 2³² bits, or
    ///   cancelled.
    /// - Complexity: O(M(bits) log count) for all bits together.
    package static func find(
        _ moduli: [KeyInteger?], cancel: CancelFlag
    ) throws(PrimalityError) -> [Int: Share] {
        var firstPlace: [BigNatural: Int] = [:]
        var places: [Int: [Int]] = [:]
        var distinct: [Int] = []
        for (i, modulus) in moduli.enumerated() {
            guard let modulus, modulus.bits > 1 else { continue }
            let value = modulus.publicValue
            let first = firstPlace[value] ?? i
            if first == i {
                firstPlace[value] = i
                distinct.append(i)
            }
            places[first, default: []].append(i)
        }
        if distinct.count < 2 { return [:] }
        let numbers = NumberBatch(distinct.compactMap { moduli[$0]?.publicValue })
        var divisors = [UInt64](repeating: 0, count: numbers.limbs.count)
        // Divisors have the places of the numbers, of which the last offset is the end.
        let status = unsafe prk_batch_gcd(
            numbers.limbs, numbers.offsets, numbers.count, cancel.flag, &divisors)
        try PrimalityError.check(status)
        let sharing = distinct.indices.filter { i in
            let range = Int(numbers.offsets[i])..<Int(numbers.offsets[i + 1])
            return BigNatural(limbs: Array(divisors[range])) != 1
        }
        var shares: [Int: Share] = [:]
        var comparisons = 0
        for i in sharing {
            guard let n = moduli[distinct[i]] else { continue }
            var partner: Int?
            for k in sharing where k != i && comparisons < mostComparisons && partner == nil {
                if cancel.isCancelled { throw .cancelled }
                comparisons += 1
                if let other = moduli[distinct[k]], n.gcd(with: other).bits > 1 {
                    partner = distinct[k]
                }
            }
            for place in places[distinct[i]] ?? [] { shares[place] = Share(partner: partner) }
        }
        return shares
    }
}
