// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// Finds the form of an expression while that is evaluated: a second stack, of what the values are.
struct FormFinder {
    private enum Part {
        /// A number that is written down, or a product or sum of such; its absolute value is below 2⁶⁴.
        case constant(Int128)
        case formed(CandidateForm)
        case other
    }

    private var stack: [Part] = []

    /// The form of the whole, when all steps were taken.
    var form: CandidateForm? {
        if case .formed(let form)? = stack.last { form } else { nil }
    }

    /// Takes the next step of the evaluation.
    ///
    /// - Parameters:
    ///   - operation: What was done.
    ///   - operands: The last two values before it, those that are natural and below 2⁶⁴.
    ///   - result: The last one after it, likewise.
    mutating func take(
        _ operation: NumberExpression.Operation, of operands: [UInt64?], giving result: UInt64?
    ) {
        let last = operands.last ?? nil
        switch operation {
        case .number, .ten: stack.append(result.map { .constant(Int128($0)) } ?? .other)
        case .negate: replace(1) { Self.negated($0[0]) }
        case .add: replace(2) { Self.sum($0[0], $0[1]) }
        case .subtract: replace(2) { Self.sum($0[0], Self.negated($0[1])) }
        case .multiply: replace(2) { Self.product($0[0], $0[1]) }
        case .power: replace(2) { Self.power($0[0], last) }
        case .factorial: replace(1) { _ in Self.factorial(last, step: 1) }
        case .multifactorial:
            let n = operands.count == 2 ? operands[0] : nil
            replace(2) { _ in Self.factorial(n, step: last) }
        case .primorial:
            replace(1) { _ in last.map { .formed(.primorial(n: $0, c: 0)) } ?? .other }
        case .function(.mersenne, _):
            replace(1) { _ in last.map { .formed(.power(k: 1, b: 2, n: $0, c: -1)) } ?? .other }
        case .function(_, let count): replace(count) { _ in .other }
        case .divide, .remainder, .compare, .or, .and, .primorialFrom: replace(2) { _ in .other }
        }
    }

    private mutating func replace(_ count: Int, _ part: ([Part]) -> Part) {
        let operands = Array(stack.suffix(count))
        stack.removeLast(count)
        stack.append(part(operands))
    }

    private static func constant(_ value: Int128?) -> Part {
        guard let value, value.magnitude <= UInt64.max else { return .other }
        return .constant(value)
    }

    private static func negated(_ part: Part) -> Part {
        if case .constant(let value) = part { .constant(-value) } else { .other }
    }

    private static func sum(_ first: Part, _ second: Part) -> Part {
        switch (first, second) {
        case (.constant(let a), .constant(let b)): constant(a + b)
        case (.formed(let form), .constant(let b)), (.constant(let b), .formed(let form)):
            sum(form, b)
        default: .other
        }
    }

    private static func sum(_ form: CandidateForm, _ amount: Int128) -> Part {
        func with(_ c: Int64) -> Int64? {
            let sum = Int128(c) + amount
            return sum.magnitude < 1 << 63 ? Int64(sum) : nil
        }
        switch form {
        case .power(let k, let b, let n, let c):
            return with(c).map { .formed(.power(k: k, b: b, n: n, c: $0)) } ?? .other
        case .factorial(let n, let step, let c):
            return with(c).map { .formed(.factorial(n: n, step: step, c: $0)) } ?? .other
        case .primorial(let n, let c):
            return with(c).map { .formed(.primorial(n: n, c: $0)) } ?? .other
        }
    }

    private static func product(_ first: Part, _ second: Part) -> Part {
        switch (first, second) {
        case (.constant(let a), .constant(let b)):
            let (product, overflow) = a.multipliedReportingOverflow(by: b)
            return constant(overflow ? nil : product)
        case (.constant(let a), .formed(.power(let k, let b, let n, c: 0))),
            (.formed(.power(let k, let b, let n, c: 0)), .constant(let a)):
            guard let a = UInt64(exactly: a), a > 0 else { return .other }
            let (product, overflow) = k.multipliedReportingOverflow(by: a)
            return overflow ? .other : .formed(.power(k: product, b: b, n: n, c: 0))
        default: return .other
        }
    }

    private static func power(_ base: Part, _ exponent: UInt64?) -> Part {
        guard case .constant(let value) = base, let b = UInt64(exactly: value), b >= 2,
            let exponent
        else { return .other }
        return .formed(.power(k: 1, b: b, n: exponent, c: 0))
    }

    private static func factorial(_ n: UInt64?, step: UInt64?) -> Part {
        guard let n, let step, step > 0 else { return .other }
        return .formed(.factorial(n: n, step: step, c: 0))
    }
}
