// SPDX-License-Identifier: Apache-2.0
//
// Steps of primes that divide n - 1 [BLS75], [CrPo05].
//
// n - 1 = F R, and F has its primes q to their full powers. Where a^(n-1) = 1 and gcd(a^((n-1)/q) -
// 1, n) = 1, the order of a modulo each prime p of n divides n - 1 and not (n - 1) / q: it has all
// of q's power in n - 1, and so has p - 1. With such a base for each q, each p is 1 modulo F. The
// gcd has to be 1 itself: a^((n-1)/q) may be another power than 1 modulo n and 1 modulo p.

#include "../long/long.h"
#include "conditions.h"

// result = base^exponent mod n, 0 <= base < n, exponent >= 1.
static bool look_power(prk_look *l, mpz_ptr result, mpz_srcptr base, mpz_srcptr exponent) {
    if (mpz_cmp_ui(base, 1) <= 0 || mpz_cmp_ui(exponent, 1) == 0) {
        mpz_set(result, base);
        return true;
    }
    mpz_srcptr n = l->step->n;
    prk_special_form form;
    const prk_special_form *of = prk_special_form_of(n, &form) ? &form : NULL;
    return prk_goes_on(l, prk_power(l->scratch, prk_arithmetic_to_verify(n, of, exponent), result,
                                    base, exponent, n, of, l->cancel));
}

static bool is_base(prk_look *l, mpz_srcptr a) {
    return mpz_cmp_ui(a, 1) > 0 && mpz_cmp(a, l->step->n) < 0;
}

static bool begin(prk_look *l, const prk_step_prime *prime, mpz_srcptr base, mpz_ptr value) {
    if (!is_base(l, base)) {
        return prk_refuse_prime(l, "the base is not between 2 and n - 1", prime);
    }
    mpz_set(value, base);
    return true;
}

static bool raise_value(prk_look *l, mpz_ptr value, mpz_srcptr k) {
    return look_power(l, value, value, k);
}

const prk_side prk_minus_side = {
    .is_plus = false,
    .neutral = 1,
    .order = "n - 1",
    .no_divisor = "q does not divide n - 1",
    .not_neutral = "a^(n-1) is not 1",
    .no_unit = "gcd(a^((n-1)/q) - 1, n) is not 1",
    .begin = begin,
    .raise = raise_value,
};

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
        if (d % 128 == 3 && prk_is_cancelled(l->cancel)) {
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
    bool holds = look_power(l, power, step->a, f) && look_power(l, t, power, rest);
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
        return PRK_NO(l, "the step must have exactly one prime");
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
    if (!look_power(l, b, prime->a, m) || !look_power(l, t, b, prime->q)) {
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
        return PRK_NO(l, "the step must have exactly one prime");
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
    return prk_divide_out(l, &prk_minus_side, f, r) && theorem_holds(l, f, r) &&
           prk_witnesses_hold(l, &prk_minus_side);
}
