// SPDX-License-Identifier: Apache-2.0

/// An RSA key.
package struct RSAKey: Sendable {
    /// The modulus.
    package var n: KeyInteger
    /// The public exponent.
    package var e: KeyInteger
    /// What only the owner has; `nil` in a public key.
    var secret: RSASecret?
}

/// The private values of an RSA key.
struct RSASecret: Sendable {
    /// The private exponent.
    var d: KeyInteger
    /// p, q and, of a key with more than two primes, the others.
    var primes: [KeyInteger]
    /// d modulo each prime minus 1; empty where the file has none.
    var exponents: [KeyInteger]
    /// The inverse of q modulo p, then those of p q, p q r₃, … modulo the next prime.
    var coefficients: [KeyInteger]
}

/// A Diffie–Hellman group, and a key in it.
package struct DHKey: Sendable {
    /// The modulus.
    package var p: KeyInteger
    /// The generator.
    package var g: KeyInteger
    /// The generator's order, where the file says it.
    var q: KeyInteger?
    /// A public value, g to the power of the private one.
    var y: KeyInteger?
    /// A private value.
    var x: KeyInteger?
    /// What a moduli file says about it.
    var moduliLine: ModuliLine?
}

/// What a line of a moduli file says beside the numbers.
struct ModuliLine: Sendable {
    /// 2: a safe prime.
    var type: Int
    /// The size, of which files have one bit less than there are.
    var size: Int
}

/// What a key's text looks like.
package enum KeyFormat: String, Sendable {
    case pkcs1, pkcs3, pkcs8, spki, x509, csr, x942, openssh, moduli
}

/// A key, or a group, and how it was written.
package struct Key: Sendable {
    /// The numbers.
    package enum Material: Sendable {
        case rsa(RSAKey)
        case dh(DHKey)
    }

    package var material: Material
    package var format: KeyFormat

    /// What it is, in words.
    package var kind: String {
        switch material {
        case .rsa(let key):
            if key.secret != nil { return "RSA private key" }
            return switch format {
            case .x509: "RSA key of a certificate"
            case .csr: "RSA key of a request"
            default: "RSA public key"
            }
        case .dh(let key):
            return key.x != nil ? "DH private key" : key.y != nil ? "DH public key" : "DH group"
        }
    }

    /// What it is, for programs.
    package var identifier: String {
        switch material {
        case .rsa(let key): key.secret != nil ? "rsa-private" : "rsa-public"
        case .dh(let key): key.x != nil ? "dh-private" : key.y != nil ? "dh-public" : "dh-group"
        }
    }

    /// The size of its modulus, in bits.
    package var bits: Int {
        switch material {
        case .rsa(let key): key.n.bits
        case .dh(let key): key.p.bits
        }
    }

    /// The modulus of RSA.
    package var modulus: KeyInteger? {
        if case .rsa(let key) = material { return key.n }
        return nil
    }

    /// The largest number of it, in bits.
    var largest: Int {
        switch material {
        case .rsa(let key):
            let secret = key.secret
            let all =
                [key.n, key.e] + (secret.map { [$0.d] } ?? []) + (secret?.primes ?? [])
                + (secret?.exponents ?? []) + (secret?.coefficients ?? [])
            return all.reduce(0) { max($0, $1.bits) }
        case .dh(let key):
            return [key.p, key.g, key.q, key.y, key.x].reduce(0) { max($0, $1?.bits ?? 0) }
        }
    }
}

/// Why a text cannot be read as a key.
package enum KeyTextError: Error, Sendable, Equatable {
    /// What is wrong with it.
    case malformed(String)
    /// A number is larger than the limit, in bits.
    case tooLarge(bits: Int, limit: Int)
    /// The key is encrypted, and how.
    case encrypted(Encryption)
    /// There is a key, or something else, without a number of RSA or DH.
    case otherKind(String)

    /// What decrypts a key.
    package enum Encryption: Sendable, Equatable {
        /// PKCS#8, or a PEM header says it.
        case openssl(isDER: Bool)
        /// A PKCS#12 archive.
        case pkcs12
        /// OpenSSH's own form.
        case openssh
    }
}

/// One thing that a file has: a key, or why there is none.
package struct KeyEntry: Sendable {
    /// In which line it begins, when the file has several; from 1.
    package var line: Int?
    package var result: Result<Key, KeyTextError>
}
