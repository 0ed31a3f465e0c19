// SPDX-License-Identifier: Apache-2.0

internal import PrimalityModels
internal import PrimalityPool

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The terminal on standard output, whose cursor is hidden while something moves on it.
///
/// Whoever ends the program gives it back before.
final class Terminal: Sendable {
    private enum State { case free, taken, givenBack }
    private let state = Monitor(State.free)

    /// `nil` when standard output is no terminal.
    init?() {
        if isatty(STDOUT_FILENO) != 1 { return nil }
    }

    /// Hides the cursor, unless the terminal was given back for good.
    func take() {
        state.withLock { state in
            if state != .free { return }
            Self.put("\u{1B}[?25l")
            state = .taken
        }
    }

    /// Clears the line and shows the cursor, if it was taken; when it is for good nothing is drawn after.
    func giveBack(forGood: Bool = true) {
        if forGood { ProcessSpinner.endDrawing() }
        state.withLock { state in
            if state == .taken { Self.put("\r\u{1B}[K\u{1B}[?25h") }
            state = forGood ? .givenBack : .free
        }
    }

    /// Writes, unless the terminal was stopped by Ctrl-S: the program is not to wait for it at its end.
    private static func put(_ text: String) {
        var output = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        if unsafe poll(&output, 1, 200) != 1 { return }
        let bytes = Array(text.utf8)
        _ = unsafe write(STDOUT_FILENO, bytes, bytes.count)
    }
}
