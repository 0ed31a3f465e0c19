// SPDX-License-Identifier: Apache-2.0
//
// make bench-proof, its second part: many primes proved by prk_prove_many and by prk_prove one
// after the other, in turn, and long ones by one thread and by --threads, by the clock.
// Certificates must be the same ones.

// What measuring.h includes.
#define _GNU_SOURCE

#include <gmp.h>

#include "bench.h"

enum { TOGETHER = 96, TOGETHER_SIZES = 4, THREAD_SIZES = 3 };

static const int together_sizes[TOGETHER_SIZES] = {50, 77, 100, 154};
static const int thread_sizes[THREAD_SIZES] = {309, 500, 1000};

typedef struct batch {
    mpz_t n[TOGETHER];
    text alone[TOGETHER], together[TOGETHER];
    prk_proof proofs[TOGETHER];
    prk_proof_asked asked[TOGETHER];
} batch;

static measurement apart_times[TOGETHER_SIZES], together_times[TOGETHER_SIZES];

static double prove_apart(batch *b) {
    const double start = thread_ns();
    for (size_t i = 0; i < TOGETHER; i++) {
        b->alone[i].size = 0;
        if (prk_prove(b->asked[i].limbs, b->asked[i].limb_count, NULL, append, &b->alone[i],
                      &b->proofs[i]) != PRK_STATUS_OK) {
            disagree("prk_prove does not end well");
        }
    }
    return (thread_ns() - start) / TOGETHER;
}

static double prove_together(batch *b) {
    for (size_t i = 0; i < TOGETHER; i++) {
        b->together[i].size = 0;
    }
    const double start = thread_ns();
    if (prk_prove_many(b->asked, TOGETHER) != PRK_STATUS_OK) {
        disagree("prk_prove_many does not end well");
    }
    return (thread_ns() - start) / TOGETHER;
}

static void measure_together(int size) {
    batch *b = calloc(1, sizeof *b);
    if (b == NULL) {
        fputs("bench-proof: no memory\n", stderr);
        exit(1);
    }
    gmp_randseed_ui(state, seed + 1000 + (uint64_t)together_sizes[size]);
    for (size_t i = 0; i < TOGETHER; i++) {
        mpz_init(b->n[i]);
        random_prime(b->n[i], together_sizes[size]);
        b->asked[i] = (prk_proof_asked){.limbs = (const uint64_t *)mpz_limbs_read(b->n[i]),
                                        .limb_count = mpz_size(b->n[i]),
                                        .sink = append,
                                        .context = &b->together[i],
                                        .proof = &b->proofs[i]};
    }
    for (int round = 0; round < round_count; round++) {
        if (round % 2 == 0) {
            apart_times[size].rounds[round] = prove_apart(b);
        }
        together_times[size].rounds[round] = prove_together(b);
        if (round % 2 == 1) {
            apart_times[size].rounds[round] = prove_apart(b);
        }
    }
    for (size_t i = 0; i < TOGETHER; i++) {
        const text *x = &b->alone[i], *y = &b->together[i];
        if (x->size != y->size || memcmp(x->bytes, y->bytes, x->size) != 0 ||
            !proves(y->bytes, y->size, b->n[i])) {
            disagree("a prime of %d digits has another certificate among others",
                     together_sizes[size]);
        }
        mpz_clear(b->n[i]);
    }
    free(b);
    summarise(&apart_times[size], NULL, round_count);
    summarise(&together_times[size], &apart_times[size], round_count);
}

static measurement thread_times[THREAD_SIZES][2];

static double wall_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double prove_with_threads(const mpz_t n, uint32_t threads, text *t) {
    const prk_prove_options options = {.threads = threads};
    prk_proof proof;
    t->size = 0;
    const double start = wall_ns();
    if (prk_prove((const uint64_t *)mpz_limbs_read(n), mpz_size(n), &options, append, t, &proof) !=
        PRK_STATUS_OK) {
        disagree("prk_prove does not end well");
    }
    return wall_ns() - start;
}

// A prime a round, of which one of 1000 digits is enough.
static int thread_rounds(int size) {
    return thread_sizes[size] == 1000 ? 1 : round_count < 5 ? round_count : 5;
}

static void measure_threads(int size) {
    static text texts[2];
    mpz_t n;
    mpz_init(n);
    gmp_randseed_ui(state, seed + 2000 + (uint64_t)thread_sizes[size]);
    for (int round = 0; round < thread_rounds(size); round++) {
        random_prime(n, thread_sizes[size]);
        for (int turn = 0; turn < 2; turn++) {
            const int which = (turn + round) % 2;
            thread_times[size][which].rounds[round] =
                prove_with_threads(n, which == 0 ? 1 : (uint32_t)thread_count, &texts[which]);
        }
        if (texts[0].size != texts[1].size ||
            memcmp(texts[0].bytes, texts[1].bytes, texts[0].size) != 0) {
            disagree("a prime of %d digits has another certificate by threads", thread_sizes[size]);
        }
    }
    mpz_clear(n);
    summarise(&thread_times[size][0], NULL, thread_rounds(size));
    summarise(&thread_times[size][1], &thread_times[size][0], thread_rounds(size));
}

static bool is_measured(int digits) { return digits <= (int)largest; }

void measure_many(void) {
    for (int size = 0; size < TOGETHER_SIZES && is_measured(together_sizes[size]); size++) {
        measure_together(size);
    }
    for (int size = 0; thread_count > 1 && size < THREAD_SIZES && is_measured(thread_sizes[size]);
         size++) {
        measure_threads(size);
    }
}

void print_many(void) {
    printf("\nprove %d primes, ms a prime: one after the other, and together by prk_prove_many\n"
           "digits  one after the other   together   times the speed\n",
           TOGETHER);
    for (int size = 0; size < TOGETHER_SIZES && is_measured(together_sizes[size]); size++) {
        printf("%6d %20.3f %10.3f %17.2f\n", together_sizes[size], apart_times[size].median / 1e6,
               together_times[size].median / 1e6, together_times[size].ratio);
    }
    if (thread_count < 2) {
        return;
    }
    printf("\nprove one prime by %" PRIu64 " threads, ms by the clock without the verifying\n"
           "digits   one thread    threads   times the speed\n",
           thread_count);
    for (int size = 0; size < THREAD_SIZES && is_measured(thread_sizes[size]); size++) {
        printf("%6d %12.1f %10.1f %17.2f\n", thread_sizes[size], thread_times[size][0].median / 1e6,
               thread_times[size][1].median / 1e6, thread_times[size][1].ratio);
    }
}

void write_many(FILE *file, measurement_writer *write) {
    workload_name name = {.room = "prove",
                          .subject = "many primes proved",
                          .per = "prime",
                          .command = "make bench-proof",
                          .clock = "cpu"};
    char input[64];
    name.input = input;
    for (int size = 0; size < TOGETHER_SIZES && is_measured(together_sizes[size]); size++) {
        snprintf(input, sizeof input, "%d digits, many", together_sizes[size]);
        write(file, &name, "one after the other", &apart_times[size], round_count);
        write(file, &name, "together", &together_times[size], round_count);
    }
    name.clock = "wall";
    for (int size = 0; thread_count > 1 && size < THREAD_SIZES && is_measured(thread_sizes[size]);
         size++) {
        snprintf(input, sizeof input, "%d digits, threads", thread_sizes[size]);
        write(file, &name, "one thread", &thread_times[size][0], thread_rounds(size));
        write(file, &name, "threads", &thread_times[size][1], thread_rounds(size));
    }
}
