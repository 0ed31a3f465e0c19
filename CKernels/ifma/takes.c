// SPDX-License-Identifier: Apache-2.0
//
// Which numbers the kernels in lanes take.

#include "lanes.h"

#if defined(__x86_64__)

bool prk_lanes_take(size_t bits) {
    return bits > 64 && bits <= PRK_LANE_MOST_BITS && prk_kernels()->level == PRK_LEVEL_AVX512_IFMA;
}

#else

bool prk_lanes_take(size_t bits) {
    (void)bits;
    return false;
}

#endif
