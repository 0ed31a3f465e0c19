// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal

/// Ends tests that are under way, from any thread.
///
/// Kernels poll it between numbers and inside long tests. It lies on a shared page, so the processes
/// of a pool see it too, and raising it is safe in a signal handler.
///
/// The pointer is set once and freed with the last reference, and every access through it is atomic,
/// which makes the class `Sendable`.
@safe public final class CancelFlag: @unchecked Sendable {
    package let flag: UnsafeMutablePointer<UInt32>
    /// What this is a part of; it has to live longer.
    private let whole: CancelFlag?

    /// Makes a flag that is not raised.
    public init() {
        guard let flag = unsafe prk_flag_create() else {
            // One page is missing: nothing that could be thrown would find memory either.
            fatalError("out of memory")
        }
        unsafe self.flag = unsafe flag
        whole = nil
    }

    /// A flag that is raised with this one, or by itself.
    ///
    /// The 501st at a time is this one itself: who raises it raises all.
    package func part() -> CancelFlag {
        guard let part = unsafe prk_flag_create_part(flag) else { return self }
        return unsafe CancelFlag(part, of: self)
    }

    private init(_ flag: UnsafeMutablePointer<UInt32>, of whole: CancelFlag) {
        unsafe self.flag = unsafe flag
        self.whole = whole
    }

    deinit { unsafe prk_flag_destroy(flag) }

    /// Raises the flag, for good.
    public func cancel() { unsafe prk_flag_raise(flag) }

    /// Whether the flag was raised.
    public var isCancelled: Bool { unsafe prk_is_cancelled(flag) }

    /// A descriptor that becomes readable when the flag is raised, and is the flag's; -1 when the system
    /// gives none.
    ///
    /// To be asked for before ``isCancelled``, by who waits for both.
    package var bell: Int32 { unsafe prk_flag_bell(flag) }
}
