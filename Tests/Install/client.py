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

assert library.prk_is_prime_u64(2**61 - 1)
assert not library.prk_is_prime_u64(2**61 + 1)

count = 10_000
numbers = (ctypes.c_uint64 * count)(*range(count))
verdicts = (ctypes.c_uint8 * count)()
assert library.prk_test_u64_batch(numbers, verdicts, count) == 0
primes = sum(verdict == 3 for verdict in verdicts)
assert primes == 1229, primes
print("client.py: 1229 primes below 10000")
