// SPDX-License-Identifier: Apache-2.0
//
// Steps on curves, eight at once.

#include "../ifma/lanes.h"
#include "conditions.h"

static prk_status look_at_claims(const prk_curve_claim *claims, size_t count, prk_scratch *scratch,
                                 const uint32_t *cancel, const size_t *places, bool *holds) {
    prk_curve_answer answers[PRK_LANES];
    const prk_status status =
        count == 0 ? PRK_STATUS_OK
                   : prk_curve_look_in_lanes(claims, count, scratch, cancel, answers);
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        holds[places[i]] = answers[i] == PRK_CURVE_SHOWN;
    }
    return status;
}

prk_status prk_steps_hold_in_lanes(const prk_step *const *steps, size_t count, prk_scratch *scratch,
                                   const uint32_t *cancel, bool *holds) {
    prk_curve_claim claims[PRK_LANES];
    size_t places[PRK_LANES], claimed = 0;
    if (count > PRK_LANES) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    const size_t taken = scratch->taken;
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0; i < count && status == PRK_STATUS_OK; i++) {
        holds[i] = false;
        const prk_step *step = steps[i];
        if (step->kind != PRK_STEP_CURVE || mpz_sgn(step->n) <= 0 ||
            !prk_curve_lanes_take(mpz_sizeinbase(step->n, 2))) {
            continue;
        }
        status = prk_step_reserve(step, scratch);
        prk_certificate_problem problem; // which prk_step_holds() will find again
        prk_look l = {step, scratch, cancel, &problem, PRK_STATUS_OK};
        const size_t before = scratch->taken;
        if (status == PRK_STATUS_OK && prk_curve_sizes_hold(&l, &claims[claimed])) {
            places[claimed++] = i;
        } else {
            scratch->taken = before;
        }
    }
    if (status == PRK_STATUS_OK) {
        status = look_at_claims(claims, claimed, scratch, cancel, places, holds);
    }
    scratch->taken = taken;
    return status;
}
