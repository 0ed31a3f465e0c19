// SPDX-License-Identifier: Apache-2.0

/// What a file with keys holds, told by its content.
package struct KeyText {
    private let reader: DERKey

    /// A file with more than this is refused, in bytes.
    package static let mostBytes = 1 << 26

    /// Of lines that are not read as keys so many are reported, and the others counted.
    package static let mostBadLines = 20

    /// Makes a reader.
    ///
    /// - Parameter maximumBits: Up to how many bits a number may have; decided before there is memory for it.
    package init(maximumBits: Int) {
        reader = DERKey(
            maximumBits: maximumBits,
            isPrime: { number throws(KeyTextError) in
                do {
                    return try PrimeTester().passesQuickly(number)
                } catch { throw .malformed("\(error)") }
            })
    }

    /// Reads keys.
    ///
    /// - Parameter bytes: What the file has.
    /// - Returns: A key, or why there is none, for each that there seems to be; one at least.
    /// - Complexity: O(count), and one test of primality where only that tells a group from a key.
    package func entries(_ bytes: SecretBytes) -> [KeyEntry] {
        defer { withExtendedLifetime(bytes) {} }
        let content = bytes.bytes
        func whole(_ error: KeyTextError) -> [KeyEntry] {
            [KeyEntry(line: nil, result: .failure(error))]
        }
        if content.isEmpty { return whole(.malformed("the file is empty")) }
        if Self.isBinary(content) {
            if content.first == 0x30 || content.first == 0x06 {
                return [
                    KeyEntry(
                        line: nil,
                        result: Result { () throws(KeyTextError) in try reader.key(content) })
                ]
            }
            return whole(.malformed(Self.unknown))
        }
        if PEMKeys.areIn(content) { return PEMKeys(reader: reader).entries(content) }
        if let entries = lines(content) { return entries }
        if Lines(content).contains(where: { $0.bytes.starts(with: "---- BEGIN SSH2 ".utf8) }) {
            return whole(
                .malformed(
                    "it is a public key as RFC 4716 has it; ssh-keygen -i -f FILE writes it as OpenSSH does"
                ))
        }
        return whole(.malformed(Self.unknown))
    }

    private static let unknown =
        "it is neither PEM nor DER, no moduli file and no list of OpenSSH public keys"

    /// Whether the first bytes have some that no text has.
    private static func isBinary(_ content: ArraySlice<UInt8>) -> Bool {
        content.prefix(256).contains { ($0 < 0x20 && !Base64.isSpace($0)) || $0 == 0x7F }
            || (content.first == 0x30 && (content.dropFirst().first ?? 0) >= 0x80)
    }

    /// The keys and groups of a file that has one a line; `nil` when no line looks like one.
    private func lines(_ content: ArraySlice<UInt8>) -> [KeyEntry]? {
        let openssh = OpenSSHKeys(maximumBits: reader.maximumBits)
        var entries: [KeyEntry] = []
        var isKnown = false
        var bad = 0
        var lines = 0
        for line in Lines(content) {
            let result: Result<Key, KeyTextError>
            switch openssh.line(line.bytes) {
            case .empty: continue
            case .entry(let entry):
                isKnown = true
                result = entry
            case .unknown:
                result = .failure(
                    .malformed("the line is neither an OpenSSH public key nor one of a moduli file")
                )
            }
            lines += 1
            if case .failure(let error) = result, !error.isOtherKind {
                bad += 1
                if bad > Self.mostBadLines {
                    // A file of something else is not read to its end for its complaints.
                    if !isKnown { return nil }
                    continue
                }
            }
            entries.append(KeyEntry(line: line.number, result: result))
        }
        if !isKnown { return nil }
        if bad > Self.mostBadLines {
            let more = bad - Self.mostBadLines
            entries.append(
                KeyEntry(
                    line: nil,
                    result: .failure(.malformed("\(more) more lines cannot be read as keys"))))
        }
        if lines == 1 { entries[0].line = nil }
        return entries
    }
}

extension KeyTextError {
    /// Whether there is something else, which is nobody's mistake.
    package var isOtherKind: Bool {
        if case .otherKind = self { return true }
        return false
    }
}
