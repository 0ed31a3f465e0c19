// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityProof
import Testing

/// Which numbers have PRP proofs, and what a proof in memory says.
@Suite struct PRPProofTests {
    private func power(_ k: UInt64, _ n: UInt64, _ c: Int64, base b: UInt64 = 2) -> CandidateForm {
        .power(k: k, b: b, n: n, c: c)
    }

    @Test func numbersAreFoundByTheirFormOrBits() throws {
        let wanted: [(k: UInt64, n: UInt64, c: Int64)] = [
            (1, 521, -1), (1, 128, 1), (1, 128, -1), (3, 534, 1), (3, 534, -1), (1, 90, 277),
            ((1 << 53) - 1, 64, 1), ((1 << 53) - 1, 65, -1), (1, 192, -1), (5, 127, 1),
        ]
        for (k, n, c) in wanted {
            let number = try #require(PRPNumber(BigNatural(1), form: power(k, n, c)))
            #expect((number.k, number.exponent, number.c) == (k, n, c))
            let value = number.value
            #expect(try power(k, n, c).matches(value))
            if c.magnitude == 1 { #expect(PRPNumber(value, form: nil) == number, "\(number)") }
        }
        #expect(PRPNumber(BigNatural(1), form: power(3, 100, 7, base: 4))?.exponent == 200)
        for form in [
            power(1, 64, -1), power(1 << 53, 100, 1), power(1, 100, 2), power(1, 100, 1 << 31),
            power(1, 100, 1, base: 3), power(1, .max, 1), power(1, .max, 1, base: 4),
            .factorial(n: 100, step: 1, c: 1),
        ] {
            #expect(PRPNumber(BigNatural(1), form: form) == nil, "\(form)")
        }
        #expect(PRPNumber(BigNatural(0), form: nil) == nil)
        #expect(PRPNumber(BigNatural(limbs: [.max - 2, .max, 1]), form: nil) == nil)
    }

    @Test func aProofInMemoryIsVerified() throws {
        let number = try #require(PRPNumber(BigNatural(1), form: power(1, 607, -1)))
        for power in 1...number.mostPower {
            let (result, proof) = try PRPProof.prove(number, power: power)
            #expect(result.verdict == .probablePrime && result.verdict.verdict == .probablePrime)
            #expect(result.residue == 1 && result.power == power && result.resumed == 0)
            #expect(PRPProof.isProof(proof))
            let head = try PRPProof.head(proof)
            #expect(head.number == number && head.power == power && head.version == 2)
            #expect(head.size == proof.count && head.bits == 607)
            #expect(try PRPProof.verify(proof).verdict == .probablePrime)
            #expect(throws: CertificateError.self) { try PRPProof.verify(Array(proof.dropLast())) }
        }
        let cancel = CancelFlag()
        cancel.cancel()
        #expect(throws: PRPError.test(.cancelled)) {
            try PRPProof.prove(number, power: 2, cancel: cancel)
        }
        let three = try #require(PRPNumber(BigNatural(1), form: power(1, 101, 1)))
        #expect(throws: PRPError.divisibleBy3) { try PRPProof.prove(three, power: 1) }
        #expect(!PRPProof.isProof([]) && !PRPProof.isProof(Array("PRP PROO".utf8)))
    }
}
