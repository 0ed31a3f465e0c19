// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityProof
internal import PrimalityRuns
internal import SystemPackage

/// Reads the certificates of a file or pipe, one after the other, in bounded memory.
struct CertificateReader {
    /// A certificate, or what is wrong with it, and where its text begins.
    struct Entry {
        var result: Result<Certificate, CertificateError>
        /// Which one of the file it is, from 1 on.
        var place: Int
        /// How many lines of the file are before it.
        var linesBefore: Int
    }

    /// What each certificate of ours begins with.
    static let head = #"{"certificate":"#

    private let descriptor: FileDescriptor
    private let cancel: CancelFlag
    /// What was read and not yet given, from `next` on.
    private var buffer: [UInt8] = []
    private var next = 0
    private var hasEnded = false
    private var lines = 0
    private var count = 0
    /// How many bytes of the file were given.
    private(set) var position = 0

    /// Whether nothing is left.
    var isAtEnd: Bool { hasEnded && next == buffer.count }

    /// - Parameters:
    ///   - descriptor: Where to read.
    ///   - cancel: Ends the reading, as the end of the file does.
    init(_ descriptor: FileDescriptor, cancel: CancelFlag) {
        self.descriptor = descriptor
        self.cancel = cancel
    }

    /// The next certificate; `nil` at the end.
    ///
    /// A file without any has one entry, which says so.
    ///
    /// - Throws: `Errno` when the file cannot be read.
    mutating func nextEntry() throws -> Entry? {
        try fill()
        if cancel.isCancelled || (isAtEnd && count > 0) { return nil }
        count += 1
        let text = buffer[next..<min(buffer.count, next + Certificate.mostBytes + 1)]
        let before = lines
        let result: Result<Certificate, CertificateError>
        let used: Int
        do throws(CertificateError) {
            let first = try Certificate.first(of: text)
            result = .success(first.certificate)
            used = first.used
        } catch {
            result = .failure(error.moved(by: before))
            used = Self.beginningOfNext(in: text)
        }
        lines += text.prefix(used).count { $0 == 0x0A }
        next += used
        position += used
        return Entry(result: result, place: count, linesBefore: before)
    }

    /// Whether the file begins as a PRP proof does.
    mutating func isPRPProof() throws -> Bool {
        try fill(to: PRPProof.mostHeadBytes)
        return count == 0 && PRPProof.isProof(buffer[next...])
    }

    /// A PRP proof whose first lines say how long it is: no more than that is read, and a byte.
    ///
    /// - Throws: What is wrong with the lines, as ``PrimalityProof/CertificateError``; or `Errno`.
    mutating func prpProof(maximumBits: Int) throws -> (head: PRPProof.Head, text: [UInt8]) {
        try fill(to: PRPProof.mostHeadBytes)
        let head = try PRPProof.head(buffer[next...])
        if head.bits > maximumBits {
            throw CertificateError(
                .unreadable, step: nil, line: nil,
                "its number has \(head.bits) bits, and the limit is \(maximumBits) (--max-bits)")
        }
        try fill(to: head.size + 1)
        return (head, Array(buffer[next...]))
    }

    /// How far it is to where another certificate of ours begins, or to the end.
    private static func beginningOfNext(in text: ArraySlice<UInt8>) -> Int {
        let head = Array(head.utf8)
        var start = text.startIndex
        while let end = text[start...].firstIndex(of: 0x0A) {
            start = end + 1
            if text[start...].starts(with: head) { return start - text.startIndex }
        }
        return text.count
    }

    /// How long a wait may be before the flag is looked at, in milliseconds.
    private static let patience: Int32 = 50

    /// Reads until there are so many bytes, or to the end.
    private mutating func fill(to size: Int) throws {
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while !hasEnded && buffer.count - next < size && !cancel.isCancelled {
            if !descriptor.isReadable(within: Self.patience) { continue }
            let count = unsafe try block.withUnsafeMutableBytes {
                try unsafe descriptor.read(into: $0)
            }
            buffer += block[..<count]
            hasEnded = count == 0
        }
    }

    /// Reads until there is as much as a certificate may have, or the end.
    private mutating func fill() throws {
        if hasEnded || buffer.count - next > Certificate.mostBytes { return }
        buffer.removeFirst(next)
        next = 0
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while !hasEnded && buffer.count <= 2 * Certificate.mostBytes && !cancel.isCancelled {
            if !descriptor.isReadable(within: Self.patience) { continue }
            let count = unsafe try block.withUnsafeMutableBytes {
                try unsafe descriptor.read(into: $0)
            }
            buffer += block[..<count]
            hasEnded = count == 0
        }
    }
}
