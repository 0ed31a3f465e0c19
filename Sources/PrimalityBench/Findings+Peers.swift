// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import Foundation

extension BenchReport {
    /// Of contenders for the same words those worth a look: ours at the level in use, and all others.
    package func shownPeers(_ all: [Timing]) -> [Timing] {
        all.filter { m in
            let parts = m.variant.components(separatedBy: ", ")
            return parts.count < 3 || parts[0] != PeerFile.ours || parts[1] == environment.level
        }
    }
}

extension Findings {
    private static let sizes = [256, 1024, 4096]

    /// Ours beside other libraries and Python's pools.
    package mutating func peers() {
        let all = report.measurements(of: .peer)
        let words = report.shownPeers(all.filter { $0.subject == PeerFile.words })
        for input in distinct(words.compactMap(\.input)).prefix(2) {
            let name = input.hasSuffix("-bit") ? input + " numbers" : input
            times("One of the \(name)", words.filter { $0.input == input })
        }
        let large = all.filter { $0.subject == PeerFile.large && $0.input == PeerFile.primes }
        for size in Self.sizes {
            times("One of the primes of \(size) bits", large.filter { $0.size == size })
        }
        for all in [report.measurements(of: .pools), all] { pools(all) }
    }

    private mutating func pools(_ all: [Timing]) {
        times(
            "From the start of a pool to its first results it",
            all.filter { $0.subject == PeerFile.firstResults })
        times(
            "A chunk of one number, streamed,",
            all.filter {
                $0.subject == PeerFile.chunks && $0.input == PeerFile.streamed && $0.size == 1
            })
        let cores = report.environment.cores
        let books = all.filter {
            $0.section == .pools && $0.subject == PeerFile.book && $0.ratio != nil
                && !$0.isNoise(among: cores)
        }
        if books.isEmpty { return }
        add(
            "pools.book",
            "On the book's numbers {0} workers are so many times as fast as the serial pool: "
                + list(books.enumerated().map { "{\($0 + 1)} (\($1.variant))" }) + ".",
            [count(cores)] + books.compactMap { $0.ratio.map { factor($0.value) } }, from: books)
    }

    private mutating func times(_ what: String, _ contenders: [Timing]) {
        let measured = contenders.compactMap { m in m.time.map { (m, $0.median) } }
        // One alone is beside nothing.
        if measured.count < 2 { return }
        let parts = measured.enumerated().map { "{\($0)} (\($1.0.variant))" }
        add(
            measured[0].0.id, "\(what) takes \(list(parts)).", measured.map { time($0.1) },
            from: measured.map(\.0))
    }
}
