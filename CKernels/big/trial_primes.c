// SPDX-License-Identifier: Apache-2.0
//
// The table of small primes by which numbers of any size are divided.

#define PRK_WANT_TRIAL_PRIMES
#include "../tables/small_primes.h"
#include "big_internal.h"

_Static_assert(PRK_TRIAL_PRIMES == PRK_TRIAL_PRIME_COUNT, "the table has grown");

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

// How many products of the table to divide by. A product costs one pass over n; what it saves is
// the share of candidates with such a factor, of a strong test that grows with the cube of the
// size.
static size_t products_for(size_t bits) {
    if (bits <= 128) {
        return 6; // primes to 101
    }
    if (bits <= 512) {
        return 32; // to about 1,000
    }
    if (bits <= 1536) {
        return 256; // to about 10,000
    }
    return PRK_TRIAL_PRODUCT_COUNT; // to 2^16
}

uint64_t prk_trial_primes_divisor(mpz_srcptr n, uint64_t *bound) {
    size_t products = products_for(mpz_sizeinbase(n, 2));
    size_t last = prk_trial_first[products] - 1u;
    *bound = (uint64_t)prk_trial_primes[last] * prk_trial_primes[last];
    for (size_t i = 0; i < products; i++) {
        prk_trial_group group = prk_trial_divide(n, i);
        for (size_t j = 0; j < group.count; j++) {
            if (group.rest % group.primes[j] == 0) {
                return group.primes[j];
            }
        }
    }
    return 0;
}
