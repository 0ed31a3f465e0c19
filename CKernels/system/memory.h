// SPDX-License-Identifier: Apache-2.0
//
// Memory that is kept from one call to the next.

#ifndef PRK_MEMORY_H
#define PRK_MEMORY_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

typedef struct prk_memory {
    void *start;
    size_t bytes;
} prk_memory;

/// At least `bytes` of memory, aligned to a vector; what it held is lost when it grows. NULL: there
/// is none.
void *prk_memory_reserve(prk_memory *memory, size_t bytes);

#pragma GCC visibility pop

#endif
