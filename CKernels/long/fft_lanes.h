// SPDX-License-Identifier: Apache-2.0
//
// Tests of thousands of bits, one number in each lane of transforms in double precision.

#ifndef PRK_LONG_FFT_LANES_H
#define PRK_LONG_FFT_LANES_H

#include "../fft/lanes_kernels.h"
#include "../ifma/lanes.h"

#pragma GCC visibility push(hidden)

/// How a group is tested.
typedef struct prk_fft_lanes_run {
    const prk_fft_lane_kernels *kernels;
    prk_scratch *scratch; // of which `lanes` has the group's memory
    const uint32_t *cancel;
    uint64_t seed;   // of random bases
    uint32_t alarms; // how many numbers have been tested again alone, exactly
    // For tests: after so many products, unless that is 0, what is added to a digit in some lanes.
    uint64_t fault_at;
    unsigned fault_lanes;
    double fault;
} prk_fft_lanes_run;

/// As prk_lanes_strong, prk_lanes_lucas and prk_lanes_random_base of CKernels/ifma, of up to
/// as many odd numbers above 2^64 as there are lanes, of which the first has most bits. A number in
/// whose lane rounding was not certain is tested anew, by integers alone.
prk_status prk_fft_lanes_strong(prk_fft_lanes_run *run, prk_lane_number *const *numbers,
                                size_t count);
prk_status prk_fft_lanes_lucas(prk_fft_lanes_run *run, prk_lane_number *const *numbers,
                               size_t count);
prk_status prk_fft_lanes_random_base(prk_fft_lanes_run *run, prk_lane_number *const *numbers,
                                     size_t count);

#pragma GCC visibility pop

#endif
