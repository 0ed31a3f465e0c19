// SPDX-License-Identifier: Apache-2.0
//
// Lucas sequences of any P and Q, on GMP's integers: what certificates give that chains of V(P, 1)
// do not reach.

#include "long.h"

// x = (x + y) / 2 modulo n, which is odd; y may be any integer.
static void halve_sum(mpz_ptr x, mpz_srcptr y, mpz_srcptr n) {
    mpz_add(x, x, y);
    mpz_mod(x, x, n);
    if (mpz_odd_p(x)) {
        mpz_add(x, x, n);
    }
    mpz_tdiv_q_2exp(x, x, 1);
}

prk_status prk_lucas_pair(prk_scratch *s, mpz_srcptr n, mpz_srcptr p, mpz_srcptr q, mpz_srcptr k,
                          const uint32_t *cancel, mpz_ptr u, mpz_ptr v) {
    const size_t taken = s->taken;
    mpz_ptr power = prk_scratch_take(s), d = prk_scratch_take(s), t = prk_scratch_take(s);
    mpz_ptr w = prk_scratch_take(s);
    mpz_mul(d, p, p);
    mpz_submul_ui(d, q, 4);
    mpz_set_ui(u, 1); // U_1, V_1 and Q^1
    mpz_mod(v, p, n);
    mpz_mod(power, q, n);
    prk_status status = PRK_STATUS_OK;
    for (size_t bit = mpz_sizeinbase(k, 2) - 1; bit-- > 0;) {
        if (prk_is_cancelled(cancel)) {
            status = PRK_STATUS_CANCELLED;
            break;
        }
        // U_2m = U_m V_m, V_2m = V_m^2 - 2 Q^m.
        mpz_mul(t, u, v);
        mpz_mod(u, t, n);
        mpz_mul(t, v, v);
        mpz_submul_ui(t, power, 2);
        mpz_mod(v, t, n);
        mpz_mul(t, power, power);
        mpz_mod(power, t, n);
        if (mpz_tstbit(k, bit) == 0) {
            continue;
        }
        // 2 U_(m+1) = P U_m + V_m, 2 V_(m+1) = D U_m + P V_m.
        mpz_mul(w, d, u);
        mpz_mul(t, p, u);
        mpz_swap(u, t);
        halve_sum(u, v, n);
        mpz_mul(t, p, v);
        mpz_swap(v, t);
        halve_sum(v, w, n);
        mpz_mul(t, power, q);
        mpz_mod(power, t, n);
    }
    s->taken = taken;
    return status;
}
