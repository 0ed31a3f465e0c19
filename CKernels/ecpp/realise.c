// SPDX-License-Identifier: Apache-2.0
//
// The curve and the point of a step [AtMo93].
//
// A curve y^2 = x^3 + a x + b of the right invariant has n + 1 - t points or, as often, is a twist
// that has not. For T = 0, 1, … and L = T^3 + a T + b the point (T L, L^2) is on y^2 = x^3 + a L^2
// x
// + b L^3, which is the curve where L is a square, and its quadratic twist where it is none. Which
// of both has the right number of points, a multiple of each one's point says.
//
// With D = -3 and D = -4 it is known. The number of points of y^2 = x^3 + b is n + 1 - u with u =
// c b^((n-1)/6) modulo n, where c does not depend on b, since u is that coefficient of (x^3 +
// b)^((n-1)/2) that belongs to x^(n-1); of y^2 = x^3 + a x likewise with a^((n-1)/4). And
// of one curve of each kind u is known [IrRo90].

#include <stdlib.h>

#include "../include/prk_kernels.h"
#include "../share/share.h"
#include "down.h"

// Each second T serves.
#define MOST_T 200
// Points that are 0 too early: those of small order, which are rare.
#define MOST_POINTS 20
// A third of all numbers, or half of them, serve.
#define MOST_GENERATORS 100

typedef struct realising {
    mpz_srcptr n;
    const prk_down *down;
    mpz_t *j; // candidates, not needed for D = -3 and D = -4
    size_t count;
    prk_shown *shown; // its numbers are initialised; is set where it is found
    bool found;
} realising;

typedef struct twist {
    int symbol; // (L|n)
    uint64_t t; // T
    unsigned points;
    bool is_out;   // it has another number of points
    mpz_t a, x, y; // the twist and its point
} twist;

typedef struct hunt {
    realising *step;
    size_t curve, curves; // the one that is looked at, and how many there are
    mpz_t a, b;
    twist twists[2];
    bool is_done;
} hunt;

// --- Curves --------------------------------------------------------------------------------------

static bool is_unit(prk_scratch *s, mpz_srcptr x, mpz_srcptr n) {
    mpz_ptr divisor = prk_scratch_take(s);
    mpz_gcd(divisor, x, n);
    s->taken--;
    return mpz_cmp_ui(divisor, 1) == 0;
}

// What claims want of the numbers, and that the curve sought has s q points.
static bool has_order(prk_scratch *s, const realising *step) {
    mpz_srcptr n = step->n;
    const prk_down *down = step->down;
    if (mpz_cmp_ui(n, 3) <= 0 || mpz_even_p(n) || mpz_divisible_ui_p(n, 3) ||
        mpz_sgn(down->s) <= 0 || mpz_cmp_ui(down->q, 1) <= 0 || mpz_even_p(down->q)) {
        return false;
    }
    mpz_ptr m = prk_scratch_take(s);
    mpz_mul(m, down->s, down->q);
    mpz_sub(m, m, n);
    mpz_add(m, m, down->t);
    const bool is_order = mpz_cmp_ui(m, 1) == 0;
    s->taken--;
    return is_order;
}

// n + 1 - u points has y^2 = x^3 + 16: 4 n = u^2 + 27 w^2 and u = 2 modulo 3, where 4 n = t^2 + 3
// v^2. Of v and (v ± t) / 2 that one is 3 w which 3 divides.
static void trace_of_16(mpz_ptr u, mpz_srcptr t, mpz_srcptr v) {
    if (mpz_divisible_ui_p(v, 3)) {
        mpz_set(u, t);
    } else { // t is no multiple of 3 either
        const bool is_same = mpz_fdiv_ui(t, 3) == mpz_fdiv_ui(v, 3);
        mpz_set(u, t);
        (is_same ? mpz_addmul_ui : mpz_submul_ui)(u, v, 3);
        mpz_divexact_ui(u, u, 2);
    }
    if (mpz_fdiv_ui(u, 3) != 2) {
        mpz_neg(u, u);
    }
}

// n + 1 - u points has y^2 = x^3 - x: n = (u / 2)^2 + w^2 with an even w and u / 2 + w = 1 modulo
// 4, where n = (t / 2)^2 + v^2.
static void trace_of_minus_1(mpz_ptr u, mpz_srcptr t, mpz_srcptr v) {
    mpz_tdiv_q_2exp(u, t, 1);
    mpz_srcptr even = v;
    if (mpz_even_p(u)) {
        mpz_set(u, v);
        even = t; // twice w
    }
    const unsigned long w = even == t ? mpz_fdiv_ui(t, 8) / 2 : mpz_fdiv_ui(v, 4);
    if ((mpz_fdiv_ui(u, 4) + w) % 4 != 1) {
        mpz_neg(u, u);
    }
    mpz_mul_2exp(u, u, 1);
}

// power = g^((n-1)/order) of the least g from 2 on of which it has this order, 4 or 6, with n.
// `*g` 0: there is none.
static prk_status choose_generator(prk_scratch *s, mpz_srcptr n, unsigned order, mpz_ptr power,
                                   unsigned long *g, const uint32_t *cancel) {
    const size_t taken = s->taken;
    mpz_ptr exponent = prk_scratch_take(s), base = prk_scratch_take(s), room = prk_scratch_take(s);
    prk_status status = PRK_STATUS_OK;
    bool found = false;
    mpz_sub_ui(exponent, n, 1);
    mpz_tdiv_q_ui(exponent, exponent, order);
    for (*g = 2; *g < MOST_GENERATORS && mpz_cmp_ui(n, *g) > 0; ++*g) {
        mpz_set_ui(base, *g);
        if (mpz_jacobi(base, n) != -1) {
            continue;
        }
        const prk_lane_power asked = {n, base, exponent, power};
        status = prk_shared_powers(s, &asked, 1, false, cancel);
        if (status != PRK_STATUS_OK) {
            break;
        }
        mpz_mul(room, power, power); // w^2 + 1 or w^2 - w + 1 is 0
        mpz_add_ui(room, room, 1);
        if (order == 6) {
            mpz_sub(room, room, power);
        }
        found = mpz_divisible_p(room, n) != 0;
        if (found) {
            break;
        }
    }
    *g = found ? *g : 0;
    s->taken = taken;
    return status;
}

// k = g^i with k^((n-1)/order) u = t modulo n, if there is such a one.
static prk_status choose_class(prk_scratch *s, const realising *step, unsigned order, mpz_srcptr u,
                               mpz_ptr k, bool *found, const uint32_t *cancel) {
    const size_t taken = s->taken;
    mpz_srcptr n = step->n;
    mpz_ptr power = prk_scratch_take(s), at = prk_scratch_take(s), t = prk_scratch_take(s);
    unsigned long g = 0;
    *found = false;
    const prk_status status = choose_generator(s, n, order, power, &g, cancel);
    mpz_mod(at, u, n);
    mpz_mod(t, step->down->t, n);
    mpz_set_ui(k, 1);
    for (unsigned i = 0; i < order && status == PRK_STATUS_OK && g != 0 && !*found; i++) {
        *found = mpz_cmp(at, t) == 0;
        if (!*found) {
            mpz_mul(at, at, power);
            mpz_mod(at, at, n);
            mpz_mul_ui(k, k, g);
        }
    }
    s->taken = taken;
    return status;
}

// The curve of D = -3 or D = -4. `*found` false: none has n + 1 - t points.
static prk_status set_special(prk_scratch *s, hunt *h, bool *found, const uint32_t *cancel) {
    const realising *step = h->step;
    const unsigned order = step->down->d == -3 ? 6 : 4;
    mpz_srcptr t = step->down->t, n = step->n;
    *found = false;
    mpz_set_ui(h->a, 0);
    mpz_set_ui(h->b, 0);
    if (mpz_fdiv_ui(n, order) != 1) {
        return PRK_STATUS_OK;
    }
    const size_t taken = s->taken;
    mpz_ptr u = prk_scratch_take(s), v = prk_scratch_take(s);
    mpz_ptr k = order == 6 ? h->b : h->a;
    prk_status status = PRK_STATUS_OK;
    if (prk_norm_of_trace(s, v, t, step->down->d, n)) {
        if (order == 6) {
            trace_of_16(u, t, v);
        } else {
            trace_of_minus_1(u, t, v);
            if (mpz_fdiv_ui(n, 8) == 5) { // of y^2 = x^3 + x, -1 being no fourth power
                mpz_neg(u, u);
            }
        }
        status = choose_class(s, step, order, u, k, found, cancel);
        if (order == 6) {
            mpz_mul_2exp(k, k, 4);
        }
        mpz_mod(k, k, n);
    }
    s->taken = taken;
    return status;
}

// a = 3 j (1728 - j), b = 2 j (1728 - j)^2, whose discriminant is a unit if j and 1728 - j are.
static bool set_by_invariant(prk_scratch *s, hunt *h, mpz_srcptr j) {
    mpz_srcptr n = h->step->n;
    mpz_ptr less = prk_scratch_take(s);
    mpz_ui_sub(less, 1728, j);
    mpz_mul(h->a, less, j);
    mpz_mod(h->a, h->a, n);
    const bool is_curve = is_unit(s, h->a, n);
    mpz_mul(h->b, h->a, less);
    mpz_mul_2exp(h->b, h->b, 1);
    mpz_mod(h->b, h->b, n);
    mpz_mul_ui(h->a, h->a, 3);
    mpz_mod(h->a, h->a, n);
    s->taken--;
    return is_curve;
}

// Both twists, or the curve alone, from their first points on.
static void set_twists(hunt *h, bool is_known) {
    for (int i = 0; i < 2; i++) {
        twist *w = &h->twists[i];
        w->symbol = i == 0 ? 1 : -1;
        w->t = h->step->down->d == -3; // (0, y) of y^2 = x^3 + b has order 3
        w->points = 0;
        w->is_out = is_known && i == 1;
    }
}

// From h->curve on to the first that is one.
static void take_curve(prk_scratch *s, hunt *h) {
    while (h->curve < h->curves && !set_by_invariant(s, h, h->step->j[h->curve])) {
        h->curve++;
    }
    h->is_done = h->curve == h->curves;
    set_twists(h, false);
}

static prk_status begin(prk_scratch *s, hunt *h, const uint32_t *cancel) {
    realising *step = h->step;
    prk_status status = PRK_STATUS_OK;
    step->found = false;
    h->is_done = !has_order(s, step);
    if (h->is_done) {
        return status;
    }
    if (step->down->d < -4) {
        h->curves = step->count;
        take_curve(s, h);
        return status;
    }
    bool found = false;
    status = set_special(s, h, &found, cancel);
    h->is_done = !found;
    set_twists(h, true);
    return status;
}

// --- Points --------------------------------------------------------------------------------------

static void multiply(mpz_ptr r, mpz_srcptr a, mpz_srcptr b, mpz_srcptr n) {
    mpz_mul(r, a, b);
    mpz_mod(r, r, n);
}

// The first point of the twist from w->t on; else the twist is out.
static void choose_point(hunt *h, twist *w) {
    mpz_srcptr n = h->step->n;
    mpz_ptr l = w->y;
    for (; w->t < MOST_T; w->t++) {
        mpz_set_ui(l, w->t * w->t);
        mpz_add(l, l, h->a);
        mpz_mul_ui(l, l, w->t);
        mpz_add(l, l, h->b);
        mpz_mod(l, l, n);
        if (mpz_sgn(l) != 0 && mpz_jacobi(l, n) == w->symbol) {
            mpz_mul_ui(w->x, l, w->t);
            mpz_mod(w->x, w->x, n);
            multiply(w->y, l, l, n);
            multiply(w->a, h->a, w->y, n);
            return;
        }
    }
    w->is_out = true;
}

static void keep_shown(hunt *h, const twist *w) {
    prk_shown *shown = h->step->shown;
    shown->has_j = h->step->down->d < -4;
    if (shown->has_j) {
        mpz_mod(shown->j, h->step->j[h->curve], h->step->n);
    } else {
        mpz_set(shown->a, h->a);
        mpz_set(shown->b, h->b);
    }
    shown->x = w->t;
    h->step->found = h->is_done = true;
}

static void take_answer(prk_scratch *s, hunt *h, twist *w, prk_curve_answer answer) {
    if (h->is_done) {
        return;
    }
    if (answer == PRK_CURVE_SHOWN) {
        keep_shown(h, w);
        return;
    }
    w->t++;
    w->is_out = answer == PRK_CURVE_NOT_ZERO || ++w->points == MOST_POINTS;
    if (h->twists[0].is_out && h->twists[1].is_out) {
        h->curve++;
        h->is_done = h->curve >= h->curves;
        if (!h->is_done) {
            take_curve(s, h);
        }
    }
}

// -------------------------------------------------------------------------------------------------

// One point of each twist after the other.
static prk_status look(prk_scratch *s, hunt *h, twist *w, const uint32_t *cancel) {
    choose_point(h, w);
    if (w->is_out) {
        take_answer(s, h, w, PRK_CURVE_NOT_ZERO);
        return PRK_STATUS_OK;
    }
    const prk_down *down = h->step->down;
    const prk_curve_claim claim = {h->step->n, w->a, w->x, w->y, down->s, down->q};
    prk_curve_answer answer = PRK_CURVE_NOT_ZERO;
    const prk_status status = prk_shared_look(s, &claim, cancel, &answer);
    if (status == PRK_STATUS_OK) {
        take_answer(s, h, w, answer);
    }
    return status;
}

static prk_status run(prk_scratch *s, hunt *h, const uint32_t *cancel) {
    prk_status status = begin(s, h, cancel);
    while (status == PRK_STATUS_OK && !h->is_done) {
        for (int i = 0; i < 2 && status == PRK_STATUS_OK && !h->is_done; i++) {
            if (!h->twists[i].is_out) {
                status = look(s, h, &h->twists[i], cancel);
            }
        }
    }
    return status;
}

static void make_numbers(hunt *h) {
    mpz_inits(h->a, h->b, (mpz_ptr)NULL);
    for (int i = 0; i < 2; i++) {
        mpz_inits(h->twists[i].a, h->twists[i].x, h->twists[i].y, (mpz_ptr)NULL);
    }
}

static void clear_numbers(hunt *h) {
    mpz_clears(h->a, h->b, (mpz_ptr)NULL);
    for (int i = 0; i < 2; i++) {
        mpz_clears(h->twists[i].a, h->twists[i].x, h->twists[i].y, (mpz_ptr)NULL);
    }
}

prk_status prk_realise(prk_scratch *s, mpz_srcptr n, const prk_down *down, mpz_t *j, size_t count,
                       prk_shown *shown, const uint32_t *cancel, bool *found) {
    realising step = {.n = n, .down = down, .j = j, .count = count, .shown = shown};
    hunt h = {.step = &step};
    make_numbers(&h);
    const prk_status status = run(s, &h, cancel);
    clear_numbers(&h);
    *found = status == PRK_STATUS_OK && step.found;
    return status;
}
