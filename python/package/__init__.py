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
