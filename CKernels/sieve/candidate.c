// SPDX-License-Identifier: Apache-2.0
//
// Takes away, of single numbers that were drawn at random, those with a small factor.

#include "../include/prk_kernels.h"
#include "trial_primes.h"

// How deep. A prime r ends one candidate of r, and costs some ns and 0.5 ns a limb; a strong test
// takes 1.7 us at 128 bits, 8 at 256, 51 at 512 and 323 at 1024. A test divides again, and deeper.
static uint64_t depth_for(size_t limbs) {
    return limbs >= 36 ? UINT16_MAX : (uint64_t)(50 * limbs * limbs);
}

prk_status prk_candidate_survives(const uint64_t *limbs, size_t limb_count, bool is_safe,
                                  const uint32_t *cancel, bool *survives) {
    if (limbs == NULL || survives == NULL) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (!prk_size_is_taken(limb_count)) {
        return PRK_STATUS_TOO_LARGE;
    }
    mpz_t view;
    mpz_srcptr n = mpz_roinit_n(view, (const mp_limb_t *)limbs, (mp_size_t)limb_count);
    *survives = true;
    if (mpz_size(n) < 2) { // may be a prime of the table, and is tested as quickly
        return PRK_STATUS_OK;
    }
    const size_t products = prk_trial_products_to(depth_for(mpz_size(n)));
    for (size_t i = 0; i < products; i++) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        const prk_trial_group group = prk_trial_divide(n, i);
        for (size_t j = 0; j < group.count; j++) {
            const uint64_t r = group.primes[j];
            const uint64_t rest = group.rest % r;
            // 2 n + 1 is 0 modulo r where n is (r - 1) / 2.
            if (rest == 0 || (is_safe && rest == r / 2)) {
                *survives = false;
                return PRK_STATUS_OK;
            }
        }
    }
    return PRK_STATUS_OK;
}
