// SPDX-License-Identifier: Apache-2.0
//
// Strong Lucas probable prime test with Selfridge's parameters, method A [BaWa80].

#include "big_internal.h"

bool prk_selfridge_discriminant(mpz_srcptr n, int64_t *discriminant) {
    for (int64_t magnitude = 5;; magnitude += 2) {
        int64_t d = (magnitude & 3) == 1 ? magnitude : -magnitude;
        int symbol = mpz_si_kronecker(d, n);
        if (symbol == -1) {
            *discriminant = d;
            return true;
        }
        // A common factor: a proper one of n unless n divides D.
        if (symbol == 0 && mpz_cmpabs_ui(n, (unsigned long)magnitude) != 0) {
            *discriminant = 0;
            return false;
        }
    }
}

// x / 2 mod n, for x of either sign.
static void halve(mpz_ptr x, mpz_srcptr n) {
    if (mpz_odd_p(x)) {
        mpz_add(x, x, n);
    }
    mpz_tdiv_q_2exp(x, x, 1);
}

prk_status prk_strong_lucas_selfridge(prk_scratch *s, mpz_srcptr n, const uint32_t *cancel,
                                      bool *passed, int64_t *discriminant) {
    *passed = false;
    if (!prk_selfridge_discriminant(n, discriminant)) {
        return PRK_STATUS_OK;
    }
    const int64_t d = *discriminant;
    const int64_t q = (1 - d) / 4; // P = 1
    // n + 1 = k 2^twos, k odd.
    mpz_add_ui(s->d, n, 1);
    mp_bitcnt_t twos = mpz_scan1(s->d, 0);
    mpz_tdiv_q_2exp(s->d, s->d, twos);

    mpz_set_ui(s->u, 1);
    mpz_set_ui(s->v, 1);
    mpz_set_si(s->qk, q);
    for (mp_bitcnt_t bit = mpz_sizeinbase(s->d, 2) - 1; bit-- > 0;) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        // U_2k = U_k V_k, V_2k = V_k^2 - 2 Q^k, Q^2k.
        mpz_mul(s->t, s->u, s->v);
        mpz_tdiv_r(s->u, s->t, n);
        mpz_mul(s->t, s->v, s->v);
        mpz_submul_ui(s->t, s->qk, 2);
        mpz_tdiv_r(s->v, s->t, n);
        mpz_mul(s->t, s->qk, s->qk);
        mpz_tdiv_r(s->qk, s->t, n);
        if (mpz_tstbit(s->d, bit)) {
            // U_k+1 = (U_k + V_k) / 2, V_k+1 = (D U_k + V_k) / 2, Q^k+1.
            mpz_mul_si(s->t, s->u, d);
            mpz_add(s->u, s->u, s->v);
            halve(s->u, n);
            mpz_add(s->v, s->v, s->t);
            halve(s->v, n);
            mpz_mul_si(s->qk, s->qk, q);
            // They exceed n by a factor of |D| at most, and the next products reduce them.
        }
    }
    mpz_mod(s->u, s->u, n);
    mpz_mod(s->v, s->v, n);
    if (mpz_sgn(s->u) == 0 || mpz_sgn(s->v) == 0) {
        *passed = true;
        return PRK_STATUS_OK;
    }
    mpz_tdiv_r(s->qk, s->qk, n);
    while (--twos > 0) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        mpz_mul(s->t, s->v, s->v);
        mpz_submul_ui(s->t, s->qk, 2);
        mpz_mod(s->v, s->t, n);
        if (mpz_sgn(s->v) == 0) {
            *passed = true;
            return PRK_STATUS_OK;
        }
        mpz_mul(s->t, s->qk, s->qk);
        mpz_tdiv_r(s->qk, s->t, n);
    }
    return PRK_STATUS_OK;
}
