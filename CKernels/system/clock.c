// SPDX-License-Identifier: Apache-2.0
//
// Times.

// clock_gettime
#define _GNU_SOURCE

#include <time.h>

#include "../include/prk_system.h"

static uint64_t now(clockid_t clock) {
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

uint64_t prk_clock_ns(void) { return now(CLOCK_MONOTONIC); }

uint64_t prk_thread_cpu_ns(void) { return now(CLOCK_THREAD_CPUTIME_ID); }
