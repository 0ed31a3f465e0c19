# SPDX-License-Identifier: Apache-2.0
"""Proofs and certificates."""

import dataclasses
from typing import Literal, SupportsIndex

from libprimality import _core

_FORMATS = ("none", "json", "primo4", "primo3", "mpu", "pari")

WrittenFormat = Literal["json", "primo4", "mpu", "pari"]

# Verdicts of prk_proof.h.
_PROVED, _COMPOSITE, _NEITHER = 0, 1, 2
_VALID = 0
_Verdict = Literal["valid", "invalid", "unreadable", "incomplete"]
_VERDICTS: tuple[_Verdict, ...] = ("valid", "invalid", "unreadable", "incomplete")


class NotPrimeError(ValueError):
    """prove() was given a number that is not prime."""


class ProofNotFoundError(RuntimeError):
    """prove() found no proof for a number that is probably prime."""


@dataclasses.dataclass(frozen=True, slots=True)
class Certificate:
    """A text that lets anybody check that a number is prime. str() gives the text."""

    number: int
    text: str
    format: str
    steps: int

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        digits = self.number.bit_length()
        return f"<Certificate of a prime of {digits} bits, {self.format}, steps: {self.steps}>"

    def to(self, format: WrittenFormat) -> "Certificate":
        """The same in another form. ValueError: that form has no word for one of the steps."""
        verdict, text, step, reason = _core._convert(_bytes(self.text), _format(format))
        if text is None or verdict != _VALID:
            raise ValueError(f"step {step}: {reason}" if step else reason)
        return Certificate(self.number, text, format, self.steps)


@dataclasses.dataclass(frozen=True, slots=True)
class Verification:
    """What verify_certificate() found. It is true if the certificate is valid."""

    verdict: _Verdict
    """Only "valid" says something about the number."""
    number: int | None
    """What the certificate is about; None when it could not be read."""
    format: str
    steps: int
    problem: str
    """The first thing that is wrong; empty for a valid one."""

    def __bool__(self) -> bool:
        return self.verdict == "valid"


def _format(name: str) -> int:
    if name not in _FORMATS[1:] or name == "primo3":
        raise ValueError(f"format {name!r} is none of json, primo4, mpu, pari")
    return _FORMATS.index(name)


def _bytes(text: str | bytes) -> bytes:
    # What is no text either is left to the reader, which refuses it with the line.
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _why_not_prime(n: int, method: int, factor: int, base: int) -> str:
    name = str(n) if n.bit_length() <= 256 else f"a number of {n.bit_length()} bits"
    if factor:
        return f"{name} is composite: {factor} divides it"
    if base:
        return f"{name} is composite: it fails the strong test to base {base}"
    return f"{name} is composite ({_core._methods[method]})"


def prove(
    n: SupportsIndex,
    /,
    *,
    format: WrittenFormat = "json",
    threads: int = 1,
    seed: int = 0,
    max_cost: int = 0,
) -> Certificate:
    """Proves that an int is prime, and returns a certificate, which was verified.

    By factors of n - 1 and n + 1, or by elliptic curves: milliseconds at 100 digits, seconds at
    500, about the fourth power of the size. Only proofs that `format` has words for are looked for.
    The certificate depends on n, `format`, `seed` and `max_cost` alone, not on `threads`. `max_cost`
    bounds what is spent, in strong tests of n; 0: as long as it takes. Ctrl-C ends it.

    NotPrimeError (a ValueError): n is composite, or below 2. ProofNotFoundError: none was found.

    >>> import libprimality
    >>> certificate = libprimality.prove(10**40 + 121)
    >>> certificate.number == 10**40 + 121
    True
    >>> bool(libprimality.verify_certificate(certificate))
    True
    >>> libprimality.prove(91)
    Traceback (most recent call last):
    ...
    libprimality.NotPrimeError: 91 is composite: 7 divides it
    """
    code = _format(format)
    number = n.__index__() if hasattr(n, "__index__") else n
    verdict, text, _, method, factor, base, tried = _core._prove(number, code, threads, seed, max_cost)
    if verdict == _NEITHER:
        raise NotPrimeError(f"{number} is not prime: primes are from 2 on")
    if verdict == _COMPOSITE:
        raise NotPrimeError(_why_not_prime(int(number), method, factor, base))
    if verdict != _PROVED or text is None:
        raise ProofNotFoundError(f"no proof was found: {tried}")
    found = verify_certificate(text, threads=threads)
    if not found or found.number != number:
        raise RuntimeError(f"the certificate that was found does not hold, please report it: {found.problem}")
    certificate = Certificate(int(number), text, "json", found.steps)
    return certificate if format == "json" else certificate.to(format)


def verify_certificate(text: "str | bytes | Certificate", /, *, threads: int = 1) -> Verification:
    """Verifies a certificate of primality, whoever made it.

    Reads our JSON lines, Primo (format 3 and 4), Math::Prime::Util and PARI; the text tells which.
    The result is true if the certificate is valid, and then `number` is prime. A text with more than
    one certificate, or with anything behind it, is refused. Texts end at 64 MiB.

    >>> import libprimality
    >>> found = libprimality.verify_certificate("[18446744073709551629, ]")
    >>> found.verdict, bool(found)
    ('unreadable', False)
    """
    if isinstance(text, Certificate):
        text = text.text
    if not isinstance(text, (str, bytes)):
        raise TypeError(f"verify_certificate() takes a text, not {type(text).__name__}: open(...).read()")
    data = _bytes(text)
    verdict, form, steps, number, step, line, reason, used = _core._verify(data, threads)
    if verdict == _VALID and data[used:].strip():
        verdict, step, line = 2, 0, data[:used].count(b"\n") + 1
        reason = "something follows the certificate"
    where = [f"step {step}"] * bool(step) + [f"line {line}"] * bool(line)
    problem = "" if verdict == _VALID else ": ".join([", ".join(where), reason] if where else [reason])
    return Verification(_VERDICTS[verdict], number, _FORMATS[form], steps, problem)
