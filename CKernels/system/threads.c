// SPDX-License-Identifier: Apache-2.0
//
// Threads and the cores that they run on: GNU interfaces that Swift's Glibc module does not offer.

#define _GNU_SOURCE

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "../include/prk_system.h"

void prk_thread_set_name(const char *name) {
    char short_name[16] = {0};
    strncpy(short_name, name, sizeof short_name - 1);
    pthread_setname_np(pthread_self(), short_name);
}

int prk_core_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        return CPU_COUNT(&set);
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN); // more than CPU_SETSIZE cores
    return online > 0 ? (int)online : 1;
}

int prk_thread_pin(int place) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return errno;
    }
    int count = CPU_COUNT(&allowed);
    if (place < 0 || count == 0) {
        return EINVAL;
    }
    place %= count;
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (CPU_ISSET(core, &allowed) && place-- == 0) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(core, &one);
            return pthread_setaffinity_np(pthread_self(), sizeof one, &one);
        }
    }
    return EINVAL;
}
