// SPDX-License-Identifier: Apache-2.0
//
// Correctness by quantity, on demand: `make soak`.
//
// soak random COUNT SEED [--shard I/N]   each level against portable on COUNT numbers of each size
// soak sieve [--shard I/N]               each level against a sieve of Eratosthenes, below 2^32
//
// Shards are numbered from 1; all N of them together are one run.

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "prk_kernels.h"
#include "support.h"

enum { BLOCK = 1 << 16 };

typedef struct shard {
    uint64_t index, count;
} shard;

// The whole when `arguments`, which end with NULL, hold no shard.
static shard parse_shard(char **arguments) {
    shard s = {1, 1};
    if (arguments[0] != NULL &&
        (strcmp(arguments[0], "--shard") != 0 || arguments[1] == NULL ||
         sscanf(arguments[1], "%" SCNu64 "/%" SCNu64, &s.index, &s.count) != 2 || s.index < 1 ||
         s.index > s.count)) {
        fputs("soak: --shard wants I/N, where I is 1 to N\n", stderr);
        exit(64);
    }
    return s;
}

// Each level's batches and, for one number in `single_every`, single calls.
static void check_block(const uint64_t *n, const uint8_t *wanted, size_t count,
                        size_t single_every) {
    static uint8_t verdicts[BLOCK];
    for (int level = 0; level < PRK_LEVEL_COUNT; level++) {
        const prk_kernel_set *kernels = prk_kernels_at((prk_level)level);
        if (kernels == NULL) {
            continue;
        }
        kernels->test_batch(n, verdicts, count);
        if (memcmp(verdicts, wanted, count) != 0) {
            for (size_t i = 0; i < count; i++) {
                EXPECT(verdicts[i] == wanted[i], "%s: %" PRIu64 " in a batch: %d, not %d",
                       kernels->name, n[i], verdicts[i], wanted[i]);
            }
        }
        for (size_t i = n[0] % single_every; i < count; i += single_every) {
            EXPECT(kernels->is_prime(n[i]) == (wanted[i] == PRK_PRIME), "%s: %" PRIu64 " alone",
                   kernels->name, n[i]);
        }
    }
}

// --- Random numbers ------------------------------------------------------------------------------

enum { BELOW_32, BELOW_50, FROM_50_TO_52, BELOW_64, ANY_LENGTH, CLASS_COUNT };

static uint64_t random_of_class(int class) {
    uint64_t r = next_random();
    switch (class) {
    case BELOW_32:
        return r >> 32;
    case BELOW_50:
        return r >> 14;
    case FROM_50_TO_52:
        return (UINT64_C(1) << 50) + r % (3 * (UINT64_C(1) << 50));
    case BELOW_64:
        return r;
    default: {
        unsigned length = (unsigned)(next_random() % 65);
        return length == 0 ? 0 : (r | UINT64_C(1) << 63) >> (64 - length);
    }
    }
}

static void soak_random(uint64_t count, uint64_t seed, shard s) {
    static uint64_t n[BLOCK];
    static uint8_t wanted[BLOCK];
    const prk_kernel_set *portable = prk_kernels_at(PRK_LEVEL_PORTABLE);
    uint64_t blocks = (count + BLOCK - 1) / BLOCK, tested = 0, primes = 0;
    for (uint64_t block = s.index - 1; block < blocks; block += s.count) {
        for (int class = 0; class < CLASS_COUNT; class++) {
            // A block's numbers depend on seed and place alone, so that shards repeat nothing and
            // a failure comes back.
            random_state = seed + ((uint64_t)class << 48) + block;
            random_state = next_random();
            for (size_t i = 0; i < BLOCK; i++) {
                // Even numbers are told by one bit, so only one in eight is left to be even.
                n[i] = random_of_class(class) | ((i & 3) != 0);
            }
            portable->test_batch(n, wanted, BLOCK);
            check_block(n, wanted, BLOCK, 16);
            for (size_t i = 0; i < BLOCK; i++) {
                primes += wanted[i] == PRK_PRIME;
            }
        }
        tested += BLOCK;
    }
    printf("soak: random %" PRIu64 "/%" PRIu64 ": %" PRIu64 " of each of %d sizes, seed %" PRIu64
           ": %" PRIu64 " primes, %d failures\n",
           s.index, s.count, tested, CLASS_COUNT, seed, primes, failures);
}

// --- Everything below 2^32 -----------------------------------------------------------------------

enum { SEGMENT = 1 << 20 };

// Shares nothing with the kernels, tables included.
static void soak_sieve(shard s) {
    static bool small_composite[1 << 16], composite[SEGMENT];
    static uint64_t n[BLOCK];
    static uint8_t wanted[BLOCK];
    for (uint32_t p = 2; p < 1 << 8; p++) {
        for (uint32_t m = p * p; !small_composite[p] && m < 1 << 16; m += p) {
            small_composite[m] = true;
        }
    }
    uint64_t tested = 0, primes = 0;
    // Segments are dealt out in turn, so that each shard has numbers of every size.
    for (uint64_t segment = s.index - 1; segment < (UINT64_C(1) << 32) / SEGMENT;
         segment += s.count) {
        uint64_t low = segment * SEGMENT, high = low + SEGMENT;
        memset(composite, 0, sizeof composite);
        for (uint64_t p = 2; p * p < high; p++) {
            if (small_composite[p]) {
                continue;
            }
            uint64_t first = (low + p - 1) / p * p;
            for (uint64_t m = first < p * p ? p * p : first; m < high; m += p) {
                composite[m - low] = true;
            }
        }
        for (uint64_t start = low; start < high; start += BLOCK) {
            for (size_t i = 0; i < BLOCK; i++) {
                n[i] = start + i;
                wanted[i] = n[i] < 2                ? PRK_NEITHER
                            : composite[n[i] - low] ? PRK_COMPOSITE
                                                    : PRK_PRIME;
                primes += wanted[i] == PRK_PRIME;
            }
            check_block(n, wanted, BLOCK, 1);
        }
        tested += SEGMENT;
    }
    // pi(2^32), OEIS A007053: the sieve itself is checked when it has seen everything.
    EXPECT(s.count > 1 || primes == 203280221, "%" PRIu64 " primes below 2^32", primes);
    printf("soak: sieve %" PRIu64 "/%" PRIu64 ": %" PRIu64 " numbers below 2^32, %" PRIu64
           " primes, %d failures\n",
           s.index, s.count, tested, primes, failures);
}

int main(int argc, char **argv) {
    if (argc >= 4 && strcmp(argv[1], "random") == 0) {
        soak_random(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10),
                    parse_shard(argv + 4));
    } else if (argc >= 2 && strcmp(argv[1], "sieve") == 0) {
        soak_sieve(parse_shard(argv + 2));
    } else {
        fputs("usage: soak random COUNT SEED [--shard I/N]\n       soak sieve [--shard I/N]\n",
              stderr);
        return 64;
    }
    return failures != 0;
}
