// SPDX-License-Identifier: Apache-2.0
//
// A claim about a point in affine coordinates: slow, and written to be read.

#include "curve.h"

typedef struct affine {
    bool is_zero;
    mpz_ptr x, y;
} affine;

// Modulo n. Whatever is inverted is looked at first: 0 modulo n, where the formula knows what to do
// modulo all primes of n alike; a unit; or neither, which tells primes of n apart, and ends it.
typedef struct walker {
    mpz_srcptr n, a;
    mpz_ptr slope, t;
    bool is_split; // a divisor of n was found
} walker;

// slope = slope / t. Neither 0 modulo n.
static bool divide(walker *w) {
    if (mpz_invert(w->t, w->t, w->n) == 0) {
        w->is_split = true;
        return false;
    }
    mpz_mul(w->slope, w->slope, w->t);
    mpz_mod(w->slope, w->slope, w->n);
    return true;
}

// p = the third point of p, q and the line of this slope, reflected. q may be p.
static void reflect(walker *w, affine *p, mpz_srcptr qx) {
    mpz_mul(w->t, w->slope, w->slope);
    mpz_sub(w->t, w->t, p->x);
    mpz_sub(w->t, w->t, qx);
    mpz_mod(w->t, w->t, w->n);
    mpz_sub(p->x, p->x, w->t);
    mpz_mul(p->x, p->x, w->slope);
    mpz_sub(p->y, p->x, p->y);
    mpz_mod(p->y, p->y, w->n);
    mpz_swap(p->x, w->t);
}

static void double_affine(walker *w, affine *p) {
    if (p->is_zero) {
        return;
    }
    mpz_mul_2exp(w->t, p->y, 1);
    mpz_mod(w->t, w->t, w->n);
    if (mpz_sgn(w->t) == 0) { // of order 2 modulo each prime
        p->is_zero = true;
        return;
    }
    mpz_mul(w->slope, p->x, p->x);
    mpz_mul_ui(w->slope, w->slope, 3);
    mpz_add(w->slope, w->slope, w->a);
    if (divide(w)) {
        reflect(w, p, p->x);
    }
}

static void add(walker *w, affine *p, const affine *q) {
    if (q->is_zero) {
        return;
    }
    if (p->is_zero) {
        mpz_set(p->x, q->x);
        mpz_set(p->y, q->y);
        p->is_zero = false;
        return;
    }
    mpz_sub(w->t, p->x, q->x);
    mpz_mod(w->t, w->t, w->n);
    if (mpz_sgn(w->t) != 0) {
        mpz_sub(w->slope, p->y, q->y);
        if (divide(w)) {
            reflect(w, p, q->x);
        }
        return;
    }
    // The same abscissa modulo each prime: the ordinates' squares are equal, so that modulo each
    // prime they are equal or opposite.
    mpz_add(w->t, p->y, q->y);
    mpz_mod(w->t, w->t, w->n);
    if (mpz_sgn(w->t) == 0) {
        p->is_zero = true;
        return;
    }
    mpz_sub(w->t, p->y, q->y);
    mpz_mod(w->t, w->t, w->n);
    if (mpz_sgn(w->t) == 0) {
        double_affine(w, p);
    } else {
        w->is_split = true; // equal modulo one prime and opposite modulo another
    }
}

// p = k p, k >= 1; q is room.
static prk_status times(walker *w, affine *p, affine *q, mpz_srcptr k, const uint32_t *cancel) {
    mpz_set(q->x, p->x);
    mpz_set(q->y, p->y);
    q->is_zero = p->is_zero;
    for (size_t bit = mpz_sizeinbase(k, 2) - 1; bit-- > 0 && !w->is_split;) {
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        double_affine(w, p);
        if (mpz_tstbit(k, bit) != 0 && !w->is_split) {
            add(w, p, q);
        }
    }
    return PRK_STATUS_OK;
}

prk_status prk_curve_decide(const prk_curve_claim *claim, prk_scratch *s, const uint32_t *cancel,
                            prk_curve_answer *answer) {
    const size_t taken = s->taken;
    walker w = {
        .n = claim->n, .a = claim->a, .slope = prk_scratch_take(s), .t = prk_scratch_take(s)};
    affine p = {.x = prk_scratch_take(s), .y = prk_scratch_take(s)};
    affine q = {.x = prk_scratch_take(s), .y = prk_scratch_take(s)};
    mpz_set(p.x, claim->x);
    mpz_set(p.y, claim->y);
    prk_status status = times(&w, &p, &q, claim->s, cancel);
    if (status == PRK_STATUS_OK) {
        *answer = PRK_CURVE_NOT_A_UNIT;
        if (!w.is_split && !p.is_zero) {
            status = times(&w, &p, &q, claim->q, cancel);
            if (!w.is_split) {
                *answer = p.is_zero ? PRK_CURVE_SHOWN : PRK_CURVE_NOT_ZERO;
            }
        }
    }
    s->taken = taken;
    return status;
}
