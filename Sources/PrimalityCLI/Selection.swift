// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// Which candidates of the input a run is to test.
struct Selection: Sendable {
    /// The share of a job array.
    var shard = Shard()
    /// Places that have results already.
    var done = PlaceSet()
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

/// A set of places: a bit for each place up to the largest, 12 MB for 10⁸.
struct PlaceSet: Sendable {
    private var words: [UInt64] = []
    /// How many there are.
    private(set) var count = 0

    func contains(_ place: Int) -> Bool {
        let word = place / 64
        return word < words.count && words[word] >> UInt64(place % 64) & 1 == 1
    }

    /// Adds a place; `false` when it was there.
    mutating func insert(_ place: Int) -> Bool {
        if contains(place) { return false }
        let word = place / 64
        while words.count <= word { words.append(0) }
        words[word] |= 1 << UInt64(place % 64)
        count += 1
        return true
    }
}
