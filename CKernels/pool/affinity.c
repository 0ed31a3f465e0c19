// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "../include/prk_pool.h"

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
