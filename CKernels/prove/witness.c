// SPDX-License-Identifier: Apache-2.0
//
// Witnesses: bases for primes of n - 1, Lucas sequences for those of n + 1.
//
// For primes p of n - 1, one power y = a^((n-1)/(p p' …)) is raised to the products of the others,
// halves of the list at a time, and what is left at its ends are the a^((n-1)/p). Where that is 1,
// a is no witness for p and another base is tried; the others, less 1, are multiplied and have one
// gcd with n. With n + 1 it is the same for V_m(P, 1), since V_lm(P) = V_l(V_m(P)).
//
// The sequence of x^2 - p x + q has roots u and v, and w = u / v is a root of x^2 - P x + 1 for P =
// p^2 / q - 2. U_m = 0 modulo a prime means w^m = 1, and so V_m(P, 1) = 2. All sequences (c + 2 j,
// c + c j + j^2) have the discriminant c^2 - 4 c, and for j = 0 P is c - 2, a small number.
// w^((n+1) / 2) is the Jacobi symbol of q for a prime n.

#include <stdlib.h>

#include "../factor/field.h"
#include "../include/prk_kernels.h"
#include "../long/long.h"
#include "prove.h"

// A witness for a prime p is one of p / (p - 1) on average: so many fail with a composite alone.
#define MOST_BASES 400
#define MOST_PARAMETERS 100000

typedef struct hunt {
    const prk_goal *goal;
    prk_scratch *s;
    prk_effort *effort;
    prk_refutation *refutation;
    prk_special_form form;
    bool has_form, is_lucas;
    mpz_t *elements; // that have no witness yet
    size_t *places;  // which prime each of them is
    bool *are_left;
    size_t count;
    mpz_t product; // of all ends that are not 1 (or 2), less that
    bool is_refuted;
    bool is_checked; // whether the power of n - 1 or n + 1 itself was looked at
} hunt;

// value = value^exponent, or V_exponent(value, 1). exponent >= 1.
static prk_status raise(hunt *h, mpz_ptr value, mpz_srcptr exponent) {
    if (mpz_cmp_ui(exponent, 1) == 0) {
        return PRK_STATUS_OK;
    }
    if (mpz_cmp_ui(value, 1) <= 0 && !h->is_lucas) {
        return PRK_STATUS_OK;
    }
    h->effort->spent += mpz_sizeinbase(exponent, 2) * (h->is_lucas ? 2 : 1) *
                        prk_product_cost(mpz_size(h->goal->n));
    prk_chain chain;
    const prk_special_form *form = h->has_form ? &h->form : NULL;
    const prk_arithmetic *arithmetic = prk_arithmetic_for_power(h->goal->n, form, exponent);
    if (h->is_lucas) {
        prk_chain_begin_lucas(&chain, h->s, arithmetic, h->goal->n, form, value, exponent);
    } else {
        prk_chain_begin_power(&chain, h->s, arithmetic, h->goal->n, form, value, exponent);
    }
    const prk_status status = prk_chain_run(&chain, (mp_bitcnt_t)-1, h->effort->cancel);
    if (status == PRK_STATUS_OK) {
        prk_chain_value(&chain, value);
    }
    prk_chain_end(&chain);
    return status;
}

// product = that of elements lo ..< hi, by halves.
static void multiply_all(mpz_ptr product, mpz_t *elements, size_t lo, size_t hi) {
    if (hi - lo <= 4) {
        mpz_set_ui(product, 1);
        for (size_t i = lo; i < hi; i++) {
            mpz_mul(product, product, elements[i]);
        }
        return;
    }
    mpz_t other;
    mpz_init(other);
    multiply_all(product, elements, lo, lo + (hi - lo) / 2);
    multiply_all(other, elements, lo + (hi - lo) / 2, hi);
    mpz_mul(product, product, other);
    mpz_clear(other);
}

static prk_status look_at_end(hunt *h, size_t i, mpz_ptr value) {
    const unsigned neutral = h->is_lucas ? 2 : 1;
    h->are_left[i] = mpz_cmp_ui(value, neutral) == 0;
    if (!h->are_left[i]) {
        mpz_t less;
        mpz_init(less);
        mpz_sub_ui(less, value, neutral);
        mpz_mul(less, less, h->product);
        mpz_tdiv_r(h->product, less, h->goal->n);
        mpz_clear(less);
    }
    if (h->is_checked) {
        return PRK_STATUS_OK;
    }
    h->is_checked = true;
    const prk_status status = raise(h, value, h->elements[i]);
    h->is_refuted = status == PRK_STATUS_OK && mpz_cmp_ui(value, neutral) != 0;
    return status;
}

// Elements lo ..< hi; value = the power without them, and is lost. As deep as the list's logarithm.
static prk_status descend(hunt *h, size_t lo, size_t hi, mpz_ptr value) {
    if (hi - lo == 1) {
        return look_at_end(h, lo, value);
    }
    const size_t middle = lo + (hi - lo) / 2;
    mpz_t product, other;
    mpz_init(product);
    mpz_init_set(other, value);
    multiply_all(product, h->elements, middle, hi);
    prk_status status = raise(h, value, product);
    if (status == PRK_STATUS_OK) {
        status = descend(h, lo, middle, value);
    }
    if (status == PRK_STATUS_OK && !h->is_refuted) {
        multiply_all(product, h->elements, lo, middle);
        status = raise(h, other, product);
        if (status == PRK_STATUS_OK) {
            status = descend(h, middle, hi, other);
        }
    }
    mpz_clear(product);
    mpz_clear(other);
    return status;
}

// One base, or one parameter, for all elements. Takes away those that have their witness.
static prk_status try_one(hunt *h, mpz_ptr value) {
    mpz_t exponent, product;
    mpz_init(exponent);
    mpz_init(product);
    if (h->is_lucas) {
        mpz_add_ui(exponent, h->goal->n, 1);
    } else {
        mpz_sub_ui(exponent, h->goal->n, 1);
    }
    multiply_all(product, h->elements, 0, h->count);
    mpz_divexact(exponent, exponent, product);
    mpz_set_ui(h->product, 1);
    h->is_checked = false;
    prk_status status = raise(h, value, exponent);
    if (status == PRK_STATUS_OK) {
        status = descend(h, 0, h->count, value);
    }
    if (status == PRK_STATUS_OK && !h->is_refuted) {
        mpz_gcd(product, h->product, h->goal->n); // n, when the product is 0
        h->is_refuted = mpz_cmp_ui(product, 1) != 0;
    }
    mpz_clear(exponent);
    mpz_clear(product);
    return status;
}

static void drop_found(hunt *h) {
    size_t kept = 0;
    for (size_t i = 0; i < h->count; i++) {
        if (h->are_left[i]) {
            mpz_swap(h->elements[kept], h->elements[i]);
            h->places[kept++] = h->places[i];
        }
    }
    h->count = kept;
}

static bool is_two_left(const hunt *h) {
    for (size_t i = 0; i < h->count; i++) {
        if (mpz_cmp_ui(h->elements[i], 2) == 0) {
            return true;
        }
    }
    return false;
}

static uint64_t next_prime(uint64_t p) {
    do {
        p++;
    } while (!prk_is_prime_u64(p));
    return p;
}

static void set_witness(prk_goal *goal, size_t place, uint64_t a, int64_t p, int64_t q) {
    if (place == SIZE_MAX) {
        goal->rest_base = a;
    } else {
        goal->used[place].a = a;
        goal->used[place].p = p;
        goal->used[place].q = q;
    }
}

static void give_witness(hunt *h, prk_goal *goal, uint64_t a, int64_t p, int64_t q) {
    for (size_t i = 0; i < h->count; i++) {
        if (!h->are_left[i]) {
            set_witness(goal, h->places[i], a, p, q);
        }
    }
    drop_found(h);
}

// First the least base of which n is no square, when 2 needs one, since it is 2's for sure.
static prk_status hunt_bases(hunt *h, prk_goal *goal) {
    mpz_t value;
    mpz_init(value);
    prk_status status = PRK_STATUS_OK;
    uint64_t special = 0;
    if (is_two_left(h)) {
        uint64_t a = 2;
        for (int i = 0; i < MOST_BASES && special == 0; i++, a = next_prime(a)) {
            special = mpz_ui_kronecker(a, goal->n) == -1 ? a : 0;
        }
    }
    uint64_t a = special != 0 ? special : 2;
    for (int i = 0; i < MOST_BASES && h->count > 0 && status == PRK_STATUS_OK; i++) {
        mpz_set_ui(value, a);
        status = try_one(h, value);
        if (status == PRK_STATUS_OK && h->is_refuted) {
            h->refutation->is_composite = true;
            h->refutation->base = a;
            break;
        }
        if (status == PRK_STATUS_OK) {
            give_witness(h, goal, a, 0, 0);
        }
        a = i == 0 && special != 0 ? 2 : next_prime(a);
        a = a == special ? next_prime(a) : a;
    }
    mpz_clear(value);
    return status;
}

// The least P from 3 on with (P - 2|n) = 1 and (P + 2|n) = -1; 0: none, or n is composite.
static uint64_t find_parameter(mpz_srcptr n, uint64_t from) {
    for (uint64_t p = from; p < from + MOST_PARAMETERS; p++) {
        const int below = mpz_ui_kronecker(p - 2, n), above = mpz_ui_kronecker(p + 2, n);
        if (below == 1 && above == -1) {
            return p;
        }
        if (below == 0 || above == 0) {
            return 0;
        }
    }
    return 0;
}

// value = P^2 / Q - 2 modulo n, the parameter of w + 1/w.
static void set_parameter(mpz_ptr value, uint64_t p, mpz_srcptr q, mpz_srcptr n) {
    mpz_invert(value, q, n);
    mpz_mul_ui(value, value, p * p);
    mpz_sub_ui(value, value, 2);
    mpz_mod(value, value, n);
}

static prk_status hunt_sequences(hunt *h, prk_goal *goal) {
    const uint64_t parameter = find_parameter(goal->n, 3);
    if (parameter == 0) {
        return PRK_STATUS_OK;
    }
    const uint64_t c = parameter + 2;
    mpz_t value, q;
    mpz_init(value);
    mpz_init(q);
    prk_status status = PRK_STATUS_OK;
    for (uint64_t j = 0; j < MOST_BASES && h->count > 0 && status == PRK_STATUS_OK; j++) {
        const uint64_t p = c + 2 * j, product = c + c * j + j * j;
        mpz_set_ui(q, product);
        const int symbol = mpz_ui_kronecker(product, goal->n);
        if (symbol == 0 || (symbol == 1 && is_two_left(h))) { // Q has an inverse with symbol ±1
            continue;
        }
        set_parameter(value, p, q, goal->n);
        status = try_one(h, value);
        if (status == PRK_STATUS_OK && h->is_refuted) {
            h->refutation->is_composite = true;
            h->refutation->lucas_p = j == 0 ? parameter : 0;
            break;
        }
        if (status == PRK_STATUS_OK) {
            give_witness(h, goal, 0, (int64_t)p, (int64_t)product);
        }
    }
    mpz_clear(value);
    mpz_clear(q);
    return status;
}

// --- One large prime -----------------------------------------------------------------------------

// a^((n-1)/2) = -1 and a^(m/2) is not, n - 1 = m q.
static prk_status find_base(hunt *h, prk_goal *goal) {
    mpz_srcptr q = prk_used_factor(goal, goal->used)->p;
    mpz_t half, value, minus_one;
    mpz_inits(half, value, minus_one, (mpz_ptr)NULL);
    mpz_sub_ui(minus_one, goal->n, 1);
    mpz_divexact(half, minus_one, q);
    mpz_tdiv_q_2exp(half, half, 1);
    prk_status status = PRK_STATUS_OK;
    uint64_t a = 2;
    for (int i = 0; i < MOST_BASES && h->count > 0 && status == PRK_STATUS_OK;
         i++, a = next_prime(a)) {
        if (mpz_ui_kronecker(a, goal->n) != -1) {
            continue;
        }
        mpz_set_ui(value, a);
        status = raise(h, value, half);
        if (status != PRK_STATUS_OK || mpz_cmp(value, minus_one) == 0) {
            continue;
        }
        status = raise(h, value, q);
        if (status == PRK_STATUS_OK && mpz_cmp(value, minus_one) != 0) {
            h->refutation->is_composite = true;
            h->refutation->base = a;
            break;
        }
        goal->used[0].a = a;
        h->count = 0;
    }
    mpz_clears(half, value, minus_one, (mpz_ptr)NULL);
    return status;
}

// The least Q from `from` on that Primo has a sequence with, whose P is 1 for an even Q and 2 for
// an odd one: (Q|n) = -1 and (P^2 - 4 Q|n) = -1. 0: there is none, or n is composite.
static uint64_t find_primo_sequence(mpz_srcptr n, uint64_t from) {
    for (uint64_t q = from; q < from + MOST_PARAMETERS; q++) {
        const long d = q % 2 == 0 ? 1 - 4 * (long)q : 4 - 4 * (long)q;
        const int of_q = mpz_ui_kronecker(q, n), of_d = mpz_si_kronecker(d, n);
        if (of_q == -1 && of_d == -1) {
            return q;
        }
        if (of_q == 0 || of_d == 0) {
            return 0;
        }
    }
    return 0;
}

// V_((n+1)/2)(P, Q) = 0 and V_(m/2) is not, n + 1 = m q: w^((n+1)/2) = -1 and w^(m/2) is not, which
// is V(P^2 / Q - 2, 1) = -2 for a prime n. Any form of certificates has words for Primo's
// sequences.
static prk_status find_sequence(hunt *h, prk_goal *goal) {
    mpz_srcptr prime = prk_used_factor(goal, goal->used)->p;
    mpz_t half, value, minus_two, view;
    mpz_inits(half, value, minus_two, (mpz_ptr)NULL);
    mpz_add_ui(half, goal->n, 1);
    mpz_divexact(half, half, prime);
    mpz_tdiv_q_2exp(half, half, 1);
    mpz_sub_ui(minus_two, goal->n, 2);
    prk_status status = PRK_STATUS_OK;
    uint64_t q = find_primo_sequence(goal->n, 2);
    for (int i = 0; i < MOST_BASES && q != 0 && h->count > 0 && status == PRK_STATUS_OK;
         i++, q = find_primo_sequence(goal->n, q + 1)) {
        const uint64_t p = 1 + q % 2;
        const mp_limb_t limb = q;
        set_parameter(value, p, mpz_roinit_n(view, &limb, 1), goal->n);
        status = raise(h, value, half);
        if (status != PRK_STATUS_OK || mpz_cmp(value, minus_two) == 0) {
            continue;
        }
        status = raise(h, value, prime);
        if (status == PRK_STATUS_OK && mpz_cmp(value, minus_two) != 0) {
            h->refutation->is_composite = true;
            break;
        }
        goal->used[0].p = (int64_t)p;
        goal->used[0].q = (int64_t)q;
        h->count = 0;
    }
    mpz_clears(half, value, minus_two, (mpz_ptr)NULL);
    return status;
}

// --- Both sides ----------------------------------------------------------------------------------

static void list_elements(hunt *h, prk_goal *goal, bool is_plus) {
    h->count = 0;
    mpz_t rest;
    mpz_init(rest);
    mpz_sub_ui(rest, goal->n, 1);
    for (size_t i = 0; i < goal->used_count; i++) {
        if (goal->used[i].is_plus == is_plus) {
            const prk_prime_factor *prime = prk_used_factor(goal, &goal->used[i]);
            mpz_set(h->elements[h->count], prime->p);
            h->places[h->count++] = i;
            if (goal->theorem == PRK_THEOREM_BLS7) {
                mpz_remove(rest, rest, prime->p);
            }
        }
    }
    if (goal->theorem == PRK_THEOREM_BLS7 && !is_plus && mpz_cmp_ui(rest, 1) > 0) {
        // What is left of n - 1 has a base, too, as if it were a prime.
        mpz_set(h->elements[h->count], rest);
        h->places[h->count++] = SIZE_MAX;
    }
    mpz_clear(rest);
}

static prk_status hunt_side(hunt *h, prk_goal *goal, bool is_plus) {
    h->is_lucas = is_plus;
    list_elements(h, goal, is_plus);
    if (h->count == 0) {
        return PRK_STATUS_OK;
    }
    if (goal->theorem == PRK_THEOREM_BLS3) {
        return find_base(h, goal);
    }
    if (goal->theorem == PRK_THEOREM_BLS15) {
        return find_sequence(h, goal);
    }
    return is_plus ? hunt_sequences(h, goal) : hunt_bases(h, goal);
}

prk_status prk_find_witnesses(prk_goal *goal, prk_effort *effort, prk_scratch *s,
                              prk_refutation *refutation, bool *found) {
    hunt h = {.goal = goal, .s = s, .effort = effort, .refutation = refutation};
    h.has_form = mpz_size(goal->n) > PRK_COMBA_LIMBS && prk_special_form_of(goal->n, &h.form);
    if (!h.has_form && goal->has_form) {
        h.has_form = true;
        h.form = goal->form;
    }
    const size_t room = goal->used_count + 1;
    *found = false;
    h.elements = malloc(room * sizeof *h.elements);
    h.places = malloc(room * sizeof *h.places);
    h.are_left = malloc(room * sizeof *h.are_left);
    prk_status status = PRK_STATUS_NO_MEMORY;
    if (h.elements != NULL && h.places != NULL && h.are_left != NULL) {
        mpz_init(h.product);
        for (size_t i = 0; i < room; i++) {
            mpz_init(h.elements[i]);
        }
        status = hunt_side(&h, goal, false);
        *found = status == PRK_STATUS_OK && h.count == 0 && !refutation->is_composite;
        if (*found) {
            status = hunt_side(&h, goal, true);
            *found = status == PRK_STATUS_OK && h.count == 0 && !refutation->is_composite;
        }
        for (size_t i = 0; i < room; i++) {
            mpz_clear(h.elements[i]);
        }
        mpz_clear(h.product);
    }
    free(h.elements);
    free(h.places);
    free(h.are_left);
    return status;
}
