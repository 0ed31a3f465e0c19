// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// When words for people have colours.
enum ColourMode: String, CaseIterable {
    /// On a terminal, unless the environment says that they are not wanted.
    case auto
    case always
    case never

    /// Whether there are to be colours.
    ///
    /// - Parameter isTerminal: Whether the words go to a terminal.
    /// - Returns: Whether to write them.
    func isOn(_ isTerminal: Bool) -> Bool {
        switch self {
        case .auto: isTerminal && Self.areUnderstood
        case .always: true
        case .never: false
        }
    }

    /// Whether a terminal has colours, as TERM says, and nobody has said NO_COLOR.
    private static let areUnderstood: Bool = {
        func variable(_ name: String) -> String {
            unsafe getenv(name).map { unsafe String(cString: $0) } ?? ""
        }
        return variable("NO_COLOR").isEmpty && !["", "dumb"].contains(variable("TERM"))
    }()

    /// A word that says what went wrong, as standard error shows it.
    static func ofError(_ word: String) -> String {
        Self.auto.isOn(StandardStreams.errorIsTerminal) ? "\u{1B}[1;31m\(word)\u{1B}[0m" : word
    }
}
