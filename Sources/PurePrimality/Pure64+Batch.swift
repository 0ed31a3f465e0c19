// SPDX-License-Identifier: Apache-2.0

extension Pure64 {
    /// Writes whether each number is prime.
    ///
    /// Numbers go through small primes, a block of numbers at a time. Below 2³² one strong test decides,
    /// four numbers at a time. Others have the strong test to base 2, four numbers at a time, and the
    /// Lucas test, two at a time. What waits for its group lives in fixed storage, so that nothing is
    /// allocated.
    ///
    /// - Parameters:
    ///   - numbers: Any numbers.
    ///   - results: At least as many places.
    /// - Complexity: O(`numbers.count`); a third to a half of as many calls of ``isPrime(_:)``.
    public static func test(_ numbers: Span<UInt64>, into results: inout MutableSpan<Bool>) {
        if numbers.count < 4 {
            for i in numbers.indices { results[i] = isPrime(numbers[i]) }
            return
        }
        var places = Places()
        var groups = Groups()
        var first = 0
        while first < numbers.count {
            let block = numbers.extracting(first..<min(first &+ 256, numbers.count))
            for i in block.indices {
                let n = block[i]
                results[first &+ i] = n <= smallest ? isPrime(n) : false
            }
            places.takeOddNumbers(of: block, above: smallest)
            places.sieve(block)
            var i = 0
            while i < places.count {
                let place = places[i]
                groups.add(block[place], at: first &+ place, &results)
                i &+= 1
            }
            first &+= block.count
        }
        groups.finish(&results)
    }

    /// Up to here numbers are tested one by one: a batch takes every multiple of a sieving prime for
    /// a composite.
    @inline(__always)
    private static var smallest: UInt64 { 1 << 16 }
}

/// What waits for the later stages of a batch.
private struct Groups {
    private struct Candidate {
        var n: UInt64 = 0
        var place = 0
        var p: UInt64 = 0
    }

    private var words = InlineArray<4, Candidate>(repeating: Candidate())
    private var wordCount = 0
    private var base2 = InlineArray<4, Candidate>(repeating: Candidate())
    private var base2Count = 0
    private var lucas = InlineArray<2, Candidate>(repeating: Candidate())
    private var lucasCount = 0

    /// Takes in a number that no small prime divides.
    @inline(__always)
    mutating func add(_ n: UInt64, at place: Int, _ results: inout MutableSpan<Bool>) {
        if n <= UInt64(UInt32.max) {
            words[wordCount & 3] = Candidate(n: n, place: place)
            wordCount &+= 1
            if wordCount == 4 { testWords(&results) }
            return
        }
        base2[base2Count & 3] = Candidate(n: n, place: place)
        base2Count &+= 1
        if base2Count == 4 { testBase2(&results) }
    }

    /// Tests what still waits.
    mutating func finish(_ results: inout MutableSpan<Bool>) {
        if wordCount > 0 {
            var i = wordCount
            while i < 4 {
                words[i & 3] = words[0]
                i &+= 1
            }
            testWords(&results)
        }
        if base2Count > 0 {
            var i = base2Count
            while i < 4 {
                base2[i & 3] = base2[0]
                i &+= 1
            }
            testBase2(&results)
        }
        if lucasCount > 0 {
            lucas[1] = lucas[0]
            testLucas(&results)
        }
    }

    private mutating func testWords(_ results: inout MutableSpan<Bool>) {
        let isPrime = Pure64.arePrimeWords(words[0].n, words[1].n, words[2].n, words[3].n)
        results[words[0].place] = isPrime.0
        results[words[1].place] = isPrime.1
        results[words[2].place] = isPrime.2
        results[words[3].place] = isPrime.3
        wordCount = 0
    }

    private mutating func testBase2(_ results: inout MutableSpan<Bool>) {
        let passed = Pure64.areStrongProbablePrimesToBase2(
            base2[0].n, base2[1].n, base2[2].n, base2[3].n)
        if passed.0 { addToLucas(base2[0], &results) }
        if passed.1 && base2Count > 1 { addToLucas(base2[1], &results) }
        if passed.2 && base2Count > 2 { addToLucas(base2[2], &results) }
        if passed.3 && base2Count > 3 { addToLucas(base2[3], &results) }
        base2Count = 0
    }

    private mutating func addToLucas(
        _ candidate: Candidate, _ results: inout MutableSpan<Bool>
    ) {
        let p = Pure64.lucasP(for: candidate.n)
        if p == 0 { return }
        lucas[lucasCount & 1] = Candidate(n: candidate.n, place: candidate.place, p: p)
        lucasCount &+= 1
        if lucasCount == 2 { testLucas(&results) }
    }

    private mutating func testLucas(_ results: inout MutableSpan<Bool>) {
        let passed = Pure64.areAlmostExtraStrongLucasProbablePrimes(
            lucas[0].n, p: lucas[0].p, lucas[1].n, p: lucas[1].p)
        results[lucas[0].place] = passed.0
        results[lucas[1].place] = passed.1
        lucasCount = 0
    }
}
