// SPDX-License-Identifier: Apache-2.0

internal import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Factorials, primorials and named functions.
extension ExpressionEvaluation {
    // MARK: Products

    /// A lower bound of θ(x), the logarithm of the product of the primes up to x.
    static func theta(_ x: Double) -> Double {
        // θ(x) > x (1 − 1 / ln x) from 41 on [RoSc62].
        x < 41 ? 0 : x * (1 - 1 / log(x))
    }

    func primorial(
        _ n: UInt64, _ bound: ExpressionError.SizeBound = .atLeast
    ) throws(ExpressionError) -> SignedInteger {
        try admit(log2: Self.theta(Double(n)) / log(2), bound)
        let product = try make()
        product.setPrimorial(n)
        return product
    }

    func primorial(
        from first: UInt64, to last: UInt64
    ) throws(ExpressionError) -> SignedInteger {
        if first > last { throw fail(.reversedOperands) }
        let product = try primorial(last, .upTo)
        if first > 2, !product.divide(by: try primorial(first - 1, .upTo)) {
            preconditionFailure("a primorial divides the next ones")
        }
        return product
    }

    /// A lower bound of log₂ n!, by n! > (n / e)ⁿ.
    static func factorialLogarithm(_ n: UInt64) -> Double {
        n < 3 ? 0 : Double(n) * (log2(Double(n)) - log2(exp(1)))
    }

    func multifactorial(
        _ n: UInt64, _ step: UInt64
    ) throws(ExpressionError) -> SignedInteger {
        if step == 0 { throw fail(.zeroOperand) }
        // The step-th power of the product is not below n!.
        try admit(log2: Self.factorialLogarithm(n) / Double(step))
        let product = try make()
        product.setMultifactorial(n, step: step)
        return product
    }

    // MARK: Functions

    mutating func call(
        _ function: Function, _ argumentCount: Int
    ) throws(ExpressionError) {
        switch function {
        case .mersenne:
            let p = try popIndex()
            try admit(log2: Double(p) - 1)
            let (power, one) = (try make([2]), try make([1]))
            power.raise(to: p)
            power.subtract(one)
            push(power)
        case .repunit where argumentCount == 2:
            let pattern = stack.removeLast()
            try repeatDigits(of: pattern, times: try popIndex())
        case .repunit:
            let n = try popIndex()
            try admit(log2: Double(n) * log2(10) - 4)
            let (power, one, nine) = (try make([10]), try make([1]), try make([9]))
            power.raise(to: n)
            power.subtract(one)
            _ = power.divide(by: nine)
            push(power)
        case .fibonacci, .lucas:
            let n = try popIndex()
            try admit(log2: Double(n) * log2((1 + 5.0.squareRoot()) / 2) - 2)
            let value = try make()
            if function == .fibonacci {
                value.setFibonacci(n)
            } else {
                value.setLucasNumber(n)
            }
            push(value)
        case .binomial:
            let k = try popIndex()
            let n = try popIndex()
            push(try binomial(n, k))
        case .cyclotomic:
            let x = stack.removeLast()
            let n = try popIndex()
            push(try cyclotomic(n, x))
        case .gcd:
            let second = stack.removeLast()
            try reserve(bits: max(stack[stack.count - 1].bitWidth, second.bitWidth))
            stack[stack.count - 1].reduceToGCD(with: second)
        case .length:
            let value = stack.removeLast()
            try reserve(bits: value.bitWidth)
            push(try make([UInt64(value.digitCount)]))
        case .lucasSequenceU, .lucasSequenceV:
            let n = try popIndex()
            let q = stack.removeLast()
            try admitLucas(p: stack[stack.count - 1], q, n)
            stack[stack.count - 1].setLucas(q: q, n, wantsV: function == .lucasSequenceV)
        case .prime:
            let n = try popIndex()
            if n == 0 { throw fail(.zeroOperand) }
            if n > Self.lastPrime { throw fail(.operandAbove(Int(Self.lastPrime))) }
            try spend(Double(n) / Double(Self.lastPrime))
            let prime = try searching { () throws(PrimalityError) in
                try SmallPrimes.prime(at: n, cancel: cancel)
            }
            push(try make([prime]))
        case .nextPrime, .previousPrime:
            try replaceByPrime(isNext: function == .nextPrime)
        case .smarandache:
            let n = try popIndex()
            // There are at least as many digits as in the product, but for one.
            try admit(log2: Self.factorialLogarithm(n) - 4)
            if n == 0 { return push(try make()) }
            var digits: [UInt8] = []
            for k in 1...n { digits += String(k).utf8 }
            try pushNumber(digits)
        case .smarandacheWellin, .smarandacheWellinByIndex:
            let n = try popIndex()
            let isByIndex = function == .smarandacheWellinByIndex
            let most = isByIndex ? SmallPrimes.count : UInt64(UInt32.max)
            if n > most { throw fail(.operandAbove(Int(most))) }
            if n == 0 || !isByIndex && n == 1 { return push(try make()) }
            // The nth prime is above n ln n [RoSc62], and there is a digit for each at least.
            let count = isByIndex ? Double(n) : 0
            let last = isByIndex && n > 1 ? count * log(count) : Double(n)
            try admit(log2: max(Self.theta(last) / log(2) - 4, (count - 1) * log2(10)))
            try pushNumber(
                try searching { () throws(PrimalityError) in
                    try SmallPrimes.digits(
                        upTo: isByIndex ? .max : n, count: isByIndex ? n : most, cancel: cancel)
                })
        }
    }

    /// R(n, x).
    mutating func repeatDigits(
        of pattern: SignedInteger, times n: UInt64
    ) throws(ExpressionError) {
        if pattern.sign < 0 { throw fail(.negativeOperand) }
        if pattern.sign == 0 || n == 0 { return push(try make()) }
        // x (10ⁿᵈ − 1) / (10ᵈ − 1) for x of d digits, of which the last division is exact.
        let digits = UInt64(pattern.digitCount)
        try admit(log2: (Double(n) * Double(digits) - 1) * log2(10))
        let (power, unit, one) = (try make([10]), try make([10]), try make([1]))
        power.raise(to: n * digits)
        power.subtract(one)
        unit.raise(to: digits)
        unit.subtract(one)
        if !power.divide(by: unit) {
            preconditionFailure("a repunit divides those of its multiples")
        }
        power.multiply(by: pattern)
        push(power)
    }

    /// The prime next to the topmost value, or the probable prime: by Baillie–PSW alone, so that the same
    /// text is always the same number.
    mutating func replaceByPrime(isNext: Bool) throws(ExpressionError) {
        let value = stack.removeLast()
        if value.sign < 0 { throw fail(.negativeOperand) }
        if value.bitWidth > Self.longestSearch {
            throw fail(.operandTooLong(bits: value.bitWidth, limit: Self.longestSearch))
        }
        // As many tests as it has bits, and each of them takes the power 2.5.
        try spend(pow(Double(value.bitWidth) / Double(Self.longestSearch), 3.5))
        let number = BigNatural(limbs: unsafe value.withLimbs { unsafe Array($0) })
        let options = TestOptions(rounds: 0, seed: 0)
        let found = try searching { () throws(PrimalityError) -> BigNatural? in
            isNext
                ? try BigNatural.nextProbablePrime(after: number, options: options, cancel: cancel)
                : try BigNatural.previousProbablePrime(
                    before: number, options: options, cancel: cancel)
        }
        guard let found else { throw fail(.noPrimeBelow) }
        push(try make(found.limbs))
    }

    /// Counts a search for a prime, and refuses one that is too much.
    mutating func spend(_ cost: Double) throws(ExpressionError) {
        // The shortest may be some thousand.
        effort += max(cost, 1e-3)
        if effort > Self.mostEffort { throw fail(.tooManySearches) }
    }

    func searching<Found>(
        _ search: () throws(PrimalityError) -> Found
    ) throws(ExpressionError) -> Found {
        do throws(PrimalityError) {
            return try search()
        } catch {
            if error == .cancelled { throw ExpressionError(.cancelled) }
            throw fail(.outOfMemory)
        }
    }

    func binomial(_ n: UInt64, _ k: UInt64) throws(ExpressionError) -> SignedInteger {
        let value = try make()
        if k > n { return value }
        // C(n, j) >= (n / j)^j
        let j = Double(min(k, n - k))
        // It takes seconds for a few million bits, so none is made that can only be a part.
        try admit(log2: j < 1 ? 0 : j * log2(Double(n) / j), limit: limit)
        value.setBinomial(n, k)
        return value
    }

    /// Lucas sequences may be much smaller than their bound: 0, 1, 1, 0, -1, -1, ….
    func admitLucas(
        p: SignedInteger, _ q: SignedInteger, _ n: UInt64
    ) throws(ExpressionError) {
        // |α| <= (|P| + √(P² + 4|Q|)) / 2, scaled so that it is no overflow.
        let scale = max(p.logarithm, q.logarithm / 2, 0)
        let scaledP = exp2(p.logarithm - scale)
        let scaledQ = exp2(q.logarithm - 2 * scale)
        let root = (scaledP + (scaledP * scaledP + 4 * scaledQ).squareRoot()) / 2
        // The discriminant, and U is at most n times as large as a power.
        let bits = Double(n) * max(0, scale + log2(root)) + 2 * scale + log2(Double(n) + 1) + 4
        try admit(log2: bits, .upTo)
    }

    /// Φₙ(x), by Φₙ(x) = Φᵣ(x^(n/r)) for the product r of n's primes, and Φₘₚ(x) = Φₘ(xᵖ) / Φₘ(x).
    func cyclotomic(
        _ n: UInt64, _ x: SignedInteger
    ) throws(ExpressionError) -> SignedInteger {
        if n == 0 { throw fail(.zeroOperand) }
        // Also where x is 1: n has to be factored.
        try admit(log2: Double(n) * max(1, x.logarithm), .upTo)
        var primes: [UInt64] = []
        var rest = n
        var p: UInt64 = 2
        while rest > 1 {
            if p * p > rest { p = rest }
            if rest % p == 0 { primes.append(p) }
            while rest % p == 0 { rest /= p }
            p += p == 2 ? 1 : 2
        }
        if x.bitWidth <= 1 { return try cyclotomicOfUnit(n, primes, x.sign) }
        let y = try copy(x)
        y.raise(to: n / primes.reduce(1, *))
        return try cyclotomic(primes[...], y)
    }

    func cyclotomic(
        _ primes: ArraySlice<UInt64>, _ x: SignedInteger
    ) throws(ExpressionError) -> SignedInteger {
        guard let p = primes.first else {
            let value = try copy(x)
            value.subtract(try make([1]))
            return value
        }
        let others = primes.dropFirst()
        if p == 2 {  // Φ₂ₘ(x) = Φₘ(−x), but for m = 1
            let value = try copy(x)
            if others.isEmpty {
                value.add(try make([1]))
                return value
            }
            value.negate()
            return try cyclotomic(others, value)
        }
        let power = try copy(x)
        power.raise(to: p)
        let value = try cyclotomic(others, power)
        // Not 0, since |x| > 1 is no root of unity.
        if !value.divide(by: try cyclotomic(others, x)) {
            preconditionFailure("a cyclotomic polynomial divides")
        }
        return value
    }

    /// Φₙ(0), Φₙ(1) and Φₙ(−1).
    func cyclotomicOfUnit(
        _ n: UInt64, _ primes: [UInt64], _ x: Int
    ) throws(ExpressionError) -> SignedInteger {
        // Φₙ(−1) is Φₘ(1) of another m.
        var (n, primes) = (n, primes)
        if n == 1 {
            let value = try make([UInt64(1 - x)])
            if x < 1 { value.negate() }
            return value
        }
        if x < 0 {
            if n == 2 { return try make() }
            if n % 2 == 1 {
                primes.append(2)
            } else if n % 4 == 2 {
                n /= 2
                primes.removeFirst()
            }
        }
        return try make([x != 0 && primes.count == 1 ? primes[0] : 1])
    }
}
