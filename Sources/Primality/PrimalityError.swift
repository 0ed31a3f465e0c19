// SPDX-License-Identifier: Apache-2.0

package import CKernels

/// Why a test could not be run.
public enum PrimalityError: Error, Sendable, Equatable {
    /// `PRIMALITY_LEVEL` names a level that this machine lacks.
    case levelUnavailable(requested: KernelLevel, supported: [KernelLevel])
    /// `PRIMALITY_LEVEL` is no level's name.
    case unknownLevel(String)
    /// A number is larger than its engine takes.
    case numberTooLarge(bits: Int, limit: Int, engine: Engine)
    /// A number is larger than every engine takes.
    case tooLarge(limit: Int)
    /// A span for results is not as long as the numbers' one.
    case lengthMismatch(numbers: Int, results: Int)
    /// No prime, or no safe one, has so few bits.
    case noPrimeOfSize(bits: Int, isSafe: Bool)
    /// A form's parts are out of their ranges: ``CandidateForm/isValid``.
    case invalidForm(CandidateForm)
    /// What a proof was to go on from is not its journal, and why.
    case unusableJournal(String)
    /// A path for checkpoints is empty, or too long.
    case unusableFolder(String)
    /// Checks of a long computation failed again and again: this machine computes wrong.
    case unreliable
    /// There is no memory for a number of this size.
    case outOfMemory
    /// The run's ``CancelFlag`` was raised.
    case cancelled
    /// A kernel refused what Swift gave it: a defect of this library.
    case internalError(String)
}

extension PrimalityError: CustomStringConvertible {
    /// What was wrong and what to do about it.
    public var description: String {
        switch self {
        case .levelUnavailable(let requested, let supported):
            "\(KernelLevel.environmentVariable) asks for level \(requested.rawValue), which this "
                + "machine lacks; it supports "
                + supported.map(\.rawValue).joined(separator: ", ")
        case .unknownLevel(let name):
            "\(KernelLevel.environmentVariable) is '\(name)', which is no level; use one of "
                + KernelLevel.allCases.map(\.rawValue).joined(separator: ", ")
        case .numberTooLarge(let bits, let limit, let engine):
            "the number has \(bits) bits and engine \(engine.rawValue) takes at most \(limit)"
        case .tooLarge(let limit):
            "the number is too large: no engine takes more than \(limit) bits"
        case .lengthMismatch(let numbers, let results):
            "\(numbers) numbers cannot be tested into \(results) results"
        case .noPrimeOfSize(let bits, let isSafe):
            "there is no \(isSafe ? "safe " : "")prime of \(bits) bit\(bits == 1 ? "" : "s"); "
                + "the smallest have \(isSafe ? 3 : 2)"
        case .invalidForm(let form):
            "\(form) is no form: k and a factorial's step are at least 1, b is at least 2, and c is "
                + "above -2^63"
        case .unusableJournal(let why): why
        case .unusableFolder(let path):
            "'\(path)' is no folder for checkpoints: give 1 to 3000 bytes"
        case .unreliable:
            "not tested: this machine computes wrong: 20 checks in a row failed; look at its memory, clock and cooling"
        case .outOfMemory: "out of memory"
        case .cancelled: "cancelled"
        case .internalError(let what): "internal error: \(what)"
        }
    }
}

extension PrimalityError {
    /// Throws what a kernel's status stands for.
    package static func check(_ status: KernelStatus) throws(PrimalityError) {
        switch status {
        case .ok: return
        case .noMemory: throw .outOfMemory
        case .cancelled: throw .cancelled
        case .unreliable: throw .unreliable
        case .tooLarge: throw .tooLarge(limit: Engine.mostBits)
        case .levelUnavailable, .levelUnknown:
            try KernelLevel.checkForcedLevel()
            throw .internalError("the level is unavailable, and available")
        default: throw .internalError("kernel status \(status.rawValue)")
        }
    }
}
