// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PrimalityBench
internal import PrimalityRuns
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A file that a report goes to, open before there is one: a name that cannot be written costs no run.
///
/// What is in it stays until the report is written.
struct ReportFile {
    private let name: String
    /// `nil`: standard output.
    private let descriptor: FileDescriptor?

    /// Opens the file; `-` is standard output.
    ///
    /// - Throws: The status of a write error, which was reported.
    init(_ path: String) throws {
        name = printable(path)
        if path == "-" {
            descriptor = nil
            return
        }
        // A limit on the size of files is to be an error like a full disk, not a signal.
        signal(SIGXFSZ, SIG_IGN)
        do {
            descriptor = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .closeOnExec],
                permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
        } catch {
            StandardStreams.complain("\(name): \((error as? Errno) ?? .ioError)")
            throw ExitCode(ExitStatus.writeError.rawValue)
        }
    }

    /// Writes and closes; what goes wrong is reported, but on standard output, which remembers it.
    func write(_ text: String, _ output: inout Output) -> ExitStatus {
        guard let descriptor else {
            _ = output.write(text)
            return .done
        }
        do {
            // Pipes and devices cannot be cut, and need not be.
            do {
                try descriptor.resize(to: 0)
            } catch Errno.invalidArgument {}
            try descriptor.writeAll(Array(text.utf8))
            try descriptor.close()
            return .done
        } catch {
            StandardStreams.complain("\(name): \((error as? Errno) ?? .ioError)")
            return .writeError
        }
    }

    /// More than any report has.
    private static let mostBytes = 64 << 20

    /// Reads a report that was written as JSON.
    ///
    /// - Throws: The status of bad input; why is reported.
    static func read(_ path: String) throws -> BenchReport {
        try read(path) { try BenchReport(json: $0) }
    }

    /// Reads what a benchmark of other libraries or Python has written.
    ///
    /// - Throws: The status of bad input; why is reported.
    static func readPeers(
        _ path: String, joining environment: BenchEnvironment
    ) throws -> PeerFile {
        try read(path) { try PeerFile(json: $0, joining: environment) }
    }

    private static func read<Value>(
        _ path: String, _ make: ([UInt8]) throws -> Value
    ) throws -> Value {
        let name = printable(path)
        do {
            let descriptor = try FileDescriptor.open(
                FilePath(path), .readOnly, options: .closeOnExec)
            defer { try? descriptor.close() }
            var bytes: [UInt8] = []
            var block = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = try unsafe block.withUnsafeMutableBytes {
                    try unsafe descriptor.read(into: $0)
                }
                if count == 0 { return try make(bytes) }
                bytes += block[..<count]
                if bytes.count > mostBytes {
                    StandardStreams.complain("\(name): it has more than \(mostBytes >> 20) MB")
                    throw ExitCode(ExitStatus.badInput.rawValue)
                }
            }
        } catch let error as BenchFileError {
            StandardStreams.complain("\(name): \(error)")
        } catch let error as PeerFile.Failure {
            StandardStreams.complain("\(name): \(error)")
        } catch let error as Errno {
            StandardStreams.complain("\(name): \(error)")
        }
        throw ExitCode(ExitStatus.badInput.rawValue)
    }
}
