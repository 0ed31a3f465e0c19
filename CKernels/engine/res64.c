// SPDX-License-Identifier: Apache-2.0
//
// RES64.

#include "../long/long.h"
#include "engine.h"

// The form of which transforms have a ring.
static bool find_form(mpz_srcptr n, const prk_form *given, prk_special_form *form) {
    return mpz_size(n) > 1 && (prk_special_form_of(n, form) ||
                               (prk_fft_takes(n) && prk_special_form_from(given, n, form)));
}

prk_status prk_res64(prk_scratch *s, prk_engine way, mpz_srcptr n, const prk_form *given,
                     const uint32_t *cancel, uint64_t *residue) {
    *residue = 0;
    if (mpz_cmp_ui(n, 1) <= 0) {
        return PRK_STATUS_OK; // everything is 0 modulo 1
    }
    const size_t taken = s->taken;
    mpz_ptr exponent = prk_scratch_take(s), base = prk_scratch_take(s), power = prk_scratch_take(s);
    mpz_sub_ui(exponent, n, 1);
    mpz_set_ui(base, 3);
    mpz_tdiv_r(base, base, n);
    prk_special_form form;
    const bool has_form = find_form(n, given, &form);
    const prk_arithmetic *arithmetic = prk_arithmetic_of(way, n, has_form ? &form : NULL);
    const prk_status status =
        prk_power(s, arithmetic, power, base, exponent, n, has_form ? &form : NULL, cancel);
    if (status == PRK_STATUS_OK) {
        *residue = mpz_getlimbn(power, 0);
    }
    s->taken = taken;
    return status;
}
