// SPDX-License-Identifier: Apache-2.0

package import Primality

/// What is known from the lines of a file of results, as they are read one by one.
package protocol EarlierResults {
    /// Takes a line.
    ///
    /// - Returns: What is wrong with it, as a sentence's end; `nil` when it fits the others.
    mutating func take(_ line: ResultLine) -> String?

    /// Takes a line that says up to which number all is known.
    ///
    /// - Returns: What is wrong with it, as a sentence's end.
    mutating func take(_ line: ReachedLine) -> String?

    /// What the last line about a place said when it was no result.
    func undecided(at place: Int) -> ResultWord?

    /// What helps when a line is damaged.
    static func remedy(line number: Int) -> String
}

/// Which candidates of a file have results, in a bit for each and little more.
package struct EarlierPlaces: EarlierResults, Sendable {
    /// No candidate of the input has a place beyond it.
    private let lastPlace: UInt64
    /// The share whose candidates are tested.
    private let shard: Shard
    /// Whether candidates may depend on results.
    private let needsVerdicts: Bool
    /// The places that have results.
    package private(set) var done = PlaceSet()
    /// Those that passed, and those that were composite, unless every line is a candidate.
    package private(set) var passed = PlaceSet()
    package private(set) var composite = PlaceSet()
    /// Those whose last line was no result.
    private var timedOut = PlaceSet()
    private var failed = PlaceSet()
    /// What the results say that stands there.
    package private(set) var inputs = InputSums()

    /// There are none.
    package init() { self.init(lastPlace: .max, of: Shard(), needsVerdicts: false) }

    package init(lastPlace: UInt64, of shard: Shard, needsVerdicts: Bool) {
        self.lastPlace = lastPlace
        self.shard = shard
        self.needsVerdicts = needsVerdicts
    }

    package mutating func take(_ line: ResultLine) -> String? {
        let place = line.place
        if UInt64(place) > lastPlace {
            return "is about i = \(place), and the input has not so many candidates"
        }
        // Rows with conditions are divided as rows, and which places those have the results do not say.
        if !needsVerdicts && !shard.contains(place) {
            return "is about i = \(place), which is not in share \(shard)"
        }
        if done.contains(place) { return "is a second result for i = \(place)" }
        guard let verdict = line.word.verdict else {
            timedOut.set(place, line.word == .timedOut)
            failed.set(place, line.word == .failed)
            return nil
        }
        timedOut.set(place, false)
        failed.set(place, false)
        done.set(place, true)
        inputs.add(InputSums.hash(line.input, at: place), at: place)
        if needsVerdicts {
            if verdict.passed { passed.set(place, true) }
            if verdict == .composite { composite.set(place, true) }
        }
        return nil
    }

    package mutating func take(_ line: ReachedLine) -> String? { "is no result" }

    package func undecided(at place: Int) -> ResultWord? {
        timedOut.contains(place) ? .timedOut : failed.contains(place) ? .failed : nil
    }

    package static func remedy(line number: Int) -> String {
        "when the line is taken out (sed -i \(number)d), its number is tested again"
    }

    /// What is known of a candidate.
    package func verdict(at place: Int) -> Verdict? {
        if !done.contains(place) { return nil }
        return passed.contains(place)
            ? .probablePrime : composite.contains(place) ? .composite : .neither
    }
}

/// Which primes of a range were found, in order: how far it is known.
package struct EarlierPrimes: EarlierResults {
    private let low: [UInt8]
    private let high: [UInt8]
    /// How many numbers were reported on.
    package private(set) var count = 0
    /// The last number up to which all is known.
    package private(set) var last: [UInt8]?
    /// Numbers whose last line was no result, by their place.
    package private(set) var undecided: [Int: (word: ResultWord, number: [UInt8])] = [:]

    package init(low: BigNatural, high: BigNatural) {
        self.low = Array(low.description.utf8)
        self.high = Array(high.description.utf8)
    }

    package mutating func take(_ line: ResultLine) -> String? {
        if let earlier = undecided[line.place] {
            if !earlier.number.elementsEqual(line.input) {
                return "is about another number than the one before for i = \(line.place)"
            }
            let isResult = line.word.verdict != nil
            undecided[line.place] = isResult ? nil : (line.word, earlier.number)
            return nil
        }
        if line.place < count { return "is a second result for i = \(line.place)" }
        if line.place > count { return "follows a gap: the result for i = \(count) is missing" }
        if !goesOn(at: line.input) { return "is about a number that does not come next" }
        if line.word.verdict == nil { undecided[line.place] = (line.word, Array(line.input)) }
        count += 1
        last = Array(line.input)
        return nil
    }

    package mutating func take(_ line: ReachedLine) -> String? {
        if line.count != count {
            return "counts \(line.count) results above it, and \(count) stand there"
        }
        if !goesOn(at: line.number) { return "is about a number that does not come next" }
        last = Array(line.number)
        return nil
    }

    /// Whether a number is in the range and above the last one.
    private func goesOn(at number: ArraySlice<UInt8>) -> Bool {
        func isBelow(_ first: some Collection<UInt8>, _ second: some Collection<UInt8>) -> Bool {
            first.count == second.count
                ? first.lexicographicallyPrecedes(second) : first.count < second.count
        }
        if isBelow(number, low) || isBelow(high, number) { return false }
        return last.map { isBelow($0, number) } ?? true
    }

    package func undecided(at place: Int) -> ResultWord? { undecided[place]?.word }

    package static func remedy(line number: Int) -> String {
        "when it and what follows are taken out (sed -i '\(number),$d'), the search goes on from there"
    }
}

/// What stands at the places that have results, as a sum of hashes for each 256 of them: enough to notice
/// that something else stands there.
package struct InputSums: Sendable {
    package static let places = 256
    private static let blockSums = PlaceSet.blockBits / places

    private var blocks: [Int: [UInt64]] = [:]

    /// The hash of a text, as it stands in JSON, at its place: FNV-1a, and mixed.
    package static func hash(_ text: some Collection<UInt8>, at place: Int) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash ^= UInt64(place) &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        return hash ^ hash >> 33
    }

    package mutating func add(_ hash: UInt64, at place: Int) {
        blocks[
            place / PlaceSet.blockBits, default: [UInt64](repeating: 0, count: Self.blockSums)
        ][place % PlaceSet.blockBits / Self.places] &+= hash
    }

    /// The sum of the hashes of all places that share theirs with one.
    package func sum(around place: Int) -> UInt64 {
        blocks[place / PlaceSet.blockBits].map {
            $0[place % PlaceSet.blockBits / Self.places]
        } ?? 0
    }
}

/// Compares what stands in the input with what the results are about, as the input is read again.
package struct InputCheck: Sendable {
    /// What does not fit.
    package enum Mismatch: Sendable {
        /// Among some places: what stands there, as hashes.
        case within(Range<Int>, [Int: UInt64])
        /// Results for what is beyond so many candidates.
        case beyond(Int)
    }

    private let results: EarlierPlaces
    private var hashes: [Int: UInt64] = [:]
    private var first = 0
    private var seen = 0
    /// The first that was noticed.
    package private(set) var mismatch: Mismatch?

    package init(_ results: EarlierPlaces) { self.results = results }

    /// Takes what the candidate is written as at a place that has a result, or `nil` when there is none, but
    /// something wrong; places increase.
    package mutating func take(_ text: ArraySlice<UInt8>?, at place: Int) {
        if place >= first + InputSums.places { compare() }
        if hashes.isEmpty { first = place - place % InputSums.places }
        seen += 1
        guard let text else {
            hashes[place] = 0
            return
        }
        var escaped: [UInt8] = []
        appendEscaped(text, to: &escaped)
        hashes[place] = InputSums.hash(escaped, at: place)
    }

    /// Takes the end of the input, and how many candidates it had.
    package mutating func finish(_ count: Int) {
        compare()
        if mismatch == nil && seen != results.done.count { mismatch = .beyond(count) }
    }

    private mutating func compare() {
        if hashes.isEmpty { return }
        let sum = hashes.values.reduce(0, &+)
        if mismatch == nil && sum != results.inputs.sum(around: first) {
            mismatch = .within(first..<first + InputSums.places, hashes)
        }
        hashes.removeAll(keepingCapacity: true)
    }
}
