// SPDX-License-Identifier: Apache-2.0

import Foundation
public import Primality
internal import SwiftASN1

/// Keys as DER and PEM, also such as no other program makes.
public enum DERText {
    /// An integer.
    public static func integer(_ number: BigNatural) -> [UInt8] {
        var bytes = number.limbs.reversed().flatMap { limb in
            (0..<8).map { UInt8(truncatingIfNeeded: limb >> UInt64(56 - 8 * $0)) }
        }
        bytes = Array(bytes.drop { $0 == 0 })
        // The first bit is the sign.
        if bytes.first ?? 0x80 >= 0x80 { bytes.insert(0, at: 0) }
        return primitive(.integer, bytes)
    }

    /// A value without parts.
    private static func primitive(_ identifier: ASN1Identifier, _ bytes: [UInt8]) -> [UInt8] {
        var coder = DER.Serializer()
        coder.appendPrimitiveNode(identifier: identifier) { $0 += bytes }
        return coder.serializedBytes
    }

    /// A sequence of values.
    public static func sequence(_ parts: [[UInt8]]) -> [UInt8] {
        var coder = DER.Serializer()
        coder.appendConstructedNode(identifier: .sequence) { coder in
            for part in parts { coder.serializeRawBytes(part) }
        }
        return coder.serializedBytes
    }

    /// An octet string.
    public static func octets(_ bytes: [UInt8]) -> [UInt8] { primitive(.octetString, bytes) }

    /// A bit string of whole bytes.
    public static func bits(_ bytes: [UInt8]) -> [UInt8] { primitive(.bitString, [0] + bytes) }

    /// The name of an algorithm, with parameters or none.
    public static func algorithm(_ name: String, _ parameters: [UInt8] = []) throws -> [UInt8] {
        var coder = DER.Serializer()
        try coder.serialize(try ASN1ObjectIdentifier(dotRepresentation: name))
        return sequence([coder.serializedBytes, parameters])
    }

    /// A PKCS#1 public key.
    public static func rsaPublic(_ n: BigNatural, _ e: BigNatural = 65537) -> [UInt8] {
        sequence([integer(n), integer(e)])
    }

    /// A PEM block.
    public static func pem(_ label: String, _ bytes: [UInt8]) -> String {
        let digits = Data(bytes).base64EncodedString(options: [
            .lineLength64Characters, .endLineWithLineFeed,
        ])
        return "-----BEGIN \(label)-----\n\(digits)\n-----END \(label)-----\n"
    }

    /// The integers of a sequence, which is what a PKCS#1 key is.
    public static func integers(_ bytes: [UInt8]) throws -> [BigNatural] {
        guard case .constructed(let nodes) = try DER.parse(bytes).content else { return [] }
        return try nodes.filter { $0.identifier == .integer }.map { node in
            let digits = try ArraySlice<UInt8>(derEncoded: node)
            let text = digits.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            return try BigNatural(parsing: "0x0" + text)
        }
    }
}
