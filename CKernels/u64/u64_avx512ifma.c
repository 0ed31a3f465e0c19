// SPDX-License-Identifier: Apache-2.0
//
// Level avx512ifma: the scalar kernels, compiled for machines with AVX-512 IFMA.

#if defined(__x86_64__)

#define PRK_TARGET __attribute__((target("avx512f,avx512ifma,avx512vl,avx512dq,bmi,bmi2,lzcnt")))
#define PRK_SUFFIX avx512ifma
#define PRK_LEVEL PRK_LEVEL_AVX512_IFMA
#define PRK_NAME "avx512ifma"
#include "u64_instance.h"

#else
typedef int prk_no_avx512ifma_here; // a translation unit may not be empty
#endif
