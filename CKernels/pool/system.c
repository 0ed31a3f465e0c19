// SPDX-License-Identifier: Apache-2.0
//
// GNU interfaces that Swift's Glibc module does not offer.

#define _GNU_SOURCE

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../include/prk_pool.h"

int prk_doorbell_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Fails only when 2^64 - 2 rings are pending.
void prk_doorbell_ring(int doorbell) { (void)eventfd_write(doorbell, 1); }

// Fails only when nothing is pending.
void prk_doorbell_clear(int doorbell) {
    eventfd_t rings;
    (void)eventfd_read(doorbell, &rings);
}

uint64_t prk_clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void prk_thread_set_name(const char *name) {
    char short_name[16] = {0};
    strncpy(short_name, name, sizeof short_name - 1);
    pthread_setname_np(pthread_self(), short_name);
}

bool prk_signal_is_ignored(int number) {
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

bool prk_signal_is_default(int number) {
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

void prk_signals_restore(void) {
    static const int fatal[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        if (!prk_signal_is_ignored(fatal[i])) {
            signal(fatal[i], SIG_DFL);
        }
    }
}

const char *prk_signal_name(int signal) { return sigabbrev_np(signal); }

int prk_core_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        return CPU_COUNT(&set);
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN); // more than CPU_SETSIZE cores
    return online > 0 ? (int)online : 1;
}
