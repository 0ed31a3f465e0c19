# SPDX-License-Identifier: Apache-2.0
"""Primality tests for NumPy arrays and ints of any size.

Below 2**64 every answer is exact. Above, a prime is probably one, by Baillie-PSW and strong tests
to random bases, unless its form has a quick proof or prove() proves it.
"""

from libprimality._batch import METHODS, VERDICTS, Batch, test_batch
from libprimality._core import (
    is_prime,
    is_prime_int,
    level,
    levels,
    next_prime,
    prev_prime,
    primes,
    random_prime,
    smallest_factor,
    verdict,
    version,
)
from libprimality._proofs import (
    Certificate,
    NotPrimeError,
    ProofNotFoundError,
    Verification,
    prove,
    verify_certificate,
)

__version__ = version()

# Where people find them, which is what tracebacks and pickles are to say.
for _public in (Batch, Certificate, NotPrimeError, ProofNotFoundError, Verification):
    _public.__module__ = __name__
for _function in (prove, test_batch, verify_certificate):
    _function.__module__ = __name__
del _public, _function

__all__ = [
    "METHODS",
    "VERDICTS",
    "Batch",
    "Certificate",
    "NotPrimeError",
    "ProofNotFoundError",
    "Verification",
    "is_prime",
    "is_prime_int",
    "level",
    "levels",
    "next_prime",
    "prev_prime",
    "primes",
    "prove",
    "random_prime",
    "smallest_factor",
    "test_batch",
    "verdict",
    "verify_certificate",
    "version",
]
