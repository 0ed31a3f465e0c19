// SPDX-License-Identifier: Apache-2.0
//
// Level avx2: the scalar kernels, compiled for machines with AVX2.

#if defined(__x86_64__)

#define PRK_TARGET __attribute__((target("avx2,bmi,bmi2,lzcnt")))
#define PRK_SUFFIX avx2
#define PRK_LEVEL PRK_LEVEL_AVX2
#define PRK_NAME "avx2"
#include "u64_instance.h"

#else
typedef int prk_no_avx2_here; // a translation unit may not be empty
#endif
