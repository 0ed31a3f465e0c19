// SPDX-License-Identifier: Apache-2.0

internal import SwiftASN1

/// Reads keys from DER: PKCS#1 [RFC8017], PKCS#3, PKCS#8 [RFC5958], SubjectPublicKeyInfo, X.509 [RFC5280],
/// PKCS#10, X9.42 [RFC2631].
///
/// swift-asn1 parses. Its nodes are slices of the bytes, so it copies no content.
struct DERKey {
    /// Up to how many bits a number may have.
    let maximumBits: Int
    /// Whether a number is prime, where nothing else tells PKCS#1's n, e from PKCS#3's p, g.
    let isPrime: (KeyInteger) throws(KeyTextError) -> Bool

    /// What a PEM label says about what is inside.
    enum Hint { case rsaPublic, rsaPrivate, dh, x942, dsa }

    /// Beyond numbers of this size a key has names and extensions, which take less than a mebibyte.
    private var mostBytes: Int { (1 << 20) + 2 * maximumBits }

    /// Reads a key.
    ///
    /// - Parameters:
    ///   - bytes: All of its text, and no more.
    ///   - hint: What is known about it.
    /// - Returns: The key.
    /// - Throws: ``KeyTextError``.
    /// - Complexity: O(count).
    func key(_ bytes: ArraySlice<UInt8>, _ hint: Hint? = nil) throws(KeyTextError) -> Key {
        if bytes.isEmpty { throw .malformed("there is nothing in it") }
        if bytes.count > mostBytes {
            throw .malformed("\(bytes.count) bytes are more than a key has")
        }
        let root = try parse(bytes)
        if root.identifier == .objectIdentifier {
            throw .otherKind("parameters of an elliptic curve")
        }
        let parts = try children(root)
        let tags = parts.map(\.identifier)
        if tags.starts(with: [.integer, .integer]) { return try integers(parts, hint) }
        if tags.starts(with: [.integer, .sequence, .octetString]) { return try pkcs8(parts) }
        if tags == [.sequence, .bitString] { return try publicKey(parts, .spki) }
        if tags == [.sequence, .octetString] { throw .encrypted(.openssl(isDER: true)) }
        if tags == [.sequence, .sequence, .bitString] { return try signed(parts[0]) }
        if tags.starts(with: [.integer, .octetString]) { throw .otherKind("an EC key") }
        if tags.starts(with: [.integer, .sequence]), try integer(parts[0]).word == 3 {
            throw .encrypted(.pkcs12)
        }
        throw .malformed("it is DER, and no key, certificate or DH group")
    }

    // MARK: Sequences of integers

    private func integers(_ parts: [ASN1Node], _ hint: Hint?) throws(KeyTextError) -> Key {
        var numbers: [KeyInteger] = []
        for part in parts.prefix(while: { $0.identifier == .integer }) {
            numbers.append(try integer(part))
        }
        if hint == .dsa { throw .otherKind("DSA") }
        if numbers.count >= 9 || hint == .rsaPrivate {
            return Key(
                material: .rsa(try rsaPrivate(numbers, rest: parts.dropFirst(numbers.count))),
                format: .pkcs1)
        }
        if numbers.count == 6 && hint == nil { throw .otherKind("a DSA key") }
        let isRSA: Bool
        switch hint {
        case .rsaPublic: isRSA = true
        case .dh, .x942: isRSA = false
        default:
            // A generator is even or the modulus is prime, and neither is so with RSA.
            let mayBeRSA = numbers.count == 2 && parts.count == 2 && !numbers[1].isEven
            let isGroup = mayBeRSA ? try isPrime(numbers[0]) : true
            isRSA = !isGroup
        }
        if isRSA {
            if numbers.count != 2 { throw .malformed("a PKCS#1 public key has two integers") }
            return Key(material: .rsa(RSAKey(n: numbers[0], e: numbers[1])), format: .pkcs1)
        }
        return try dhGroup(numbers, isX942: hint == .x942, hint == nil)
    }

    private func rsaPrivate(
        _ numbers: [KeyInteger], rest: ArraySlice<ASN1Node>
    ) throws(KeyTextError) -> RSAKey {
        if numbers.count != 9 { throw .malformed("a PKCS#1 private key has nine integers") }
        if numbers[0].word != (rest.isEmpty ? 0 : 1) {
            throw .malformed("the version is not that of a key with so many primes")
        }
        var secret = RSASecret(
            d: numbers[3], primes: Array(numbers[4...5]), exponents: Array(numbers[6...7]),
            coefficients: [numbers[8]])
        if let others = rest.first {
            for other in try children(others) {
                let parts = try children(other)
                if parts.count != 3 { throw .malformed("a further prime has three integers") }
                secret.primes.append(try integer(parts[0]))
                secret.exponents.append(try integer(parts[1]))
                secret.coefficients.append(try integer(parts[2]))
                if secret.primes.count > Self.mostPrimes {
                    throw .malformed("a key has no more than \(Self.mostPrimes) primes")
                }
            }
        }
        return RSAKey(n: numbers[1], e: numbers[2], secret: secret)
    }

    /// OpenSSL makes keys of up to five.
    private static let mostPrimes = 16

    private func dhGroup(
        _ numbers: [KeyInteger], isX942: Bool, _ mayBeDSA: Bool
    ) throws(KeyTextError) -> Key {
        let p = numbers[0]
        if numbers.count == 2 || (numbers.count == 3 && !isX942 && numbers[2].bits <= 32) {
            return Key(material: .dh(DHKey(p: p, g: numbers[1])), format: .pkcs3)
        }
        if numbers.count > 4 { throw .malformed("a DH group has two to four integers") }
        if mayBeDSA, p.bits > 1, numbers[1].bits > 1, (p - 1).modulo(numbers[1]).bits == 0,
            numbers[2].bits == 0 || (p - 1).modulo(numbers[2]).bits > 0
        {
            throw .otherKind("DSA parameters")
        }
        return Key(
            material: .dh(DHKey(p: p, g: numbers[1], q: numbers[2])), format: .x942)
    }

    // MARK: Keys with the name of their algorithm

    private enum Algorithm {
        case rsa
        case dh(DHKey)
    }

    private func pkcs8(_ parts: [ASN1Node]) throws(KeyTextError) -> Key {
        let algorithm = try algorithm(parts[1])
        guard case .primitive(let content) = parts[2].content else {
            throw .malformed("a private key is no octet string")
        }
        let inside = try parse(content)
        switch algorithm {
        case .rsa:
            let parts = try children(inside)
            var numbers: [KeyInteger] = []
            for part in parts.prefix(while: { $0.identifier == .integer }) {
                numbers.append(try integer(part))
            }
            let key = try rsaPrivate(numbers, rest: parts.dropFirst(numbers.count))
            return Key(material: .rsa(key), format: .pkcs8)
        case .dh(var key):
            key.x = try integer(inside)
            return Key(material: .dh(key), format: .pkcs8)
        }
    }

    private func publicKey(_ parts: [ASN1Node], _ format: KeyFormat) throws(KeyTextError) -> Key {
        let algorithm = try algorithm(parts[0])
        let inside: ASN1Node
        do {
            let bits = try ASN1BitString(derEncoded: parts[1])
            if bits.paddingBits != 0 { throw KeyTextError.malformed("a key ends within a byte") }
            inside = try parse(bits.bytes)
        } catch { throw Self.error(error) }
        switch algorithm {
        case .rsa:
            let parts = try children(inside)
            if parts.count != 2 { throw .malformed("a PKCS#1 public key has two integers") }
            return Key(
                material: .rsa(RSAKey(n: try integer(parts[0]), e: try integer(parts[1]))),
                format: format)
        case .dh(var key):
            key.y = try integer(inside)
            return Key(material: .dh(key), format: format)
        }
    }

    /// The key of a certificate or a request for one, in whose first part it is the one that looks like a key.
    private func signed(_ content: ASN1Node) throws(KeyTextError) -> Key {
        let parts = try children(content)
        for part in parts where part.identifier == .sequence {
            let inside = try children(part)
            if inside.map(\.identifier) == [.sequence, .bitString] {
                // A request begins with its version, a certificate with that in a tag, or its number.
                let isRequest =
                    parts.first?.identifier == .integer && parts.count <= 4
                return try publicKey(inside, isRequest ? .csr : .x509)
            }
        }
        throw .otherKind("something signed that has no key, such as a list of revoked certificates")
    }

    private func algorithm(_ node: ASN1Node) throws(KeyTextError) -> Algorithm {
        let parts = try children(node)
        guard let first = parts.first else { throw .malformed("an algorithm has no name") }
        let name: String
        do {
            name = "\(try ASN1ObjectIdentifier(derEncoded: first))"
        } catch { throw Self.error(error) }
        switch name {
        case "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.7", "1.2.840.113549.1.1.10": return .rsa
        case "1.2.840.113549.1.3.1", "1.2.840.10046.2.1":
            guard parts.count > 1 else { throw .malformed("a DH key has no group") }
            var numbers: [KeyInteger] = []
            for part in try children(parts[1]).prefix(while: { $0.identifier == .integer }) {
                numbers.append(try integer(part))
            }
            if numbers.count < 2 { throw .malformed("a DH group has two integers at least") }
            let isX942 = name == "1.2.840.10046.2.1"
            if isX942 && numbers.count < 3 {
                throw .malformed("an X9.42 group has three integers at least")
            }
            guard case .dh(let key) = try dhGroup(numbers, isX942: isX942, false).material else {
                throw .malformed("a DH key has no group")
            }
            return .dh(key)
        default: throw .otherKind(Self.kinds[name] ?? "a key of algorithm \(name)")
        }
    }

    private static let kinds = [
        "1.2.840.10045.2.1": "an EC key", "1.3.101.110": "an X25519 key",
        "1.3.101.111": "an X448 key", "1.3.101.112": "an Ed25519 key",
        "1.3.101.113": "an Ed448 key", "1.2.840.10040.4.1": "a DSA key",
        "2.16.840.1.101.3.4.3.17": "an ML-DSA-44 key",
        "2.16.840.1.101.3.4.3.18": "an ML-DSA-65 key",
        "2.16.840.1.101.3.4.3.19": "an ML-DSA-87 key",
        "2.16.840.1.101.3.4.4.1": "an ML-KEM-512 key",
        "2.16.840.1.101.3.4.4.2": "an ML-KEM-768 key",
        "2.16.840.1.101.3.4.4.3": "an ML-KEM-1024 key",
    ]

    // MARK: Nodes

    private func parse(_ bytes: ArraySlice<UInt8>) throws(KeyTextError) -> ASN1Node {
        do { return try DER.parse(bytes) } catch { throw Self.error(error) }
    }

    private func children(_ node: ASN1Node) throws(KeyTextError) -> [ASN1Node] {
        guard case .constructed(let nodes) = node.content else {
            throw .malformed("a sequence is missing")
        }
        return Array(nodes)
    }

    /// A number, whose size is looked at before there is memory for it.
    private func integer(_ node: ASN1Node) throws(KeyTextError) -> KeyInteger {
        let bytes: ArraySlice<UInt8>
        do {
            bytes = try ArraySlice<UInt8>(derEncoded: node)
        } catch { throw Self.error(error) }
        guard case .primitive(let content) = node.content, let first = content.first else {
            throw .malformed("an integer has no bytes")
        }
        if first >= 0x80 { throw .malformed("a number is negative") }
        return try KeyInteger(bytes: bytes, maximumBits: maximumBits)
    }

    /// What is wrong, without any content: swift-asn1's own words may quote some.
    private static func error(_ error: any Error) -> KeyTextError {
        if let error = error as? KeyTextError { return error }
        guard let error = error as? ASN1Error else { return .malformed("it is no DER") }
        return switch error.code {
        case .truncatedASN1Field: .malformed("it ends too early, or a length in it is wrong")
        case .unsupportedFieldLength:
            .malformed(
                "a length in it is indefinite, too large or not the shortest, which DER forbids")
        case .invalidASN1IntegerEncoding: .malformed("an integer is not written as DER has it")
        case .unexpectedFieldType: .malformed("something in it is not of the expected type")
        default: .malformed("it is no valid DER (\(error.code))")
        }
    }
}

extension KeyInteger {
    /// A number from its bytes, when it is not too large.
    convenience init(bytes: ArraySlice<UInt8>, maximumBits: Int) throws(KeyTextError) {
        let digits = bytes.drop { $0 == 0 }
        let bits = digits.count * 8 - (digits.first?.leadingZeroBitCount ?? 0)
        if bits > maximumBits { throw .tooLarge(bits: bits, limit: maximumBits) }
        self.init(bytes: digits)
    }
}
