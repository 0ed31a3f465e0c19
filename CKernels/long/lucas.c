// SPDX-License-Identifier: Apache-2.0
//
// Tests that look at one Lucas sequence: the extra strong one, and that of Lucas, Lehmer and
// Riesel.

#include "long.h"

static const mp_bitcnt_t whole = (mp_bitcnt_t)-1;

bool prk_lucas_parameter(mpz_srcptr n, uint32_t *parameter) {
    for (unsigned long p = 3;; p++) {
        const unsigned long d = p * p - 4;
        const int symbol = mpz_ui_kronecker(d, n);
        if (symbol == -1) {
            *parameter = (uint32_t)p;
            return true;
        }
        // A common factor: a proper one of n unless n divides D.
        if (symbol == 0 && mpz_gcd_ui(NULL, n, d) != 0 &&
            mpz_cmp_ui(n, mpz_gcd_ui(NULL, n, d)) != 0) {
            *parameter = 0;
            return false;
        }
    }
}

// Which condition holds, of a chain that has V_d and V_(d+1), n + 1 = d 2^twos.
//
// U_d = 0 is seen without U: V_(d+1) - V_(d-1) = D U_d and V_(d+1) + V_(d-1) = P V_d, so that
// D U_d = 2 V_(d+1) - P V_d, and D has no factor in common with n. With V_d = ±2 it is V_(d+1) =
// ±P.
//
// A prime n has w^(n+1) = 1 for the root w of x^2 - P x + 1, so that w^((n+1)/2) = ±1: V_(d
// 2^(s-1)) is ±2, and going down from there by V_2m = V_m^2 - 2 the first that is not 2 or -2 is 0.
// If none is, V_d = ±2, and U_d = 0 since w^d = ±1. So no V_(d 2^r) with r = s - 1 is ever looked
// at.
// `ahead`: what a far chain comes to.
static prk_status look_extra_strong(prk_chain *chain, mpz_srcptr p, mp_bitcnt_t twos, int ahead,
                                    const uint32_t *cancel, uint32_t *condition) {
    int small = prk_chain_small(chain);
    if (small == 2 || small == -2) {
        mpz_ptr next = prk_scratch_take(chain->m.scratch);
        prk_chain_next_value(chain, next);
        if (small == -2) {
            mpz_sub(next, chain->m.n, next);
        }
        *condition =
            mpz_congruent_p(next, p, chain->m.n) != 0 ? PRK_LUCAS_U_IS_ZERO : PRK_LUCAS_NONE;
        return PRK_STATUS_OK;
    }
    if (twos < 2) {
        return PRK_STATUS_OK;
    }
    mp_bitcnt_t r = 0;
    small = ahead;
    const prk_status status = prk_chain_settle(chain, twos - 2, cancel, &r, &small);
    if (small == 0 && r + 1 < twos) {
        *condition = (uint32_t)(PRK_LUCAS_V_IS_ZERO + r);
    }
    return status;
}

prk_status prk_extra_strong_lucas_test(prk_scratch *s, const prk_arithmetic *arithmetic,
                                       mpz_srcptr n, const prk_special_form *form,
                                       uint32_t parameter, const uint32_t *cancel,
                                       uint32_t *condition) {
    *condition = PRK_LUCAS_NONE;
    const size_t taken = s->taken;
    mpz_ptr p = prk_scratch_take(s), d = prk_scratch_take(s); // n + 1 = d 2^twos
    mpz_set_ui(p, parameter);
    mpz_tdiv_r(p, p, n);
    mpz_add_ui(d, n, 1);
    const mp_bitcnt_t twos = mpz_scan1(d, 0);
    mpz_tdiv_q_2exp(d, d, twos);
    prk_chain chain;
    prk_chain_begin_lucas(&chain, s, arithmetic, n, form, p, d);
    prk_status status = PRK_STATUS_OK;
    bool is_open = true;
    int small = 0;
    if (twos > 2 && prk_chain_is_far(&chain, twos - 2)) {
        status = prk_chain_look_ahead(&chain, twos - 2, cancel, &is_open, &small);
    }
    if (status == PRK_STATUS_OK && is_open) {
        status = prk_chain_run(&chain, whole, cancel);
    }
    if (status == PRK_STATUS_OK && is_open) {
        status = look_extra_strong(&chain, p, twos, small, cancel, condition);
    }
    s->taken = taken;
    return status;
}

prk_status prk_llr_test(prk_scratch *s, const prk_arithmetic *arithmetic, mpz_srcptr n,
                        const prk_special_form *form, unsigned p, const uint32_t *cancel,
                        bool *passed, mpz_ptr residue) {
    *passed = false;
    const size_t taken = s->taken;
    mpz_ptr first = prk_scratch_take(s), quarter = prk_scratch_take(s);
    mpz_set_ui(first, p);
    mpz_tdiv_r(first, first, n);
    mpz_add_ui(quarter, n, 1);
    mpz_tdiv_q_2exp(quarter, quarter, 2);
    prk_chain chain;
    prk_chain_begin_lucas(&chain, s, arithmetic, n, form, first, quarter);
    const prk_status status = prk_chain_run(&chain, whole, cancel);
    if (status == PRK_STATUS_OK) {
        prk_chain_value(&chain, residue);
        *passed = mpz_sgn(residue) == 0;
    }
    s->taken = taken;
    return status;
}
