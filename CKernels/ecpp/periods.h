// SPDX-License-Identifier: Apache-2.0
//
// Exponentials at quadratic numbers.

#ifndef PRK_PERIODS_H
#define PRK_PERIODS_H

#include "quadratic.h"
#include "reals.h"

#pragma GCC visibility push(hidden)

/// 1 / η at a reduced form with b >= 0, without a power of two.
typedef struct prk_eta {
    prk_quadratic form;
    prk_complex inverse;
    int64_t exponent;
} prk_eta;

/// What all values for one discriminant need.
typedef struct prk_periods {
    mp_bitcnt_t bits;
    mpz_t pi, root, period, root2; // π, √|D|, π √|D|, √2
    mpz_t work[2];
    prk_eta *etas; // those that were computed
    size_t count;
} prk_periods;

/// With room for `etas` of them. False: no memory.
bool prk_periods_init(prk_periods *periods, int64_t discriminant, mp_bitcnt_t bits, size_t etas);
void prk_periods_clear(prk_periods *periods);

/// The binary logarithm of e^(π √|D|), in parts of 1024.
int64_t prk_period_size(int64_t discriminant);

/// r = (-b + √D) / 2a. large = e^(-2πi r power / level) e^(2πi turn / turns) without its power of
/// two, which is returned; small = 1 / large with it.
int64_t prk_exponentials(prk_complex *large, prk_complex *small, const prk_quadratic *form,
                         int64_t power, int64_t level, int64_t turn, int64_t turns,
                         prk_periods *periods);

#pragma GCC visibility pop

#endif
