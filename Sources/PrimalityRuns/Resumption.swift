// SPDX-License-Identifier: Apache-2.0

package import Primality
package import PrimalityExpressions
internal import SystemPackage

/// A run on a file of candidates that goes on where an earlier one was ended.
package struct Resumption {
    package var file: ResumeFile<EarlierPlaces>
    /// How much of the input the results are about.
    package let inputBytes: Int
    private let input: FileDescriptor
    private let inputName: String
    private let digest: FileDigest
    private let version: FileVersion
    private let report: @Sendable (String) -> Void

    package init(
        _ path: String, _ input: CandidateInput, _ format: CandidateFormat,
        shard: Shard, origin: (ResultsOrigin.Source) -> ResultsOrigin, seedMatters: Bool,
        cancel: CancelFlag, report: @escaping @Sendable (String) -> Void
    ) throws(Complaint) {
        self.report = report
        guard case .descriptor(let descriptor, let name) = input else {
            throw Complaint(message: "--resume needs --file")
        }
        self.input = descriptor
        inputName = printable(name)
        _ = try regularSize(of: descriptor, inputName)
        version = FileVersion(descriptor)
        let whole = try Self.digest(of: descriptor, inputName, cancel: cancel)
        digest = whole
        inputBytes = Int(clamping: whole.bytes)
        let isByLine = Self.format(of: descriptor, format) == .lines
        let source = ResultsOrigin.Source.file(
            bytes: whole.bytes, hash: Self.hash(whole), format: format.rawValue)
        let (inputName, results) = (inputName, printable(path))
        var made = origin(source)
        if !isByLine {
            made.isCounting = try Self.mayCount(descriptor, inputName, cancel: cancel)
        }
        file = try ResumeFile(
            path, origin: made, seedMatters: seedMatters,
            // A candidate takes two bytes, the last one perhaps one.
            earlier: EarlierPlaces(
                lastPlace: isByLine ? whole.bytes / 2 : .max, of: shard,
                needsVerdicts: !isByLine),
            cancel: cancel, report: report
        ) { (bytes, hash) throws(Complaint) in
            func refusal(_ why: String) -> Complaint {
                Complaint(
                    message:
                        "\(results): its results were made otherwise: \(why); give the name of a "
                        + "new file")
            }
            if bytes == whole.bytes { throw refusal("the content of the input was another one") }
            if bytes > whole.bytes {
                throw refusal(
                    "the input had \(bytes) bytes then and has \(whole.bytes) now, and only what is "
                        + "appended to it is tested as well")
            }
            let beginning = try Self.digest(
                of: descriptor, first: bytes, inputName, cancel: cancel)
            if Self.hash(beginning) != hash {
                throw refusal(
                    "the input had \(bytes) bytes then and has \(whole.bytes) now, which do not begin "
                        + "as those did")
            }
            // What was its last line may be another one now.
            if try !Self.endsLine(bytes, descriptor, inputName) {
                throw refusal("the last line of the input had no end then, and has grown")
            }
        }
    }

    private static func digest(
        of input: FileDescriptor, first bytes: UInt64 = .max, _ name: String, cancel: CancelFlag
    ) throws(Complaint) -> FileDigest {
        do throws(FileDigest.Failure) {
            return try FileDigest(descriptor: input.rawValue, first: bytes, cancel: cancel)
        } catch {
            throw Complaint(message: "\(name): \(Errno(rawValue: error.code))")
        }
    }

    private static func hash(_ digest: FileDigest) -> String { String(digest.hash, radix: 16) }

    /// Whether so many bytes of a file end a line: with its end, or before it.
    private static func endsLine(
        _ bytes: UInt64, _ input: FileDescriptor, _ name: String
    ) throws(Complaint) -> Bool {
        if bytes == 0 { return true }
        var around: [UInt8] = [0, 0]
        do {
            let count = try unsafe around.withUnsafeMutableBytes {
                unsafe try input.read(fromAbsoluteOffset: Int64(bytes) - 1, into: $0)
            }
            return around.prefix(count).contains(UInt8(ascii: "\n"))
        } catch {
            throw Complaint(message: "\(name): \((error as? Errno) ?? .ioError)")
        }
    }

    /// What a file's beginning says that it is.
    private static func format(
        of descriptor: FileDescriptor, _ format: CandidateFormat
    ) -> CandidateFormat {
        var beginning = [UInt8](repeating: 0, count: 1 << 16)
        // No more than the array has room for.
        let count = try? unsafe beginning.withUnsafeMutableBytes {
            unsafe try descriptor.read(fromAbsoluteOffset: 0, into: $0)
        }
        var parser = CandidateParser(format: format)
        for line in beginning.prefix(count ?? 0).split(separator: UInt8(ascii: "\n"))
        where parser.format == .auto {
            _ = try? parser.take(line)
        }
        return parser.format
    }

    /// Whether a header of a file may ask to count the primes or composites of values: what that begins with
    /// stands somewhere.
    private static func mayCount(
        _ input: FileDescriptor, _ name: String, cancel: CancelFlag
    ) throws(Complaint) -> Bool {
        let words = Array("{number_".utf8)
        var block = [UInt8](repeating: 0, count: 1 << 20)
        var offset: Int64 = 0
        while !cancel.isCancelled {
            let count: Int
            do {
                let start = offset
                // No more than the array has room for.
                count = try unsafe block.withUnsafeMutableBytes {
                    unsafe try input.read(fromAbsoluteOffset: start, into: $0)
                }
            } catch {
                throw Complaint(message: "\(name): \((error as? Errno) ?? .ioError)")
            }
            if count < words.count { return false }
            var rest = block[..<count]
            while let brace = rest.firstIndex(of: words[0]) {
                rest = rest[brace...]
                if rest.starts(with: words) { return true }
                rest = rest.dropFirst()
            }
            // The words may stand across the end of the block.
            offset += Int64(count - words.count + 1)
        }
        return false
    }

    /// Brings results to the disk; what became of them.
    ///
    /// - Parameters:
    ///   - isWhole: Everything was tested.
    ///   - mismatch: What there is in the file that is not about the input.
    /// - Returns: The status.
    package mutating func finish(isWhole: Bool, _ mismatch: InputCheck.Mismatch?) -> ExitStatus {
        // The header says what the input was when the run began.
        let isChanged = FileVersion(input) != version && !stillBegins()
        if let mismatch, !isChanged { file.complain(of: mismatch) }
        var status = file.finish(isWhole: isWhole && !isChanged)
        if isChanged {
            report(
                "\(inputName) was changed while it was read: the results may be of either form; "
                    + "remove them and begin again")
            status.raise(to: .badInput)
        }
        return status
    }

    /// Whether the input begins with what was to be read, to which lines were appended meanwhile.
    private func stillBegins() -> Bool {
        let now = try? Self.digest(
            of: input, first: digest.bytes, inputName, cancel: CancelFlag())
        if now != digest { return false }
        // It may have been written as it was.
        if let size = try? regularSize(of: input, inputName), size > inputBytes {
            report(
                "\(inputName) was appended to while it was read: the same command goes on with that"
            )
        }
        return true
    }
}
