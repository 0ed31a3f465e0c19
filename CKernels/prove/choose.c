// SPDX-License-Identifier: Apache-2.0
//
// Which theorem is tried, with which primes. Sizes alone decide, by bounds that are a little
// stricter than the theorems': the verifier has the last word.

#include <stdlib.h>

#include "prove.h"

// More large primes than this are not thought of: so many were found by curves, or given.
#define MOST_LARGE 6

typedef struct usable {
    prk_used_prime used;
    mpz_srcptr p;
    unsigned long exponent;
    size_t bits; // about, of the power
    int large;   // its bit of a mask; 0 for a word
    bool is_two;
} usable;

typedef struct chooser {
    mpz_srcptr n;
    usable *list; // the largest power first
    size_t count;
    uint64_t bound;          // no prime of what is left of n - 1 is below
    mpz_t f[2], left, right; // products of n - 1 and of n + 1
    mpz_t power, chunk[2];   // what `f` is still to be multiplied by
    size_t chunk_bits;
    prk_used_prime *trial, *best;
    size_t trial_count, best_count, best_weight;
    prk_theorem theorem;
} chooser;

static size_t bits_of(mpz_srcptr x) { return mpz_sizeinbase(x, 2); }

// Whether f^i > n^j.
static bool is_above(chooser *c, mpz_srcptr f, unsigned i, unsigned j) {
    if (i * bits_of(f) < j * (bits_of(c->n) - 1)) {
        return false; // most of the time, and without the power
    }
    mpz_pow_ui(c->left, f, i);
    mpz_pow_ui(c->right, c->n, j);
    return mpz_cmp(c->left, c->right) > 0;
}

// With R = (n - 1) / F = 2 F s + r, theorem 5 asks for n < (F + 1) (2 F^2 + (r - 1) F + 1), which
// is above 2 F^3, and theorem 7 for n < (B F + 1) (2 F^2 + (r - B) F + 1), above B F^2 (2 F - B).
static bool suffices(chooser *c, prk_theorem theorem) {
    mpz_ptr minus = c->f[0], plus = c->f[1];
    const size_t bits = bits_of(c->n);
    switch (theorem) {
    case PRK_THEOREM_POCKLINGTON:
        return is_above(c, minus, 2, 1);
    case PRK_THEOREM_MORRISON: { // F > sqrt(n) + 1
        mpz_sub_ui(plus, plus, 1);
        const bool is_enough = mpz_sgn(plus) > 0 && is_above(c, plus, 2, 1);
        mpz_add_ui(plus, plus, 1);
        return is_enough;
    }
    case PRK_THEOREM_BLS5:
        if (3 * bits_of(minus) + 1 < bits) {
            return false;
        }
        mpz_pow_ui(c->left, minus, 3);
        mpz_mul_2exp(c->left, c->left, 1);
        return mpz_cmp(c->left, c->n) > 0;
    case PRK_THEOREM_BLS7:
        if (c->bound < 3 || 3 * bits_of(minus) + 64 < bits) {
            return false;
        }
        mpz_mul_2exp(c->left, minus, 1);
        if (mpz_cmp_ui(c->left, c->bound) <= 0) {
            return false;
        }
        mpz_sub_ui(c->left, c->left, c->bound);
        mpz_mul_ui(c->left, c->left, c->bound);
        mpz_mul(c->right, minus, minus);
        mpz_mul(c->left, c->left, c->right);
        return mpz_cmp(c->left, c->n) > 0;
    case PRK_THEOREM_KONYAGIN:
        return is_above(c, minus, 10, 3);
    default: // combined: n < max(F1, F2) F1 F2 / 2
        if (2 * (bits_of(minus) + bits_of(plus)) < bits) {
            return false;
        }
        mpz_mul(c->left, minus, plus);
        mpz_mul(c->left, c->left, mpz_cmp(minus, plus) > 0 ? minus : plus);
        mpz_mul_2exp(c->right, c->n, 1);
        return mpz_cmp(c->left, c->right) > 0;
    }
}

static void flush(chooser *c) {
    for (int side = 0; side < 2; side++) {
        mpz_mul(c->f[side], c->f[side], c->chunk[side]);
        mpz_set_ui(c->chunk[side], 1);
    }
}

// Whether `f` is a product of all that is used. Many primes, as those of primorials, are multiplied
// by and by: each alone would cost as much as so many.
static bool use(chooser *c, const usable *u) {
    c->trial[c->trial_count++] = u->used;
    mpz_pow_ui(c->power, u->p, u->exponent);
    mpz_ptr chunk = c->chunk[u->used.is_plus];
    mpz_mul(chunk, chunk, c->power);
    if (bits_of(chunk) < c->chunk_bits) {
        return false;
    }
    flush(c);
    return true;
}

static void keep(chooser *c, prk_theorem theorem, size_t weight) {
    if (c->theorem != PRK_THEOREM_NONE && c->best_weight <= weight) {
        return;
    }
    prk_used_prime *const other = c->best;
    c->best = c->trial;
    c->best_count = c->trial_count;
    c->best_weight = weight;
    c->theorem = theorem;
    c->trial = other;
}

// As few primes as suffice, the largest powers first; but 2 is always one of them where the
// theorem wants an even part, and all of them where it wants a part without small primes.
static void try_theorem(chooser *c, prk_theorem theorem, int mask) {
    const bool has_minus = theorem != PRK_THEOREM_MORRISON;
    const bool has_plus = theorem == PRK_THEOREM_MORRISON || theorem == PRK_THEOREM_COMBINED;
    const bool wants_two = theorem != PRK_THEOREM_POCKLINGTON && theorem != PRK_THEOREM_MORRISON;
    const bool wants_all = theorem == PRK_THEOREM_BLS7;
    c->trial_count = 0;
    mpz_set_ui(c->f[0], 1);
    mpz_set_ui(c->f[1], 1);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < c->count; i++) {
            const usable *u = &c->list[i];
            if (!(u->used.is_plus ? has_plus : has_minus) ||
                (pass == 0) != (u->is_two && wants_two) || (u->large & ~mask) != 0) {
                continue;
            }
            if (use(c, u) && pass == 1 && !wants_all && suffices(c, theorem)) {
                break;
            }
        }
    }
    flush(c);
    if (c->trial_count == 0 || !suffices(c, theorem)) {
        return;
    }
    size_t weight = theorem == PRK_THEOREM_BLS7;
    for (size_t i = 0; i < c->trial_count; i++) {
        weight += c->trial[i].is_plus ? 2 : 1; // a Lucas sequence takes twice a power
    }
    keep(c, theorem, weight);
}

// One large prime q alone: 2 q + 1 > sqrt(n), or 2 q - 1 > sqrt(n).
static void try_large(chooser *c, const usable *u) {
    mpz_mul_2exp(c->f[0], u->p, 1);
    if (u->used.is_plus) {
        mpz_sub_ui(c->f[0], c->f[0], 1);
    } else {
        mpz_add_ui(c->f[0], c->f[0], 1);
    }
    if (u->exponent == 1 && is_above(c, c->f[0], 2, 1)) {
        c->trial_count = 0;
        c->trial[c->trial_count++] = u->used;
        keep(c, u->used.is_plus ? PRK_THEOREM_BLS15 : PRK_THEOREM_BLS3, u->used.is_plus ? 2 : 1);
    }
}

static void try_all(chooser *c, int mask) {
    static const prk_theorem in_order[] = {PRK_THEOREM_POCKLINGTON, PRK_THEOREM_MORRISON,
                                           PRK_THEOREM_BLS5,        PRK_THEOREM_BLS7,
                                           PRK_THEOREM_KONYAGIN,    PRK_THEOREM_COMBINED};
    for (size_t i = 0; i < c->count; i++) {
        if (c->list[i].large != 0 && c->list[i].large == mask) {
            try_large(c, &c->list[i]);
        }
    }
    for (size_t i = 0; i < sizeof in_order / sizeof in_order[0]; i++) {
        try_theorem(c, in_order[i], mask);
    }
}

static int by_size(const void *x, const void *y) {
    const usable *a = x, *b = y;
    if (a->bits != b->bits) {
        return a->bits > b->bits ? -1 : 1;
    }
    if (a->used.is_plus != b->used.is_plus) {
        return a->used.is_plus ? 1 : -1;
    }
    return a->used.index < b->used.index ? -1 : 1;
}

static void collect(chooser *c, prk_factoring *f, bool is_plus, bool with_words_alone) {
    for (size_t i = 0; i < f->prime_count; i++) {
        const prk_prime_factor *prime = &f->primes[i];
        if (prime->is_avoided || (with_words_alone && !prime->is_word)) {
            continue;
        }
        c->list[c->count++] =
            (usable){.used = {.index = i, .is_plus = is_plus},
                     .p = prime->p,
                     .exponent = prime->exponent,
                     .bits = mpz_cmp_ui(prime->p, 2) == 0 ? prime->exponent
                                                          : bits_of(prime->p) * prime->exponent,
                     .large = prime->is_word ? 0 : 1,
                     .is_two = mpz_cmp_ui(prime->p, 2) == 0};
    }
}

// About what the proofs of the primes of a mask cost: the fourth power of their sizes.
static uint64_t mask_cost(const chooser *c, int mask) {
    uint64_t cost = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->list[i].large != 0 && (c->list[i].large & mask) != 0) {
            const uint64_t limbs = c->list[i].bits / 16 + 1;
            cost += limbs < 65536 ? limbs * limbs * (limbs * limbs) : UINT64_MAX / MOST_LARGE;
        }
    }
    return cost;
}

static void choose(chooser *c) {
    int larges = 0;
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->list[i].large != 0 && larges == MOST_LARGE) {
            continue;
        }
        c->list[kept] = c->list[i];
        if (c->list[kept].large != 0) {
            c->list[kept].large = 1 << larges++;
        }
        kept++;
    }
    c->count = kept;
    bool tried[1 << MOST_LARGE] = {false};
    for (int done = 0; done < 1 << larges && c->theorem == PRK_THEOREM_NONE; done++) {
        int next = -1;
        uint64_t least = 0;
        for (int mask = 0; mask < 1 << larges; mask++) {
            const uint64_t cost = mask_cost(c, mask);
            if (!tried[mask] && (next < 0 || cost < least)) {
                next = mask;
                least = cost;
            }
        }
        tried[next] = true;
        try_all(c, next);
    }
}

prk_status prk_choose_theorem(prk_goal *goal, bool with_words_alone) {
    const size_t room = goal->minus.prime_count + goal->plus.prime_count + 1;
    chooser c = {.n = goal->n, .bound = goal->minus.bound};
    c.list = malloc(room * sizeof *c.list);
    c.trial = malloc(room * sizeof *c.trial);
    c.best = malloc(room * sizeof *c.best);
    prk_status status = PRK_STATUS_NO_MEMORY;
    goal->theorem = PRK_THEOREM_NONE;
    if (c.list != NULL && c.trial != NULL && c.best != NULL) {
        status = PRK_STATUS_OK;
        mpz_inits(c.f[0], c.f[1], c.left, c.right, c.power, c.chunk[0], c.chunk[1], (mpz_ptr)NULL);
        mpz_set_ui(c.chunk[0], 1);
        mpz_set_ui(c.chunk[1], 1);

        collect(&c, &goal->minus, false, with_words_alone);
        collect(&c, &goal->plus, true, with_words_alone);
        c.chunk_bits = c.count > 100 ? bits_of(goal->n) / 64 : 0;
        qsort(c.list, c.count, sizeof *c.list, by_size);
        choose(&c);
        mpz_clears(c.f[0], c.f[1], c.left, c.right, c.power, c.chunk[0], c.chunk[1], (mpz_ptr)NULL);
        goal->theorem = c.theorem;
        if (c.theorem != PRK_THEOREM_NONE) {
            free(goal->used);
            goal->used = c.best;
            goal->used_count = c.best_count;
            c.best = NULL;
        }
    }
    free(c.list);
    free(c.trial);
    free(c.best);
    return status;
}
