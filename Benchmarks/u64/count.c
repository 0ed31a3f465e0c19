// SPDX-License-Identifier: Apache-2.0
//
// What count.sh runs under callgrind: each kernel of the levels that valgrind can run (it has no
// AVX-512) on fixed numbers. Instructions are counted between the entry and the exit of a function
// whose name begins with count_, and nothing else happens in those: numbers are made before.

#include <stdlib.h>

#include "prk_kernels.h"
#include "workloads.h"

enum { NUMBERS = 512 };

static uint64_t primes_64[NUMBERS], odd_64[NUMBERS], semiprimes_64[NUMBERS], primes_50[NUMBERS],
    odd_50[NUMBERS], primes_32[NUMBERS];
static uint8_t verdicts[NUMBERS];
// What is written to it is not left out as unused.
static volatile uint64_t sink;

#define COUNTED __attribute__((noinline)) static void
// Functions of the same code would become one, and their rows with them.
#define DISTINCT(level) __asm__ volatile("# " #level)

// The row of a level and a kernel is the function count_<level>_<kernel>, so a table is made of
// names.
#define COUNT_BATCH(level, numbers)                                                                \
    COUNTED count_##level##_batch_##numbers(const prk_kernel_set *kernels) {                       \
        DISTINCT(level);                                                                           \
        kernels->test_batch(numbers, verdicts, NUMBERS);                                           \
        sink = verdicts[0];                                                                        \
    }

#define COUNT_SINGLE(level, numbers)                                                               \
    COUNTED count_##level##_single_##numbers(const prk_kernel_set *kernels) {                      \
        DISTINCT(level);                                                                           \
        uint64_t primes = 0;                                                                       \
        for (int i = 0; i < NUMBERS; i++) {                                                        \
            primes += kernels->is_prime(numbers[i]);                                               \
        }                                                                                          \
        sink = primes;                                                                             \
    }

// The first 300,000 divisors, up to where no factor is.
#define COUNT_TRIAL(level)                                                                         \
    COUNTED count_##level##_trial_range(const prk_kernel_set *kernels) {                           \
        DISTINCT(level);                                                                           \
        sink = kernels->trial_range(UINT64_C(5000111000222021), 0, 300000);                        \
    }

#define COUNT_LEVEL(level)                                                                         \
    COUNT_BATCH(level, primes_64)                                                                  \
    COUNT_BATCH(level, odd_64)                                                                     \
    COUNT_BATCH(level, semiprimes_64)                                                              \
    COUNT_BATCH(level, primes_50)                                                                  \
    COUNT_BATCH(level, odd_50)                                                                     \
    COUNT_BATCH(level, primes_32)                                                                  \
    COUNT_SINGLE(level, primes_64)                                                                 \
    COUNT_SINGLE(level, odd_64)                                                                    \
    COUNT_TRIAL(level)                                                                             \
    static void run_##level(const prk_kernel_set *kernels) {                                       \
        count_##level##_batch_primes_64(kernels);                                                  \
        count_##level##_batch_odd_64(kernels);                                                     \
        count_##level##_batch_semiprimes_64(kernels);                                              \
        count_##level##_batch_primes_50(kernels);                                                  \
        count_##level##_batch_odd_50(kernels);                                                     \
        count_##level##_batch_primes_32(kernels);                                                  \
        count_##level##_single_primes_64(kernels);                                                 \
        count_##level##_single_odd_64(kernels);                                                    \
        count_##level##_trial_range(kernels);                                                      \
    }

COUNT_LEVEL(portable)
COUNT_LEVEL(bmi2)
COUNT_LEVEL(avx2)

int main(void) {
    const uint64_t seed = 1;
    fill_workload(PRIMES_64, seed, primes_64, NUMBERS);
    fill_workload(ODD_64, seed, odd_64, NUMBERS);
    fill_workload(SEMIPRIMES_64, seed, semiprimes_64, NUMBERS);
    fill_workload(PRIMES_50, seed, primes_50, NUMBERS);
    fill_workload(ODD_50, seed, odd_50, NUMBERS);
    fill_workload(PRIMES_32, seed, primes_32, NUMBERS);
    static void (*const run[])(const prk_kernel_set *) = {run_portable, run_bmi2, run_avx2};
    for (int level = 0; level <= PRK_LEVEL_AVX2; level++) {
        const prk_kernel_set *kernels = prk_kernels_at((prk_level)level);
        if (kernels != NULL) {
            run[level](kernels);
        } else {
            printf("unsupported %s\n", prk_level_name((prk_level)level));
        }
    }
    return 0;
}
