// SPDX-License-Identifier: Apache-2.0
//
// A step of an elliptic curve proof [GoKi99, AtMo93].
//
// E: y^2 = x^3 + a x + b modulo n, gcd(n, 6) = 1, its discriminant a unit: a curve modulo each
// prime p of n. A point P on it and m = s q with R = s P not 0 and q R = 0, both modulo each p. If
// q is prime, R has order q modulo each p. A composite n has p <= sqrt(n), of whose curve the order
// is at most (sqrt(p) + 1)^2 <= (n^(1/4) + 1)^2 (Hasse), and q is above that: so n is prime.

#include "../curve/curve.h"
#include "conditions.h"

// q > (n^(1/4) + 1)^2. Both sides of sqrt(q) - 1 > n^(1/4) are above 0, and so are those of its
// square: n^(1/2) < q + 1 - 2 sqrt(q). And once more: n < (q + 1)^2 + 4q - 4 (q + 1) sqrt(q), which
// is u > 4 (q + 1) sqrt(q) with u = q^2 + 6q + 1 - n.
static bool is_above_bound(prk_look *l) {
    const prk_step *step = l->step;
    prk_scratch *s = l->scratch;
    const size_t taken = s->taken;
    mpz_ptr u = prk_scratch_take(s), right = prk_scratch_take(s);
    mpz_add_ui(u, step->q, 6);
    mpz_mul(u, u, step->q);
    mpz_add_ui(u, u, 1);
    mpz_sub(u, u, step->n);
    bool is_above = mpz_sgn(u) > 0;
    if (is_above) {
        mpz_mul(u, u, u);
        mpz_add_ui(right, step->q, 1);
        mpz_mul(right, right, right);
        mpz_mul(right, right, step->q);
        mpz_mul_2exp(right, right, 4);
        is_above = mpz_cmp(u, right) > 0;
    }
    s->taken = taken;
    return is_above;
}

// m = s q, and a curve can have so many points: (n + 1 - m)^2 < 4n. The theorem does not need the
// latter; all verifiers ask it, and an honest m has it.
static bool order_holds(prk_look *l) {
    const prk_step *step = l->step;
    prk_scratch *s = l->scratch;
    if (mpz_sgn(step->s) <= 0) {
        return PRK_NO(l, "s is not above 0");
    }
    mpz_ptr t = prk_scratch_take(s), square = prk_scratch_take(s);
    mpz_mul(t, step->s, step->q);
    const bool is_product = mpz_cmp(t, step->m) == 0;
    mpz_add_ui(t, step->n, 1);
    mpz_sub(t, t, step->m);
    mpz_mul(square, t, t);
    mpz_tdiv_q_2exp(square, square, 2); // t^2 < 4n where that is below n
    const bool is_near = mpz_cmp(square, step->n) < 0;
    s->taken -= 2;
    if (!is_product) {
        return PRK_NO(l, "m is not s q");
    }
    return is_near || PRK_NO(l, "no curve has m points: (n + 1 - m)^2 is not below 4 n");
}

// The curve and the point, reduced modulo n to a, b, x and y.
static bool point_holds(prk_look *l, mpz_ptr a, mpz_ptr b, mpz_ptr x, mpz_ptr y) {
    const prk_step *step = l->step;
    prk_scratch *s = l->scratch;
    mpz_srcptr n = step->n;
    mpz_mod(a, step->a, n);
    mpz_mod(b, step->b, n);
    mpz_mod(x, step->x, n);
    mpz_mod(y, step->y, n);
    mpz_ptr t = prk_scratch_take(s), u = prk_scratch_take(s);
    mpz_mul(t, a, a);
    mpz_mul_2exp(t, t, 2);
    mpz_mod(t, t, n);
    mpz_mul(t, t, a);
    mpz_mul(u, b, b);
    mpz_mul_ui(u, u, 27);
    mpz_add(t, t, u);
    mpz_mod(t, t, n); // 4 a^3 + 27 b^2
    const bool is_curve = prk_is_unit(s, t, n);
    mpz_mul(t, x, x);
    mpz_add(t, t, a);
    mpz_mod(t, t, n);
    mpz_mul(t, t, x);
    mpz_add(t, t, b);
    mpz_mul(u, y, y);
    mpz_sub(t, t, u);
    const bool is_on_it = mpz_divisible_p(t, n) != 0;
    s->taken -= 2;
    if (!is_curve) {
        return PRK_NO(l, "the curve is singular: gcd(4 a^3 + 27 b^2, n) is not 1");
    }
    return is_on_it || PRK_NO(l, "the point is not on the curve");
}

bool prk_curve_sizes_hold(prk_look *l, prk_curve_claim *claim) {
    const prk_step *step = l->step;
    prk_scratch *s = l->scratch;
    if (mpz_cmp_ui(step->n, 3) <= 0 || mpz_even_p(step->n) || mpz_divisible_ui_p(step->n, 3)) {
        return PRK_NO(l, "n is not above 3, or 2 or 3 divides it");
    }
    if (mpz_cmp_ui(step->q, 1) <= 0 || mpz_even_p(step->q)) {
        return PRK_NO(l, "q is not odd and above 1");
    }
    if (mpz_cmp(step->q, step->n) >= 0) {
        return PRK_NO(l, "q is not below n");
    }
    if (!is_above_bound(l)) {
        return PRK_NO(l, "q is not above (n^(1/4) + 1)^2");
    }
    if (!order_holds(l)) {
        return false;
    }
    mpz_ptr a = prk_scratch_take(s), x = prk_scratch_take(s), y = prk_scratch_take(s);
    mpz_ptr b = prk_scratch_take(s);
    const bool holds = point_holds(l, a, b, x, y);
    s->taken--; // b, which no formula needs
    *claim = (prk_curve_claim){.n = step->n, .a = a, .x = x, .y = y, .s = step->s, .q = step->q};
    return holds;
}

bool prk_curve_holds(prk_look *l) {
    prk_curve_claim claim;
    if (!prk_curve_sizes_hold(l, &claim)) {
        return false;
    }
    prk_curve_answer answer = PRK_CURVE_UNDECIDED;
    if (!prk_goes_on(l, prk_curve_look(&claim, l->scratch, l->cancel, &answer)) ||
        (answer == PRK_CURVE_UNDECIDED &&
         !prk_goes_on(l, prk_curve_decide(&claim, l->scratch, l->cancel, &answer)))) {
        return false;
    }
    switch (answer) {
    case PRK_CURVE_SHOWN:
        return true;
    case PRK_CURVE_NOT_ZERO:
        return PRK_NO(l, "m times the point is not 0");
    default:
        return PRK_NO(l, "Z is not a unit: modulo a divisor of n, s times the point is 0 or a sum "
                         "on the way is another one");
    }
}
