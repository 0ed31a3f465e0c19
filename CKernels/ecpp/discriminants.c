// SPDX-License-Identifier: Apache-2.0
//
// Fundamental discriminants with their class numbers, for all up to a bound at once: the class
// number of D counts the reduced forms (a, b, c) of discriminant D, |b| <= a <= c, [Cohe93] 5.3,
// and each form is counted where its discriminant stands. Some bound^1.5 / 20 forms.

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "down.h"

// Bounds are powers of 2, so that a small number does not wait for what a large one may need.
static const unsigned bound_logs[] = {12, 15, 18, 20, 22};
#define BOUNDS (sizeof bound_logs / sizeof bound_logs[0])

// Forms are counted in blocks whose counts fit a cache.
#define BLOCK ((uint32_t)1 << 18)
#define LARGEST_CLASS_NUMBER 4096
#define LARGEST_PRIME_OF_CLASS_NUMBER 13

// --- Class numbers -------------------------------------------------------------------------------

// Class numbers of -N for first <= N < first + BLOCK, at N / 4: of N = 3 modulo 4, and of N = 0.
typedef struct block {
    uint32_t first, end;
    uint16_t odd[BLOCK / 4], even[BLOCK / 4];
} block;

// Forms (a, ±b, c) for all c. (a, -b, c) is another one, but where b is 0 or a, or a is c.
static void count_with(block *x, uint32_t a, uint32_t b) {
    const uint32_t least = (x->first + b * b + 4 * a - 1) / (4 * a);
    uint16_t *counts = b % 2 == 0 ? x->even : x->odd;
    const uint16_t forms = b == 0 || b == a ? 1 : 2;
    const uint32_t c = least > a ? least : a;
    // N / 4 is linear in c.
    const int64_t start = ((int64_t)4 * a * c - (int64_t)b * b) / 4 - x->first / 4;
    const size_t end = (x->end - x->first) / 4;
    size_t i = (size_t)start;
    if (c == a && i < end) {
        counts[i]++;
        i += a;
    }
    for (; i < end; i += a) {
        counts[i] = (uint16_t)(counts[i] + forms);
    }
}

static prk_status count_forms(block *x, const uint32_t *cancel) {
    memset(x->odd, 0, sizeof x->odd);
    memset(x->even, 0, sizeof x->even);
    for (uint32_t a = 1; 3 * a * a < x->end; a++) { // N = 4 a c - b^2 >= 3 a^2
        if (prk_is_cancelled(cancel)) {
            return PRK_STATUS_CANCELLED;
        }
        for (uint32_t b = 0; b <= a; b++) {
            count_with(x, a, b);
        }
    }
    return PRK_STATUS_OK;
}

static bool is_smooth(uint32_t h) {
    for (uint32_t p = 2; p <= LARGEST_PRIME_OF_CLASS_NUMBER; p++) {
        while (h % p == 0) {
            h /= p;
        }
    }
    return h == 1;
}

// --- Prime discriminants -------------------------------------------------------------------------

// least[m / 2]: the least prime of an odd composite m < bound; 0 for primes, and 1.
static uint16_t *least_primes(uint32_t bound) {
    uint16_t *least = calloc(bound / 2, sizeof *least);
    for (uint32_t p = 3; least != NULL && p * p < bound; p += 2) {
        if (least[p / 2] != 0) {
            continue;
        }
        for (uint32_t m = p * p; m < bound; m += 2 * p) {
            if (least[m / 2] == 0) {
                least[m / 2] = (uint16_t)p;
            }
        }
    }
    return least;
}

// Writes -N as a product of prime discriminants. False: it is not fundamental, or has too many or
// too large ones.
static bool factor(prk_discriminant *d, uint32_t n, const uint16_t *least) {
    uint32_t m = n;
    while (m % 2 == 0) {
        m /= 2;
    }
    int32_t odd = 1; // the product of the odd ones
    uint32_t last = 1;
    d->count = 0;
    while (m > 1) {
        const uint32_t p = least[m / 2] == 0 ? m : least[m / 2];
        if (p == last || p >= PRK_PART_BOUND || d->count == PRK_MOST_PRIME_DISCRIMINANTS) {
            return false;
        }
        d->parts[d->count] = (int16_t)(p % 4 == 1 ? (int32_t)p : -(int32_t)p);
        odd *= d->parts[d->count++];
        last = p;
        m /= p;
    }
    d->d = -(int32_t)n;
    const int32_t rest = d->d / odd;
    if (rest == 1) {
        return true;
    }
    if ((rest != -4 && rest != 8 && rest != -8) || d->count == PRK_MOST_PRIME_DISCRIMINANTS) {
        return false;
    }
    d->parts[d->count++] = (int16_t)rest;
    return true;
}

// --- The list ------------------------------------------------------------------------------------

typedef struct list {
    prk_discriminant *entries;
    size_t count, room;
} list;

static bool append(list *l, const prk_discriminant *d) {
    prk_discriminant *grown = prk_memory_grown(l->entries, l->count, &l->room, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    l->entries = grown;
    l->entries[l->count++] = *d;
    return true;
}

static prk_status collect_block(list *l, const block *x, const uint16_t *least,
                                const bool *smooth) {
    for (uint32_t n = x->first + 3; n < x->end; n++) {
        if (n % 4 != 0 && n % 4 != 3) {
            continue;
        }
        const uint16_t h = (n % 4 == 3 ? x->odd : x->even)[(n - x->first) / 4];
        prk_discriminant d = {.h = h};
        if (h > LARGEST_CLASS_NUMBER || !smooth[h] || !factor(&d, n, least)) {
            continue;
        }
        d.o = (uint16_t)(h >> (d.count - 1));
        if (!append(l, &d)) {
            return PRK_STATUS_NO_MEMORY;
        }
    }
    return PRK_STATUS_OK;
}

static prk_status collect(list *l, uint32_t bound, const uint32_t *cancel) {
    bool smooth[LARGEST_CLASS_NUMBER + 1] = {false};
    for (uint32_t h = 1; h <= LARGEST_CLASS_NUMBER; h++) {
        smooth[h] = is_smooth(h);
    }
    uint16_t *least = least_primes(bound);
    block *x = malloc(sizeof *x);
    prk_status status = least == NULL || x == NULL ? PRK_STATUS_NO_MEMORY : PRK_STATUS_OK;
    for (uint32_t first = 0; first < bound && status == PRK_STATUS_OK; first += BLOCK) {
        x->first = first;
        x->end = bound - first < BLOCK ? bound : first + BLOCK;
        status = count_forms(x, cancel);
        if (status == PRK_STATUS_OK) {
            status = collect_block(l, x, least, smooth);
        }
    }
    free(x);
    free(least);
    return status;
}

// Sorts by h or by o, where equal ones stay as they were.
static void sort_by(const prk_discriminant *from, prk_discriminant *to, size_t count, bool by_o) {
    size_t starts[LARGEST_CLASS_NUMBER + 2] = {0};
    for (size_t i = 0; i < count; i++) {
        starts[(by_o ? from[i].o : from[i].h) + 1]++;
    }
    for (size_t i = 1; i <= LARGEST_CLASS_NUMBER; i++) {
        starts[i] += starts[i - 1];
    }
    for (size_t i = 0; i < count; i++) {
        to[starts[by_o ? from[i].o : from[i].h]++] = from[i];
    }
}

uint32_t prk_discriminant_prime(const prk_discriminant *d) {
    // Odd ones ascend, and are followed by the even one.
    for (int i = d->count; i-- > 0;) {
        if (d->parts[i] % 2 != 0) {
            return (uint32_t)abs(d->parts[i]);
        }
    }
    return 1;
}

static void sort_by_prime(prk_discriminant_table *t, uint32_t *by_prime) {
    uint32_t *starts = t->starts;
    memset(starts, 0, sizeof t->starts);
    for (size_t i = 0; i < t->count; i++) {
        starts[prk_discriminant_prime(&t->entries[i]) / 2 + 1]++;
    }
    for (size_t i = 1; i <= PRK_PART_BOUND / 2; i++) {
        starts[i] += starts[i - 1];
    }
    for (size_t i = 0; i < t->count; i++) {
        by_prime[starts[prk_discriminant_prime(&t->entries[i]) / 2]++] = (uint32_t)i;
    }
    // Each start is the next one's now.
    memmove(starts + 1, starts, sizeof t->starts - sizeof starts[0]);
    starts[0] = 0;
}

static void destroy(prk_discriminant_table *t) {
    if (t != NULL) {
        free((void *)(uintptr_t)t->entries);
        free((void *)(uintptr_t)t->by_prime);
        free(t);
    }
}

// -3 and -4, with more units than all others, are the first ones in this order, too.
static prk_status make(prk_discriminant_table **made, uint32_t bound, const uint32_t *cancel) {
    list l = {0};
    prk_status status = collect(&l, bound, cancel);
    prk_discriminant_table *t = NULL;
    if (status == PRK_STATUS_OK) {
        prk_discriminant *entries = malloc(l.count * sizeof *entries);
        uint32_t *by_prime = malloc(l.count * sizeof *by_prime);
        t = malloc(sizeof *t);
        if (t == NULL || entries == NULL || by_prime == NULL) {
            free(entries);
            free(by_prime);
            free(t);
            t = NULL;
            status = PRK_STATUS_NO_MEMORY;
        } else {
            sort_by(l.entries, entries, l.count, false);
            sort_by(entries, l.entries, l.count, true);
            memcpy(entries, l.entries, l.count * sizeof *entries);
            t->count = l.count;
            t->entries = entries;
            t->by_prime = by_prime;
            sort_by_prime(t, by_prime);
        }
    }
    free(l.entries);
    *made = t;
    return status;
}

// --- Kept ----------------------------------------------------------------------------------------

// Made by the first who asks, and kept for all. Several may make one at once, of whom one's is
// kept: a lock could be held by another thread for ever in a child that was forked meanwhile.
static _Atomic(prk_discriminant_table *) tables[BOUNDS];

prk_status prk_discriminant_table_get(const prk_discriminant_table **table, uint32_t bound,
                                      const uint32_t *cancel) {
    size_t i = 0;
    while (i + 1 < BOUNDS && bound > (uint32_t)1 << bound_logs[i]) {
        i++;
    }
    prk_discriminant_table *t = atomic_load_explicit(&tables[i], memory_order_acquire);
    if (t == NULL) {
        const prk_status status = make(&t, (uint32_t)1 << bound_logs[i], cancel);
        if (status != PRK_STATUS_OK) {
            return status;
        }
        prk_discriminant_table *other = NULL;
        if (!atomic_compare_exchange_strong(&tables[i], &other, t)) {
            destroy(t);
            t = other;
        }
    }
    *table = t;
    return PRK_STATUS_OK;
}

prk_status prk_discriminant_find(const prk_discriminant **found, int32_t d,
                                 const uint32_t *cancel) {
    *found = NULL;
    if (d >= 0 || d <= -((int32_t)1 << bound_logs[BOUNDS - 1])) {
        return PRK_STATUS_OK;
    }
    const prk_discriminant_table *t = NULL;
    const prk_status status = prk_discriminant_table_get(&t, (uint32_t)-d + 1, cancel);
    for (size_t i = 0; status == PRK_STATUS_OK && i < t->count && *found == NULL; i++) {
        *found = t->entries[i].d == d ? &t->entries[i] : NULL;
    }
    return status;
}

const prk_discriminant *prk_discriminants(uint32_t bound, size_t *count) {
    const prk_discriminant_table *t = NULL;
    if (prk_discriminant_table_get(&t, bound, NULL) != PRK_STATUS_OK) {
        return NULL;
    }
    *count = t->count;
    return t->entries;
}
