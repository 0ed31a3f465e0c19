// SPDX-License-Identifier: Apache-2.0
//
// Memory that is kept from one call to the next, and lists that grow.

#ifndef PRK_MEMORY_H
#define PRK_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

typedef struct prk_memory {
    void *start;
    size_t bytes;
} prk_memory;

/// At least `bytes` of memory, aligned to a vector; what it held is lost when it grows. NULL: there
/// is none.
void *prk_memory_reserve(prk_memory *memory, size_t bytes);

/// How much memory can be had without taking it from others, in bytes: what the kernel says is
/// available, and what this process's control group has left. UINT64_MAX: nobody knows.
uint64_t prk_memory_available(void);

/// A list with room for one element more of `each` bytes, moved or not; `*room` says for how many
/// it has. NULL: there is no memory, and the list is as it was.
void *prk_memory_grown(void *list, size_t count, size_t *room, size_t each);

#pragma GCC visibility pop

#endif
