// SPDX-License-Identifier: Apache-2.0
//
// Level portable: the reference that all others are compared with.

#define PRK_TARGET
#define PRK_SUFFIX portable
#define PRK_LEVEL PRK_LEVEL_PORTABLE
#define PRK_NAME "portable"
#include "u64_instance.h"
