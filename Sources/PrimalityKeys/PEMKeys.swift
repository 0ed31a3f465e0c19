// SPDX-License-Identifier: Apache-2.0

/// The blocks of a PEM file [RFC7468], with whatever text is around them.
struct PEMKeys {
    let reader: DERKey

    private static let begin = Array("-----BEGIN ".utf8)
    private static let dashes = Array("-----".utf8)

    /// Whether a line of a text begins a block.
    static func areIn(_ text: ArraySlice<UInt8>) -> Bool {
        Lines(text).contains { label($0.bytes, after: begin) != nil }
    }

    /// What the blocks hold.
    ///
    /// - Complexity: O(count).
    func entries(_ text: ArraySlice<UInt8>) -> [KeyEntry] {
        var entries: [KeyEntry] = []
        /// A block that has begun: its label, its line, and where its content begins.
        var open: (label: String, line: Int, start: Int)?
        for line in Lines(text) {
            if let label = Self.label(line.bytes, after: Self.begin) {
                if let open { entries.append(Self.unended(open.line)) }
                open = (label, line.number, line.next)
            } else if let (label, number, start) = open,
                line.bytes.starts(with: Array("-----END ".utf8))
            {
                open = nil
                let content = text[start..<line.bytes.startIndex]
                let result = Result { () throws(KeyTextError) in
                    if Self.label(line.bytes, after: Array("-----END ".utf8)) != label {
                        throw .malformed("the line that ends it is of another block")
                    }
                    return try key(content, label)
                }
                entries.append(KeyEntry(line: number, result: result))
            }
        }
        if let open { entries.append(Self.unended(open.line)) }
        if entries.count == 1 { entries[0].line = nil }
        return entries
    }

    private static func unended(_ line: Int) -> KeyEntry {
        KeyEntry(line: line, result: .failure(.malformed("it ends within a PEM block")))
    }

    /// What is between words and five dashes; printable ASCII, or `?` in its place.
    private static func label(_ line: ArraySlice<UInt8>, after words: [UInt8]) -> String? {
        guard line.starts(with: words) else { return nil }
        var rest = line.dropFirst(words.count)
        while let last = rest.last, Base64.isSpace(last) { rest.removeLast() }
        guard rest.count >= dashes.count, rest.suffix(dashes.count).elementsEqual(dashes)
        else { return nil }
        let label = rest.dropLast(dashes.count).prefix(60)
        return String(
            decoding: label.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self)
    }

    private func key(_ content: ArraySlice<UInt8>, _ label: String) throws(KeyTextError) -> Key {
        switch label {
        case "EC PRIVATE KEY": throw .otherKind("an EC key")
        case "EC PARAMETERS": throw .otherKind("parameters of an elliptic curve")
        case "DSA PRIVATE KEY": throw .otherKind("a DSA key")
        case "DSA PARAMETERS": throw .otherKind("DSA parameters")
        case "X509 CRL": throw .otherKind("a list of revoked certificates")
        case "ENCRYPTED PRIVATE KEY": throw .encrypted(.openssl(isDER: false))
        default: break
        }
        let (isEncrypted, digits) = Self.withoutHeaders(content)
        if isEncrypted { throw .encrypted(.openssl(isDER: false)) }
        guard let bytes = Base64.decode(digits) else {
            throw .malformed("what is between the lines of PEM is not base64")
        }
        defer { withExtendedLifetime(bytes) {} }
        switch label {
        case "OPENSSH PRIVATE KEY":
            return try OpenSSHKeys(maximumBits: reader.maximumBits).privateKey(bytes.bytes)
        case "RSA PUBLIC KEY": return try reader.key(bytes.bytes, .rsaPublic)
        case "RSA PRIVATE KEY": return try reader.key(bytes.bytes, .rsaPrivate)
        case "DH PARAMETERS": return try reader.key(bytes.bytes, .dh)
        case "X9.42 DH PARAMETERS": return try reader.key(bytes.bytes, .x942)
        case "PUBLIC KEY", "PRIVATE KEY", "CERTIFICATE", "X509 CERTIFICATE",
            "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST":
            return try reader.key(bytes.bytes)
        case "TRUSTED CERTIFICATE": return try reader.key(Self.firstValue(bytes.bytes))
        default: throw .otherKind("a PEM block '\(label)'")
        }
    }

    /// The base64 behind headers as those of encrypted keys [RFC1421], which end with an empty line, and
    /// whether they say that it is encrypted.
    private static func withoutHeaders(
        _ content: ArraySlice<UInt8>
    ) -> (isEncrypted: Bool, digits: ArraySlice<UInt8>) {
        let colon = UInt8(ascii: ":")
        guard let first = Lines(content).first(where: { _ in true }), first.bytes.contains(colon)
        else { return (false, content) }
        var isEncrypted = false
        for line in Lines(content) {
            if line.bytes.starts(with: Array("Proc-Type: 4,ENCRYPTED".utf8)) { isEncrypted = true }
            if line.bytes.allSatisfy(Base64.isSpace) {
                return (isEncrypted, content[line.next...])
            }
        }
        return (isEncrypted, content[content.endIndex...])
    }

    /// The first value of DER, behind which OpenSSL's trusted certificates say what they are trusted for.
    private static func firstValue(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let start = bytes.startIndex
        guard bytes.count >= 2 else { return bytes }
        let first = Int(bytes[start + 1])
        if first < 0x80 { return bytes.prefix(2 + first) }
        let digits = first - 0x80
        guard (1...4).contains(digits), bytes.count >= 2 + digits else { return bytes }
        let length = bytes[(start + 2)..<(start + 2 + digits)].reduce(0) { $0 << 8 | Int($1) }
        return bytes.prefix(2 + digits + length)
    }
}

/// The lines of a text, without their ends.
struct Lines: Sequence, IteratorProtocol {
    /// A line.
    struct Line {
        var bytes: ArraySlice<UInt8>
        /// Counted from 1.
        var number: Int
        /// Where the next one begins.
        var next: Int
    }

    private let text: ArraySlice<UInt8>
    private var start: Int
    private var number = 0

    init(_ text: ArraySlice<UInt8>) {
        self.text = text
        start = text.startIndex
    }

    mutating func next() -> Line? {
        if start == text.endIndex { return nil }
        let end = text[start...].firstIndex(of: 0x0A) ?? text.endIndex
        var line = text[start..<end]
        if line.last == 0x0D { line.removeLast() }
        start = end == text.endIndex ? end : end + 1
        number += 1
        return Line(bytes: line, number: number, next: start)
    }
}
