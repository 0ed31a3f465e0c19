// SPDX-License-Identifier: Apache-2.0

internal import PrimalityRuns
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A file that is there whole or not at all: it is written beside, and takes its name at the end.
///
/// What had the name before has it until then. Pipes and devices are written as they are.
final class ReplacedFile {
    private let path: String
    /// `nil`: there is nothing to replace.
    private let partial: String?
    private let file: FileDescriptor
    private var isOpen = true

    init(_ path: FilePath, permissions: FilePermissions) throws {
        var facts = stat()
        let isThere = unsafe stat(path.string, &facts) == 0
        if isThere && facts.st_mode & S_IFMT != S_IFREG {
            self.path = path.string
            partial = nil
            file = try FileDescriptor.open(path, .writeOnly, options: .closeOnExec)
            return
        }
        // A link stays a link, to what is written.
        var target = path.string
        if isThere, let real = unsafe realpath(path.string, nil) {
            target = unsafe String(cString: real)
            unsafe free(real)
        }
        self.path = target
        partial = target + ".part"
        file = try FileDescriptor.open(
            FilePath(target + ".part"), .writeOnly, options: [.create, .truncate, .closeOnExec],
            permissions: permissions)
    }

    func write(_ bytes: some Sequence<UInt8>) throws { _ = try file.writeAll(bytes) }

    /// Gives it its name; `isDurable`: on the disk, too.
    func finish(isDurable: Bool) throws {
        if isDurable { try file.synchronise() }
        isOpen = false
        try file.close()
        guard let partial else { return }
        if unsafe rename(partial, path) != 0 { throw Errno(rawValue: errno) }
        if isDurable { FilePath(path).synchroniseName() }
    }

    /// Takes away what was written.
    func abandon() {
        if isOpen { try? file.close() }
        isOpen = false
        if let partial { unsafe unlink(partial) }
    }
}
