// SPDX-License-Identifier: Apache-2.0
//
// Transforms and carries of several numbers of one length, one in each lane of the vectors.

#ifndef PRK_FFT_LANES_KERNELS_H
#define PRK_FFT_LANES_KERNELS_H

#include "fft.h"

#pragma GCC visibility push(hidden)

enum {
    PRK_FFT_MOST_LANES = 8,
    PRK_FFT_LANE_BLOCK = 8, ///< M is a multiple of it
    PRK_FFT_LANE_LEAST_POINTS = 64,
};

/// The kernels of one instruction set for rings of a sixth and a third of a turn. Vector j of a
/// plane has digit or point j of each number; prk_fft_lane_plane() doubles after the one plane is
/// the other one.
typedef struct prk_fft_lane_kernels {
    const char *name;
    unsigned lanes;
    /// As prk_fft_kernels has it. `x` has digits, and may be `work`.
    void (*multiply)(const prk_fft *f, prk_fft_product product, const double *x, double *work,
                     const double *a, const double *b);
    /// digits = work times `times`, less `less` unless it is NULL; in PRK_FFT_THIRD times X + 1 as
    /// well. `times` has 1 or 2 for each lane. errors[l] becomes how far a coefficient of lane l
    /// was from an integer at most, if that is more: 1 if one was no number, or had no room for a
    /// fraction.
    void (*carry)(const prk_fft_carry *c, prk_fft_ring ring, const double *work,
                  const double *times, const double *less, double *digits, double *errors);
    /// Exchanges x and y, of so many doubles, in the lanes of which bits are set.
    void (*exchange)(unsigned lanes, double *x, double *y, size_t count);
} prk_fft_lane_kernels;

extern const prk_fft_lane_kernels prk_fft_lanes_portable, prk_fft_lanes_avx2, prk_fft_lanes_avx512;

/// Doubles from a plane's beginning to that of the next. They are kept from lying a whole number of
/// pages apart, where caches and the order of loads and stores take one place for the other.
static inline size_t prk_fft_lane_plane(size_t points, size_t lanes) {
    const size_t page = 512, least = 64, plane = points * lanes, rest = plane % page;
    return rest < least          ? plane - rest + least
           : rest > page - least ? plane - rest + page + least
                                 : plane;
}

#pragma GCC visibility pop

#endif
