// SPDX-License-Identifier: Apache-2.0
//
// RES64.

#include "../ifma/across.h"
#include "../long/long.h"
#include "engine.h"

prk_status prk_residue(prk_scratch *s, mpz_srcptr n, const uint32_t *cancel, uint64_t *residue) {
    *residue = 0;
    if (mpz_cmp_ui(n, 1) <= 0) {
        return PRK_STATUS_OK; // everything is 0 modulo 1
    }
    mpz_sub_ui(s->n_minus_1, n, 1);
    mpz_set_ui(s->base, 3);
    mpz_tdiv_r(s->base, s->base, n);
    const bool is_across = mpz_odd_p(n) && prk_across_takes(mpz_sizeinbase(n, 2));
    const prk_status status = is_across
                                  ? prk_across_pow_mod(s, s->x, s->base, s->n_minus_1, n, cancel)
                                  : prk_pow_mod(s, s->x, s->base, s->n_minus_1, n, cancel);
    if (status == PRK_STATUS_OK) {
        *residue = mpz_size(s->x) == 0 ? 0 : mpz_getlimbn(s->x, 0);
    }
    return status;
}
