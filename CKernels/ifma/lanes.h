// SPDX-License-Identifier: Apache-2.0
//
// Tests of large numbers, eight in the lanes of a vector.

#ifndef PRK_LANES_H
#define PRK_LANES_H

#include "../numbers/scratch.h"

#pragma GCC visibility push(hidden)

#define PRK_LANES 8
// Vectors that are tested side by side, so that they hide each other's latency.
#define PRK_LANE_VECTORS 4
#define PRK_LANE_GROUP ((size_t)PRK_LANES * PRK_LANE_VECTORS)

#define PRK_LIMB_BITS 52
#define PRK_LANE_MOST_BITS 8192
/// 52-bit limbs of a number in a lane, of whose Montgomery form R is at least 16 times as large.
static inline size_t prk_lane_limbs(size_t bits) {
    return (bits + 4 + PRK_LIMB_BITS - 1) / PRK_LIMB_BITS;
}

/// A number that is tested in a lane: odd, above 2.
typedef struct prk_lane_number {
    const uint64_t *limbs; // the highest is not 0
    size_t size, bits;
    prk_report *report;
    int32_t k;          // its limbs of 52 bits
    uint32_t round;     // the last random base that was tested
    uint32_t p;         // of the Lucas test
    uint32_t condition; // by which it was passed
    bool passed;
    bool is_divided; // by small primes
    bool is_rounded; // an arithmetic that rounds had a part in the test
} prk_lane_number;

/// The number as GMP sees it.
static inline mpz_srcptr prk_lane_view(mpz_ptr view, const prk_lane_number *number) {
    return mpz_roinit_n(view, (const mp_limb_t *)number->limbs, (mp_size_t)number->size);
}

// --- Trial division (lanes_trial.c) --------------------------------------------------------------

/// Divides numbers by small primes, each to the depth that its size deserves, reports factors and
/// takes those that have one from the list. The first has the largest `k`, and the scratch's
/// `lanes` as many vectors.
prk_status prk_lanes_divide(prk_scratch *scratch, prk_lane_number **list, size_t *count,
                            const uint32_t *cancel);

// --- Groups (lanes.c) ----------------------------------------------------------------------------

/// Vectors of memory that a group of numbers with so many 52-bit limbs needs.
size_t prk_lane_memory(size_t limbs);

/// Each sets `passed` of up to PRK_LANE_GROUP numbers, of which the first has the largest `k`.
/// `memory` is prk_lane_memory() vectors, aligned. PRK_STATUS_CANCELLED leaves `passed` as it was.
prk_status prk_lanes_strong(prk_lane_number *const *numbers, size_t count, void *memory,
                            prk_scratch *scratch, const uint32_t *cancel);

/// The extra strong Lucas test with each one's `p`, of which (p^2 - 4|n) = -1. Sets `condition`,
/// too.
prk_status prk_lanes_lucas(prk_lane_number *const *numbers, size_t count, void *memory,
                           prk_scratch *scratch, const uint32_t *cancel);

/// Montgomery forms for prk_lanes_lucas, R = 2^(52 k): p = P R and minus_two = -2 R mod n.
void prk_lane_lucas_constants(prk_scratch *scratch, const prk_lane_number *number, int k, mpz_ptr p,
                              mpz_ptr minus_two);

/// To the base that `seed` gives for each number's `round`.
prk_status prk_lanes_random_base(prk_lane_number *const *numbers, size_t count, void *memory,
                                 prk_scratch *scratch, uint64_t seed, const uint32_t *cancel);

// --- Powers (lanes_power.c) ----------------------------------------------------------------------

/// result = base^exponent modulo n, or V_exponent(base, 1): 0 <= base < n, n odd, prk_lanes_take()
/// its size, exponent >= 0; the result is below n, and is none of the other numbers.
typedef struct prk_lane_power {
    mpz_srcptr n, base, exponent;
    mpz_ptr result;
} prk_lane_power;

/// At most PRK_LANES powers, or terms of Lucas sequences, modulo numbers of about the same
/// size: as long as the longest would take. Uses the scratch's `lanes`. PRK_STATUS_CANCELLED,
/// PRK_STATUS_NO_MEMORY: no result was set.
prk_status prk_lanes_powers(const prk_lane_power *list, size_t count, bool is_lucas,
                            prk_scratch *scratch, const uint32_t *cancel);

/// For tests: x[i] = x[i] y[i] / R modulo number i, below twice the number; the square where y is
/// NULL. x and y are below four times the number.
void prk_lanes_product(prk_lane_number *const *numbers, size_t count, mpz_t *x, mpz_t *y,
                       void *memory);

#pragma GCC visibility pop

#endif
