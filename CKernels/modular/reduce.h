// SPDX-License-Identifier: Apache-2.0
//
// Montgomery's reduction [Mont85] of limbs, one limb after the other.

#ifndef PRK_REDUCE_H
#define PRK_REDUCE_H

#include <gmp.h>

/// r = t / R mod n, canonical, for t < n R of 2 size limbs, R = 2^(64 size). t is lost.
/// `negated_inverse`: -n^-1 mod 2^64.
static inline void prk_reduce_limbs(mp_limb_t *r, mp_limb_t *t, const mp_limb_t *n, mp_size_t size,
                                    mp_limb_t negated_inverse) {
    // Each limb that is gone has its place taken by what is carried from there on.
    for (mp_size_t i = 0; i < size; i++) {
        t[i] = mpn_addmul_1(t + i, n, size, t[i] * negated_inverse);
    }
    const mp_limb_t carry = mpn_add_n(r, t + size, t, size); // below 2n
    if (carry != 0 || mpn_cmp(r, n, size) >= 0) {
        mpn_sub_n(r, r, n, size);
    }
}

#endif
