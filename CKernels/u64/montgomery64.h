// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo an odd n < 2^64 in Montgomery form, R = 2^64 [Mont85]. All residues are
// canonical, in [0, n), so they may be compared.

#ifndef PRK_MONTGOMERY64_H
#define PRK_MONTGOMERY64_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define PRK_INLINE static inline __attribute__((always_inline))

// __extension__: 128-bit integers are no ISO C, and -Wpedantic would say so at each use.
__extension__ typedef unsigned __int128 prk_u128;

typedef struct prk_mont64 {
    uint64_t n;
    uint64_t inverse; // n^-1 mod 2^64
    uint64_t one;     // 2^64 mod n
} prk_mont64;

PRK_INLINE prk_mont64 prk_mont64_make(uint64_t n) {
    assert(n & 1);
    // 3n xor 2 is right to 5 bits; each Newton step doubles that: 10, 20, 40, 80.
    uint64_t x = (3 * n) ^ 2;
    for (int i = 0; i < 4; i++) {
        x *= 2 - n * x;
    }
    return (prk_mont64){.n = n, .inverse = x, .one = (0 - n) % n};
}

// a b / R mod n. a b < n R makes the high half less than n, so one correction is enough.
PRK_INLINE uint64_t prk_mont64_multiply(prk_mont64 m, uint64_t a, uint64_t b) {
    prk_u128 product = (prk_u128)a * b;
    uint64_t high = (uint64_t)(product >> 64);
    uint64_t q = (uint64_t)product * m.inverse;
    uint64_t qn = (uint64_t)(((prk_u128)q * m.n) >> 64);
    // The low halves of product and q n are equal, so nothing is borrowed from below.
    return high - qn + (high < qn ? m.n : 0);
}

PRK_INLINE uint64_t prk_mont64_add(prk_mont64 m, uint64_t a, uint64_t b) {
    uint64_t room = m.n - b; // a + b may exceed 2^64; a - room does not
    return a >= room ? a - room : a + b;
}

PRK_INLINE uint64_t prk_mont64_subtract(prk_mont64 m, uint64_t a, uint64_t b) {
    return a - b + (a < b ? m.n : 0);
}

#endif
