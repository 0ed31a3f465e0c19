// SPDX-License-Identifier: Apache-2.0
//
// Memory that is kept from one call to the next.

#include <stdlib.h>

#include "memory.h"

void *prk_memory_reserve(prk_memory *memory, size_t bytes) {
    const size_t vector = 64;
    if (bytes > memory->bytes) {
        free(memory->start);
        memory->start = aligned_alloc(vector, (bytes + vector - 1) / vector * vector);
        memory->bytes = memory->start == NULL ? 0 : bytes;
    }
    return memory->start;
}
