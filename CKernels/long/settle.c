// SPDX-License-Identifier: Apache-2.0

#include "settle.h"

// Whether squares stay with it: at 1 after -1, or 0; at 2 after -2 after 0.
static bool has_settled(const prk_chain *c, int small) {
    return c->is_lucas ? small == 0 || small == 2 || small == -2
                       : small == 0 || small == 1 || small == -1;
}

// Between them a look costs more than squares.
#define MOST_LOOKS 16

bool prk_chain_is_far(const prk_chain *c, mp_bitcnt_t most) {
    return most > MOST_LOOKS && c->middle->is_watched;
}

// A chain of another exponent, or base.
static void begin_like(prk_chain *other, const prk_chain *c, mpz_srcptr first,
                       mpz_srcptr exponent) {
    (c->is_lucas ? prk_chain_begin_lucas : prk_chain_begin_power)(other, c->m.scratch, c->middle,
                                                                  c->m.n, c->form, first, exponent);
}

prk_status prk_chain_look_ahead(prk_chain *c, mp_bitcnt_t most, const uint32_t *cancel,
                                bool *settles, int *small) {
    const size_t taken = c->m.scratch->taken;
    mpz_ptr exponent = prk_scratch_take(c->m.scratch);
    mpz_mul_2exp(exponent, c->exponent, most);
    prk_chain ahead;
    begin_like(&ahead, c, c->first, exponent);
    const prk_status status = prk_chain_run(&ahead, (mp_bitcnt_t)-1, cancel);
    if (status == PRK_STATUS_OK) {
        *small = prk_chain_small(&ahead);
        *settles = has_settled(c, *small);
    }
    c->m.scratch->taken = taken;
    return status;
}

// It settles after `most` squares, at `*small`: halves what lies before. A chain each, so that each
// is checked, and kept, as any is.
static prk_status settle_far(prk_chain *c, mp_bitcnt_t most, const uint32_t *cancel,
                             mp_bitcnt_t *squares, int *small) {
    const size_t taken = c->m.scratch->taken;
    mpz_ptr kept = prk_scratch_take(c->m.scratch), exponent = prk_scratch_take(c->m.scratch);
    prk_chain_value(c, kept);
    mp_bitcnt_t low = 0, high = most; // kept is after `low` squares, and has not settled
    prk_status status = PRK_STATUS_OK;
    while (status == PRK_STATUS_OK && high - low > 1) {
        const mp_bitcnt_t middle = low + (high - low) / 2;
        mpz_set_ui(exponent, 0);
        mpz_setbit(exponent, middle - low);
        prk_chain part;
        begin_like(&part, c, kept, exponent);
        status = prk_chain_run(&part, (mp_bitcnt_t)-1, cancel);
        const int there = status == PRK_STATUS_OK ? prk_chain_small(&part) : 0;
        if (status == PRK_STATUS_OK && has_settled(c, there)) {
            high = middle;
            *small = there;
        } else if (status == PRK_STATUS_OK) {
            low = middle;
            prk_chain_value(&part, kept);
        }
        prk_chain_end(&part);
    }
    *squares = high;
    c->m.scratch->taken = taken;
    return status;
}

prk_status prk_chain_settle(prk_chain *c, mp_bitcnt_t most, const uint32_t *cancel,
                            mp_bitcnt_t *squares, int *small) {
    const int ahead = *small;
    *small = prk_chain_small(c);
    *squares = 0;
    if (has_settled(c, *small) || most == 0) {
        *squares = has_settled(c, *small) ? 0 : 1;
        return PRK_STATUS_OK;
    }
    if (prk_chain_is_far(c, most)) {
        *small = ahead;
        return settle_far(c, most, cancel, squares, small);
    }
    while (*squares < most && !has_settled(c, *small)) {
        const prk_status status = prk_chain_square(c, cancel);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        *small = prk_chain_small(c);
        ++*squares;
    }
    *squares += has_settled(c, *small) ? 0 : 1;
    return PRK_STATUS_OK;
}
