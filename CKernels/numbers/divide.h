// SPDX-License-Identifier: Apache-2.0
//
// Division modulo n by what is small.

#ifndef PRK_DIVIDE_H
#define PRK_DIVIDE_H

#include <gmp.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// u = u / q modulo n, 0 <= u < n, of `size` limbs and with room for one more; n has `size` limbs.
/// q is not 0 and has no factor in common with n. Up to |q| additions beside two divisions by q.
void prk_divide_modulo(mp_limb_t *u, const mp_limb_t *n, mp_size_t size, int64_t q);

#pragma GCC visibility pop

#endif
