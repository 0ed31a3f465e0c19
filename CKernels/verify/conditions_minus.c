// SPDX-License-Identifier: Apache-2.0
//
// Steps of primes that divide n - 1 [BLS75], [CrPo05].
//
// n - 1 = F R, and F has its primes q to their full powers. Where a^(n-1) = 1 and gcd(a^((n-1)/q) -
// 1, n) = 1, the order of a modulo each prime p of n divides n - 1 and not (n - 1) / q: it has all
// of q's power in n - 1, and so has p - 1. With such a base for each q, each p is 1 modulo F. The
// gcd has to be 1 itself: a^((n-1)/q) may be another power than 1 modulo n and 1 modulo p.

#include <stdlib.h>

#include "../long/long.h"
#include "conditions.h"

bool prk_look_power(prk_look *l, mpz_ptr result, mpz_srcptr base, mpz_srcptr exponent) {
    if (mpz_cmp_ui(base, 1) <= 0 || mpz_cmp_ui(exponent, 1) == 0) {
        mpz_set(result, base);
        return true;
    }
    mpz_srcptr n = l->step->n;
    return prk_goes_on(
        l, prk_power(l->scratch, prk_fastest_arithmetic(n), result, base, exponent, n, l->cancel));
}

static bool is_base(prk_look *l, mpz_srcptr a) {
    return mpz_cmp_ui(a, 1) > 0 && mpz_cmp(a, l->step->n) < 0;
}

// --- Bases ---------------------------------------------------------------------------------------

typedef struct witness {
    const prk_step_prime *prime;
    mpz_srcptr base; // NULL: to be found
} witness;

static mpz_srcptr base_of(const prk_step *step, const prk_step_prime *prime) {
    const bool has_one = step->kind == PRK_STEP_LUCAS || step->kind == PRK_STEP_PRIMO_MINUS;
    return prime->has_base ? prime->a : has_one ? step->a : NULL;
}

// Equal bases side by side, those to be found last.
static int compare_bases(const void *left, const void *right) {
    const witness *a = left, *b = right;
    if (a->base == NULL || b->base == NULL) {
        return (a->base == NULL) - (b->base == NULL);
    }
    return mpz_cmp(a->base, b->base);
}

// Primes that share a base.
typedef struct group {
    prk_look *l;
    mpz_ptr product; // of all a^((n-1)/q) - 1 modulo n
    bool is_first;   // a^(n-1) has not been seen yet
    bool takes_gcds; // each by itself, since the product has a divisor in common with n
} group;

// power = a^((n-1)/q).
static bool look_at_power(group *g, const witness *w, mpz_srcptr power) {
    prk_look *l = g->l;
    prk_scratch *s = l->scratch;
    mpz_srcptr n = l->step->n;
    mpz_ptr t = prk_scratch_take(s);
    bool holds = true;
    if (g->is_first) {
        holds = prk_look_power(l, t, power, w->prime->q) &&
                (mpz_cmp_ui(t, 1) == 0 || prk_refuse_prime(l, "a^(n-1) is not 1", w->prime));
        g->is_first = false;
    }
    if (holds) {
        mpz_sub_ui(t, power, 1);
        if (mpz_sgn(t) == 0 || (g->takes_gcds && !prk_is_unit(s, t, n))) {
            holds = prk_refuse_prime(l, "gcd(a^((n-1)/q) - 1, n) is not 1", w->prime);
        }
        mpz_mul(g->product, g->product, t);
        mpz_mod(g->product, g->product, n);
    }
    s->taken--;
    return holds;
}

static void multiply_primes(mpz_ptr product, const witness *list, size_t count) {
    mpz_set_ui(product, 1);
    for (size_t i = 0; i < count; i++) {
        mpz_mul(product, product, list[i].prime->q);
    }
}

// power = a^((n-1)/the product of the list's primes): each prime's own by halves, so that a prime
// costs as many bits of an exponent as the product has, and not as n has.
static bool look_at_list(group *g, const witness *list, size_t count, mpz_srcptr power) {
    if (count == 1) {
        return look_at_power(g, list, power);
    }
    const size_t half = count / 2;
    mpz_t others, part; // of the stack: there are as many as levels
    mpz_inits(others, part, (mpz_ptr)NULL);
    multiply_primes(others, list + half, count - half);
    bool holds = prk_look_power(g->l, part, power, others) && look_at_list(g, list, half, part);
    if (holds) {
        multiply_primes(others, list, half);
        holds = prk_look_power(g->l, part, power, others) &&
                look_at_list(g, list + half, count - half, part);
    }
    mpz_clears(others, part, (mpz_ptr)NULL);
    return holds;
}

static bool look_at_group(group *g, const witness *list, size_t count) {
    prk_look *l = g->l;
    prk_scratch *s = l->scratch;
    if (!is_base(l, list->base)) {
        return prk_refuse_prime(l, "the base is not between 2 and n - 1", list->prime);
    }
    const size_t taken = s->taken;
    mpz_ptr exponent = prk_scratch_take(s), power = prk_scratch_take(s), all = prk_scratch_take(s);
    mpz_sub_ui(exponent, l->step->n, 1);
    multiply_primes(all, list, count);
    mpz_divexact(exponent, exponent, all); // each was divided out of n - 1, after the others
    const bool holds =
        prk_look_power(l, power, list->base, exponent) && look_at_list(g, list, count, power);
    s->taken = taken;
    return holds;
}

// A base for one prime of which the text has none. Of a prime n one in q fails.
static bool find_base(group *g, const witness *w) {
    enum { MOST_BASE = 600 };
    prk_look *l = g->l;
    prk_scratch *s = l->scratch;
    mpz_srcptr n = l->step->n;
    const size_t taken = s->taken;
    mpz_ptr exponent = prk_scratch_take(s), power = prk_scratch_take(s), base = prk_scratch_take(s);
    mpz_sub_ui(exponent, n, 1);
    mpz_divexact(exponent, exponent, w->prime->q);
    bool is_found = false, goes_on = true;
    for (unsigned a = 2; a < MOST_BASE && goes_on && !is_found && mpz_cmp_ui(n, a) > 0;
         a += a == 2 ? 1 : 2) {
        mpz_set_ui(base, a);
        goes_on = prk_look_power(l, power, base, exponent);
        if (goes_on && mpz_cmp_ui(power, 1) != 0) {
            g->is_first = true;
            goes_on = is_found = look_at_power(g, w, power);
        }
    }
    s->taken = taken;
    return is_found || (goes_on && prk_refuse_prime(l, "no base was found", w->prime));
}

static bool look_at_all(group *g, const witness *list, size_t count) {
    mpz_set_ui(g->product, 1);
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        if (list[i].base == NULL) {
            if (!find_base(g, &list[i])) {
                return false;
            }
        } else {
            while (end < count && list[end].base != NULL &&
                   mpz_cmp(list[i].base, list[end].base) == 0) {
                end++;
            }
            g->is_first = true;
            if (!look_at_group(g, list + i, end - i)) {
                return false;
            }
        }
        i = end;
    }
    if (prk_is_unit(g->l->scratch, g->product, g->l->step->n)) {
        return true;
    }
    if (g->takes_gcds) { // the product of units is one
        return PRK_NO(g->l, "gcd(a^((n-1)/q) - 1, n) is not 1");
    }
    g->takes_gcds = true;
    return look_at_all(g, list, count);
}

// Divides the primes out of r = n - 1, each to its full power.
static bool divide_out(prk_look *l, mpz_ptr r) {
    const prk_step *step = l->step;
    mpz_sub_ui(r, step->n, 1);
    for (size_t i = 0; i < step->prime_count; i++) {
        const prk_step_prime *prime = &step->primes[i];
        if (prime->is_plus) {
            continue;
        }
        if (mpz_cmp_ui(prime->q, 1) <= 0) {
            return prk_refuse_prime(l, "q is not above 1", prime);
        }
        if (mpz_remove(r, r, prime->q) == 0) {
            mpz_ptr t = prk_scratch_take(l->scratch);
            mpz_sub_ui(t, step->n, 1);
            const bool divides = mpz_divisible_p(t, prime->q) != 0;
            l->scratch->taken--;
            return prk_refuse_prime(l, divides ? "q stands twice" : "q does not divide n - 1",
                                    prime);
        }
    }
    return true;
}

bool prk_minus_part_holds(prk_look *l, mpz_ptr f, mpz_ptr r) {
    const prk_step *step = l->step;
    if (!divide_out(l, r)) {
        return false;
    }
    mpz_sub_ui(f, step->n, 1);
    mpz_divexact(f, f, r);
    witness *list = malloc((step->prime_count + 1) * sizeof *list);
    if (list == NULL) {
        return prk_goes_on(l, PRK_STATUS_NO_MEMORY);
    }
    size_t count = 0;
    for (size_t i = 0; i < step->prime_count; i++) {
        const prk_step_prime *prime = &step->primes[i];
        if (!prime->is_plus) {
            list[count++] = (witness){prime, base_of(step, prime)};
        }
    }
    bool holds = count > 0 || PRK_NO(l, "the step has no prime that divides n - 1");
    if (holds) {
        qsort(list, count, sizeof *list, compare_bases);
        group g = {.l = l, .product = prk_scratch_take(l->scratch)};
        holds = look_at_all(&g, list, count);
        l->scratch->taken--;
    }
    free(list);
    return holds;
}

// --- Theorems ------------------------------------------------------------------------------------

// Each prime p of n has p > F >= sqrt(n) [Pock14].
//
// Math::Prime::Util asks it of one q, n - 1 = M q and M < q: then q^2 > n - 1, and q^2 is not n,
// which q does not divide. M is even where q is odd.
static bool pocklington_holds(prk_look *l, mpz_srcptr f) {
    mpz_ptr square = prk_scratch_take(l->scratch);
    mpz_mul(square, f, f);
    const bool is_above = mpz_cmp(square, l->step->n) > 0;
    l->scratch->taken--;
    return is_above || PRK_NO(l, "the factored part of n - 1 is not above the square root of n");
}

// n = (c F + 1) (d F + 1) when it is composite, and R = c d F + c + d is odd, so that c + d is odd
// and c d even. With R = 2 F s + r, 0 < r < 2 F: either c + d = r and c d = 2 s, and r^2 - 8 s is
// (c - d)^2, or c + d >= r + 2 F. Then c d >= B (c + d - B), for c, d >= B, and n is at least what
// is asked of it to be below. Theorem 5 of [BLS75] with B = 1, theorem 7 with a bound.
static bool square_condition_holds(prk_look *l, mpz_srcptr f, mpz_srcptr rest, mpz_srcptr bound) {
    prk_scratch *scratch = l->scratch;
    if (mpz_odd_p(f)) {
        return PRK_NO(l, "the factored part of n - 1 is odd");
    }
    const size_t taken = scratch->taken;
    mpz_ptr s = prk_scratch_take(scratch), r = prk_scratch_take(scratch);
    mpz_ptr t = prk_scratch_take(scratch), u = prk_scratch_take(scratch);
    mpz_mul_2exp(t, f, 1);
    mpz_tdiv_qr(s, r, rest, t);
    mpz_mul(t, t, f);
    mpz_sub(u, r, bound);
    mpz_mul(u, u, f);
    mpz_add(t, t, u);
    mpz_add_ui(t, t, 1); // 2 F^2 + (r - B) F + 1
    mpz_mul(u, bound, f);
    mpz_add_ui(u, u, 1);
    mpz_mul(t, t, u);
    const bool is_below = mpz_cmp(l->step->n, t) < 0;
    mpz_mul(t, r, r);
    mpz_mul_2exp(u, s, 3);
    mpz_sub(t, t, u);
    const bool is_square = mpz_sgn(s) != 0 && mpz_sgn(t) >= 0 && mpz_perfect_square_p(t) != 0;
    scratch->taken = taken;
    if (!is_below) {
        return PRK_NO(l, "n is not below (B F + 1) (2 F^2 + (r - B) F + 1)");
    }
    return !is_square || PRK_NO(l, "r^2 - 8 s is a square");
}

static bool bls5_holds(prk_look *l, mpz_srcptr f, mpz_srcptr rest) {
    static const mp_limb_t one = 1;
    mpz_t view;
    return square_condition_holds(l, f, rest, mpz_roinit_n(view, &one, 1));
}

// Whether no number from 3 to bound - 1 divides r, which is odd.
static bool has_no_factor_below(prk_look *l, mpz_srcptr r, unsigned long bound, bool *has_none) {
    for (unsigned long d = 3; d < bound; d += 2) {
        if (d % 4096 == 3 && prk_is_cancelled(l->cancel)) {
            return prk_goes_on(l, PRK_STATUS_CANCELLED);
        }
        if (mpz_divisible_ui_p(r, d) != 0) {
            *has_none = false;
            return true;
        }
    }
    *has_none = true;
    return true;
}

// The primes of R are at least B, and with gcd(a^((n-1)/R) - 1, n) = 1 each prime p of n has one of
// them in p - 1, besides F: p = c F + 1 with c >= B.
static bool bls7_holds(prk_look *l, mpz_srcptr f, mpz_srcptr rest) {
    enum { MOST_BOUND = 1 << 24 };
    const prk_step *step = l->step;
    if (mpz_cmp_ui(step->bound, 1) < 0 || mpz_cmp_ui(step->bound, MOST_BOUND) > 0) {
        return PRK_NO(l, "the bound on the primes of R is not between 1 and 2^24");
    }
    if (!is_base(l, step->a)) {
        return PRK_NO(l, "the base for R is not between 2 and n - 1");
    }
    if (!square_condition_holds(l, f, rest, step->bound)) {
        return false;
    }
    bool has_none = false;
    if (!has_no_factor_below(l, rest, mpz_get_ui(step->bound), &has_none)) {
        return false;
    }
    if (!has_none) {
        return PRK_NO(l, "R has a factor below the bound");
    }
    prk_scratch *s = l->scratch;
    const size_t taken = s->taken;
    mpz_ptr power = prk_scratch_take(s), t = prk_scratch_take(s);
    bool holds = prk_look_power(l, power, step->a, f) && prk_look_power(l, t, power, rest);
    if (holds && mpz_cmp_ui(t, 1) != 0) {
        holds = PRK_NO(l, "a^(n-1) is not 1 for the base for R");
    }
    if (holds) {
        mpz_sub_ui(t, power, 1);
        holds = prk_is_unit(s, t, step->n) || PRK_NO(l, "gcd(a^((n-1)/R) - 1, n) is not 1");
    }
    s->taken = taken;
    return holds;
}

// n - 1 = m q with an odd prime q, a^((n-1)/2) = -1, and b = a^(m/2) is not -1. Modulo each power
// of a prime in n the order of a has all of 2 that n - 1 has. If q divided none of these orders,
// b^2 = a^m would be 1 modulo each such power, b -1 modulo it, and so modulo n. So q divides p - 1
// for a prime p of n; p and n / p are odd and 1 modulo q, and not below 2 q + 1 > sqrt(n) unless 1
// [BLS75, theorem 3].
static bool bls3_holds(prk_look *l) {
    const prk_step *step = l->step;
    prk_scratch *s = l->scratch;
    if (step->prime_count != 1) {
        return PRK_NO(l, "the step has not one prime");
    }
    const prk_step_prime *prime = step->primes;
    if (mpz_cmp_ui(prime->q, 2) <= 0 || mpz_even_p(prime->q)) {
        return PRK_NO(l, "q is not odd and above 2");
    }
    if (!prime->has_base || !is_base(l, prime->a)) {
        return PRK_NO(l, "the base is not between 2 and n - 1");
    }
    mpz_ptr m = prk_scratch_take(s), b = prk_scratch_take(s), t = prk_scratch_take(s);
    mpz_sub_ui(m, step->n, 1);
    if (mpz_divisible_p(m, prime->q) == 0) {
        return PRK_NO(l, "q does not divide n - 1");
    }
    mpz_divexact(m, m, prime->q);
    if (mpz_sgn(step->s) != 0 && mpz_cmp(step->s, m) != 0) {
        return PRK_NO(l, "s is not (n - 1) / q");
    }
    mpz_mul_2exp(t, prime->q, 1);
    mpz_add_ui(t, t, 1);
    mpz_mul(t, t, t);
    if (mpz_cmp(t, step->n) <= 0) {
        return PRK_NO(l, "2 q + 1 is not above the square root of n");
    }
    mpz_tdiv_q_2exp(m, m, 1); // even, as n - 1 is and q is not
    if (!prk_look_power(l, b, prime->a, m) || !prk_look_power(l, t, b, prime->q)) {
        return false;
    }
    mpz_add_ui(t, t, 1);
    if (mpz_cmp(t, step->n) != 0) {
        return PRK_NO(l, "a^((n-1)/2) is not -1");
    }
    mpz_add_ui(b, b, 1);
    return mpz_cmp(b, step->n) != 0 || PRK_NO(l, "a^(m/2) is -1");
}

// n - 1 = s q and q > s: Pocklington's theorem.
static bool primo_minus_holds(prk_look *l) {
    const prk_step *step = l->step;
    if (step->prime_count != 1) {
        return PRK_NO(l, "the step has not one prime");
    }
    if (mpz_even_p(step->primes->q) || mpz_cmp(step->primes->q, step->s) <= 0) {
        return PRK_NO(l, "q is not odd and above s");
    }
    if (mpz_sgn(step->s) <= 0 || mpz_odd_p(step->s)) {
        return PRK_NO(l, "s is not even and above 0");
    }
    mpz_ptr t = prk_scratch_take(l->scratch);
    mpz_mul(t, step->s, step->primes->q);
    mpz_add_ui(t, t, 1);
    const bool is_product = mpz_cmp(t, step->n) == 0;
    l->scratch->taken--;
    return is_product || PRK_NO(l, "n - 1 is not s q");
}

static bool theorem_holds(prk_look *l, mpz_srcptr f, mpz_srcptr r) {
    switch (l->step->kind) {
    case PRK_STEP_POCKLINGTON:
        return pocklington_holds(l, f);
    case PRK_STEP_PRIMO_MINUS:
        return primo_minus_holds(l) && pocklington_holds(l, f);
    case PRK_STEP_BLS5:
        return bls5_holds(l, f, r);
    case PRK_STEP_BLS7:
        return bls7_holds(l, f, r);
    case PRK_STEP_KONYAGIN:
        return prk_konyagin_holds(l, f);
    case PRK_STEP_PARI_MINUS:
        return prk_two_digits_hold(l, f);
    case PRK_STEP_LUCAS: // then each prime of n is 1 modulo n - 1
        return mpz_cmp_ui(r, 1) == 0 || PRK_NO(l, "not all of n - 1 is factored");
    default:
        return PRK_NO(l, "the step rests on no theorem of primes that divide n - 1");
    }
}

bool prk_minus_holds(prk_look *l) {
    const prk_step *step = l->step;
    for (size_t i = 0; i < step->prime_count; i++) {
        if (step->primes[i].is_plus) {
            return prk_refuse_prime(l, "the theorem is not of primes that divide n + 1",
                                    &step->primes[i]);
        }
    }
    if (step->kind == PRK_STEP_BLS3) {
        return bls3_holds(l);
    }
    prk_scratch *s = l->scratch;
    mpz_ptr f = prk_scratch_take(s), r = prk_scratch_take(s);
    // Sizes first: they cost nothing.
    if (!divide_out(l, r)) {
        return false;
    }
    mpz_sub_ui(f, step->n, 1);
    mpz_divexact(f, f, r);
    return theorem_holds(l, f, r) && prk_minus_part_holds(l, f, r);
}
