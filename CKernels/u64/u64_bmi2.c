// SPDX-License-Identifier: Apache-2.0
//
// Level bmi2: mulx, tzcnt and lzcnt.

#if defined(__x86_64__)

#define PRK_TARGET __attribute__((target("bmi,bmi2,lzcnt")))
#define PRK_SUFFIX bmi2
#define PRK_LEVEL PRK_LEVEL_BMI2
#define PRK_NAME "bmi2"
#include "u64_instance.h"

#else
typedef int prk_no_bmi2_here; // a translation unit may not be empty
#endif
