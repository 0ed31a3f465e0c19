// SPDX-License-Identifier: Apache-2.0

internal import CProbes
internal import Primality

/// What one call costs, by each way into C and back.
///
/// Each does the same step of a generator, which waits for the step before: what a way costs is its time
/// less that of the loop in Swift.
package struct CallRoom {
    private let settings: BenchSettings
    package static let loop = "call.swift.loop"

    package init(_ settings: BenchSettings) { self.settings = settings }

    package func measure(_ contest: Contest) throws -> [Timing] {
        try contest.run("calls", steps + ends + objects)
            + contest.run("strings and scratch", texts() + scratches())
    }

    /// Calls a pass.
    private static let calls = 1024

    private func contestant(
        _ id: String, _ subject: String, _ variant: String, reference: String? = Self.loop,
        units: Int = Self.calls, _ pass: @escaping (Int) throws -> UInt64
    ) -> Contestant {
        Contestant(
            measurement: Timing(
                id: id, section: .call, subject: subject, variant: variant, per: "call",
                command: "primality bench --rooms call", reference: reference),
            units: units, pass: pass)
    }

    /// `count` passes of steps, each pass from the same start.
    @inline(__always)
    private static func chain(_ count: Int, _ step: (UInt64) -> UInt64) -> UInt64 {
        var x: UInt64 = 0
        for _ in 0..<count {
            x = Opaque.start
            for _ in 0..<calls { x = step(x) }
        }
        return x
    }

    private var steps: [Contestant] {
        let pointer = probe_step_pointer()
        let closure = Opaque.closure
        let existential = Opaque.existential
        return [
            contestant(Self.loop, "a step", "Swift, in the loop", reference: nil) {
                Self.chain($0) { ($0 ^ $0 >> 32) &* 6_364_136_223_846_793_005 }
            },
            contestant("call.swift.out-of-line", "a step", "Swift, out of line") {
                Self.chain($0) { swiftStep($0) }
            },
            contestant("call.c.inline", "a step", "C, static inline in a header") {
                Self.chain($0) { probe_step_inline($0) }
            },
            contestant("call.c.out-of-line", "a step", "C, out of line") {
                Self.chain($0) { probe_step($0) }
            },
            contestant("call.c.pointer", "a step", "C, by a function pointer") {
                Self.chain($0) { pointer?($0) ?? 0 }
            },
            contestant("call.c.closure", "a step", "C, by a closure") {
                Self.chain($0) { closure($0) }
            },
            contestant("call.c.existential", "a step", "C, by a protocol existential") {
                Self.chain($0) { existential.step($0) }
            },
            contestant("call.c.generic", "a step", "C, by a generic, specialised") {
                Self.chain($0) { genericStep(CStep(), $0) }
            },
            contestant("call.c.generic-unspecialised", "a step", "C, by a generic, unspecialised") {
                Self.chain($0) { unspecialisedStep(CStep(), $0) }
            },
            contestant("call.c.call-back", "a step", "Swift, called back by C") { count in
                var x: UInt64 = 0
                for _ in 0..<count {
                    x = unsafe probe_call_back({ _, x in swiftStep(x) }, nil, 1, Self.calls)
                }
                return x
            },
            contestant("call.c.nothing", "nothing", "C, out of line") { count in
                for _ in 0..<count * Self.calls { probe_nothing() }
                return 0
            },
        ]
    }

    /// Seven or eight numbers, as the step before says.
    private var ends: [Contestant] {
        let numbers: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8]
        return [
            contestant("call.c.array", "seven or eight numbers", "an Array as a pointer") {
                Self.chain($0) { x in unsafe probe_ends(numbers, 7 + Int(x & 1)) }
            },
            contestant("call.c.span", "seven or eight numbers", "a part of a Span") {
                Self.chain($0) { x in probe_ends(numbers.span.extracting(first: 7 + Int(x & 1))) }
            },
            contestant("call.c.buffer", "seven or eight numbers", "an unsafe buffer pointer") {
                count in
                unsafe numbers.withUnsafeBufferPointer { numbers in
                    Self.chain(count) { x in
                        unsafe probe_ends(numbers.baseAddress, 7 + Int(x & 1))
                    }
                }
            },
        ]
    }

    private var objects: [Contestant] {
        let object = Opaque.object
        func pass(_ count: Int, _ call: () -> UInt64) -> UInt64 {
            var x: UInt64 = 0
            for _ in 0..<count * Self.calls { x = call() }
            return x
        }
        return [
            contestant("call.c.unretained", "an object", "a class instance, unretained") {
                pass($0) {
                    unsafe probe_object(Unmanaged.passUnretained(object).toOpaque())
                }
            },
            contestant("call.c.retained", "an object", "a class instance, retained and released") {
                pass($0) {
                    let reference = unsafe Unmanaged.passRetained(object)
                    defer { unsafe reference.release() }
                    return unsafe probe_object(reference.toOpaque())
                }
            },
        ]
    }

    // MARK: Beyond the call

    private func texts() throws -> [Contestant] {
        try [20, 200].map { digits in
            let text = String(repeating: "1234567890", count: digits / 10)
            guard let number = BigNatural(text), number.description == text else {
                throw PrimalityError.outOfMemory
            }
            return contestant(
                "call.c.text-\(digits)", "text to number and back", "\(digits) digits",
                reference: nil, units: 1
            ) { count in
                var length = 0
                for _ in 0..<count { length = BigNatural(text)?.description.utf8.count ?? 0 }
                return UInt64(length)
            }
        }
    }

    private func scratches() throws -> [Contestant] {
        // 2¹²⁷ + 5 has the factor 7: next to nothing beside the scratch.
        let batch = NumberBatch([BigNatural((UInt128(1) << 127) + 5)])
        var reused = try Tester(engine: .gmp)
        func verdict(_ results: TestResults) throws -> UInt64 {
            UInt64(try results.verdicts()[0].rawValue)
        }
        return [
            contestant(
                "call.c.scratch-per-call", "GMP's memory", "made for each call",
                reference: "call.c.scratch-reused", units: 1
            ) { count in
                var answer: UInt64 = 0
                for _ in 0..<count {
                    var tester = try Tester(engine: .gmp)
                    answer = try verdict(tester.test(batch))
                }
                return answer
            },
            contestant(
                "call.c.scratch-reused", "GMP's memory", "made once", reference: nil, units: 1
            ) { count in
                var answer: UInt64 = 0
                for _ in 0..<count { answer = try verdict(reused.test(batch)) }
                return answer
            },
        ]
    }
}

// MARK: - What the compiler must not see through

@inline(never)
private func swiftStep(_ x: UInt64) -> UInt64 {
    (x ^ x >> 32) &* 6_364_136_223_846_793_005
}

private protocol Step {
    func step(_ x: UInt64) -> UInt64
}

private struct CStep: Step {
    func step(_ x: UInt64) -> UInt64 { probe_step(x) }
}

/// The existential's other type: were there only one, the compiler would call its method and no witness.
private struct SwiftStep: Step {
    func step(_ x: UInt64) -> UInt64 { swiftStep(x) }
}

private final class Retained {}

private func genericStep<S: Step>(_ step: S, _ x: UInt64) -> UInt64 { step.step(x) }

/// What a generic is to a module that doesn't see its body.
@inline(never)
@_semantics("optimize.sil.specialize.generic.never")
private func unspecialisedStep<S: Step>(_ step: S, _ x: UInt64) -> UInt64 { step.step(x) }

private enum Opaque {
    @inline(never)
    @_optimize(none)
    static var start: UInt64 { 1 }

    @inline(never)
    @_optimize(none)
    static var closure: (UInt64) -> UInt64 { { probe_step($0) } }

    @inline(never)
    @_optimize(none)
    static var existential: any Step { start == 1 ? CStep() : SwiftStep() }

    @inline(never)
    @_optimize(none)
    static var object: Retained { Retained() }
}
