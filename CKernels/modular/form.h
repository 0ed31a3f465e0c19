// SPDX-License-Identifier: Apache-2.0
//
// Numbers k b^e ± 1. With b = 2 the form is read off the number's bits, so that it does not matter
// how the number was written.

#ifndef PRK_FORM_H
#define PRK_FORM_H

#include <gmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "../include/primality.h"

#pragma GCC visibility push(hidden)

/// n = k base^exponent + sign. With base 2, k is odd, k < 2^exponent and exponent >= 2.
typedef struct prk_special_form {
    mp_bitcnt_t exponent;
    mp_bitcnt_t k_bits;
    int sign;
    bool k_is_one;
    uint64_t base;
    uint64_t k; ///< 0: it has more than 64 bits
} prk_special_form;

/// Whether n is of the form with base 2. n > 1. Looks at no more of n than its last bits that are
/// equal.
bool prk_special_form_of(mpz_srcptr n, prk_special_form *form);

/// Whether n, which is above 1, is k b^e ± 1 with another base than a power of 2, as `given` says
/// and as is looked at here: `given` is NULL or a form of anybody's. Takes some multiplications of
/// n's size where all else fits.
bool prk_special_form_from(const prk_form *given, mpz_srcptr n, prk_special_form *form);

/// Bit `bit` of k.
bool prk_special_k_bit(mpz_srcptr n, const prk_special_form *form, mp_bitcnt_t bit);

#pragma GCC visibility pop

#endif
