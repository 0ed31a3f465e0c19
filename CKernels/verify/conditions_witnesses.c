// SPDX-License-Identifier: Apache-2.0
//
// Primes q of n - 1 with their bases and primes of n + 1 with their Lucas sequences: what both
// sides ask of them, as conditions_minus.c and conditions_plus.c say why.
//
// A witness is a number w modulo n that is raised to exponents k: w^k, or V_k(w, 1). Raised to n -
// 1 or n + 1 it has to be neutral, 1 or 2; raised to (n ∓ 1) / q, it less the neutral value has to
// be a unit, for each q that comes with it.

#include <stdlib.h>

#include "conditions.h"

// k = n - 1 or n + 1.
static void set_order(mpz_ptr k, const prk_step *step, const prk_side *side) {
    if (side->is_plus) {
        mpz_add_ui(k, step->n, 1);
    } else {
        mpz_sub_ui(k, step->n, 1);
    }
}

static mpz_srcptr base_of(const prk_step *step, const prk_step_prime *prime) {
    const bool has_one = step->kind == PRK_STEP_LUCAS || step->kind == PRK_STEP_PRIMO_MINUS;
    return prime->has_base ? prime->a : has_one ? step->a : NULL;
}

typedef struct item {
    const prk_step_prime *prime;
    mpz_srcptr base; // of a prime of n - 1; NULL: to be found
} item;

// Whether two primes share a witness is told by 0. All sequences of a step have one D, and then P'
// depends on Q alone. Bases that are to be found come last, each by itself.
static int compare_witnesses(const item *a, const item *b) {
    if (a->prime->is_plus) {
        return (a->prime->lucas_q > b->prime->lucas_q) - (a->prime->lucas_q < b->prime->lucas_q);
    }
    if (a->base != NULL && b->base != NULL) {
        return mpz_cmp(a->base, b->base);
    }
    const int order = (a->base == NULL) - (b->base == NULL);
    return order != 0 ? order : (a->prime > b->prime) - (a->prime < b->prime);
}

// Shared witnesses side by side, primes in the order of the text.
static int compare(const void *left, const void *right) {
    const item *a = left, *b = right;
    const int order = compare_witnesses(a, b);
    return order != 0 ? order : (a->prime > b->prime) - (a->prime < b->prime);
}

// Primes that share a witness.
typedef struct group {
    prk_look *l;
    const prk_side *side;
    mpz_ptr product; // of all that has to be a unit, modulo n
    bool is_first;   // the power n ∓ 1 has not been seen yet
    bool takes_gcds; // each by itself, since the product has a divisor in common with n
} group;

// value = the witness raised to (n ∓ 1) / q, and is lost.
static bool look_at_value(group *g, const prk_step_prime *prime, mpz_ptr value) {
    prk_look *l = g->l;
    mpz_srcptr n = l->step->n;
    mpz_ptr less = prk_scratch_take(l->scratch);
    mpz_sub_ui(less, value, g->side->neutral);
    bool holds = true;
    if (g->is_first) {
        holds = g->side->raise(l, value, prime->q) &&
                (mpz_cmp_ui(value, g->side->neutral) == 0 ||
                 prk_refuse_prime(l, g->side->not_neutral, prime));
        g->is_first = false;
    }
    if (holds) {
        if (mpz_sgn(less) == 0 || (g->takes_gcds && !prk_is_unit(l->scratch, less, n))) {
            holds = prk_refuse_prime(l, g->side->no_unit, prime);
        }
        mpz_mul(g->product, g->product, less);
        mpz_mod(g->product, g->product, n);
    }
    l->scratch->taken--;
    return holds;
}

// By halves: a step may have 100,000 primes.
static void multiply_primes(mpz_ptr product, const item *list, size_t count) {
    if (count == 1) {
        mpz_set(product, list->prime->q);
        return;
    }
    mpz_t other;
    mpz_init(other);
    multiply_primes(product, list, count / 2);
    multiply_primes(other, list + count / 2, count - count / 2);
    mpz_mul(product, product, other);
    mpz_clear(other);
}

// The least part of the list that has half of the bits, or all but the last.
static size_t half_of(const item *list, size_t count) {
    size_t all = 0, bits = mpz_sizeinbase(list[0].prime->q, 2), half = 1;
    for (size_t i = 0; i < count; i++) {
        all += mpz_sizeinbase(list[i].prime->q, 2);
    }
    while (2 * bits < all && half < count - 1) {
        bits += mpz_sizeinbase(list[half++].prime->q, 2);
    }
    return half;
}

// value = the witness raised to n ∓ 1 over the product of the list's primes, and is lost. Each
// prime's own by halves, to whose primes those of the other half are all that is missing: a prime
// costs as many bits of an exponent as the product has, and not as n has.
static bool look_at_list(group *g, const item *list, size_t count, mpz_ptr value) {
    if (count == 1) {
        return look_at_value(g, list->prime, value);
    }
    const size_t half = half_of(list, count);
    mpz_t others, part; // of the stack: there are as many as levels
    mpz_init(others);
    mpz_init_set(part, value);
    multiply_primes(others, list + half, count - half);
    bool holds = g->side->raise(g->l, part, others) && look_at_list(g, list, half, part);
    if (holds) {
        multiply_primes(others, list, half);
        holds = g->side->raise(g->l, value, others) &&
                look_at_list(g, list + half, count - half, value);
    }
    mpz_clears(others, part, (mpz_ptr)NULL);
    return holds;
}

static bool look_at_group(group *g, const item *list, size_t count) {
    prk_look *l = g->l;
    prk_scratch *s = l->scratch;
    const size_t taken = s->taken;
    mpz_ptr exponent = prk_scratch_take(s), all = prk_scratch_take(s), value = prk_scratch_take(s);
    set_order(exponent, l->step, g->side);
    multiply_primes(all, list, count);
    mpz_divexact(exponent, exponent, all); // each was divided out of it, after the others
    g->is_first = true;
    const bool holds = g->side->begin(l, list->prime, list->base, value) &&
                       g->side->raise(l, value, exponent) && look_at_list(g, list, count, value);
    s->taken = taken;
    return holds;
}

// A base for one prime of which the text has none. Of a prime n one in q fails.
static bool find_base(group *g, const prk_step_prime *prime) {
    enum { MOST_BASE = 600 };
    prk_look *l = g->l;
    prk_scratch *s = l->scratch;
    const size_t taken = s->taken;
    mpz_ptr exponent = prk_scratch_take(s), value = prk_scratch_take(s);
    set_order(exponent, l->step, g->side);
    mpz_divexact(exponent, exponent, prime->q);
    bool is_found = false, goes_on = true;
    for (unsigned a = 2; a < MOST_BASE && goes_on && !is_found && mpz_cmp_ui(l->step->n, a) > 0;
         a += a == 2 ? 1 : 2) {
        mpz_set_ui(value, a);
        goes_on = g->side->raise(l, value, exponent);
        if (goes_on && mpz_cmp_ui(value, 1) != 0) {
            g->is_first = true;
            goes_on = is_found = look_at_value(g, prime, value);
        }
    }
    s->taken = taken;
    return is_found || (goes_on && prk_refuse_prime(l, "no base was found", prime));
}

static bool look_at_all(group *g, const item *list, size_t count) {
    mpz_set_ui(g->product, 1);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && compare_witnesses(&list[i], &list[end]) == 0; end++) {
        }
        const bool has_witness = g->side->is_plus || list[i].base != NULL;
        if (!(has_witness ? look_at_group(g, list + i, end - i) : find_base(g, list[i].prime))) {
            return false;
        }
    }
    if (prk_is_unit(g->l->scratch, g->product, g->l->step->n)) {
        return true;
    }
    if (g->takes_gcds) { // the product of units is one
        return PRK_NO(g->l, "%s", g->side->no_unit);
    }
    g->takes_gcds = true;
    return look_at_all(g, list, count);
}

bool prk_witnesses_hold(prk_look *l, const prk_side *side) {
    const prk_step *step = l->step;
    item *list = malloc((step->prime_count + 1) * sizeof *list);
    if (list == NULL) {
        return prk_goes_on(l, PRK_STATUS_NO_MEMORY);
    }
    size_t count = 0;
    for (size_t i = 0; i < step->prime_count; i++) {
        if (step->primes[i].is_plus == side->is_plus) {
            list[count++] = (item){&step->primes[i], base_of(step, &step->primes[i])};
        }
    }
    bool holds = count > 0 || PRK_NO(l, "the step has no prime that divides %s", side->order);
    if (holds) {
        qsort(list, count, sizeof *list, compare);
        group g = {.l = l, .side = side, .product = prk_scratch_take(l->scratch)};
        holds = look_at_all(&g, list, count);
        l->scratch->taken--;
    }
    free(list);
    return holds;
}

bool prk_divide_out(prk_look *l, const prk_side *side, mpz_ptr f, mpz_ptr r) {
    const prk_step *step = l->step;
    set_order(f, step, side);
    mpz_set(r, f);
    for (size_t i = 0; i < step->prime_count; i++) {
        const prk_step_prime *prime = &step->primes[i];
        if (prime->is_plus != side->is_plus) {
            continue;
        }
        if (prk_is_cancelled(l->cancel)) { // of long numbers and many primes this takes minutes
            return prk_goes_on(l, PRK_STATUS_CANCELLED);
        }
        if (mpz_cmp_ui(prime->q, 1) <= 0) {
            return prk_refuse_prime(l, "q is not above 1", prime);
        }
        if (mpz_remove(r, r, prime->q) == 0) {
            return prk_refuse_prime(
                l, mpz_divisible_p(f, prime->q) != 0 ? "q stands twice" : side->no_divisor, prime);
        }
    }
    mpz_divexact(f, f, r);
    return true;
}
