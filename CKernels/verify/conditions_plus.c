// SPDX-License-Identifier: Apache-2.0
//
// Steps of primes that divide n + 1 [BLS75], [Morr75].
//
// U_k and V_k are those of x^2 - P x + Q with D = P^2 - 4 Q, (D|n) = -1, and Q prime to n. U_k = 0
// modulo a prime p of n where the rank of p divides k, and the rank divides p - (D|p). n + 1 = F R,
// and F has its primes q to their full powers: with U_(n+1) = 0 modulo p and gcd(U_((n+1)/q), n) =
// 1 the rank has all of q's power. With such a sequence for each q, all of one D, each p is (D|p)
// modulo F.
//
// None of that needs U itself. Let a and b be the roots of x^2 - P x + Q in the ring (Z/n)[x] /
// (x^2 - P x + Q), where D = (a - b)^2 and Q = a b are units, and w = a / b. w and 1 / w are the
// roots of x^2 - P' x + 1 for P' = w + 1/w = (a^2 + b^2) / Q = P^2 / Q - 2. V' is that sequence:
// V'_k = w^k + w^-k, so that V'_jk = V_j(V'_k, 1), which chains of few products reach. Now
//
//     V'_k - 2 = w^-k (w^k - 1)^2 = (a^k - b^k)^2 / (a b)^k = D U_k^2 / Q^k    modulo n.
//
// D / Q^k being a unit, gcd(V'_k - 2, n) = 1 exactly when gcd(U_k, n) = 1. And V'_k = 2 modulo n
// exactly when n divides U_k^2, which is a little less than that n divides U_k where n has a square
// in it; but each prime p of n then divides U_k, and of p alone is anything asked above.

#include "../long/long.h"
#include "conditions.h"

// The sequence that a prime of n + 1 comes with.
typedef struct sequence {
    mpz_ptr p, q, d;
} sequence;

static sequence take_sequence(prk_scratch *s) {
    mpz_ptr p = prk_scratch_take(s), q = prk_scratch_take(s);
    return (sequence){p, q, prk_scratch_take(s)};
}

static void set_discriminant(sequence *of) {
    mpz_mul(of->d, of->p, of->p);
    mpz_submul_ui(of->d, of->q, 4);
}

static void set_small(sequence *of, const prk_step_prime *prime) {
    mpz_set_si(of->p, prime->p);
    mpz_set_si(of->q, prime->lucas_q);
    set_discriminant(of);
}

static bool sequence_holds(prk_look *l, const sequence *of) {
    mpz_srcptr n = l->step->n;
    if (mpz_jacobi(of->d, n) != -1) {
        return PRK_NO(l, "(P^2 - 4 Q|n) is not -1");
    }
    // With a common factor Q would have no inverse modulo a prime, and U no rank.
    return prk_is_unit(l->scratch, of->q, n) || PRK_NO(l, "gcd(Q, n) is not 1");
}

// P' = P^2 / Q - 2 modulo n, of a sequence that holds.
static void find_parameter(prk_look *l, const sequence *of, mpz_ptr parameter) {
    mpz_srcptr n = l->step->n;
    mpz_ptr t = prk_scratch_take(l->scratch);
    mpz_invert(parameter, of->q, n);
    mpz_mul(t, of->p, of->p);
    mpz_mul(t, t, parameter);
    mpz_sub_ui(t, t, 2);
    mpz_mod(parameter, t, n);
    l->scratch->taken--;
}

// Whether V_k = 0 modulo n, k >= 1, for a sequence that holds and whose P is a unit. V_k is w^k + 1
// times a unit: for an even k, V'_(k/2) times a unit. For an odd k, w^k = -1 exactly when V'_k = -2
// and V'_(k+1) = -P': these give (w^k + 1) (w - 1/w) = 0, and w - 1/w is P / Q times a root of D, a
// unit.
static bool find_v_zero(prk_look *l, const sequence *of, mpz_srcptr k, bool *is_zero) {
    prk_scratch *s = l->scratch;
    mpz_srcptr n = l->step->n;
    const size_t taken = s->taken;
    mpz_ptr p = prk_scratch_take(s), v = prk_scratch_take(s), next = prk_scratch_take(s);
    find_parameter(l, of, p);
    const bool is_even = mpz_even_p(k);
    mpz_ptr exponent = prk_scratch_take(s);
    mpz_tdiv_q_2exp(exponent, k, is_even ? 1 : 0);
    prk_special_form form;
    const prk_special_form *binary = prk_special_form_of(n, &form) ? &form : NULL;
    prk_chain chain;
    prk_chain_begin_lucas(&chain, s, prk_arithmetic_to_verify(n, binary, exponent), n, binary, p,
                          exponent);
    const bool goes_on = prk_goes_on(l, prk_chain_run(&chain, (mp_bitcnt_t)-1, l->cancel));
    if (goes_on) {
        prk_chain_value(&chain, v);
        *is_zero = mpz_sgn(v) == 0;
        if (!is_even) {
            prk_chain_next_value(&chain, next);
            mpz_add_ui(v, v, 2);
            mpz_add(next, next, p);
            *is_zero = mpz_divisible_p(v, n) != 0 && mpz_divisible_p(next, n) != 0;
        }
    }
    prk_chain_end(&chain);
    s->taken = taken;
    return goes_on;
}

// --- One prime -----------------------------------------------------------------------------------

// n + 1 = m q with an odd prime q above sqrt(n) / 2 + 1/2, V_((n+1)/2) = 0 and V_(m/2) not. With
// the roots' quotient w: w^((n+1)/2) = -1 modulo n. If q divided the order of w modulo no power of
// a prime in n, w^m would be 1, and w^(m/2) = (w^(m/2))^q = -1 modulo each: V_(m/2) = 0. So there
// is a prime p of n of which q divides p - (D|p). Both p and n / p are odd and ±1 modulo q, and not
// below 2 q - 1 > sqrt(n) unless 1 [BLS75, theorem 15].
//
// A P that is no unit proves nothing. For a prime n, P is 0 then, and V_k is 0 for all odd k and
// for no even one: of (n+1)/2 = q m/2 and m/2, for both or for neither.
static bool one_prime_holds(prk_look *l, const sequence *of, mpz_srcptr q, mpz_srcptr given) {
    prk_scratch *s = l->scratch;
    mpz_srcptr n = l->step->n;
    if (mpz_cmp_ui(q, 2) <= 0 || mpz_even_p(q)) {
        return PRK_NO(l, "q is not odd and above 2");
    }
    mpz_ptr m = prk_scratch_take(s), half = prk_scratch_take(s);
    mpz_add_ui(half, n, 1);
    if (mpz_divisible_p(half, q) == 0) {
        return PRK_NO(l, "q does not divide n + 1");
    }
    mpz_divexact(m, half, q);
    if (mpz_sgn(given) != 0 && mpz_cmp(given, m) != 0) {
        return PRK_NO(l, "s is not (n + 1) / q");
    }
    mpz_ptr u = prk_scratch_take(s);
    mpz_mul_2exp(u, q, 1);
    mpz_sub_ui(u, u, 1);
    mpz_mul(u, u, u);
    if (mpz_cmp(u, n) <= 0) {
        return PRK_NO(l, "2 q - 1 is not above the square root of n");
    }
    if (!sequence_holds(l, of)) {
        return false;
    }
    if (!prk_is_unit(s, of->p, n)) {
        return PRK_NO(l, "gcd(P, n) is not 1");
    }
    mpz_tdiv_q_2exp(half, half, 1);
    mpz_tdiv_q_2exp(m, m, 1); // even, as n + 1 is and q is not
    bool is_zero = false;
    if (!find_v_zero(l, of, m, &is_zero)) {
        return false;
    }
    if (is_zero) {
        return PRK_NO(l, "V_(m/2) is 0");
    }
    return find_v_zero(l, of, half, &is_zero) && (is_zero || PRK_NO(l, "V_((n+1)/2) is not 0"));
}

static bool bls15_holds(prk_look *l) {
    const prk_step *step = l->step;
    sequence of = take_sequence(l->scratch);
    set_small(&of, step->primes);
    return one_prime_holds(l, &of, step->primes->q, step->s);
}

// Q is the text's, and P 1 or 2 as Q is even or odd: D is no square of P alone.
static bool primo_plus_holds(prk_look *l) {
    const prk_step *step = l->step;
    if (mpz_sgn(step->a) <= 0 || mpz_cmp(step->a, step->n) >= 0) {
        return PRK_NO(l, "Q is not between 1 and n - 1");
    }
    if (mpz_sgn(step->s) <= 0 || mpz_odd_p(step->s)) {
        return PRK_NO(l, "s is not even and above 0");
    }
    if (mpz_cmp(step->primes->q, step->s) <= 0) {
        return PRK_NO(l, "q is not above s");
    }
    if (mpz_jacobi(step->a, step->n) != -1) {
        return PRK_NO(l, "(Q|n) is not -1");
    }
    sequence of = take_sequence(l->scratch);
    mpz_set(of.q, step->a);
    mpz_set_ui(of.p, 1 + (unsigned long)mpz_odd_p(step->a));
    set_discriminant(&of);
    return one_prime_holds(l, &of, step->primes->q, step->s);
}

// --- The factored part ---------------------------------------------------------------------------

// value = V_k(value, 1) modulo n. 0 <= value < n, k >= 1.
static bool raise_value(prk_look *l, mpz_ptr value, mpz_srcptr k) {
    if (mpz_cmp_ui(k, 1) == 0) {
        return true;
    }
    mpz_srcptr n = l->step->n;
    prk_special_form form;
    const prk_special_form *binary = prk_special_form_of(n, &form) ? &form : NULL;
    prk_chain chain;
    prk_chain_begin_lucas(&chain, l->scratch, prk_arithmetic_to_verify(n, binary, k), n, binary,
                          value, k);
    const bool goes_on = prk_goes_on(l, prk_chain_run(&chain, (mp_bitcnt_t)-1, l->cancel));
    if (goes_on) {
        prk_chain_value(&chain, value);
    }
    prk_chain_end(&chain);
    return goes_on;
}

static bool begin(prk_look *l, const prk_step_prime *prime, mpz_srcptr none, mpz_ptr value) {
    (void)none;
    prk_scratch *s = l->scratch;
    const size_t taken = s->taken;
    sequence of = take_sequence(s);
    set_small(&of, prime);
    const bool holds = sequence_holds(l, &of);
    if (holds) {
        find_parameter(l, &of, value);
    }
    s->taken = taken;
    return holds;
}

static const prk_side side = {
    .is_plus = true,
    .neutral = 2,
    .order = "n + 1",
    .no_divisor = "q does not divide n + 1",
    .not_neutral = "U_(n+1) is not 0",
    .no_unit = "gcd(U_((n+1)/q), n) is not 1",
    .begin = begin,
    .raise = raise_value,
};

// All sequences have the discriminant of the first one.
static bool share_discriminant(prk_look *l) {
    const prk_step *step = l->step;
    prk_scratch *s = l->scratch;
    const size_t taken = s->taken;
    sequence first = take_sequence(s), of = take_sequence(s);
    bool holds = true, has_first = false;
    for (size_t i = 0; i < step->prime_count && holds; i++) {
        const prk_step_prime *prime = &step->primes[i];
        if (prime->is_plus) {
            set_small(has_first ? &of : &first, prime);
            holds = !has_first || mpz_cmp(first.d, of.d) == 0 ||
                    prk_refuse_prime(l, "another discriminant", prime);
            has_first = true;
        }
    }
    s->taken = taken;
    return holds;
}

static bool plus_part_holds(prk_look *l) {
    return share_discriminant(l) && prk_witnesses_hold(l, &side);
}

// Each prime of n is at least F - 1 > sqrt(n).
static bool morrison_holds(prk_look *l, mpz_srcptr f) {
    mpz_ptr square = prk_scratch_take(l->scratch);
    mpz_sub_ui(square, f, 1);
    mpz_mul(square, square, square);
    const bool is_above = mpz_cmp(square, l->step->n) > 0;
    l->scratch->taken--;
    return is_above ||
           PRK_NO(l, "the factored part of n + 1 is not above the square root of n plus 1");
}

// A composite n is x y with x and y 1 modulo F1, and (D|x) = -(D|y): one of them is 1 modulo F2,
// too, as it is (D|x) modulo F2, and above lcm(F1, F2); the other one is -1 modulo F2. So n is at
// least (lcm(F1, F2) + 1) max(F1 + 1, F2 - 1) [BLS75, theorem 20 without bounds on other primes].
static bool combined_holds(prk_look *l, mpz_srcptr f1, mpz_srcptr f2) {
    prk_scratch *s = l->scratch;
    mpz_ptr t = prk_scratch_take(s), other = prk_scratch_take(s);
    mpz_lcm(t, f1, f2);
    mpz_add_ui(t, t, 1);
    mpz_sub_ui(other, f2, 2);
    mpz_add_ui(other, mpz_cmp(other, f1) > 0 ? other : f1, 1);
    mpz_mul(t, t, other);
    const bool is_below = mpz_cmp(l->step->n, t) < 0;
    s->taken -= 2;
    return is_below || PRK_NO(l, "n is not below (lcm(F1, F2) + 1) max(F1 + 1, F2 - 1)");
}

bool prk_plus_holds(prk_look *l) {
    const prk_step *step = l->step;
    size_t plus = 0;
    for (size_t i = 0; i < step->prime_count; i++) {
        plus += step->primes[i].is_plus;
    }
    if (plus == 0) {
        return PRK_NO(l, "the step has no prime that divides n + 1");
    }
    if (step->kind != PRK_STEP_COMBINED && plus != step->prime_count) {
        return PRK_NO(l, "the theorem is not of primes that divide n - 1");
    }
    if (step->kind == PRK_STEP_BLS15 || step->kind == PRK_STEP_PRIMO_PLUS) {
        if (plus != 1) {
            return PRK_NO(l, "the step must have exactly one prime");
        }
        return step->kind == PRK_STEP_BLS15 ? bls15_holds(l) : primo_plus_holds(l);
    }
    prk_scratch *s = l->scratch;
    mpz_ptr f1 = prk_scratch_take(s), f2 = prk_scratch_take(s), r = prk_scratch_take(s);
    if (!prk_divide_out(l, &side, f2, r)) {
        return false;
    }
    if (step->kind == PRK_STEP_MORRISON) {
        return morrison_holds(l, f2) && plus_part_holds(l);
    }
    return prk_divide_out(l, &prk_minus_side, f1, r) && prk_witnesses_hold(l, &prk_minus_side) &&
           combined_holds(l, f1, f2) && plus_part_holds(l);
}
