// SPDX-License-Identifier: Apache-2.0
//
// What the two parts of make bench-proof share: bench.c has one prime after another and the
// program, many.c many primes and many threads.

#ifndef PRK_BENCHMARKS_PROOF_BENCH_H
#define PRK_BENCHMARKS_PROOF_BENCH_H

#include <gmp.h>

#include "../measuring.h"
#include "prk_proof.h"

// What the command line says.
extern uint64_t seed, largest, thread_count;
extern int round_count;

extern gmp_randstate_t state;

// Tells of verdicts that do not agree, of which there are then one more.
__attribute__((format(printf, 1, 2))) void disagree(const char *format, ...);

// A prime of so many digits, all of which are equally likely.
void random_prime(mpz_t n, int digits);

typedef struct text {
    char bytes[1 << 20];
    size_t size;
} text;

// A prk_text_sink of a text.
bool append(void *context, const char *bytes, size_t count);

// Whether ours finds that a text proves n.
bool proves(const char *bytes, size_t size, const mpz_t n);

// write_measurement of bench.c: there is one in each file, and each knows of its own alone whether
// it begins the list.
typedef void measurement_writer(FILE *file, const workload_name *w, const char *variant,
                                const measurement *m, int count);

void measure_many(void);
void print_many(void);
void write_many(FILE *file, measurement_writer *write);

#endif
