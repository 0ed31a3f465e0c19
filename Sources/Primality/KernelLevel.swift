// SPDX-License-Identifier: Apache-2.0

package import CKernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// An instruction set for which kernels exist, in increasing order.
public enum KernelLevel: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// Plain C: the reference for all others.
    case portable
    /// mulx and bit counting.
    case bmi2
    /// 256-bit vectors.
    case avx2
    /// 512-bit vectors with 52-bit multiplication.
    case avx512ifma

    /// The environment variable that forces a level: `PRIMALITY_LEVEL`.
    public static let environmentVariable = "PRIMALITY_LEVEL"

    /// The levels that this machine supports, lowest first.
    public static var supported: [KernelLevel] {
        allCases.filter { prk_level_supported($0.kernel) }
    }

    /// The level in use: the best one supported, or the one that the environment forces.
    ///
    /// - Throws: ``PrimalityError/levelUnavailable(requested:supported:)`` or
    ///   ``PrimalityError/unknownLevel(_:)`` when the forced level cannot be used.
    public static var active: KernelLevel {
        get throws(PrimalityError) {
            try checkForcedLevel()
            let kernel = prk_active_level()
            return allCases.first { $0.kernel == kernel } ?? .portable
        }
    }

    /// Orders by capability.
    public static func < (first: KernelLevel, second: KernelLevel) -> Bool {
        first.kernel.rawValue < second.kernel.rawValue
    }

    /// In C, whose order this is.
    package var kernel: KernelSet { KernelSet(rawValue: UInt32(place)) ?? .portable }

    /// Throws when the environment forces a level that cannot be used.
    package static func checkForcedLevel() throws(PrimalityError) {
        if prk_level_status() == .ok { return }
        let name = unsafe getenv(environmentVariable).map { unsafe String(cString: $0) } ?? ""
        guard let level = KernelLevel(rawValue: name) else { throw .unknownLevel(name) }
        throw .levelUnavailable(requested: level, supported: supported)
    }
}
