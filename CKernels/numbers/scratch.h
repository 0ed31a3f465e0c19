// SPDX-License-Identifier: Apache-2.0
//
// What tests of large numbers reuse: the inside of prk_scratch.

#ifndef PRK_SCRATCH_H
#define PRK_SCRATCH_H

#include <gmp.h>

#include "../include/prk_kernels.h"
#include "../system/memory.h"

_Static_assert(GMP_NUMB_BITS == 64, "limbs are handed to GMP as they are");
_Static_assert(sizeof(mp_limb_t) == sizeof(uint64_t), "limbs are handed to GMP as they are");

#pragma GCC visibility push(hidden)

#define PRK_WINDOW_BITS 4

struct prk_scratch {
    size_t reserved;                          // limbs of n for which memory was probed
    mpz_t n_minus_1, d, base, x, product;     // strong tests and powers
    mpz_t u, v, qk, t;                        // Lucas
    mpz_t window[1 << (PRK_WINDOW_BITS - 1)]; // odd powers of a large base
    mpz_t small;                              // a 64-bit number as mpz
    prk_memory products;                      // of primes to divide by, in lanes
    prk_memory lanes, across, block;          // of tests in lanes, across them, of a batch
};

/// Asks malloc for what a test of `limbs` limbs will need, since GMP aborts when it gets none.
prk_status prk_scratch_reserve(prk_scratch *scratch, size_t limbs);

#pragma GCC visibility pop

#endif
