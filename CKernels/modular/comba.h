// SPDX-License-Identifier: Apache-2.0
//
// Products modulo an odd n of few limbs, by columns [Comb90]: a column's sum is three limbs in
// registers, and the size is known where this is compiled, so that no loop is left. Each column's
// quotient joins its sum as soon as it is known [KAK96, finely integrated product scanning], so
// that the lower half of a product is never written.
//
// Nothing here branches on a residue: such branches would be as random as the residues are.

#ifndef PRK_COMBA_H
#define PRK_COMBA_H

#include <gmp.h>

#include "../u64/montgomery64.h"

#define PRK_COMBA_LIMBS 8

// The sum of a column, low limb first.
typedef struct prk_column {
    mp_limb_t low, middle, high;
} prk_column;

// A sanitizer that looks at each limb of unrolled code takes compilers minutes.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PRK_COMBA_UNROLL
#elif defined(__clang__)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PRK_COMBA_UNROLL
#else
#define PRK_COMBA_UNROLL _Pragma("clang loop unroll(full)")
#endif
#else
#define PRK_COMBA_UNROLL _Pragma("GCC unroll 16")
#endif

// c += a b.
PRK_INLINE void prk_column_add(prk_column *c, mp_limb_t a, mp_limb_t b) {
#if defined(__x86_64__)
    // Compilers do not find the chain of carries.
    mp_limb_t upper;
    __asm__("mulq %[b]\n\t"
            "addq %%rax, %[low]\n\t"
            "adcq %%rdx, %[middle]\n\t"
            "adcq $0, %[high]"
            : [low] "+r"(c->low), [middle] "+r"(c->middle), [high] "+r"(c->high), "+a"(a),
              "=&d"(upper)
            : [b] "rm"(b)
            : "cc");
#else
    const prk_u128 product = (prk_u128)a * b;
    const prk_u128 low = (prk_u128)c->low + (mp_limb_t)product;
    const prk_u128 middle = (prk_u128)c->middle + (mp_limb_t)(product >> 64) + (low >> 64);
    c->low = (mp_limb_t)low;
    c->middle = (mp_limb_t)middle;
    c->high += (mp_limb_t)(middle >> 64);
#endif
}

// a + b + *carry, of which the carry out is left in *carry.
PRK_INLINE mp_limb_t prk_limb_add(mp_limb_t a, mp_limb_t b, mp_limb_t *carry) {
    const prk_u128 sum = (prk_u128)a + b + *carry;
    *carry = (mp_limb_t)(sum >> 64);
    return (mp_limb_t)sum;
}

PRK_INLINE mp_limb_t prk_limb_subtract(mp_limb_t a, mp_limb_t b, mp_limb_t *borrow) {
    const prk_u128 difference = (prk_u128)a - b - *borrow;
    *borrow = (mp_limb_t)(difference >> 64) & 1;
    return (mp_limb_t)difference;
}

// c += d.
PRK_INLINE void prk_column_merge(prk_column *c, const prk_column *d) {
    mp_limb_t carry = 0;
    c->low = prk_limb_add(c->low, d->low, &carry);
    c->middle = prk_limb_add(c->middle, d->middle, &carry);
    c->high += d->high + carry;
}

// c = 2 c.
PRK_INLINE void prk_column_double(prk_column *c) {
    c->high = c->high << 1 | c->middle >> 63;
    c->middle = c->middle << 1 | c->low >> 63;
    c->low <<= 1;
}

// r = t less n where that is not negative: t < 2n, with `above` as its highest limb.
PRK_INLINE void prk_comba_reduce_once(int k, mp_limb_t *r, const mp_limb_t *t, mp_limb_t above,
                                      const mp_limb_t *n) {
    mp_limb_t less[PRK_COMBA_LIMBS], borrow = 0;
    PRK_COMBA_UNROLL
    for (int i = 0; i < k; i++) {
        less[i] = prk_limb_subtract(t[i], n[i], &borrow);
    }
    const mp_limb_t keeps = 0 - (borrow & ~above); // all bits, or none
    PRK_COMBA_UNROLL
    for (int i = 0; i < k; i++) {
        r[i] = (t[i] & keeps) | (less[i] & ~keeps);
    }
}

// r = a + b mod n, for a and b in [0, n).
PRK_INLINE void prk_comba_add(int k, mp_limb_t *r, const mp_limb_t *a, const mp_limb_t *b,
                              const mp_limb_t *n) {
    mp_limb_t t[PRK_COMBA_LIMBS], carry = 0;
    PRK_COMBA_UNROLL
    for (int i = 0; i < k; i++) {
        t[i] = prk_limb_add(a[i], b[i], &carry);
    }
    prk_comba_reduce_once(k, r, t, carry, n);
}

// r = a - b mod n, for a and b in [0, n).
PRK_INLINE void prk_comba_subtract(int k, mp_limb_t *r, const mp_limb_t *a, const mp_limb_t *b,
                                   const mp_limb_t *n) {
    mp_limb_t borrow = 0, carry = 0;
    PRK_COMBA_UNROLL
    for (int i = 0; i < k; i++) {
        r[i] = prk_limb_subtract(a[i], b[i], &borrow);
    }
    const mp_limb_t adds = 0 - borrow;
    PRK_COMBA_UNROLL
    for (int i = 0; i < k; i++) {
        r[i] = prk_limb_add(r[i], n[i] & adds, &carry);
    }
}

// r = 2 r mod n, for r in [0, n).
PRK_INLINE void prk_comba_twice(int k, mp_limb_t *r, const mp_limb_t *n) {
    mp_limb_t t[PRK_COMBA_LIMBS], above = 0;
    PRK_COMBA_UNROLL
    for (int i = 0; i < k; i++) {
        t[i] = r[i] << 1 | above;
        above = r[i] >> 63;
    }
    prk_comba_reduce_once(k, r, t, above, n);
}

// r = a b / 2^(64 k) mod n, in [0, n), for a, b < n: the square where both are one array, which
// `is_square` says. `negated_inverse` = -n^-1 mod 2^64. r may be a or b. 2 <= k <= PRK_COMBA_LIMBS.
PRK_INLINE void prk_comba_product(int k, bool is_square, mp_limb_t *r, const mp_limb_t *a,
                                  const mp_limb_t *b, const mp_limb_t *n,
                                  mp_limb_t negated_inverse) {
    mp_limb_t q[PRK_COMBA_LIMBS], t[PRK_COMBA_LIMBS];
    prk_column sum = {0, 0, 0};
    PRK_COMBA_UNROLL
    for (int i = 0; i < 2 * k - 1; i++) {
        const int first = i < k ? 0 : i - k + 1, last = i - first;
        // What does not wait for the column before is summed by itself.
        prk_column apart = {0, 0, 0};
        if (is_square) {
            PRK_COMBA_UNROLL
            for (int j = first; j < i - j; j++) {
                prk_column_add(&apart, a[j], a[i - j]);
            }
            if (first < last) {
                prk_column_double(&apart);
            }
            if (i % 2 == 0) {
                prk_column_add(&apart, a[i / 2], a[i / 2]);
            }
        } else {
            PRK_COMBA_UNROLL
            for (int j = first; j <= last; j++) {
                prk_column_add(&apart, a[j], b[i - j]);
            }
        }
        const int known = i < k ? i - 1 : k; // quotients
        PRK_COMBA_UNROLL
        for (int j = first; j < known; j++) {
            prk_column_add(&apart, q[j], n[i - j]);
        }
        prk_column_merge(&sum, &apart);
        if (0 < i && i < k) {
            prk_column_add(&sum, q[i - 1], n[1]);
        }
        if (i < k) {
            q[i] = sum.low * negated_inverse;
            prk_column_add(&sum, q[i], n[0]); // its low limb is 0 then
        } else {
            t[i - k] = sum.low;
        }
        sum = (prk_column){sum.middle, sum.high, 0};
    }
    t[k - 1] = sum.low;
    prk_comba_reduce_once(k, r, t, sum.middle, n);
}

#endif
