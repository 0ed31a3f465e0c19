// SPDX-License-Identifier: Apache-2.0
//
// Factors that a number's form tells: all of n - 1 or of n + 1 when 1 is added or subtracted.

#include "../include/prk_kernels.h"
#include "prove.h"

static prk_status note(prk_factoring *f, uint64_t p, unsigned long exponent) {
    mpz_t view;
    const mp_limb_t limb = p;
    return exponent == 0 ? PRK_STATUS_OK
                         : prk_factoring_note(f, mpz_roinit_n(view, &limb, 1), exponent);
}

static unsigned long exponent_in(uint64_t n, uint64_t p) {
    unsigned long exponent = 0;
    for (; n % p == 0; n /= p) {
        exponent++;
    }
    return exponent;
}

static prk_status note_power(prk_factoring *f, const prk_form *form) {
    uint64_t primes[32];
    int count = prk_primes_of_u64(form->b, primes);
    const int of_base = count;
    uint64_t others[16];
    const int more = prk_primes_of_u64(form->k, others);
    for (int i = 0; i < more; i++) {
        if (form->b % others[i] != 0) {
            primes[count++] = others[i];
        }
    }
    prk_status status = PRK_STATUS_OK;
    for (int i = 0; i < count && status == PRK_STATUS_OK; i++) {
        status = note(f, primes[i],
                      exponent_in(form->k, primes[i]) +
                          (i < of_base ? form->n * exponent_in(form->b, primes[i]) : 0));
    }
    return status;
}

// Primes up to n, as often as they divide n!, or once.
static prk_status note_primes(prk_factoring *f, uint64_t n, bool once) {
    prk_status status = PRK_STATUS_OK;
    for (uint64_t p = 2; p <= n && status == PRK_STATUS_OK; p += p == 2 ? 1 : 2) {
        if (!prk_is_prime_u64(p)) {
            continue;
        }
        unsigned long exponent = 1;
        if (!once) {
            exponent = 0;
            for (uint64_t rest = n / p; rest > 0; rest /= p) {
                exponent += rest;
            }
        }
        status = note(f, p, exponent);
    }
    return status;
}

// The primes of n, n - step, …, each of which is a word; how often is for the product to say.
static prk_status take_terms(prk_factoring *f, uint64_t n, uint64_t step) {
    prk_status status = PRK_STATUS_OK;
    for (uint64_t term = n; term > 0 && status == PRK_STATUS_OK;
         term = term > step ? term - step : 0) {
        uint64_t primes[16];
        const int count = prk_primes_of_u64(term, primes);
        for (int i = 0; i < count && status == PRK_STATUS_OK; i++) {
            mpz_t view;
            const mp_limb_t limb = primes[i];
            status = prk_factoring_take(f, mpz_roinit_n(view, &limb, 1));
        }
    }
    return status;
}

prk_status prk_take_form(prk_goal *goal, const prk_form *form, bool *is_known) {
    *is_known = (form->c == 1 || form->c == -1) && form->kind != PRK_FORM_NONE;
    if (!*is_known) {
        return PRK_STATUS_OK;
    }
    prk_factoring *f = prk_goal_side(goal, form->c < 0);
    prk_status status;
    if (form->kind == PRK_FORM_POWER) {
        status = note_power(f, form);
    } else if (form->kind == PRK_FORM_PRIMORIAL || form->step == 1) {
        status = note_primes(f, form->n, form->kind == PRK_FORM_PRIMORIAL);
    } else {
        status = take_terms(f, form->n, form->step);
    }
    prk_factoring_complete(f);
    return status;
}
