// SPDX-License-Identifier: Apache-2.0
//
// Division of large numbers by the primes of a table.

#ifndef PRK_TRIAL_PRIMES_H
#define PRK_TRIAL_PRIMES_H

#include <gmp.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// How many odd primes the table has: all below 2^16.
#define PRK_TRIAL_PRIMES 6541

/// Consecutive primes of the table, and n modulo their product: n % p == rest % p for each p. The
/// groups lie one after the other, so that the first one's `primes` is the whole table.
typedef struct prk_trial_group {
    const uint16_t *primes;
    size_t count;
    uint64_t rest;
} prk_trial_group;

/// Divides n by product `product` of the table, counted from 0. Takes no memory.
prk_trial_group prk_trial_divide(mpz_srcptr n, size_t product);

/// How many products it takes to divide by all odd primes up to `limit`, or by all of the table.
size_t prk_trial_products_to(uint64_t limit);

/// A prime of the table, its inverse modulo 2^64, and floor((2^64 - 1) / p): p divides m when m
/// times the inverse, modulo 2^64, does not exceed that. The same holds modulo 2^52, with limit
/// >> 12.
typedef struct prk_trial_prime {
    uint64_t inverse, limit;
    uint32_t prime;
} prk_trial_prime;

/// A product of consecutive primes of the table, from `first` to before `end`, and its inverse
/// modulo 2^64.
typedef struct prk_trial_product {
    uint64_t product, inverse;
    uint32_t first, end;
} prk_trial_product;

#define PRK_TRIAL_PRODUCTS 1577
/// Products that are divided by side by side, so that they hide each other's latency.
#define PRK_TRIAL_SIDE_BY_SIDE 4

typedef struct prk_trial_table {
    prk_trial_prime primes[PRK_TRIAL_PRIMES];
    // The last ones are 1, and have no primes.
    prk_trial_product products[PRK_TRIAL_PRODUCTS + PRK_TRIAL_SIDE_BY_SIDE - 1];
} prk_trial_table;

/// How many primes of the table a number of this size is divided by.
size_t prk_trial_depth(size_t bits);

/// The least prime of the table, to that depth, that divides n, or 0. n odd. `*bound`: n below it
/// without such a prime is prime.
uint64_t prk_trial_primes_divisor(mpz_srcptr n, const prk_trial_table *table, uint64_t *bound);

/// The table, one for all threads. NULL: there is no memory.
const prk_trial_table *prk_trial_primes_table(void);

#pragma GCC visibility pop

#endif
