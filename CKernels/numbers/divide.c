// SPDX-License-Identifier: Apache-2.0

#include "divide.h"

void prk_divide_modulo(mp_limb_t *u, const mp_limb_t *n, mp_size_t size, int64_t q) {
    const mp_limb_t magnitude = q < 0 ? -(mp_limb_t)q : (mp_limb_t)q;
    if (magnitude > 1) {
        // u + i n is divisible for one i below |q|, since q has no factor with n.
        mp_limb_t i = u[0] & 1;
        if (magnitude != 2) {
            const mp_limb_t step = mpn_mod_1(n, size, magnitude);
            mp_limb_t rest = mpn_mod_1(u, size, magnitude);
            for (i = 0; rest != 0; i++) {
                rest = (rest + step) % magnitude;
            }
        }
        u[size] = mpn_addmul_1(u, n, size, i);
        mpn_divexact_1(u, u, size + 1, magnitude);
    }
    if (q < 0 && mpn_zero_p(u, size) == 0) {
        mpn_sub_n(u, n, u, size);
    }
}
