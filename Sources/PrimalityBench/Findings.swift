// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import Primality

/// What a report says in sentences, each made of its measurements alone.
package struct Findings {
    package let report: BenchReport
    package private(set) var all: [Finding] = []

    package init(_ report: BenchReport) {
        self.report = report
        calls()
        texts()
        for (input, text) in [
            ("prime-64", "primes just below 2⁶⁴"), ("odd-64", "random odd 64-bit numbers"),
        ] {
            batches(of: input, text)
            factors(of: input, text)
        }
        trialDivision()
        handOver()
        fork()
        scaling()
        peers()
    }

    /// Adds a sentence whose figures stand for `{0}`, `{1}` and so on.
    package mutating func add(
        _ id: String, _ template: String, _ figures: [Finding.Figure], from sources: [Timing]
    ) {
        all.append(
            Finding(
                id: id, template: template, figures: figures, sources: sources.map(\.id),
                command: sources.first?.command ?? ""))
    }

    // MARK: Figures

    package func time(_ nanoseconds: Double) -> Finding.Figure {
        Finding.Figure(value: nanoseconds, text: duration(nanoseconds: nanoseconds))
    }

    package func factor(_ ratio: Double) -> Finding.Figure {
        Finding.Figure(value: ratio, text: significant(ratio))
    }

    package func times(_ ratio: Double) -> Finding.Figure {
        Finding.Figure(value: ratio, text: significant(ratio) + " times")
    }

    package func count(_ count: Int) -> Finding.Figure {
        Finding.Figure(value: Double(count), text: "\(count)")
    }

    private func median(_ id: String) -> BenchReport.Timed? { report.timed(id) }

    // MARK: Calls

    private mutating func calls() {
        guard let nothing = median("call.c.nothing") else { return }
        add(
            "call.nothing", "A call of a C function that does nothing costs {0}.",
            [time(nothing.median)], from: [nothing.measurement])
        guard let loop = median("call.swift.loop"), let inline = median("call.c.inline"),
            let outside = median("call.c.out-of-line"), let pointer = median("call.c.pointer"),
            let closure = median("call.c.closure"), let witness = median("call.c.existential"),
            let open = median("call.c.generic-unspecialised"),
            let back = median("call.c.call-back")
        else { return }
        func more(_ way: (measurement: Timing, median: Double)) -> Finding.Figure {
            let difference = way.median - loop.median
            let isCertain = way.measurement.ratio.map { $0.high < 1 } ?? (difference > 0)
            return isCertain
                ? time(difference) : Finding.Figure(value: difference, text: "nothing measurable")
        }
        add(
            "call.ways",
            "A step of {0} takes, beyond the loop in Swift, {1} as a static inline function of a C header, "
                + "{2} as one out of line, {3} by a function pointer, {4} by a closure, {5} by a protocol "
                + "existential, {6} by a generic that was not specialised, and {7} called back from C.",
            [
                time(loop.median), more(inline), more(outside), more(pointer), more(closure),
                more(witness), more(open), more(back),
            ],
            from: [
                loop.measurement, inline.measurement, outside.measurement, pointer.measurement,
                closure.measurement, witness.measurement, open.measurement, back.measurement,
            ])
        guard let array = median("call.c.array"), let span = median("call.c.span"),
            let buffer = median("call.c.buffer"), let retained = median("call.c.retained"),
            let unretained = median("call.c.unretained")
        else { return }
        add(
            "call.arguments",
            "A call with some numbers of an array takes {0} where an Array is passed as a pointer, {1} with a "
                + "part of a Span, whose bounds are checked, and {2} with an unsafe pointer; an object costs "
                + "{3} more where it is retained for the call.",
            [
                time(array.median), time(span.median), time(buffer.median),
                time(max(0, retained.median - unretained.median)),
            ],
            from: [
                array.measurement, span.measurement, buffer.measurement, retained.measurement,
                unretained.measurement,
            ])
    }

    private mutating func texts() {
        if let short = median("call.c.text-20"), let long = median("call.c.text-200") {
            add(
                "call.texts",
                "Text becomes a number of C's and text again in {0} for 20 digits, {1} for 200.",
                [time(short.median), time(long.median)],
                from: [short.measurement, long.measurement])
        }
        if let made = median("call.c.scratch-per-call"), let kept = median("call.c.scratch-reused")
        {
            add(
                "call.scratch",
                "A tester of large numbers that is made for each call costs {0}, one that is kept {1}.",
                [time(made.median), time(kept.median)], from: [made.measurement, kept.measurement])
        }
    }

    // MARK: Kernels

    private func exact(
        _ input: String, _ variant: String, _ rest: String
    ) -> BenchReport.Timed? {
        median(KernelRoom.id("exact", input, variant, rest))
    }

    /// From what batch on the call and idle lanes no longer count.
    private mutating func batches(of input: String, _ text: String) {
        guard let call = median("call.c.nothing"), let level = report.bestLevel("exact", input),
            let largest = report.largestBatch(input),
            let fastest = exact(input, level.name, "batch-\(largest)")
        else { return }
        let vanishing = max(1, (call.median / (0.01 * fastest.median)).rounded(.up))
        add(
            "kernel.\(input).vanishing",
            "For \(text) by \(level.text), {0} a number, the call into C is less than 1\u{A0}% of the time from {1} "
                + "numbers a call on.",
            [time(fastest.median), count(Int(vanishing))],
            from: [fastest.measurement, call.measurement])
        let filled = KernelRoom.batches.first {
            (exact(input, level.name, "batch-\($0)")?.median ?? .infinity) <= 1.1 * fastest.median
        }
        if let filled, let one = exact(input, level.name, "batch-1") {
            add(
                "kernel.\(input).filled",
                "For \(text) a batch of one takes {0} a number there, and one of {1} or more is within 10\u{A0}% of "
                    + "the time in batches of {2}.",
                [time(one.median), count(filled), count(largest)],
                from: [one.measurement, fastest.measurement])
        }
    }

    /// What of C's advantage is the language's, batching's and the instruction set's.
    private mutating func factors(of input: String, _ text: String) {
        guard let level = report.bestLevel("exact", input),
            let largest = report.largestBatch(input),
            let swift = exact(input, "swift", "single"),
            let single = exact(input, "c-portable", "single"),
            let batch = exact(input, "c-portable", "batch-\(largest)"),
            let fastest = exact(input, level.name, "batch-\(largest)")
        else { return }
        add(
            "kernel.\(input).factors",
            "For \(text), \(level.text) in batches of \(largest) is {0} as fast as Swift one by one: {1} "
                + "by the language, times {2} by batching, times {3} by the instruction set.",
            [
                times(swift.median / fastest.median), factor(swift.median / single.median),
                factor(single.median / batch.median), factor(batch.median / fastest.median),
            ],
            from: [
                swift.measurement, single.measurement, batch.measurement, fastest.measurement,
            ])
        if let swiftBatch = exact(input, "swift", "batch-\(largest)") {
            add(
                "kernel.\(input).swift-batch",
                "For \(text) in batches of \(largest) Swift takes {0} as long as C at the portable level.",
                [times(swiftBatch.median / batch.median)],
                from: [swiftBatch.measurement, batch.measurement])
        }
    }

    private mutating func trialDivision() {
        func trial(_ variant: String) -> BenchReport.Timed? {
            median(KernelRoom.id("trial", "prime-50", variant, "single"))
        }
        guard let level = report.bestLevel("trial", "prime-50"), let swift = trial("swift"),
            let portable = trial("c-portable"), let fastest = trial(level.name)
        else { return }
        add(
            "kernel.trial",
            "Complete trial division of a 50-bit prime takes {0} in Swift, {1} in C at the portable level, "
                + "which divides integers, and {2} by \(level.text).",
            [time(swift.median), time(portable.median), time(fastest.median)],
            from: [swift.measurement, portable.measurement, fastest.measurement])
    }
}
