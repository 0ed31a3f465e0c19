// SPDX-License-Identifier: Apache-2.0

import Foundation
import PrimalityRuns
import Testing

@Suite struct DigestTests {
    private func digest(
        _ bytes: Data, first most: UInt64 = .max, key: (UInt64, UInt64) = (0, 0)
    ) throws -> FileDigest {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("primality-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try bytes.write(to: file)
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        return try FileDigest(descriptor: handle.fileDescriptor, first: most, key: key)
    }

    /// The key 00, 01, … 0f and messages 00, 01, …, from the paper's appendix and the reference
    /// implementation's vectors.
    @Test func itIsSipHash24() throws {
        let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
        #expect(try digest(Data(0..<15), key: key).hash == 0xA129_CA61_49BE_45E5)
        #expect(try digest(Data(), key: key).hash == 0x726F_DB47_DD0E_0E31)
        #expect(try digest(Data(0..<15)).bytes == 15)
    }

    @Test func everyByteCountsAcrossBlocks() throws {
        let bytes = Data((0..<200_003).map { UInt8(truncatingIfNeeded: $0 * 31) })
        let whole = try digest(bytes)
        #expect(whole.bytes == 200_003)
        for place in [0, 7, 65_535, 65_536, 131_071, 131_072, 200_000, 200_002] {
            var other = bytes
            other[place] ^= 1
            #expect(try digest(other) != whole, "\(place)")
        }
    }

    @Test func theBeginningAloneMayBeMeant() throws {
        let bytes = Data((0..<200_003).map { UInt8(truncatingIfNeeded: $0 * 31) })
        for count in [0, 1, 7, 8, 9, 65_535, 65_536, 65_537, 131_073, 200_002, 200_003, 300_000] {
            let beginning = try digest(bytes, first: UInt64(count))
            #expect(beginning == (try digest(bytes.prefix(count))), "\(count)")
        }
    }
}
