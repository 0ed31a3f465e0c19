// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Primality
internal import PrimalityKeys
internal import PrimalityPool
internal import PrimalityRuns
internal import SystemPackage

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Checks the numbers of RSA keys and DH groups.",
        usage: "primality keys <file> ... | - [<options>]",
        discussion: """
            Reads RSA and Diffie-Hellman keys, certificates and groups, and says what is wrong with their numbers. What \
            a file is, its content says: PEM or DER with PKCS#1, PKCS#8, public keys, X.509 certificates, requests, \
            DH parameters (PKCS#3 and X9.42); OpenSSH's private keys, public keys (*.pub, authorized_keys, known_hosts) \
            and moduli. A file may have many.

            Each key has a line on standard output: FILE: what it is: fine, or wrong: and why. Of a file with \
            several it begins with FILE:LINE. Keys of other kinds, such as Ed25519 or EC, have no number to check: in a \
            file with others they are skipped and counted on standard error.

            Every RSA modulus n: its size; factors up to 65536; that it is not prime; primes so close that 10000 steps of \
            Fermat's method find them; the fingerprint of ROCA, weak keys of certain smart cards; a factor in common with \
            another modulus, over all files of the command. The exponent e is odd and above 1.
            A private RSA key: all primes are prime and n is their product; p and q are far apart; \
            e d = 1 modulo lcm(p-1, q-1); d is not short; dP, dQ and qInv are right, and so is what keys of more than \
            two primes have.
            A DH group: p and (p-1)/2 are prime, or q is and divides p-1; the order of the generator g; p of RFC 2409, \
            RFC 3526 or RFC 7919 is named. A DH key: its public value is a power of g, as far as squares or q show it.
            Moduli of less than 1024 bits are wrong, those of less than 2048 have a note.

            Numbers above 2^64 are probable primes: they passed Baillie-PSW and strong tests to two random bases.

            Private values are never printed. No core file is written, no other process of the same user may look into \
            this one, and what held private values is overwritten before it is given back: the file's text, numbers, \
            memory of tests, and GMP's memory on the heap. Copies that other libraries make are not overwritten, nor \
            is the stack; read keys on a machine that you trust. Encrypted keys are not read: the line says which \
            command decrypts them.

            Exit status: 0 all are fine, 1 something is wrong, 2 a file or a key cannot be read, or there was nothing to \
            check. Of several the worst wins: 2, 1.

            Examples:
              primality keys server.key server.crt
              primality keys -q ~/.ssh/id_rsa && echo fine
              primality keys --progress always -j 8 /etc/ssh/moduli
              primality keys --format jsonl certificates/*.pem | grep '"verdict":"wrong"'
              openssl dhparam 2048 | primality keys -
            """)

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("Files with keys; - is standard input.", valueName: "file"),
        completion: .file())
    var files: [String] = []

    @Option(
        help: ArgumentHelp("How results are written: text or jsonl.", valueName: "format"),
        completion: .names(of: Format.self))
    var format = "text"

    @Option(
        name: .customShort("j", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp(
            "Threads that share the keys, from 1 to 1024; by default one a core.",
            valueName: "threads"))
    var workers: Int?

    @OptionGroup var progress: ProgressOption

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Chooses the random bases, from 0 to 2^64-1; by default unpredictable.",
            valueName: "number"))
    var seed: UInt64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Refuse larger numbers, before there is memory for them.", valueName: "bits"))
    var maxBits = 16_384

    @Flag(
        name: .customShort("q"),
        help: "Print nothing about keys; the exit status says it.")
    var quiet = false

    /// How results are written.
    private enum Format: String, CaseIterable { case text, jsonl }

    func run() throws {
        let files = try Refusal.operands(among: files, of: "keys")
        if files.isEmpty {
            throw Refusal.usage(
                "keys needs a file, or - for standard input; see primality keys --help")
        }
        let format: Format = try choice(format, of: "--format")
        let workers = try workerCount(workers)
        let mode = try progress.mode()
        if !(1...1_000_000).contains(maxBits) {
            throw Refusal.usage("--max-bits \(maxBits) is out of range; give 1 to 1000000")
        }
        try Refusal.checkLevel()
        if let error = Secrets.keep() {
            StandardStreams.complain("core files cannot be prevented: \(Errno(rawValue: error))")
            throw ExitCode(ExitStatus.internalError.rawValue)
        }
        var audit = KeyAudit(
            KeyAudit.Plan(
                isJSON: format == .jsonl, isQuiet: quiet, workers: workers,
                seed: seed ?? .random(in: .min ... .max), maximumBits: maxBits, progress: mode,
                interruption: Interruption()))
        for file in files { audit.read(file) }
        audit.check()
        let status = audit.end()
        if status != .done { throw ExitCode(status.rawValue) }
    }
}
