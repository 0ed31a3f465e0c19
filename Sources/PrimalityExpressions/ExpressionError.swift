// SPDX-License-Identifier: Apache-2.0

public import Primality

/// Why an expression is not a number that can be tested.
public struct ExpressionError: Error, Sendable, Equatable {
    /// What is wrong.
    public enum Problem: Sendable, Equatable {
        /// It is no expression but a number, and something is wrong with that.
        case number(NumberTextError)
        /// A character that expressions do not have.
        case invalidCharacter
        /// An ABC template's variable.
        case variable
        /// Two operands stand side by side.
        case missingOperator
        /// Something else stands where a number should.
        case missingOperand
        /// The text ends where a number should stand.
        case endsEarly
        /// A bracket is not closed.
        case unclosed
        /// A bracket closes nothing.
        case unopened
        /// Brackets lie too deep in one another.
        case tooDeep(limit: Int)
        /// `a^b^c`, which programs take differently.
        case chainedPowers
        /// `n!!`, which is taken for two things.
        case doubleFactorial
        /// `1.5`: the point multiplies.
        case fraction
        /// A comma that may group digits or separate numbers.
        case ambiguousComma
        /// Digits of hexadecimal without `0x`.
        case hexadecimal
        /// A name that is no function's.
        case unknownName
        /// A function or an operator that other programs have.
        case unsupported
        /// A function has another number of arguments.
        case argumentCount(expected: Int, found: Int)
        /// A division by zero.
        case divisionByZero
        /// A quotient that is no integer.
        case inexactDivision
        /// An operand that has to be natural is negative.
        case negativeOperand
        /// An operand is 2⁶² or more.
        case largeOperand
        /// An operand is above the largest that there may be.
        case operandAbove(Int)
        /// A prime is searched for next to a number of too many bits.
        case operandTooLong(bits: Int, limit: Int)
        /// The searches for primes would take too long together.
        case tooManySearches
        /// There is no prime below the operand.
        case noPrimeBelow
        /// An operand is 0 and has to be positive.
        case zeroOperand
        /// The second of two operands is above the first.
        case reversedOperands
        /// A result is too large; decided before it is computed unless the size is exact.
        case tooLarge(bits: Int, SizeBound, limit: Int)
        /// The parts that have to be remembered are too large together.
        case tooLargeTogether(limit: Int)
        /// The whole is negative.
        case negativeResult
        /// There is no memory for a result.
        case outOfMemory
        /// The computation was cancelled.
        case cancelled
    }

    /// What is known of a size.
    public enum SizeBound: Sendable, Equatable {
        /// It is the size.
        case exactly
        /// The size is not below it.
        case atLeast
        /// The size may be below it.
        case upTo
    }

    /// What is wrong.
    public let problem: Problem
    /// Where, counted from 1; `nil` when it concerns the whole.
    public let position: Int?
    /// What stands there.
    public let token: String

    init(_ problem: Problem, at position: Int? = nil, token: String = "") {
        self.problem = problem
        self.position = position
        self.token = token
    }

    /// Whether the text is no expression at all, whatever the values.
    public var isAboutSyntax: Bool {
        switch problem {
        case .number(.tooLarge), .number(.outOfMemory): false
        case .number, .invalidCharacter, .variable, .missingOperator, .missingOperand, .endsEarly,
            .unclosed, .unopened, .tooDeep, .chainedPowers, .doubleFactorial, .fraction,
            .ambiguousComma, .hexadecimal, .unknownName, .unsupported, .argumentCount:
            true
        default: false
        }
    }

    /// Whether the reason is the size, which a higher limit would allow.
    public var isAboutSize: Bool {
        switch problem {
        case .tooLarge, .tooLargeTogether, .number(.tooLarge): true
        default: false
        }
    }
}

extension ExpressionError: CustomStringConvertible {
    /// What was wrong.
    public var description: String {
        guard let position else { return explanation }
        let quoted = problem == .invalidCharacter ? token : "'\(token)'"
        return "\(quoted) at position \(position) \(explanation)"
    }

    private var explanation: String {
        switch problem {
        case .number(let error): error.description
        case .invalidCharacter: "does not belong in an expression"
        case .variable: "is a variable, but the input does not begin with an ABC header"
        case .missingOperator: "follows a number: an operator is missing"
        case .missingOperand: "stands where a number is missing"
        case .endsEarly: "is the end: a number is missing after it"
        case .unclosed: "is not closed"
        case .unopened: "closes nothing"
        case .tooDeep(let limit): "is more than \(limit) brackets deep"
        case .chainedPowers:
            "follows another '^': write (a^b)^c or a^(b^c), since programs differ in a^b^c"
        case .doubleFactorial:
            "can mean two things: write n!2 for the double factorial or (n!)! for the other"
        case .fraction: "multiplies, and what it stands in looks like a fraction: write *"
        case .ambiguousComma:
            "may group digits or separate numbers: leave it out of a number"
        case .hexadecimal: "is no number and no function: hexadecimal begins with 0x"
        case .unknownName:
            "is no function; there are " + Function.allCases.map(\.rawValue).joined(separator: ", ")
        case .unsupported: "is known from other programs, but not supported"
        case .argumentCount(let expected, let found):
            "takes \(expected) argument\(expected == 1 ? "" : "s") and has \(found)"
        case .divisionByZero: "divides by zero"
        case .inexactDivision: "leaves a remainder: the quotient is no integer"
        case .negativeOperand: "has a negative operand, and needs a natural one"
        case .largeOperand: "has an operand of 2^62 or more, and needs a smaller one"
        case .operandAbove(let limit): "has an operand above \(limit), the largest that it takes"
        case .operandTooLong(let bits, let limit):
            "has an operand of \(bits) bits, and searches only next to numbers of up to \(limit)"
        case .tooManySearches:
            "is one search for a prime too many: they would take too long together"
        case .noPrimeBelow: "has no prime below its operand"
        case .zeroOperand: "has an operand that is 0, and needs a positive one"
        case .reversedOperands: "has a second operand above the first"
        case .tooLarge(let bits, let bound, let limit):
            (position == nil ? "the number has " : "gives a number of ") + words(bound)
                + "\(bits) bits, more than the limit of \(limit)"
        case .tooLargeTogether(let limit):
            "gives one of many large parts, together too large for the limit of \(limit) bits"
        case .negativeResult: "the result is negative, and negative numbers cannot be tested"
        case .outOfMemory: position == nil ? "out of memory" : "needs more memory than there is"
        case .cancelled: "cancelled"
        }
    }

    private func words(_ bound: SizeBound) -> String {
        switch bound {
        case .exactly: ""
        case .atLeast: "at least "
        case .upTo: "up to "
        }
    }
}
