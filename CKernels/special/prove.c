// SPDX-License-Identifier: Apache-2.0
//
// Which test proves a number of a special form.

#include "special.h"

// With an odd number m > 1 that divides the exponent, exponent = m j, 2^j + 1 divides 2^exponent +
// 1; and 2^j - 1 divides 2^exponent - 1 for any j that divides it.
static bool has_algebraic_factor(const prk_special_form *form) {
    const mp_bitcnt_t e = form->exponent;
    return form->k_is_one && (form->sign > 0 ? (e & (e - 1)) != 0 : !prk_is_prime_u64(e));
}

prk_status prk_prove_special(prk_scratch *s, const prk_arithmetic *arithmetic, mpz_srcptr n,
                             const prk_special_form *form, const uint32_t *cancel,
                             prk_report *report, mpz_ptr residue) {
    report->verdict = PRK_COMPOSITE;
    if (form->sign > 0) {
        report->method = form->k_is_one ? PRK_METHOD_PEPIN : PRK_METHOD_PROTH;
    } else {
        report->method = form->k_is_one ? PRK_METHOD_LUCAS_LEHMER : PRK_METHOD_LUCAS_LEHMER_RIESEL;
    }
    if (has_algebraic_factor(form)) {
        return PRK_STATUS_OK;
    }
    if (form->sign < 0) {
        return prk_prove_llr(s, arithmetic, n, form, cancel, report, residue);
    }
    if (mpz_perfect_square_p(n)) { // of which no base has (a|n) = -1; n = 3 modulo 4 is none
        report->method = PRK_METHOD_SQUARE;
        return PRK_STATUS_OK;
    }
    return prk_prove_proth(s, arithmetic, n, form, cancel, report, residue);
}

prk_status prk_special_test(const uint64_t *limbs, size_t limb_count, const uint32_t *cancel,
                            prk_report *report, uint64_t *residue) {
    if (!prk_size_is_taken(limb_count)) {
        return PRK_STATUS_TOO_LARGE;
    }
    mpz_t view;
    mpz_srcptr n = mpz_roinit_n(view, (const mp_limb_t *)limbs, (mp_size_t)limb_count);
    prk_special_form form;
    if (mpz_cmp_ui(n, 1) <= 0 || !prk_special_form_of(n, &form)) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    prk_scratch *scratch = prk_scratch_create();
    if (scratch == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    prk_status status = prk_scratch_reserve(scratch, mpz_size(n));
    if (status == PRK_STATUS_OK) {
        *report = (prk_report){.engine = PRK_ENGINE_GMP};
        mpz_ptr last = prk_scratch_take(scratch);
        mpz_set_ui(last, 0);
        status = prk_prove_special(scratch, prk_arithmetic_for(n, &form), n, &form, cancel, report,
                                   last);
        *residue = mpz_getlimbn(last, 0);
    }
    prk_scratch_destroy(scratch);
    return status;
}
