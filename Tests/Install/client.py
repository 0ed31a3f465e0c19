# SPDX-License-Identifier: Apache-2.0
"""The library from Python, without a build step."""

import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])
library.prk_is_prime_u64.argtypes = [ctypes.c_uint64]
library.prk_is_prime_u64.restype = ctypes.c_bool
library.prk_test_u64_batch.argtypes = [
    ctypes.POINTER(ctypes.c_uint64),
    ctypes.POINTER(ctypes.c_uint8),
    ctypes.c_size_t,
]
library.prk_test_u64_batch.restype = ctypes.c_int


def is_prime(n):
    """Exact for all that fits 64 bits; ctypes would test the low bits of what does not."""
    if not 0 <= n < 2**64:
        raise OverflowError(f"{n} does not fit 64 bits")
    return library.prk_is_prime_u64(n)


assert is_prime(2**61 - 1)
assert is_prime(2**64 - 59)
assert not is_prime(2**61 + 1)
for n in (2**64 + 13, 2**64, -3):  # whose low bits are 13, 0 and 2^64 - 3
    try:
        is_prime(n)
    except OverflowError:
        continue
    raise AssertionError(f"{n} was tested")

count = 10_000
numbers = (ctypes.c_uint64 * count)(*range(count))
verdicts = (ctypes.c_uint8 * count)()
assert library.prk_test_u64_batch(numbers, verdicts, count) == 0
primes = sum(verdict == 3 for verdict in verdicts)
assert primes == 1229, primes
print("client.py: 1229 primes below 10000")
