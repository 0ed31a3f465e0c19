// SPDX-License-Identifier: Apache-2.0

import Primality
import PrimalityProof
import TestSupport
import Testing

/// 2^127 - 1.
private let prime = BigNatural(limbs: [UInt64.max, UInt64.max >> 1])
/// The first prime above 2⁶⁴.
private let next = BigNatural(limbs: [13, 1])

/// 1, so many digits less one of 0, and more digits.
private func decimal(after places: Int, _ digits: String) throws -> BigNatural {
    try BigNatural(
        parsing: "1" + String(repeating: "0", count: places - 1) + digits, maximumBits: 1000)
}

@Suite struct CertificateTests {
    @Test func aProofIsVerifiedBeforeItIsGiven() throws {
        for number in [prime, next, 7] {
            guard case .proved(let certificate, _) = try Certificate.prove(number) else {
                Issue.record("\(number) was not proved")
                continue
            }
            #expect(certificate.number == number)
            #expect(certificate.format == .json)
            try certificate.verify()
            let text = try certificate.text(as: .json)
            #expect(try Certificate(parsing: text).number == number)
        }
    }

    @Test func compositesAreToldWithWhatShowsThem() throws {
        // Of two primes near 2^40, and a Carmichael number without small factors.
        for text in ["1208925819627823314239443", "5394826801", "10"] {
            let number = try BigNatural(parsing: text, maximumBits: 128)
            guard case .composite(let report) = try Certificate.prove(number) else {
                Issue.record("\(text) is composite")
                continue
            }
            #expect(report?.verdict == .composite)
        }
        guard case .neither = try Certificate.prove(1) else {
            Issue.record("1 is neither")
            return
        }
    }

    @Test func amongOthersEachNumberHasWhatItHasAlone() throws {
        // Most of the middle ones are composite.
        var numbers: [BigNatural] = [prime, 0, 7, next, 91, 1]
        numbers += (0..<40).map { BigNatural(limbs: [UInt64(2 * $0 + 1), 1 << UInt64($0)]) }
        numbers += [try decimal(after: 48, "151"), try decimal(after: 97, "289")]
        let results = Certificate.prove(numbers.map { ProofRequest($0) })
        try #require(results.count == numbers.count)
        for (number, result) in zip(numbers, results) {
            switch (try result.get(), try Certificate.prove(number)) {
            case (.proved(let a, let x), .proved(let b, let y)):
                #expect(a.number == number)
                #expect(try a.text(as: .json) == b.text(as: .json))
                #expect(x?.method == y?.method)
            case (.composite(let x), .composite(let y)): #expect(x?.method == y?.method)
            case (.neither, .neither): #expect(number < 2)
            case let (a, b): Issue.record("\(number): \(a), and alone \(b)")
            }
        }
        #expect(Certificate.prove([]).isEmpty)
        let cancelled = CancelFlag()
        cancelled.cancel()
        for result in Certificate.prove(
            [ProofRequest(prime), ProofRequest(next)], cancel: cancelled)
        {
            #expect(throws: PrimalityError.cancelled) { try result.get() }
        }
    }

    @Test func threadsChangeNothing() throws {
        let number = try decimal(after: 197, "153")
        var texts: Set<String> = []
        for threads in [1, 2, 3] {
            var options = ProofOptions()
            options.threads = threads
            guard case .proved(let certificate, _) = try Certificate.prove(number, options: options)
            else {
                Issue.record("\(number) was not proved")
                return
            }
            texts.insert(try certificate.text(as: .json))
        }
        #expect(texts.count == 1)
        var options = ProofOptions()
        options.threads = 1025
        #expect(throws: PrimalityError.self) { try Certificate.prove(number, options: options) }
    }

    @Test func whatIsWrongIsSaidWithItsPlace() throws {
        let text = """
            [MPU - Primality Certificate]
            Version 1.0

            Proof for:
            N 170141183460469231731687303715884105727

            Type Lucas
            N 170141183460469231731687303715884105727
            Q[1] 3
            A 3

            """
        let certificate = try Certificate(parsing: text)
        #expect(certificate.format == .mpu)
        let error = #expect(throws: CertificateError.self) { try certificate.verify() }
        #expect(error?.kind == .invalid)
        #expect(error?.step == 1)
        #expect(error?.line == 7)
        let nothing = #expect(throws: CertificateError.self) { try Certificate(parsing: "hello") }
        #expect(nothing?.kind == .unreadable)
        let empty = #expect(throws: CertificateError.self) { try Certificate(parsing: "") }
        #expect(empty?.kind == .unreadable)
    }

    @Test func moreThanOneIsNoCertificate() throws {
        guard case .proved(let certificate, _) = try Certificate.prove(prime) else { return }
        let text = try certificate.text(as: .json)
        let error = #expect(throws: CertificateError.self) {
            try Certificate(parsing: text + text)
        }
        #expect(error?.line == 4)
    }

    @Test func knownFactorsAndFormsProve() throws {
        var options = ProofOptions()
        options.form = .power(k: 3, b: 2, n: 189, c: 1)
        let proth = try BigNatural(
            parsing: "2353913150770005286438421033702874906038383291674012942337", maximumBits: 256)
        guard case .proved(let certificate, _) = try Certificate.prove(proth, options: options)
        else {
            Issue.record("3*2^189+1 is prime")
            return
        }
        #expect(certificate.stepCount == 1)
        // p, of which p - 1 is 2 q r with q and r of 100 bits: found only when they are given.
        let hard = try BigNatural(
            parsing: "2430694989347397511787717132445775637473798939800592219850087",
            maximumBits: 256)
        options = ProofOptions()
        options.cost = 1
        if case .proved = try Certificate.prove(hard, options: options) {
            Issue.record("its factors are too large to be found so soon")
        }
        options.cost = nil
        options.factors = try [
            "1006085311439765065165791557947", "1207996459996486435078722856169",
        ].map { try BigNatural(parsing: $0, maximumBits: 256) }
        guard case .proved = try Certificate.prove(hard, options: options) else {
            Issue.record("its factors were given")
            return
        }
    }

    /// The first primes after some numbers of 65 to 120 bits.
    @Test(arguments: [CertificateFormat.mpu, .pari, .primo4])
    func aProofIsLookedForThatTheFormHasWordsFor(_ format: CertificateFormat) throws {
        var options = ProofOptions()
        options.format = format
        var (count, proved) = (0, 0)
        for bits in 65...120 {
            let high = UInt64(1) << UInt64(bits - 65)
            let number = try BigNatural.nextProbablePrime(
                after: BigNatural(limbs: [0x9E37_79B9_7F4A_7C15 &* UInt64(bits), high]))
            count += 1
            switch try Certificate.prove(number, options: options) {
            case .proved(let certificate, _):
                proved += 1
                let read = try Certificate(parsing: try certificate.text(as: format))
                #expect(read.format == format)
                #expect(read.number == number)
                try read.verify()
            case .gaveUp(let tried): #expect(tried.contains("json"), "\(number)")
            default: Issue.record("\(number) is prime")
            }
        }
        // Primo goes from one number to one number alone.
        #expect(format == .primo4 ? proved > count / 2 : proved == count, "\(proved) of \(count)")
    }

    @Test func whatAFormHasNoWordsForIsSaid() throws {
        var options = ProofOptions()
        options.cost = 1
        options.form = .power(k: 1, b: 2, n: 4423, c: -1)
        let mersenne = BigNatural(limbs: Array(repeating: .max, count: 69) + [(1 << 7) - 1])
        guard case .proved = try Certificate.prove(mersenne, options: options) else {
            Issue.record("2^4423-1 is prime")
            return
        }
        options.format = .pari
        guard case .gaveUp(let tried) = try Certificate.prove(mersenne, options: options) else {
            Issue.record("pari has no words for proofs by n + 1")
            return
        }
        #expect(
            tried.hasPrefix("pari has no words for proofs by n + 1 with several primes, json has"))
    }

    @Test func aFlagEndsTheSearch() throws {
        let cancel = CancelFlag()
        cancel.cancel()
        #expect(throws: PrimalityError.cancelled) {
            try Certificate.prove(prime, cancel: cancel)
        }
        guard case .proved(let certificate, _) = try Certificate.prove(prime) else { return }
        let error = #expect(throws: CertificateError.self) {
            try certificate.verify(cancel: cancel)
        }
        #expect(error?.kind == .cancelled)
    }

    /// Every published certificate, by one thread and by several.
    @Test(.enabled(if: TestFiles.shared != nil, "the published certificates are not at hand"))
    func publishedCertificatesAreWhatTheyAreSaidToBe() throws {
        let folder = try #require(TestFiles.shared).appendingPathComponent("certs")
        let manifest = try #require(
            TestFiles.text(folder.appendingPathComponent("MANIFEST.tsv").path))
        var counts = (valid: 0, others: 0)
        for row in manifest.split(separator: "\n") where !row.hasPrefix("#") {
            let fields = row.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields[0].hasSuffix(".txt") else { continue }
            let text = try #require(
                TestFiles.text(folder.appendingPathComponent(String(fields[0])).path))
            for threads in [1, 3] {
                let error: CertificateError?
                do throws(CertificateError) {
                    let certificate = try Certificate(parsing: text)
                    var seen = 0
                    try certificate.verify(
                        threads: threads, progress: threads == 1 ? nil : { seen = $0 })
                    #expect(threads == 1 || seen == certificate.stepCount, "\(fields[0])")
                    error = nil
                } catch let thrown {
                    error = thrown
                }
                #expect((error == nil) == (fields[1] == "valid"), "\(fields[0])")
                if fields[0].hasPrefix("forged") {
                    #expect(error?.reason.contains("not a unit") == true, "\(fields[0])")
                }
                if error == nil { counts.valid += 1 } else { counts.others += 1 }
            }
        }
        #expect(counts.valid > 40 && counts.others > 100, "\(counts)")
    }
}
