// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primality
import PrimalityExpressions
import TestSupport
import Testing

/// Whether there is openssl; a line says so when there is not.
private let hasOpenSSL: Bool = {
    let found = (try? Tool.shell("command -v openssl"))?.status == 0
    if !found { print("KeysTests: openssl is missing, so keys that it would make are left out") }
    return found
}()

/// `primality keys`.
@Suite(.timeLimit(.minutes(10))) struct KeysTests {
    /// Runs the tool on files.
    private func keys(
        _ arguments: String..., input: Data = Data(), environment: [String: String] = [:]
    ) throws -> Tool.Outcome {
        try Tool.run(["keys"] + arguments, input: input, environment: environment)
    }

    /// Makes files in a folder by a shell's commands.
    private func make(_ folder: String, _ commands: String) throws {
        let made = try Tool.shell("cd '\(folder)' && { \(commands); } 2>log")
        try #require(made.status == 0, "\(TestFiles.text(folder + "log") ?? "")")
    }

    private func write(_ text: String, _ file: String) throws {
        try text.write(toFile: file, atomically: false, encoding: .utf8)
    }

    /// What a command printed, with the folder left out.
    private func lines(_ outcome: Tool.Outcome, _ folder: String) -> [String] {
        outcome.lines.map { $0.replacingOccurrences(of: folder, with: "") }
    }

    /// A prime of so many bits.
    private func prime(_ bits: Int, _ offset: String) throws -> BigNatural {
        try BigNatural(
            expression: "nextprime(2^\(bits)-2^\(bits - 3)+\(offset))", maximumBits: 10_000)
    }

    private func value(_ expression: String) throws -> BigNatural {
        try BigNatural(expression: expression, maximumBits: 100_000)
    }

    /// A safe prime of an RFC.
    private func modulus(bits: Int) throws -> BigNatural {
        try #require(
            VectorFile.rfcModp.cases().first {
                $0.number.bitWidth == bits && !$0.note.contains("(p-1)/2")
            }
        ).number
    }

    private func hexadecimal(_ number: BigNatural) -> String {
        let digits = number.limbs.reversed().map { limb in
            String(repeating: "0", count: limb.leadingZeroBitCount / 4)
                + (limb == 0 ? "" : String(limb, radix: 16))
        }
        return digits.joined().uppercased()
    }

    // MARK: What openssl makes

    @Test func keysOfOpenSSLAreFine() throws {
        if !hasOpenSSL { return }
        try inNewFolder { folder in
            try make(
                folder,
                """
                openssl genrsa -traditional -out pkcs1.pem 2048 && openssl pkey -in pkcs1.pem -out pkcs8.pem &&
                openssl pkey -in pkcs1.pem -outform DER -out pkcs8.der &&
                openssl rsa -in pkcs1.pem -traditional -outform DER -out pkcs1.der &&
                openssl pkey -in pkcs1.pem -pubout -out public.pem &&
                openssl rsa -in pkcs1.pem -RSAPublicKey_out -out public1.pem &&
                openssl rsa -in pkcs1.pem -RSAPublicKey_out -outform DER -out public1.der &&
                openssl req -new -x509 -key pkcs1.pem -subj /CN=test -out certificate.pem &&
                openssl x509 -in certificate.pem -outform DER -out certificate.der &&
                openssl x509 -in certificate.pem -trustout -addtrust serverAuth -out trusted.pem &&
                openssl req -new -key pkcs1.pem -subj /CN=test -out request.pem &&
                openssl genrsa -primes 3 -out three.pem 2048 &&
                openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out pss.pem
                """)
            let expected = [
                ("pkcs1.pem", "rsa-private", "pkcs1"), ("pkcs8.pem", "rsa-private", "pkcs8"),
                ("pkcs8.der", "rsa-private", nil), ("pkcs1.der", "rsa-private", nil),
                ("public.pem", "rsa-public", "spki"), ("public1.pem", "rsa-public", "pkcs1"),
                ("public1.der", "rsa-public", "pkcs1"), ("certificate.pem", "rsa-public", "x509"),
                ("certificate.der", "rsa-public", "x509"), ("trusted.pem", "rsa-public", "x509"),
                ("request.pem", "rsa-public", "csr"), ("three.pem", "rsa-private", "pkcs8"),
                ("pss.pem", "rsa-private", "pkcs8"),
            ]
            let outcome = try Tool.run(
                ["keys", "--format", "jsonl"] + expected.map { folder + $0.0 })
            #expect(outcome.status == 0 && outcome.error == "", "\(outcome)")
            #expect(outcome.lines.count == expected.count)
            for (line, (file, kind, format)) in zip(outcome.lines, expected) {
                let json = try #require(
                    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                #expect(json["file"] as? String == folder + file)
                #expect(
                    json["verdict"] as? String == "fine" && json["bits"] as? Int == 2048, "\(line)")
                #expect(
                    json["kind"] as? String == kind && json["e"] as? String == "65537", "\(line)")
                if let format { #expect(json["format"] as? String == format, "\(line)") }
            }
            // From a pipe, and in words.
            let piped = try keys(
                "-", input: try Data(contentsOf: URL(fileURLWithPath: folder + "pkcs1.pem")))
            #expect(piped.output == "standard input: RSA private key, 2048 bits, e = 65537: fine\n")
            let quiet = try keys("-q", folder + "pkcs1.pem")
            #expect(quiet.status == 0 && quiet.output == "")
        }
    }

    /// The groups that openssl has built in are those that the formulas give.
    @Test func groupsOfOpenSSLAreKnown() throws {
        if !hasOpenSSL { return }
        let groups =
            [1536: 5, 2048: 14, 3072: 15, 4096: 16, 6144: 17, 8192: 18].map {
                ("modp_\($0.key)", "group \($0.value) of RFC 3526")
            }
            + [2048, 3072, 4096, 6144, 8192].map { ("ffdhe\($0)", "ffdhe\($0) of RFC 7919") }
        try inNewFolder { folder in
            for (name, known) in groups {
                try make(
                    folder,
                    "openssl genpkey -genparam -algorithm DH -pkeyopt group:\(name) -out \(name).pem"
                )
                let outcome = try keys(folder + name + ".pem")
                #expect(outcome.status == 0)
                #expect(outcome.output.contains(": DH group, "))
                #expect(
                    outcome.output.contains(
                        "fine: p is that of \(known); p is a safe prime; g has order"),
                    "\(outcome)")
            }
        }
    }

    @Test func groupsAndKeysOfDHAreFine() throws {
        if !hasOpenSSL { return }
        try inNewFolder { folder in
            try make(
                folder,
                """
                for i in 1 2 3; do
                  openssl genpkey -genparam -algorithm DHX -pkeyopt dh_rfc5114:$i -out x$i.pem &&
                  openssl genpkey -paramfile x$i.pem -out xkey$i.pem &&
                  openssl pkey -in xkey$i.pem -pubout -out xpub$i.pem || exit 1
                done
                openssl genpkey -algorithm DH -pkeyopt group:ffdhe2048 -out key.pem &&
                openssl pkey -in key.pem -pubout -out pub.pem &&
                openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -outform DER -out group.der &&
                openssl dhparam -dsaparam -out dsa.pem 1024
                """)
            for file in [
                "x1", "x2", "x3", "xkey1", "xkey3", "xpub1", "xpub2", "key", "pub", "dsa",
            ] {
                let outcome = try keys(folder + file + ".pem")
                #expect(outcome.status == 0, "\(outcome)")
                #expect(outcome.output.contains(": fine"), "\(outcome)")
            }
            #expect(try keys(folder + "group.der").output.contains("ffdhe2048"))
            #expect(try keys(folder + "xpub1.pem").output.contains("DH public key, 1024 bits"))
        }
    }

    /// The line says what decrypts the key, and that does it.
    @Test func encryptedKeysAreRefusedWithTheCommandThatDecrypts() throws {
        if !hasOpenSSL { return }
        try inNewFolder { folder in
            try make(
                folder,
                """
                openssl genrsa -out plain.key 1024 &&
                openssl pkey -in plain.key -aes128 -passout pass:secret -out "it's.pem" &&
                openssl rsa -in plain.key -traditional -aes128 -passout pass:secret -out old.pem &&
                openssl pkcs8 -topk8 -in plain.key -outform DER -passout pass:secret -out key.der &&
                openssl req -new -x509 -key plain.key -subj /CN=a -out c.crt &&
                openssl pkcs12 -export -inkey plain.key -in c.crt -passout pass:secret -out key.p12
                """)
            for file in ["it's.pem", "old.pem", "key.der", "key.p12"] {
                let outcome = try Tool.shell("cd '\(folder)' && \"$P\" keys \"\(file)\"")
                #expect(outcome.status == 2, "\(outcome)")
                #expect(outcome.output.hasPrefix("\(file): encrypted: decrypt it first"))
                let command = try #require(
                    outcome.output.components(separatedBy: "writes: ").last
                )
                .trimmingCharacters(in: .newlines)
                let decrypted = try Tool.shell(
                    "cd '\(folder)' && \(command) -passin pass:secret 2>log && \"$P\" keys plain.pem 2>&1"
                )
                #expect(decrypted.status == 0, "\(command): \(decrypted)")
                #expect(decrypted.output.contains("RSA private key, 1024 bits"), "\(decrypted)")
            }
        }
    }

    @Test func keysOfOtherKindsAreSkipped() throws {
        if !hasOpenSSL { return }
        try inNewFolder { folder in
            try make(
                folder,
                """
                openssl genpkey -algorithm ed25519 -out ed.pem && openssl genrsa -out rsa.pem 2048 &&
                openssl ecparam -name prime256v1 -genkey -out ec.pem &&
                openssl genpkey -algorithm x25519 -outform DER -out x.der &&
                cat ed.pem rsa.pem ec.pem > all.pem
                """)
            for (file, kind) in [("ed.pem", "an Ed25519 key"), ("x.der", "an X25519 key")] {
                let outcome = try keys(folder + file)
                #expect(outcome.status == 2)
                #expect(
                    lines(outcome, folder)
                        == ["\(file): skipped: there is no RSA or DH number in it: \(kind)"])
            }
            // Curves have their parameters in a block of their own.
            let curve = try keys(folder + "ec.pem")
            #expect(
                curve.status == 2 && curve.output == "" && curve.error.contains("an EC key (1)"))
            #expect(try keys("-q", folder + "ed.pem").status == 2)
            // Beside keys that can be checked they do not count.
            let both = try keys(folder + "ed.pem", folder + "rsa.pem")
            #expect(both.status == 0 && both.lines.count == 2)
            let all = try keys(folder + "all.pem")
            #expect(all.status == 0 && all.lines.count == 1)
            #expect(all.output.hasPrefix("\(folder)all.pem:"))
            #expect(all.error.contains("skipped what has no RSA or DH number: an Ed25519 key (1)"))
        }
    }

    // MARK: What is wrong

    @Test func weakKeysAreFoundAndStatusIsOne() throws {
        try inNewFolder { folder in
            let p = try (1...4).map { try prime(512, "\($0)*10^40") }
            func file(_ name: String, _ n: BigNatural) throws {
                try write(
                    DERText.pem("RSA PUBLIC KEY", DERText.rsaPublic(n)), folder + name)
            }
            try file("good", value("\(p[2])*nextprime(2^512)"))
            try file("one", value("\(p[0])*nextprime(2^512+10^30)"))
            try file("two", value("\(p[0])*nextprime(2^512+10^50)"))
            try file("close", value("\(p[3])*nextprime(\(p[3])+2^200)"))
            try file("small", value("3*\(prime(1100, "7"))"))
            let group = try DERText.sequence([prime(1100, "9"), 2].map(DERText.integer))
            try write(DERText.pem("DH PARAMETERS", group), folder + "unsafe")
            let unsafe = try keys(folder + "unsafe")
            #expect(unsafe.status == 1)
            #expect(unsafe.output.contains("wrong: p is no safe prime: (p-1)/2 is composite"))
            let outcome = try Tool.run(
                ["keys"] + ["good", "one", "two", "close", "small"].map { folder + $0 })
            #expect(outcome.status == 1 && outcome.error == "", "\(outcome)")
            let found = lines(outcome, folder)
            try #require(found.count == 5)
            #expect(found[0].contains(": fine; note: n has 1024 bits"))
            #expect(found[1].contains("wrong: n shares a factor with two: both can be factored"))
            #expect(found[2].contains("wrong: n shares a factor with one: both can be factored"))
            #expect(found[3].contains("Fermat's method finds them in 1 step"))
            #expect(found[4].contains("n has the factor 3"))
            #expect(try keys("-q", folder + "one").status == 0)
            #expect(try keys("-q", folder + "one", folder + "two").status == 1)
            // 2 is worse than 1.
            #expect(try keys("-q", folder + "close", folder + "missing").status == 2)
        }
    }

    /// Neither what is fine nor what is wrong with a key has a private value in it.
    @Test func privateValuesAreNotPrinted() throws {
        try inNewFolder { folder in
            let p = try prime(512, "123456789")
            let q = try value("nextprime(\(p)+2^300)")
            let composite = try value("\(prime(256, "17"))*\(prime(256, "19"))")
            let d = try value("(3^640)%2^1000+1")
            // n, e, d, p, q, dP, dQ, qInv: nearly all is wrong in each.
            let all: [[BigNatural]] = try [
                [value("\(p)*\(q)"), 65537, d, p, q, d, d, d],
                [value("\(p)*\(composite)"), 65537, d, p, composite, 1, 2, 3],
                [value("\(p)*\(p)"), 65537, d, p, p, q, q, q],
            ]
            for (i, numbers) in all.enumerated() {
                let bytes = DERText.sequence(([0] + numbers).map(DERText.integer))
                try write(DERText.pem("RSA PRIVATE KEY", bytes), folder + "key\(i)")
                // Damaged ones, which are complained of.
                let damaged: [[UInt8]] = [
                    Array(bytes.dropLast(7)), bytes + [1], [0x30, 0x81] + bytes.dropFirst(2),
                ]
                for (k, bytes) in damaged.enumerated() {
                    try write(DERText.pem("RSA PRIVATE KEY", bytes), folder + "bad\(i)\(k)")
                }
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            for options in [[], ["--format", "jsonl"], ["--max-bits", "600"]] {
                let outcome = try Tool.run(["keys"] + options + names.map { folder + $0 })
                #expect(outcome.status == 2)
                let text = (outcome.output + outcome.error).uppercased()
                    .replacingOccurrences(of: ":", with: "")
                #expect(text.contains("WRONG") || options.contains("600"))
                for number in [p, q, composite, d] {
                    // 40 digits of it, wherever they begin.
                    for digits in [number.description, hexadecimal(number)] {
                        let all = Array(digits)
                        for start in stride(from: 0, to: all.count - 40, by: 10) {
                            #expect(!text.contains(String(all[start..<start + 40])))
                        }
                    }
                }
            }
        }
    }

    // MARK: OpenSSH

    @Test func moduliAndAuthorizedKeysAreReadByTheLine() throws {
        try inNewFolder { folder in
            let p = try modulus(bits: 2048)
            let unsafe = try value("\(p)+2*10^50")
            let text = """
                #    $OpenBSD: moduli,v 1.36 $
                # Time Type Tests Tries Size Generator Modulus

                20230615000000 2 6 100 2047 2 \(hexadecimal(p))
                20230615000000 2 6 100 2047 5 \(hexadecimal(unsafe))
                20230615000000 2 6 100 1023 2 \(hexadecimal(p).lowercased())
                20230615000000 4 6 100 2047 2 \(hexadecimal(p))\r
                20230615000000 2 6 100 2047 2 \(hexadecimal(p))Z
                20230615000000 2 6 100
                20230615000000 2 6 100 2047 99999999999999999999 \(hexadecimal(p))
                """
            try write(text, folder + "moduli")
            let outcome = try keys("-j2", folder + "moduli")
            #expect(outcome.status == 2)
            let found = lines(outcome, folder)
            try #require(found.count == 7, "\(found)")
            #expect(
                found[0]
                    == "moduli:4: DH group, 2048 bits, g = 2: fine: p is that of group 14 of RFC 3526; p is a safe prime; g has order (p-1)/2"
            )
            #expect(
                found[1].hasPrefix("moduli:5: DH group, 2048 bits, g = 5: wrong: p is composite"))
            #expect(
                found[2].hasPrefix("moduli:6: ") && found[2].contains("the line says 1024 bits"))
            #expect(found[3].contains("moduli:7: ") && found[3].contains(": fine: "))
            #expect(found[3].contains("note: the line is of type 4"))
            #expect(found[4] == "moduli:8: unreadable: the modulus is no hexadecimal number")
            for line in found[5...] {
                #expect(
                    line.hasSuffix(
                        ": unreadable: the line is neither an OpenSSH public key nor one of a moduli file"
                    ))
            }
            let json = try keys("--format", "jsonl", "--seed", "7", folder + "moduli")
            #expect(
                json.lines[0].contains(
                    #""line":4,"verdict":"fine","kind":"dh-group","format":"moduli","bits":2048,"g":"2""#
                ))
            #expect(json.lines[0].hasSuffix(#","rounds":2,"seed":"7"}"#))
            #expect(
                json.lines.allSatisfy {
                    (try? JSONSerialization.jsonObject(with: Data($0.utf8))) != nil
                })
        }
    }

    // MARK: What no key is

    @Test func hostileFilesAreRefused() throws {
        try inNewFolder { folder in
            let huge = try BigNatural(expression: "2^1000000+1", maximumBits: 2_000_000)
            let key = DERText.rsaPublic(try value("10^320+1"))
            let files: [(name: String, bytes: [UInt8], says: String)] = [
                ("empty", [], "the file is empty"),
                ("nul", Array(repeating: 0, count: 5000), "it is neither PEM nor DER"),
                ("text", Array("hello\nworld\n".utf8), "it is neither PEM nor DER"),
                ("cut", Array(key.dropLast(50)), "it ends too early"),
                ("more", key + [0], "DER"),
                ("indefinite", [0x30, 0x80, 2, 1, 3, 2, 1, 3, 0, 0], "indefinite"),
                (
                    "huge", DERText.rsaPublic(huge),
                    "a number has 1000001 bits, more than the limit of 16384 (--max-bits)"
                ),
                ("deep", Array(repeating: [0x30, 0x80], count: 5000).flatMap { $0 }, "DER"),
                (
                    "pem", Array("-----BEGIN RSA PRIVATE KEY-----\nAAAA".utf8),
                    "it ends within a PEM block"
                ),
                (
                    "digits",
                    Array("-----BEGIN PUBLIC KEY-----\n!!\n-----END PUBLIC KEY-----\n".utf8),
                    "not base64"
                ),
            ]
            for (name, bytes, says) in files {
                try Data(bytes).write(to: URL(fileURLWithPath: folder + name))
                let outcome = try keys(folder + name)
                #expect(outcome.status == 2, "\(name): \(outcome)")
                #expect(
                    outcome.lines.count == 1 && outcome.output.contains(": unreadable: "), "\(name)"
                )
                #expect(outcome.output.contains(says), "\(outcome)")
                #expect(try keys("-q", folder + name).output == "")
            }
            try write(
                "20230615000000 2 6 100 999999 2 1\(String(repeating: "0", count: 250_000))\n",
                folder + "moduli")
            #expect(
                try keys(folder + "moduli").output.contains("bits, more than the limit of 16384"))
            // A sparse file takes no room.
            try Data().write(to: URL(fileURLWithPath: folder + "sparse"))
            truncate(folder + "sparse", 1 << 34)
            let sparse = try keys(folder + "sparse")
            #expect(sparse.status == 2 && sparse.error.contains("the file has more than 64 MiB"))
            for (file, says) in [("missing", "No such file or directory"), ("", "Is a directory")] {
                let outcome = try keys(folder + file)
                #expect(outcome.status == 2 && outcome.output == "", "\(outcome)")
                #expect(outcome.error.contains(says), "\(outcome)")
            }
            #expect(try keys("").status == 2)
        }
        #expect(try Tool.run(["keys"]).status == 64)
        #expect(try keys("--max-bits", "0", "x").status == 64)
        #expect(try keys("--format", "csv", "x").status == 64)
        #expect(try keys("--frmat", "x").status == 64)
        #expect(try keys("-", environment: ["PRIMALITY_LEVEL": "mmx"]).status == 64)
    }

    @Test func closedPipeEndsItQuietly() throws {
        try inNewFolder { folder in
            let line = "20230615000000 2 6 100 1535 2 \(hexadecimal(try modulus(bits: 1536)))\n"
            try write(String(repeating: line, count: 300), folder + "moduli")
            let outcome = try Tool.shell(
                "{ \"$P\" keys -j 1 '\(folder)moduli'; echo $? >'\(folder)status'; } | head -n 1")
            #expect(outcome.lines.count == 1 && outcome.error == "")
            let status = TestFiles.text(folder + "status")
            // Where SIGPIPE is ignored the shell sees 141 all the same.
            #expect(status == "141\n", "\(status ?? "")")
            let full = try Tool.shell("\"$P\" keys '\(folder)moduli' >/dev/full")
            #expect(full.status == 74)
        }
    }

    @Test func signalEndsItWithWhatWasDone() throws {
        try inNewFolder { folder in
            // Each line takes a fifth of a second and more, all of them minutes.
            let line = "20230615000000 2 6 100 8191 2 \(hexadecimal(try modulus(bits: 8192)))\n"
            try write(String(repeating: line, count: 2000), folder + "moduli")
            for (signal, status) in [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)] {
                let running = try Tool.start(["keys", "-j", "2", folder + "moduli"])
                #expect(eventually { handlesSignals(running.id) })
                kill(running.id, signal)
                #expect(running.endsSoon)
                let outcome = running.finish()
                #expect(outcome.status == status, "\(outcome)")
                #expect(outcome.error.contains("keys were checked"), "\(outcome)")
                #expect(running.remains == [])
            }
            // While it waits for its input, too; no core of it would be written.
            let pipe = Pipe()
            let running = try Tool.start(["keys", "-"], from: pipe)
            #expect(eventually { handlesSignals(running.id) })
            let limits = TestFiles.text("/proc/\(running.id)/limits") ?? ""
            let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
            #expect(
                try #require(core).split(whereSeparator: \.isWhitespace).dropFirst(4).prefix(2)
                    .elementsEqual(["0", "0"]))
            kill(running.id, SIGINT)
            #expect(running.endsSoon)
            #expect(running.finish().status == 130)
        }
    }

    /// Whether a process has the thread that waits for signals.
    private func handlesSignals(_ id: Int32) -> Bool {
        let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")
        return threads?.contains {
            TestFiles.text("/proc/\(id)/task/\($0)/comm") == "prk-signals\n"
        } == true
    }

    @Test func progressIsShown() throws {
        try inNewFolder { folder in
            let line = "20230615000000 2 6 100 8191 2 \(hexadecimal(try modulus(bits: 8192)))\n"
            try write(String(repeating: line, count: 20), folder + "moduli")
            let outcome = try keys("-j1", "-q", "--progress", "always", folder + "moduli")
            #expect(outcome.status == 0 && outcome.output == "")
            #expect(outcome.error.contains(" tested in 0:"), "\(outcome)")
        }
    }
}
