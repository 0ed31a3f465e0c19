// SPDX-License-Identifier: Apache-2.0
//
// The inside of a tower of fields, and how its levels are made.

#ifndef PRK_TOWER_H
#define PRK_TOWER_H

#include "ecpp.h"
#include "invariants.h"

#pragma GCC visibility push(hidden)

#define PRK_MOST_TOWER_DEGREE 13

/// The polynomial X^p - s_1 X^(p-1) + s_2 X^(p-2) - … over a field of degree `width` that y
/// generates.
typedef struct prk_tower_level {
    unsigned degree;
    size_t width;
    // y = Σ mix[j] s_(j + 1), mix[0] = 1. Over the rational numbers there is no y.
    int64_t mix[PRK_MOST_TOWER_DEGREE];
    mpz_t *derivative; // V', `width` coefficients, the constant one first
    mpz_t *parts;      // `degree` times `width`: the W of each s, but of s_1 where there is y
} prk_tower_level;

struct prk_tower {
    int32_t d;
    bool is_kept; // for the process
    prk_invariant invariant;
    size_t count;
    prk_tower_level levels[PRK_MOST_GROUP_STEPS]; // the top first
};

/// NULL: no memory.
mpz_t *prk_numbers_make(size_t count);
void prk_numbers_free(mpz_t *numbers, size_t count);

/// Memory for one more level, whose degree and width it gets.
prk_tower_level *prk_tower_add(prk_tower *tower, unsigned degree, size_t width);
void prk_tower_clear(prk_tower *tower);

/// The levels of a tower whose invariant is set, with no levels; `h` is its class number.
/// PRK_STATUS_INVALID_ARGUMENT: that is wrong. `*is_made` false: no precision that was tried
/// sufficed. Costs some h^2 products of numbers as long as the polynomial's coefficients.
prk_status prk_tower_raise(prk_tower *tower, size_t h, const uint32_t *cancel, bool *is_made);

#pragma GCC visibility pop

#endif
