// SPDX-License-Identifier: Apache-2.0
//
// The numbers that bench-u64 times and `make count` counts. A seed gives the same numbers
// everywhere.

#ifndef PRK_BENCHMARKS_WORKLOADS_H
#define PRK_BENCHMARKS_WORKLOADS_H

#include "support.h"

typedef enum workload {
    PRIMES_64,
    ODD_64,
    ANY_64,
    SEMIPRIMES_64,
    PRIMES_50,
    ODD_50,
    PRIMES_32,
    WORKLOAD_COUNT
} workload;

// A random number of exactly `bits` bits.
static inline uint64_t random_bits(int bits) {
    return (next_random() | UINT64_C(1) << 63) >> (64 - bits);
}

// A random prime of exactly `bits` bits.
static inline uint64_t random_prime(int bits) {
    for (;;) {
        uint64_t n = random_bits(bits) | 1;
        if (gmp_says_prime(n)) {
            return n;
        }
    }
}

static inline void fill_workload(workload kind, uint64_t seed, uint64_t *n, size_t count) {
    random_state = seed + (uint64_t)kind;
    uint64_t last = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        switch (kind) {
        case PRIMES_64:
            n[i] = last = odd_prime_from(last, -2);
            last -= 2;
            break;
        case ODD_64:
            n[i] = next_random() | 1;
            break;
        case ANY_64:
            n[i] = next_random();
            break;
        case SEMIPRIMES_64:
            do {
                n[i] = random_prime(32) * random_prime(32);
            } while (n[i] >> 63 == 0);
            break;
        case PRIMES_50:
            n[i] = random_prime(50);
            break;
        case ODD_50:
            n[i] = random_bits(50) | 1;
            break;
        default: // PRIMES_32
            n[i] = random_prime(32);
        }
    }
}

#endif
