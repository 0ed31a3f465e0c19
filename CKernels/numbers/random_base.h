// SPDX-License-Identifier: Apache-2.0
//
// Bases that a seed chooses.

#ifndef PRK_RANDOM_BASE_H
#define PRK_RANDOM_BASE_H

#include <gmp.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// base = the `round`th base for n, uniform in [2, n - 2]. n >= 5.
void prk_random_base_mpz(mpz_ptr base, mpz_srcptr n, uint64_t seed, uint32_t round);

#pragma GCC visibility pop

#endif
