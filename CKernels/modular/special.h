// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo k 2^e ± 1.

#ifndef PRK_SPECIAL_MODULUS_H
#define PRK_SPECIAL_MODULUS_H

#include "../numbers/scratch.h"
#include "form.h"

#pragma GCC visibility push(hidden)

/// Arithmetic modulo n = top 2^(64 zeros) + sign, all residues in [0, n) and of `limbs` limbs. A
/// residue x is kept as x R mod n: R = 2^(64 limbs), or 1 when zeros is 0. All memory is the
/// scratch's, and none is taken after prk_special_modulus_set.
typedef struct prk_special_modulus {
    const mp_limb_t *n;
    const mp_limb_t *top;
    size_t limbs, zeros, top_limbs;
    int sign;
    mp_limb_t *one;       // R mod n; the caller may write over it
    mp_limb_t *x, *y, *z; // residues for the caller
    mp_limb_t *twofold;   // 2 limbs, of products
    mp_limb_t *spare;     // limbs + 1
} prk_special_modulus;

/// The modulus n. While it is in use, of the scratch's fields x alone is free for other things.
void prk_special_modulus_set(prk_special_modulus *m, prk_scratch *scratch, mpz_srcptr n,
                             const prk_special_form *form);

/// r = a b. Each may be the others.
void prk_special_multiply(const prk_special_modulus *m, mp_limb_t *r, const mp_limb_t *a,
                          const mp_limb_t *b);
/// r = a - b. Each may be the others.
void prk_special_subtract(const prk_special_modulus *m, mp_limb_t *r, const mp_limb_t *a,
                          const mp_limb_t *b);
/// r = a times, times >= 1. r may be a.
void prk_special_times(const prk_special_modulus *m, mp_limb_t *r, const mp_limb_t *a,
                       unsigned times);
/// The residue as a number.
void prk_special_value(const prk_special_modulus *m, mpz_ptr value, const mp_limb_t *x);

#pragma GCC visibility pop

#endif
