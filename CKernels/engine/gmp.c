// SPDX-License-Identifier: Apache-2.0
//
// The test of one number by itself: small primes, a proof for special forms, Baillie-PSW, random
// bases.

#include "../cpu/report.h"
#include "../long/long.h"
#include "../numbers/random_base.h"
#include "../sieve/trial_primes.h"
#include "../special/special.h"
#include "engine.h"

const prk_arithmetic *prk_arithmetic_of(prk_engine way, mpz_srcptr n,
                                        const prk_special_form *form) {
    switch (way) {
    case PRK_ENGINE_GMP:
        return prk_gmp_arithmetic(n, form);
    case PRK_ENGINE_FFT:
        return prk_fft_takes(n) ? &prk_fft_fast : prk_gmp_arithmetic(n, form);
    default:
        return prk_arithmetic_for(n, form);
    }
}

void prk_report_engine(prk_report *report, const prk_arithmetic *arithmetic) {
    if (arithmetic->is_watched) {
        report->engine = PRK_ENGINE_FFT;
    } else if (arithmetic == &prk_special || report->engine == PRK_ENGINE_FFT) {
        report->engine = PRK_ENGINE_GMP;
    }
#if defined(__x86_64__)
    if (arithmetic == &prk_across) {
        report->engine = PRK_ENGINE_IFMA;
    }
#endif
}

typedef struct strong_test {
    mpz_srcptr n;
    const prk_special_form *form;
    const uint32_t *cancel;
} strong_test;

static prk_status test_base_2(void *context, prk_scratch *s, const prk_arithmetic *arithmetic,
                              bool *passed) {
    const strong_test *t = context;
    mpz_t view;
    static const mp_limb_t two = 2;
    return prk_strong_test(s, arithmetic, t->n, t->form, mpz_roinit_n(view, &two, 1), t->cancel,
                           passed);
}

prk_status prk_confirm_probable_prime(prk_scratch *s, const prk_arithmetic *used, mpz_srcptr n,
                                      const prk_special_form *form, const uint32_t *cancel,
                                      bool *passed) {
    strong_test base_2 = {n, form, cancel};
    return prk_confirm(s, used, n, form, test_base_2, &base_2, passed);
}

// Passing Baillie-PSW proves primality below 2^64 [FeGa13] and nothing above: the extra strong test
// asks for more than the almost extra strong one with the same P, of which that is known.
static prk_status baillie_psw(prk_scratch *s, const prk_arithmetic *arithmetic, mpz_srcptr n,
                              const prk_special_form *form, const prk_options *options,
                              prk_report *report) {
    bool passed = false;
    report->verdict = PRK_COMPOSITE;
    strong_test base_2 = {n, form, options->cancel};
    prk_status status = test_base_2(&base_2, s, arithmetic, &passed);
    if (status != PRK_STATUS_OK || !passed) {
        report->method = PRK_METHOD_STRONG_BASE2;
        return status;
    }
    if (mpz_perfect_square_p(n)) { // no P exists for a square, and the search would not end
        report->method = PRK_METHOD_SQUARE;
        return PRK_STATUS_OK;
    }
    uint32_t p = 0;
    if (prk_lucas_parameter(n, &p)) {
        report->fields |= PRK_REPORT_HAS_LUCAS;
        report->lucas_p = p;
        report->lucas_q = 1;
        status = prk_extra_strong_lucas_test(s, arithmetic, n, form, p, options->cancel,
                                             &report->lucas_condition);
    }
    if (status != PRK_STATUS_OK || report->lucas_condition == PRK_LUCAS_NONE) {
        report->method = PRK_METHOD_EXTRA_STRONG_LUCAS;
        return status;
    }
    report->method = PRK_METHOD_BAILLIE_PSW;
    if (mpz_sizeinbase(n, 2) <= 64) {
        report->verdict = PRK_PRIME;
        return PRK_STATUS_OK;
    }
    for (uint32_t round = 1; round <= options->rounds; round++) {
        mpz_ptr base = prk_scratch_take(s);
        prk_random_base_mpz(base, n, options->seed, round);
        status = prk_strong_test(s, arithmetic, n, form, base, options->cancel, &passed);
        s->taken--;
        if (status != PRK_STATUS_OK) {
            return status;
        }
        report->round = round;
        report->fields |= PRK_REPORT_HAS_ROUND;
        if (!passed) {
            report->method = PRK_METHOD_STRONG_RANDOM_BASE;
            return PRK_STATUS_OK;
        }
    }
    status = prk_confirm(s, arithmetic, n, form, test_base_2, &base_2, &passed);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    if (passed) {
        report->verdict = PRK_PROBABLE_PRIME;
        return PRK_STATUS_OK;
    }
    *report = (prk_report){.size = report->size,
                           .engine = report->engine,
                           .verdict = PRK_COMPOSITE,
                           .method = PRK_METHOD_STRONG_BASE2};
    return PRK_STATUS_OK;
}

prk_status prk_test_by_division(mpz_srcptr n, prk_report *report, bool *is_decided) {
    *is_decided = true;
    if (mpz_cmp_ui(n, 1) <= 0) {
        report->verdict = PRK_NEITHER;
        report->method = PRK_METHOD_DEFINITION;
        return PRK_STATUS_OK;
    }
    if (mpz_even_p(n) && mpz_cmp_ui(n, 2) != 0) {
        prk_report_factor(report, 2);
        return PRK_STATUS_OK;
    }
    const prk_trial_table *table = prk_trial_primes_table();
    if (table == NULL) {
        *is_decided = false;
        return PRK_STATUS_NO_MEMORY;
    }
    uint64_t bound = 0;
    const uint64_t factor = mpz_even_p(n) ? 2 : prk_trial_primes_divisor(n, table, &bound);
    if (factor != 0 && mpz_cmp_ui(n, factor) != 0) {
        prk_report_factor(report, factor);
    } else if (factor != 0 || mpz_cmp_ui(n, bound) < 0) {
        report->verdict = PRK_PRIME;
        report->method = PRK_METHOD_TRIAL_DIVISION;
    } else {
        *is_decided = false;
    }
    return PRK_STATUS_OK;
}

static prk_status test_form(prk_scratch *s, prk_engine way, mpz_srcptr n,
                            const prk_options *options, prk_report *report, bool *is_special) {
    prk_special_form form;
    *is_special = mpz_size(n) > 1 && prk_special_form_of(n, &form);
    if (!*is_special) {
        return PRK_STATUS_OK;
    }
    const prk_arithmetic *arithmetic = prk_arithmetic_of(way, n, &form);
    prk_report_engine(report, arithmetic);
    mpz_ptr residue = prk_scratch_take(s);
    const prk_status status =
        prk_prove_special(s, arithmetic, n, &form, options->cancel, report, residue);
    s->taken--;
    return status;
}

prk_status prk_test_form(prk_scratch *s, mpz_srcptr n, const prk_options *options,
                         prk_report *report, bool *is_special) {
    return test_form(s, PRK_ENGINE_AUTO, n, options, report, is_special);
}

prk_status prk_test_undivided(prk_scratch *s, prk_engine way, mpz_srcptr n, const prk_form *given,
                              const prk_options *options, prk_report *report) {
    bool is_special = false;
    const prk_status status = test_form(s, way, n, options, report, &is_special);
    if (status != PRK_STATUS_OK || is_special) {
        return status;
    }
    prk_special_form form;
    const bool has_form =
        way != PRK_ENGINE_GMP && prk_fft_takes(n) && prk_special_form_from(given, n, &form);
    const prk_arithmetic *arithmetic = prk_arithmetic_of(way, n, has_form ? &form : NULL);
    prk_report_engine(report, arithmetic);
    return baillie_psw(s, arithmetic, n, has_form ? &form : NULL, options, report);
}
