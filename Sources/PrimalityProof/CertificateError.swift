// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// Why a certificate proves nothing.
public struct CertificateError: Error, Sendable, Equatable {
    /// What is wrong.
    public enum Kind: Sendable {
        /// A condition does not hold. The number may be prime all the same.
        case invalid
        /// The text is no certificate, or ends too early, or exceeds a limit.
        case unreadable
        /// A number above 2⁶⁴ is said to be prime, and no step proves it.
        case incomplete
        /// There is no memory for numbers of that size.
        case outOfMemory
        /// The ``/Primality/CancelFlag`` was raised.
        case cancelled
    }

    /// What is wrong.
    public let kind: Kind
    /// The step, as the certificate numbers it.
    public let step: Int?
    /// The line of the text, from 1 on.
    public let line: Int?
    /// The condition that does not hold, or what is missing.
    public let reason: String

    package init(_ kind: Kind, step: Int?, line: Int?, _ reason: String) {
        self.kind = kind
        self.step = step
        self.line = line
        self.reason = reason
    }

    /// The same some lines further on, for a text that is a part of another one.
    package func moved(by lines: Int) -> CertificateError {
        CertificateError(kind, step: step, line: line.map { $0 + lines }, reason)
    }
}

extension CertificateError: CustomStringConvertible {
    /// Step, line and reason, as `step 18, line 203: S is empty`.
    public var description: String {
        let place = [step.map { "step \($0)" }, line.map { "line \($0)" }].compactMap { $0 }
        return (place.isEmpty ? "" : place.joined(separator: ", ") + ": ") + reason
    }
}

extension CertificateError {
    init(_ problem: KernelCertificateProblem) {
        let kind: Kind =
            switch problem.verdict {
            case .unreadable: .unreadable
            case .incomplete: .incomplete
            default: .invalid
            }
        let reason = unsafe withUnsafeBytes(of: problem.reason) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        self.init(
            kind, step: problem.step == 0 ? nil : Int(problem.step),
            line: problem.line == 0 ? nil : Int(problem.line), reason)
    }

    /// Throws what a kernel's status stands for, if that is no verdict.
    static func check(_ status: KernelStatus) throws(CertificateError) {
        switch status {
        case .ok: return
        case .cancelled: throw CertificateError(.cancelled, step: nil, line: nil, "cancelled")
        case .noMemory: throw CertificateError(.outOfMemory, step: nil, line: nil, "out of memory")
        default:
            throw CertificateError(
                .unreadable, step: nil, line: nil, "internal error: status \(status.rawValue)")
        }
    }

    /// What comes first in a text comes first here; what ended without a verdict comes last.
    var place: Int {
        switch kind {
        case .cancelled: .max
        case .outOfMemory: .max - 1
        default: line ?? step ?? 0
        }
    }
}
