// SPDX-License-Identifier: Apache-2.0
//
// What all methods draw on: random words, and the test of what they find.

#include "../include/prk_kernels.h"
#include "../long/long.h"
#include "../share/share.h"
#include "factor.h"
#include "field.h"

uint64_t prk_effort_draw(prk_effort *effort) {
    uint64_t word;
    prk_random_words(effort->seed, effort->drawn++, &word, 1);
    return word;
}

prk_status prk_is_probable_prime(mpz_srcptr n, prk_effort *effort, prk_scratch *s, bool *is_prime) {
    *is_prime = false;
    if (mpz_size(n) <= 1) {
        *is_prime = prk_is_prime_u64(mpz_get_ui(n));
        return PRK_STATUS_OK;
    }
    if (mpz_even_p(n)) {
        return PRK_STATUS_OK;
    }
    const uint64_t cost = mpz_sizeinbase(n, 2) * prk_product_cost(mpz_size(n));
    effort->spent += cost;
    prk_status status = prk_shared_strong_tests(s, &n, 1, effort->cancel, is_prime);
    uint32_t p = 0, condition = PRK_LUCAS_NONE;
    if (status != PRK_STATUS_OK || !*is_prime || mpz_perfect_square_p(n) ||
        !prk_lucas_parameter(n, &p)) {
        *is_prime = false;
        return status;
    }
    effort->spent += 2 * cost;
    status = prk_shared_lucas_test(s, n, p, effort->cancel, &condition);
    *is_prime = condition != PRK_LUCAS_NONE;
    return status;
}
