// SPDX-License-Identifier: Apache-2.0

internal import Primality
package import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A file without a name, in the folder for temporary files: nothing of it stays, however the program ends.
package final class PartSpool {
    package let file: FileDescriptor
    package private(set) var size = 0
    private let folder: String

    package init() throws(Complaint) {
        folder = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var name = Array("\(folder)/primality-XXXXXX".utf8CString)
        let number = unsafe name.withUnsafeMutableBufferPointer {
            unsafe $0.baseAddress.map { unsafe mkstemp($0) } ?? -1
        }
        if number < 0 { throw Self.complaint(folder, Errno(rawValue: errno)) }
        file = FileDescriptor(rawValue: number)
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        unsafe unlink(name)
    }

    /// Writes behind what was written.
    package func append(_ bytes: [UInt8]) throws(Complaint) {
        do {
            try file.writeAll(bytes)
            size += bytes.count
        } catch {
            throw Self.complaint(folder, (error as? Errno) ?? .ioError)
        }
    }

    /// Reads so many bytes from a place on.
    package func read(from place: Int, _ count: Int) throws(Complaint) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        do {
            while done < count {
                let more = unsafe try bytes.withUnsafeMutableBytes { buffer in
                    // The rest of the buffer, from what was read on.
                    unsafe try file.read(
                        fromAbsoluteOffset: Int64(place + done),
                        into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
                }
                if more == 0 { throw Errno.ioError }
                done += more
            }
        } catch {
            throw Self.complaint(folder, (error as? Errno) ?? .ioError)
        }
        return bytes
    }

    private static func complaint(_ folder: String, _ error: Errno) -> Complaint {
        Complaint(
            message: "\(printable(folder)): \(error); TMPDIR names another folder for what is kept "
                + "meanwhile", status: .writeError)
    }
}
