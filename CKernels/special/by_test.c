// SPDX-License-Identifier: Apache-2.0
//
// What proofs by one test have in common.

#include "../long/long.h"
#include "special.h"

typedef struct call {
    prk_special_method test;
    unsigned parameter;
    mpz_srcptr n;
    const prk_special_form *form;
    const uint32_t *cancel;
    mpz_ptr residue;
} call;

static prk_status test_in(void *context, prk_scratch *s, const prk_arithmetic *arithmetic,
                          bool *passed) {
    const call *c = context;
    return c->test(s, arithmetic, c->n, c->form, c->parameter, c->cancel, passed, c->residue);
}

prk_status prk_prove_by(prk_special_method test, unsigned parameter, prk_scratch *s,
                        const prk_arithmetic *arithmetic, mpz_srcptr n,
                        const prk_special_form *form, const uint32_t *cancel, prk_report *report,
                        mpz_ptr residue) {
    call c = {test, parameter, n, form, cancel, residue};
    bool passed = false;
    prk_status status = test_in(&c, s, arithmetic, &passed);
    if (status == PRK_STATUS_OK && passed) {
        status = prk_confirm(s, arithmetic, n, form, test_in, &c, &passed);
    }
    if (status == PRK_STATUS_OK && passed) {
        report->verdict = PRK_PRIME;
    }
    return status;
}
