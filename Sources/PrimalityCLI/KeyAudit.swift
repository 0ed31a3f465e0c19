// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityKeys
internal import PrimalityPool
internal import PrimalityRuns
internal import SystemPackage

/// A run over the keys of some files.
struct KeyAudit {
    /// What is to be done.
    struct Plan {
        var isJSON: Bool
        var isQuiet: Bool
        var workers: Int
        var seed: UInt64
        var maximumBits: Int
        var progress: ProgressMode
        var interruption: Interruption
    }

    /// A key, or why there is none, and where.
    private struct Item {
        var file: String
        var line: Int?
        var result: Result<Key, KeyTextError>

        /// What a line about it begins with.
        var place: String { printable(file: file) + (line.map { ":\($0)" } ?? "") }
    }

    private let plan: Plan
    private let text: KeyText
    private var items: [Item] = []
    private var output = Output()
    private var status = ExitStatus.done
    private var checked = 0
    private var wrong = 0

    init(_ plan: Plan) {
        self.plan = plan
        text = KeyText(maximumBits: plan.maximumBits)
    }

    private var cancel: CancelFlag { plan.interruption.cancel }

    // MARK: Reading

    /// Reads the keys of a file, all of which are kept: each may share a factor with any other one.
    mutating func read(_ file: String) {
        if cancel.isCancelled { return }
        let name = file == "-" ? "standard input" : file
        do {
            guard let bytes = try content(of: file) else { return }
            add(text.entries(bytes), of: name)
        } catch {
            complain(of: name, (error as? Errno)?.description ?? "\(error)")
        }
    }

    private mutating func complain(of name: String, _ reason: String) {
        StandardStreams.complain("\(printable(file: name)): \(reason)")
        status.raise(to: .badInput)
    }

    /// Why a file is not read.
    private struct TooLong: Error, CustomStringConvertible {
        var description: String { "the file has more than \(KeyText.mostBytes >> 20) MiB" }
    }

    /// How long a wait may be before the flag is looked at, in milliseconds.
    private static let patience: Int32 = 50

    /// What a file has; `nil` when the run was cancelled meanwhile.
    private func content(of file: String) throws -> SecretBytes? {
        // A pipe that nobody writes to yet is waited for below, where Ctrl-C is looked at.
        let descriptor =
            file == "-"
            ? .standardInput
            : try FileDescriptor.open(
                FilePath(file), .readOnly, options: [.nonBlocking, .closeOnExec])
        defer { if file != "-" { try? descriptor.close() } }
        let bytes = SecretBytes(capacity: 1 << 16)
        while !cancel.isCancelled {
            if !descriptor.isReadable(within: Self.patience) { continue }
            let count = unsafe try bytes.append(upTo: 1 << 16) {
                unsafe try descriptor.read(into: $0)
            }
            if count == 0 { return bytes }
            if bytes.count > KeyText.mostBytes { throw TooLong() }
        }
        return nil
    }

    /// Keeps what a file has; of several things, those without a number are counted alone.
    private mutating func add(_ entries: [KeyEntry], of name: String) {
        var others: [(kind: String, count: Int)] = []
        for entry in entries {
            if case .failure(.otherKind(let kind)) = entry.result, entries.count > 1 {
                if let i = others.firstIndex(where: { $0.kind == kind }) {
                    others[i].count += 1
                } else {
                    others.append((kind, 1))
                }
            } else {
                items.append(Item(file: name, line: entry.line, result: entry.result))
            }
        }
        if others.isEmpty { return }
        let list = others.map { "\($0.kind) (\($0.count))" }.joined(separator: ", ")
        StandardStreams.complain(
            "\(printable(file: name)): skipped what has no RSA or DH number: \(list)")
    }

    // MARK: Checking

    /// Checks all keys that were read.
    mutating func check() {
        if cancel.isCancelled { return }
        var keys: [Key] = []
        /// Of each key its place among the items.
        var places: [Int] = []
        for (place, item) in items.enumerated() {
            guard case .success(let key) = item.result else { continue }
            keys.append(key)
            places.append(place)
        }
        let shared = sharedFactors(keys, places)
        let count = keys.count
        let progress =
            plan.progress.isOn()
            ? Progress(plan.progress) { RunEstimate(remaining: Double(count - $0)) } : nil
        let options = KeyRun.Options(workers: plan.workers, seed: plan.seed, cancel: cancel)
        var next = 0
        do throws(PrimalityError) {
            try KeyRun.check(keys, shared: shared, options) { i, report in
                progress?.add(1)
                return write(before: places[i], &next) && write(report, items[places[i]], &next)
            }
            progress?.stop()
            if !cancel.isCancelled { _ = write(before: items.count, &next) }
        } catch {
            progress?.stop()
            StandardStreams.complain("\(error)")
            status.raise(to: .internalError)
        }
        if checked == 0 && !cancel.isCancelled && output.error == nil {
            // What was bad has been told.
            if status == .done {
                StandardStreams.complain("there is no RSA or DH number in what was given")
            }
            status.raise(to: .badInput)
        }
    }

    /// What is to be said of keys that share a factor with another one.
    private mutating func sharedFactors(_ keys: [Key], _ places: [Int]) -> [Int: String] {
        do throws(PrimalityError) {
            let shares = try SharedFactors.find(keys.map(\.modulus), cancel: cancel)
            return shares.mapValues { share in
                let partner = share.partner.map { items[places[$0]].place } ?? "another key"
                return "n shares a factor with \(partner): both can be factored"
            }
        } catch {
            if error == .cancelled { return [:] }
            let reason =
                if case .tooLarge = error {
                    "all moduli together have more than 2^32 bits"
                } else { "\(error)" }
            StandardStreams.complain("factors that keys share were not looked for: \(reason)")
            status.raise(to: .badInput)
            return [:]
        }
    }

    // MARK: Writing

    /// Writes about what was no key, up to a place; whether more can be written.
    private mutating func write(before end: Int, _ next: inout Int) -> Bool {
        while next < end {
            if case .failure(let error) = items[next].result, !write(error, items[next]) {
                return false
            }
            next += 1
        }
        return true
    }

    private mutating func write(_ report: KeyReport, _ item: Item, _ next: inout Int) -> Bool {
        next += 1
        checked += 1
        if report.isWrong {
            wrong += 1
            status.raise(to: .notAllPrime)
        }
        if plan.isQuiet { return true }
        return output.write((plan.isJSON ? json(report, item) : line(report, item)) + "\n")
    }

    private func line(_ report: KeyReport, _ item: Item) -> String {
        func list(_ weight: Finding.Weight) -> String {
            report.findings(weight).map(\.says).joined(separator: "; ")
        }
        var line = "\(item.place): \(report.kind), \(report.bits) bits, \(report.parameter): "
        if report.isWrong {
            line += "wrong: \(list(.wrong))"
        } else {
            line += "fine"
            let facts = list(.fact)
            if !facts.isEmpty { line += ": \(facts)" }
        }
        let notes = list(.note)
        return notes.isEmpty ? line : line + "; note: \(notes)"
    }

    private func json(_ report: KeyReport, _ item: Item) -> String {
        func list(_ weight: Finding.Weight) -> String {
            let findings = report.findings(weight).map {
                #"{"check":\#(quoted($0.check)),"says":\#(quoted($0.says))}"#
            }
            return "[" + findings.joined(separator: ",") + "]"
        }
        var line = beginning(item)
        line +=
            #","verdict":"\#(report.isWrong ? "wrong" : "fine")","kind":"\#(report.identifier)""#
        line += #","format":"\#(report.format.rawValue)","bits":\#(report.bits)"#
        if let value = report.parameter.value {
            line += #","\#(report.parameter.name)":"\#(value)""#
        }
        line += #","wrong":\#(list(.wrong)),"notes":\#(list(.note)),"facts":\#(list(.fact))"#
        return line + #","rounds":\#(TestOptions.defaultRounds),"seed":"\#(plan.seed)"}"#
    }

    private func beginning(_ item: Item) -> String {
        #"{"file":\#(quoted(item.file))"# + (item.line.map { #","line":\#($0)"# } ?? "")
    }

    private mutating func write(_ error: KeyTextError, _ item: Item) -> Bool {
        let (word, reason) = words(error, item.file)
        if !error.isOtherKind { status.raise(to: .badInput) }
        if plan.isQuiet { return true }
        if plan.isJSON {
            return output.write(
                beginning(item) + #","verdict":"\#(word)","reason":\#(quoted(reason))}"# + "\n")
        }
        return output.write("\(item.place): \(word): \(reason)\n")
    }

    private func words(_ error: KeyTextError, _ file: String) -> (word: String, reason: String) {
        switch error {
        case .malformed(let reason): return ("unreadable", reason)
        case .tooLarge(let bits, let limit):
            return (
                "unreadable",
                "a number has \(bits) bits, more than the limit of \(limit) (--max-bits)"
            )
        case .otherKind(let kind): return ("skipped", "there is no RSA or DH number in it: \(kind)")
        case .encrypted(let encryption):
            let file = Self.forShell(file)
            let command =
                switch encryption {
                case .openssl(let isDER):
                    "openssl pkey\(isDER ? " -inform DER" : "") -in \(file) -out plain.pem"
                case .pkcs12: "openssl pkcs12 -in \(file) -nodes -out plain.pem"
                case .openssh: "cp \(file) plain && ssh-keygen -p -N '' -f plain"
                }
            return ("encrypted", "decrypt it first, and delete what this writes: \(command)")
        }
    }

    /// A file's name as a shell takes it.
    private static func forShell(_ file: String) -> String {
        let isPlain = file.utf8.allSatisfy {
            (0x2B...0x3A).contains($0) || (0x40...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == 0x5F
        }
        if isPlain { return file }
        if file.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "FILE" }
        return "'"
            + file.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: #"'\''"#) + "'"
    }

    // MARK: The end

    /// Ends the program when it was interrupted; else the status.
    mutating func end() -> ExitStatus {
        status.raise(to: output.status())
        let count = items.count
        plan.interruption.exitIfSignalled {
            "\(checked) of \(counted(count, "key", "was", "were")) checked, \(wrong) wrong"
        }
        return status
    }
}
