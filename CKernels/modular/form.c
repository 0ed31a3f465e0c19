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
    form->base = 2;
    form->k = 0;
    if (form->k_bits > form->exponent) {
        return false;
    }
    for (mp_bitcnt_t bit = 0; bit < form->k_bits && form->k_bits <= 64; bit++) {
        form->k |= (uint64_t)prk_special_k_bit(n, form, bit) << bit;
    }
    return true;
}

bool prk_special_form_from(const prk_form *given, mpz_srcptr n, prk_special_form *form) {
    if (given == NULL || given->kind != PRK_FORM_POWER || (given->c != 1 && given->c != -1) ||
        given->n == 0 || (given->b & (given->b - 1)) == 0) {
        return false;
    }
    bool matches = false;
    if (prk_form_matches(given, (const uint64_t *)mpz_limbs_read(n), mpz_size(n), &matches) !=
            PRK_STATUS_OK ||
        !matches) {
        return false;
    }
    *form = (prk_special_form){.exponent = given->n,
                               .k_bits = 64 - (mp_bitcnt_t)__builtin_clzll(given->k),
                               .sign = (int)given->c,
                               .k_is_one = given->k == 1,
                               .base = given->b,
                               .k = given->k};
    return true;
}

bool prk_special_k_bit(mpz_srcptr n, const prk_special_form *form, mp_bitcnt_t bit) {
    return bit == 0 || mpz_tstbit(n, form->exponent + bit);
}
