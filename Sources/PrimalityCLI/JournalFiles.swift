// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityPool
internal import PrimalityProof
internal import PrimalityRuns
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The journals of the proofs of a run, each in a file of its own beside where the certificates go.
final class JournalFiles: Sendable {
    private let resumes: Bool
    private let path: @Sendable (BigNatural) -> FilePath
    /// Those of this process, in which a number may stand twice.
    private let open = Monitor(Set<FilePath>())

    /// - Parameters:
    ///   - resumes: Goes on with what is there; else nothing may be.
    ///   - path: Where a number's journal is.
    init(resumes: Bool, path: @escaping @Sendable (BigNatural) -> FilePath) {
        self.resumes = resumes
        self.path = path
        // A limit on the size of files is to be an error like a full disk, not a signal.
        signal(SIGXFSZ, SIG_IGN)
    }

    /// The journal of a number; `nil`: another thread of this process is at the same number.
    ///
    /// - Throws: Why what is there cannot be used.
    func journal(of number: BigNatural) throws(Complaint) -> JournalFile? {
        let path = path(number)
        if !open.withLock({ $0.insert(path).inserted }) { return nil }
        do throws(Complaint) {
            return try JournalFile(path, resumes: resumes)
        } catch {
            open.withLock { _ = $0.remove(path) }
            throw error
        }
    }

    /// Ends a journal; with the certificate written it is not needed any more.
    func end(_ journal: JournalFile, isNeeded: Bool) {
        journal.end(isNeeded: isNeeded)
        open.withLock { _ = $0.remove(journal.path) }
    }

    /// Takes away what a run left that ended between the certificate and its journal.
    func remove(of number: BigNatural) { unsafe unlink(path(number).string) }
}

/// A file with what a proof has found so far: there from the first line on, until the certificate is written.
///
/// Whatever ends the proof leaves whole lines, and at most one that is cut off, which the next run takes away.
final class JournalFile: Sendable {
    let path: FilePath
    var name: String { printable(path.string) }
    /// What was there.
    let kept: [UInt8]

    private struct State {
        /// `nil`: the file is not there yet, or is not written any more.
        var file: FileDescriptor?
        /// Of its whole lines.
        var size = 0
        var isThere = false
        /// Something was written.
        var isWritten = false
        /// Something is on the disk, and will be there without the machine's power.
        var isSynced = false
        var lastSync = ContinuousClock.now
    }
    private let state: Monitor<State>

    /// More than the journal of any proof that can be waited for.
    private static let mostBytes = 1 << 30
    /// How much work the loss of the machine's power may cost.
    private static var syncInterval: Duration { .seconds(1) }

    /// Opens what is there; nothing is made.
    ///
    /// - Throws: Why it cannot be used.
    init(_ path: FilePath, resumes: Bool) throws(Complaint) {
        self.path = path
        let name = printable(path.string)
        if !resumes {
            if unsafe access(path.string, F_OK) == 0 {
                throw Complaint(
                    message: "\(name): the journal of a proof that was not finished; go on with "
                        + "--resume, or remove it")
            }
            kept = []
            state = Monitor(State())
            return
        }
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(path, .readWrite, options: [.nonBlocking, .closeOnExec])
        } catch {
            if error as? Errno != .noSuchFileOrDirectory {
                throw Complaint(
                    message: "\(name): \((error as? Errno) ?? .ioError)", status: .writeError)
            }
            kept = []
            state = Monitor(State())
            return
        }
        do throws(Complaint) {
            let size = try regularSize(of: file, name)
            try file.lock(called: name)
            kept = try Self.content(of: file, size: size, name)
        } catch {
            try? file.close()
            throw error
        }
        let whole = kept.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        state = Monitor(State(file: file, size: whole, isThere: true))
    }

    private static func content(
        of file: FileDescriptor, size: Int, _ name: String
    ) throws(Complaint) -> [UInt8] {
        if size > mostBytes {
            throw Complaint(message: "\(name): it has more than \(mostBytes >> 20) MB")
        }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        do {
            while bytes.count <= mostBytes {
                let count = unsafe try block.withUnsafeMutableBytes {
                    try unsafe file.read(into: $0)
                }
                if count == 0 { break }
                bytes += block[..<count]
            }
        } catch {
            throw Complaint(message: "\(name): \((error as? Errno) ?? .ioError)")
        }
        return bytes
    }

    /// Whether the loss of the machine's power leaves something of it: what takes less than a second has nothing on
    /// the disk.
    var isDurable: Bool { state.withLock { $0.isSynced || !kept.isEmpty } }

    /// Appends a line; `false` after an error, which was reported.
    func append(_ line: [UInt8]) -> Bool {
        state.withLock { state in
            do {
                if !state.isThere { try make(&state) }
                guard let file = state.file else { return false }
                if !state.isWritten {
                    // A last line that was cut off.
                    try file.truncate(to: state.size)
                    try file.seek(offset: Int64(state.size), from: .start)
                    state.isWritten = true
                }
                try file.writeAll(line)
                state.size += line.count
                if .now - state.lastSync > Self.syncInterval { try synchronise(&state) }
                return true
            } catch {
                // When this fails too, the next run does it.
                try? state.file?.truncate(to: state.size)
                StandardStreams.complain(
                    "\(name): \((error as? Errno) ?? .ioError); the proof goes on, and "
                        + (state.size > 0
                            ? "this journal ends here" : "without a journal of what it finds"))
                try? state.file?.close()
                state.file = nil
                return false
            }
        }
    }

    private func make(_ state: inout State) throws {
        let file = try FileDescriptor.open(
            path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        state.file = file
        state.isThere = true
        try file.lock(called: name)
    }

    private func synchronise(_ state: inout State) throws {
        try state.file?.synchronise()
        state.lastSync = .now
        if state.isSynced { return }
        state.isSynced = true
        // Neither is the file's name to be lost with the power.
        path.synchroniseName()
    }

    /// Brings it to the disk, or takes it away.
    fileprivate func end(isNeeded: Bool) {
        state.withLock { state in
            if state.isThere && !isNeeded { unsafe unlink(path.string) }
            if isNeeded { try? synchronise(&state) }
            try? state.file?.close()
            state.file = nil
        }
    }
}

extension FilePath {
    /// Brings the file's name to the disk, where the file system can do that.
    func synchroniseName() {
        let folder = removingLastComponent()
        if let folder = try? FileDescriptor.open(
            folder.isEmpty ? "." : folder, .readOnly, options: [.directory, .closeOnExec])
        {
            try? folder.synchronise()
            try? folder.close()
        }
    }
}
