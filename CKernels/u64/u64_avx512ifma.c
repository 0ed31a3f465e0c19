// SPDX-License-Identifier: Apache-2.0
//
// Level avx512ifma: eight numbers a vector, several vectors interleaved.

#if defined(__x86_64__)

#define PRK_SUFFIX avx512ifma
#define PRK_LEVEL PRK_LEVEL_AVX512_IFMA
#define PRK_NAME "avx512ifma"

#include "ifma_queues.h"
#include "ifma_trial.h"

#define PRK_OWN_IS_PRIME
#define PRK_OWN_TEST_BATCH
#define PRK_OWN_TRIAL_RANGE
#include "u64_instance.h"

#else
typedef int prk_no_avx512ifma_here; // a translation unit may not be empty
#endif
