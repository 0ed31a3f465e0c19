// SPDX-License-Identifier: Apache-2.0
//
// A proof as the text of a certificate: JSON lines, the candidate first.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../system/sha256.h"
#include "prove.h"

static char *reserve(prk_growing_text *t, size_t more) {
    if (t->room - t->size < more && !t->is_lost) {
        const size_t room = 2 * t->room + more + 1024;
        char *moved = realloc(t->start, room);
        t->is_lost = moved == NULL;
        t->start = moved == NULL ? t->start : moved;
        t->room = moved == NULL ? t->room : room;
    }
    return t->is_lost ? NULL : t->start + t->size;
}

static void add(prk_growing_text *t, const char *text) {
    const size_t size = strlen(text);
    char *to = reserve(t, size);
    if (to != NULL) {
        memcpy(to, text, size);
        t->size += size;
    }
}

static void add_number(prk_growing_text *t, int64_t number) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)number);
    add(t, text);
}

// "0x…", x >= 0.
static void add_hex(prk_growing_text *t, mpz_srcptr x) {
    const size_t digits = mpz_sizeinbase(x, 16);
    add(t, "\"0x");
    char *to = reserve(t, digits);
    if (to != NULL) {
        for (size_t i = 0; i < digits; i++) {
            const size_t place = digits - 1 - i;
            to[i] =
                "0123456789abcdef"[mpz_getlimbn(x, (mp_size_t)(place / 16)) >> (4 * (place % 16)) &
                                   15];
        }
        t->size += digits;
    }
    add(t, "\"");
}

static void add_primes(prk_growing_text *t, prk_goal *goal, bool is_plus) {
    const char *before = "[";
    for (size_t i = 0; i < goal->used_count; i++) {
        if (goal->used[i].is_plus == is_plus) {
            add(t, before);
            add_hex(t, prk_used_factor(goal, &goal->used[i])->p);
            before = ",";
        }
    }
    add(t, "]");
}

static void add_bases(prk_growing_text *t, const prk_goal *goal) {
    const char *before = ",\"a\":[";
    for (size_t i = 0; i < goal->used_count; i++) {
        if (!goal->used[i].is_plus) {
            add(t, before);
            add_number(t, (int64_t)goal->used[i].a);
            before = ",";
        }
    }
    add(t, "]");
}

static void add_sequences(prk_growing_text *t, const prk_goal *goal) {
    const char *before = ",\"l\":[[";
    for (size_t i = 0; i < goal->used_count; i++) {
        if (goal->used[i].is_plus) {
            add(t, before);
            add_number(t, goal->used[i].p);
            add(t, ",");
            add_number(t, goal->used[i].q);
            before = "],[";
        }
    }
    add(t, "]]");
}

static void add_step(prk_growing_text *t, prk_goal *goal, uint64_t i) {
    static const char *const kinds[] = {[PRK_THEOREM_POCKLINGTON] = "pocklington",
                                        [PRK_THEOREM_MORRISON] = "morrison",
                                        [PRK_THEOREM_BLS5] = "bls5",
                                        [PRK_THEOREM_BLS7] = "bls7",
                                        [PRK_THEOREM_KONYAGIN] = "konyagin",
                                        [PRK_THEOREM_COMBINED] = "combined",
                                        [PRK_THEOREM_BLS3] = "bls3",
                                        [PRK_THEOREM_BLS15] = "bls15"};
    add(t, "{\"i\":");
    add_number(t, (int64_t)i);
    add(t, ",\"kind\":\"");
    add(t, kinds[goal->theorem]);
    add(t, "\",\"n\":");
    add_hex(t, goal->n);
    add(t, ",\"q\":");
    switch (goal->theorem) {
    case PRK_THEOREM_BLS3:
        add_hex(t, prk_used_factor(goal, goal->used)->p);
        add(t, ",\"a\":");
        add_number(t, (int64_t)goal->used[0].a);
        break;
    case PRK_THEOREM_BLS15:
        add_hex(t, prk_used_factor(goal, goal->used)->p);
        add(t, ",\"lp\":");
        add_number(t, goal->used[0].p);
        add(t, ",\"lq\":");
        add_number(t, goal->used[0].q);
        break;
    case PRK_THEOREM_MORRISON:
        add_primes(t, goal, true);
        add_sequences(t, goal);
        break;
    case PRK_THEOREM_COMBINED:
        add_primes(t, goal, false);
        add_bases(t, goal);
        add(t, ",\"plus\":");
        add_primes(t, goal, true);
        add_sequences(t, goal);
        break;
    default:
        add_primes(t, goal, false);
        add_bases(t, goal);
        break;
    }
    if (goal->theorem == PRK_THEOREM_BLS7) {
        mpz_t bound;
        mpz_init_set_ui(bound, goal->minus.bound);
        add(t, ",\"bound\":");
        add_hex(t, bound);
        mpz_clear(bound);
        add(t, ",\"base\":");
        add_number(t, (int64_t)goal->rest_base);
    }
    add(t, "}\n");
}

static size_t digits_of(mpz_srcptr n) {
    size_t digits = mpz_sizeinbase(n, 10); // exact, or 1 too many
    mpz_t least;
    mpz_init(least);
    mpz_ui_pow_ui(least, 10, digits - 1);
    digits -= digits > 1 && mpz_cmp(n, least) < 0;
    mpz_clear(least);
    return digits;
}

// Steps in the order in which they are needed. `end` is the smallest prime.
static void add_steps(prk_growing_text *t, const prk_search *search, mpz_ptr end, uint64_t *steps) {
    prk_goal **queue = malloc(search->count * sizeof(prk_goal *));
    if (queue == NULL) {
        t->is_lost = true;
        return;
    }
    size_t count = 1;
    queue[0] = search->goals[0];
    for (size_t i = 0; i < count; i++) {
        prk_goal *goal = queue[i];
        add_step(t, goal, i);
        for (size_t j = 0; j < goal->used_count; j++) {
            const prk_prime_factor *prime = prk_used_factor(goal, &goal->used[j]);
            if (mpz_cmp(prime->p, end) < 0) {
                mpz_set(end, prime->p);
            }
            if (prime->is_word) {
                continue;
            }
            prk_goal *other = prk_search_goal(search, prime->p);
            bool is_new = true;
            for (size_t k = 0; k < count; k++) {
                is_new = is_new && queue[k] != other;
            }
            if (is_new) {
                queue[count++] = other;
            }
        }
    }
    *steps = count;
    free(queue);
}

void prk_write_certificate(prk_growing_text *t, mpz_srcptr n, const prk_search *search,
                           uint64_t *steps) {
    mpz_t end;
    mpz_init_set(end, n);
    *steps = 0;
    add(t, "{\"certificate\":1,\"n\":");
    add_hex(t, n);
    add(t, ",\"bits\":");
    add_number(t, (int64_t)mpz_sizeinbase(n, 2));
    add(t, ",\"digits\":");
    add_number(t, (int64_t)digits_of(n));
    add(t, ",\"by\":\"swift-primality " PRK_VERSION_STRING "\"}\n");
    if (search != NULL) {
        add_steps(t, search, end, steps);
    }
    if (!t->is_lost) {
        char hash[65];
        prk_sha256 sha256;
        prk_sha256_begin(&sha256);
        prk_sha256_add(&sha256, t->start, t->size);
        prk_sha256_end_hex(&sha256, hash);
        add(t, "{\"end\":");
        add_hex(t, end);
        add(t, ",\"sha256\":\"");
        add(t, hash);
        add(t, "\"}\n");
    }
    mpz_clear(end);
}
