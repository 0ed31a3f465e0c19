// SPDX-License-Identifier: Apache-2.0
//
// Memory that is kept from one call to the next, and lists that grow.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

// The first number of a file, behind `name` at the beginning of a line; UINT64_MAX: there is none.
static uint64_t read_number(const char *path, const char *name) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return UINT64_MAX;
    }
    uint64_t value = UINT64_MAX;
    char line[128], format[64];
    snprintf(format, sizeof format, "%s %%" SCNu64, name);
    while (value == UINT64_MAX && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, format, &value) != 1) {
            value = UINT64_MAX;
        }
    }
    fclose(file);
    return value;
}

uint64_t prk_memory_available(void) {
    uint64_t least = read_number("/proc/meminfo", "MemAvailable:");
    least = least > UINT64_MAX / 1024 ? UINT64_MAX : least * 1024;
    // In a container; "max" is no number.
    const uint64_t most = read_number("/sys/fs/cgroup/memory.max", "");
    const uint64_t used = read_number("/sys/fs/cgroup/memory.current", "");
    if (most != UINT64_MAX && used != UINT64_MAX) {
        const uint64_t left = most > used ? most - used : 0;
        least = left < least ? left : least;
    }
    return least;
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
