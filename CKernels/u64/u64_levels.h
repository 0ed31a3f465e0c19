// SPDX-License-Identifier: Apache-2.0
//
// The kernel sets that this build has. dispatch.c chooses among them.

#ifndef PRK_U64_LEVELS_H
#define PRK_U64_LEVELS_H

#include "../include/prk_kernels.h"

#pragma GCC visibility push(hidden)

extern const prk_kernel_set prk_kernels_portable;
#if defined(__x86_64__)
extern const prk_kernel_set prk_kernels_bmi2;
extern const prk_kernel_set prk_kernels_avx2;
extern const prk_kernel_set prk_kernels_avx512ifma;
#endif

#pragma GCC visibility pop

#endif
