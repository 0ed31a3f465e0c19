// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
internal import Primality

/// The groups of RFC 2409, RFC 3526 and RFC 7919, from their formulas.
///
/// They are 2ⁿ − 2ⁿ⁻⁶⁴ − 1 + 2⁶⁴ (⌊2ⁿ⁻¹³⁰ π⌋ + c), with e in the place of π in RFC 7919.
package enum KnownGroups {
    /// A group.
    private struct Group {
        let bits: Int
        let offset: UInt64
        let name: String
    }

    private static let ofPi = [
        Group(bits: 768, offset: 149_686, name: "group 1 of RFC 2409"),
        Group(bits: 1024, offset: 129_093, name: "group 2 of RFC 2409"),
        Group(bits: 1536, offset: 741_804, name: "group 5 of RFC 3526"),
        Group(bits: 2048, offset: 124_476, name: "group 14 of RFC 3526"),
        Group(bits: 3072, offset: 1_690_314, name: "group 15 of RFC 3526"),
        Group(bits: 4096, offset: 240_904, name: "group 16 of RFC 3526"),
        Group(bits: 6144, offset: 929_484, name: "group 17 of RFC 3526"),
        Group(bits: 8192, offset: 4_743_158, name: "group 18 of RFC 3526"),
    ]

    private static let ofE = [
        Group(bits: 2048, offset: 560_316, name: "ffdhe2048 of RFC 7919"),
        Group(bits: 3072, offset: 2_625_351, name: "ffdhe3072 of RFC 7919"),
        Group(bits: 4096, offset: 5_736_041, name: "ffdhe4096 of RFC 7919"),
        Group(bits: 6144, offset: 15_705_020, name: "ffdhe6144 of RFC 7919"),
        Group(bits: 8192, offset: 10_965_728, name: "ffdhe8192 of RFC 7919"),
    ]

    /// All groups; computed when the first is asked for, in some milliseconds.
    package static let all: [(name: String, p: KeyInteger)] = {
        var all: [(name: String, p: KeyInteger)] = []
        for group in ofPi {
            let p = unsafe modulus(group) { unsafe prk_integer_set_pi($0, group.bits - 130) }
            all.append((group.name, p))
        }
        for group in ofE {
            let p = unsafe modulus(group) { unsafe prk_integer_set_e($0, group.bits - 130) }
            all.append((group.name, p))
        }
        return all
    }()

    private static let names = Dictionary(
        uniqueKeysWithValues: all.map { ($0.p.publicValue, $0.name) })

    private static func modulus(
        _ group: Group, _ setConstant: (OpaquePointer) -> Void
    ) -> KeyInteger {
        let middle = unsafe KeyInteger(0).changed(setConstant) + group.offset
        let ends = (KeyInteger(1) << group.bits) - (KeyInteger(1) << (group.bits - 64)) - 1
        return ends + (middle << 64)
    }

    /// What a modulus is known as; `nil`: it is not.
    ///
    /// - Complexity: O(limbs), and once some milliseconds.
    package static func name(of p: KeyInteger) -> String? {
        let looksLikeOne = unsafe p.withLimbs { limbs in
            unsafe limbs.first == .max && limbs.last == .max
        }
        return looksLikeOne ? names[p.publicValue] : nil
    }
}
