// SPDX-License-Identifier: Apache-2.0
//
// The factors that a number's form shows: of k b^n + 1, n! + 1 and n# + 1 all primes of n - 1, with
// - 1 in place of + 1 all primes of n + 1.

#include <stdlib.h>

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

// The primes up to n, each with its exponent in n!, or in n#, which is 1.
static prk_status note_primes(prk_factoring *f, uint64_t n, bool once, const uint32_t *cancel) {
    prk_status status = PRK_STATUS_OK;
    for (uint64_t p = 2; p <= n && status == PRK_STATUS_OK; p += p == 2 ? 1 : 2) {
        if (!prk_is_prime_u64(p)) {
            continue;
        }
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
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

// A prime with its exponent in one term of a product.
typedef struct prime_power {
    uint64_t p;
    unsigned long exponent;
} prime_power;

typedef struct power_list {
    prime_power *start;
    size_t count, room;
} power_list;

static bool add_powers_of(power_list *list, uint64_t term) {
    enum { MOST_PRIMES = 16 };
    if (list->room - list->count < MOST_PRIMES) {
        const size_t room = 2 * list->room + 1024;
        prime_power *moved = realloc(list->start, room * sizeof *moved);
        if (moved == NULL) {
            return false;
        }
        list->start = moved;
        list->room = room;
    }
    uint64_t primes[MOST_PRIMES];
    const int count = prk_primes_of_u64(term, primes);
    for (int i = 0; i < count; i++) {
        list->start[list->count++] = (prime_power){primes[i], exponent_in(term, primes[i])};
    }
    return true;
}

static int by_prime(const void *left, const void *right) {
    const prime_power *a = left, *b = right;
    return a->p < b->p ? -1 : a->p > b->p;
}

static prk_status note_sums(prk_factoring *f, const power_list *list) {
    prk_status status = PRK_STATUS_OK;
    for (size_t i = 0, end; i < list->count && status == PRK_STATUS_OK; i = end) {
        unsigned long exponent = 0;
        for (end = i; end < list->count && list->start[end].p == list->start[i].p; end++) {
            exponent += list->start[end].exponent;
        }
        status = note(f, list->start[i].p, exponent);
    }
    return status;
}

// The primes of the product of n, n - step, …: exponents in the terms are added up, which is
// quicker than to divide the product.
static prk_status note_terms(prk_factoring *f, uint64_t n, uint64_t step, const uint32_t *cancel) {
    power_list list = {.start = NULL};
    prk_status status = PRK_STATUS_OK;
    for (uint64_t term = n; term > 0 && status == PRK_STATUS_OK;
         term = term > step ? term - step : 0) {
        status = prk_is_cancelled(cancel)      ? PRK_STATUS_CANCELLED
                 : !add_powers_of(&list, term) ? PRK_STATUS_NO_MEMORY
                                               : PRK_STATUS_OK;
    }
    if (status == PRK_STATUS_OK && list.count > 0) {
        qsort(list.start, list.count, sizeof *list.start, by_prime);
        status = note_sums(f, &list);
    }
    free(list.start);
    return status;
}

prk_status prk_take_form(prk_goal *goal, const prk_form *form, const uint32_t *cancel,
                         bool *is_known) {
    *is_known = (form->c == 1 || form->c == -1) && form->kind != PRK_FORM_NONE;
    if (!*is_known) {
        return PRK_STATUS_OK;
    }
    prk_factoring *f = prk_goal_side(goal, form->c < 0);
    prk_status status;
    if (form->kind == PRK_FORM_POWER) {
        status = note_power(f, form);
    } else if (form->kind == PRK_FORM_PRIMORIAL || form->step == 1) {
        status = note_primes(f, form->n, form->kind == PRK_FORM_PRIMORIAL, cancel);
    } else {
        status = note_terms(f, form->n, form->step, cancel);
    }
    prk_factoring_complete(f);
    return status;
}
