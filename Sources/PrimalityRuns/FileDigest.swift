// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
package import Primality

/// What a file is recognised by: its size, and a hash of its content.
///
/// SipHash-2-4, which the random bases use already, under a fixed key. It is to notice a file that was
/// changed, one such in 2⁶⁴ excepted; whoever wants to deceive himself is free to.
package struct FileDigest: Sendable, Hashable {
    /// The size in bytes.
    package var bytes: UInt64 = 0
    /// The hash.
    package var hash: UInt64 = 0

    /// An errno.
    package struct Failure: Error {
        /// ECANCELED when the flag was raised.
        package var code: Int32
    }

    /// Reads a file from its beginning, or only so many bytes of it, in bounded memory; the descriptor's
    /// offset stays.
    package init(
        descriptor: Int32, first most: UInt64 = .max, key: (UInt64, UInt64) = (0, 0),
        cancel: CancelFlag = CancelFlag()
    ) throws(Failure) {
        let error = unsafe prk_file_digest(
            descriptor, most, key.0, key.1, cancel.flag, &hash, &bytes)
        if error != 0 { throw Failure(code: error) }
    }
}
