// SPDX-License-Identifier: Apache-2.0
//
// The table of small primes by which numbers of any size are divided.

#include <stdatomic.h>
#include <stdlib.h>

#define PRK_WANT_TRIAL_PRIMES
#include "../tables/small_primes.h"
#include "../u64/montgomery64.h"
#include "trial_primes.h"

_Static_assert(PRK_TRIAL_PRIMES == PRK_TRIAL_PRIME_COUNT, "the table has grown");
_Static_assert(PRK_TRIAL_PRODUCTS == PRK_TRIAL_PRODUCT_COUNT, "the table has grown");

size_t prk_trial_products_to(uint64_t limit) {
    size_t products = 0;
    while (products < PRK_TRIAL_PRODUCT_COUNT &&
           prk_trial_primes[prk_trial_first[products]] <= limit) {
        products++;
    }
    return products;
}

prk_trial_group prk_trial_divide(mpz_srcptr n, size_t product) {
    const size_t first = prk_trial_first[product];
    return (prk_trial_group){prk_trial_primes + first, prk_trial_first[product + 1] - first,
                             mpz_tdiv_ui(n, prk_trial_products[product])};
}

// A prime costs a share of a pass over n; what it saves is the share of candidates with such a
// factor, of a strong test that grows with the cube of the size. Where these are equal is lower on
// GMP alone than in lanes, and flat: one depth for both, so that the evidence is the same.
//
// The table ends at 2^16, though more would pay for long numbers. The primes to 2^17 would make
// random odd numbers of 1536 bits slower by 1 to 2 %, those of 2048 bits faster by 2 %, of 3072 by
// 4 and of 4096 by 5 %: by what a prime and a test cost, on GMP as in lanes (Emerald Rapids). They
// would double a table that has 16 bits for a prime, and that windows are sieved by, too; searches
// go deeper as it is (prk_sieve_window_further).
size_t prk_trial_depth(size_t bits) {
    // Products of the table, with primes to about 600, 2500, 10,000 and 25,000.
    static const struct {
        size_t bits, products;
    } depths[] = {{128, 14}, {256, 61}, {512, 249}, {768, 632}};
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        if (bits <= depths[i].bits) {
            return prk_trial_first[depths[i].products];
        }
    }
    return PRK_TRIAL_PRIMES;
}

// For each product p the r with r 2^(64 size) = -n modulo p, 0 <= r <= p. The division is exact and
// begins with the lowest limb. r is what has to be taken from the next limb. q is the word for
// which the low half of q p is what is left of that limb; the high half, with the borrow, is the
// next r.
static inline void divide_exactly(const prk_trial_product *p, size_t count, const mp_limb_t *n,
                                  size_t size, uint64_t *r) {
    for (size_t i = 0; i < count; i++) {
        r[i] = 0;
    }
    for (size_t j = 0; j < size; j++) {
        for (size_t i = 0; i < count; i++) {
            const uint64_t q = (n[j] - r[i]) * p[i].inverse;
            r[i] = (n[j] < r[i]) + (uint64_t)((prk_u128)q * p[i].product >> 64);
        }
    }
}

// The least prime of the product that divides r, or 0.
static inline uint64_t prime_of(const prk_trial_table *table, const prk_trial_product *p,
                                uint64_t r) {
    for (uint32_t i = p->first; i < p->end; i++) {
        if (r * table->primes[i].inverse <= table->primes[i].limit) {
            return table->primes[i].prime;
        }
    }
    return 0;
}

uint64_t prk_trial_primes_divisor(mpz_srcptr n, const prk_trial_table *table, uint64_t *bound) {
    const size_t depth = prk_trial_depth(mpz_sizeinbase(n, 2));
    const mp_limb_t *limbs = mpz_limbs_read(n);
    const size_t size = mpz_size(n);
    const prk_trial_product *p = table->products;
    uint64_t r[PRK_TRIAL_SIDE_BY_SIDE];
    *bound = (uint64_t)prk_trial_primes[depth - 1] * prk_trial_primes[depth - 1];
    // Of odd numbers the first product's primes divide 7 in 10.
    divide_exactly(p, 1, limbs, size, r);
    uint64_t factor = prime_of(table, p, r[0]);
    for (p++; factor == 0 && p->first < depth; p += PRK_TRIAL_SIDE_BY_SIDE) {
        divide_exactly(p, PRK_TRIAL_SIDE_BY_SIDE, limbs, size, r);
        for (int i = 0; i < PRK_TRIAL_SIDE_BY_SIDE && factor == 0 && p[i].first < depth; i++) {
            factor = prime_of(table, &p[i], r[i]);
        }
    }
    return factor;
}

// Made by the first who asks, and kept for all. Several may make it at once, of whom one's is kept:
// a lock could be held by another thread for ever in a child that was forked meanwhile.
static _Atomic(prk_trial_table *) shared_table;

const prk_trial_table *prk_trial_primes_table(void) {
    prk_trial_table *table = atomic_load_explicit(&shared_table, memory_order_acquire);
    if (table != NULL) {
        return table;
    }
    table = malloc(sizeof *table);
    for (size_t i = 0; table != NULL && i < PRK_TRIAL_PRIMES; i++) {
        const uint64_t p = prk_trial_primes[i];
        table->primes[i] = (prk_trial_prime){prk_inverse_u64(p), UINT64_MAX / p, (uint32_t)p};
    }
    const size_t products = sizeof table->products / sizeof table->products[0];
    for (size_t i = 0; table != NULL && i < products; i++) {
        const bool is_one = i >= PRK_TRIAL_PRODUCTS;
        const uint64_t product = is_one ? 1 : prk_trial_products[i];
        table->products[i] = (prk_trial_product){
            product, prk_inverse_u64(product), is_one ? PRK_TRIAL_PRIMES : prk_trial_first[i],
            is_one ? PRK_TRIAL_PRIMES : prk_trial_first[i + 1]};
    }
    prk_trial_table *others = NULL;
    if (table != NULL && !atomic_compare_exchange_strong(&shared_table, &others, table)) {
        free(table);
        return others;
    }
    return table;
}
