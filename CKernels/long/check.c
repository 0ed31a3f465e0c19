// SPDX-License-Identifier: Apache-2.0

#include "check.h"

#include <string.h>

mp_bitcnt_t prk_check_least = (mp_bitcnt_t)1 << 15;

// Squares of a stretch: what an error costs at most. A check of L^2 squares takes about 2.7 L more.
#define MOST_SQUARES 500000
// Below, all is done twice.
#define LEAST_SQUARES 64

static bool has_pair(const prk_checked *c) { return c->is_lucas && c->left >= c->zeros; }

size_t prk_check_residues(const prk_check *k, bool is_lucas) {
    return !k->is_on ? 0 : is_lucas ? 2 : 3;
}

void prk_check_lay(prk_check *k, bool is_lucas, size_t residue_bytes, unsigned char *memory) {
    prk_residue **const power[] = {&k->x, &k->product, &k->room};
    prk_residue **const lucas[] = {&k->x, &k->y};
    const size_t count = prk_check_residues(k, is_lucas);
    for (size_t i = 0; i < count; i++) {
        *(is_lucas ? lucas : power)[i] = (prk_residue *)(memory + i * residue_bytes);
    }
}

static void copy(const prk_checked *c, prk_residue *to, const prk_residue *from) {
    memcpy(to, from, c->residue_bytes);
}

// The largest number whose square is not above `squares`.
static mp_bitcnt_t root(mp_bitcnt_t squares) {
    mp_bitcnt_t r = 1;
    while ((r + 1) * (r + 1) <= squares) {
        r++;
    }
    return r;
}

void prk_check_open(prk_check *k, const prk_checked *c) {
    const bool is_pair = c->is_lucas && c->left > c->zeros;
    const mp_bitcnt_t left = is_pair ? c->left - c->zeros : c->left;
    const mp_bitcnt_t stretches = left / MOST_SQUARES == 0 ? 1 : left / MOST_SQUARES;
    k->start = c->left;
    k->block = k->blocks = 1;
    k->multiplied = 0;
    if (c->is_lucas) {
        k->block = left / stretches;
    } else if (left < LEAST_SQUARES) {
        k->block = left;
    } else {
        k->block = k->blocks = root(left / stretches);
    }
    copy(c, k->x, c->x);
    if (c->is_lucas) {
        copy(c, k->y, c->y);
    } else {
        copy(c, k->product, c->x);
    }
    k->is_open = true;
}

mp_bitcnt_t prk_check_stop(const prk_check *k) {
    return k->is_open ? k->start - (k->multiplied + 1) * k->block : 0;
}

// --- Powers --------------------------------------------------------------------------------------

// sum = the sum of what the exponent has in each block, below 2^block each.
static void add_exponents(const prk_check *k, const prk_checked *c, mpz_ptr sum, mpz_ptr part) {
    const size_t limbs = mpz_size(c->exponent);
    mpz_set_ui(sum, 0);
    for (mp_bitcnt_t i = 1; i <= k->blocks; i++) {
        const mp_bitcnt_t low = k->start - i * k->block;
        const size_t first = low / GMP_NUMB_BITS;
        if (first >= limbs) {
            continue;
        }
        size_t count = k->block / GMP_NUMB_BITS + 2;
        count = count < limbs - first ? count : limbs - first;
        mpz_t view;
        mpz_tdiv_q_2exp(part,
                        mpz_roinit_n(view, mpz_limbs_read(c->exponent) + first, (mp_size_t)count),
                        low % GMP_NUMB_BITS);
        mpz_tdiv_r_2exp(part, part, k->block);
        mpz_add(sum, sum, part);
    }
}

// room = the product of all but the last block's end, to 2^block, times a^sum.
static prk_status raise(const prk_check *k, const prk_checked *c, const uint32_t *cancel) {
    const prk_arithmetic *a = c->m->arithmetic;
    const size_t taken = c->m->scratch->taken;
    mpz_ptr sum = prk_scratch_take(c->m->scratch), high = prk_scratch_take(c->m->scratch);
    add_exponents(k, c, sum, high);
    mpz_tdiv_q_2exp(high, sum, k->block);
    copy(c, k->room, k->product);
    if (mpz_sgn(high) != 0) { // of a few bits: at most the number of blocks
        mpz_powm(high, c->first, high, c->m->n);
        a->to(c->m, c->y, high);
        a->multiply(c->m, k->room, c->y);
    }
    const uint32_t times = c->times;
    if (times == 0) {
        a->to(c->m, c->y, c->first);
    }
    prk_status status = PRK_STATUS_OK;
    for (mp_bitcnt_t bit = k->block; bit-- > 0 && status == PRK_STATUS_OK;) {
        const bool is_set = mpz_tstbit(sum, bit) != 0;
        a->square(c->m, k->room, is_set && times != 0 ? times : 1, NULL);
        if (is_set && times == 0) {
            a->multiply(c->m, k->room, c->y);
        }
        status = prk_is_cancelled(cancel) ? PRK_STATUS_CANCELLED : PRK_STATUS_OK;
    }
    c->m->scratch->taken = taken;
    return status;
}

static prk_status check_power(const prk_check *k, const prk_checked *c, const uint32_t *cancel,
                              bool *passed) {
    const prk_arithmetic *a = c->m->arithmetic;
    const prk_status status = raise(k, c, cancel);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    a->multiply(c->m, k->room, k->x);
    a->multiply(c->m, k->product, c->x);
    const size_t taken = c->m->scratch->taken;
    mpz_ptr one = prk_scratch_take(c->m->scratch), other = prk_scratch_take(c->m->scratch);
    a->from(c->m, one, k->room);
    a->from(c->m, other, k->product);
    *passed = mpz_cmp(one, other) == 0;
    c->m->scratch->taken = taken;
    return PRK_STATUS_OK;
}

// --- Lucas sequences -----------------------------------------------------------------------------

static bool is_right_pair(const prk_checked *c) {
    const size_t taken = c->m->scratch->taken;
    mpz_ptr x = prk_scratch_take(c->m->scratch), y = prk_scratch_take(c->m->scratch),
            sum = prk_scratch_take(c->m->scratch);
    c->m->arithmetic->from(c->m, x, c->x);
    c->m->arithmetic->from(c->m, y, c->y);
    mpz_mul(sum, c->first, x); // y (y - P x) + x^2 + P^2 - 4
    mpz_sub(sum, y, sum);
    mpz_mod(sum, sum, c->m->n);
    mpz_mul(sum, sum, y);
    mpz_addmul(sum, x, x);
    mpz_addmul(sum, c->first, c->first);
    mpz_sub_ui(sum, sum, 4);
    const bool is_right = mpz_divisible_p(sum, c->m->n) != 0;
    c->m->scratch->taken = taken;
    return is_right;
}

static bool may_be_right(const prk_checked *c) {
    const size_t taken = c->m->scratch->taken;
    mpz_ptr x = prk_scratch_take(c->m->scratch), d = prk_scratch_take(c->m->scratch);
    c->m->arithmetic->from(c->m, x, c->x);
    mpz_mul(x, x, x);
    mpz_sub_ui(x, x, 4);
    mpz_mul(d, c->first, c->first);
    mpz_sub_ui(d, d, 4);
    mpz_mod(d, d, c->m->n);
    mpz_mul(x, x, d);
    mpz_mod(x, x, c->m->n);
    const bool may_be = mpz_even_p(c->m->n) != 0 || mpz_jacobi(x, c->m->n) != -1;
    c->m->scratch->taken = taken;
    return may_be;
}

// --- Both ----------------------------------------------------------------------------------------

prk_status prk_check_block(prk_check *k, const prk_checked *c, const uint32_t *cancel,
                           bool *failed) {
    *failed = false;
    if (k->multiplied + 1 < k->blocks) {
        c->m->arithmetic->multiply(c->m, k->product, c->x);
        k->multiplied++;
        return PRK_STATUS_OK;
    }
    bool passed = false;
    if (!c->is_lucas) {
        const prk_status status = check_power(k, c, cancel, &passed);
        if (status != PRK_STATUS_OK) {
            return status;
        }
    } else {
        passed = has_pair(c) ? is_right_pair(c) : may_be_right(c);
    }
    k->is_open = false;
    k->failed = passed ? 0 : k->failed + 1;
    *failed = !passed;
    return PRK_STATUS_OK;
}
