// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// OpenSSH's files: public keys a line, private keys, groups a line.
struct OpenSSHKeys {
    /// Up to how many bits a number may have.
    let maximumBits: Int

    // MARK: Lines

    /// What a line is.
    enum LineResult {
        /// Nothing, or a comment.
        case empty
        case entry(Result<Key, KeyTextError>)
        /// Neither a public key nor a group.
        case unknown
    }

    /// Reads a line of `authorized_keys`, `known_hosts`, `*.pub` or `moduli`.
    ///
    /// - Complexity: O(count).
    func line(_ line: ArraySlice<UInt8>) -> LineResult {
        let fields = Self.fields(line)
        guard let first = fields.first else { return .empty }
        if first.first == UInt8(ascii: "#") { return .empty }
        // Options and names of hosts may stand before the type, and comments after the key.
        for (i, field) in fields.prefix(4).enumerated() {
            guard let kind = Self.kind(of: field) else { continue }
            guard i + 1 < fields.count else {
                return .entry(.failure(.malformed("there is no key after its type")))
            }
            if case .other(let name) = kind { return .entry(.failure(.otherKind(name))) }
            return .entry(
                Result { () throws(KeyTextError) in try publicKey(fields[i + 1], type: field) })
        }
        if fields.count == 7, first.count == 14, fields[..<6].allSatisfy(Self.isDecimal) {
            return .entry(Result { () throws(KeyTextError) in try group(fields) })
        }
        return .unknown
    }

    private enum Kind {
        case rsa
        case other(String)
    }

    private static func kind(of field: ArraySlice<UInt8>) -> Kind? {
        guard field.count <= 80 else { return nil }
        let name = String(decoding: field, as: UTF8.self)
        switch name {
        case "ssh-rsa", "ssh-rsa-cert-v01@openssh.com", "rsa-sha2-256", "rsa-sha2-512":
            return .rsa
        case "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", "sk-ssh-ed25519@openssh.com",
            "sk-ssh-ed25519-cert-v01@openssh.com":
            return .other("an Ed25519 key")
        case "ssh-dss", "ssh-dss-cert-v01@openssh.com": return .other("a DSA key")
        default:
            return name.hasPrefix("ecdsa-sha2-") || name.hasPrefix("sk-ecdsa-sha2-")
                ? .other("an EC key") : nil
        }
    }

    /// What spaces separate, unless they are in quotes, as in options of `authorized_keys`.
    private static func fields(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var fields: [ArraySlice<UInt8>] = []
        var start: Int?
        var isQuoted = false
        var isEscaped = false
        for i in line.indices {
            let byte = line[i]
            if Base64.isSpace(byte) && !isQuoted {
                if let begun = start { fields.append(line[begun..<i]) }
                start = nil
                // A comment may have any number of words.
                if fields.count > 7 { return fields }
            } else {
                start = start ?? i
                if byte == UInt8(ascii: "\"") && !isEscaped { isQuoted.toggle() }
                isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            }
        }
        if let start { fields.append(line[start...]) }
        return fields
    }

    private static func isDecimal(_ field: ArraySlice<UInt8>) -> Bool {
        !field.isEmpty && field.count <= 18
            && field.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// A group of moduli(5): time, type, tests, tries, size, generator, modulus.
    private func group(_ fields: [ArraySlice<UInt8>]) throws(KeyTextError) -> Key {
        let numbers = fields[..<6].map { $0.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } }
        let digits = fields[6].drop { $0 == UInt8(ascii: "0") }
        let first = digits.first.flatMap { Character(UnicodeScalar($0)).hexDigitValue } ?? 15
        let bits = digits.count * 4 - (first.leadingZeroBitCount - (Int.bitWidth - 4))
        if bits > maximumBits { throw .tooLarge(bits: bits, limit: maximumBits) }
        let p: BigNatural
        do throws(NumberTextError) {
            p = try BigNatural(
                parsing: "0x" + String(decoding: digits, as: UTF8.self), maximumBits: maximumBits)
        } catch {
            if case .tooLarge(let bits, _, let limit) = error {
                throw .tooLarge(bits: bits, limit: limit)
            }
            throw .malformed("the modulus is no hexadecimal number")
        }
        let key = DHKey(
            p: KeyInteger(publicValue: p), g: KeyInteger(UInt64(numbers[5])),
            moduliLine: ModuliLine(type: numbers[1], size: numbers[4]))
        return Key(material: .dh(key), format: .moduli)
    }

    // MARK: Blobs [RFC4253]

    /// Strings and integers behind their lengths.
    private struct Blob {
        var rest: ArraySlice<UInt8>
        let maximumBits: Int

        mutating func word() throws(KeyTextError) -> Int {
            guard rest.count >= 4 else { throw Self.short }
            defer { rest = rest.dropFirst(4) }
            return rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        }

        mutating func string() throws(KeyTextError) -> ArraySlice<UInt8> {
            let length = try word()
            guard rest.count >= length else { throw Self.short }
            defer { rest = rest.dropFirst(length) }
            return rest.prefix(length)
        }

        mutating func integer() throws(KeyTextError) -> KeyInteger {
            let bytes = try string()
            if let first = bytes.first, first >= 0x80 { throw .malformed("a number is negative") }
            return try KeyInteger(bytes: bytes, maximumBits: maximumBits)
        }

        private static var short: KeyTextError {
            .malformed("it ends too early, or a length in it is wrong")
        }
    }

    private func publicKey(
        _ text: ArraySlice<UInt8>, type: ArraySlice<UInt8>
    ) throws(KeyTextError) -> Key {
        guard let bytes = Base64.decode(text) else {
            throw .malformed("what follows its type is not base64")
        }
        defer { withExtendedLifetime(bytes) {} }
        var blob = Blob(rest: bytes.bytes, maximumBits: maximumBits)
        let inside = try blob.string()
        guard inside.elementsEqual(type) || inside.elementsEqual("ssh-rsa".utf8) else {
            throw .malformed("the type in the key is not that before it")
        }
        let isCertificate = inside.elementsEqual("ssh-rsa-cert-v01@openssh.com".utf8)
        if isCertificate { _ = try blob.string() }  // a nonce
        let e = try blob.integer()
        let n = try blob.integer()
        if !isCertificate && !blob.rest.isEmpty { throw .malformed("something follows the key") }
        return Key(material: .rsa(RSAKey(n: n, e: e)), format: .openssh)
    }

    /// A private key of `ssh-keygen`, which is not encrypted.
    ///
    /// - Parameter bytes: What is between the lines of PEM, decoded.
    /// - Returns: The key.
    /// - Throws: ``KeyTextError``.
    func privateKey(_ bytes: ArraySlice<UInt8>) throws(KeyTextError) -> Key {
        let magic = Array("openssh-key-v1\0".utf8)
        guard bytes.starts(with: magic) else { throw .malformed("it is no OpenSSH private key") }
        var blob = Blob(rest: bytes.dropFirst(magic.count), maximumBits: maximumBits)
        let cipher = try blob.string()
        if !cipher.elementsEqual("none".utf8) { throw .encrypted(.openssh) }
        _ = try blob.string()  // how a key is made of a passphrase
        _ = try blob.string()
        guard try blob.word() == 1 else { throw .malformed("it does not have one key") }
        _ = try blob.string()  // the public key
        var inside = Blob(rest: try blob.string(), maximumBits: maximumBits)
        guard try inside.word() == inside.word() else { throw .malformed("its check fails") }
        let type = try inside.string()
        switch Self.kind(of: type) {
        case .other(let name): throw .otherKind(name)
        case nil: throw .otherKind("a key of a type that is not known here")
        case .rsa: break
        }
        let n = try inside.integer()
        let e = try inside.integer()
        let d = try inside.integer()
        let inverse = try inside.integer()
        let primes = [try inside.integer(), try inside.integer()]
        let secret = RSASecret(d: d, primes: primes, exponents: [], coefficients: [inverse])
        return Key(material: .rsa(RSAKey(n: n, e: e, secret: secret)), format: .openssh)
    }
}
