// SPDX-License-Identifier: Apache-2.0
//
// Curves one after the other, or eight at once with the same result.

#include "../ifma/lanes.h"
#include "factor.h"

static bool is_factor(mpz_srcptr g, mpz_srcptr n) {
    return mpz_cmp_ui(g, 1) > 0 && mpz_cmp(g, n) < 0;
}

static prk_status one_by_one(mpz_ptr g, mpz_srcptr n, const prk_curve_bound *b, unsigned most,
                             prk_effort *effort, prk_scratch *s, unsigned *run) {
    prk_status status = PRK_STATUS_OK;
    bool is_found = false;
    while (!is_found && *run < most && status == PRK_STATUS_OK) {
        status = prk_curve(g, n, b, prk_curve_sigma(effort), s, effort->cancel);
        is_found = is_factor(g, n);
        ++*run;
    }
    return status;
}

prk_status prk_curves(mpz_ptr g, mpz_srcptr n, const prk_curve_bound *b, unsigned most,
                      prk_effort *effort, prk_scratch *s, unsigned *run) {
    *run = 0;
    most = most < PRK_LANES ? most : PRK_LANES;
    if (!prk_curves_pay(mpz_sizeinbase(n, 2), most)) {
        return one_by_one(g, n, b, most, effort, s, run);
    }
    const uint64_t drawn = effort->drawn;
    const size_t taken = s->taken;
    uint64_t sigmas[PRK_LANES];
    mpz_ptr divisors[PRK_LANES];
    for (unsigned i = 0; i < most; i++) {
        sigmas[i] = prk_curve_sigma(effort);
        divisors[i] = prk_scratch_take(s);
    }
    const prk_status status = prk_curves_in_lanes(divisors, n, b, sigmas, most, s, effort->cancel);
    bool is_found = false;
    while (!is_found && *run < most && status == PRK_STATUS_OK) {
        is_found = is_factor(divisors[*run], n);
        ++*run;
    }
    if (status == PRK_STATUS_OK) {
        mpz_set(g, divisors[*run - 1]);
    }
    effort->drawn = drawn + *run; // the words after it are for the next one
    s->taken = taken;
    return status;
}
