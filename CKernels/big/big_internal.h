// SPDX-License-Identifier: Apache-2.0
//
// What the large-number files share.

#ifndef PRK_BIG_INTERNAL_H
#define PRK_BIG_INTERNAL_H

#include <gmp.h>

#include "../include/prk_kernels.h"

_Static_assert(GMP_NUMB_BITS == 64, "limbs are handed to GMP as they are");
_Static_assert(sizeof(mp_limb_t) == sizeof(uint64_t), "limbs are handed to GMP as they are");

#pragma GCC visibility push(hidden)

#define PRK_WINDOW_BITS 4

typedef struct prk_memory {
    void *start;
    size_t bytes;
} prk_memory;

struct prk_scratch {
    size_t reserved;                          // limbs of n for which memory was probed
    mpz_t n_minus_1, d, base, x, product;     // strong tests and powers
    mpz_t u, v, qk, t;                        // Lucas
    mpz_t window[1 << (PRK_WINDOW_BITS - 1)]; // odd powers of a large base
    mpz_t small;                              // a 64-bit number as mpz
    prk_memory products;                      // of primes to divide by, in lanes
    prk_memory lanes, across, block;          // of tests in lanes, across them, of a batch
};

/// Asks malloc for what a test of `limbs` limbs will need, since GMP aborts when it gets none.
prk_status prk_scratch_reserve(prk_scratch *scratch, size_t limbs);

/// At least `bytes` of memory, aligned to a vector; what it held is lost when it grows. NULL: there
/// is none.
void *prk_memory_reserve(prk_memory *memory, size_t bytes);

/// result = base^exponent mod n, in pieces between which the flag is polled. base < n, n odd or
/// even, exponent >= 1. PRK_STATUS_CANCELLED leaves result undefined.
prk_status prk_pow_mod(prk_scratch *scratch, mpz_ptr result, mpz_srcptr base, mpz_srcptr exponent,
                       mpz_srcptr n, const uint32_t *cancel);

/// Whether n is a strong probable prime to `base`; n_minus_1 in the scratch is set. n odd, n > 2.
prk_status prk_strong_test(prk_scratch *scratch, mpz_srcptr n, mpz_srcptr base,
                           const uint32_t *cancel, bool *passed);

/// The first D of 5, -7, 9, -11, … of which (D|n) = -1. When a common factor showed n composite
/// before, `*d` is 0 and the answer false. n odd, no square.
bool prk_selfridge_discriminant(mpz_srcptr n, int64_t *d);

/// Strong Lucas test with Selfridge's parameters, method A [BaWa80]. n odd, no square. `*d` is the
/// discriminant, of which (d|n) = -1, or 0 when a common factor with it showed n composite.
prk_status prk_strong_lucas_selfridge(prk_scratch *scratch, mpz_srcptr n, const uint32_t *cancel,
                                      bool *passed, int64_t *d);

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

typedef struct prk_trial_table {
    prk_trial_prime primes[PRK_TRIAL_PRIMES];
} prk_trial_table;

/// How many primes of the table a number of this size is divided by.
size_t prk_trial_depth(size_t bits);

/// The least prime of the table, to that depth, that divides n, or 0. n odd. `*bound`: n below it
/// without such a prime is prime.
uint64_t prk_trial_primes_divisor(mpz_srcptr n, const prk_trial_table *table, uint64_t *bound);

/// The table, one for all threads. NULL: there is no memory.
const prk_trial_table *prk_trial_primes_table(void);

/// base = the `round`th base for n, uniform in [2, n - 2]. n >= 5.
void prk_random_base_mpz(mpz_ptr base, mpz_srcptr n, uint64_t seed, uint32_t round);

/// One number with GMP alone, whatever its size. `report` is zeroed by the caller.
prk_status prk_explain_gmp(prk_scratch *scratch, mpz_srcptr n, const prk_options *options,
                           prk_report *report);

/// A composite number's report, by a prime factor.
void prk_explain_factor(prk_report *report, uint64_t factor);

/// Tries to prove or refute n by its form (Proth, LLR). `*is_special` says whether n has one.
prk_status prk_explain_form(prk_scratch *scratch, mpz_srcptr n, const prk_options *options,
                            prk_report *report, bool *is_special);

/// Baillie-PSW, and the random bases that the options ask for. n is odd and above 8.
prk_status prk_baillie_psw(prk_scratch *scratch, mpz_srcptr n, const prk_options *options,
                           prk_report *report);

/// RES64 of n >= 1.
prk_status prk_residue(prk_scratch *scratch, mpz_srcptr n, const uint32_t *cancel,
                       uint64_t *residue);

#pragma GCC visibility pop

#endif
