// SPDX-License-Identifier: Apache-2.0
//
// A proof as the text of a certificate: JSON lines, the candidate first.

#include <stdlib.h>

#include "../include/prk_sha256.h"
#include "../numbers/digits.h"
#include "prove.h"

static void add_hex(prk_growing_text *t, const char *before, mpz_srcptr x) {
    prk_text_put(t, "%s\"", before);
    prk_text_put_hex(t, x, "0x", 16);
    prk_text_put(t, "\"");
}

static void add_primes(prk_growing_text *t, const char *before, prk_goal *goal, bool is_plus) {
    prk_text_put(t, "%s", before);
    const char *comma = "[";
    for (size_t i = 0; i < goal->used_count; i++) {
        if (goal->used[i].is_plus == is_plus) {
            add_hex(t, comma, prk_used_factor(goal, &goal->used[i])->p);
            comma = ",";
        }
    }
    prk_text_put(t, "]");
}

// Bases of the primes of n - 1, or sequences of those of n + 1.
static void add_witnesses(prk_growing_text *t, const prk_goal *goal, bool is_plus) {
    const char *comma = "";
    prk_text_put(t, is_plus ? ",\"l\":[" : ",\"a\":[");
    for (size_t i = 0; i < goal->used_count; i++) {
        const prk_used_prime *used = &goal->used[i];
        if (used->is_plus != is_plus) {
            continue;
        }
        if (is_plus) {
            prk_text_put(t, "%s[%lld,%lld]", comma, (long long)used->p, (long long)used->q);
        } else {
            prk_text_put(t, "%s%llu", comma, (unsigned long long)used->a);
        }
        comma = ",";
    }
    prk_text_put(t, "]");
}

// With Primo's point [docs/PROOFS.md].
static void add_curve(prk_growing_text *t, const prk_goal *goal) {
    prk_text_put(t, ",\"d\":%ld", (long)goal->down.d);
    add_hex(t, ",\"t\":", goal->down.t);
    add_hex(t, ",\"s\":", goal->down.s);
    if (goal->shown.has_j) {
        add_hex(t, ",\"j\":", goal->shown.j);
    } else {
        add_hex(t, ",\"a\":", goal->shown.a);
        add_hex(t, ",\"b\":", goal->shown.b);
    }
    prk_text_put(t, ",\"x\":%llu", (unsigned long long)goal->shown.x);
}

// One large prime.
static void add_large(prk_growing_text *t, prk_goal *goal) {
    const prk_used_prime *used = goal->used;
    add_hex(t, ",\"q\":", prk_used_factor(goal, used)->p);
    if (used->is_plus) {
        prk_text_put(t, ",\"lp\":%lld,\"lq\":%lld", (long long)used->p, (long long)used->q);
    } else {
        prk_text_put(t, ",\"a\":%llu", (unsigned long long)used->a);
    }
}

static void add_step(prk_growing_text *t, prk_goal *goal, size_t i) {
    const bool is_curve = goal->theorem == PRK_THEOREM_CURVE;
    prk_text_put(t, "{\"i\":%zu,\"kind\":\"%s\"", i,
                 is_curve ? "ec" : prk_method_name((prk_method)goal->theorem));
    add_hex(t, ",\"n\":", goal->n);
    switch (goal->theorem) {
    case PRK_THEOREM_CURVE:
        add_curve(t, goal);
        break;
    case PRK_THEOREM_BLS3:
    case PRK_THEOREM_BLS15:
        add_large(t, goal);
        break;
    case PRK_THEOREM_MORRISON:
        add_primes(t, ",\"q\":", goal, true);
        add_witnesses(t, goal, true);
        break;
    default:
        add_primes(t, ",\"q\":", goal, false);
        add_witnesses(t, goal, false);
        break;
    }
    if (goal->theorem == PRK_THEOREM_COMBINED) {
        add_primes(t, ",\"plus\":", goal, true);
        add_witnesses(t, goal, true);
    }
    if (goal->theorem == PRK_THEOREM_BLS7) {
        prk_text_put(t, ",\"bound\":\"0x%llx\",\"base\":%llu",
                     (unsigned long long)goal->minus.bound, (unsigned long long)goal->rest_base);
    }
    prk_text_put(t, "}\n");
}

// `end` is the smallest prime on which a step rests.
static void add_steps(prk_growing_text *t, const prk_search *search, mpz_ptr end, uint64_t *steps) {
    size_t count = 0;
    prk_goal **proof = prk_search_proof(search, &count);
    t->is_lost |= proof == NULL;
    for (size_t i = 0; i < count; i++) {
        add_step(t, proof[i], i);
        for (size_t j = 0; j < prk_goal_needs(proof[i]); j++) {
            if (mpz_cmp(prk_goal_need(proof[i], j), end) < 0) {
                mpz_set(end, prk_goal_need(proof[i], j));
            }
        }
    }
    *steps = count;
    free(proof);
}

void prk_write_certificate(prk_growing_text *t, mpz_srcptr n, const prk_search *search,
                           uint64_t *steps) {
    mpz_t end;
    mpz_init_set(end, n);
    *steps = 0;
    add_hex(t, "{\"certificate\":1,\"n\":", n);
    prk_text_put(t, ",\"bits\":%zu,\"digits\":%zu,\"by\":\"swift-primality %s\"}\n",
                 mpz_sizeinbase(n, 2), prk_decimal_digits(n), PRK_VERSION_STRING);
    if (search != NULL) {
        add_steps(t, search, end, steps);
    }
    if (!t->is_lost) {
        char hash[65];
        prk_sha256_hex(t->start, t->size, hash);
        add_hex(t, "{\"end\":", end);
        prk_text_put(t, ",\"sha256\":\"%s\"}\n", hash);
    }
    mpz_clear(end);
}
