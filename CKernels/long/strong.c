// SPDX-License-Identifier: Apache-2.0
//
// Powers modulo n that can be interrupted, and the strong probable prime test.

#include "long.h"

// One mpz_powm takes about 18 ms at this size on a current machine, and cannot be cut: longer ones
// are done square by square, at about 1.1 times the cost.
#define POWM_LIMIT_BITS 4096

static void multiply_mod(prk_scratch *s, mpz_ptr result, mpz_srcptr a, mpz_srcptr b, mpz_srcptr n) {
    mpz_mul(s->product, a, b);
    mpz_tdiv_r(result, s->product, n);
}

// Left to right, with a sliding window over odd powers; a base of one limb needs no table, since
// multiplying by it costs next to nothing.
static prk_status pow_in_steps(prk_scratch *s, mpz_ptr result, mpz_srcptr base, mpz_srcptr exponent,
                               mpz_srcptr n, const uint32_t *cancel) {
    const bool is_small = mpz_size(base) <= 1;
    if (!is_small) {
        mpz_set(s->window[0], base);
        multiply_mod(s, s->t, base, base, n);
        for (int i = 1; i < 1 << (PRK_WINDOW_BITS - 1); i++) {
            multiply_mod(s, s->window[i], s->window[i - 1], s->t, n);
        }
    }
    const int widest = is_small ? 1 : PRK_WINDOW_BITS;
    mpz_set_ui(result, 1);
    for (mp_bitcnt_t bit = mpz_sizeinbase(exponent, 2); bit > 0;) {
        // The window is the `width` bits below `bit`; it ends in a set bit, or is one clear bit.
        int width = 1;
        unsigned power = 0;
        if (mpz_tstbit(exponent, bit - 1)) {
            width = bit < (mp_bitcnt_t)widest ? (int)bit : widest;
            while (!mpz_tstbit(exponent, bit - (mp_bitcnt_t)width)) {
                width--;
            }
            for (int i = 1; i <= width; i++) {
                power = power << 1 | (unsigned)mpz_tstbit(exponent, bit - (mp_bitcnt_t)i);
            }
        }
        for (int i = 0; i < width; i++) {
            if (prk_is_cancelled(cancel)) {
                return PRK_STATUS_CANCELLED;
            }
            multiply_mod(s, result, result, result, n);
        }
        if (power != 0 && is_small) {
            mpz_mul_ui(s->product, result, mpz_get_ui(base));
            mpz_tdiv_r(result, s->product, n);
        } else if (power != 0) {
            multiply_mod(s, result, result, s->window[power >> 1], n);
        }
        bit -= (mp_bitcnt_t)width;
    }
    return PRK_STATUS_OK;
}

prk_status prk_pow_mod(prk_scratch *s, mpz_ptr result, mpz_srcptr base, mpz_srcptr exponent,
                       mpz_srcptr n, const uint32_t *cancel) {
    if (prk_is_cancelled(cancel)) {
        return PRK_STATUS_CANCELLED;
    }
    if (cancel != NULL && mpz_sizeinbase(n, 2) > POWM_LIMIT_BITS) {
        return pow_in_steps(s, result, base, exponent, n, cancel);
    }
    mpz_powm(result, base, exponent, n);
    return PRK_STATUS_OK;
}

prk_status prk_strong_test(prk_scratch *s, mpz_srcptr n, mpz_srcptr base, const uint32_t *cancel,
                           bool *passed) {
    *passed = false;
    mpz_sub_ui(s->n_minus_1, n, 1);
    mp_bitcnt_t twos = mpz_scan1(s->n_minus_1, 0);
    mpz_tdiv_q_2exp(s->d, s->n_minus_1, twos);
    prk_status status = prk_pow_mod(s, s->x, base, s->d, n, cancel);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    if (mpz_cmp_ui(s->x, 1) == 0 || mpz_cmp(s->x, s->n_minus_1) == 0) {
        *passed = true;
        return PRK_STATUS_OK;
    }
    while (--twos > 0) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        multiply_mod(s, s->x, s->x, s->x, n);
        if (mpz_cmp(s->x, s->n_minus_1) == 0) {
            *passed = true;
            return PRK_STATUS_OK;
        }
        if (mpz_cmp_ui(s->x, 1) <= 0) { // stays there
            return PRK_STATUS_OK;
        }
    }
    return PRK_STATUS_OK;
}
