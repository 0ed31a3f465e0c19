# SPDX-License-Identifier: Apache-2.0
"""Primality by other means than the kernels: what the tests compare with."""

# Strong tests to these bases are exact below 3.3 * 10**24 (Sorenson and Webster 2015).
_BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)


def is_prime(n: int) -> bool:
    if n < 2:
        return False
    for p in _BASES:
        if n % p == 0:
            return n == p
    s = ((n - 1) & (1 - n)).bit_length() - 1
    for base in _BASES:
        x = pow(base, (n - 1) >> s, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


# Edges of words, of kernels and of the ints of the interpreter.
EDGES = sorted(
    {
        sign * (2**bits + difference)
        for bits in (0, 1, 7, 8, 15, 16, 30, 31, 32, 33, 50, 52, 53, 60, 62, 63, 64, 65, 127, 128, 129)
        for difference in (-59, -3, -2, -1, 0, 1, 2, 3, 13)
        for sign in (-1, 1)
    }
    | set(range(-5, 200))
    # Strong pseudoprimes to base 2, of Lucas tests, and Carmichael numbers.
    | {2047, 3277, 4033, 989, 3239, 5777, 561, 1105, 3215031751, 3825123056546413051}
)
