// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo several odd numbers of about one size, each in a lane, by pairs of rings as
// CKernels/modular/fft.c has them for one number: what stands for 1 is R/2, R = X^2 - X + 1.

#ifndef PRK_FFT_LANES_H
#define PRK_FFT_LANES_H

#include "lanes_kernels.h"
#include "plan.h"

#pragma GCC visibility push(hidden)

/// Those of the active level.
const prk_fft_lane_kernels *prk_fft_lanes_active(void);

/// The numbers' moduli and what they have in common.
typedef struct prk_fft_lanes {
    const prk_fft_lane_kernels *kernels;
    prk_fft_plan plan; // shape, rings and carries, which are those of all lanes
    prk_scratch *scratch;
    size_t size; // doubles of an array: of residues, and of each of these
    double *work, *other, *spare;
    double *inverse, *image; // -1/n in the first ring and n in the second, as transforms
    double *digits;          // of one number
    mpz_srcptr n[PRK_FFT_MOST_LANES];
    mpz_ptr one[PRK_FFT_MOST_LANES]; // what stands for 1
    unsigned
        out; // lanes in which a coefficient was too far from an integer, or that have no inverse
    double largest; // error in the others so far
} prk_fft_lanes;

/// Doubles of an array, and bytes of memory for all but residues, aligned as PRK_FFT_ALIGNMENT
/// says.
size_t prk_fft_lanes_size(const prk_fft_lane_kernels *kernels, const prk_fft_shape *shape);
size_t prk_fft_lanes_bytes(const prk_fft_lane_kernels *kernels, const prk_fft_shape *shape);

/// Begins with `count` moduli, 1 <= count <= lanes, odd and no longer than the shape is for. Takes
/// numbers of the scratch, which its user gives back. Lanes beyond have 0.
void prk_fft_lanes_set(prk_fft_lanes *l, const prk_fft_lane_kernels *kernels,
                       const prk_fft_shape *shape, const mpz_srcptr *n, size_t count, void *memory,
                       prk_scratch *scratch);

/// Lane i of x = what stands for `value`, 0 <= value < n; and value = what lane i is modulo n,
/// still in that form, 0 <= value < n.
void prk_fft_lanes_to(prk_fft_lanes *l, double *x, size_t i, mpz_srcptr value);
void prk_fft_lanes_look(const prk_fft_lanes *l, mpz_ptr value, const double *x, size_t i);

/// x = x y, or its square where y is x, times 1 or 2 as `times` says for each lane, less `less`
/// unless it is NULL; then all times are 1. In lanes that are out x is anything.
void prk_fft_lanes_multiply(prk_fft_lanes *l, double *x, const double *y, const double *times,
                            const double *less);

#pragma GCC visibility pop

#endif
