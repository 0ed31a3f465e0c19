// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A descriptor that another thread makes readable.
final class Doorbell: Sendable {
    let descriptor: Int32

    init() throws(PoolError) {
        descriptor = prk_doorbell_create()
        if descriptor < 0 { throw .system(call: "eventfd", error: errno) }
    }

    deinit { close(descriptor) }

    func ring() { prk_doorbell_ring(descriptor) }

    func clear() { prk_doorbell_clear(descriptor) }
}
