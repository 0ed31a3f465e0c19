// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import Testing

/// Forms of candidates, and batches that have some.
@Suite(.timeLimit(.minutes(15))) struct FormTests {
    static let forms: [CandidateForm] = [
        .power(k: 3, b: 2, n: 5, c: 1), .factorial(n: 7, step: 2, c: -1), .primorial(n: 11, c: 0),
    ]

    @Test func theyMatchTheirNumbersAlone() throws {
        let values: [BigNatural] = [97, 104, 2310]
        for (form, value) in zip(Self.forms, values) {
            for other in values + [0, 1, 96, 98, 105, 2311] {
                #expect(try form.matches(other) == (other == value), "\(form), \(other)")
            }
        }
        // Nothing of this is computed.
        let huge = CandidateForm.power(k: 1, b: 2, n: 1 << 63, c: 0)
        #expect(
            try huge.matches(BigNatural(limbs: [UInt64](repeating: 0, count: 100) + [1])) == false)
    }

    @Test func whatIsOutOfRangeIsRefused() throws {
        for form: CandidateForm in [
            .power(k: 0, b: 2, n: 5, c: 1), .power(k: 1, b: 1, n: 5, c: 1),
            .power(k: 1, b: 0, n: 5, c: 1), .power(k: 1, b: 2, n: 5, c: .min),
            .factorial(n: 5, step: 0, c: 1), .factorial(n: 5, step: 1, c: .min),
            .primorial(n: 5, c: .min),
        ] {
            var batch = NumberBatch([UInt64(7)])
            #expect(throws: PrimalityError.invalidForm(form)) { try batch.append(9, form: form) }
            #expect(batch == NumberBatch([UInt64(7)]))
            #expect(try form.matches(33) == false)
        }
    }

    @Test func theyAreDescribedAsExpressionsAndCoded() throws {
        #expect(Self.forms.map(\.description) == ["3*2^5+1", "7!2-1", "11#"])
        let power = CandidateForm.power(k: 1, b: .max, n: .max, c: -.max)
        #expect(
            power.description == "18446744073709551615^18446744073709551615-9223372036854775807")
        for form in Self.forms + [power] {
            let data = try JSONEncoder().encode(form)
            #expect(try JSONDecoder().decode(CandidateForm.self, from: data) == form)
        }
    }

    @Test func partsOfABatchKeepThem() throws {
        // Some numbers have one, some none; sizes differ.
        var batch = NumberBatch()
        var expected: [CandidateForm?] = []
        for i in 0..<200 {
            let form: CandidateForm? =
                i % 3 == 1 ? nil : .power(k: 1, b: 2, n: UInt64(i), c: Int64(i))
            var number = [UInt64](repeating: 0, count: i / 64) + [1 << UInt64(i % 64)]
            number[0] += UInt64(i)
            try batch.append(BigNatural(limbs: number), form: form)
            expected.append(form)
        }
        #expect((0..<200).map { batch.form(at: $0) } == expected)
        for (first, end) in [(0, 200), (0, 1), (1, 2), (1, 1), (5, 180), (100, 200), (199, 200)] {
            let part = NumberBatch(batch, first..<end)
            #expect((0..<part.count).map { part.form(at: $0) } == Array(expected[first..<end]))
            for i in 0..<part.count where part.form(at: i) != nil {
                #expect(try part.form(at: i)?.matches(part[i]) == true, "\(first)..<\(end): \(i)")
            }
            // A part of a part.
            let middle = (end - first) / 2
            let half = NumberBatch(part, middle..<part.count)
            #expect(
                (0..<half.count).map { half.form(at: $0) }
                    == Array(expected[(first + middle)..<end]))
        }
        // What has none has none, and they count for equality.
        let plain = NumberBatch((0..<batch.count).map { batch[$0] })
        #expect(plain != batch && plain.form(at: 0) == nil && plain.forms.isEmpty)
        #expect(plain.forms.kernelForms(in: 0..<200).isEmpty)
        #expect(batch.forms.kernelForms(in: 1..<2).isEmpty)
        #expect(batch.forms.kernelForms(in: 0..<200).map { CandidateForm($0) } == expected)
    }

    @Test func theyReachTheKernelsAndChangeNoVerdict() throws {
        var batch = NumberBatch()
        let numbers: [UInt64] = [97, 98, 99, 101]
        for (i, n) in numbers.enumerated() {
            // All but the first are not the number's.
            try batch.append(BigNatural(n), form: i == 2 ? nil : Self.forms[0])
        }
        for engine in Engine.allCases {
            var tester = try Tester(engine: engine)
            #expect(
                try tester.test(batch).verdicts() == [.prime, .composite, .composite, .prime])
        }
        // Kernels refuse what is out of range, so they have seen it.
        batch.append(103, validForm: .power(k: 0, b: 2, n: 5, c: 1))
        var tester = try Tester()
        #expect(throws: PrimalityError.internalError("kernel status 1")) {
            try tester.test(batch)
        }
    }
}
