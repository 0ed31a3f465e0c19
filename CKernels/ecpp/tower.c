// SPDX-License-Identifier: Apache-2.0
//
// Towers of fields: how long they live, and their roots modulo n, a level at a time from the
// bottom.

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tower.h"

#define MOST_PRIME 13

// Towers of small class numbers, which nearly all steps of numbers below some 100 digits have, are
// kept for the process as they come, one in a place: at most about a megabyte. Nothing in a tower
// changes once it is made.
#define KEPT_PLACES 512
#define MOST_KEPT_CLASSES 16
static _Atomic(prk_tower *) kept[KEPT_PLACES];

static _Atomic(prk_tower *) *place_of(int32_t d) {
    return &kept[(uint32_t)-d * UINT32_C(2654435761) >> 23];
}

static prk_tower *find_kept(int32_t d) {
    prk_tower *tower = atomic_load_explicit(place_of(d), memory_order_acquire);
    return tower != NULL && tower->d == d ? tower : NULL;
}

static void keep(prk_tower *tower, size_t h) {
    prk_tower *other = NULL;
    tower->is_kept = h <= MOST_KEPT_CLASSES;
    if (tower->is_kept && !atomic_compare_exchange_strong(place_of(tower->d), &other, tower)) {
        tower->is_kept = false;
    }
}

void prk_tower_destroy(prk_tower *tower) {
    if (tower != NULL && !tower->is_kept) {
        prk_tower_clear(tower);
        free(tower);
    }
}

// --- Making --------------------------------------------------------------------------------------

static bool has_large_prime(unsigned h) {
    for (unsigned p = 2; p <= MOST_PRIME; p++) {
        while (h % p == 0) {
            h /= p;
        }
    }
    return h != 1;
}

prk_status prk_tower_make(prk_tower **tower, const prk_discriminant *d, const uint32_t *cancel) {
    *tower = NULL;
    if (d->d >= -4 || d->h == 0) {
        return PRK_STATUS_INVALID_ARGUMENT;
    }
    if (d->h > PRK_MOST_CLASSES || has_large_prime(d->h) ||
        d->d <= PRK_LEAST_FORM_DISCRIMINANT / 4) {
        return PRK_STATUS_OK;
    }
    *tower = find_kept(d->d);
    if (*tower != NULL) {
        return PRK_STATUS_OK;
    }
    prk_tower *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    made->d = d->d;
    made->invariant = prk_invariant_of(d->d, d->h);
    bool is_made;
    const prk_status status = prk_tower_raise(made, d->h, cancel, &is_made);
    if (status != PRK_STATUS_OK || !is_made) {
        prk_tower_destroy(made);
        return status;
    }
    keep(made, d->h);
    *tower = made;
    return PRK_STATUS_OK;
}

// --- Modulo n ------------------------------------------------------------------------------------

// One level modulo n: the polynomial's coefficients, its roots, and what is in between.
typedef struct climb {
    mpz_srcptr n;
    mpz_t *c, *roots, *sums;
    mpz_t power, inverse;
} climb;

// sums[j] = W_j(y), and V'(y) for j = degree.
static void evaluate(climb *m, const prk_tower_level *l, mpz_srcptr y) {
    for (unsigned j = 0; j <= l->degree; j++) {
        mpz_set_ui(m->sums[j], 0);
    }
    mpz_set_ui(m->power, 1);
    for (size_t i = 0; i < l->width; i++) {
        for (unsigned j = 0; j < l->degree; j++) {
            mpz_addmul(m->sums[j], l->parts[j * l->width + i], m->power);
        }
        mpz_addmul(m->sums[l->degree], l->derivative[i], m->power);
        mpz_mul(m->power, m->power, y);
        mpz_mod(m->power, m->power, m->n);
    }
}

// The s of the level, in `sums`. The first one is y less its share of the others.
static void divide(climb *m, const prk_tower_level *l, mpz_srcptr y) {
    for (unsigned j = 0; j < l->degree; j++) {
        mpz_mul(m->sums[j], m->sums[j], m->inverse);
        mpz_mod(m->sums[j], m->sums[j], m->n);
    }
    if (l->width == 1) {
        return;
    }
    mpz_set(m->sums[0], y);
    for (unsigned j = 1; j < l->degree; j++) {
        mpz_mul_si(m->power, m->sums[j], l->mix[j]);
        mpz_sub(m->sums[0], m->sums[0], m->power);
    }
    mpz_mod(m->sums[0], m->sums[0], m->n);
}

// The level's polynomial over the field of y modulo n. False: V'(y) is no unit.
static bool set_polynomial(climb *m, const prk_tower_level *l, mpz_srcptr y) {
    evaluate(m, l, y);
    mpz_mod(m->sums[l->degree], m->sums[l->degree], m->n);
    if (mpz_invert(m->inverse, m->sums[l->degree], m->n) == 0) {
        return false;
    }
    divide(m, l, y);
    for (unsigned j = 0; j < l->degree; j++) { // X^(p-1-j) has (-1)^(j+1) s_(j+1)
        mpz_ptr c = m->c[l->degree - 1 - j];
        mpz_set(c, m->sums[j]);
        if (j % 2 == 0 && mpz_sgn(c) != 0) {
            mpz_sub(c, m->n, c);
        }
    }
    return true;
}

static prk_status find_roots(climb *m, prk_scratch *s, unsigned degree, bool all,
                             const uint32_t *cancel, bool *found) {
    if (degree == 1) {
        *found = true;
        mpz_neg(m->roots[0], m->c[0]);
        mpz_mod(m->roots[0], m->roots[0], m->n);
        return PRK_STATUS_OK;
    }
    return prk_polynomial_roots(s, m->roots, all, m->c, degree, m->n, cancel, found);
}

// Goes up: roots[0] becomes one of the invariant's values modulo n. Any root of a level will do,
// but that V' of the next one has to be a unit there; it is, but by chance with the smallest n.
static prk_status go_up(climb *m, const prk_tower *tower, prk_scratch *s, const uint32_t *cancel,
                        bool *found) {
    mpz_set_ui(m->roots[0], 0);
    *found = set_polynomial(m, &tower->levels[tower->count - 1], m->roots[0]);
    prk_status status = PRK_STATUS_OK;
    for (size_t i = tower->count; i-- > 0 && *found && status == PRK_STATUS_OK;) {
        const unsigned degree = tower->levels[i].degree;
        status = find_roots(m, s, degree, false, cancel, found);
        if (i == 0 || status != PRK_STATUS_OK || !*found ||
            set_polynomial(m, &tower->levels[i - 1], m->roots[0])) {
            continue;
        }
        // c is untouched, as set_polynomial sets it last.
        status = find_roots(m, s, degree, true, cancel, found);
        bool is_set = false;
        for (unsigned r = 0; r < degree && status == PRK_STATUS_OK && *found && !is_set; r++) {
            is_set = set_polynomial(m, &tower->levels[i - 1], m->roots[r]);
        }
        *found = *found && is_set;
    }
    return status;
}

prk_status prk_tower_invariants(const prk_tower *tower, prk_scratch *s, mpz_srcptr n, mpz_t *j,
                                size_t room, size_t *count, const uint32_t *cancel) {
    *count = 0;
    prk_status status = prk_scratch_reserve(s, mpz_size(n));
    if (status != PRK_STATUS_OK) {
        return status;
    }
    climb m = {.n = n};
    m.c = prk_numbers_make(3 * PRK_MOST_TOWER_DEGREE + 1);
    if (m.c == NULL || room == 0) {
        prk_numbers_free(m.c, m.c == NULL ? 0 : 3 * PRK_MOST_TOWER_DEGREE + 1);
        return room == 0 ? PRK_STATUS_INVALID_ARGUMENT : PRK_STATUS_NO_MEMORY;
    }
    m.roots = m.c + PRK_MOST_TOWER_DEGREE;
    m.sums = m.roots + PRK_MOST_TOWER_DEGREE;
    mpz_inits(m.power, m.inverse, (mpz_ptr)NULL);
    bool found;
    status = go_up(&m, tower, s, cancel, &found);
    if (status == PRK_STATUS_OK && found) {
        status = prk_invariant_to_j(j[0], &tower->invariant, m.roots[0], n, s, cancel, &found);
    }
    *count = status == PRK_STATUS_OK && found;
    mpz_clears(m.power, m.inverse, (mpz_ptr)NULL);
    prk_numbers_free(m.c, 3 * PRK_MOST_TOWER_DEGREE + 1);
    return status;
}
