// SPDX-License-Identifier: Apache-2.0
//
// Double quotients of η as class invariants [EnSc04]: w = η(τ/p) η(τ/q) / η(τ) η(τ/pq), a power of
// it. The power is that where j(τ) and j(τ/pq) are the roots of a polynomial over Q(w).

#ifndef PRK_DOUBLE_ETA_H
#define PRK_DOUBLE_ETA_H

#include "../numbers/scratch.h"
#include "periods.h"

#pragma GCC visibility push(hidden)

typedef struct prk_double_eta {
    int64_t p[2];
    unsigned power;   // 24 / (p - 1) (q - 1)
    unsigned factors; // how many times longer j's coefficients are
    // For x = w^power: j(τ) + j(τ/pq), from x^-max(p, q) up to x^pq, and their product, from
    // x^-(p + q) up to x^(pq + 1).
    const int64_t *sum, *product;
} prk_double_eta;

#define PRK_DOUBLE_ETAS 4
extern const prk_double_eta prk_double_etas[PRK_DOUBLE_ETAS];

/// The one with the smallest coefficients for a fundamental discriminant, if it has more than so
/// many factors. NULL: none is.
const prk_double_eta *prk_double_eta_of(int64_t discriminant, unsigned factors);

/// The least b >= 0 with b^2 = D modulo 4 p q.
int64_t prk_double_eta_b(const prk_double_eta *eta, int64_t discriminant);

/// As prk_conjugate_size, prk_conjugate_value and prk_invariant_to_j. The form's `a` is coprime to
/// p q, which divides its c.
int64_t prk_double_eta_size(const prk_double_eta *eta, const prk_quadratic *form,
                            int64_t discriminant);
int64_t prk_double_eta_value(prk_complex *x, const prk_double_eta *eta, const prk_quadratic *form,
                             prk_periods *periods);
prk_status prk_double_eta_to_j(mpz_ptr j, const prk_double_eta *eta, mpz_srcptr x, mpz_srcptr n,
                               prk_scratch *s, const uint32_t *cancel, bool *found);

#pragma GCC visibility pop

#endif
