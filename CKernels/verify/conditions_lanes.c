// SPDX-License-Identifier: Apache-2.0
//
// Steps on curves, eight at once.

#include "../curve/curve.h"
#include "conditions.h"

prk_status prk_steps_hold_in_lanes(const prk_step *const *steps, size_t count, prk_scratch *scratch,
                                   const uint32_t *cancel, bool *holds) {
    (void)steps, (void)scratch, (void)cancel;
    for (size_t i = 0; i < count; i++) {
        holds[i] = false;
    }
    return PRK_STATUS_OK;
}
