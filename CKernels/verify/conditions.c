// SPDX-License-Identifier: Apache-2.0
//
// Whether a step's conditions hold: what all theorems ask, and which file has the rest.

#include "conditions.h"

static bool look(prk_look *l) {
    const prk_step *step = l->step;
    if (mpz_cmp_ui(step->n, 3) <= 0) {
        return PRK_NO(l, "n is not above 3");
    }
    if (mpz_even_p(step->n)) {
        return PRK_NO(l, "n is even");
    }
    switch (step->kind) {
    case PRK_STEP_CURVE:
        return prk_curve_holds(l);
    case PRK_STEP_POCKLINGTON:
    case PRK_STEP_BLS5:
    case PRK_STEP_BLS7:
    case PRK_STEP_BLS3:
    case PRK_STEP_KONYAGIN:
    case PRK_STEP_LUCAS:
    case PRK_STEP_PRIMO_MINUS:
    case PRK_STEP_PARI_MINUS:
        return prk_minus_holds(l);
    case PRK_STEP_BLS15:
    case PRK_STEP_MORRISON:
    case PRK_STEP_COMBINED:
    case PRK_STEP_PRIMO_PLUS:
        return prk_plus_holds(l);
    case PRK_STEP_KINDS:
        break;
    }
    return PRK_NO(l, "the step rests on no theorem that is known here");
}

bool prk_step_holds(const prk_step *step, prk_scratch *scratch, const uint32_t *cancel,
                    prk_certificate_problem *problem, prk_status *status) {
    *status = prk_step_reserve(step, scratch);
    if (*status != PRK_STATUS_OK) {
        return false;
    }
    prk_look l = {step, scratch, cancel, problem, PRK_STATUS_OK};
    const size_t taken = scratch->taken;
    const bool holds = look(&l);
    scratch->taken = taken;
    *status = l.status;
    return holds && l.status == PRK_STATUS_OK;
}
