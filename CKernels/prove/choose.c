// SPDX-License-Identifier: Apache-2.0
//
// Which theorem is tried, with which primes. The sizes of the primes decide, by bounds that are a
// little stricter than the theorems' own; whether the conditions hold is for the verifier to say.

#include <stdlib.h>

#include "../include/prk_kernels.h"
#include "prove.h"

// Of primes above 2^64 no more than this are looked at, since all subsets of them are tried.
#define MOST_LARGE 6

typedef struct usable {
    prk_used_prime used;
    mpz_srcptr p;
    unsigned long exponent;
    size_t bits; // about, of the power
    int large; // 0 for a prime below 2^64; else the bit that stands for it in sets of large primes
    bool is_two;
} usable;

typedef struct chooser {
    mpz_srcptr n;
    usable *list; // the largest power first
    size_t count;
    prk_certificate_format form;
    const uint32_t *cancel;
    uint64_t bound; // what is not factored of n - 1 has no prime below
    mpz_t f[2];     // the products of the primes that are used, of n - 1 and of n + 1
    mpz_t chunk[2]; // what they are still to be multiplied by
    size_t chunk_bits;
    mpz_t left, right, power;
    prk_used_prime *trial, *best;
    size_t trial_count, best_count, best_weight;
    prk_theorem theorem;
} chooser;

// Of Pocklington's theorem with several primes Math::Prime::Util has theorem 5, which takes the
// same primes and 2. PARI has one kind of step, whose F^3 > n and primes of n - 1 these three have.
bool prk_form_has_theorem(prk_certificate_format form, prk_theorem theorem) {
    const bool is_one_prime = theorem == PRK_THEOREM_BLS3 || theorem == PRK_THEOREM_BLS15;
    switch (form) {
    case PRK_CERTIFICATE_PRIMO4:
        return is_one_prime;
    case PRK_CERTIFICATE_MPU:
        return is_one_prime || theorem == PRK_THEOREM_BLS5;
    case PRK_CERTIFICATE_PARI:
        return theorem == PRK_THEOREM_BLS3 || theorem == PRK_THEOREM_BLS5 ||
               theorem == PRK_THEOREM_POCKLINGTON;
    default:
        return prk_form_has_all(form);
    }
}

static size_t bits_of(mpz_srcptr x) { return mpz_sizeinbase(x, 2); }

// Whether f^i > n^j.
static bool is_above(chooser *c, mpz_srcptr f, unsigned i, unsigned j) {
    if (i * bits_of(f) < j * (bits_of(c->n) - 1)) {
        return false; // no need for the powers
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
        if (c->form == PRK_CERTIFICATE_PARI) {
            return is_above(c, minus, 3, 1);
        }
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

// Uses a prime. True: `f` is the product of all that are used. Of many primes, as those of
// primorials, so many are multiplied with each other first that the long products are few.
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

// Takes as few primes as suffice, the largest powers first. 2 is always one of them where the
// theorem wants an even product: without it, as before small primes are divided out, there is no
// such theorem. Theorem 7 wants all primes, so that what is left has no small ones.
static void try_theorem(chooser *c, prk_theorem theorem, int mask) {
    const bool has_minus = theorem != PRK_THEOREM_MORRISON;
    const bool has_plus = theorem == PRK_THEOREM_MORRISON || theorem == PRK_THEOREM_COMBINED;
    const bool wants_two = theorem != PRK_THEOREM_POCKLINGTON && theorem != PRK_THEOREM_MORRISON;
    const bool wants_all = theorem == PRK_THEOREM_BLS7;
    c->trial_count = 0;
    mpz_set_ui(c->f[0], 1);
    mpz_set_ui(c->f[1], 1);
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1 && wants_two && c->trial_count != (size_t)has_minus + has_plus) {
            return;
        }
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

// One prime q alone: 2 q + 1 > sqrt(n), or 2 q - 1 > sqrt(n). Primo wants q > s for n - 1 = s q or
// n + 1 = s q, which q > sqrt(n) is.
static void try_one_prime(chooser *c, const usable *u) {
    const prk_theorem theorem = u->used.is_plus ? PRK_THEOREM_BLS15 : PRK_THEOREM_BLS3;
    if (c->form == PRK_CERTIFICATE_PRIMO4) {
        mpz_set(c->f[0], u->p);
    } else {
        mpz_mul_2exp(c->f[0], u->p, 1);
        mpz_add_ui(c->f[0], c->f[0], 1);
        mpz_sub_ui(c->f[0], c->f[0], u->used.is_plus ? 2 : 0);
    }
    if (u->exponent == 1 && prk_form_has_theorem(c->form, theorem) && is_above(c, c->f[0], 2, 1)) {
        c->trial_count = 0;
        c->trial[c->trial_count++] = u->used;
        keep(c, theorem, u->used.is_plus ? 2 : 1);
    }
}

static void try_all(chooser *c, int mask) {
    static const prk_theorem in_order[] = {PRK_THEOREM_POCKLINGTON, PRK_THEOREM_MORRISON,
                                           PRK_THEOREM_BLS5,        PRK_THEOREM_BLS7,
                                           PRK_THEOREM_KONYAGIN,    PRK_THEOREM_COMBINED};
    // Where the form has every theorem, Pocklington's and Morrison's do the same for primes below
    // 2^64.
    const bool tries_words = !prk_form_has_all(c->form);
    for (size_t i = 0; i < c->count; i++) {
        if (c->list[i].large == mask && (mask != 0 || tries_words)) {
            try_one_prime(c, &c->list[i]);
        }
    }
    for (size_t i = 0; i < sizeof in_order / sizeof in_order[0]; i++) {
        if (prk_form_has_theorem(c->form, in_order[i]) && !prk_is_cancelled(c->cancel)) {
            try_theorem(c, in_order[i], mask);
        }
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

// An estimate of what the proofs of a set of large primes cost: the fourth powers of their sizes.
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

prk_status prk_choose_theorem(prk_goal *goal, prk_certificate_format form, bool with_words_alone,
                              const uint32_t *cancel) {
    const size_t room = goal->minus.prime_count + goal->plus.prime_count + 1;
    chooser c = {.n = goal->n, .form = form, .cancel = cancel, .bound = goal->minus.bound};
    c.list = malloc(room * sizeof *c.list);
    c.trial = malloc(room * sizeof *c.trial);
    c.best = malloc(room * sizeof *c.best);
    prk_status status = PRK_STATUS_NO_MEMORY;
    goal->theorem = PRK_THEOREM_NONE;
    if (c.list != NULL && c.trial != NULL && c.best != NULL) {
        mpz_inits(c.f[0], c.f[1], c.left, c.right, c.power, c.chunk[0], c.chunk[1], (mpz_ptr)NULL);
        mpz_set_ui(c.chunk[0], 1);
        mpz_set_ui(c.chunk[1], 1);

        collect(&c, &goal->minus, false, with_words_alone);
        collect(&c, &goal->plus, true, with_words_alone);
        c.chunk_bits = c.count > 100 ? bits_of(goal->n) / 64 : 0;
        qsort(c.list, c.count, sizeof *c.list, by_size);
        choose(&c);
        status = prk_is_cancelled(cancel) ? PRK_STATUS_CANCELLED : PRK_STATUS_OK;
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
