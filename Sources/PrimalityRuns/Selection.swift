// SPDX-License-Identifier: Apache-2.0

package import Primality

/// Which candidates of the input a run is to test.
package struct Selection: Sendable {
    /// The share of a job array.
    package var shard = Shard()
    /// What has results already.
    package var earlier = EarlierPlaces()

    package init(shard: Shard = Shard(), earlier: EarlierPlaces = EarlierPlaces()) {
        self.shard = shard
        self.earlier = earlier
    }
}

/// One of n shares of the input: every nth candidate.
///
/// Sharing by turns needs no count beforehand, and where the input is sorted by size, as it often is,
/// the shares cost the same.
package struct Shard: Sendable, CustomStringConvertible {
    /// Which one, from 1.
    package var index = 1
    /// Of how many.
    package var count = 1

    private static let most = 1_000_000_000

    package init() {}

    /// What an option says; without one it is all.
    package init(option: String?) throws(UsageError) {
        self.init()
        if let option { self = try Shard(parsing: option) }
    }

    /// Reads `i/n`.
    ///
    /// - Throws: What is wrong with it.
    package init(parsing text: String) throws(UsageError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        // Int takes a sign.
        guard parts.count == 2, !text.contains("+"), let index = Int(parts[0]),
            let count = Int(parts[1])
        else {
            throw UsageError(
                "--shard '\(printable(text))' is no share; give i/n, such as 1/8 to 8/8")
        }
        guard (1...Self.most).contains(count) else {
            throw UsageError("--shard \(text): n is out of range; give 1 to \(Self.most)")
        }
        if index == 0 {
            throw UsageError(
                "--shard \(text): shares are counted from 1 to \(count); number a job array from 1 "
                    + "(sbatch --array=1-\(count)), or add 1 to its index")
        }
        guard (1...count).contains(index) else {
            throw UsageError("--shard \(text): i is out of range; give 1 to \(count)")
        }
        self.index = index
        self.count = count
    }

    package var description: String { "\(index)/\(count)" }

    /// One of n parts of a range that follow each other and have the same length, or one more; `nil` when
    /// it has no number.
    ///
    /// - Throws: What is wrong.
    package func part(of range: ClosedRange<BigNatural>) throws(UsageError) -> ClosedRange<
        BigNatural
    >? {
        if count == 1 { return range }
        let low = range.lowerBound
        guard let width = low.distance(to: range.upperBound) else {
            throw UsageError(
                "--shard \(self): a range of more than 2^63 numbers is not divided")
        }
        func end(_ parts: Int) -> UInt64 {
            UInt64((UInt128(width) + 1) * UInt128(parts) / UInt128(count))
        }
        let (first, next) = (end(index - 1), end(index))
        return first == next ? nil : low.adding(first)...low.adding(next - 1)
    }

    /// Whether the candidate at a place, from 0, is in this share.
    package func contains(_ place: Int) -> Bool { count == 1 || place % count == index - 1 }
}

/// A set of places: a bit for each place where there are others nearby, 12 MB for 10⁸ in a row.
package struct PlaceSet: Sendable {
    package static let blockBits = 1 << 15

    private var blocks: [Int: [UInt64]] = [:]
    /// How many there are.
    package private(set) var count = 0

    package func contains(_ place: Int) -> Bool {
        if count == 0 { return false }
        guard let block = blocks[place / Self.blockBits] else { return false }
        let bit = place % Self.blockBits
        return block[bit / 64] >> UInt64(bit % 64) & 1 == 1
    }

    /// Adds a place, or takes it out.
    package mutating func set(_ place: Int, _ isMember: Bool) {
        if contains(place) == isMember { return }
        let bit = place % Self.blockBits
        blocks[
            place / Self.blockBits, default: [UInt64](repeating: 0, count: Self.blockBits / 64)
        ][bit / 64] ^= 1 << UInt64(bit % 64)
        count += isMember ? 1 : -1
    }
}

/// Why what was asked for makes no sense.
package struct UsageError: Error {
    package let message: String
    package init(_ message: String) { self.message = message }
}
