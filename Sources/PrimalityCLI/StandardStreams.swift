// SPDX-License-Identifier: Apache-2.0

internal import PrimalityPool
internal import PrimalityRuns
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
    static func complain(_ message: String) {
        writeError("\(ColourMode.ofError("primality:")) \(message)")
    }

    /// Writes a line to standard error about what is no fault.
    static func note(_ message: String) { writeError("primality: \(message)") }

    /// Writes a line to standard error.
    ///
    /// There is nowhere to report that this fails.
    static func writeError(_ line: String) {
        status.withLock { status in
            let bytes = status.blanks() + Array("\(line)\n".utf8)
            _ = try? FileDescriptor.standardError.writeAll(bytes)
        }
    }

    /// The line about progress.
    private struct Status {
        /// How many columns it takes at present.
        var width = 0
        /// It is not written any more.
        var isOver = false

        /// What takes it away: blanks, which every terminal understands.
        mutating func blanks() -> [UInt8] {
            if width == 0 { return [] }
            defer { width = 0 }
            return [0x0D] + [UInt8](repeating: 0x20, count: width) + [0x0D]
        }
    }

    private static let status = Monitor(Status())

    /// Whether a write to standard output would wait now.
    static var outputIsBlocked: Bool {
        var output = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&output, 1, 0) == 0
    }

    /// Whether standard output is a terminal.
    static let outputIsTerminal = isatty(STDOUT_FILENO) == 1
    static let errorIsTerminal = isatty(STDERR_FILENO) == 1

    /// Whether somebody edits a line on standard error's terminal, as at the prompt of a shell, while this
    /// program runs in the background.
    static var someoneEditsALine: Bool {
        let foreground = tcgetpgrp(STDERR_FILENO)
        if foreground <= 0 || foreground == getpgrp() { return false }
        var settings = termios()
        if unsafe tcgetattr(STDERR_FILENO, &settings) != 0 { return false }
        // What reads whole lines leaves the editing to the terminal.
        return settings.c_lflag & tcflag_t(ICANON) == 0
    }

    /// Writes a line that stays until it is cleared or written over, or something else is written.
    static func showStatus(_ text: String) {
        status.withLock { status in
            if status.isOver { return }
            let line = Array(text.utf8.prefix(columns(of: STDERR_FILENO) - 1))
            let rest = [UInt8](repeating: 0x20, count: max(0, status.width - line.count))
            _ = try? FileDescriptor.standardError.writeAll([0x0D] + line + rest)
            status.width = max(line.count, status.width)
        }
    }

    /// Takes the line about progress away.
    static func clearStatus() {
        status.withLock { status in
            if status.width > 0 {
                _ = try? FileDescriptor.standardError.writeAll(status.blanks())
            }
        }
    }

    /// Takes the line about progress away for good, unless that would have to wait for a terminal which was
    /// stopped by Ctrl-S: for who ends the program at once.
    static func abandonStatus() {
        for _ in 0..<10 {
            let isDone = status.tryWithLock { status in
                status.isOver = true
                var error = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                if status.width > 0, unsafe poll(&error, 1, 0) == 1 {
                    _ = try? FileDescriptor.standardError.writeAll(status.blanks())
                }
            }
            if isDone { return }
            usleep(20_000)
        }
    }

    /// Takes the line about progress away when results are to appear on the same terminal.
    static func clearStatusBeforeOutput() {
        if outputIsTerminal { clearStatus() }
    }

    /// The width of the terminal, or 80: a status line that is longer would not be written over.
    static func columns(of descriptor: Int32) -> Int {
        var size = winsize()
        let error = unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size)
        return error == 0 && size.ws_col > 1 ? Int(size.ws_col) : 80
    }
}

/// Standard output that remembers its first error.
struct Output {
    /// Why nothing more is written.
    private(set) var error: Errno?
    /// A closed pipe ends the program by ``status()`` alone, not while it writes.
    private let outlivesReader: Bool

    init(outlivesReader: Bool = false) { self.outlivesReader = outlivesReader }

    /// Whose turn it is to write lines.
    private static let turn = Monitor(())

    /// Writes a line of a thread that is not the run's; what keeps it from that the run will find, too.
    static func writeBeside(_ line: [UInt8]) {
        StandardStreams.clearStatusBeforeOutput()
        turn.withLock { _ in _ = try? FileDescriptor.standardOutput.writeAll(line) }
    }

    /// Writes bytes, all of them; `false` after an error.
    mutating func write(_ bytes: [UInt8]) -> Bool {
        if error != nil { return false }
        StandardStreams.clearStatusBeforeOutput()
        var mask = sigset_t()
        if outlivesReader {
            var closedPipe = Self.closedPipe
            unsafe pthread_sigmask(SIG_BLOCK, &closedPipe, &mask)
        }
        let error: (any Error)? = Self.turn.withLock { _ in
            do {
                try FileDescriptor.standardOutput.writeAll(bytes)
                return nil
            } catch { return error }
        }
        if let error {
            // The signal waits, if there is one, until the program is to end.
            self.error = (error as? Errno) ?? .ioError
            return false
        }
        if outlivesReader { unsafe pthread_sigmask(SIG_SETMASK, &mask, nil) }
        return true
    }

    mutating func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// The status that the output's fate gives a command.
    ///
    /// A closed pipe ends the command silently, as in other tools.
    func status() -> ExitStatus {
        guard let error else { return .done }
        if error == .brokenPipe { endAsByBrokenPipe() }
        StandardStreams.complain("standard output: \(error.description)")
        return .writeError
    }

    /// SIGPIPE was ignored by who started us, or is held back: end as it would have ended us.
    private func endAsByBrokenPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        var set = Self.closedPipe
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
        exit(141)
    }

    /// The signal of a closed pipe.
    private static var closedPipe: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGPIPE)
        return set
    }
}
