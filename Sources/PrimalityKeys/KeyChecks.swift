// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
internal import Primality

/// What all threads that check keys share.
struct CheckPlan: Sendable {
    /// Chooses the bases of tests.
    var seed: UInt64
    var cancel: CancelFlag
    /// The product of the primes up to ``CheckPlan/smallBound``.
    let primorial: KeyInteger

    /// Factors up to here are small.
    static let smallBound: UInt64 = 1 << 16
    /// So many steps of Fermat's method are made.
    static let fermatSteps: UInt64 = 10_000

    init(seed: UInt64, cancel: CancelFlag) {
        self.seed = seed
        self.cancel = cancel
        primorial = unsafe KeyInteger(0).changed {
            unsafe prk_integer_set_primorial($0, Self.smallBound)
        }
    }
}

/// Checks some keys together, so that tests of primality fill vectors.
struct KeyChecks {
    /// A number that is to be tested, and what it means when it is composite.
    private struct Question {
        var number: KeyInteger
        var isSecret: Bool
        /// Whose report the answer goes into.
        var key: Int
        /// Adds what the answer means.
        var answer: (Bool, inout KeyReport) -> Void
    }

    private let plan: CheckPlan
    private let keys: [Key]
    private var reports: [KeyReport]
    private var questions: [Question] = []

    /// Checks keys.
    ///
    /// - Parameters:
    ///   - keys: The keys.
    ///   - shared: What is known of each key's shared factors.
    ///   - plan: How.
    /// - Returns: A report of each.
    /// - Throws: ``Primality/PrimalityError``, also when the flag was raised.
    static func reports(
        on keys: [Key], shared: [String?], _ plan: CheckPlan
    ) throws(PrimalityError) -> [KeyReport] {
        var checks = KeyChecks(plan, keys)
        for i in keys.indices {
            switch keys[i].material {
            case .rsa(let key): checks.check(key, i)
            case .dh(let key): checks.check(key, i)
            }
            if let sentence = shared[i] { checks.wrong(i, "shared-factor", sentence) }
            if plan.cancel.isCancelled { throw .cancelled }
        }
        try checks.test()
        return checks.reports
    }

    private init(_ plan: CheckPlan, _ keys: [Key]) {
        self.plan = plan
        self.keys = keys
        reports = keys.map(KeyReport.init)
    }

    private mutating func wrong(_ i: Int, _ check: String, _ says: String) {
        reports[i].add(.wrong, check, says)
    }

    private mutating func note(_ i: Int, _ check: String, _ says: String) {
        reports[i].add(.note, check, says)
    }

    private mutating func ask(
        _ number: KeyInteger, isSecret: Bool = false, _ key: Int,
        _ answer: @escaping (Bool, inout KeyReport) -> Void
    ) {
        questions.append(
            Question(number: number, isSecret: isSecret, key: key, answer: answer))
    }

    private mutating func test() throws(PrimalityError) {
        let tester = PrimeTester(seed: plan.seed, cancel: plan.cancel)
        for isSecret in [false, true] {
            let asked = questions.filter { $0.isSecret == isSecret }
            let verdicts = try tester.test(asked.map(\.number), areSecret: isSecret)
            for (question, verdict) in zip(asked, verdicts) {
                question.answer(verdict.passed, &reports[question.key])
            }
        }
        // What is wrong first, and in the order of the checks.
        for i in reports.indices {
            let findings = reports[i].findings
            reports[i].findings = [.wrong, .note, .fact].flatMap { weight in
                findings.filter { $0.weight == weight }
            }
        }
    }

    /// How many bits are too few: such numbers have been factored, and discrete logarithms been computed, in public.
    private static let fewestBits = 1024
    /// How many bits are asked for today [SP800-131A].
    private static let wantedBits = 2048

    private mutating func checkSize(_ bits: Int, of name: String, _ i: Int, _ broken: String) {
        if bits < Self.fewestBits {
            wrong(i, "size", "\(name) has \(bits) bits, and \(broken)")
        } else if bits < Self.wantedBits {
            note(i, "size", "\(name) has \(bits) bits, and 2048 are asked for today")
        }
    }

    // MARK: RSA

    private mutating func check(_ key: RSAKey, _ i: Int) {
        checkSize(key.n.bits, of: "n", i, "such numbers have been factored")
        if key.e.isEven || key.e < KeyInteger(3) {
            wrong(i, "exponent", "e is \(key.e.isEven ? "even" : "1")")
        } else if key.e >= key.n {
            wrong(i, "exponent", "e is not below n")
        } else if key.e < KeyInteger(65537) {
            note(i, "exponent", "e is below 65537")
        }
        if key.n.bits > 1 { checkModulus(key, i) }
        if let secret = key.secret { check(secret, of: key, i) }
    }

    private mutating func checkModulus(_ key: RSAKey, _ i: Int) {
        let n = key.n
        let factor = unsafe prk_integer_least_factor(
            n.handle, plan.primorial.handle, CheckPlan.smallBound)
        if factor > 0 {
            let isWhole = n.word == factor
            wrong(
                i, "small-factor",
                isWhole ? "n is the prime \(factor)" : "n has the factor \(factor)")
            if isWhole { return }
        }
        let steps = unsafe prk_integer_fermat_steps(
            n.handle, CheckPlan.fermatSteps, plan.cancel.flag)
        if steps > 0 {
            let count = steps == 1 ? "1 step" : "\(steps) steps"
            wrong(
                i, "close-factors",
                "p and q are so close that Fermat's method finds them in \(count)")
        }
        if ROCA.marks(n) {
            wrong(
                i, "roca", "n has the fingerprint of ROCA (CVE-2017-15361): its primes can be found"
            )
        }
        if key.secret == nil {
            ask(n, i) { passed, report in
                if passed { report.add(.wrong, "modulus", "n is prime") }
            }
        }
    }

    /// A prime's letter: p, q, r₃, r₄ and so on.
    private static func name(_ place: Int) -> String {
        place == 0 ? "p" : place == 1 ? "q" : "r\(place + 1)"
    }

    private mutating func check(_ secret: RSASecret, of key: RSAKey, _ i: Int) {
        let primes = secret.primes
        let product = primes.reduce(KeyInteger(1)) { $0 * $1 }
        let letters = primes.indices.map(Self.name).joined(separator: " ")
        if product != key.n { wrong(i, "product", "n is not \(letters)") }
        for (place, prime) in primes.enumerated() {
            let name = Self.name(place)
            if primes[..<place].contains(prime) {
                wrong(i, "distinct", "\(name) is one of the other primes")
            }
            ask(prime, isSecret: true, i) { passed, report in
                if !passed { report.add(.wrong, "prime", "\(name) is not prime") }
            }
        }
        if primes.count == 2 { checkDistance(primes[0], primes[1], key.n.bits, i) }
        // From here on primes divide and reduce.
        if primes.contains(where: { $0.bits < 2 }) { return }
        checkExponents(secret, of: key, i)
        checkCoefficients(secret, i)
    }

    private mutating func checkDistance(_ p: KeyInteger, _ q: KeyInteger, _ bits: Int, _ i: Int) {
        let distance = p < q ? q - p : p - q
        // FIPS 186-5, A.1.3: |p - q| > 2^(nlen/2 - 100).
        if distance.bits > 0, distance.bits <= bits / 2 - 100 {
            wrong(i, "distance", "p and q differ by less than 2^\(bits / 2 - 100)")
        }
        if abs(p.bits - q.bits) > 1 {
            note(i, "balance", "p has \(p.bits) bits and q has \(q.bits)")
        }
    }

    private mutating func checkExponents(_ secret: RSASecret, of key: RSAKey, _ i: Int) {
        let order = secret.primes.map { $0 - 1 }.reduce(KeyInteger(1)) { $0.lcm(with: $1) }
        if !isOne(key.e * secret.d, modulo: order) {
            wrong(
                i, "private-exponent",
                "e d is not 1 modulo the least common multiple of p - 1 and q - 1")
        }
        // Wiener's attack finds exponents below the fourth root of n / 81.
        if secret.d.bits * 4 <= key.n.bits {
            wrong(i, "short-exponent", "d is so short that Wiener's attack finds it")
        }
        for (place, exponent) in secret.exponents.enumerated() {
            let name = place == 0 ? "dP" : place == 1 ? "dQ" : "d\(place + 1)"
            let prime = secret.primes[place]
            if exponent >= prime || !isOne(key.e * exponent, modulo: prime - 1) {
                wrong(i, "crt-exponent", "e \(name) is not 1 modulo \(Self.name(place)) - 1")
            }
        }
    }

    private mutating func checkCoefficients(_ secret: RSASecret, _ i: Int) {
        let primes = secret.primes
        for (place, coefficient) in secret.coefficients.enumerated() {
            // The first one is q's inverse modulo p, the others those of all primes before.
            let modulus = place == 0 ? primes[0] : primes[place + 1]
            let inverted =
                place == 0 ? primes[1] : primes[...place].reduce(KeyInteger(1)) { $0 * $1 }
            let letters =
                place == 0 ? "q" : (0...place).map(Self.name).joined(separator: " ")
            let name = place == 0 ? "qInv" : "t\(place + 2)"
            if coefficient >= modulus || !isOne(inverted * coefficient, modulo: modulus) {
                let of = place == 0 ? "p" : Self.name(place + 1)
                wrong(i, "crt-coefficient", "\(letters) \(name) is not 1 modulo \(of)")
            }
        }
    }

    /// Whether a number is 1 modulo m, which is not 0; modulo 1 every number is.
    private func isOne(_ a: KeyInteger, modulo m: KeyInteger) -> Bool {
        m == KeyInteger(1) || a.modulo(m) == KeyInteger(1)
    }

    // MARK: DH

    private mutating func check(_ key: DHKey, _ i: Int) {
        checkSize(key.p.bits, of: "p", i, "discrete logarithms of that size have been computed")
        if let line = key.moduliLine {
            if line.size != key.p.bits && line.size + 1 != key.p.bits {
                wrong(
                    i, "size-field", "the line says \(line.size + 1) bits, and p has \(key.p.bits)")
            }
            if line.type != 2 {
                note(
                    i, "type",
                    "the line is of type \(line.type), and sshd takes 2, safe primes, alone")
            }
        }
        if key.p.isEven || key.p <= KeyInteger(3) {
            wrong(i, "prime", key.p.isEven ? "p is even" : "p is too small")
            return
        }
        let known = KnownGroups.name(of: key.p)
        if let known { reports[i].add(.fact, "known", "p is that of \(known)") }
        ask(key.p, i) { passed, report in
            if !passed { report.add(.wrong, "prime", "p is composite") }
        }
        for (name, value) in [("g", key.g), ("y", key.y)] {
            guard let value else { continue }
            if value < KeyInteger(2) || value > key.p - 2 {
                wrong(
                    i, name == "g" ? "generator" : "public-value",
                    "\(name) is not within 2 and p - 2")
                return
            }
        }
        let half = key.p.half
        if let q = key.q, q != half {
            checkSubgroup(key, q, i)
        } else {
            checkSafe(key, half, i)
        }
    }

    /// p = 2 q + 1.
    private mutating func checkSafe(_ key: DHKey, _ q: KeyInteger, _ i: Int) {
        // The order of g, which is not ±1, is q or 2 q; half of all numbers are squares and have q.
        let isSquare = key.g.jacobi(key.p) == 1
        let order = isSquare ? "(p-1)/2" : "p-1"
        ask(q, i) { passed, report in
            if passed {
                report.add(.fact, "safe", "p is a safe prime")
                report.add(.fact, "generator", "g has order \(order)")
            } else {
                report.add(.wrong, "safe", "p is no safe prime: (p-1)/2 is composite")
            }
        }
        if let y = key.y, isSquare, y.jacobi(key.p) != 1 {
            wrong(i, "public-value", "y is no power of g")
        }
        if let x = key.x, x.bits == 0 || x >= key.p - 1 {
            wrong(i, "private-value", "x is not within 1 and p - 2")
        }
    }

    /// A group of order q, which divides p − 1.
    private mutating func checkSubgroup(_ key: DHKey, _ q: KeyInteger, _ i: Int) {
        if q < KeyInteger(2) || (key.p - 1).modulo(q).bits > 0 {
            wrong(i, "order", "q does not divide p - 1")
            return
        }
        // The roots of its size are found by Pollard's rho in 2^80 steps.
        if q.bits < 160 {
            wrong(i, "order-size", "q has \(q.bits) bits, and 160 are too few already")
        } else if q.bits < 224 {
            note(i, "order-size", "q has \(q.bits) bits, and 224 are asked for today")
        }
        ask(q, i) { passed, report in
            if !passed { report.add(.wrong, "order", "q is composite") }
        }
        guard let power = key.g.power(q, modulo: key.p, cancel: plan.cancel) else { return }
        if power == KeyInteger(1) {
            reports[i].add(.fact, "generator", "g has order q, of \(q.bits) bits")
        } else {
            wrong(i, "generator", "g has not order q")
        }
        if let y = key.y, let power = y.power(q, modulo: key.p, cancel: plan.cancel),
            power != KeyInteger(1)
        {
            wrong(i, "public-value", "y is no power of g")
        }
        if let x = key.x, x.bits == 0 || x >= q {
            wrong(i, "private-value", "x is not within 1 and q - 1")
        }
    }
}
