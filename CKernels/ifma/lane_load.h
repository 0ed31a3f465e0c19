// SPDX-License-Identifier: Apache-2.0
//
// A number into a lane.

#ifndef PRK_LANE_LOAD_H
#define PRK_LANE_LOAD_H

#include "lanes.h"

#pragma GCC visibility push(hidden)

/// Limbs of 64 bits into k limbs of 52 of a lane: every eighth place from `to` on.
static inline void prk_lane_load(uint64_t *to, const uint64_t *limbs, size_t size, int k) {
    for (int j = 0; j < k; j++) {
        const size_t word = (size_t)j * PRK_LIMB_BITS / 64;
        const unsigned offset = (unsigned)j * PRK_LIMB_BITS % 64;
        uint64_t limb = word < size ? limbs[word] >> offset : 0;
        if (offset > 64 - PRK_LIMB_BITS && word + 1 < size) {
            limb |= limbs[word + 1] << (64 - offset);
        }
        to[(size_t)j * PRK_LANES] = limb & ((UINT64_C(1) << PRK_LIMB_BITS) - 1);
    }
}

#pragma GCC visibility pop

#endif
