// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import TestSupport
import Testing

@Suite struct BigNaturalTests {
    @Test(arguments: [
        "0", "1", "9", "18446744073709551615", "18446744073709551616",
        "340282366920938463463374607431768211456", String(repeating: "9", count: 1000),
    ])
    func decimalComesBackAsItWasRead(_ text: String) throws {
        #expect(try BigNatural(parsing: text).description == text)
        #expect(BigNatural(text)?.description == text)
        #expect(try BigNatural(parsing: "000" + text).description == text)
    }

    @Test func hexadecimalAndDecimalAreTheSameNumbers() throws {
        #expect(try BigNatural(parsing: "0x0") == 0)
        #expect(try BigNatural(parsing: "0XfF") == 255)
        let mersenne = try BigNatural(parsing: "0x1" + String(repeating: "f", count: 31))
        #expect(mersenne.description == "42535295865117307932921825928971026431")
        #expect(mersenne.bitWidth == 125)
    }

    @Test func whatIsNoNumberIsNamed() {
        func error(_ text: String, bits: Int = .max) -> NumberTextError? {
            do throws(NumberTextError) {
                _ = try BigNatural(parsing: text, maximumBits: bits)
                return nil
            } catch {
                return error
            }
        }
        #expect(error("") == .empty)
        #expect(error("-5") == .signed("-"))
        #expect(error("+5") == .signed("+"))
        #expect(error("0x") == .noDigits)
        #expect(error("12a") == .notADigit(byte: 0x61, position: 3))
        #expect(error("0x12g") == .notADigit(byte: 0x67, position: 5))
        #expect(error("1 2") == .notADigit(byte: 0x20, position: 2))
        #expect(error("٣") == .notADigit(byte: 0xD9, position: 1))
        #expect(error("1\0") == .notADigit(byte: 0, position: 2))
        #expect(error("1e9") == .notADigit(byte: 0x65, position: 2))
        #expect(error("256", bits: 8) == .tooLarge(bits: 9, atLeast: false, limit: 8))
        #expect(error("255", bits: 8) == nil)
        #expect(error("0000000000000255", bits: 8) == nil)
        #expect(
            error(String(repeating: "1", count: 100_000), bits: 1000)
                == .tooLarge(bits: 332187, atLeast: true, limit: 1000))
        #expect(BigNatural("x") == nil)
    }

    @Test func integersOfAnyWidthAreTaken() {
        #expect(BigNatural(UInt8(200)).description == "200")
        #expect(BigNatural(Int.max).description == "9223372036854775807")
        #expect(BigNatural(UInt128.max).description == "340282366920938463463374607431768211455")
        #expect(BigNatural(exactly: -1) == nil)
        #expect(BigNatural(exactly: 0)?.limbs == [])
        #expect(UInt64(exactly: BigNatural(UInt64.max)) == .max)
        #expect(UInt64(exactly: BigNatural(UInt128(1) << 64)) == nil)
    }

    @Test func orderIsByValue() {
        let numbers: [BigNatural] = [0, 1, 2, BigNatural(UInt64.max)]
        let larger = [
            BigNatural(limbs: [0, 1]), BigNatural(limbs: [5, 1]), BigNatural(limbs: [0, 2]),
        ]
        let all = numbers + larger
        #expect(all.shuffled().sorted() == all)
        #expect(BigNatural(limbs: [7, 0, 0]) == 7)
        #expect(Set([BigNatural(limbs: [7, 0]), 7]).count == 1)
    }

    @Test func smallNumbersAreAddedWithTheirCarries() {
        let max = UInt64.max
        #expect(BigNatural(0).adding(0) == 0)
        #expect(BigNatural(0).adding(5) == 5)
        #expect(BigNatural(max).adding(0) == BigNatural(max))
        #expect(BigNatural(max).adding(1).limbs == [0, 1])
        #expect(BigNatural(max).adding(max).limbs == [max - 1, 1])
        #expect(BigNatural(limbs: [max, max, max]).adding(2).limbs == [1, 0, 0, 1])
        #expect(BigNatural(limbs: [max, 7]).adding(1).limbs == [0, 8])
    }

    @Test func distancesThatFitAreGiven() {
        let large = BigNatural(limbs: [5, 0, 0, 1])
        let most = UInt64(Int.max)
        #expect(BigNatural(7).distance(to: 10) == 3)
        #expect(BigNatural(10).distance(to: 7) == -3)
        #expect(BigNatural(0).distance(to: 0) == 0)
        #expect(large.distance(to: large) == 0)
        #expect(large.distance(to: large.adding(most)) == .max)
        #expect(large.adding(most).distance(to: large) == -.max)
        #expect(large.distance(to: large.adding(most + 1)) == nil)
        #expect(BigNatural(limbs: [.max, .max]).distance(to: BigNatural(limbs: [3, 0, 1])) == 4)
        #expect(BigNatural(limbs: [0, 0, 1]).distance(to: BigNatural(limbs: [.max, .max])) == -1)
        #expect(BigNatural(0).distance(to: large) == nil)
        #expect(large.distance(to: 0) == nil)
    }

    @Test func codableKeepsEveryDigit() throws {
        let numbers = [BigNatural(0), BigNatural(UInt64.max), BigNatural(UInt128.max)]
        let data = try JSONEncoder().encode(numbers)
        #expect(
            String(decoding: data, as: UTF8.self).contains(
                "\"340282366920938463463374607431768211455\""))
        #expect(try JSONDecoder().decode([BigNatural].self, from: data) == numbers)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([BigNatural].self, from: Data("[\"-1\"]".utf8))
        }
        #expect(
            try JSONDecoder().decode([Verdict].self, from: Data("[\"probable-prime\"]".utf8))
                == [.probablePrime])
    }

    @Test func batchesKeepNumbersApart() throws {
        var batch = NumberBatch([BigNatural(0), BigNatural(UInt128.max), 7])
        batch.append(UInt64(9))
        try batch.append(parsing: "0x123".utf8.span)
        #expect(throws: NumberTextError.self) { try batch.append(parsing: "12x".utf8.span) }
        #expect(throws: NumberTextError.self) {
            try batch.append(parsing: "123456".utf8.span, maximumBits: 4)
        }
        #expect(batch.count == 5)
        #expect((0..<5).map { batch[$0] } == [0, BigNatural(UInt128.max), 7, 9, 0x123])
        #expect((0..<5).map { batch.bitWidth(at: $0) } == [0, 128, 3, 4, 9])
        #expect(batch.maximumBits == 128)
    }
}
