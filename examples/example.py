# SPDX-License-Identifier: Apache-2.0
import ctypes

primality = ctypes.CDLL("libprimality.so.1")
primality.prk_is_prime_u64.argtypes = [ctypes.c_uint64]
primality.prk_is_prime_u64.restype = ctypes.c_bool


def is_prime(n):
    if not 0 <= n < 2**64:  # ctypes would drop the bits above, and test another number
        raise OverflowError(f"{n} does not fit 64 bits")
    return primality.prk_is_prime_u64(n)


print(is_prime(2**61 - 1))  # True
