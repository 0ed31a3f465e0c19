// SPDX-License-Identifier: Apache-2.0

internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Standard input, output and error as descriptors, written at once: nothing is buffered behind them.
enum StandardStreams {
    /// Puts a placeholder on standard descriptors that are closed, so that no file or channel that
    /// is opened later takes their place.
    ///
    /// Using a placeholder fails as using a closed descriptor does.
    static func reserve() {
        for (descriptor, mode) in [(Int32(0), O_WRONLY), (1, O_RDONLY), (2, O_WRONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free descriptor is this one, since those below are in use by now.
            _ = unsafe open("/dev/null", mode)
        }
    }

    /// Writes a line to standard error that says who complains.
    static func complain(_ message: String) { writeError("primality: \(message)") }

    /// Writes a line to standard error.
    ///
    /// There is nowhere to report that this fails.
    static func writeError(_ line: String) {
        _ = try? FileDescriptor.standardError.writeAll(Array("\(line)\n".utf8))
    }
}

/// Standard output that remembers its first error.
struct Output {
    /// Why nothing more is written.
    private(set) var error: Errno?

    /// Writes bytes, all of them; `false` after an error.
    mutating func write(_ bytes: [UInt8]) -> Bool {
        if error != nil { return false }
        do {
            try FileDescriptor.standardOutput.writeAll(bytes)
            return true
        } catch {
            self.error = (error as? Errno) ?? .ioError
            return false
        }
    }

    mutating func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// The status that the output's fate gives a command.
    ///
    /// A reader that has gone away is no news.
    func status() -> ExitStatus {
        guard let error else { return .done }
        if error == .brokenPipe { endAsByBrokenPipe() }
        StandardStreams.complain("standard output: \(error.description)")
        return .writeError
    }

    /// SIGPIPE was ignored by who started us: end as it would have ended us.
    private func endAsByBrokenPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        exit(141)
    }
}

/// Text that a terminal cannot take amiss: printable ASCII, cut after 40 characters.
func printable(_ bytes: some Collection<UInt8>) -> String {
    var text = ""
    for byte in bytes.prefix(40) {
        if (0x20...0x7E).contains(byte) {
            text.unicodeScalars.append(UnicodeScalar(byte))
        } else {
            text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return bytes.dropFirst(40).isEmpty ? text : text + "..."
}

func printable(_ text: String) -> String { printable(text.utf8) }
