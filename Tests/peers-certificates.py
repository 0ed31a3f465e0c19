#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Certificates handed to and taken from other programs: PARI's gp and Perl's Math::Prime::Util.

peers-certificates.py [--seed SEED] PRIMALITY
peers-certificates.py --folder FOLDER

What the others make is verified here, and refused with a digit changed. What is made here, and what was
converted into another form and back, is verified there. With a folder, as soak_proofs keeps one, only the
certificates in it are verified there. A peer that is missing is left out. The exit status is 1 when two
programs disagreed, or when there was nothing to compare.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

# Bits of the primes that PARI proves by elliptic curves, by n - 1, which it has to factor, and MPU.
CURVE_BITS = list(range(70, 401, 30)) + [400]
MINUS_ONE_BITS = [70, 80, 90, 100, 110, 120, 130, 140]
MPU_BITS = list(range(70, 401, 22))
# How many primes ours proves, whose certificates need not all fit the form.
OURS = 60
TIMEOUT = 120

problems = []


def problem(text):
    problems.append(text)
    print("peers: PROBLEM: " + text, file=sys.stderr, flush=True)


def run(arguments, stdin=""):
    return subprocess.run(
        arguments, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT)


# --- Numbers and texts ------------------------------------------------------------------------------


def is_probable_prime(n):
    """Strong tests to the first primes, by code that is nobody's here."""
    bases = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41]
    if any(n % p == 0 for p in bases):
        return n in bases
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for base in bases:
        x = pow(base, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def random_prime(source, bits):
    while True:
        n = source.getrandbits(bits) | 1 | 1 << (bits - 1)
        if is_probable_prime(n):
            return n


def with_a_digit_changed(source, text):
    """One of a number's digits behind its first, so that it is a number of the same length."""
    place = source.choice([m.start() + 1 for m in re.finditer(r"\d\d", text)])
    other = source.choice([d for d in "0123456789" if d != text[place]])
    return text[:place] + other + text[place + 1:]


# --- The programs -----------------------------------------------------------------------------------


class Ours:
    def __init__(self, path, folder):
        self.path = path
        self.folder = folder
        self.folders = 0

    def verify(self, texts):
        """Of each text the number that it proves, or None."""
        names = []
        for i, text in enumerate(texts):
            names.append(os.path.join(self.folder, "%d.txt" % i))
            with open(names[-1], "w") as file:
                file.write(text)
        outcome = run([self.path, "verify", "--format", "jsonl"] + names)
        lines = [json.loads(line) for line in outcome.stdout.splitlines()]
        if len(lines) != len(texts):
            problem("verify has %d lines for %d texts: %s" % (len(lines), len(texts), outcome.stderr))
            return [None] * len(texts)
        valid = [int(line["number"]) if line["verdict"] == "valid" else None for line in lines]
        if (outcome.returncode == 0) != (None not in valid):
            problem("verify ends with status %d" % outcome.returncode)
        return valid

    def convert(self, text, form):
        outcome = run([self.path, "verify", "--convert", form, "-"], text)
        return outcome.stdout if outcome.returncode == 0 and outcome.stdout.strip() else None

    def prove(self, primes, form):
        """(prime, certificate) of those of which there is a proof that the form has words for."""
        self.folders += 1
        out = os.path.join(self.folder, "proofs%d" % self.folders) + "/"
        outcome = run([self.path, "prove", "--certificate", form, "--out", out] + [str(p) for p in primes])
        if outcome.returncode not in (0, 3):
            problem("prove --certificate %s: status %d: %s" % (form, outcome.returncode, outcome.stderr[-500:]))
        found = []
        for name in sorted(os.listdir(out)) if os.path.isdir(out) else []:
            with open(os.path.join(out, name)) as file:
                found.append((int(name.split(".")[0]), file.read()))
        return found


class Pari:
    name = "PARI"
    package = "pari-gp"

    def is_here(self):
        return shutil.which("gp") is not None

    def lines(self, program):
        # Its own certificates overflow the stack that it has by default.
        outcome = run(["gp", "-q", "-f", "-s", "256M"], "default(nbthreads,1);\n" + program)
        return outcome.stdout.splitlines()

    def version(self):
        return run(["gp", "--version-short"]).stdout.strip()

    def certificates(self, primes, method):
        texts = self.lines("".join("print(primecert(%d,%d))\n" % (p, method) for p in primes))
        if len(texts) != len(primes):
            problem("PARI made %d certificates of %d primes: %s" % (len(texts), len(primes), " ".join(texts)[-300:]))
        return texts

    def verify(self, texts):
        program = "".join(
            "print(iferr(primecertisvalid(%s),e,0)==1)\n" % "".join(text.split()) for text in texts)
        answers = self.lines(program)
        if len(answers) != len(texts) or not set(answers) <= {"0", "1"}:
            problem("PARI answers %s to %d certificates" % (" ".join(answers)[:300], len(texts)))
            return [False] * len(texts)
        return [answer == "1" for answer in answers]

    def proves(self, text, n):
        """Whether n is the number at its head, since PARI only says that a certificate is valid."""
        return text.lstrip("[ ").startswith(str(n) + ",")


class MathPrimeUtil:
    name = "Math::Prime::Util"
    package = "libmath-prime-util-perl libmath-prime-util-gmp-perl"

    def perl(self, program, stdin=""):
        return run(["perl", "-MMath::Prime::Util=prime_certificate,verify_prime", "-MMath::Prime::Util::GMP", "-e",
                    program], stdin)

    def is_here(self):
        return shutil.which("perl") is not None and self.perl("1").returncode == 0

    def version(self):
        return self.perl('print "$Math::Prime::Util::VERSION, GMP $Math::Prime::Util::GMP::VERSION"').stdout

    # Texts have several lines, so a NUL parts them.
    def certificates(self, primes):
        outcome = self.perl('while (<STDIN>) { chomp; print prime_certificate($_), "\\0" }',
                            "".join("%d\n" % p for p in primes))
        return outcome.stdout.split("\0")[:-1]

    def verify(self, texts):
        outcome = self.perl('$/ = "\\0"; while (<STDIN>) { chomp; my $ok = eval { verify_prime($_) }; '
                            'print $ok ? 1 : 0, "\\n" }', "".join(text + "\0" for text in texts))
        answers = outcome.stdout.split()
        if len(answers) != len(texts):
            problem("Math::Prime::Util answers %d times to %d certificates: %s" %
                    (len(answers), len(texts), outcome.stderr[-300:]))
            return [False] * len(texts)
        return [answer == "1" for answer in answers]

    def proves(self, text, n):
        return re.search(r"^N +%d$" % n, text, re.MULTILINE) is not None


# --- What is compared -------------------------------------------------------------------------------


def take(ours, peer, primes, texts, what):
    """Certificates of a peer's: all are valid here, and each proves its number."""
    for n, text, proved in zip(primes, texts, ours.verify(texts)):
        if proved != n:
            problem("%s of %s for %d: verify says %s" % (what, peer.name, n, proved))
    print("peers: %s: %d %s accepted here" % (peer.name, len(texts), what))


def take_changed(source, ours, peer, texts, what):
    """With a digit changed a certificate is valid here or there alike: on y^2 = x^3 + b a point may be another one."""
    changed = [with_a_digit_changed(source, text) for text in texts for _ in range(3)]
    here, there = [proved is not None for proved in ours.verify(changed)], peer.verify(changed)
    for text, is_valid, is_valid_there in zip(changed, here, there):
        if is_valid != is_valid_there:
            problem("%s takes it for %svalid, and verify does not: %s" %
                    (peer.name, "" if is_valid_there else "in", text[:400]))
    refused = here.count(False)
    if 2 * refused < len(changed):
        problem("verify refuses %d of %d certificates with a digit changed" % (refused, len(changed)))
    print("peers: %s: %d of %d %s with a digit changed refused here and there" %
          (peer.name, refused, len(changed), what))


def give(peer, certificates, what):
    """Certificates of ours: all are valid there, and there are some."""
    if not certificates:
        problem("%s: there are no %s" % (peer.name, what))
        return
    for (n, text), is_right in zip(certificates, peer.verify([text for _, text in certificates])):
        if not is_right or not peer.proves(text, n):
            problem("%s refuses one of %s, for %d: %s" % (peer.name, what, n, text[:400]))
    print("peers: %s: %d %s accepted there" % (peer.name, len(certificates), what))


def converted(ours, certificates, *forms):
    """Each form in turn has words for them."""
    found = []
    for n, text in certificates:
        for form in forms:
            text = text and ours.convert(text, form)
        if text:
            found.append((n, text))
        else:
            problem("verify --convert, %s: nothing for %d" % (", ".join(forms), n))
    return found


def with_pari(source, ours, pari, mpu):
    primes = [random_prime(source, bits) for bits in CURVE_BITS]
    curves = pari.certificates(primes, 0)
    take(ours, pari, primes, curves, "certificates by curves")
    take_changed(source, ours, pari, curves, "certificates by curves")
    small = [random_prime(source, bits) for bits in MINUS_ONE_BITS]
    minus_one = pari.certificates(small, 1)
    take(ours, pari, small, minus_one, "certificates by n - 1")
    take_changed(source, ours, pari, minus_one, "certificates by n - 1")
    ours_for(source, ours, pari, "pari")
    by_curves, by_minus_one = list(zip(primes, curves)), list(zip(small, minus_one))
    for form in ("json", "mpu", "primo"):
        give(pari, converted(ours, by_curves, form, "pari"), "certificates by curves, to %s and back," % form)
    give(pari, converted(ours, by_minus_one, "json", "pari"), "certificates by n - 1, to json and back,")
    if mpu:
        give(mpu, converted(ours, by_curves, "mpu"), "certificates of PARI's, converted,")


def with_mpu(source, ours, mpu):
    primes = [random_prime(source, bits) for bits in MPU_BITS]
    texts = mpu.certificates(primes)
    if len(texts) != len(primes):
        problem("Math::Prime::Util made %d certificates of %d primes" % (len(texts), len(primes)))
    take(ours, mpu, primes, texts, "certificates")
    take_changed(source, ours, mpu, texts, "certificates")
    ours_for(source, ours, mpu, "mpu")
    give(mpu, converted(ours, list(zip(primes, texts)), "json", "mpu"), "certificates, to json and back,")


def ours_for(source, ours, peer, form):
    primes = [random_prime(source, bits) for bits in [70 + i % 60 for i in range(OURS)]]
    certificates = ours.prove(primes, form)
    if not {n for n, _ in certificates} <= set(primes):
        problem("prove --certificate %s: files of other numbers" % form)
    give(peer, certificates, "certificates of %d primes, made here," % len(primes))


def from_folder(folder, peer, form):
    """NAME.json says of which number there is a NAME.form."""
    certificates = []
    for name in sorted(os.listdir(folder)):
        stem, ending = os.path.splitext(name)
        if ending == "." + form:
            with open(os.path.join(folder, stem + ".json")) as head:
                n = int(json.loads(head.readline())["n"], 0)
            with open(os.path.join(folder, name)) as file:
                certificates.append((n, file.read()))
    # So many at once as have the time.
    for start in range(0, max(len(certificates), 1), 200):
        give(peer, certificates[start:start + 200], "certificates from %s" % folder)


def finish(here, how_to_repeat):
    if problems:
        print("peers: %d problems%s" % (len(problems), how_to_repeat), file=sys.stderr)
        sys.exit(1)
    if here:
        print("peers: all agree")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=20240229)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--folder")
    given.add_argument("primality", nargs="?")
    arguments = parser.parse_args()
    pari, mpu = Pari(), MathPrimeUtil()
    here = set()
    for peer in (pari, mpu):
        if peer.is_here():
            here.add(peer)
            print("peers: %s %s" % (peer.name, peer.version()))
        else:
            print("peers: %s is left out: install %s" % (peer.name, peer.package))
    if arguments.folder:
        for peer, form in ((pari, "pari"), (mpu, "mpu")):
            if peer in here:
                from_folder(arguments.folder, peer, form)
        return finish(here, "")
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(os.path.abspath(arguments.primality), folder)
        # A source each, so that what one is asked does not depend on whether the other is here.
        if pari in here:
            with_pari(random.Random(arguments.seed), ours, pari, mpu if mpu in here else None)
        if mpu in here:
            with_mpu(random.Random(arguments.seed + 1), ours, mpu)
    finish(here, "; --seed %d repeats them" % arguments.seed)


main()
