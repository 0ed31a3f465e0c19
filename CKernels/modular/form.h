// SPDX-License-Identifier: Apache-2.0
//
// Numbers k 2^e ± 1. The form is read off the number's bits, so that it does not matter how the
// number was written.

#ifndef PRK_FORM_H
#define PRK_FORM_H

#include <gmp.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/// n = k 2^exponent + sign with k odd, k < 2^exponent, exponent >= 2.
typedef struct prk_special_form {
    mp_bitcnt_t exponent;
    mp_bitcnt_t k_bits;
    int sign;
    bool k_is_one;
} prk_special_form;

/// Whether n is of the form. n > 1. Looks at no more of n than its last bits that are equal.
bool prk_special_form_of(mpz_srcptr n, prk_special_form *form);

/// Bit `bit` of k.
bool prk_special_k_bit(mpz_srcptr n, const prk_special_form *form, mp_bitcnt_t bit);

#pragma GCC visibility pop

#endif
