// SPDX-License-Identifier: Apache-2.0
//
// Which lengths of transforms are worth having, and in which order their passes take least time:
// prints the rows of CKernels/tables/fft_lengths.h.
//
// lengths LANES [MOST_POINTS]
//     LANES is 8, 4 or 2: avx512, avx2 or portable. 1: of a number in each lane, with the best of
//     them.

#define _GNU_SOURCE // clocks

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../CKernels/fft/lanes.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

typedef struct row {
    size_t points;
    double cost; // of a square and its carry, ns
    unsigned passes;
    uint8_t radices[PRK_FFT_MOST_PASSES];
} row;

static unsigned lanes;
static const prk_fft_kernels *kernels;
static const prk_fft_lane_kernels *lane_kernels; // else NULL
static double *x, *work, *twiddles;

static double time_of(prk_fft *f, int rounds) {
    const size_t m = f->points;
    prk_fft_make_twiddles(f, lanes, twiddles);
    prk_fft_carry carry = {.points = m,
                           .scale = 1 / (double)m,
                           .base = {65536, 65536},
                           .inverse_base = {1 / 65536.0, 1 / 65536.0},
                           .wrap_low = -1};
    static const _Alignas(64) double ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    _Alignas(64) double errors[8] = {0};
    const long count = (lane_kernels == NULL ? 300000 : 40000) / (long)m + 1;
    double best = 1e30;
    for (int round = 0; round < rounds; round++) {
        const double start = now();
        for (long i = 0; i < count && lane_kernels != NULL; i++) {
            lane_kernels->multiply(f, PRK_FFT_SQUARE, x, work, NULL, NULL);
            lane_kernels->carry(&carry, PRK_FFT_SIXTH, work, ones, NULL, x, errors);
        }
        for (long i = 0; i < count && lane_kernels == NULL; i++) {
            kernels->multiply(f, PRK_FFT_SQUARE, x, x + m, work, NULL, NULL);
            kernels->carry(&carry, PRK_FFT_RIGHT, work, 1, NULL, x, x + m);
        }
        const double time = (now() - start) / (double)count;
        best = time < best ? time : best;
    }
    return best;
}

// Every order of every choice of radices for what is left, as long as there are not too many
// passes.
static void search(prk_fft *f, size_t left, unsigned most, row *best) {
    static const uint8_t radices[] = {8, 4, 7, 5, 3, 2};
    if (left == 1) {
        const double time = time_of(f, 8);
        if (time < best->cost) {
            *best = (row){.points = f->points, .cost = time, .passes = f->passes};
            memcpy(best->radices, f->radices, sizeof best->radices);
        }
        return;
    }
    if (f->passes == most) {
        return;
    }
    for (size_t i = 0; i < sizeof radices; i++) {
        if (left % radices[i] == 0) {
            f->radices[f->passes++] = radices[i];
            search(f, left / radices[i], most, best);
            f->passes--;
        }
    }
}

int main(int count, char **arguments) {
    lanes = count > 1 ? (unsigned)atoi(arguments[1]) : 0;
    const size_t most = count > 2 ? strtoul(arguments[2], NULL, 10) : lanes == 1 ? 1664 : 131072;
    const size_t room = 2 * prk_fft_lane_plane(most, lanes == 1 ? PRK_FFT_MOST_LANES : 1);
    lane_kernels = lanes == 1 ? prk_fft_lanes_active() : NULL;
    kernels = lanes == 2 ? &prk_fft_portable : NULL;
#if defined(__x86_64__)
    kernels = lanes == 8 ? &prk_fft_avx512 : lanes == 4 ? &prk_fft_avx2 : kernels;
#endif
    if (kernels == NULL && lane_kernels == NULL) {
        fprintf(stderr, "usage: lengths 8|4|2|1 [MOST_POINTS]\n");
        return 64;
    }
    x = aligned_alloc(64, room * sizeof *x);
    work = aligned_alloc(64, room * sizeof *x);
    twiddles = aligned_alloc(64, 4 * most * sizeof *x);
    row *rows = calloc(4096, sizeof *rows);
    if (x == NULL || work == NULL || twiddles == NULL || rows == NULL) {
        return 74;
    }
    for (size_t i = 0; i < room; i++) {
        x[i] = (double)(i * 2654435761U % 65536) - 32768;
    }
    size_t found = 0;
    const size_t first = lanes == 1 ? PRK_FFT_LANE_LEAST_POINTS : PRK_FFT_LEAST_POINTS;
    for (size_t points = first; points <= most && found < 4096; points += lanes == 1
                                                                              ? PRK_FFT_LANE_BLOCK
                                                                          : points < 4096 ? 32
                                                                                          : 64) {
        prk_fft f = {.ring = lanes == 1 ? PRK_FFT_SIXTH : PRK_FFT_RIGHT};
        if (!prk_fft_set_radices(&f, points, lanes)) {
            continue;
        }
        const unsigned passes = f.passes;
        row *r = &rows[found++];
        r->cost = 1e30;
        f.passes = 0;
        search(&f, points / f.block, passes + (points < 4096), r);
        for (unsigned i = 0; i < r->passes; i++) {
            f.radices[i] = r->radices[i];
        }
        f.passes = r->passes;
        r->cost = time_of(&f, 30);
        if (found % 16 == 0) {
            fprintf(stderr, "lengths: %zu points\n", points);
        }
    }
    // Those that take more time than a longer one are left out.
    double least = 1e30;
    for (size_t i = found; i-- > 0;) {
        if (rows[i].cost >= least) {
            rows[i].points = 0;
        } else {
            least = rows[i].cost;
        }
    }
    for (size_t i = 0; i < found; i++) {
        if (rows[i].points != 0) {
            printf("    {%zu, %.0f, %u, {", rows[i].points, rows[i].cost, rows[i].passes);
            for (unsigned j = 0; j < rows[i].passes; j++) {
                printf(j == 0 ? "%d" : ", %d", rows[i].radices[j]);
            }
            printf("}},\n");
        }
    }
    return 0;
}
