// SPDX-License-Identifier: Apache-2.0

/// What a report says in sentences, each made of its measurements alone.
struct Findings {
    let report: BenchReport
    private(set) var all: [Finding] = []

    init(_ report: BenchReport) {
        self.report = report
        call()
        kernel()
        handOver()
        fork()
        scaling()
    }

    mutating func add(
        _ id: String, _ template: String, _ figures: [Finding.Figure], from sources: [Measurement]
    ) {
        all.append(
            Finding(
                id: id, template: template, figures: figures, sources: sources.map(\.id),
                command: sources.first?.command ?? ""))
    }

    func time(_ nanoseconds: Double) -> Finding.Figure {
        Finding.Figure(value: nanoseconds, text: duration(nanoseconds: nanoseconds))
    }

    func times(_ ratio: Double) -> Finding.Figure {
        Finding.Figure(value: ratio, text: significant(ratio) + " times")
    }

    func count(_ count: Double) -> Finding.Figure {
        Finding.Figure(value: count, text: decimal(count, 0))
    }

    // MARK: Calls

    private mutating func call() {
        if let nothing = report["call.c.nothing"], let time = nothing.cpu?.median {
            add("call.nothing", "One call into C costs {0}.", [self.time(time)], from: [nothing])
        }
    }

    // MARK: Kernels

    private mutating func kernel() {
        let input = "prime-64"
        guard let best = KernelRoom.variants.last,
            let swift = report[KernelRoom.id("exact", input, "swift", "single")],
            let single = report[KernelRoom.id("exact", input, "c-portable", "single")],
            let batch = report[KernelRoom.id("exact", input, "c-portable", "batch-4096")]
                ?? report[KernelRoom.id("exact", input, "c-portable", "batch-512")],
            let fastest = report[
                KernelRoom.id("exact", input, best.name, batch.size == 4096 ? "batch-4096" : "batch-512")],
            let a = swift.cpu?.median, let b = single.cpu?.median, let c = batch.cpu?.median,
            let d = fastest.cpu?.median
        else { return }
        add(
            "kernel.factors",
            "A prime just below 2^64 is tested by \(best.text) in batches {0} faster than by Swift one at "
                + "a time: {1} by the language, {2} by batching, {3} by the instruction set.",
            [times(a / d), times(a / b), times(b / c), times(c / d)],
            from: [swift, single, batch, fastest])
    }
}
