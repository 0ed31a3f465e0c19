// SPDX-License-Identifier: Apache-2.0
//
// Powers of x modulo a polynomial and n.

#ifndef PRK_QUOTIENT_H
#define PRK_QUOTIENT_H

#include "../numbers/scratch.h"

#pragma GCC visibility push(hidden)

/// half = x^((n-1)/2), and whole = x^n unless it is NULL, modulo n and the polynomial x^degree +
/// f[degree - 1] x^(degree - 1) + … + f[0]: `degree` coefficients each, below n as those of f are.
/// n odd, n > 1, degree >= 2.
prk_status prk_powers_of_x(prk_scratch *s, mpz_t *half, mpz_t *whole, mpz_t *f, size_t degree,
                           mpz_srcptr n, const uint32_t *cancel);

/// The same by one number after the other: about 3/2 degree^2 products a bit of n.
prk_status prk_powers_of_x_by_limbs(mpz_t *half, mpz_t *whole, mpz_t *f, size_t degree,
                                    mpz_srcptr n, const uint32_t *cancel);

/// The same in lanes (quotient_lanes.c), which do not take every size of n and every degree, and
/// few polynomials not: `*taken` says whether they did.
prk_status prk_powers_of_x_in_lanes(prk_scratch *s, mpz_t *half, mpz_t *whole, mpz_t *f,
                                    size_t degree, mpz_srcptr n, const uint32_t *cancel,
                                    bool *taken);

/// For tests: with the largest degree and R, a power of 2 that is said, or 0 without memory or
/// lanes: out[0] = (31 x^2 + y z) / R modulo n, out[1] its negative, out[2] = 16 integers / 2^52 x,
/// all at most 2n as x and y are, z below n.
#define PRK_QUOTIENT_MOST_INTEGER (UINT64_C(1) << 46)
size_t prk_quotient_worst_step(prk_scratch *s, mpz_t *out, mpz_srcptr x, mpz_srcptr y, mpz_srcptr z,
                               mpz_srcptr n);

#pragma GCC visibility pop

#endif
