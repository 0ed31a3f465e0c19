// SPDX-License-Identifier: Apache-2.0

package import Primality
package import SystemPackage

/// Reads the certificates of a file or pipe, one after the other, in bounded memory.
package struct CertificateReader {
    /// A certificate, or what is wrong with it, and where its text begins.
    package struct Entry {
        package var result: Result<Certificate, CertificateError>
        /// Which one of the file it is, from 1 on.
        package var place: Int
        /// How many lines of the file are before it.
        package var linesBefore: Int
    }

    private let descriptor: FileDescriptor
    private let cancel: CancelFlag
    /// What was read and not yet given, from `next` on.
    private var buffer: [UInt8] = []
    private var next = 0
    private var atEnd = false
    private var lines = 0
    private var count = 0
    /// How many bytes of the file were given.
    package private(set) var position = 0
    /// Whether nothing is left.
    package var isAtEnd: Bool { atEnd && next == buffer.count }

    /// - Parameters:
    ///   - descriptor: Where to read.
    ///   - cancel: Ends the reading, as the end of the file does.
    package init(_ descriptor: FileDescriptor, cancel: CancelFlag) {
        self.descriptor = descriptor
        self.cancel = cancel
    }

    /// The next certificate; `nil` at the end.
    ///
    /// A file without any has one entry, which says so.
    ///
    /// - Throws: `Errno` when the file cannot be read.
    package mutating func nextEntry() throws -> Entry? {
        try fill()
        if cancel.isCancelled || (next == buffer.count && count > 0) { return nil }
        count += 1
        let text = buffer[next..<min(buffer.count, next + Certificate.mostBytes + 1)]
        let before = lines
        let result: Result<Certificate, CertificateError>
        var used: Int
        do throws(CertificateError) {
            let first = try Certificate.first(of: text)
            result = .success(first.certificate)
            used = first.used
        } catch {
            result = .failure(error.moved(by: before))
            used = Self.beginningOfNext(in: text)
        }
        used = max(1, used)
        lines += text.prefix(used).count { $0 == 0x0A }
        used = min(used, text.count)
        next += used
        position += used
        return Entry(result: result, place: count, linesBefore: before)
    }

    /// How far it is to where another certificate of ours begins.
    private static func beginningOfNext(in text: ArraySlice<UInt8>) -> Int {
        let mark = Array(#"{"certificate":"#.utf8)
        var start = text.startIndex
        while let end = text[start...].firstIndex(of: 0x0A) {
            start = end + 1
            if text[start...].starts(with: mark) { return start - text.startIndex }
        }
        return text.count
    }

    /// Reads until there is as much as a certificate may have, or the end.
    private mutating func fill() throws {
        if atEnd || buffer.count - next > Certificate.mostBytes { return }
        buffer.removeFirst(next)
        next = 0
        let block = 1 << 20
        while !atEnd && buffer.count <= 2 * Certificate.mostBytes && !cancel.isCancelled {
            let held = buffer.count
            buffer.append(contentsOf: repeatElement(0, count: block))
            let read = unsafe try buffer.withUnsafeMutableBytes { bytes in
                try unsafe descriptor.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: bytes[held...]),
                    retryOnInterrupt: !cancel.isCancelled)
            }
            buffer.removeLast(block - read)
            atEnd = read == 0
        }
    }
}
