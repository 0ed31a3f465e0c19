// SPDX-License-Identifier: Apache-2.0
//
// RES64.

#include "../long/long.h"
#include "engine.h"

prk_status prk_res64(prk_scratch *s, mpz_srcptr n, const uint32_t *cancel, uint64_t *residue) {
    *residue = 0;
    if (mpz_cmp_ui(n, 1) <= 0) {
        return PRK_STATUS_OK; // everything is 0 modulo 1
    }
    const size_t taken = s->taken;
    mpz_ptr exponent = prk_scratch_take(s), base = prk_scratch_take(s), power = prk_scratch_take(s);
    mpz_sub_ui(exponent, n, 1);
    mpz_set_ui(base, 3);
    mpz_tdiv_r(base, base, n);
    const prk_status status =
        prk_power(s, prk_fastest_arithmetic(n), power, base, exponent, n, cancel);
    if (status == PRK_STATUS_OK) {
        *residue = mpz_getlimbn(power, 0);
    }
    s->taken = taken;
    return status;
}
