// SPDX-License-Identifier: Apache-2.0
//
// What the C tests share with one another and with the benchmarks of Benchmarks/u64.

#ifndef PRK_TESTS_SUPPORT_H
#define PRK_TESTS_SUPPORT_H

#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "primality.h"

__attribute__((unused)) static int failures;

// Only the first failures are told: one mistake may fail each of a million numbers.
#define EXPECT(condition, ...)                                                                     \
    do {                                                                                           \
        if (!(condition) && failures++ < 50) {                                                     \
            printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);                                 \
            printf(__VA_ARGS__);                                                                   \
            printf("\n");                                                                          \
        }                                                                                          \
    } while (0)

static uint64_t random_state = UINT64_C(0x9E3779B97F4A7C15);

static inline uint64_t next_random(void) { // SplitMix64
    uint64_t z = random_state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

// How much is done of what is random or repeated: PRIMALITY_TEST_MULTIPLIER, 1 by default.
// TestFiles reads it for the Swift suite.
static inline double test_multiplier(void) {
    const char *text = getenv("PRIMALITY_TEST_MULTIPLIER");
    const double value = text == NULL ? 1 : atof(text);
    return value > 0 ? value : 1;
}

// `count` times the multiplier, at least 1.
static inline long scaled(long count) {
    const double value = (double)count * test_multiplier();
    return value < 1 ? 1 : (long)value;
}

// Whether this run does what stands at `place`, of which one in `every` is done, more or less of
// them as the multiplier says, and all when it is 10. PRIMALITY_TEST_SHARD chooses which.
static inline bool is_sampled(uint64_t place, double every) {
    if (test_multiplier() >= 10) {
        return true;
    }
    const char *text = getenv("PRIMALITY_TEST_SHARD");
    uint64_t z = (place + 1) * UINT64_C(0x9E3779B97F4A7C15) ^
                 (text == NULL ? 0 : strtoull(text, NULL, 10)) * UINT64_C(0xD6E8FEB86659FD93);
    z = (z ^ z >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    z ^= z >> 32;
    return (double)(z >> 11) * 0x1p-53 * every < test_multiplier();
}

static inline bool gmp_says_prime(uint64_t n) {
    mpz_t z;
    mpz_init_set_ui(z, n);
    bool is_prime = mpz_probab_prime_p(z, 25) != 0;
    mpz_clear(z);
    return is_prime;
}

static inline uint8_t expected(uint64_t n) {
    return n < 2 ? PRK_NEITHER : gmp_says_prime(n) ? PRK_PRIME : PRK_COMPOSITE;
}

// The odd prime at or next to n in the direction of `step`, 2 or -2. One must exist below 2^64.
static inline uint64_t odd_prime_from(uint64_t n, int step) {
    for (n |= 1; !gmp_says_prime(n); n += (uint64_t)(int64_t)step) {
    }
    return n;
}

#endif
