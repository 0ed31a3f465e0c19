// SPDX-License-Identifier: Apache-2.0
//
// Trial division of eight large numbers at once, by products of small primes.

#if defined(__x86_64__)

#include <stdatomic.h>
#include <stdlib.h>

#include "../cpu/report.h"
#include "../include/prk_kernels.h"
#include "../sieve/trial_primes.h"
#include "../u64/ifma_arithmetic.h"
#include "lane_load.h"

// Products that are divided by side by side, so that they hide each other's latency.
#define SIDE_BY_SIDE 4

#define MOST_PRODUCTS (PRK_TRIAL_PRIMES / 3 + SIDE_BY_SIDE)

typedef struct prk_lane_products {
    size_t count; // a multiple of SIDE_BY_SIDE: the last ones may have no primes
    prk_trial_product products[MOST_PRODUCTS]; // inverses modulo 2^52
} prk_lane_products;

// Primes of the table whose product is below 2^52; three of them always are, being below 2^16.
static void make_products(prk_lane_products *all, const prk_trial_table *table) {
    size_t next = 0;
    all->count = 0;
    while (next < PRK_TRIAL_PRIMES || all->count % SIDE_BY_SIDE != 0) {
        prk_trial_product p = {.product = 1, .inverse = 1, .first = (uint32_t)next};
        while (next < PRK_TRIAL_PRIMES && p.product <= LOW_52 / table->primes[next].prime) {
            p.product *= table->primes[next].prime;
            p.inverse *= table->primes[next].inverse;
            next++;
        }
        p.inverse &= LOW_52;
        p.end = (uint32_t)next;
        all->products[all->count++] = p;
    }
}

// Made by the first who asks, and kept for all, as prk_trial_primes_table(), which says why.
static _Atomic(prk_lane_products *) shared_products;

static const prk_lane_products *products_of(const prk_trial_table *table) {
    prk_lane_products *all = atomic_load_explicit(&shared_products, memory_order_acquire);
    if (all != NULL) {
        return all;
    }
    all = malloc(sizeof *all);
    if (all != NULL) {
        make_products(all, table);
    }
    prk_lane_products *others = NULL;
    if (all != NULL && !atomic_compare_exchange_strong(&shared_products, &others, all)) {
        free(all);
        return others;
    }
    return all;
}

// r with r 2^(52 k) = -x modulo each product p, 0 <= r <= p: from the lowest limb up, r is what the
// next one has to be made less by, and p times the quotient is then that limb, in its low half.
VECTOR void divide(const prk_trial_product *p, const __m512i *x, int k, __m512i *r) {
    UNROLL
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
        r[i] = zero();
    }
    for (int j = 0; j < k; j++) {
        UNROLL
        for (int i = 0; i < SIDE_BY_SIDE; i++) {
            const __m512i limb = _mm512_sub_epi64(x[j], r[i]);
            const __m512i q = low(zero(), limb, all(p[i].inverse));
            r[i] = high(_mm512_srli_epi64(limb, 63), q, all(p[i].product));
        }
    }
}

// The least prime factors, among primes `from` to `to` of the table, of up to eight numbers. Lanes
// that have one are returned.
PRK_TARGET static unsigned divide_lanes(const prk_lane_products *products,
                                        const prk_trial_table *table, prk_lane_number *const *list,
                                        size_t count, size_t from, size_t to, __m512i *x) {

    const int k = list[0]->k;
    size_t depths[PRK_LANES], deepest = 0;
    for (size_t l = 0; l < PRK_LANES; l++) {
        const prk_lane_number *number = list[l < count ? l : 0];
        prk_lane_load((uint64_t *)x + l, number->limbs, number->size, k);
        depths[l] = prk_trial_depth(number->bits);
        deepest = depths[l] > deepest ? depths[l] : deepest;
    }
    __mmask8 pending = (__mmask8)((1u << count) - 1);
    const __mmask8 all_lanes = pending;
    size_t i = 0;
    while (products->products[i + SIDE_BY_SIDE - 1].end <= from) {
        i += SIDE_BY_SIDE;
    }
    deepest = deepest < to ? deepest : to;
    for (; i < products->count && products->products[i].first < deepest && pending != 0;
         i += SIDE_BY_SIDE) {
        const prk_trial_product *p = &products->products[i];
        __m512i r[SIDE_BY_SIDE];
        divide(p, x, k, r);
        for (int side = 0; side < SIDE_BY_SIDE; side++) {
            for (uint32_t prime = p[side].first; prime < p[side].end; prime++) {
                const prk_trial_prime *q = &table->primes[prime];
                const __m512i quotient = low(zero(), r[side], all(q->inverse));
                const __mmask8 divides =
                    _mm512_mask_cmple_epu64_mask(pending, quotient, all(q->limit >> 12));
                if (__builtin_expect(divides != 0, 0)) {
                    for (size_t l = 0; l < count; l++) {
                        if ((divides >> l & 1) != 0 && prime < depths[l]) {
                            prk_report_factor(list[l]->report, q->prime);
                            pending &= (__mmask8) ~(1u << l);
                        }
                    }
                }
            }
        }
    }
    return all_lanes & ~pending;
}

prk_status prk_lanes_divide(prk_scratch *scratch, prk_lane_number **list, size_t *count,
                            const uint32_t *cancel) {
    // Numbers are put together anew where about a third and a half of them are gone.
    static const size_t stages[] = {0, 24, 200, PRK_TRIAL_PRIMES};
    const prk_trial_table *table = prk_trial_primes_table();
    const prk_lane_products *products = table == NULL ? NULL : products_of(table);
    if (products == NULL) {
        return PRK_STATUS_NO_MEMORY;
    }
    for (size_t stage = 0; stage + 1 < sizeof stages / sizeof stages[0]; stage++) {
        size_t kept = 0;
        for (size_t i = 0; i < *count; i += PRK_LANES) {
            if (prk_is_cancelled(cancel)) {
                return PRK_STATUS_CANCELLED;
            }
            const size_t size = *count - i < PRK_LANES ? *count - i : PRK_LANES;
            const unsigned gone = divide_lanes(products, table, list + i, size, stages[stage],
                                               stages[stage + 1], scratch->lanes.start);
            for (size_t l = 0; l < size; l++) {
                if ((gone >> l & 1) == 0) {
                    list[kept++] = list[i + l];
                }
            }
        }
        *count = kept;
    }
    return PRK_STATUS_OK;
}

#endif
