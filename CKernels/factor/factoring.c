// SPDX-License-Identifier: Apache-2.0
//
// What is known of the factors of one number, and what is tried next.

#include <stdlib.h>

#include "../include/prk_kernels.h"
#include "../sieve/trial_primes.h"
#include "factor.h"
#include "field.h"

// --- Lists ---------------------------------------------------------------------------------------

static prk_part *add_part(prk_factoring *f, mpz_srcptr n) {
    prk_part *parts = prk_memory_grown(f->parts, f->part_count, &f->part_room, sizeof *parts);
    if (parts == NULL) {
        return NULL;
    }
    f->parts = parts;
    prk_part *part = &parts[f->part_count++];
    *part = (prk_part){.is_composite = false};
    mpz_init_set(part->n, n);
    return part;
}

static void drop_part(prk_factoring *f, size_t i) {
    mpz_clear(f->parts[i].n);
    f->parts[i] = f->parts[--f->part_count];
}

prk_status prk_factoring_begin(prk_factoring *f, mpz_srcptr n) {
    *f = (prk_factoring){.bound = 2};
    mpz_init_set(f->rest, n);
    mpz_init(f->exponent);
    return mpz_cmp_ui(n, 1) == 0 || add_part(f, n) != NULL ? PRK_STATUS_OK : PRK_STATUS_NO_MEMORY;
}

void prk_factoring_end(prk_factoring *f) {
    while (f->part_count > 0) {
        drop_part(f, f->part_count - 1);
    }
    for (size_t i = 0; i < f->prime_count; i++) {
        mpz_clear(f->primes[i].p);
    }
    mpz_clear(f->rest);
    mpz_clear(f->exponent);
    free(f->parts);
    free(f->primes);
}

prk_status prk_factoring_note(prk_factoring *f, mpz_srcptr p, unsigned long exponent) {
    prk_prime_factor *primes =
        prk_memory_grown(f->primes, f->prime_count, &f->prime_room, sizeof *primes);
    if (primes == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    f->primes = primes;
    prk_prime_factor *prime = &primes[f->prime_count++];
    *prime = (prk_prime_factor){.exponent = exponent, .is_word = mpz_size(p) <= 1};
    mpz_init_set(prime->p, p);
    return PRK_STATUS_OK;
}

prk_status prk_factoring_take(prk_factoring *f, mpz_srcptr p) {
    if (mpz_cmp_ui(p, 1) <= 0 || !mpz_divisible_p(f->rest, p)) {
        return PRK_STATUS_OK;
    }
    const unsigned long exponent = mpz_remove(f->rest, f->rest, p);
    for (size_t i = f->part_count; i-- > 0;) {
        if (mpz_remove(f->parts[i].n, f->parts[i].n, p) > 0) {
            f->parts[i].is_composite = false; // what is left has to be looked at anew
        }
        if (mpz_cmp_ui(f->parts[i].n, 1) == 0) {
            drop_part(f, i);
        }
    }
    return prk_factoring_note(f, p, exponent);
}

void prk_factoring_complete(prk_factoring *f) {
    mpz_set_ui(f->rest, 1);
    while (f->part_count > 0) {
        drop_part(f, f->part_count - 1);
    }
}

// --- Division ------------------------------------------------------------------------------------

static prk_status take_word(prk_factoring *f, uint64_t p) {
    mpz_t view;
    const mp_limb_t limb = p;
    return prk_factoring_take(f, mpz_roinit_n(view, &limb, 1));
}

// One pass over n is enough: n - 1 and n + 1 are 0 where n is 1 and -1.
prk_status prk_factoring_divide(prk_factoring *minus, prk_factoring *plus, mpz_srcptr n) {
    const prk_trial_table *table = prk_trial_primes_table();
    if (table == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    prk_status status = take_word(minus, 2);
    if (status == PRK_STATUS_OK) {
        status = take_word(plus, 2);
    }
    const size_t products = prk_trial_products_to(UINT16_MAX);
    for (size_t i = 0; i < products && status == PRK_STATUS_OK; i++) {
        const uint64_t rest = prk_trial_divide(n, i).rest;
        for (uint32_t j = table->products[i].first; j < table->products[i].end; j++) {
            const prk_trial_prime *p = &table->primes[j];
            // rest - 1 is 2^64 - 1 for a rest of 0, of which n is a multiple: the division sees it.
            const bool is_minus = (rest - 1) * p->inverse <= p->limit;
            const bool is_plus = (rest + 1) * p->inverse <= p->limit;
            if (is_minus && status == PRK_STATUS_OK) {
                status = take_word(minus, p->prime);
            }
            if (is_plus && status == PRK_STATUS_OK) {
                status = take_word(plus, p->prime);
            }
        }
    }
    minus->bound = UINT16_MAX + 1;
    return status;
}

// --- Words and parts -----------------------------------------------------------------------------

static prk_status take_primes_of(prk_factoring *f, uint64_t n) {
    uint64_t primes[16];
    const int count = prk_primes_of_u64(n, primes);
    prk_status status = PRK_STATUS_OK;
    for (int i = 0; i < count && status == PRK_STATUS_OK; i++) {
        status = take_word(f, primes[i]);
    }
    return status;
}

static uint64_t split_cost(uint64_t n) { // about 3 n^(1/4) products, 2 units each
    return 6 * ((uint64_t)1 << (64 - (unsigned)__builtin_clzll(n)) / 4);
}

// The root of n, if it is a power, into n.
static void take_root(mpz_ptr n) {
    while (mpz_perfect_power_p(n)) {
        // The least exponent that there is; powers of powers come round again.
        for (unsigned long power = 2;; power++) {
            mpz_t root;
            mpz_init(root);
            const bool is_exact = mpz_root(root, n, power) != 0;
            if (is_exact) {
                mpz_swap(n, root);
            }
            mpz_clear(root);
            if (is_exact) {
                break;
            }
        }
    }
}

prk_status prk_factoring_settle(prk_factoring *f, prk_effort *effort, prk_scratch *s) {
    for (size_t i = 0; i < f->part_count;) {
        if (f->parts[i].is_composite) {
            i++;
            continue;
        }
        if (prk_is_cancelled(effort->cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        take_root(f->parts[i].n);
        bool is_prime = false;
        prk_status status = prk_is_probable_prime(f->parts[i].n, effort, s, &is_prime);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        const bool is_word = mpz_size(f->parts[i].n) <= 1;
        if (!is_prime && !is_word) {
            f->parts[i++].is_composite = true;
            continue;
        }
        if (is_prime) {
            mpz_t p;
            mpz_init_set(p, f->parts[i].n);
            status = prk_factoring_take(f, p);
            mpz_clear(p);
        } else {
            const uint64_t n = mpz_get_ui(f->parts[i].n);
            effort->spent += split_cost(n);
            status = take_primes_of(f, n);
        }
        if (status != PRK_STATUS_OK) {
            return status;
        }
        i = 0; // a prime may have left its mark on other parts
    }
    return PRK_STATUS_OK;
}

// --- What comes next -----------------------------------------------------------------------------

typedef enum method { MINUS_ONE, CURVE } method;

// Found by trial with proofs of random primes of 100 to 160 bits. Beyond the primes of the division
// a curve finds more for what it costs than Pollard's rho does.
static const struct {
    method method;
    unsigned rounds;
    uint64_t bound;
} schedule[] = {
    {MINUS_ONE, 1, 300},   {CURVE, 3, 110},       {CURVE, 4, 250},        {MINUS_ONE, 1, 2000},
    {CURVE, 10, 400},      {CURVE, 20, 800},      {MINUS_ONE, 1, 12000},  {CURVE, 40, 2000},
    {MINUS_ONE, 1, 60000}, {CURVE, 80, 5000},     {CURVE, 120, 12000},    {CURVE, 250, 30000},
    {CURVE, 500, 100000},  {CURVE, 1000, 300000}, {CURVE, 3000, 1000000},
};
#define STAGES (sizeof schedule / sizeof schedule[0])

static uint64_t part_cost(const prk_part *part) {
    const size_t limbs = mpz_size(part->n);
    if (part->stage >= STAGES) {
        return UINT64_MAX;
    }
    if (limbs > PRK_FIELD_LIMBS) {
        // One p - 1, to the first bound.
        return part->stage > 0 ? UINT64_MAX : prk_minus_one_cost(limbs, schedule[0].bound);
    }
    const uint64_t bound = schedule[part->stage].bound;
    return schedule[part->stage].method == MINUS_ONE ? prk_minus_one_cost(limbs, bound)
                                                     : prk_curve_cost(limbs, bound);
}

// The part of which the next step costs least: NULL when there is none.
static prk_part *next_part(const prk_factoring *f, uint64_t *cost) {
    prk_part *best = NULL;
    *cost = UINT64_MAX;
    for (size_t i = 0; i < f->part_count; i++) {
        const uint64_t each = part_cost(&f->parts[i]);
        if (each < *cost) {
            *cost = each;
            best = &f->parts[i];
        }
    }
    return best;
}

uint64_t prk_factoring_next_cost(const prk_factoring *f) {
    uint64_t cost;
    next_part(f, &cost);
    return cost;
}

// Up to `most` curves.
static prk_status run_curves(prk_factoring *f, mpz_ptr g, mpz_srcptr n, uint64_t bound,
                             unsigned most, prk_effort *effort, prk_scratch *s, unsigned *run) {
    if (f->exponent_bound != bound) {
        mpz_ptr room = prk_scratch_take(s);
        prk_smooth_exponent(f->exponent, bound, room);
        s->taken--;
        f->exponent_bound = bound;
    }
    const prk_curve_bound b = {.bound = bound, .exponent = f->exponent};
    const prk_status status = prk_curves(g, n, &b, most, effort, s, run);
    f->curves += *run;
    f->curve_bound = bound;
    return status;
}

// g, a proper factor, and the rest of the part become parts.
static prk_status split_part(prk_factoring *f, prk_part *part, mpz_srcptr g, prk_effort *effort,
                             prk_scratch *s, bool *found) {
    mpz_divexact(part->n, part->n, g);
    part->is_composite = false;
    const unsigned stage = part->stage, round = part->round;
    prk_part *other = add_part(f, g); // may move `part`
    if (other == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    other->stage = stage;
    other->round = round;
    const size_t primes = f->prime_count;
    const prk_status status = prk_factoring_settle(f, effort, s);
    *found = f->prime_count > primes;
    return status;
}

// Curves of one stage come one after the other, since what the next one costs is the same. So they
// may run at once, as many as there are rounds and effort for, without a difference to the result:
// what is found is the first curve's that finds something, and those after it count for nothing.
prk_status prk_factoring_step(prk_factoring *f, uint64_t limit, prk_effort *effort, prk_scratch *s,
                              bool *found) {
    *found = false;
    uint64_t cost;
    prk_part *part = next_part(f, &cost);
    if (part == NULL) {
        return PRK_STATUS_OK;
    }
    const uint64_t bound = schedule[part->stage].bound;
    const unsigned left = schedule[part->stage].rounds - part->round;
    unsigned run = 1;
    mpz_t g;
    mpz_init(g);
    prk_status status;
    if (schedule[part->stage].method == MINUS_ONE) {
        f->minus_bound = bound;
        status = prk_minus_one(g, part->n, bound, effort, s);
    } else {
        const uint64_t affordable =
            limit > effort->spent ? (limit - effort->spent) / cost : 0; // 1 is the caller's to say
        const unsigned most = affordable < left ? (unsigned)affordable : left;
        status = run_curves(f, g, part->n, bound, most > 0 ? most : 1, effort, s, &run);
    }
    effort->spent += run * cost;
    part->round += run;
    if (part->round >= schedule[part->stage].rounds) {
        part->stage++;
        part->round = 0;
    }
    if (status == PRK_STATUS_OK && mpz_cmp_ui(g, 1) > 0 && mpz_cmp(g, part->n) < 0) {
        status = split_part(f, part, g, effort, s, found);
    }
    mpz_clear(g);
    return status;
}
