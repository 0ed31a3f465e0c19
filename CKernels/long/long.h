// SPDX-License-Identifier: Apache-2.0
//
// Tests of one large number, over any arithmetic. Each of them is written once, as a chain of steps
// and a look at where it ends.

#ifndef PRK_LONG_H
#define PRK_LONG_H

#include "settle.h"

#pragma GCC visibility push(hidden)

// `form` is NULL, or n's.

/// result = base^exponent mod n. 0 < base < n, n odd or even, exponent >= 1. PRK_STATUS_CANCELLED
/// and PRK_STATUS_NO_MEMORY leave result undefined.
prk_status prk_power(prk_scratch *scratch, const prk_arithmetic *arithmetic, mpz_ptr result,
                     mpz_srcptr base, mpz_srcptr exponent, mpz_srcptr n,
                     const prk_special_form *form, const uint32_t *cancel);

/// Whether n is a strong probable prime to `base`. n odd, n > 2, 0 < base < n.
prk_status prk_strong_test(prk_scratch *scratch, const prk_arithmetic *arithmetic, mpz_srcptr n,
                           const prk_special_form *form, mpz_srcptr base, const uint32_t *cancel,
                           bool *passed);

/// The first P of 3, 4, 5, … of which (P^2 - 4|n) = -1. When a common factor showed n composite
/// before, `*p` is 0 and the answer false. n odd, n > 2, no square.
bool prk_lucas_parameter(mpz_srcptr n, uint32_t *p);

/// Extra strong Lucas test [Grant01] with that P, and Q = 1. n odd, n > 2. `*condition`: which of
/// PRK_LUCAS_… holds, PRK_LUCAS_NONE when n did not pass.
prk_status prk_extra_strong_lucas_test(prk_scratch *scratch, const prk_arithmetic *arithmetic,
                                       mpz_srcptr n, const prk_special_form *form, uint32_t p,
                                       const uint32_t *cancel, uint32_t *condition);

/// Pépin's [Pepi77] and Proth's test [Prot78] of n = k 2^e + 1 to the base a, (a|n) = -1: whether
/// a^((n-1)/2) = -1 modulo n. `residue` = a^((n-1)/2) + 1 mod n.
prk_status prk_proth_test(prk_scratch *scratch, const prk_arithmetic *arithmetic, mpz_srcptr n,
                          const prk_special_form *form, unsigned a, const uint32_t *cancel,
                          bool *passed, mpz_ptr residue);

/// The tests of Lucas and Lehmer [Lehm30] and of Riesel [Ries69] of n = k 2^e - 1: whether
/// V_((n+1)/4)(P, 1) = 0 modulo n, which is `residue`.
prk_status prk_llr_test(prk_scratch *scratch, const prk_arithmetic *arithmetic, mpz_srcptr n,
                        const prk_special_form *form, unsigned p, const uint32_t *cancel,
                        bool *passed, mpz_ptr residue);

/// A test that can be done in any arithmetic: whether n passes.
typedef prk_status (*prk_repeatable_test)(void *context, prk_scratch *scratch,
                                          const prk_arithmetic *arithmetic, bool *passed);

/// Does a test that n has passed in `used` once more, by prk_other_arithmetic(), when `used`
/// rounds. Where the two disagree an exact arithmetic decides, however long that takes. `*passed`:
/// what holds in the end; true when `used` is exact.
prk_status prk_confirm(prk_scratch *scratch, const prk_arithmetic *used, mpz_srcptr n,
                       const prk_special_form *form, prk_repeatable_test test, void *context,
                       bool *passed);

#pragma GCC visibility pop

#endif
