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

// n^-1 mod 2^64, n odd.
PRK_INLINE uint64_t prk_inverse_u64(uint64_t n) {
    assert(n & 1);
    // 3n xor 2 is right to 5 bits; each Newton step doubles that: 10, 20, 40, 80.
    uint64_t x = (3 * n) ^ 2;
    for (int i = 0; i < 4; i++) {
        x *= 2 - n * x;
    }
    return x;
}

PRK_INLINE prk_mont64 prk_mont64_make(uint64_t n) {
    return (prk_mont64){.n = n, .inverse = prk_inverse_u64(n), .one = (0 - n) % n};
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

// a b / R + c mod n, for a b < n R and c >= n: between c - n and c + n, and not brought to below n.
PRK_INLINE uint64_t prk_mont64_multiply_lazy(prk_mont64 m, uint64_t a, uint64_t b, uint64_t c) {
    prk_u128 product = (prk_u128)a * b;
    uint64_t q = (uint64_t)product * m.inverse;
    return (uint64_t)(product >> 64) + c - (uint64_t)(((prk_u128)q * m.n) >> 64);
}

PRK_INLINE uint64_t prk_mont64_add(prk_mont64 m, uint64_t a, uint64_t b) {
    uint64_t room = m.n - b; // a + b may exceed 2^64; a - room does not
    return a >= room ? a - room : a + b;
}

// a b / R - c mod n, with c subtracted while the multiplications go on.
PRK_INLINE uint64_t prk_mont64_multiply_less(prk_mont64 m, uint64_t a, uint64_t b, uint64_t c) {
    prk_u128 product = (prk_u128)a * b;
    uint64_t high = (uint64_t)(product >> 64); // < n
    uint64_t q = (uint64_t)product * m.inverse;
    uint64_t qn = (uint64_t)(((prk_u128)q * m.n) >> 64);
    high = high - c + (high < c ? m.n : 0);
    return high - qn + (high < qn ? m.n : 0);
}

// 2^bit a^2 / R mod n. Doubling the product before it is reduced keeps the doubling out of the
// chain of operations that the next square waits for, but for its low half.
PRK_INLINE uint64_t prk_mont64_square_double(prk_mont64 m, uint64_t a, uint64_t bit) {
    prk_u128 product = (prk_u128)a * a;
    uint64_t low = (uint64_t)product, high = (uint64_t)(product >> 64); // high < n
    uint64_t q = (low << bit) * m.inverse;
    uint64_t qn = (uint64_t)(((prk_u128)q * m.n) >> 64);
    uint64_t up = high + (low >> 63), room = m.n - high;
    uint64_t twice = up >= room ? up - room : up + high; // 2 high + carry, less n if that is more
    high = bit ? twice : high;
    return high - qn + (high < qn ? m.n : 0);
}

// x / R mod n, in 1 … n: n stands for 0.
PRK_INLINE uint64_t prk_mont64_leave(prk_mont64 m, uint64_t x) {
    uint64_t q = x * m.inverse;
    return m.n - (uint64_t)(((prk_u128)q * m.n) >> 64);
}

PRK_INLINE uint64_t prk_mont64_subtract(prk_mont64 m, uint64_t a, uint64_t b) {
    return a - b + (a < b ? m.n : 0);
}

// k in Montgomery form, for a small k.
PRK_INLINE uint64_t prk_mont64_form_small(prk_mont64 m, uint64_t k) {
    uint64_t form = 0;
    for (uint64_t rest = k, term = m.one; rest != 0; rest >>= 1) {
        if (rest & 1) {
            form = prk_mont64_add(m, form, term);
        }
        term = prk_mont64_add(m, term, term);
    }
    return form;
}

#endif
