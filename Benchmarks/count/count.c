// SPDX-License-Identifier: Apache-2.0
//
// What count.sh runs under callgrind: each 64-bit kernel of the levels that valgrind can run (it
// has no AVX-512), and the tests of large numbers on GMP, on fixed numbers. Instructions are
// counted between the entry and the exit of a function whose name begins with count_, and nothing
// else happens in those: numbers and scratch are made before.

#include <gmp.h>
#include <stdlib.h>

#include "../u64/workloads.h"
#include "prk_kernels.h"

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

// --- Large numbers: k 2^exponent + c, or near a random number of so many bits where k is 0 -----

typedef struct large {
    uint64_t k;
    unsigned exponent;
    int c;
    prk_verdict verdict;
    prk_method method;
} large;

static prk_scratch *scratch;
static uint64_t limbs[64], offsets[2];

static void set_large(const large *number) {
    mpz_t n;
    mpz_init_set_ui(n, number->k);
    mpz_mul_2exp(n, n, number->exponent);
    if (number->k == 0) {
        const size_t words = number->exponent / 64;
        prk_random_words(1, 0, limbs, words);
        limbs[words - 1] |= UINT64_C(1) << 63;
        mpz_import(n, words, -1, sizeof *limbs, 0, 0, limbs);
    }
    if (number->c < 0) {
        mpz_sub_ui(n, n, (unsigned)-number->c);
    } else {
        mpz_add_ui(n, n, (unsigned)number->c);
    }
    size_t count = 0;
    mpz_export(limbs, &count, -1, sizeof *limbs, 0, 0, n);
    offsets[1] = count;
    mpz_clear(n);
}

// A number's row. The first test, which is not counted, takes the memory; both are to end as said.
static void run_large(const large *number, void (*count)(const prk_options *, prk_report *)) {
    prk_options options = {.want_residue = number->method == PRK_METHOD_TRIAL_DIVISION};
    prk_report report;
    set_large(number);
    uint8_t verdict = PRK_UNTESTED;
    (void)prk_test_batch(PRK_ENGINE_GMP, limbs, offsets, 1, &options, scratch, &verdict, &report);
    count(&options, &report);
    if (report.verdict != number->verdict || report.method != number->method) {
        fprintf(stderr, "count: 2^%u %+d: verdict %d by method %d\n", number->exponent, number->c,
                report.verdict, report.method);
        exit(1);
    }
}

#define COUNT_LARGE(name)                                                                          \
    COUNTED count_gmp_##name(const prk_options *options, prk_report *report) {                     \
        DISTINCT(name);                                                                            \
        uint8_t verdict = PRK_UNTESTED;                                                            \
        (void)prk_test_batch(PRK_ENGINE_GMP, limbs, offsets, 1, options, scratch, &verdict,        \
                             report);                                                              \
        sink = verdict;                                                                            \
    }
#define RUN_LARGE(name, ...) run_large(&(const large){__VA_ARGS__}, count_gmp_##name)

// Each row contains trial division to its size's depth, which the row of an even number's RES64 has
// not.
COUNT_LARGE(strong_512)
COUNT_LARGE(strong_2048)
COUNT_LARGE(baillie_psw_512)
COUNT_LARGE(baillie_psw_2048)
COUNT_LARGE(proth_512)
COUNT_LARGE(proth_2048)
COUNT_LARGE(riesel_512)
COUNT_LARGE(riesel_2048)
COUNT_LARGE(lucas_lehmer_521)
COUNT_LARGE(lucas_lehmer_2203)
COUNT_LARGE(residue_512)
COUNT_LARGE(residue_2048)

static void run_all_large(void) {
    scratch = prk_scratch_create();
    RUN_LARGE(strong_512, 0, 512, -6, PRK_COMPOSITE, PRK_METHOD_STRONG_BASE2);
    RUN_LARGE(strong_2048, 0, 2048, -52, PRK_COMPOSITE, PRK_METHOD_STRONG_BASE2);
    RUN_LARGE(baillie_psw_512, 0, 512, -720, PRK_PROBABLE_PRIME, PRK_METHOD_BAILLIE_PSW);
    RUN_LARGE(baillie_psw_2048, 0, 2048, -1672, PRK_PROBABLE_PRIME, PRK_METHOD_BAILLIE_PSW);
    RUN_LARGE(proth_512, 1000000000017, 472, 1, PRK_PRIME, PRK_METHOD_PROTH);
    RUN_LARGE(proth_2048, 1000000000063, 2008, 1, PRK_PRIME, PRK_METHOD_PROTH);
    RUN_LARGE(riesel_512, 1000000000289, 472, -1, PRK_PRIME, PRK_METHOD_LUCAS_LEHMER_RIESEL);
    RUN_LARGE(riesel_2048, 1000000000947, 2008, -1, PRK_PRIME, PRK_METHOD_LUCAS_LEHMER_RIESEL);
    RUN_LARGE(lucas_lehmer_521, 1, 521, -1, PRK_PRIME, PRK_METHOD_LUCAS_LEHMER);
    RUN_LARGE(lucas_lehmer_2203, 1, 2203, -1, PRK_PRIME, PRK_METHOD_LUCAS_LEHMER);
    RUN_LARGE(residue_512, 1, 512, -28, PRK_COMPOSITE, PRK_METHOD_TRIAL_DIVISION);
    RUN_LARGE(residue_2048, 1, 2048, -28, PRK_COMPOSITE, PRK_METHOD_TRIAL_DIVISION);
    prk_scratch_destroy(scratch);
}

int main(void) {
    run_all_large();
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
