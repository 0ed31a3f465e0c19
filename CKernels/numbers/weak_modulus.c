// SPDX-License-Identifier: Apache-2.0
//
// Factors that a modulus should not have: small ones, close ones, and those that it shares.

#include <stdlib.h>
#include <string.h>

#include "../include/prk_kernels.h"
#include "../include/prk_keys.h"
#include "../system/memory.h"
#include "integer.h"

uint64_t prk_integer_least_factor(const prk_integer *n, const prk_integer *primorial,
                                  uint64_t bound) {
    mpz_t common;
    mpz_init(common);
    mpz_gcd(common, n->value, primorial->value);
    uint64_t factor = 0;
    if (mpz_cmp_ui(common, 1) > 0) {
        // The least divisor above 1 is prime.
        for (uint64_t d = 2; d <= bound && factor == 0; d++) {
            factor = mpz_divisible_ui_p(common, d) ? d : 0;
        }
    }
    mpz_clear(common);
    return factor;
}

uint64_t prk_integer_fermat_steps(const prk_integer *n, uint64_t steps, const uint32_t *cancel) {
    if (mpz_even_p(n->value) || mpz_cmp_ui(n->value, 9) < 0) {
        return 0;
    }
    // a^2 - n for a from ceil(sqrt n) on: that it is a square, b^2, is n = (a - b) (a + b). The
    // next one is larger by 2 a + 1.
    mpz_t rest, growth;
    mpz_inits(rest, growth, (mpz_ptr)NULL);
    mpz_sqrt(growth, n->value);
    mpz_mul(rest, growth, growth);
    mpz_sub(rest, rest, n->value);
    mpz_mul_2exp(growth, growth, 1);
    mpz_add_ui(growth, growth, 1);
    uint64_t step = 1;
    if (mpz_sgn(rest) != 0) { // below n
        mpz_add(rest, rest, growth);
        mpz_add_ui(growth, growth, 2);
    }
    // Beyond it the factors are 1 and n: a = (n + 1) / 2.
    mpz_t last;
    mpz_init(last);
    mpz_add_ui(last, n->value, 2);
    while (step <= steps && !mpz_perfect_square_p(rest)) {
        mpz_add(rest, rest, growth);
        mpz_add_ui(growth, growth, 2);
        step++;
        if (prk_is_cancelled(cancel)) {
            step = UINT64_MAX;
            break;
        }
    }
    // growth is 2 a + 1.
    if (step > steps || mpz_cmp(growth, last) >= 0) {
        step = 0;
    }
    mpz_clears(rest, growth, last, (mpz_ptr)NULL);
    return step;
}

// --- Batch gcd -----------------------------------------------------------------------------------

enum { MOST_LEVELS = 64 };

// Products of two neighbours each, up to one. Level 0 are the numbers themselves.
typedef struct tree {
    mpz_t *levels[MOST_LEVELS];
    size_t counts[MOST_LEVELS];
    int height;
} tree;

static mpz_t *create_level(size_t count) {
    mpz_t *level = malloc(count * sizeof *level);
    for (size_t i = 0; level != NULL && i < count; i++) {
        mpz_init(level[i]);
    }
    return level;
}

static void destroy_level(mpz_t *level, size_t count) {
    for (size_t i = 0; level != NULL && i < count; i++) {
        mpz_clear(level[i]);
    }
    free(level);
}

static bool add_level(tree *t, size_t count) {
    t->levels[t->height] = create_level(count);
    t->counts[t->height] = count;
    t->height++;
    return t->levels[t->height - 1] != NULL;
}

static prk_status multiply_up(tree *t, const uint32_t *cancel) {
    while (t->counts[t->height - 1] > 1) {
        const mpz_t *below = (const mpz_t *)t->levels[t->height - 1];
        const size_t count = t->counts[t->height - 1];
        if (!add_level(t, (count + 1) / 2)) {
            return PRK_STATUS_NO_MEMORY;
        }
        mpz_t *level = t->levels[t->height - 1];
        for (size_t i = 0; i < count; i += 2) {
            if (i + 1 < count) {
                mpz_mul(level[i / 2], below[i], below[i + 1]);
            } else {
                mpz_set(level[i / 2], below[i]);
            }
            if (prk_is_cancelled(cancel)) {
                return PRK_STATUS_CANCELLED;
            }
        }
    }
    return PRK_STATUS_OK;
}

// Replaces each node by the product of all numbers modulo the node's square; of level 0 by that
// divided by the node.
static prk_status reduce_down(tree *t, const uint32_t *cancel) {
    mpz_t square;
    mpz_init(square);
    prk_status status = PRK_STATUS_OK;
    for (int height = t->height - 1; height-- > 0 && status == PRK_STATUS_OK;) {
        mpz_t *level = t->levels[height];
        const mpz_t *above = (const mpz_t *)t->levels[height + 1];
        for (size_t i = 0; i < t->counts[height] && status == PRK_STATUS_OK; i++) {
            mpz_mul(square, level[i], level[i]);
            mpz_tdiv_r(square, above[i / 2], square);
            if (height == 0) {
                mpz_divexact(square, square, level[i]);
                mpz_gcd(level[i], level[i], square);
            } else {
                mpz_swap(level[i], square);
            }
            status = prk_is_cancelled(cancel) ? PRK_STATUS_CANCELLED : status;
        }
        destroy_level(t->levels[height + 1], t->counts[height + 1]);
        t->levels[height + 1] = NULL;
    }
    mpz_clear(square);
    return status;
}

static prk_status check(const uint64_t *limbs, const uint64_t *offsets, size_t count) {
    for (size_t i = 0; i < count; i++) {
        bool is_zero = true;
        for (uint64_t k = offsets[i]; k < offsets[i + 1]; k++) {
            is_zero = is_zero && limbs[k] == 0;
        }
        if (is_zero) {
            return PRK_STATUS_INVALID_ARGUMENT;
        }
    }
    const uint64_t total = offsets[count] - offsets[0];
    if (total > UINT64_C(1) << 26) {
        return PRK_STATUS_TOO_LARGE;
    }
    // The tree, residues and squares of twice its size, and what GMP's products take for a while.
    uint64_t levels = 1;
    while (count >> levels != 0) {
        levels++;
    }
    const uint64_t needed = total * sizeof(uint64_t) * (levels + 24) + count * 64;
    return needed > prk_memory_available() ? PRK_STATUS_NO_MEMORY : PRK_STATUS_OK;
}

prk_status prk_batch_gcd(const uint64_t *limbs, const uint64_t *offsets, size_t count,
                         const uint32_t *cancel, uint64_t *divisors) {
    if (count == 0) {
        return PRK_STATUS_OK;
    }
    if (limbs == NULL || offsets == NULL || divisors == NULL) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    prk_status status = check(limbs, offsets, count);
    if (status != PRK_STATUS_OK) {
        return status;
    }
    tree t = {.height = 0};
    if (!add_level(&t, count)) {
        return PRK_STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        mpz_import(t.levels[0][i], offsets[i + 1] - offsets[i], -1, sizeof *limbs, 0, 0,
                   limbs + offsets[i]);
    }
    if (count == 1) {
        mpz_set_ui(t.levels[0][0], 1);
    } else {
        status = multiply_up(&t, cancel);
        if (status == PRK_STATUS_OK) {
            status = reduce_down(&t, cancel);
        }
    }
    if (status == PRK_STATUS_OK) {
        memset(divisors + offsets[0], 0, (offsets[count] - offsets[0]) * sizeof *divisors);
        for (size_t i = 0; i < count; i++) {
            mpz_export(divisors + offsets[i], NULL, -1, sizeof *divisors, 0, 0, t.levels[0][i]);
        }
    }
    for (int i = 0; i < t.height; i++) {
        destroy_level(t.levels[i], t.counts[i]);
    }
    return status;
}
