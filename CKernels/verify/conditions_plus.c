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

#include <stdlib.h>

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

static bool pair_of(prk_look *l, const sequence *of, mpz_srcptr k, mpz_ptr u, mpz_ptr v) {
    return prk_goes_on(l, prk_lucas_pair(l->scratch, l->step->n, of->p, of->q, k, l->cancel, u, v));
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

// Whether V_k = 0 modulo n, k >= 1, for a sequence that holds. V_k is w^k + 1 times a unit: for an
// even k, V'_(k/2) times a unit. For an odd k, w^k = -1 exactly when V'_k = -2 and V'_(k+1) = -P':
// these give (w^k + 1) (w - 1/w) = 0, and w - 1/w is P / Q times a root of D, a unit when P is one.
static bool find_v_zero(prk_look *l, const sequence *of, mpz_srcptr k, bool *is_zero) {
    prk_scratch *s = l->scratch;
    mpz_srcptr n = l->step->n;
    const size_t taken = s->taken;
    mpz_ptr p = prk_scratch_take(s), v = prk_scratch_take(s), next = prk_scratch_take(s);
    if (!prk_is_unit(s, of->p, n)) {
        const bool goes_on = pair_of(l, of, k, next, v);
        *is_zero = mpz_sgn(v) == 0;
        s->taken = taken;
        return goes_on;
    }
    find_parameter(l, of, p);
    const bool is_even = mpz_even_p(k);
    mpz_ptr exponent = prk_scratch_take(s);
    mpz_tdiv_q_2exp(exponent, k, is_even ? 1 : 0);
    prk_chain chain;
    prk_chain_begin_lucas(&chain, s, prk_fastest_arithmetic(n), n, NULL, p, exponent);
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
// a prime in n, w^m would be 1, and w^(m/2) = (w^(m/2))^q = -1 modulo each: V_(m/2) = 0. So q
// divides p
// - (D|p) for a prime p of n; p and n / p are odd and ±1 modulo q, and not below 2 q - 1 > sqrt(n)
// unless 1 [BLS75, theorem 15].
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

// f = the factored part of n + 1.
static bool divide_out(prk_look *l, mpz_ptr f) {
    const prk_step *step = l->step;
    mpz_ptr r = prk_scratch_take(l->scratch);
    mpz_add_ui(r, step->n, 1);
    mpz_set(f, r);
    for (size_t i = 0; i < step->prime_count; i++) {
        const prk_step_prime *prime = &step->primes[i];
        if (!prime->is_plus) {
            continue;
        }
        if (mpz_cmp_ui(prime->q, 1) <= 0) {
            return prk_refuse_prime(l, "q is not above 1", prime);
        }
        if (mpz_remove(r, r, prime->q) == 0) {
            return prk_refuse_prime(
                l, mpz_divisible_p(f, prime->q) != 0 ? "q stands twice" : "q does not divide n + 1",
                prime);
        }
    }
    mpz_divexact(f, f, r);
    l->scratch->taken--;
    return true;
}

// Equal sequences side by side, and the largest primes of each first. All have one D, and so P' =
// D / Q + 2 depends on Q alone.
static int compare_sequences(const void *left, const void *right) {
    const prk_step_prime *a = *(const prk_step_prime *const *)left;
    const prk_step_prime *b = *(const prk_step_prime *const *)right;
    if (a->lucas_q != b->lucas_q) {
        return a->lucas_q < b->lucas_q ? -1 : 1;
    }
    return mpz_cmp(b->q, a->q);
}

// Primes that share a sequence V'.
typedef struct group {
    prk_look *l;
    mpz_ptr product; // of all V'_((n+1)/q) - 2 modulo n
    bool is_first;   // V'_(n+1) has not been seen yet
    bool takes_gcds; // each by itself, since the product has a divisor in common with n
} group;

// value = V_k(value, 1) modulo n. 0 <= value < n, k >= 1.
static bool raise_value(prk_look *l, mpz_ptr value, mpz_srcptr k) {
    if (mpz_cmp_ui(k, 1) == 0) {
        return true;
    }
    mpz_srcptr n = l->step->n;
    prk_chain chain;
    prk_chain_begin_lucas(&chain, l->scratch, prk_fastest_arithmetic(n), n, NULL, value, k);
    const bool goes_on = prk_goes_on(l, prk_chain_run(&chain, (mp_bitcnt_t)-1, l->cancel));
    if (goes_on) {
        prk_chain_value(&chain, value);
    }
    prk_chain_end(&chain);
    return goes_on;
}

// value = V'_((n+1)/q), and is lost.
static bool look_at_value(group *g, const prk_step_prime *prime, mpz_ptr value) {
    prk_look *l = g->l;
    mpz_srcptr n = l->step->n;
    mpz_ptr less = prk_scratch_take(l->scratch);
    mpz_sub_ui(less, value, 2);
    bool holds = true;
    if (g->is_first) {
        holds = raise_value(l, value, prime->q) &&
                (mpz_cmp_ui(value, 2) == 0 || prk_refuse_prime(l, "U_(n+1) is not 0", prime));
        g->is_first = false;
    }
    if (holds) {
        if (mpz_sgn(less) == 0 || (g->takes_gcds && !prk_is_unit(l->scratch, less, n))) {
            holds = prk_refuse_prime(l, "gcd(U_((n+1)/q), n) is not 1", prime);
        }
        mpz_mul(g->product, g->product, less);
        mpz_mod(g->product, g->product, n);
    }
    l->scratch->taken--;
    return holds;
}

static void multiply_primes(mpz_ptr product, const prk_step_prime *const *list, size_t count) {
    mpz_set_ui(product, 1);
    for (size_t i = 0; i < count; i++) {
        mpz_mul(product, product, list[i]->q);
    }
}

// The least part of the list that has half of the bits, or all but the last.
static size_t half_of(const prk_step_prime *const *list, size_t count) {
    size_t all = 0, bits = mpz_sizeinbase(list[0]->q, 2), half = 1;
    for (size_t i = 0; i < count; i++) {
        all += mpz_sizeinbase(list[i]->q, 2);
    }
    while (2 * bits < all && half < count - 1) {
        bits += mpz_sizeinbase(list[half++]->q, 2);
    }
    return half;
}

// value = V'_((n+1)/the product of the list's primes), and is lost. Each prime's own by halves: to
// the primes of one half those of the other one are all that is missing.
static bool look_at_list(group *g, const prk_step_prime *const *list, size_t count, mpz_ptr value) {
    if (count == 1) {
        return look_at_value(g, list[0], value);
    }
    const size_t half = half_of(list, count);
    mpz_t others, part; // of the stack: there are as many as levels
    mpz_init(others);
    mpz_init_set(part, value);
    multiply_primes(others, list + half, count - half);
    bool holds = raise_value(g->l, part, others) && look_at_list(g, list, half, part);
    if (holds) {
        multiply_primes(others, list, half);
        holds =
            raise_value(g->l, value, others) && look_at_list(g, list + half, count - half, value);
    }
    mpz_clears(others, part, (mpz_ptr)NULL);
    return holds;
}

// The product of the primes divides n + 1, as divide_out() took them out of it one after another.
static bool look_at_group(group *g, const prk_step_prime *const *list, size_t count) {
    prk_look *l = g->l;
    prk_scratch *s = l->scratch;
    const size_t taken = s->taken;
    sequence of = take_sequence(s);
    set_small(&of, list[0]);
    bool holds = sequence_holds(l, &of);
    if (holds) {
        mpz_ptr exponent = prk_scratch_take(s), all = prk_scratch_take(s);
        mpz_ptr value = prk_scratch_take(s);
        mpz_add_ui(exponent, l->step->n, 1);
        multiply_primes(all, list, count);
        mpz_divexact(exponent, exponent, all);
        find_parameter(l, &of, value);
        g->is_first = true;
        holds = raise_value(l, value, exponent) && look_at_list(g, list, count, value);
    }
    s->taken = taken;
    return holds;
}

static bool look_at_all(group *g, const prk_step_prime *const *list, size_t count) {
    mpz_set_ui(g->product, 1);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && list[end]->lucas_q == list[i]->lucas_q; end++) {
        }
        if (!look_at_group(g, list + i, end - i)) {
            return false;
        }
    }
    if (prk_is_unit(g->l->scratch, g->product, g->l->step->n)) {
        return true;
    }
    if (g->takes_gcds) { // the product of units is one
        return PRK_NO(g->l, "gcd(U_((n+1)/q), n) is not 1");
    }
    g->takes_gcds = true;
    return look_at_all(g, list, count);
}

// Whether all sequences have the discriminant of the first one.
static bool share_discriminant(prk_look *l, const prk_step_prime *const *list, size_t count) {
    prk_scratch *s = l->scratch;
    const size_t taken = s->taken;
    sequence first = take_sequence(s), of = take_sequence(s);
    set_small(&first, list[0]);
    bool holds = true;
    for (size_t i = 1; i < count && holds; i++) {
        set_small(&of, list[i]);
        holds = mpz_cmp(first.d, of.d) == 0 || prk_refuse_prime(l, "another discriminant", list[i]);
    }
    s->taken = taken;
    return holds;
}

// After divide_out().
static bool plus_part_holds(prk_look *l) {
    const prk_step *step = l->step;
    const prk_step_prime **list = malloc(step->prime_count * sizeof *list);
    if (list == NULL) {
        return prk_goes_on(l, PRK_STATUS_NO_MEMORY);
    }
    size_t count = 0;
    for (size_t i = 0; i < step->prime_count; i++) {
        if (step->primes[i].is_plus) {
            list[count++] = &step->primes[i];
        }
    }
    bool holds = share_discriminant(l, list, count);
    if (holds) {
        qsort(list, count, sizeof *list, compare_sequences);
        group g = {.l = l, .product = prk_scratch_take(l->scratch)};
        holds = look_at_all(&g, list, count);
        l->scratch->taken--;
    }
    free(list);
    return holds;
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
            return PRK_NO(l, "the step has not one prime");
        }
        return step->kind == PRK_STEP_BLS15 ? bls15_holds(l) : primo_plus_holds(l);
    }
    prk_scratch *s = l->scratch;
    mpz_ptr f2 = prk_scratch_take(s);
    if (!divide_out(l, f2)) {
        return false;
    }
    if (step->kind == PRK_STEP_MORRISON) {
        return morrison_holds(l, f2) && plus_part_holds(l);
    }
    mpz_ptr f1 = prk_scratch_take(s), r = prk_scratch_take(s);
    return prk_minus_part_holds(l, f1, r) && combined_holds(l, f1, f2) && plus_part_holds(l);
}
