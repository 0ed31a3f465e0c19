// SPDX-License-Identifier: Apache-2.0

internal import Primality

/// A stack of values, on which an expression's steps work.
struct ExpressionEvaluation {
    let text: [UInt8]
    let limit: Int
    /// What one value may have on the way, and all on the stack together.
    let valueLimit: Int
    let stackLimit: Int
    /// What the result of the present step has to be below: the last one's is the whole.
    var resultLimit: Int
    var stack: [SignedInteger] = []
    var step = NumberExpression.Step(operation: .number, place: 0, length: 0)
    let cancel: CancelFlag?
    /// What the searches for primes have cost: 1 for the longest that there may be.
    var effort = 0.0

    /// GMP ends the process at 2³⁷ bits, and results may be twice what was estimated.
    static let largest = 4 * Engine.mostBits

    /// The longest searches, each about a second, and how many of them.
    static let lastPrime: UInt64 = 50_000_000
    static let longestSearch = 2048
    static let mostEffort = 4.0

    init(_ text: [UInt8], maximumBits: Int, cancel: CancelFlag?) {
        self.text = text
        self.cancel = cancel
        limit = max(0, min(maximumBits, Self.largest / 4))
        valueLimit = 4 * limit + 128
        stackLimit = 4 * valueLimit
        resultLimit = valueLimit
    }

    func result() throws(ExpressionError) -> BigNatural {
        let value = stack[0]
        if value.sign < 0 { throw ExpressionError(.negativeResult) }
        if value.bitWidth > limit {
            throw ExpressionError(.tooLarge(bits: value.bitWidth, .exactly, limit: limit))
        }
        return BigNatural(limbs: unsafe value.withLimbs { unsafe Array($0) })
    }

    mutating func take(_ step: NumberExpression.Step, isLast: Bool) throws(ExpressionError) {
        self.step = step
        resultLimit = isLast ? limit : valueLimit
        switch step.operation {
        case .number:
            let digits = text[step.place..<(step.place + step.length)]
            let groups = "_,".utf8
            try pushNumber(digits.filter { !groups.contains($0) })
        case .ten: push(try make([10]))
        case .negate: stack[stack.count - 1].negate()
        case .add, .subtract, .multiply, .divide, .remainder, .power:
            let second = stack.removeLast()
            try combine(stack[stack.count - 1], second)
        case .compare(let negative, let zero, let positive):
            let second = stack.removeLast()
            let difference = stack.removeLast()
            try reserve(bits: max(difference.bitWidth, second.bitWidth) + 1)
            difference.subtract(second)
            let sign = difference.sign
            try push(sign < 0 ? negative : sign == 0 ? zero : positive)
        case .or, .and:
            let second = stack.removeLast().sign != 0
            let first = stack.removeLast().sign != 0
            try push(step.operation == .or ? first || second : first && second)
        case .primorial:
            let n = try popIndex()
            push(try primorial(n))
        case .primorialFrom:
            let first = try popIndex()
            let last = try popIndex()
            push(try primorial(from: first, to: last))
        case .factorial:
            let n = try popIndex()
            push(try multifactorial(n, 1))
        case .multifactorial:
            let step = try popIndex()
            let n = try popIndex()
            push(try multifactorial(n, step))
        case .function(let function, let count): try call(function, count)
        }
        if stack.count > 1, stack.reduce(0, { $0 + $1.bitWidth }) > stackLimit {
            throw fail(.tooLargeTogether(limit: limit))
        }
    }

    // MARK: Operators

    mutating func push(_ isTrue: Bool) throws(ExpressionError) {
        push(try make([isTrue ? 1 : 0]))
    }

    mutating func pushNumber(_ digits: [UInt8]) throws(ExpressionError) {
        var limbs: [UInt64] = []
        do throws(NumberTextError) {
            try NumberText.append(digits.span, maximumBits: valueLimit, to: &limbs)
        } catch {
            switch error {
            case .tooLarge(let bits, let isAtLeast, _):
                throw fail(.tooLarge(bits: bits, isAtLeast ? .atLeast : .exactly, limit: limit))
            case .outOfMemory: throw fail(.outOfMemory)
            default: throw ExpressionError(.number(error))
            }
        }
        push(try make(limbs))
    }

    func combine(
        _ first: SignedInteger, _ second: SignedInteger
    ) throws(ExpressionError) {
        switch step.operation {
        case .add, .subtract:
            try reserve(bits: max(first.bitWidth, second.bitWidth) + 1)
            if step.operation == .add { first.add(second) } else { first.subtract(second) }
        case .multiply:
            if first.sign != 0 && second.sign != 0 {
                try admit(bits: first.bitWidth + second.bitWidth - 1)
            }
            first.multiply(by: second)
        case .divide:
            if second.sign == 0 { throw fail(.divisionByZero) }
            try reserve(bits: first.bitWidth)
            if !first.divide(by: second) { throw fail(.inexactDivision) }
        case .remainder:
            if second.sign == 0 { throw fail(.divisionByZero) }
            // Programs differ in what the rest of a negative number is.
            if first.sign < 0 || second.sign < 0 { throw fail(.negativeOperand) }
            try reserve(bits: first.bitWidth)
            first.reduce(modulo: second)
        default: try raise(first, to: second)
        }
    }

    func raise(
        _ base: SignedInteger, to exponent: SignedInteger
    ) throws(ExpressionError) {
        if exponent.sign < 0 { throw fail(.negativeOperand) }
        if base.bitWidth <= 1 {  // 0, 1 and -1 have powers of any exponent
            base.raise(to: exponent.sign == 0 ? 0 : exponent.isEven ? 2 : 1)
            return
        }
        guard let power = exponent.magnitude else { throw refused(bits: .infinity) }
        try admit(log2: base.logarithm * Double(power))
        base.raise(to: power)
    }

    mutating func push(_ value: SignedInteger) {
        stack.append(value)
    }

    /// Takes an operand that has to be natural and below 2⁶².
    mutating func popIndex() throws(ExpressionError) -> UInt64 {
        let value = stack.removeLast()
        if value.sign < 0 { throw fail(.negativeOperand) }
        guard let index = value.magnitude, index < 1 << 62 else { throw fail(.largeOperand) }
        return index
    }

    func copy(_ value: SignedInteger) throws(ExpressionError) -> SignedInteger {
        let copy = try make()
        copy.add(value)
        return copy
    }

    func make(_ limbs: [UInt64] = []) throws(ExpressionError) -> SignedInteger {
        do throws(PrimalityError) {
            return try SignedInteger(limbs: limbs)
        } catch {
            throw fail(.outOfMemory)
        }
    }
}
