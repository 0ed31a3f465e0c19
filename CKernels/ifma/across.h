// SPDX-License-Identifier: Apache-2.0
//
// Tests of one large number at a time, its limbs across the vectors: for the few that would leave
// most lanes idle.

#ifndef PRK_ACROSS_H
#define PRK_ACROSS_H

#include "lanes.h"

#pragma GCC visibility push(hidden)

/// Whether a group of so many numbers, of so many 52-bit limbs at most, is tested sooner one by
/// one.
bool prk_across_is_faster(size_t count, size_t limbs);

/// Bytes of memory for a number with so many limbs.
size_t prk_across_memory(size_t limbs);

/// As the tests in lanes.h, with the same outcome, one number after the other. `memory` is
/// prk_across_memory() bytes for the first one's limbs.
prk_status prk_across_strong(prk_lane_number *const *numbers, size_t count, void *memory,
                             prk_scratch *scratch, const uint32_t *cancel);
prk_status prk_across_lucas(prk_lane_number *const *numbers, size_t count, void *memory,
                            prk_scratch *scratch, const uint32_t *cancel);
prk_status prk_across_random_base(prk_lane_number *const *numbers, size_t count, void *memory,
                                  prk_scratch *scratch, uint64_t seed, const uint32_t *cancel);

/// Whether a power modulo an odd number of so many bits is computed sooner here than by GMP.
bool prk_across_takes(size_t bits);

/// result = base^exponent mod n, for an odd n that prk_across_takes(); base < n, exponent
/// above 0. `result` is none of the operands.
prk_status prk_across_pow_mod(prk_scratch *scratch, mpz_ptr result, mpz_srcptr base,
                              mpz_srcptr exponent, mpz_srcptr n, const uint32_t *cancel);

/// For tests: x[i] = x[i] y[i] / R modulo n, below 2n, R = 2^(52 k) >= 16 n; the square where y is
/// NULL. x and y are below 4n.
void prk_across_products(prk_scratch *scratch, mpz_srcptr n, int k, mpz_t *x, mpz_t *y,
                         size_t count, void *memory);

#pragma GCC visibility pop

#endif
