// SPDX-License-Identifier: Apache-2.0

package import Primality
package import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Reads lines of any length from a descriptor in bounded memory, and notices when it would have to
/// wait.
package struct LineReader {
    /// What comes next.
    package enum Event {
        /// A line without its end. Of one longer than the limit only the beginning is given.
        case line(ArraySlice<UInt8>, length: Int)
        /// Nothing more can be read at present. Calling again waits.
        case pause
        /// The end of the input, or of the run.
        case end
    }

    private let descriptor: FileDescriptor
    private let cancel: CancelFlag
    private let longest: Int
    private let limit: Int
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var next = 0
    private var filled = 0
    /// The beginning of a line that began in an earlier buffer.
    private var partial: [UInt8] = []
    private var partialLength = 0
    private var atEnd = false
    private var mayWait = true
    private var total = 0

    /// How many bytes were read and given.
    package var position: Int { total - (filled - next) }

    /// How long a wait may be before the flag is looked at.
    private static let patience: Int32 = 50

    /// - Parameters:
    ///   - descriptor: Where to read.
    ///   - longest: How many bytes of a line to keep.
    ///   - limit: How many bytes to read; what comes after them is not there.
    ///   - cancel: Ends the reading.
    package init(
        _ descriptor: FileDescriptor, longest: Int, limit: Int = .max, cancel: CancelFlag
    ) {
        self.limit = limit
        self.descriptor = descriptor
        self.longest = longest
        self.cancel = cancel
    }

    /// The next line.
    ///
    /// - Parameter isPatient: Otherwise there is a pause each time that nothing can be read.
    /// - Returns: The line, or why there is none.
    /// - Throws: Why it cannot be read.
    package mutating func read(isPatient: Bool = true) throws(Errno) -> Event {
        while true {
            if let line = takeLine() { return line }
            if atEnd { return .end }
            if !(mayWait && isPatient) && !descriptor.isReadable(within: 0) {
                mayWait = true
                return .pause
            }
            mayWait = false
            while !descriptor.isReadable(within: Self.patience) {
                if cancel.isCancelled { return .end }
            }
            if cancel.isCancelled { return .end }
            try fill()
        }
    }

    /// The next line that the buffer completes; a remainder goes to `partial`.
    private mutating func takeLine() -> Event? {
        let rest = buffer[next..<filled]
        if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            next = end + 1
            return finish(rest[..<end])
        }
        next = filled
        if atEnd {
            return rest.isEmpty && partialLength == 0 ? nil : finish(rest)
        }
        keep(rest)
        return nil
    }

    private mutating func finish(_ piece: ArraySlice<UInt8>) -> Event {
        if partialLength == 0 {
            return .line(piece.prefix(longest), length: piece.count)
        }
        keep(piece)
        defer {
            partial = []
            partialLength = 0
        }
        return .line(partial[...], length: partialLength)
    }

    private mutating func keep(_ piece: ArraySlice<UInt8>) {
        partialLength += piece.count
        partial += piece.prefix(longest - partial.count)
    }

    private mutating func fill() throws(Errno) {
        do {
            // read(into:) never gets more room than the array has.
            filled = try unsafe buffer.withUnsafeMutableBytes {
                unsafe try descriptor.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: $0.prefix(limit - total)))
            }
        } catch {
            throw (error as? Errno) ?? .ioError
        }
        next = 0
        total += filled
        atEnd = filled == 0
    }
}

extension FileDescriptor {
    /// Whether reading would not wait: data, the end, or an error that reading will tell.
    package func isReadable(within milliseconds: Int32) -> Bool {
        var poller = pollfd(fd: rawValue, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&poller, 1, milliseconds) > 0
    }
}
