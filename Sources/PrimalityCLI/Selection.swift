// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality

/// Which candidates of the input a run is to test.
struct Selection: Sendable {
    /// The share of a job array.
    var shard = Shard()
    /// Places that have results already.
    var done = PlaceSet()
    /// Which of them passed, and which were composite, where it matters to other candidates.
    var passed = PlaceSet()
    var composite = PlaceSet()

    /// What is known of a candidate.
    func verdict(at place: Int) -> Verdict? {
        if !done.contains(place) { return nil }
        return passed.contains(place)
            ? .probablePrime : composite.contains(place) ? .composite : .neither
    }
}

/// One of n shares of the input: every nth candidate.
///
/// Sharing by turns needs no count beforehand, and where the input is sorted by size, as it often is,
/// the shares cost the same.
struct Shard: Sendable, CustomStringConvertible {
    /// Which one, from 1.
    var index = 1
    /// Of how many.
    var count = 1

    private static let most = 1_000_000_000

    init() {}

    /// Reads `i/n`.
    ///
    /// What is wrong with it is reported as a usage error.
    init(parsing text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        // Int takes a sign.
        guard parts.count == 2, !text.contains("+"), let index = Int(parts[0]),
            let count = Int(parts[1])
        else {
            throw Refusal.usage(
                "--shard '\(printable(text))' is no share; give i/n, such as 1/8 to 8/8")
        }
        guard (1...Self.most).contains(count) else {
            throw Refusal.usage("--shard \(text): n is out of range; give 1 to \(Self.most)")
        }
        if index == 0 {
            throw Refusal.usage(
                "--shard \(text): shares are counted from 1 to \(count); number a job array from 1 "
                    + "(sbatch --array=1-\(count)), or add 1 to its index")
        }
        guard (1...count).contains(index) else {
            throw Refusal.usage("--shard \(text): i is out of range; give 1 to \(count)")
        }
        self.index = index
        self.count = count
    }

    var description: String { "\(index)/\(count)" }

    /// Whether the candidate at a place, from 0, is in this share.
    func contains(_ place: Int) -> Bool { count == 1 || place % count == index - 1 }
}

/// A set of places: a bit for each place where there are others nearby, 12 MB for 10⁸ in a row.
struct PlaceSet: Sendable {
    private static let blockBits = 1 << 15

    private var blocks: [Int: [UInt64]] = [:]
    /// How many there are.
    private(set) var count = 0

    func contains(_ place: Int) -> Bool {
        if count == 0 { return false }
        guard let block = blocks[place / Self.blockBits] else { return false }
        let bit = place % Self.blockBits
        return block[bit / 64] >> UInt64(bit % 64) & 1 == 1
    }

    /// Adds a place; `false` when it was there.
    mutating func insert(_ place: Int) -> Bool {
        if contains(place) { return false }
        let bit = place % Self.blockBits
        let empty = [UInt64](repeating: 0, count: Self.blockBits / 64)
        blocks[place / Self.blockBits, default: empty][bit / 64] |= 1 << UInt64(bit % 64)
        count += 1
        return true
    }
}
