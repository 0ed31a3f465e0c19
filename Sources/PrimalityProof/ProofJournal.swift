// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// What a long proof has found on its way, so that another one of the same number goes on from there.
///
/// Lines of JSON, which the caller keeps in order, in a file say. A proof that goes on from them does not compute
/// again what they say, and has the certificate of one that was never ended. They are checked and not believed: a line
/// that does not hold is passed over, as is a last one that was cut off. Steps from numbers below 600 bits, which take
/// milliseconds, have no lines.
public struct ProofJournal: Sendable {
    /// All lines of earlier proofs of the number.
    public var kept: [UInt8]
    /// Takes a whole line with its end, on a thread of the proof, one after the other; once it says `false`, no more.
    public var append: @Sendable (_ line: [UInt8]) -> Bool

    /// - Parameters:
    ///   - kept: All lines of earlier proofs.
    ///   - append: Takes a line.
    public init(
        kept: [UInt8] = [], append: @escaping @Sendable (_ line: [UInt8]) -> Bool = { _ in false }
    ) {
        self.kept = kept
        self.append = append
    }
}

/// A journal as the kernel's sink.
final class JournalSink {
    private let append: @Sendable ([UInt8]) -> Bool

    init(_ journal: ProofJournal) { append = journal.append }

    /// Takes a line; the context is a sink's ``context``, which has to live until the proof is over.
    static let sink: prk_text_sink = { context, bytes, count in
        guard let context = unsafe context, let bytes = unsafe bytes else { return false }
        let sink = unsafe Unmanaged<JournalSink>.fromOpaque(context).takeUnretainedValue()
        return sink.append(unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: count)))
    }

    var context: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }
}
