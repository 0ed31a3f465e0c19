// SPDX-License-Identifier: Apache-2.0
//
// What lets one thread or process wake another: a descriptor, and a word in memory.

// syscall
#define _GNU_SOURCE

#include <limits.h>
#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../include/prk_system.h"

int prk_doorbell_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Fails only when 2^64 - 2 rings are pending.
void prk_doorbell_ring(int doorbell) { (void)eventfd_write(doorbell, 1); }

// Fails only when nothing is pending.
void prk_doorbell_clear(int doorbell) {
    eventfd_t rings;
    (void)eventfd_read(doorbell, &rings);
}

void prk_futex_wait(uint32_t *word, uint32_t value, uint64_t nanoseconds) {
    const struct timespec limit = {.tv_sec = (time_t)(nanoseconds / 1000000000),
                                   .tv_nsec = (long)(nanoseconds % 1000000000)};
    (void)syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
}

void prk_futex_wake(uint32_t *word) {
    (void)syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void prk_futex_wake_all(uint32_t *word) {
    (void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
