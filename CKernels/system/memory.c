// SPDX-License-Identifier: Apache-2.0
//
// Memory that is kept from one call to the next, and lists that grow.

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

void *prk_memory_grown(void *list, size_t count, size_t *room, size_t each) {
    if (count < *room) {
        return list;
    }
    const size_t more = *room == 0 ? 8 : 2 * *room;
    void *moved = realloc(list, more * each);
    *room = moved == NULL ? *room : more;
    return moved;
}
