// SPDX-License-Identifier: Apache-2.0
//
// RES64, and Fermat's test to base 3 alone.

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

// --- Fermat's test -------------------------------------------------------------------------------

typedef struct fermat {
    mpz_srcptr n, exponent, base;
    const prk_special_form *form;
    const uint32_t *cancel;
    mpz_ptr power;
} fermat;

static prk_status test_in(void *context, prk_scratch *s, const prk_arithmetic *arithmetic,
                          bool *passed) {
    const fermat *f = context;
    const prk_status status =
        prk_power(s, arithmetic, f->power, f->base, f->exponent, f->n, f->form, f->cancel);
    *passed = status == PRK_STATUS_OK && mpz_cmp_ui(f->power, 1) == 0;
    return status;
}

static prk_status test(prk_scratch *s, mpz_srcptr n, const prk_form *given, const uint32_t *cancel,
                       bool *passed, uint64_t *residue) {
    mpz_ptr exponent = prk_scratch_take(s), base = prk_scratch_take(s);
    prk_special_form form;
    fermat f = {n,      exponent,           base, find_form(n, given, &form) ? &form : NULL,
                cancel, prk_scratch_take(s)};
    mpz_sub_ui(exponent, n, 1);
    mpz_set_ui(base, 3);
    const prk_arithmetic *arithmetic = prk_arithmetic_of(PRK_ENGINE_AUTO, n, f.form);
    prk_status status = test_in(&f, s, arithmetic, passed);
    if (status == PRK_STATUS_OK && *passed) {
        status = prk_confirm(s, arithmetic, n, f.form, test_in, &f, passed);
    }
    *residue = status == PRK_STATUS_OK ? mpz_getlimbn(f.power, 0) : 0;
    return status;
}

prk_status prk_fermat_test(const uint64_t *limbs, size_t limb_count, const prk_form *given,
                           const uint32_t *cancel, bool *passed, uint64_t *residue) {
    *passed = false;
    *residue = 0;
    if (!prk_size_is_taken(limb_count)) {
        return PRK_STATUS_TOO_LARGE;
    }
    mpz_t view;
    mpz_srcptr n = mpz_roinit_n(view, (const mp_limb_t *)limbs, (mp_size_t)limb_count);
    if (mpz_cmp_ui(n, 3) <= 0) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    prk_scratch *scratch = prk_scratch_create();
    prk_status status =
        scratch == NULL ? PRK_STATUS_NO_MEMORY : prk_scratch_reserve(scratch, mpz_size(n));
    if (status == PRK_STATUS_OK) {
        status = test(scratch, n, given, cancel, passed, residue);
    }
    prk_scratch_destroy(scratch);
    return status;
}
