// SPDX-License-Identifier: Apache-2.0
//
// Tests that look at one power: Fermat's residue, the strong test, Proth's.

#include "long.h"

static const mp_bitcnt_t whole = (mp_bitcnt_t)-1;

prk_status prk_power(prk_scratch *s, const prk_arithmetic *arithmetic, mpz_ptr result,
                     mpz_srcptr base, mpz_srcptr exponent, mpz_srcptr n,
                     const prk_special_form *form, const uint32_t *cancel) {
    prk_chain chain;
    prk_chain_begin_power(&chain, s, arithmetic, n, form, base, exponent);
    const prk_status status = prk_chain_run(&chain, whole, cancel);
    if (status == PRK_STATUS_OK) {
        prk_chain_value(&chain, result);
    }
    prk_chain_end(&chain);
    return status;
}

// Whether the power is 1, or it or one of the squares that follow up to n - 1 is -1.
// `small`: what a far chain comes to.
static prk_status look_strong(prk_chain *chain, mp_bitcnt_t twos, int small, const uint32_t *cancel,
                              bool *passed) {
    mp_bitcnt_t squares = 0;
    const prk_status status = prk_chain_settle(chain, twos - 1, cancel, &squares, &small);
    *passed = squares < twos && (small == -1 || (small == 1 && squares == 0));
    return status;
}

prk_status prk_strong_test(prk_scratch *s, const prk_arithmetic *arithmetic, mpz_srcptr n,
                           const prk_special_form *form, mpz_srcptr base, const uint32_t *cancel,
                           bool *passed) {
    *passed = false;
    const size_t taken = s->taken;
    mpz_ptr d = prk_scratch_take(s); // n - 1 = d 2^twos
    mpz_sub_ui(d, n, 1);
    const mp_bitcnt_t twos = mpz_scan1(d, 0);
    mpz_tdiv_q_2exp(d, d, twos);
    prk_chain chain;
    prk_chain_begin_power(&chain, s, arithmetic, n, form, base, d);
    prk_status status = PRK_STATUS_OK;
    bool is_open = true;
    int small = 0;
    if (prk_chain_is_far(&chain, twos - 1)) {
        status = prk_chain_look_ahead(&chain, twos - 1, cancel, &is_open, &small);
        if (status == PRK_STATUS_OK && is_open && small == -1) { // as late as it may be
            is_open = false;
            *passed = true;
        }
    }
    if (status == PRK_STATUS_OK && is_open) {
        status = prk_chain_run(&chain, whole, cancel);
    }
    if (status == PRK_STATUS_OK && is_open) {
        status = look_strong(&chain, twos, small, cancel, passed);
    }
    s->taken = taken;
    return status;
}

prk_status prk_proth_test(prk_scratch *s, const prk_arithmetic *arithmetic, mpz_srcptr n,
                          const prk_special_form *form, unsigned a, const uint32_t *cancel,
                          bool *passed, mpz_ptr residue) {
    *passed = false;
    const size_t taken = s->taken;
    mpz_ptr half = prk_scratch_take(s);
    mpz_tdiv_q_2exp(half, n, 1);
    mpz_t view;
    const mp_limb_t base = a;
    prk_chain chain;
    prk_chain_begin_power(&chain, s, arithmetic, n, form, mpz_roinit_n(view, &base, 1), half);
    const prk_status status = prk_chain_run(&chain, whole, cancel);
    if (status == PRK_STATUS_OK) {
        prk_chain_value(&chain, residue);
        mpz_add_ui(residue, residue, 1);
        *passed = mpz_cmp(residue, n) == 0;
        if (*passed) {
            mpz_set_ui(residue, 0);
        }
    }
    s->taken = taken;
    return status;
}
