// SPDX-License-Identifier: Apache-2.0
//
// Whether n is prime when each prime of it is 1 modulo F, and F is above the cube root of n, or at
// least n^(3/10) [KoPo97], [CrPo05, theorems 4.1.5 and 4.1.6]. F may be odd.

#include "conditions.h"

// A composite n is (a F + 1) (b F + 1), so that n = c2 F^2 + c1 F + 1 with a b and a + b for c2 and
// c1, unless the latter is not a digit. With F^3 > n: a b < F, and so a + b <= a b + 1 <= F; a + b
// = F only for a b = F - 1, whose n is F^3 + 1. So both are digits, and c1^2 - 4 c2 = (a - b)^2.
// With F^2 > n there is no such a and b.
bool prk_two_digits_hold(prk_look *l, mpz_srcptr f) {
    prk_scratch *s = l->scratch;
    mpz_srcptr n = l->step->n;
    const size_t taken = s->taken;
    mpz_ptr t = prk_scratch_take(s), c1 = prk_scratch_take(s), c2 = prk_scratch_take(s);
    mpz_mul(t, f, f);
    const bool is_above_root = mpz_cmp(t, n) > 0;
    mpz_mul(t, t, f);
    const bool is_above_cube = mpz_cmp(t, n) > 0;
    mpz_tdiv_q(c2, n, f);
    mpz_tdiv_qr(c2, c1, c2, f);
    mpz_mul(t, c1, c1);
    mpz_mul_2exp(c2, c2, 2);
    mpz_sub(t, t, c2);
    const bool is_square = mpz_sgn(t) >= 0 && mpz_perfect_square_p(t) != 0;
    s->taken = taken;
    if (!is_above_cube) {
        return PRK_NO(l, "the factored part of n - 1 is not above the cube root of n");
    }
    return is_above_root || !is_square || PRK_NO(l, "c1^2 - 4 c2 is a square");
}

// --- Below the cube root -------------------------------------------------------------------------
//
// n = (a F + 1) (b F + 1) with 1 <= a <= b, n = c4 F^2 + c1 F + 1, 0 <= c1 < F: a b = c4 - t and a
// + b = c1 + t F, t >= 0. For t <= 5, (c1 + t F)^2 + 4 t - 4 c4 is (a - b)^2. For larger t, b >= 3
// F and a <= n / (3 F^3). With u/v the convergent of c1 / F whose v is the largest with v < F^2 /
// sqrt(n): |c1 v - u F| <= sqrt(n) / F, and |a (v t + u) - c4 v / F| < 1/2, so that d = a (v t + u)
// is c4 v / F rounded. Then a is a root of the cubic, which is
//     (x F + 1) (v t x + u x - d)
// at x = a.

// Coefficients of the cubic, highest first.
typedef struct cubic {
    mpz_ptr c[4];
    mpz_ptr t; // room
} cubic;

// The cubic's sign at x.
static int sign_at(const cubic *p, mpz_srcptr x) {
    mpz_set(p->t, p->c[0]);
    for (int i = 1; i < 4; i++) {
        mpz_mul(p->t, p->t, x);
        mpz_add(p->t, p->t, p->c[i]);
    }
    return mpz_sgn(p->t);
}

// Of long numbers the steps below take seconds.
static bool is_cancelled(prk_look *l) {
    return !prk_goes_on(l, prk_is_cancelled(l->cancel) ? PRK_STATUS_CANCELLED : PRK_STATUS_OK);
}

// Where the cubic is monotonous from `low` to `high`: its root among these integers, if it has one.
static bool root_between(prk_look *l, const cubic *p, mpz_ptr low, mpz_ptr high, mpz_ptr root) {
    if (mpz_cmp(low, high) > 0) {
        return false;
    }
    const int at_low = sign_at(p, low), at_high = sign_at(p, high);
    if (at_low == 0 || at_high == 0) {
        mpz_set(root, at_low == 0 ? low : high);
        return true;
    }
    if (at_low == at_high) {
        return false;
    }
    for (;;) {
        mpz_sub(root, high, low);
        if (mpz_cmp_ui(root, 1) <= 0 || is_cancelled(l)) {
            return false;
        }
        mpz_add(root, high, low);
        mpz_fdiv_q_2exp(root, root, 1);
        const int at_root = sign_at(p, root);
        if (at_root == 0) {
            return true;
        }
        mpz_set(at_root == at_low ? low : high, root);
    }
}

// Whether x F + 1, 1 <= x, is a divisor of n other than 1 and n.
static bool is_divisor(prk_look *l, mpz_srcptr f, mpz_srcptr x) {
    mpz_ptr t = prk_scratch_take(l->scratch);
    mpz_mul(t, x, f);
    mpz_add_ui(t, t, 1);
    const bool is_proper = mpz_cmp(t, l->step->n) < 0 && mpz_divisible_p(l->step->n, t) != 0;
    l->scratch->taken--;
    return is_proper;
}

// Whether a root from 1 to `most` gives a divisor. Between the places where its derivative may be
// 0, and around them one by one, no root is missed.
static bool has_divisor(prk_look *l, const cubic *p, mpz_srcptr f, mpz_srcptr most) {
    enum { AROUND = 3 };
    prk_scratch *s = l->scratch;
    const size_t taken = s->taken;
    mpz_ptr low = prk_scratch_take(s), high = prk_scratch_take(s), root = prk_scratch_take(s);
    mpz_ptr from = prk_scratch_take(s), turn = prk_scratch_take(s);
    mpz_ptr half = prk_scratch_take(s), disc = prk_scratch_take(s);
    // 3 v x^2 + 2 c x + e is 0 at (-c ± sqrt(c^2 - 3 v e)) / (3 v), v > 0.
    mpz_mul_ui(half, p->c[0], 3);
    mpz_mul(disc, half, p->c[2]);
    mpz_mul(root, p->c[1], p->c[1]);
    mpz_sub(disc, root, disc);
    const int turns = mpz_sgn(disc) < 0 ? 0 : 2;
    if (turns > 0) {
        mpz_sqrt(disc, disc);
    }
    bool is_found = false;
    mpz_set_ui(from, 1);
    for (int i = 0; i <= turns && !is_found && mpz_cmp(from, most) <= 0; i++) {
        mpz_set(low, from);
        mpz_set(high, most);
        if (i < turns) {
            mpz_neg(turn, p->c[1]);
            if (i == 0) {
                mpz_sub(turn, turn, disc);
            } else {
                mpz_add(turn, turn, disc);
            }
            mpz_fdiv_q(turn, turn, half); // within 2 of the place itself
            mpz_sub_ui(root, turn, AROUND);
            if (mpz_cmp(root, high) < 0) {
                mpz_set(high, root);
            }
        }
        is_found = root_between(l, p, low, high, root) && is_divisor(l, f, root);
        for (int j = -AROUND; j <= AROUND && i < turns && !is_found; j++) {
            if (j < 0) {
                mpz_sub_ui(root, turn, (unsigned long)-j);
            } else {
                mpz_add_ui(root, turn, (unsigned long)j);
            }
            is_found = mpz_sgn(root) > 0 && sign_at(p, root) == 0 && is_divisor(l, f, root);
        }
        if (i < turns) {
            mpz_add_ui(turn, turn, AROUND);
            if (mpz_cmp(turn, from) > 0) {
                mpz_set(from, turn);
            }
        }
    }
    s->taken = taken;
    return is_found;
}

// u/v, the convergent of c1 / F with the largest v for which v^2 n < F^4.
static void convergent(prk_look *l, mpz_ptr u, mpz_ptr v, mpz_srcptr c1, mpz_srcptr f) {
    prk_scratch *s = l->scratch;
    const size_t taken = s->taken;
    mpz_ptr bound = prk_scratch_take(s), a = prk_scratch_take(s), b = prk_scratch_take(s);
    mpz_ptr quotient = prk_scratch_take(s), last_u = prk_scratch_take(s);
    mpz_ptr last_v = prk_scratch_take(s), t = prk_scratch_take(s);
    // v < F^2 / sqrt(n) is v <= floor(sqrt((F^4 - 1) / n)).
    mpz_pow_ui(bound, f, 4);
    mpz_sub_ui(bound, bound, 1);
    mpz_tdiv_q(bound, bound, l->step->n);
    mpz_sqrt(bound, bound);
    // 0/1, and 1/0 before it.
    mpz_set_ui(u, 0);
    mpz_set_ui(v, 1);
    mpz_set_ui(last_u, 1);
    mpz_set_ui(last_v, 0);
    mpz_set(a, f);
    mpz_set(b, c1);
    while (mpz_sgn(b) != 0 && !is_cancelled(l)) {
        mpz_tdiv_qr(quotient, t, a, b);
        mpz_set(a, b);
        mpz_set(b, t);
        mpz_mul(t, quotient, v);
        mpz_add(t, t, last_v);
        if (mpz_cmp(t, bound) > 0) {
            break;
        }
        mpz_swap(last_v, v);
        mpz_swap(v, t);
        mpz_mul(t, quotient, u);
        mpz_add(t, t, last_u);
        mpz_swap(last_u, u);
        mpz_swap(u, t);
    }
    s->taken = taken;
}

static bool is_square_for_small_t(prk_look *l, mpz_srcptr c1, mpz_srcptr c4, mpz_srcptr f) {
    prk_scratch *s = l->scratch;
    const size_t taken = s->taken;
    mpz_ptr sum = prk_scratch_take(s), x = prk_scratch_take(s), y = prk_scratch_take(s);
    mpz_set(sum, c1);
    bool is_square = false;
    for (unsigned t = 0; t <= 5 && !is_square; t++) {
        mpz_mul(x, sum, sum);
        mpz_add_ui(x, x, 4 * t);
        mpz_mul_2exp(y, c4, 2);
        mpz_sub(x, x, y);
        is_square = mpz_sgn(x) >= 0 && mpz_perfect_square_p(x) != 0;
        mpz_add(sum, sum, f);
    }
    s->taken = taken;
    return is_square;
}

bool prk_konyagin_holds(prk_look *l, mpz_srcptr f) {
    prk_scratch *s = l->scratch;
    mpz_srcptr n = l->step->n;
    const size_t taken = s->taken;
    mpz_ptr t = prk_scratch_take(s), r = prk_scratch_take(s);
    mpz_pow_ui(t, f, 3);
    if (mpz_cmp(t, n) > 0) {
        s->taken = taken;
        return prk_two_digits_hold(l, f);
    }
    mpz_pow_ui(t, f, 10);
    mpz_pow_ui(r, n, 3);
    if (mpz_cmp(t, r) < 0) {
        return PRK_NO(l, "the factored part of n - 1 is below n^(3/10)");
    }
    if (mpz_cmp_ui(n, 214) < 0) { // the theorem's own bound
        return PRK_NO(l, "n is below 214");
    }
    mpz_ptr c1 = prk_scratch_take(s), c4 = prk_scratch_take(s);
    mpz_tdiv_q(c4, n, f);
    mpz_tdiv_qr(c4, c1, c4, f);
    if (is_square_for_small_t(l, c1, c4, f)) {
        s->taken = taken;
        return PRK_NO(l, "(c1 + t F)^2 + 4 t - 4 c4 is a square for a t below 6");
    }
    mpz_ptr u = prk_scratch_take(s), v = prk_scratch_take(s);
    convergent(l, u, v, c1, f);
    if (is_cancelled(l)) {
        return false;
    }
    // v x^3 + (u F - c1 v) x^2 + (c4 v - d F + u) x - d, d = floor(c4 v / F + 1/2).
    mpz_ptr c = prk_scratch_take(s), e = prk_scratch_take(s), d = prk_scratch_take(s);
    mpz_mul(c, u, f);
    mpz_submul(c, c1, v);
    mpz_mul(e, c4, v);
    mpz_mul_2exp(d, e, 1);
    mpz_add(d, d, f);
    mpz_mul_2exp(t, f, 1);
    mpz_fdiv_q(d, d, t);
    mpz_submul(e, d, f);
    mpz_add(e, e, u);
    mpz_neg(d, d);
    const cubic p = {{v, c, e, d}, prk_scratch_take(s)};
    // a <= b: a F is below the square root of n.
    mpz_sqrt(r, n);
    mpz_tdiv_q(r, r, f);
    mpz_add_ui(r, r, 1);
    const bool is_composite = has_divisor(l, &p, f, r);
    s->taken = taken;
    if (is_cancelled(l)) {
        return false;
    }
    return !is_composite || PRK_NO(l, "a root of the cubic gives a divisor of n");
}
