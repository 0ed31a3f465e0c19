// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityExpressions
internal import PrimalityPool
internal import PrimalityRuns
internal import SystemPackage

/// The number that an argument stands for; `nil` when it stands for none, which was reported.
func number(
    _ text: String, called name: String, maximumBits: Int, in base: NumberBase? = nil
) -> BigNatural? {
    let message: String
    do {
        let expression = try base?.expression(of: text) ?? text
        return try BigNatural(expression: expression, maximumBits: maximumBits)
    } catch let error as ExpressionError {
        let hint = hint(for: error, in: text.utf8, isArgument: true, mayBeFile: false)
        message = error.description + (error.isAboutSize ? " (--max-bits)" : hint)
    } catch {
        message = "\(error)"
    }
    StandardStreams.complain("\(name) '\(printable(text))': \(message)")
    return nil
}

/// Where a command's candidates come from; `nil` when a file cannot be opened, which was reported.
func candidateInput(
    _ arguments: [String], file: String?, of command: String
) throws -> CandidateInput? {
    let numbers = try Refusal.operands(among: arguments, of: command)
    let standardInput = CandidateInput.descriptor(.standardInput, name: "standard input")
    guard let file else {
        return numbers.isEmpty || numbers == ["-"] ? standardInput : .arguments(numbers)
    }
    if !numbers.isEmpty { throw Refusal.usage("give expressions or --file, not both") }
    if file == "-" { return standardInput }
    return try openedFile(file, of: "--file").map { .descriptor($0, name: file) }
}

/// A file that an option names; `nil` when it cannot be opened, which was reported.
func openedFile(_ file: String, of option: String) throws -> FileDescriptor? {
    do {
        return try FileDescriptor.open(FilePath(file), .readOnly, options: .closeOnExec)
    } catch {
        let name = file.isEmpty ? "\(option) ''" : printable(file)
        StandardStreams.complain("\(name): \((error as? Errno) ?? .ioError)")
        return nil
    }
}

/// How numbers are written, where no `0x` says it.
struct NumberBase: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "10 or 16: how numbers are written. With 16 each is hexadecimal, with or without 0x, or as "
                + "openssl prints it, with colons.", valueName: "base"))
    var base = 10

    func validate() throws {
        if base != 10 && base != 16 {
            throw ValidationError("--base \(base) is not supported; give 10 or 16")
        }
    }

    var isHexadecimal: Bool { base == 16 }

    /// The expression that a text stands for.
    func expression(of text: String) throws(CandidateFileError) -> String {
        if !isHexadecimal { return text }
        return String(decoding: try HexadecimalLines.number(Array(text.utf8)[...]), as: UTF8.self)
    }
}

/// How many numbers an option asks for.
func searchCount(_ option: Int) throws -> Int {
    if option >= 1 { return option }
    throw Refusal.usage("--count \(option) is out of range; give 1 or more")
}

/// Names that later versions or other builds have: known, and not here.
enum KnownElsewhere {
    static let pools: Set<String> = ["queue"]
}

extension CompletionKind {
    /// The names that an option takes.
    static func names<Value: RawRepresentable & CaseIterable>(of type: Value.Type) -> CompletionKind
    where Value.RawValue == String {
        .list(Value.allCases.map(\.rawValue))
    }
}

/// An option's value from a fixed list.
///
/// An unknown name is a usage error, one that is known but not in this build is unavailable.
func choice<Value: RawRepresentable & CaseIterable>(
    _ name: String, of option: String, knownElsewhere: Set<String> = []
) throws -> Value where Value.RawValue == String {
    if let value = Value(rawValue: name) { return value }
    let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
    if knownElsewhere.contains(name) {
        StandardStreams.complain("\(option) \(name) is not built in; available are \(names)")
        throw Refusal.unavailable
    }
    throw Refusal.usage("\(option) '\(printable(name))' is unknown; use one of \(names)")
}

/// The worker count of an option, or what the machine has.
func workerCount(_ option: Int?) throws -> Int {
    guard let option else { return PoolKind.defaultWorkers }
    guard (1...1024).contains(option) else {
        throw Refusal.usage("-j \(option) is out of range; give 1 to 1024 workers")
    }
    return option
}
