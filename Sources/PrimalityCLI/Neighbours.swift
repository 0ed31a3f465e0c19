// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityPool
internal import PrimalityRuns

/// The primes next to a number, on one side of it.
struct Neighbours {
    let isAbove: Bool
    let command: String
    let numbers: [String]
    let count: Int
    let base: NumberBase

    func run(_ options: RunOptions) throws {
        if numbers.count != 1 {
            throw Refusal.usage("give one number; see primality \(command) --help")
        }
        let options = try options.checked()
        let count = try searchCount(count)
        try Refusal.checkLevel()
        guard
            let start = number(
                numbers[0], called: "n", maximumBits: options.maximumBits, in: base)
        else {
            throw ExitCode(ExitStatus.badInput.rawValue)
        }

        let search: PrimeSearch =
            isAbove ? .after(start, count: count) : .before(start, count: count)
        var run = try SearchRun(search, options, start: start, origin: ("n", start))
        let range = range(from: start)
        run.search { source, _ in RunEstimate(note: range(source.reached)) }
        let results = run.results
        if results.isWhole && results.found < count { complainOfTooFew(&run) }
        run.end {
            if results.isWhole { return "\(printed(results.found)), all that was asked for" }
            guard let range = range(results.last) else { return "no test has come to its end" }
            return results.found == 0
                ? "\(range) there is none" : "\(printed(results.found)), all there are \(range)"
        }
        try run.throwStatus()
    }

    /// Says how far it is to a number: `up to n + 1234`.
    private func range(from start: BigNatural) -> @Sendable (BigNatural?) -> String? {
        let (words, sign) = isAbove ? ("up to n", "+") : ("down to n", "-")
        return { $0.flatMap { start.distance(to: $0) }.map { "\(words) \(sign) \(abs($0))" } }
    }

    private func complainOfTooFew(_ run: inout SearchRun) {
        let below = "below \(printable(numbers[0]))"
        let found = run.results.found
        run.complain(
            found == 0
                ? "there is no prime \(below)"
                : "\(found == 1 ? "there is only 1 prime" : "there are only \(found) primes") \(below)",
            .badInput)
    }
}
