// SPDX-License-Identifier: Apache-2.0
//
// Which numbers are k 2^e ± 1.

#include "form.h"

bool prk_special_form_of(mpz_srcptr n, prk_special_form *form) {
    // One of n - 1 and n + 1 is 2 modulo 4, where the form would be 1 * 2 ± 1: 1, or 3 = 2^2 - 1.
    switch (mpz_getlimbn(n, 0) & 3) {
    case 1:
        form->sign = 1;
        form->exponent = mpz_scan1(n, 1);
        break;
    case 3:
        form->sign = -1;
        form->exponent = mpz_scan0(n, 0);
        break;
    default:
        return false;
    }
    // For n = k 2^e - 1 what lies above the e ones is k - 1, which is even.
    const mp_bitcnt_t bits = mpz_sizeinbase(n, 2);
    form->k_bits = bits > form->exponent ? bits - form->exponent : 1;
    form->k_is_one = form->k_bits == 1;
    return form->k_bits <= form->exponent;
}

bool prk_special_k_bit(mpz_srcptr n, const prk_special_form *form, mp_bitcnt_t bit) {
    return bit == 0 || mpz_tstbit(n, form->exponent + bit);
}
