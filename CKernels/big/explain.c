// SPDX-License-Identifier: Apache-2.0
//
// The test of one number on GMP: small primes, Baillie-PSW, random bases.

#define PRK_WANT_TRIAL_PRIMES
#include "../tables/small_primes.h"
#include "big_internal.h"

// How many products of the table to divide by. A product costs one pass over n; what it saves is
// the share of candidates with such a factor, of a strong test that grows with the cube of the
// size.
static size_t products_for(size_t bits) {
    if (bits <= 128) {
        return 6; // primes to 101
    }
    if (bits <= 512) {
        return 32; // to about 1,000
    }
    if (bits <= 1536) {
        return 256; // to about 10,000
    }
    return PRK_TRIAL_PRODUCT_COUNT; // to 2^16
}

uint64_t prk_trial_primes_divisor(mpz_srcptr n, uint64_t *bound) {
    size_t products = products_for(mpz_sizeinbase(n, 2));
    size_t last = prk_trial_first[products] - 1u;
    *bound = (uint64_t)prk_trial_primes[last] * prk_trial_primes[last];
    for (size_t i = 0; i < products; i++) {
        uint64_t rest = mpz_tdiv_ui(n, prk_trial_products[i]);
        for (size_t j = prk_trial_first[i]; j < prk_trial_first[i + 1]; j++) {
            if (rest % prk_trial_primes[j] == 0) {
                return prk_trial_primes[j];
            }
        }
    }
    return 0;
}

// Passing Baillie-PSW proves primality below 2^64 [FeGa13] and nothing above.
static prk_status baillie_psw(prk_scratch *s, mpz_srcptr n, const prk_options *options,
                              prk_report *report) {
    bool passed = false;
    mpz_set_ui(s->base, 2);
    prk_status status = prk_strong_test(s, n, s->base, options->cancel, &passed);
    if (status != PRK_STATUS_OK || !passed) {
        report->method = PRK_METHOD_STRONG_BASE2;
        return status;
    }
    if (mpz_perfect_square_p(n)) { // no D exists for a square, and the search would not end
        report->method = PRK_METHOD_SQUARE;
        return PRK_STATUS_OK;
    }
    int64_t d = 0;
    status = prk_strong_lucas_selfridge(s, n, options->cancel, &passed, &d);
    if (d != 0) {
        report->fields |= PRK_REPORT_HAS_LUCAS;
        report->lucas_p = 1;
        report->lucas_q = (1 - d) / 4;
    }
    if (status != PRK_STATUS_OK || !passed) {
        report->method = PRK_METHOD_STRONG_LUCAS;
        return status;
    }
    report->method = PRK_METHOD_BAILLIE_PSW;
    if (mpz_sizeinbase(n, 2) <= 64) {
        report->verdict = PRK_PRIME;
        return PRK_STATUS_OK;
    }
    for (uint32_t round = 1; round <= options->rounds; round++) {
        prk_random_base_mpz(s->base, n, options->seed, round);
        status = prk_strong_test(s, n, s->base, options->cancel, &passed);
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
    report->verdict = PRK_PROBABLE_PRIME;
    return PRK_STATUS_OK;
}

prk_status prk_explain_gmp(prk_scratch *s, mpz_srcptr n, const prk_options *options,
                           prk_report *report) {
    report->verdict = PRK_COMPOSITE;
    report->method = PRK_METHOD_TRIAL_DIVISION;
    if (mpz_cmp_ui(n, 1) <= 0) {
        report->verdict = PRK_NEITHER;
        report->method = PRK_METHOD_DEFINITION;
        return PRK_STATUS_OK;
    }
    uint64_t bound = 0;
    uint64_t factor = mpz_even_p(n) ? 2 : prk_trial_primes_divisor(n, &bound);
    if (factor != 0) {
        if (mpz_cmp_ui(n, factor) == 0) {
            report->verdict = PRK_PRIME;
        } else {
            report->factor = factor;
            report->fields |= PRK_REPORT_HAS_FACTOR;
        }
        return PRK_STATUS_OK;
    }
    if (mpz_cmp_ui(n, bound) < 0) {
        report->verdict = PRK_PRIME;
        return PRK_STATUS_OK;
    }
    return baillie_psw(s, n, options, report);
}
