// SPDX-License-Identifier: Apache-2.0
//
// Points on elliptic curves, one formula at a time: what the tests of points and proofs compare
// with. It shares nothing with the library.

#ifndef PRK_TESTS_AFFINE_H
#define PRK_TESTS_AFFINE_H

#include <gmp.h>
#include <stdbool.h>

/// A point of y^2 = x^3 + a x + b modulo n; is_zero: the one at infinity.
typedef struct affine {
    bool is_zero;
    mpz_t x, y;
} affine;

static inline void affine_init(affine *p) {
    p->is_zero = true;
    mpz_inits(p->x, p->y, (mpz_ptr)NULL);
}
static inline void affine_clear(affine *p) { mpz_clears(p->x, p->y, (mpz_ptr)NULL); }
static inline void affine_set(affine *p, const affine *q) {
    p->is_zero = q->is_zero;
    mpz_set(p->x, q->x);
    mpz_set(p->y, q->y);
}

/// p = p + q; they may be one. False: the sum is not the same modulo all primes of n, which is
/// composite, and p is of no use.
static inline bool affine_add(affine *p, const affine *q, mpz_srcptr a, mpz_srcptr n) {
    if (q->is_zero) {
        return true;
    }
    if (p->is_zero) {
        affine_set(p, q);
        return true;
    }
    mpz_t slope, t;
    mpz_inits(slope, t, (mpz_ptr)NULL);
    const bool is_double = mpz_cmp(p->x, q->x) == 0;
    if (is_double) {
        mpz_mul(slope, p->x, p->x);
        mpz_mul_ui(slope, slope, 3);
        mpz_add(slope, slope, a);
        mpz_add(t, p->y, q->y);
    } else {
        mpz_sub(slope, q->y, p->y);
        mpz_sub(t, q->x, p->x);
    }
    mpz_mod(t, t, n);
    const bool is_zero = is_double && mpz_sgn(t) == 0;
    bool is_good = is_zero || !is_double || mpz_cmp(p->y, q->y) == 0;
    if (!is_zero && is_good) {
        is_good = mpz_invert(t, t, n) != 0;
        mpz_mul(slope, slope, t);
        mpz_mul(t, slope, slope);
        mpz_sub(t, t, p->x);
        mpz_sub(t, t, q->x);
        mpz_mod(t, t, n);
        mpz_sub(p->x, p->x, t);
        mpz_mul(slope, slope, p->x);
        mpz_sub(slope, slope, p->y);
        mpz_mod(p->y, slope, n);
        mpz_set(p->x, t);
    }
    p->is_zero = is_zero;
    mpz_clears(slope, t, (mpz_ptr)NULL);
    return is_good;
}

/// p = k p, k >= 0. False as affine_add.
static inline bool affine_multiply(affine *p, mpz_srcptr k, mpz_srcptr a, mpz_srcptr n) {
    affine sum, twice;
    affine_init(&sum);
    affine_init(&twice);
    bool is_good = true;
    for (size_t bit = mpz_sizeinbase(k, 2); bit-- > 0 && is_good;) {
        affine_set(&twice, &sum);
        is_good = affine_add(&sum, &twice, a, n);
        if (is_good && mpz_tstbit(k, bit) != 0) {
            is_good = affine_add(&sum, p, a, n);
        }
    }
    affine_set(p, &sum);
    affine_clear(&sum);
    affine_clear(&twice);
    return is_good;
}

#endif
