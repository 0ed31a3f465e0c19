// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityKeys
import TestSupport
import Testing

@Suite struct KeyTextTests {
    private static let key = Result { () throws -> [UInt8] in
        var generator = SeededGenerator(seed: 21)
        return try RSANumbers([generator.prime(bits: 300), generator.prime(bits: 300)]).bytes
    }

    private static let longer = Result { () throws -> [UInt8] in
        var generator = SeededGenerator(seed: 24)
        return try RSANumbers([generator.prime(bits: 512), generator.prime(bits: 512)]).bytes
    }

    private func only(_ bytes: some Sequence<UInt8>, maximumBits: Int = 16_384) throws -> KeyEntry {
        let found = entries(Array(bytes), maximumBits: maximumBits)
        try #require(found.count == 1)
        return found[0]
    }

    /// What a string of SSH's is.
    private func string(_ bytes: [UInt8]) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bytes.count >> $0) } + bytes
    }

    private func sshLine(_ n: BigNatural, _ e: BigNatural = 65537, type: String = "ssh-rsa")
        -> String
    {
        // Behind a tag and its length, DER has the bytes that SSH has.
        func content(_ number: BigNatural) -> [UInt8] {
            let encoded = DERText.integer(number)
            let skipped = encoded[1] < 0x80 ? 2 : 2 + Int(encoded[1] - 0x80)
            return Array(encoded.dropFirst(skipped))
        }
        let blob = string(Array("ssh-rsa".utf8)) + string(content(e)) + string(content(n))
        return "\(type) \(Data(blob).base64EncodedString())"
    }

    @Test func eachWayToWriteAKeyIsTold() throws {
        let bytes = try Self.key.get()
        let numbers = try DERText.integers(bytes)
        let algorithm = try DERText.algorithm("1.2.840.113549.1.1.1", [5, 0])
        let info = DERText.sequence([algorithm, DERText.bits(DERText.rsaPublic(numbers[1]))])
        let pkcs8 = DERText.sequence([DERText.integer(0), algorithm, DERText.octets(bytes)])
        func texts(_ label: String, _ bytes: [UInt8]) -> [[UInt8]] {
            let pem = DERText.pem(label, bytes)
            return [
                bytes, Array(pem.utf8), Array(("Bag Attributes\n  x: y\n" + pem + "bye\n").utf8),
                Array(pem.replacingOccurrences(of: "\n", with: "\r\n").utf8),
                Array(pem.dropLast().utf8),
            ]
        }
        for text in texts("RSA PRIVATE KEY", bytes) {
            let key = try only(text).result.get()
            #expect(key.identifier == "rsa-private" && key.format == .pkcs1 && key.bits == 600)
        }
        for text in texts("PRIVATE KEY", pkcs8) {
            let key = try only(text).result.get()
            #expect(key.identifier == "rsa-private" && key.format == .pkcs8)
        }
        for text in texts("PUBLIC KEY", info) {
            let key = try only(text).result.get()
            #expect(key.identifier == "rsa-public" && key.format == .spki)
        }
        for text in texts("RSA PUBLIC KEY", DERText.rsaPublic(numbers[1])) {
            let key = try only(text).result.get()
            #expect(key.identifier == "rsa-public" && key.format == .pkcs1)
        }
        let line = sshLine(numbers[1])
        for text in [
            line, line + " me@here\n", "# mine\n\n" + line, "from=\"a b\",no-pty " + line,
            "host,192.0.2.1 " + line,
        ] {
            let key = try only(text.utf8).result.get()
            #expect(
                key.identifier == "rsa-public" && key.format == .openssh && key.bits == 600,
                "\(text)")
            #expect(key.modulus == KeyInteger(publicValue: numbers[1]))
        }
    }

    @Test func severalKeysHaveTheirLines() throws {
        let n = try DERText.integers(Self.key.get())[1]
        let list =
            sshLine(n) + "\n# comment\n\nssh-ed25519 AAAA me\n" + sshLine(n) + " x\ngarbage\n"
        let found = entries(Array(list.utf8))
        #expect(found.map(\.line) == [1, 4, 5, 6])
        #expect(found[1].result.failure == .otherKind("an Ed25519 key"))
        #expect(found[3].result.failure?.isOtherKind == false)
        let block = DERText.pem("RSA PUBLIC KEY", DERText.rsaPublic(n))
        let blocks = entries(
            Array((block + "text\n" + DERText.pem("EC PRIVATE KEY", [1]) + block).utf8))
        let height = block.split(separator: "\n").count
        #expect(blocks.map(\.line) == [1, height + 2, height + 5])
        #expect(blocks[1].result.failure == .otherKind("an EC key"))
        // Of a long list of other things 20 are told, and the rest counted.
        let garbage = entries(
            Array((sshLine(n) + "\n" + String(repeating: "x y\n", count: 100)).utf8))
        #expect(garbage.count == 22)
        #expect(garbage.last?.result.failure == .malformed("80 more lines cannot be read as keys"))
    }

    @Test func encryptedKeysAreToldApart() throws {
        let headers =
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n"
            + "-----END RSA PRIVATE KEY-----\n"
        #expect(try only(headers.utf8).result.failure == .encrypted(.openssl(isDER: false)))
        let encrypted = try DERText.sequence([
            DERText.algorithm("1.2.840.113549.1.5.13"), DERText.octets([1, 2, 3]),
        ])
        #expect(try only(encrypted).result.failure == .encrypted(.openssl(isDER: true)))
        let pem = DERText.pem("ENCRYPTED PRIVATE KEY", encrypted)
        #expect(try only(pem.utf8).result.failure == .encrypted(.openssl(isDER: false)))
        let bag = DERText.sequence([
            DERText.integer(3), try DERText.algorithm("1.2.840.113549.1.7.1"),
        ])
        #expect(try only(bag).result.failure == .encrypted(.pkcs12))
        let openssh =
            Array("openssh-key-v1\0".utf8) + string(Array("aes256-ctr".utf8))
            + string(Array("bcrypt".utf8))
        #expect(
            try only(DERText.pem("OPENSSH PRIVATE KEY", openssh).utf8).result.failure
                == .encrypted(.openssh))
    }

    @Test func numbersAreBoundedBeforeThereIsMemoryForThem() throws {
        let huge = try value("2^1000+1")
        for text in [
            DERText.rsaPublic(huge), Array(sshLine(huge).utf8),
            Array("20230615000000 2 6 100 1000 2 1\(String(repeating: "0", count: 249))1\n".utf8),
        ] {
            #expect(
                try only(text, maximumBits: 1000).result.failure
                    == .tooLarge(bits: 1001, limit: 1000))
            #expect(try only(text, maximumBits: 1001).result.failure == nil)
        }
        // A length that says more than there is costs nothing.
        let lies: [UInt8] = [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 2, 0x84, 0x7F, 0xFF, 0, 0, 1]
        #expect(try only(lies).result.failure?.isOtherKind == false)
    }

    @Test func negativeAndUnusualIntegersAreRefused() throws {
        for integer in [[2, 1, 0x80], [2, 2, 0, 1], [2, 0], [2, 2, 0xFF, 0x80]] as [[UInt8]] {
            let bytes = DERText.sequence([integer, DERText.integer(3)])
            guard case .malformed? = try only(bytes).result.failure else {
                Issue.record("\(integer)")
                continue
            }
        }
        // An indefinite length is BER.
        let indefinite: [UInt8] = [0x30, 0x80, 2, 1, 3, 2, 1, 3, 0, 0]
        let failure = try only(indefinite).result.failure
        #expect("\(String(describing: failure))".contains("indefinite"))
    }

    /// Whatever is cut off or changed gives an error or a key, and the process lives on.
    @Test func damageOfEachByteIsSurvived() throws {
        let bytes = try Self.key.get()
        let n = try DERText.integers(bytes)[1]
        let algorithm = try DERText.algorithm("1.2.840.113549.1.1.1", [5, 0])
        let texts = [
            bytes, try info(n), Array(DERText.pem("RSA PRIVATE KEY", bytes).utf8),
            DERText.sequence([DERText.integer(0), algorithm, DERText.octets(bytes)]),
            Array((sshLine(n) + "\n" + sshLine(n, 3)).utf8),
        ]
        var random = SeededGenerator(seed: 22)
        for text in texts {
            for length in 0..<text.count {
                for entry in entries(Array(text[..<length])) where entry.line == nil {
                    // A list of two keys without its end may be a list of one, and a comment be cut.
                    let isLess = text.count - length < 4 || text[0] == UInt8(ascii: "s")
                    #expect(entry.result.failure != nil || isLess, "\(length) of \(text.count)")
                }
            }
            for _ in 0..<TestFiles.scaled(2000) {
                var text = text
                for _ in 0...random.next() % 3 {
                    text[Int(random.next() % UInt64(text.count))] = UInt8(
                        truncatingIfNeeded: random.next())
                }
                #expect(!entries(text).isEmpty)
            }
        }
        for text in [[], [0], [0x30], [0x30, 0], [6, 1, 1], Array(repeating: 0, count: 1000)]
            as [[UInt8]]
        {
            #expect(try only(text).result.failure != nil, "\(text)")
        }
    }

    /// What is damaged may be any numbers: none of them ends the process, and each is noticed.
    @Test func damagedKeysAreChecked() throws {
        let bytes = try Self.longer.get()
        try #require(try wrong(bytes) == [])
        var random = SeededGenerator(seed: 23)
        var found: [Key] = []
        for _ in 0..<TestFiles.scaled(200) {
            var text = bytes
            text[Int(random.next() % UInt64(text.count))] ^= 1 << UInt8(random.next() % 8)
            found += keys(text)
        }
        try #require(found.count > TestFiles.scaled(200) / 2)
        #expect(try reports(on: found).allSatisfy(\.isWrong))
    }

    @Test func bytesAreOverwritten() throws {
        let secret = SecretBytes([1, 2, 3])
        for round in 0..<3 {
            _ = try secret.append(upTo: 100_000) { memory in
                memory.storeBytes(of: UInt8(7), as: UInt8.self)
                return 1 + round
            }
        }
        #expect(secret.count == 9 && secret.bytes.elementsEqual([1, 2, 3, 7, 7, 0, 7, 0, 0]))
        secret.wipe()
        #expect(secret.bytes.elementsEqual([UInt8](repeating: 0, count: 9)))
    }
}
