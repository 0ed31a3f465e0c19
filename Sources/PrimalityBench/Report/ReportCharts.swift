// SPDX-License-Identifier: Apache-2.0

package import Charts

extension BenchReport {
    /// The drawings of a room; none where nothing was measured that can be drawn.
    package func charts(of section: ReportSection) -> [Chart] {
        let all = measurements(of: section)
        switch section {
        case .call: return [callCosts(all)?.named("call-costs")].compactMap(\.self)
        case .kernel:
            return ["prime-64", "odd-64"].compactMap { exactTest($0, all)?.named("exact-\($0)") }
        case .handOver:
            let chunks = all.filter { $0.id.hasPrefix("hand-over.chunk-") && $0.size != nil }
            let starts = all.filter { $0.id.hasPrefix("hand-over.start.") }
            return [
                speedups(chunks)?.named("speed-up"), chunkCosts(chunks)?.named("chunk-costs"),
                startCosts(starts)?.named("start-costs"),
            ].compactMap(\.self)
        case .pools:
            return [
                startsByOthers(all)?.named("starts-by-others"),
                chunksByOthers(all)?.named("chunks-by-others"),
                bookSpeedups(all)?.named("book-speed-ups"),
            ]
            .compactMap(\.self)
        case .fork: return [forkCosts(all)?.named("fork-costs")].compactMap(\.self)
        case .scaling: return [scaling(all)?.named("speed-up-by-workers")].compactMap(\.self)
        case .peer:
            return [
                testsByOthers(all)?.named("words-by-others"),
                primesByOthers(all)?.named("primes-by-others"),
                startsByOthers(all)?.named("starts-by-others"),
                chunksByOthers(all)?.named("chunks-by-others"),
            ]
            .compactMap(\.self)
        }
    }

    /// What is next to nothing beside texts and scratch memory: all that has the loop as its reference.
    private func callCosts(_ all: [Timing]) -> Chart? {
        let shown = all.filter { $0.id == CallRoom.loop || $0.reference == CallRoom.loop }
        let loop = self[CallRoom.loop]?.time?.median
        return BarChart(
            title: "What one call costs",
            text: "A bar for each way into C and back: nanoseconds a call.",
            name: "time a call", label: tickDuration,
            line: loop.map { ($0, "the loop in Swift") },
            groups: distinct(shown.map(\.subject)).enumerated().map { number, subject in
                BarChart.Group(
                    name: subject,
                    bars: shown.filter { $0.subject == subject }.compactMap { m in
                        m.time.map {
                            .init(
                                name: m.variant, value: $0.median, text: m.timeText, style: number)
                        }
                    })
            }
        ).chart
    }

    private func exactTest(_ input: String, _ all: [Timing]) -> Chart? {
        let shown = all.filter { $0.id.hasPrefix("kernel.exact.\(input).") }
        let sizes = Set(shown.compactMap(\.size)).sorted().map(Double.init)
        // One number a call has no batch: it stands on the left, as far from 1 as 8 is on the right.
        let single = 1.0 / 8
        let hasSingle = shown.contains { $0.size == nil }
        return LineChart(
            title: "Exact test, \(shown.first?.input ?? input)",
            text:
                "A line for Swift and for C at each level: nanoseconds a number against how many numbers "
                + "a call is given.",
            x: .init(
                name: "numbers a call", scale: .logarithmic,
                ticks: (hasSingle ? [single] : []) + sizes,
                label: { $0 == single ? "single" : tick($0) }),
            y: .init(name: "time a number", scale: .logarithmic, label: tickDuration),
            series: lines(shown) { m in
                m.time.map {
                    .init(
                        x: m.size.map(Double.init) ?? single, y: $0.median, isApart: m.size == 1)
                }
            }
        ).chart
    }

    private func chunkCosts(_ chunks: [Timing]) -> Chart? {
        times(
            "What a number costs, by chunk",
            "A line a pool: time a number against how many numbers a chunk has.",
            "time a number", by: "numbers a chunk", chunks)
    }

    /// Of the largest chunks: what is handed over seldom shows what workers can give.
    private func speedups(_ chunks: [Timing]) -> Chart? {
        let compared = chunks.filter { $0.ratio != nil }
        guard let size = compared.compactMap(\.size).max() else { return nil }
        return speedups(
            "Speed-up over the thread alone, \(size) numbers a chunk",
            "A bar a pool: how many times faster it is than the calling thread without a pool, with 95 % intervals.",
            over: "the thread alone", compared.filter { $0.size == size })
    }

    private func bookSpeedups(_ all: [Timing]) -> Chart? {
        let compared = all.filter { $0.subject == PeerFile.book && $0.ratio != nil }
        return speedups(
            "Speed-up on the book's numbers",
            "A bar a pool: how many times faster it is than one thread of the same language, with 95 % intervals.",
            over: "one thread", compared)
    }

    private func speedups(
        _ title: String, _ text: String, over reference: String, _ compared: [Timing]
    ) -> Chart? {
        let styles = styles(of: compared)
        return BarChart(
            title: title, text: text, name: "speed-up", label: tick, line: (1, reference),
            groups: [
                .init(
                    name: "",
                    bars: compared.compactMap { m in
                        m.ratio.map {
                            m.isNoise(among: environment.cores)
                                ? .init(name: m.variant, value: 0, text: Timing.noise)
                                : .init(
                                    name: m.variant, value: $0.value, text: $0.text, interval: $0,
                                    style: styles[m.variant] ?? 0)
                        }
                    })
            ]
        ).chart
    }

    private func startCosts(_ starts: [Timing]) -> Chart? {
        bars(
            "What starting and ending a pool costs",
            "A bar a pool: the time of a run with next to nothing to do.", "time a start", starts)
    }

    private func forkCosts(_ all: [Timing]) -> Chart? {
        times(
            "What a fork costs", "Time a fork against how much memory is resident.", "time a fork",
            by: "MB resident", all)
    }

    private func scaling(_ all: [Timing]) -> Chart? {
        let workers = Set(all.compactMap(\.size)).sorted().map(Double.init)
        let most = workers.last ?? 1
        let series = lines(all) { m in
            guard let size = m.size else { return nil }
            if m.ratio == nil && size != 1 || m.isNoise(among: size) { return nil }
            return .init(x: Double(size), y: m.ratio?.value ?? 1, interval: m.ratio)
        }
        if series.allSatisfy(\.points.isEmpty) { return nil }
        let ideal = LineChart.Series(
            name: "ideal", points: [.init(x: 0, y: 0), .init(x: most, y: most)], isGuide: true)
        return LineChart(
            title: "Scaling",
            text:
                "A line a pool: the speed-up over one worker against the number of workers, with 95 % "
                + "intervals, beside the ideal line.",
            x: .init(name: "workers", scale: .linear, ticks: [0] + workers, label: tick),
            y: .init(name: "speed-up", scale: .linear, label: tick),
            series: series + [ideal]
        ).chart
    }

    // MARK: Others

    /// The first two kinds of numbers: primes, which need every stage, and what mostly has a factor.
    private func testsByOthers(_ all: [Timing]) -> Chart? {
        let shown = shownPeers(all.filter { $0.subject == PeerFile.words })
        let inputs = distinct(shown.compactMap(\.input)).prefix(2)
        return bars(
            "64-bit numbers beside other libraries",
            "A bar a library: nanoseconds a number, one a call or in batches.", "time a number",
            shown.filter { inputs.contains($0.input ?? "") })
    }

    private func primesByOthers(_ all: [Timing]) -> Chart? {
        times(
            "Large primes beside other libraries",
            "A line a library: time a number against how many bits it has.", "time a number",
            by: "bits", all.filter { $0.subject == PeerFile.large && $0.input == PeerFile.primes })
    }

    private func startsByOthers(_ all: [Timing]) -> Chart? {
        bars(
            "From a pool's start to its first results, beside Python's",
            "A bar a pool: the time until there are as many results as workers.", "time a start",
            all.filter { $0.subject == PeerFile.firstResults })
    }

    private func chunksByOthers(_ all: [Timing]) -> Chart? {
        bars(
            "What a chunk of one number costs, beside Python's pools",
            "A bar a pool: the time a chunk, where chunks come and go as they are done.",
            "time a chunk",
            all.filter {
                $0.subject == PeerFile.chunks && $0.input == PeerFile.streamed && $0.size == 1
            })
    }

    // MARK: Forms

    /// A bar a measurement, in groups by input.
    private func bars(
        _ title: String, _ text: String, _ axis: String, _ shown: [Timing]
    ) -> Chart? {
        let styles = styles(of: shown)
        return BarChart(
            title: title, text: text, name: axis, label: tickDuration,
            groups: distinct(shown.map { $0.input ?? "" }).map { input in
                BarChart.Group(
                    name: input,
                    bars: shown.filter { ($0.input ?? "") == input }.compactMap { m in
                        m.time.map {
                            .init(
                                name: m.variant, value: $0.median, text: m.timeText,
                                style: styles[m.variant] ?? 0)
                        }
                    })
            }
        ).chart
    }

    /// A line a variant, times against sizes.
    private func times(
        _ title: String, _ text: String, _ y: String, by x: String, _ shown: [Timing]
    ) -> Chart? {
        LineChart(
            title: title, text: text,
            x: .init(
                name: x, scale: .logarithmic,
                ticks: Set(shown.compactMap(\.size)).sorted().map(Double.init), label: tick),
            y: .init(name: y, scale: .logarithmic, label: tickDuration),
            series: lines(shown) { m in
                guard let size = m.size, let time = m.time else { return nil }
                return .init(x: Double(size), y: time.median)
            }
        ).chart
    }

    /// A line a variant, in the order of the sizes.
    private func lines(
        _ measurements: [Timing], _ point: (Timing) -> LineChart.Point?
    ) -> [LineChart.Series] {
        let styles = styles(of: measurements)
        return distinct(measurements.map(\.variant)).map { variant in
            let own = measurements.filter { $0.variant == variant }
            return LineChart.Series(
                name: variant, points: own.compactMap(point).sorted { $0.x < $1.x },
                style: styles[variant] ?? 0)
        }
    }

    /// The style of each variant of a chart: the same for the same engine, level or pool in all drawings, and
    /// different ones in each.
    private func styles(of shown: [Timing]) -> [String: Int] {
        var styles: [String: Int] = [:]
        var taken: Set<Int> = []
        for m in shown where styles[m.variant] == nil {
            guard let known = ReportStyle.known(m.id), taken.insert(known).inserted else {
                continue
            }
            styles[m.variant] = known
        }
        for (number, variant) in distinct(shown.map(\.variant)).enumerated()
        where styles[variant] == nil {
            let style = ReportStyle.others.first { !taken.contains($0) } ?? number
            taken.insert(style)
            styles[variant] = style
        }
        return styles
    }
}

/// Which colour, dash and mark a chart gives to whom.
private enum ReportStyle {
    /// By a word of an id: ours by level and pool, others by library.
    private static let styles: [String: Int] = [
        "swift": 0, "portable": 1, "bmi2": 2, "avx2": 3, "avx512ifma": 4, "ifma": 4,
        "threads": 0, "tasks": 1, "actors": 2, "pipe": 3, "socket": 4, "shm": 5, "serial": 6,
        "flint": 5, "gmp": 6, "pari": 2, "openssl": 0,
    ]
    /// Words of which the next one tells more: `processes-pipe` is known by its channel.
    private static let weak: Set<String> = ["c", "processes", "ours"]

    /// The style of what has the same one everywhere; `nil` for all others.
    ///
    /// Of `kernel.exact.prime-64.c-avx2.batch-8` the component `c-avx2` tells it.
    static func known(_ id: String) -> Int? {
        for component in id.split(separator: ".").reversed() {
            let words = component.split(separator: "-").map(String.init)
            // Ours without lanes.
            if words == ["ours", "gmp"] { return styles["portable"] }
            guard let word = words.first(where: { !weak.contains($0) }) else { continue }
            if let style = styles[word] { return style }
        }
        return nil
    }

    /// In which order the others take what is left.
    static let others = [1, 3, 4, 0, 2, 5, 6]
}
