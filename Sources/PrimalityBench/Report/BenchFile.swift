// SPDX-License-Identifier: Apache-2.0

internal import Charts
internal import FoundationEssentials

/// Why a file is no report.
package enum BenchFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Not JSON, or not of that form; where, and what is wrong.
    case malformed(String)
    /// JSON of another program, or of another version of this one.
    case format(String)
    /// Two measurements of one name.
    case doubled(String)

    /// The reason in words.
    package var description: String {
        switch self {
        case .malformed(let reason): "it is no report of 'primality bench --json': \(reason)"
        case .format(let format):
            "it is of the form '\(plainText(String(format.prefix(40))))', not '\(BenchReport.format)'"
        case .doubled(let id): "'\(plainText(String(id.prefix(80))))' is in it twice"
        }
    }
}

extension BenchReport {
    // A ratio of times too short for the clock may be no number.
    private static let notFinite = (positive: "Infinity", negative: "-Infinity", nan: "NaN")

    /// The report as JSON with sorted keys, ending with a line end.
    ///
    /// What is no number is a string: `"NaN"`, `"Infinity"`.
    ///
    /// - Returns: What ``init(json:)`` reads.
    /// - Throws: Never, since all in it can be encoded.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: Self.notFinite.positive, negativeInfinity: Self.notFinite.negative,
            nan: Self.notFinite.nan)
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// Reads what ``json()`` has written.
    ///
    /// - Parameter json: The file's bytes; they need not be well-formed.
    /// - Throws: Why it is no report.
    package init(json: [UInt8]) throws(BenchFileError) {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: Self.notFinite.positive, negativeInfinity: Self.notFinite.negative,
            nan: Self.notFinite.nan)
        let data = Data(json)
        do {
            // The form comes first: what else is missing follows from it.
            let form = try decoder.decode(Form.self, from: data).format
            if form != Self.format { throw BenchFileError.format(form) }
            self = try decoder.decode(BenchReport.self, from: data)
        } catch let error as BenchFileError {
            throw error
        } catch let error as DecodingError {
            throw .malformed(error.reason)
        } catch {
            throw .malformed("it cannot be read")
        }
        var seen: Set<String> = []
        for measurement in measurements where !seen.insert(measurement.id).inserted {
            throw .doubled(measurement.id)
        }
    }

    private struct Form: Decodable {
        var format: String
    }
}

extension DecodingError {
    /// What is wrong, and where.
    fileprivate var reason: String {
        let (what, context): (String, Context) =
            switch self {
            case .keyNotFound(let key, let context):
                ("'\(plainText(String(key.stringValue.prefix(40))))' is missing", context)
            case .typeMismatch(_, let context): ("a value is of another type", context)
            case .valueNotFound(_, let context): ("a value is null", context)
            case .dataCorrupted(let context):
                (context.codingPath.isEmpty ? "it is no JSON" : "a value is unknown", context)
            @unknown default:
                ("it cannot be read", Context(codingPath: [], debugDescription: ""))
            }
        if context.codingPath.isEmpty { return what }
        let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
        return what + " at " + plainText(String(path.joined(separator: ".").prefix(80)))
    }
}
