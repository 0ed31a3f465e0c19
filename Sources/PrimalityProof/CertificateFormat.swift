// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// Whose form a certificate is written in.
public enum CertificateFormat: String, Sendable, CaseIterable {
    /// Our own, JSON lines: the only one that has words for every proof.
    case json
    /// Primo 4, which factordb.com takes.
    case primo4
    /// Primo 3 and older; read, not written.
    case primo3
    /// Math::Prime::Util's text.
    case mpu
    /// PARI/GP's `primecert`.
    case pari

    init(_ kernel: KernelCertificateFormat) {
        self =
            switch kernel {
            case .primo4: .primo4
            case .primo3: .primo3
            case .mpu: .mpu
            case .pari: .pari
            default: .json
            }
    }

    var kernel: KernelCertificateFormat {
        switch self {
        case .json: .json
        case .primo4: .primo4
        case .primo3: .primo3
        case .mpu: .mpu
        case .pari: .pari
        }
    }
}
