// SPDX-License-Identifier: Apache-2.0
//
// The numbers by which a second stage goes, of p - 1 and of curves: multiples of 210, and from each
// of them to both sides. A prime is a multiple of 210 and less than 105, prime to 210, more or
// less.

#ifndef PRK_STAGE_H
#define PRK_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PRK_STAGE_STEP = 210,
    PRK_STAGE_ODD = PRK_STAGE_STEP / 4 + 1, // odd numbers to 105
    PRK_STAGE_SIDE = 24,                    // those of them that are prime to 210
    PRK_STAGE_FURTHER = 50,                 // times the bound of the first stage
};

/// Whether the odd number 2 i + 1 is prime to 210.
static inline bool prk_stage_is_side(size_t i) {
    const size_t number = 2 * i + 1;
    return number % 3 != 0 && number % 5 != 0 && number % 7 != 0;
}

/// The first multiple of 210 and the last one, counted in 210. bound >= 105.
static inline uint64_t prk_stage_first(uint64_t bound) {
    return (bound + PRK_STAGE_STEP / 2) / PRK_STAGE_STEP;
}
static inline uint64_t prk_stage_last(uint64_t bound) {
    return PRK_STAGE_FURTHER * bound / PRK_STAGE_STEP + 1;
}

/// The multiples of 210 that there are, for what they cost.
static inline uint64_t prk_stage_steps(uint64_t bound) {
    return PRK_STAGE_FURTHER * bound / PRK_STAGE_STEP;
}

#endif
