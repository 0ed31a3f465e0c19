// SPDX-License-Identifier: Apache-2.0
//
// Real and complex numbers in fixed point: an integer z is z / 2^bits. What is computed with them
// is rounded to integers in the end, and the distance to these shows whether there were bits
// enough.

#ifndef PRK_REALS_H
#define PRK_REALS_H

#include <gmp.h>

#include "../include/primality.h"

#pragma GCC visibility push(hidden)

typedef struct prk_complex {
    mpz_t re, im;
} prk_complex;

void prk_complex_init(prk_complex *z);
void prk_complex_clear(prk_complex *z);

/// z = x / 2^(from - to): from one number of bits after the point to another one, towards 0.
void prk_rescale(mpz_ptr z, mpz_srcptr x, int64_t from, int64_t to);

/// Wrong by some units of the last place, as all that follows is.
void prk_real_pi(mpz_ptr pi, mp_bitcnt_t bits);

/// e^y = mantissa 2^exponent, 1 <= mantissa < 2, for y >= 0.
void prk_real_exp(mpz_ptr mantissa, int64_t *exponent, mpz_srcptr y, mp_bitcnt_t bits);

/// e^(πi numerator / denominator).
void prk_complex_turn(prk_complex *z, int64_t numerator, int64_t denominator, mpz_srcptr pi,
                      mp_bitcnt_t bits);

/// z = x y. All may be one. The products before they are cut go to two numbers of the caller's.
void prk_complex_mul(prk_complex *z, const prk_complex *x, const prk_complex *y, mp_bitcnt_t bits,
                     mpz_t *work);

/// z = x y for a real y, which is no part of z.
void prk_complex_scale(prk_complex *z, const prk_complex *x, mpz_srcptr y, mp_bitcnt_t bits);

/// z = x^exponent; not the same.
void prk_complex_pow(prk_complex *z, const prk_complex *x, unsigned exponent, mp_bitcnt_t bits,
                     mpz_t *work);

/// z = x / y, |y| about 1.
void prk_complex_div(prk_complex *z, const prk_complex *x, const prk_complex *y, mp_bitcnt_t bits,
                     mpz_t *work);

/// (1 - q) (1 - q^2) (1 - q^3) … by Euler's pentagonal numbers, |q| < 1/2.
void prk_complex_euler(prk_complex *product, const prk_complex *q, mp_bitcnt_t bits, mpz_t *work);

#pragma GCC visibility pop

#endif
