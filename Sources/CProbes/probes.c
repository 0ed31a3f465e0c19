// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE

#include "probes.h"

#include <errno.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void probe_nothing(void) { __asm__ volatile(""); }

uint64_t probe_step(uint64_t x) { return probe_step_inline(x); }

probe_function probe_step_pointer(void) { return probe_step; }

uint64_t probe_ends(const uint64_t *numbers, size_t count) {
    return probe_step_inline(numbers[0] + numbers[count - 1]);
}

uint64_t probe_object(const void *object) { return probe_step_inline((uintptr_t)object); }

uint64_t probe_call_back(uint64_t (*step)(const void *context, uint64_t x), const void *context,
                         uint64_t x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        x = step(context, x);
    }
    return x;
}

static double clock_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double probe_fork_ns(void) {
    const double start = clock_ns();
    const pid_t child = fork();
    if (child < 0) {
        return -1;
    }
    if (child == 0) {
        _exit(0);
    }
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return clock_ns() - start;
}
